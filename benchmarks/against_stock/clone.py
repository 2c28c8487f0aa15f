"""From a cold clone to a conversation, as somebody waits who has the tools and nothing else.

Of ours everything is done by `make run` in a fresh clone of what is committed. Who uses stock Rasa
installs it, trains and starts it; the last two are measured elsewhere in the same run.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.against_stock.servers import Ours, clean_environment
from bot.paths import ROOT

LIMIT = 3600
"""Seconds after which a clone that answers nothing is given up."""

LOCK = ROOT / "requirements.lock"


@dataclass(frozen=True)
class Cold:
    """Seconds from nothing to the first answer."""

    installing: float
    training: float
    starting: float

    @property
    def whole(self) -> float:
        """All three."""
        return self.installing + self.training + self.starting


@dataclass(frozen=True)
class FromCold:
    """Ours from clone to answer, the seconds that installing stock Rasa takes, and the cache."""

    ours: Cold
    installing_stock: float
    packages: int
    """Packages that ours installs."""
    downloads: int
    """Of these, those that the package cache did not hold before."""


class Cloned(Ours):
    """`make run` in a clone; without a screen it opens no browser."""

    def command(self) -> tuple[list[str], dict[str, str], Path]:
        """As README.md says."""
        _, settings, _ = super().command()
        return ["make", "run"], settings, self.folder / "clone"


def from_cold() -> FromCold:
    """Measure both, ours first: what is not in the package cache, ours downloads.

    Raises:
        RuntimeError: with the end of what `make run` printed, if it came to no answer.
    """
    with TemporaryDirectory() as place:
        folder = Path(place)
        packages, downloads = _cached(folder / "nothing")
        ours = asyncio.run(_ours(folder))
        return FromCold(ours, _install_stock(folder / "stock"), packages, downloads)


async def _ours(folder: Path) -> Cold:
    server = Cloned("clone", folder)
    clone = folder / "clone"
    began = time.time()
    _run("git", "clone", "--quiet", str(ROOT), str(clone))
    try:
        await server.start(LIMIT)
        answered = time.time()
    except RuntimeError:
        printed = (folder / "clone.log").read_text("utf-8", "replace")
        raise RuntimeError(f"`make run` in a clone gave no answer:\n{printed[-2000:]}") from None
    finally:
        server.stop()
    installed = (clone / ".venv" / ".ready").stat().st_mtime  # `make setup` touches it at its end
    trained = (clone / "models" / "inputs.sha256").stat().st_mtime
    return Cold(installed - began, trained - installed, answered - trained)


def _install_stock(folder: Path) -> float:
    """Install the locked versions of Rasa and of what it needs; return the seconds."""
    began = time.perf_counter()
    _environment(folder)
    _uv_pip(folder, "--compile-bytecode", "--constraint", str(LOCK), f"rasa=={version('rasa')}")
    return time.perf_counter() - began


def _cached(folder: Path) -> tuple[int, int]:
    """Return how many packages our lock file names, and how many the cache does not hold."""
    _environment(folder)
    told = _uv_pip(folder, "--dry-run", "--no-deps", "--requirement", str(LOCK))
    installs = re.search(r"Would install (\d+)", told)
    downloads = re.search(r"Would download (\d+)", told)
    assert installs is not None, told
    return int(installs[1]), int(downloads[1]) if downloads else 0


def _environment(folder: Path) -> None:
    _run(_uv(), "venv", "--quiet", "--python", "3.10", str(folder))


def _uv_pip(folder: Path, *what: str) -> str:
    return _run(_uv(), "pip", "install", "--python", str(folder / "bin" / "python"), *what)


def _uv() -> str:
    """Return the uv that `make setup` has used here."""
    own = ROOT / ".tools" / "bin" / "uv"
    return str(own) if own.exists() else shutil.which("uv") or "uv"


def _run(*command: str) -> str:
    """Run a command, and return what it printed."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}")
    return done.stdout

"""Training the agent, only when an input is newer than the model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from bot.paths import DOMAIN, MODELS, NLU_DATA, ROOT, STORIES
from bot.without_tensorflow import bring_back

CONFIG = ROOT / "config.yml"

FINGERPRINT = MODELS / "inputs.sha256"
"""Hash of the inputs that the newest model was trained from."""

LOG = MODELS / "training.txt"
"""What Rasa prints while it trains: thousands of progress bars."""


def recognition_inputs() -> Iterator[Path]:
    """Yield every file that recognition depends on, in a fixed order."""
    yield CONFIG
    yield ROOT / "bot" / "importer.py"
    for folder, pattern in ((NLU_DATA, "**/*"), (ROOT / "bot" / "nlu", "*.py")):
        yield from sorted(path for path in folder.glob(pattern) if path.is_file())


def inputs() -> Iterator[Path]:
    """Yield every file that a model depends on, in a fixed order."""
    yield from recognition_inputs()
    for folder, pattern in (
        (DOMAIN, "*.yml"),
        (STORIES, "*.yml"),
        (ROOT / "bot" / "dialogue", "*.py"),
    ):
        yield from sorted(folder.glob(pattern))


def fingerprint(files: Callable[[], Iterable[Path]] = inputs) -> str:
    """Return the hash of `files`: names and contents, not times, which a clone changes."""
    digest = hashlib.sha256()
    for path in files():
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current() -> bool:
    """Whether the newest model was trained from the inputs as they are now."""
    trained = FINGERPRINT.exists() and any(MODELS.glob("*.tar.gz"))
    return trained and FINGERPRINT.read_text().strip() == fingerprint()


def train(say: Callable[[str], None]) -> Path:
    """Train a model into `models/` and return its path; `say` gets a line a step.

    Raises:
        ConfigError: if `config.yml` names a part that is not there, or lacks one of ours.
        RuntimeError: if a component or Rasa refuses what it is given, in one line.
    """
    bring_back()
    import rasa.model_training
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import InvalidConfigException

    from bot.components import check_config

    check_config(CONFIG)
    started = time.monotonic()
    current = fingerprint()
    say("Training the model (about a minute or two) ...")
    MODELS.mkdir(exist_ok=True)
    try:
        with LOG.open("w") as log, redirect_stdout(log), redirect_stderr(log):
            result = rasa.model_training.train(
                domain=str(DOMAIN),
                config=str(CONFIG),
                training_files=[str(STORIES)],
                output=str(MODELS),
                force_training=True,
                fixed_model_name=f"sidedoor-{current[:12]}",
            )
    except GraphComponentException as error:
        raise RuntimeError(str(error.__cause__ or error)) from None
    except InvalidConfigException as error:  # a name that is no part of Rasa's, for one
        raise RuntimeError(f"{CONFIG.name}: {' '.join(str(error).split())}") from None
    if not result.model:
        raise RuntimeError(f"training gave no model; see {LOG}")
    path = Path(result.model)
    for old in MODELS.glob("*.tar.gz"):
        if old != path:
            old.unlink()
    FINGERPRINT.write_text(current + "\n")
    say(f"Trained {path.name} in {time.monotonic() - started:.0f} s.")
    return path

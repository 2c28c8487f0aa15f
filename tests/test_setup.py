"""What `make setup` and `.ci/run` would do where this or that is missing; none of it is done."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.paths import ROOT

LOCKED = re.search(
    r"^uv==(\d+)\.(\d+)\.(\d+)", (ROOT / "requirements-tools.lock").read_text(), re.MULTILINE
)
MAJOR, MINOR, PATCH = (int(part) for part in LOCKED.groups())


def write_program(path: Path, script: str) -> None:
    """Write a shell script that can be run."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def setup_with(tmp_path: Path, script: str | None) -> str:
    """Return what `make setup` would run where `uv` on the path is `script`, or is missing."""
    folders = [
        folder
        for folder in os.environ["PATH"].split(os.pathsep)
        if folder and not (Path(folder) / "uv").exists()
    ]
    if script is not None:
        write_program(tmp_path / "uv", script)
    path = os.pathsep.join([str(tmp_path), *folders])
    done = subprocess.run(
        ["make", "--dry-run", "--always-make", "setup"],
        cwd=ROOT,
        env={"PATH": path, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    "version",
    [
        f"{MAJOR}.{MINOR}.{PATCH}",
        f"{MAJOR}.{MINOR}.{PATCH} (0123456789 2026-01-01 x86_64-unknown-linux-gnu)",
        f"{MAJOR}.{MINOR}.{PATCH + 1}",
        f"{MAJOR}.{MINOR + 100}.0",
        f"{MAJOR + 1}.0.0",
    ],
)
def test_a_uv_that_is_there_and_new_enough_is_taken(tmp_path, version):
    would = setup_with(tmp_path, f"echo 'uv {version}'")
    assert "\ntest uv = uv || .tools/bin/python -m pip install" in would
    assert "|| uv venv --quiet --python 3.10 .venv\n" in would
    assert "\nuv pip sync --quiet --require-hashes" in would
    assert ".tools/bin/uv" not in would


@pytest.mark.parametrize(
    "script",
    [
        None,
        f"echo 'uv {MAJOR}.{MINOR - 1}.{PATCH}'",
        f"echo 'uv {MAJOR}.{MINOR // 10 + 1}.0'",
        f"echo 'uv {MAJOR}.{MINOR}.{PATCH}'; exit 1",
        "echo 'cannot run' >&2; exit 127",
        "exit 0",
        "echo uv",
    ],
)
def test_a_uv_that_is_missing_older_or_broken_is_not_taken(tmp_path, script):
    would = setup_with(tmp_path, script)
    assert "\ntest .tools/bin/uv = uv || .tools/bin/python -m pip install" in would
    assert "|| .tools/bin/uv venv --quiet --python 3.10 .venv\n" in would
    assert "\n.tools/bin/uv pip sync --quiet --require-hashes" in would


@pytest.mark.parametrize(
    ("python", "wanted"),
    [(None, {"python3", "python3-venv"}), ("exit 1", {"python3-venv"}), ("exit 0", set())],
    ids=["none", "without venv", "whole"],
)
def test_a_bare_machine_is_given_python_and_its_venv(tmp_path, python, wanted):
    for name in ("bash", "dirname", "ls"):
        (tmp_path / name).symlink_to(shutil.which(name))
    write_program(tmp_path / "apt-get", f'echo "$@" >>{tmp_path}/asked')
    write_program(tmp_path / "make", f'echo "$@" >{tmp_path}/made')
    if python is not None:
        write_program(tmp_path / "python3", python)
    env = {"PATH": str(tmp_path)}
    subprocess.run([ROOT / ".ci" / "run"], cwd=tmp_path, env=env, check=True, capture_output=True)
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert {package for package in asked if package.startswith("python3")} == wanted
    assert {"install", "git"} <= set(asked)
    assert "test" in (tmp_path / "made").read_text(encoding="utf-8").split()

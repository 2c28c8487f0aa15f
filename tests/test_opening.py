"""`make run` opens the made-up intranet in a browser, where there is a screen to see it on."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from bot.paths import ROOT
from bot.server import has_screen
from tests.program import start_program


def test_the_made_up_intranet_is_opened(tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    script = str(Path(sys.executable).with_name("sidedoor"))
    seen = {"BROWSER": str(browser), "DISPLAY": ":9"}
    program = start_program(tmp_path, script, "run", "--open", settings=seen)
    try:
        give_up = time.monotonic() + 30
        while not (tmp_path / "opened").exists() and time.monotonic() < give_up:
            time.sleep(0.1)
        address = (tmp_path / "opened").read_text().strip()
        assert address == f"http://{program.address[0]}:{program.address[1]}/chat/demo"
        with program.client() as client:
            assert client.get(address).status_code == 200
    finally:
        program.stop()


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_nothing_is_opened_without_a_screen(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_screen()
    monkeypatch.setenv(variable, "0")
    assert has_screen()


def test_make_run_asks_for_it() -> None:
    assert "sidedoor run --open" in (ROOT / "Makefile").read_text(encoding="utf-8")

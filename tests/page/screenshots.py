"""Takes the pictures in docs/screenshots/, of the running program.

.venv/bin/python -m tests.page.screenshots
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from bot.paths import ROOT
from tests.page.conftest import CHROMIUM, FLAGS, TOLD
from tests.program import start_program

FOLDER = ROOT / "docs" / "screenshots"

STILL = "() => Promise.all(document.getAnimations().map((one) => one.finished))"

PICTURES: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 900, "height": 720}},
    "dark": {"viewport": {"width": 900, "height": 720}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True},
    "zoom": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
    "help": {"viewport": {"width": 900, "height": 860}},
    "intranet": {"viewport": {"width": 1100, "height": 800}},
}


def main() -> None:
    """Take every picture."""
    FOLDER.mkdir(exist_ok=True)
    script = str(Path(sys.executable).with_name("sidedoor"))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = {"SIDEDOOR_URL": "https://chat.example.nhs.uk"}
        program = start_program(Path(folder), script, "run", settings=settings)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        for name, options in PICTURES.items():
            page = browser.new_context(**options).new_page()
            page.goto(f"http://127.0.0.1:{program.address[1]}/chat/")
            _prepare(page, name)
            page.screenshot(path=FOLDER / f"{name}.png")
        browser.close()
        program.stop()


def _prepare(page: Page, name: str) -> None:
    """Bring the page to what the picture shows."""
    if name == "intranet":
        page.goto(page.url + "demo")
        page.get_by_role("button", name="Talk to Sidedoor").click()
        frame = page.wait_for_selector("iframe").content_frame()
        assert frame is not None
        frame.wait_for_selector(".choices button")
        frame.evaluate(STILL)
    else:
        page.wait_for_selector(".choices button")
        if name == "help":
            page.locator(".help summary").click()
            page.locator(".phone summary").click()
            page.wait_for_function("() => document.querySelector('.phone img').naturalWidth > 0")
        else:
            page.fill("textarea", TOLD)
            page.press("textarea", "Enter")
            page.wait_for_selector(".own + .bubble")
    page.evaluate(STILL)


if __name__ == "__main__":
    main()

"""Takes the pictures of the inbox in docs/screenshots/, with the demonstration's tickets.

.venv/bin/python -m tests.dashboard.screenshots
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bot.dashboard.app import create_app, listener, server
from bot.dashboard.guard import DEMO_DEANERY
from bot.dashboard.invented import invent_tickets, recipe
from bot.paths import ROOT
from bot.settings import read_settings
from bot.trends.releases import Release, Releases
from bot.trends.vocabulary import facets
from bot.trends.windows import Month, Window
from tests.dashboard.test_browser import FLAGS
from tests.databases import free_port

FOLDER = ROOT / "docs" / "screenshots"


def main() -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        window = Window(Month(2026, 7), Month(2026, 9))
        tables = {facet.name: dict.fromkeys(facet.values) for facet in facets().values()}
        Releases(folder / "releases").write(
            Release("window", window, True, {"suppress": 12}, 60, tables)
        )
        invent_tickets(folder / "referrals.db", DEMO_DEANERY, date.today())
        _serve(folder, free_port())


def _serve(folder: Path, port: int) -> None:
    with sync_playwright() as playwright:
        chosen = replace(read_settings({}), data=folder, dashboard_port=port)
        running = server(create_app(chosen, demo=True))
        thread = threading.Thread(target=lambda: running.run([listener("127.0.0.1", port)]))
        thread.start()
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(FLAGS)
        )
        wide = browser.new_context(base_url=f"http://127.0.0.1:{port}").new_page()
        _take(wide, "")
        narrow = browser.new_context(
            base_url=f"http://127.0.0.1:{port}",
            viewport={"width": 320, "height": 640},
            color_scheme="dark",
        ).new_page()
        _take(narrow, "-phone")
        browser.close()
        running.should_exit = True
        thread.join()


def _take(tab: Page, ending: str) -> None:
    tab.goto("/inbox")
    _keep(tab, f"inbox-locked{ending}")
    tab.get_by_label("The unit's passphrase").fill(recipe()["passphrase"])
    tab.keyboard.press("Enter")
    tab.get_by_text("Unlocked.").wait_for()
    _keep(tab, f"inbox-list{ending}")
    row = tab.get_by_role("row").filter(has_text="this week").filter(has_text="Health").last
    row.get_by_role("link").click()
    tab.get_by_label("Your answer").wait_for()
    _keep(tab, f"inbox-ticket{ending}")


def _keep(tab: Page, name: str) -> None:
    tab.screenshot(path=FOLDER / f"{name}.png", full_page=True)


if __name__ == "__main__":
    main()

"""How long people wait on the web page: fifty at once, and one whose screen is watched.

    .venv/bin/python -m benchmarks.web_chat

starts the program on a free port. Fifty people open a conversation and write, each with a
pause of reading and typing between messages; then the same without any pause. If Chromium is
there, one page is opened in it, and the time from the end of the server's answer to the first
frame that shows the reply is taken.
"""

from __future__ import annotations

import asyncio

from playwright.sync_api import sync_playwright

from benchmarks.crowd import MESSAGES, asked_for, crowd, measured_program, print_row, processor
from tests.page.conftest import CHROMIUM, FLAGS

WATCH = """() => {
  window.shown = [];
  new MutationObserver((changes) => {
    const reply = changes.some((change) => [...change.addedNodes].some(
      (node) => node.classList?.contains("bubble") && !node.classList.contains("own")));
    if (!reply) return;
    requestAnimationFrame(() => setTimeout(() => {  // after the frame was painted
      const answers = performance.getEntriesByType("resource");
      const last = answers.filter((one) => one.name.endsWith("/send")).at(-1);
      window.shown.push(performance.now() - last.responseEnd);
    }));
  }).observe(document.querySelector(".log"), { childList: true });
}"""


def main() -> None:
    """Measure, and print a table."""
    chosen = asked_for(__doc__ or "")
    with measured_program() as (program, address):
        for pause in (chosen.pause, 0.0):
            before = processor(program.process.pid)
            answers = asyncio.run(crowd(address, chosen.people, chosen.messages, pause))
            used = processor(program.process.pid) - before
            told = f"a pause of about {pause:g} s" if pause else "no pause at all"
            each = f"{1000 * used / len(answers):.0f} ms of one core each"
            waited = [answer.seconds for answer in answers]
            print_row(f"{chosen.people} people, {told}; {each}", waited)
        if CHROMIUM.exists():
            print_row("answer arrived to reply seen", _watched(address))


def _watched(address: str) -> list[float]:
    """Return the seconds from the end of each answer to the frame that shows it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        page = browser.new_page()
        page.goto(f"{address}/chat/")
        page.wait_for_selector(".choices button")
        page.evaluate(WATCH)
        for number in range(15):
            page.fill("textarea", MESSAGES[number % len(MESSAGES)])
            page.press("textarea", "Enter")
            page.wait_for_function("(count) => window.shown.length === count", arg=number + 1)
        shown = page.evaluate("() => window.shown")
        browser.close()
    return [milliseconds / 1000 for milliseconds in shown]


if __name__ == "__main__":
    main()

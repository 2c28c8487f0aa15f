"""How long people wait on the web page: fifty at once, and one whose screen is watched.

    .venv/bin/python -m benchmarks.web_chat

starts the program on a free port. Fifty people open a conversation and write, each with a
pause of reading and typing between messages; then the same without any pause. If Chromium is
there, one page is opened in it, and the time from the end of the server's answer to the first
frame that shows the reply is taken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from playwright.sync_api import sync_playwright

from tests.page.conftest import CHROMIUM, FLAGS
from tests.program import start_program

MESSAGES = (
    "sat in the car park 40 min this morning and couldn't make myself go in",
    "my rota is full of holes and i am covering two wards again",
    "everyones tired, you suck it up, thats the job",
    "i failed my exam for the third time and havent told anyone",
    "would my supervisor be told if i spoke to the psu",
    "i dont sleep after nights and i cry in the sluice",
)

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
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=50, help="people at once (50)")
    parser.add_argument("--messages", type=int, default=6, help="messages of each (6)")
    parser.add_argument("--pause", type=float, default=12.0, help="mean seconds between them (12)")
    chosen = parser.parse_args()
    script = str(Path(sys.executable).with_name("sidedoor"))
    with tempfile.TemporaryDirectory() as folder:
        program = start_program(Path(folder), script, "run", settings={"SIDEDOOR_PROXIES": "1"})
        try:
            address = f"http://{program.address[0]}:{program.address[1]}"
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
            print("| what | answers | median | 95th percentile | longest |")
            print("|---|---|---|---|---|")
            for pause in (chosen.pause, 0.0):
                before = _processor(program.process.pid)
                waited = asyncio.run(_crowd(address, chosen.people, chosen.messages, pause))
                used = _processor(program.process.pid) - before
                told = f"a pause of about {pause:g} s" if pause else "no pause at all"
                each = f"{1000 * used / len(waited):.0f} ms of one core each"
                _row(f"{chosen.people} people, {told}; {each}", waited)
            if CHROMIUM.exists():
                _row("answer arrived to reply seen", _watched(address))
        finally:
            program.stop()


def _processor(process: int) -> float:
    """Return the seconds of processor time that a process has used so far."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _row(what: str, seconds: list[float]) -> None:
    ordered = [1000 * s for s in sorted(seconds)]
    far = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    print(
        f"| {what} | {len(ordered)} | {statistics.median(ordered):.0f} ms | {far:.0f} ms |"
        f" {ordered[-1]:.0f} ms |",
        flush=True,
    )


def _own_address(number: int) -> dict[str, str]:
    return {"X-Forwarded-For": f"192.0.2.{number}"}


Headers = Callable[[int], dict[str, str]]
"""Gives the headers of a person by their number."""


async def _crowd(
    address: str, people: int, messages: int, pause: float, own: Headers = _own_address
) -> list[float]:
    """Return the seconds that each answer took."""
    dice = random.Random(1)
    limits = httpx.Limits(max_connections=people, max_keepalive_connections=people)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        talks = [_talk(client, own(n), n, messages, pause, dice) for n in range(people)]
        return [waited for talk in await asyncio.gather(*talks) for waited in talk]


async def _talk(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    number: int,
    messages: int,
    pause: float,
    dice: random.Random,
) -> list[float]:
    await asyncio.sleep(dice.uniform(0, pause))
    token = (await client.post("/chat/start", headers=headers)).json()["token"]
    waited = []
    for turn in range(messages):
        await asyncio.sleep(dice.uniform(0.5, 1.5) * pause)
        body = {"token": token, "text": MESSAGES[(number + turn) % len(MESSAGES)]}
        before = time.perf_counter()
        answer = await client.post("/chat/send", json=body, headers=headers)
        waited.append(time.perf_counter() - before)
        answer.raise_for_status()
    return waited


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

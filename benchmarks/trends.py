"""What the trends cost: a year of 100,000 conversations, a page, and a turn.

.venv/bin/python -m benchmarks.trends [postgresql://… of an empty database, for the marks]
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

from bot.environment import prepare
from bot.paths import ROOT

CONVERSATIONS = 100_000
REQUESTS = 50


def marks_of_a_year(url: str) -> None:
    """Fill a database with the marks of a year, and print how long one writing took at most."""
    from bot.trends.counting import Counting
    from bot.trends.marks import Mark, Marks
    from bot.trends.observed import observed_in
    from bot.trends.synthetic import visit

    store, keys, random = Marks.open(url), Counting(), Random(0)
    added: set[Mark] = set()
    longest = 0.0
    for number in range(CONVERSATIONS):
        one = visit(f"2025-{number % 12 + 1:02}", f"person {number}", random)
        for event in one.events():
            for seen in observed_in(event):
                period = one.month if seen.facet != "help_card" else "2025"
                token = keys.token(one.person, period, *seen)
                added.add(Mark(period, *seen, token))
        if len(added) > 50_000 or number == CONVERSATIONS - 1:
            began = time.perf_counter()
            store.change(added, (), "2025-01")
            longest = max(longest, time.perf_counter() - began)
            added.clear()
    store.close()
    print(f"writing some 50,000 marks to those of a year: at most {longest:.1f} s")


FREEZE = """
import resource, sys, time
from datetime import date
from pathlib import Path
from bot.trends.freeze import Freezer
from bot.trends.marks import Marks
from bot.trends.releases import Releases
began = time.perf_counter()
store = Marks.open(sys.argv[1])
names = Freezer(store, Releases(Path(sys.argv[2])), synthetic=True).run(date(2026, 2, 1))
print(len(names), time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def freeze(folder: Path, url: str) -> None:
    """Freeze the whole year at once, in a process of its own, and print time and memory."""
    command = [sys.executable, "-c", FREEZE, url, str(folder / "releases")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    number, seconds, kilobytes = done.stdout.split()
    megabytes = int(kilobytes) / 1024
    print(f"freezing {CONVERSATIONS:,} conversations into {number} releases:")
    print(f"  {float(seconds):.1f} s (at most 60), {megabytes:.0f} MB at most (300)")


def pages(folder: Path) -> None:
    """Ask for each page and print the slowest median."""
    from starlette.testclient import TestClient

    from bot.dashboard.app import create_app
    from bot.settings import read_settings

    settings = replace(read_settings({}), data=folder, dashboard_host="0.0.0.0")
    client = TestClient(create_app(settings, demo=True))
    name = "2025-01"
    print("pages, median and slowest of", REQUESTS, "(at most 200 ms):")
    for path in (
        "/windows",
        f"/windows/{name}",
        f"/windows/{name}/report",
        f"/windows/{name}/concern.csv",
        "/change",
        "/method",
        "/wording",
        "/audit",
    ):
        taken = []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            assert client.get(path).status_code == 200
            taken.append(time.perf_counter() - began)
        taken.sort()
        print(f"  {path:32} {1000 * taken[len(taken) // 2]:6.1f} ms {1000 * taken[-1]:6.1f} ms")


def turns(folder: Path) -> None:
    """Publish turns as the tracker store does and print what one costs."""
    from bot.trends.counting import Counting
    from bot.trends.marks import Marks
    from bot.trends.recorder import TrendsRecorder
    from bot.trends.synthetic import visit

    url = f"sqlite:///{folder / 'turns.db'}"
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), lambda: "2025-01")
    random, taken = Random(0), []
    for number in range(2_000):
        events = list(visit("2025-01", f"person {number}", random).events())
        began = time.perf_counter()
        for event in events:
            recorder.publish(event)
        taken.append(time.perf_counter() - began)
    assert recorder.write_now(60)
    recorder.stop()
    taken.sort()
    print("recording a conversation's events, as long as several turns (at most 1 ms a turn):")
    print(f"  median {1000 * taken[1_000]:.3f} ms, 99 in 100 under {1000 * taken[1_980]:.3f} ms")


def main() -> None:
    """Measure and print."""
    prepare()
    print(f"{date.today()}, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        turns(folder)
        url = sys.argv[1] if sys.argv[1:] else f"sqlite:///{folder / 'marks.db'}"
        print(f"the marks of a year, in {url.partition(':')[0]}:")
        marks_of_a_year(url)
        freeze(folder, url)
        pages(folder)
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"this process, Rasa's broker class included: {here:.0f} MB")


if __name__ == "__main__":
    main()

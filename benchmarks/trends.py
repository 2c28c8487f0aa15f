"""What the trends cost: a year of 100,000 conversations, a page, and a turn.

.venv/bin/python -m benchmarks.trends [--conversations 100000] [postgresql://… of an empty one]

With the URL the marks are there. Ends with 1 if something is beyond its limit.
"""

from __future__ import annotations

import argparse
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

FREEZE_SECONDS, FREEZE_MEGABYTES = 60, 300
PAGE_MS, TURN_MS = 200, 1
"""The limits of docs/trends.md."""

PASSWORD = "for one benchmark only"


def within(what: str, measured: float, limit: float) -> bool:
    """Return whether what was measured is within its limit; print it if not."""
    if measured > limit:
        print(f"BEYOND ITS LIMIT: {what}: {measured:.3g}, at most {limit}")
    return measured <= limit


def marks_of_a_year(url: str, conversations: int) -> None:
    """Fill a database with the marks of a year, and print how long one writing took at most."""
    from bot.trends.counting import Counting
    from bot.trends.marks import Mark, Marks
    from bot.trends.observed import observed_in
    from bot.trends.synthetic import visit

    store, keys, random = Marks.open(url), Counting(), Random(0)
    added: set[Mark] = set()
    longest = 0.0
    for number in range(conversations):
        one = visit(f"2025-{number % 12 + 1:02}", f"person {number}", random)
        for event in one.events():
            for seen in observed_in(event):
                period = one.month if seen.facet != "help_card" else "2025"
                token = keys.token(one.person, period, *seen)
                added.add(Mark(period, *seen, token))
        if len(added) > 50_000 or number == conversations - 1:
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


def freeze(folder: Path, url: str, conversations: int) -> bool:
    """Freeze the whole year in a process of its own; return if it is within its limits."""
    command = [sys.executable, "-c", FREEZE, url, str(folder / "releases")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    number, seconds, kilobytes = done.stdout.split()
    megabytes = int(kilobytes) / 1024
    print(f"freezing {conversations:,} conversations into {number} releases:")
    print(f"  {float(seconds):.1f} s, {megabytes:.0f} MB at most")
    in_time = within("seconds of the freeze", float(seconds), FREEZE_SECONDS)
    return within("megabytes of the freeze", megabytes, FREEZE_MEGABYTES) and in_time


def pages(folder: Path) -> bool:
    """Ask for each page, signed in; return if the medians are within the limit."""
    import pyotp
    from starlette.testclient import TestClient

    from bot.dashboard.app import create_app
    from bot.settings import read_settings

    settings = replace(read_settings({}), data=folder, dashboard_host="0.0.0.0")
    app = create_app(settings)
    secret = app.state.parts.staff.add("ann", "Ann Example", "admin", PASSWORD)
    client = TestClient(app, headers={"Origin": "http://testserver"})
    given = {"name": "ann", "password": PASSWORD, "code": pyotp.TOTP(secret).now()}
    assert client.post("/sign-in", data=given, follow_redirects=False).status_code == 303
    name, good = app.state.parts.releases.all()[0].name, True
    print(f"pages, signed in, median and slowest of {REQUESTS}:")
    for path in (
        "/windows",
        f"/windows/{name}",
        f"/windows/{name}/report",
        f"/windows/{name}/concern.csv",
        "/change",
        "/figures.csv",
        "/method",
        "/service",
        "/wording",
        "/audit",
    ):
        taken = []
        for _ in range(REQUESTS):
            began = time.perf_counter()
            assert client.get(path).status_code == 200
            taken.append(time.perf_counter() - began)
        taken.sort()
        median = 1000 * taken[len(taken) // 2]
        print(f"  {path:32} {median:6.1f} ms {1000 * taken[-1]:6.1f} ms")
        good = within(f"milliseconds of {path}", median, PAGE_MS) and good
    return good


def turns(folder: Path) -> bool:
    """Publish turns as the tracker store does; return if what one costs is within its limit."""
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
    print("recording a conversation's events, as long as several turns:")
    print(f"  median {1000 * taken[1_000]:.3f} ms, 99 in 100 under {1000 * taken[1_980]:.3f} ms")
    return within("milliseconds of recording", 1000 * taken[1_980], TURN_MS)


def main() -> int:
    """Measure and print; return 1 if a limit was passed."""
    parser = argparse.ArgumentParser(prog="benchmarks.trends")
    parser.add_argument("url", nargs="?", help="of an empty PostgreSQL database, for the marks")
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS)
    asked = parser.parse_args()
    prepare()
    print(f"{date.today()}, {os.cpu_count()} processors, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = turns(folder)
        url = asked.url or f"sqlite:///{folder / 'marks.db'}"
        print(f"the marks of a year, in {url.partition(':')[0]}:")
        marks_of_a_year(url, asked.conversations)
        good = freeze(folder, url, asked.conversations) and good
        good = pages(folder) and good
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"this process, Rasa's broker class included: {here:.0f} MB")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

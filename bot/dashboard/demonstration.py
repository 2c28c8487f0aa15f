"""`make demo`: an invented year for a small and a large deanery, on dashboards of their own."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import secrets
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from bot.dashboard.app import create_app, listener, server
from bot.dashboard.guard import DEMO_DEANERY
from bot.dashboard.invented import invent_tickets, recipe
from bot.paths import ROOT
from bot.settings import Settings
from bot.trends import synthetic
from bot.trends.vocabulary import every_mark

if TYPE_CHECKING:
    from bot.agent import SidedoorAgent
    from bot.trends.recorder import TrendsRecorder

FOLDER = ROOT / "demo"

SIZES = (2_000, 8_000)
UPTAKE = 0.05

Say = Callable[[str], object]

Talk = tuple[str, ...]
"""What a trainee says, turn by turn."""


def build_all(year: int, say: Say) -> list[Path]:
    """Make the figures of every size that are not there yet; return their folders.

    Figures of another recipe or vocabulary are removed: they would show what is counted no more.

    Raises:
        NotOurPartError: if the agent cannot be loaded.
    """
    folders = [FOLDER / f"{year}-{size}-{made_of()}" for size in SIZES]
    for old in FOLDER.glob("*-*"):
        if old not in folders:
            shutil.rmtree(old)
    missing = [(size, f) for size, f in zip(SIZES, folders, strict=True) if not f.exists()]
    if missing:
        say("Loading the agent ...")
        talker = Talker.load()
        for size, folder in missing:
            say(f"Inventing {year} for {size:,} trainees ...")
            _build(size, year, folder, talker)
    return folders


def made_of() -> str:
    """Return a short hash of what the figures are made of: recipe, talks, and what is counted."""
    talks = recipe()["talks_a_month"], recipe()["talks"]
    parts = (synthetic.RECIPE.read_text(encoding="utf-8"), repr(talks), repr(every_mark()))
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:12]


def with_talks(
    visits: Iterable[synthetic.Visit],
) -> tuple[list[synthetic.Visit], Mapping[str, list[Talk]]]:
    """Return the visits that stay, and month -> the talks that are held instead of the others."""
    in_turn = itertools.cycle(tuple(talk) for talk in recipe()["talks"])
    stay: list[synthetic.Visit] = []
    held: dict[str, list[Talk]] = {}
    for visit in visits:
        of_month = held.setdefault(visit.month, [])
        if visit.channel == Talker.CHANNEL and len(of_month) < recipe()["talks_a_month"]:
            of_month.append(next(in_turn))
        else:
            stay.append(visit)
    return stay, held


def serve_all(settings: Settings, folders: list[Path], say: Say) -> None:
    """Serve a dashboard for each folder, on the ports after the dashboard's, until stopped.

    Raises:
        SettingsError: if a port is taken.
    """
    servers, sockets = [], []
    first = (settings.dashboard_port or 5006) + 1
    for port, folder in zip(itertools.count(first), folders, strict=False):
        chosen = replace(
            settings,
            data=folder,
            staff_database="",
            referrals_database="",
            dashboard_host="127.0.0.1",
            dashboard_port=port,
            dashboard_url="",
            proxy_header="",
        )
        invent_tickets(folder / "referrals.db", DEMO_DEANERY, date.today())
        trainees = int(folder.name.split("-")[1])
        servers.append(server(create_app(chosen, demo=True, trainees=trainees)))
        sockets.append(listener("127.0.0.1", port))
        say(f"{trainees:,} trainees, every figure invented: http://127.0.0.1:{port}/")
    say(f"The inbox, with invented tickets, opens with: {recipe()['passphrase']}")
    say("Stop it with Ctrl-C.")

    async def both() -> None:
        pairs = zip(servers, sockets, strict=True)
        await asyncio.gather(*(one.serve([bound]) for one, bound in pairs))

    with suppress(KeyboardInterrupt):
        asyncio.run(both())


def _build(size: int, year: int, folder: Path, talker: Talker) -> None:
    from bot.trends.living import live_through

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    stay, held = with_talks(synthetic.synthetic_year(size, UPTAKE, year, Random(size)))

    def talk(month: str, recorder: TrendsRecorder) -> None:
        talker.hold(held.get(month, ()), recorder)

    live_through(stay, part, date(year + 1, 1, 31), talk)
    part.rename(folder)


class Talker:
    """Has real conversations with the real agent, which go through the recorder like any."""

    CHANNEL = "web"

    def __init__(self, agent: SidedoorAgent, run: Callable[..., object]) -> None:
        """Talk to `agent`; `run` runs a coroutine in its loop."""
        self._agent, self._run = agent, run

    @classmethod
    def load(cls) -> Talker:
        """Load the agent.

        Raises:
            NotOurPartError: if it cannot be loaded.
        """
        from bot.agent import load_our_agent

        run = asyncio.new_event_loop().run_until_complete
        return cls(run(load_our_agent()), run)

    def hold(self, talks: Iterable[Talk], recorder: TrendsRecorder) -> None:
        """Hold each talk once, as somebody new."""
        from bot.channels.conversation import OPEN, ask_agent

        before = self._agent.tracker_store.event_broker
        self._agent.tracker_store.event_broker = recorder
        try:
            for talk in talks:
                conversation = secrets.token_hex(16)
                someone = (self._agent.handle_message, conversation, self.CHANNEL)
                self._run(ask_agent(*someone, payload=OPEN))
                for text in talk:
                    self._run(ask_agent(*someone, text=text))
        finally:
            self._agent.tracker_store.event_broker = before

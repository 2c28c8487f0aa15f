"""`make demo`: an invented year for a small and a large deanery, on dashboards of their own."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random

from bot.dashboard.app import create_app, listener, server
from bot.dashboard.guard import DEMO_DEANERY
from bot.dashboard.invented import invent_tickets, recipe
from bot.paths import ROOT
from bot.settings import Settings

FOLDER = ROOT / "demo"

SIZES = (2_000, 8_000)
UPTAKE = 0.05

Say = Callable[[str], object]


def build_all(year: int, say: Say) -> list[Path]:
    """Make the figures of every size that are not there yet; return their folders.

    Raises:
        NotOurPartError: if the agent cannot be loaded.
    """
    folders = [FOLDER / f"{year}-{size}" for size in SIZES]
    missing = [(size, f) for size, f in zip(SIZES, folders, strict=True) if not f.exists()]
    if missing:
        say("Loading the agent ...")
        talker = _Talker()
        for size, folder in missing:
            say(f"Inventing {year} for {size:,} trainees ...")
            _build(size, year, folder, talker)
    return folders


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


def _build(size: int, year: int, folder: Path, talker: _Talker) -> None:
    from bot.trends.living import live_through
    from bot.trends.synthetic import synthetic_year

    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    visits = list(synthetic_year(size, UPTAKE, year, Random(size)))
    live_through(visits, part, date(year + 1, 1, 31), talker.talk)
    part.rename(folder)


class _Talker:
    """Has real conversations with the real agent, which go through the recorder like any."""

    def __init__(self) -> None:
        from bot.agent import load_our_agent

        self._loop = asyncio.new_event_loop()
        self._agent = self._loop.run_until_complete(load_our_agent())

    def talk(self, month: str, recorder: object) -> None:
        """Hold every conversation of the recipe once."""
        from bot.channels.conversation import OPEN, ask_agent
        from bot.trends.synthetic import recipe

        self._agent.tracker_store.event_broker = recorder
        for said in recipe()["conversations"]:
            conversation = secrets.token_hex(16)
            for turn in ({"payload": OPEN}, *({"text": text} for text in said)):
                self._loop.run_until_complete(
                    ask_agent(self._agent.handle_message, conversation, "web", **turn)
                )

"""The running assistant: our channels and agent in one process, without Rasa's HTTP API."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import gc
import os
import socket
import subprocess
import sys
import webbrowser
from datetime import date
from pathlib import Path
from typing import Any

from rasa.core.channels.channel import InputChannel, register
from rasa.core.run import close_resources, create_http_input_channels
from rasa.shared.exceptions import RasaException
from sanic import Sanic

from bot.agent import ENDPOINTS, NotOurPartError, load_our_agent, read_sections
from bot.health import Health, can_answer
from bot.paths import ROOT
from bot.privacy.guard import refuse_channels
from bot.privacy.sweeping import sweep_forever
from bot.privacy.words import Words
from bot.referrals.desk import desk
from bot.referrals.expiry import SweepSchedule
from bot.repeating import Repeating
from bot.settings import Settings, SettingsError
from bot.trends.schedule import ReleaseSchedule, release_due
from bot.watchdog import Watchdog

CREDENTIALS = ROOT / "credentials.yml"

SLOWEST_SECONDS = 30
"""Seconds that a client may take to send a request, and its answer to be made."""

SWITCH_SECONDS = 0.0005
"""Seconds for which the dialogue keeps Python's lock while recognition waits to go on; as it comes,
ten times as long, and the encoder needs the lock again after each of some hundred products."""


def serve(
    settings: Settings,
    credentials: Path = CREDENTIALS,
    endpoints: Path = ENDPOINTS,
    show: bool = False,
) -> None:
    """Serve until stopped, with the channels and parts that the two files name.

    Raises:
        NotOurPartError: if a part of ours could not be loaded; nothing is served then.
        LeakError: if a part or a channel would let out what people write.
        SettingsError: if the address or the port cannot be listened on.
    """
    channels = load_channels(credentials)
    if settings.telegram_token:
        channels.append(_telegram(settings))
    listener = _listener(settings)
    agent = asyncio.run(_ready_agent(endpoints))
    sys.setswitchinterval(SWITCH_SECONDS)
    app = Sanic("sidedoor", configure_logging=False)
    app.config.FALLBACK_ERROR_FORMAT = "text"
    app.config.REQUEST_TIMEOUT = app.config.RESPONSE_TIMEOUT = SLOWEST_SECONDS
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = SLOWEST_SECONDS  # a stop lets every turn end
    register(channels, app, route="/")
    health = Health()
    app.blueprint(health.blueprint())

    async def attach(running: Sanic, _: Any) -> None:
        running.ctx.agent = agent

    schedules = _schedules(settings)

    dashboard = DashboardProcess(settings)
    watchdog = Watchdog(os.environ, lambda: health.live(agent))

    async def begin(_: Sanic, __: Any) -> None:
        for schedule in schedules:
            schedule.start()
        dashboard.start()
        watchdog.start()

    async def end(_: Sanic, __: Any) -> None:
        health.stopping = True
        watchdog.stop()
        for schedule in schedules:
            schedule.stop()
        dashboard.stop()

    app.register_listener(attach, "before_server_start")
    app.register_listener(_sweeper(agent, channels), "after_server_start")
    app.register_listener(begin, "after_server_start")
    app.register_listener(end, "before_server_stop")
    app.register_listener(_announce(settings, show), "after_server_start")
    app.register_listener(close_resources, "after_server_stop")
    app.config.USE_UVLOOP = False  # its buffer would hold on to what was received last
    asyncio.set_event_loop_policy(asyncio.DefaultEventLoopPolicy())
    app.run(sock=listener, access_log=False, motd=False, debug=False, workers=1)


def _schedules(settings: Settings) -> tuple[Repeating, ...]:
    """Return what is done beside the conversations, unless another process does it."""
    if not settings.jobs:
        return ()
    return (
        ReleaseSchedule(lambda: release_due(settings, date.today())),
        SweepSchedule(settings.referrals_url),
    )


class DashboardProcess:
    """The staff dashboard, as a process of its own: what ails it does not reach a conversation."""

    def __init__(self, settings: Settings) -> None:
        """Start nothing yet."""
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless its port is 0; it says itself where it is, or why it is not."""
        if self._settings.dashboard_port:
            command = [sys.executable, "-m", "bot.cli", "dashboard"]
            self._process = subprocess.Popen(command, cwd=ROOT)

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def load_channels(credentials: Path) -> list[InputChannel]:
    """Return the channels that `credentials` names.

    Raises:
        NotOurPartError: naming the channel that cannot be loaded.
        LeakError: naming a channel that is not ours.
    """
    names = read_sections(credentials)
    refuse_channels(credentials, names)
    try:
        channels = create_http_input_channels(None, str(credentials))
    except RasaException as error:
        raise NotOurPartError(f"{credentials.name}: {' '.join(str(error).split())}") from None
    if not names:
        raise NotOurPartError(f"{credentials.name}: names no channel; see the shipped file")
    return channels


def _telegram(settings: Settings) -> InputChannel:
    """Return the Telegram channel, whose token Telegram knows.

    Raises:
        SettingsError: if the token is wrong.
    """
    from bot.channels.telegram import TelegramChannel

    channel = TelegramChannel(settings)
    asyncio.run(channel.check())
    return channel


def _listener(settings: Settings) -> socket.socket:
    """Return a socket bound to the address, which accepts nobody until the server runs."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise SettingsError(
                f"SIDEDOOR_PORT is {settings.port}, which is taken or not allowed; set another"
            ) from None
        raise SettingsError(
            f"SIDEDOOR_HOST is {settings.host!r}; it must be an address of this machine"
        ) from None
    return listener


async def _ready_agent(endpoints: Path) -> Any:
    """Load the agent and run two real turns, so that the first person does not wait for it.

    Raises:
        NotOurPartError: if a part could not be loaded or a turn fails.
    """
    agent = await load_our_agent(endpoints=endpoints)
    if not await can_answer(agent):
        raise NotOurPartError("the agent gives no answer; run `make train` and start again")
    _give_back_memory()
    return agent


def _give_back_memory() -> None:
    """Return to the system what loading needed and serving does not, where the C library can.

    What was loaded is not looked through for garbage again: a million objects that stay, half a
    second in which nobody is answered.
    """
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _sweeper(agent: Any, channels: list[InputChannel]) -> Any:
    """Return a listener that deletes by the clock what has reached its end.

    It also has it written how many receipts were refused, of which an attack may consist.
    """
    own = [sweep for channel in channels if (sweep := getattr(channel, "sweep", None))]

    async def begin(running: Sanic, _: Any) -> None:
        store = agent.tracker_store
        counted = store.event_broker.sweep
        sweeps = [store.drop_expired, *own, counted, desk().sweep, Words(agent).sweep]
        running.ctx.sweeping = asyncio.ensure_future(sweep_forever(sweeps))

    return begin


def _announce(settings: Settings, show: bool) -> Any:
    chat = f"http://{settings.host}:{settings.port}/chat/"

    async def announce(running: Sanic, _: Any) -> None:
        print(f"\nSidedoor is ready: {chat}", flush=True)
        print(f"On a made-up intranet:   {chat}demo", flush=True)
        print("Stop it with Ctrl-C.", flush=True)
        if show and has_screen():
            await asyncio.to_thread(webbrowser.open, f"{chat}demo")

    return announce


def has_screen() -> bool:
    """Whether a browser opened from here would be seen, and would not take over the terminal."""
    return sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))

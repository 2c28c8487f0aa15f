"""The dashboard's web application and its server."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Thread
from time import time

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from bot.dashboard.audit import Audit
from bot.dashboard.guard import Parts, failed
from bot.dashboard.pages import ROUTES
from bot.dashboard.referrals import Referrals
from bot.dashboard.rendering import render
from bot.dashboard.sentences import SignOffs, all_sentences
from bot.dashboard.sessions import Sessions
from bot.dashboard.staff import Staff
from bot.dashboard.tables import open_staff_database
from bot.dashboard.tries import Tries
from bot.dashboard.unlocks import Unlocks
from bot.settings import Settings, SettingsError
from bot.trends.groups import groups
from bot.trends.releases import ReleaseError, Releases

FIRST_ACCOUNT = "sidedoor staff add NAME --full-name 'Full Name' --role admin"


def create_app(
    settings: Settings,
    clock: Callable[[], float] = time,
    demo: bool = False,
    extra_hosts: tuple[str, ...] = (),
    trainees: int | None = None,
) -> Starlette:
    """Return the application; `clock` gives seconds since 1970.

    `trainees` is how many the figures are of, where `trends.yml` does not say it.

    With `demo` nobody signs in. It is for invented figures: one release that is not marked
    synthetic refuses the start.

    Raises:
        DatabaseError: if the dashboard's own database cannot be used.
        ReleaseError: if `demo` is wanted for releases that are not synthetic.
    """
    releases = Releases(settings.releases)
    if demo:
        real = [name for name in releases.names() if not releases.read(name).synthetic]
        if real or not releases.names():
            raise ReleaseError("the demonstration is for synthetic releases only")
    engine = open_staff_database(settings.staff_url)
    sessions = Sessions(engine, clock)
    app = Starlette(
        routes=ROUTES, exception_handlers={HTTPException: failed, Exception: failed}, debug=False
    )
    app.router.redirect_slashes = False
    app.state.render = render
    app.state.parts = Parts(
        settings=settings,
        engine=engine,
        staff=Staff(engine, clock),
        sessions=sessions,
        audit=Audit(engine, clock),
        sign_offs=SignOffs(engine),
        releases=releases,
        unlocks=Unlocks(sessions.goes_on, clock),
        tries=Tries(clock),
        referrals=Referrals(settings.referrals_url, clock),
        population=replace(groups(), trainees=trainees or groups().trainees),
        clock=clock,
        demo=demo,
        extra_hosts=extra_hosts,
    )
    return app


def listener(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to the dashboard's address.

    Raises:
        SettingsError: if it is taken, or not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except (OSError, UnicodeError):
        raise SettingsError(
            f"the dashboard cannot listen on {host}:{port}; set another"
            " SIDEDOOR_DASHBOARD_HOST or SIDEDOOR_DASHBOARD_PORT"
        ) from None
    return bound


def server(app: Starlette) -> uvicorn.Server:
    """Return a server that logs nothing about a request."""
    config = uvicorn.Config(
        app,
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="off",
        loop="asyncio",  # uvloop's buffer would hold on to what was received last
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)


def serve(app: Starlette, bound: socket.socket) -> None:
    """Serve until stopped, reading the wording meanwhile, so that nobody waits for it."""
    Thread(target=all_sentences, daemon=True).start()
    with suppress(KeyboardInterrupt):
        server(app).run([bound])

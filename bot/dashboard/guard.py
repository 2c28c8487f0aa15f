"""What every request passes: where it comes from, who it is, whether they may, and the log."""

from __future__ import annotations

import hmac
import logging
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from bot.dashboard.audit import Audit
from bot.dashboard.referrals import Referrals
from bot.dashboard.sentences import SignOffs
from bot.dashboard.sessions import Sessions
from bot.dashboard.staff import Member, Staff
from bot.dashboard.tries import Tries
from bot.dashboard.unlocks import Unlocks
from bot.referrals.keys import Unlocked
from bot.settings import Settings
from bot.trends.groups import Groups
from bot.trends.releases import Releases

logger = logging.getLogger(__name__)

SECRET_HEADER = "X-Sidedoor-Proxy-Secret"

MOST_BYTES = 200_000
"""Bytes of a form that are read."""

MOST_FIELDS = 2_000

HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
}

DEMO_DEANERY = "thames_valley"

DEMO = Member("demo", "Demonstration", "admin", deanery=DEMO_DEANERY)
"""Who everybody is in the demonstration, where all figures are invented."""


@dataclass
class Parts:
    """What the pages need. There is no way from here to the marks."""

    settings: Settings
    engine: Engine
    staff: Staff
    sessions: Sessions
    audit: Audit
    sign_offs: SignOffs
    releases: Releases
    unlocks: Unlocks[Unlocked]
    tries: Tries
    referrals: Referrals
    population: Groups
    clock: Callable[[], float]
    demo: bool = False
    extra_hosts: tuple[str, ...] = field(default=())

    def today(self) -> date:
        """Return the day by the clock."""
        return date.fromtimestamp(self.clock())

    @property
    def secure(self) -> bool:
        """Whether staff come over TLS."""
        return self.settings.dashboard_url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The name of the session cookie; its prefix binds it to this host over TLS."""
        return "__Host-sidedoor-staff" if self.secure else "sidedoor-staff"

    @property
    def inbox_cookie(self) -> str:
        """The name of the cookie that leads to unlocked keys."""
        return "__Host-sidedoor-inbox" if self.secure else "sidedoor-inbox"

    @property
    def signs_in_here(self) -> bool:
        """Whether staff have sessions of ours, and not a proxy's or none."""
        return not (self.demo or self.settings.proxy_header)


@dataclass(frozen=True)
class Visit:
    """One request that was let in."""

    request: Request
    parts: Parts
    member: Member | None
    form: FormData | None

    def field(self, name: str, longest: int = 200) -> str:
        """Return a field of the form, or of the address, as text; empty if there is none."""
        values = self.form if self.form is not None else self.request.query_params
        value = values.get(name, "")
        if not isinstance(value, str):
            return ""
        kept = "".join(c for c in value if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)
        return kept.strip()[:longest]

    def text(self, name: str) -> str:
        """Return what was typed into a larger field of the form, with its lines, whole."""
        return typed(self.form, name)


Page = Callable[[Visit], Response]

Keep = Callable[[Request, FormData, int], Response | None]
"""Makes the page that gives back what somebody typed when their request ends in this status; None
if they typed nothing."""


def typed(form: FormData | None, name: str) -> str:
    """Return a field of a form with its lines; control characters are dropped."""
    value = form.get(name, "") if form is not None else ""
    if not isinstance(value, str):
        return ""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def page(
    show: Page, role: str | None = "reader", keep: Keep | None = None
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a page that only a `role` may see; None lets everybody in.

    With `keep`, a form that cannot be taken is given back instead of a plain error.
    """

    async def endpoint(request: Request) -> Response:
        parts: Parts = request.app.state.parts
        _refuse_other_hosts(request, parts)
        form = None
        if request.method == "POST":
            _refuse_other_origins(request, parts)
            form = await _form(request)
        try:
            return await run_in_threadpool(_answer, request, parts, form, show, role)
        except HTTPException as error:
            kept = keep(request, form, error.status_code) if keep and form else None
            if kept is None:
                raise
            return with_headers(kept)
        except Exception as error:  # else the server would log it, with whatever it holds
            kept = keep(request, form, 500) if keep and form else None
            if kept is None:
                return await failed(request, error)
            _note_failure(error)
            return with_headers(kept)

    return endpoint


def with_headers(response: Response) -> Response:
    """Return the response with the headers that every answer has."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _answer(
    request: Request, parts: Parts, form: FormData | None, show: Page, role: str | None
) -> Response:
    if role is None:
        return with_headers(show(Visit(request, parts, None, form)))
    member = _member(request, parts)
    what = f"{request.method} {request.url.path}"
    if member is None:
        if request.method == "GET" and not parts.settings.proxy_header:
            return with_headers(RedirectResponse("/sign-in", 303))
        raise HTTPException(403)
    if not member.may(role):
        parts.audit.note(member.name, what, "refused")
        raise HTTPException(403)
    try:
        response = show(Visit(request, parts, member, form))
    except HTTPException as error:
        parts.audit.note(member.name, what, str(error.status_code))
        raise
    except Exception:
        with suppress(SQLAlchemyError):  # it may be what failed; then its log says so
            parts.audit.note(member.name, what, "500")
        raise
    parts.audit.note(member.name, what, str(response.status_code))
    return with_headers(response)


def _member(request: Request, parts: Parts) -> Member | None:
    if parts.demo:
        return DEMO
    if parts.settings.proxy_header:
        return _named_by_proxy(request, parts)
    token = request.cookies.get(parts.cookie)
    name = parts.sessions.whose(token) if token else None
    return parts.staff.get(name) if name else None


def _named_by_proxy(request: Request, parts: Parts) -> Member | None:
    """Return whom the proxy says has signed in, if it is the proxy that says so."""
    given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, parts.settings.proxy_secret.encode()):
        if given or request.headers.get(parts.settings.proxy_header):
            parts.audit.note_unknown("single sign-on")  # from anybody, so nothing of theirs
        return None
    name = request.headers.get(parts.settings.proxy_header, "").strip().lower()
    member = parts.staff.get(name) if name else None
    if name and member is None:
        parts.audit.note(name, f"{request.method} {request.url.path}", "refused")
    return member


def expected_origin(request: Request, parts: Parts) -> str:
    """Return the origin that our own pages have."""
    return parts.settings.dashboard_url or f"http://{request.headers.get('host', '')}"


def _refuse_other_hosts(request: Request, parts: Parts) -> None:
    """Refuse a name that is not ours: somebody else's name may point to this address."""
    host = request.headers.get("host", "").lower()
    chosen = parts.settings
    if chosen.dashboard_url:
        allowed = {urlsplit(chosen.dashboard_url).netloc.lower()}
    elif chosen.dashboard_host in ("0.0.0.0", "::"):
        return
    else:
        names = {chosen.dashboard_host, "localhost", "127.0.0.1", "[::1]"}
        allowed = {f"{name}:{chosen.dashboard_port}" for name in names}
    if host not in allowed | set(parts.extra_hosts):
        raise HTTPException(421)


def _refuse_other_origins(request: Request, parts: Parts) -> None:
    """Refuse a form that another site sends in somebody's name; browsers say where it is from."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is None and origin is None:
        raise HTTPException(403)
    if site not in (None, "same-origin"):
        raise HTTPException(403)
    if origin is not None and origin.lower() != expected_origin(request, parts).lower():
        raise HTTPException(403)


async def _form(request: Request) -> FormData:
    if request.headers.get("content-length") == "0":
        return FormData()
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise HTTPException(413)
    try:
        return await request.form(max_fields=MOST_FIELDS)
    except ClientDisconnect:
        raise HTTPException(400) from None
    except (ValueError, UnicodeError):
        raise HTTPException(400) from None


def _note_unknown(request: Request, parts: Parts, status: int) -> None:
    """Put into the log that a member asked for what there is not; no page was there to do it."""
    member = _member(request, parts)
    if member is not None:
        parts.audit.note(member.name, f"{request.method} {request.url.path}", str(status))


def _note_failure(error: Exception) -> None:
    logger.error("request failed: error=%s", type(error).__name__)


async def failed(request: Request, error: Exception) -> Response:
    """Answer what cannot be answered otherwise: a plain page, and nothing about why."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 500:
        _note_failure(error)
    elif status == 405 or "endpoint" not in request.scope:
        try:
            await run_in_threadpool(_note_unknown, request, request.app.state.parts, status)
        except SQLAlchemyError as unreached:
            _note_failure(unreached)
    parts: Parts = request.app.state.parts
    render: Any = request.app.state.render
    return with_headers(
        render(
            "error.html",
            status=status,
            member=None,
            status_code=status,
            synthetic=parts.demo,
            invented_for=parts.population.trainees if parts.demo else None,
        )
    )

"""The unit's inbox: unlock, list, read, answer, mark and close. Nothing typed here is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.answers import answers_for
from bot.dashboard.guard import Page, Parts, Visit, page, typed
from bot.dashboard.rendering import render, show
from bot.dashboard.tries import PAUSE_SECONDS
from bot.dashboard.unlocks import IDLE_SECONDS
from bot.dashboard.waiting import lateness
from bot.deanery import Deanery, deaneries
from bot.referrals.desk import NO_TICKETS
from bot.referrals.errors import (
    AnsweredMeanwhile,
    DeskUnavailable,
    NoKey,
    TextTooLong,
    TicketAltered,
    TicketGone,
    TooManyGuesses,
    UnlockAgain,
    WrongPassphrase,
)
from bot.referrals.inbox import MARKS, Guesses, Inbox
from bot.referrals.keys import LONGEST_PASSPHRASE, Unlocked
from bot.referrals.receipts import read_receipt

MOST_ROWS = 50
"""Tickets on one page of the list."""

MOST_CHARACTERS = 3_000
"""Characters of an answer: one bubble has to hold it, and Telegram's holds 4,096."""

VIEWS: dict[str, tuple[str, ...]] = {
    "open": ("new", "in_hand"),
    "new": ("new",),
    "in_hand": ("in_hand",),
    "answered": ("answered",),
    "closed": ("closed",),
}
"""What the list can be narrowed to -> the states that it then shows."""

LOCKED, GONE, UNAVAILABLE = 423, 410, 503


@dataclass(frozen=True)
class Draft:
    """An answer that is being written: in the page only, between one request and the next."""

    text: str = ""
    wrong: str = ""
    """Which of the page's messages says why it was not sent."""


def _of_the_unit(show_it: Callable[[Visit, Deanery], Response]) -> Page:
    """Return a page of the inbox: for members of a unit, and with the database there."""

    @wraps(show_it)
    def shown(visit: Visit) -> Response:
        unit = _unit(visit)
        if unit is None:
            return _state(visit, "no_unit", 403)
        try:
            return show_it(visit, unit)
        except DeskUnavailable:
            if visit.form is not None and visit.text("text"):
                return _draft_page(visit, unit, "unavailable", UNAVAILABLE)
            return _state(visit, "unavailable", UNAVAILABLE)

    return shown


def _unit(visit: Visit) -> Deanery | None:
    return deaneries().get(visit.member.deanery) if visit.member is not None else None


def _inbox(visit: Visit) -> Inbox:
    return visit.parts.referrals.inbox()


def _session(visit: Visit) -> str:
    """Return the token of the session that keys are tied to; empty if sessions are not ours."""
    return visit.request.cookies.get(visit.parts.cookie, "") if visit.parts.signs_in_here else ""


def _keys(visit: Visit) -> Unlocked | None:
    """Return the unit's keys if this member unlocked them in this session."""
    assert visit.member is not None  # the guard saw to it
    token = visit.request.cookies.get(visit.parts.inbox_cookie, "")
    return visit.parts.unlocks.keys(token, visit.member.name, visit.member.deanery, _session(visit))


def _show(visit: Visit, name: str, status_code: int = 200, **values: Any) -> Response:
    return show(visit, name, "/inbox", status_code, synthetic=visit.parts.demo, **values)


def _state(visit: Visit, state: str, status_code: int, **values: Any) -> Response:
    """Return a page that says what is the matter, and what to do."""
    unit = _unit(visit)
    return _show(
        visit,
        "inbox_state.html",
        status_code,
        state=state,
        unit=unit,
        minutes=PAUSE_SECONDS // 60,
        **values,
    )


# ------------------------------------------------------------------ the list


def list_page(visit: Visit, unit: Deanery) -> Response:
    """The unit's tickets without content, and the form to unlock them."""
    return _list(visit, unit)


def _list(visit: Visit, unit: Deanery, wrong: str = "", status_code: int = 200) -> Response:
    inbox = _inbox(visit)
    if not inbox.has_key(unit.key):
        return _state(visit, "no_key", 200, refused=unit.self_referral in NO_TICKETS)
    view = visit.field("show", 12)
    view = view if view in VIEWS else "open"
    in_state = inbox.counts(unit.key)
    counts = {name: sum(in_state[state] for state in states) for name, states in VIEWS.items()}
    today = visit.parts.referrals.today()
    last = max(1, -(-counts[view] // MOST_ROWS))
    number = visit.field("page", 4)
    at = min(max(1, int(number)), last) if re.fullmatch("[0-9]{1,4}", number) else 1
    shown = inbox.rows(unit.key, VIEWS[view], (at - 1) * MOST_ROWS, MOST_ROWS)
    keys = _keys(visit)
    return _show(
        visit,
        "inbox.html",
        status_code,
        unit=unit,
        unlocked=keys is not None,
        choices=inbox.choices(keys, [row.id for row in shown]) if keys is not None else {},
        wrong=wrong,
        ticket="",
        view=view,
        counts=counts,
        rows=[(row, lateness(row.waiting_weeks, today, unit.answer_days)) for row in shown],
        at=at,
        last=last,
        done=visit.field("done", 12),
        refused=unit.self_referral in NO_TICKETS,
        minutes=PAUSE_SECONDS // 60,
        idle=IDLE_SECONDS // 60,
    )


# ------------------------------------------------------------------ unlocking and locking


def unlock(visit: Visit, unit: Deanery) -> Response:
    """Unlock the unit's keys for this session."""
    ticket = visit.field("ticket", 32)
    keys, wrong, status = _try_passphrase(visit, unit)
    if keys is None:
        if ticket:
            return _locked(visit, unit, ticket, wrong, status)
        return _list(visit, unit, wrong, status)
    to = f"/inbox/{ticket}" if re.fullmatch("[0-9a-f]{32}", ticket) else "/inbox"
    return _holding(visit, keys, RedirectResponse(to, 303))


def _try_passphrase(visit: Visit, unit: Deanery) -> tuple[Unlocked | None, str, int]:
    """Return the keys; or none, which message says why, and the status."""
    assert visit.member is not None
    assert visit.form is not None  # the guard saw to both
    passphrase = visit.form.get("passphrase", "")
    if not isinstance(passphrase, str) or not 1 <= len(passphrase) <= LONGEST_PASSPHRASE:
        return None, "wrong", 403
    if not visit.parts.tries.admit(visit.member.name):
        return None, "too_many", 429
    try:
        keys = _inbox(visit).unlock(unit.key, passphrase.strip("\r\n"))
    except WrongPassphrase:
        return None, "wrong", 403
    except NoKey:
        return None, "no_key", 409
    visit.parts.tries.right(visit.member.name)
    return keys, "", 200


def _holding(visit: Visit, keys: Unlocked, response: Response) -> Response:
    """Keep the keys in memory, and give the browser the token that leads to them."""
    assert visit.member is not None
    parts = visit.parts
    token = parts.unlocks.hold(visit.member.name, visit.member.deanery, _session(visit), keys)
    response.set_cookie(
        parts.inbox_cookie, token, path="/", secure=parts.secure, httponly=True, samesite="strict"
    )
    return response


def lock(visit: Visit, unit: Deanery) -> Response:
    """Drop the keys that this session holds."""
    response = RedirectResponse("/inbox?done=locked", 303)
    _drop(visit, response)
    return response


def _drop(visit: Visit, response: Response) -> None:
    parts = visit.parts
    parts.unlocks.drop(visit.request.cookies.get(parts.inbox_cookie, ""))
    response.delete_cookie(
        parts.inbox_cookie, path="/", secure=parts.secure, httponly=True, samesite="strict"
    )


def _locked(
    visit: Visit, unit: Deanery, ticket: str, wrong: str = "", status_code: int = LOCKED
) -> Response:
    """Return the form to unlock, which leads on to a ticket."""
    return _show(
        visit,
        "inbox_locked.html",
        status_code,
        unit=unit,
        ticket=ticket,
        wrong=wrong,
        minutes=PAUSE_SECONDS // 60,
        idle=IDLE_SECONDS // 60,
    )


# ------------------------------------------------------------------ one ticket


def ticket_page(visit: Visit, unit: Deanery) -> Response:
    """A ticket with its content; the form to unlock if it is locked."""
    keys = _keys(visit)
    if keys is None:
        return _locked(visit, unit, _id(visit))
    return _ticket(visit, unit, keys, Draft())


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["ticket"])


def _ticket(
    visit: Visit, unit: Deanery, keys: Unlocked, draft: Draft, status_code: int = 200
) -> Response:
    try:
        ticket = _inbox(visit).read(keys, _id(visit))
    except (TicketGone, TicketAltered, NoKey) as error:
        return _cannot(visit, unit, error)
    today = visit.parts.referrals.today()
    return _show(
        visit,
        "inbox_ticket.html",
        status_code,
        unit=unit,
        ticket=ticket,
        late=lateness(ticket.waiting_weeks, today, unit.answer_days),
        answers=answers_for(unit.key),
        marks=MARKS,
        draft=draft,
        most=MOST_CHARACTERS,
        done=visit.field("done", 12) if visit.form is None else "",
        idle=IDLE_SECONDS // 60,
    )


def _cannot(visit: Visit, unit: Deanery, error: Exception) -> Response:
    """Return the page of a ticket that cannot be read or changed; what was typed stays in it."""
    if isinstance(error, UnlockAgain):
        return _changed_key(visit, unit)
    if isinstance(error, TicketGone):
        state, status = "ended", GONE
    else:
        state, status = ("lost" if isinstance(error, NoKey) else "altered"), 409
    if visit.form is not None and visit.text("text"):
        return _draft_page(visit, unit, state, status)
    return _state(visit, state, status)


def _changed_key(visit: Visit, unit: Deanery) -> Response:
    """Lock: the unit changed its key since these were unlocked."""
    if visit.form is not None and visit.text("text"):
        response = _draft_page(visit, unit, "changed_key", LOCKED)
    else:
        response = _locked(visit, unit, _id(visit), "changed_key")
    _drop(visit, response)
    return response


def answer(visit: Visit, unit: Deanery) -> Response:
    """Send an answer, or put a stored one into the box; what was typed is never lost."""
    text = visit.text("text")
    keys = _keys(visit)
    fresh = None
    if keys is None:
        if not visit.field("passphrase", LONGEST_PASSPHRASE):
            return _draft_page(visit, unit, "locked", LOCKED)
        fresh, wrong, status = _try_passphrase(visit, unit)
        if fresh is None:
            return _draft_page(visit, unit, wrong, status)
        # it may have changed while it was locked: they see it before they send
        return _holding(visit, fresh, _ticket(visit, unit, fresh, Draft(text)))
    if visit.field("do", 8) == "insert":
        return _ticket(visit, unit, keys, Draft(_with_stored(visit, unit, text)))
    if not text:
        return _ticket(visit, unit, keys, Draft("", "empty"), 400)
    if len(text) > MOST_CHARACTERS:
        return _ticket(visit, unit, keys, Draft(text, "too_long"), 400)
    position = visit.field("position", 6)
    if not re.fullmatch("[0-9]{1,6}", position):
        return _ticket(visit, unit, keys, Draft(text, "meanwhile"), 409)
    try:
        _inbox(visit).answer(keys, _id(visit), text, int(position))
    except AnsweredMeanwhile:
        if not _is_there(visit, keys, text, int(position)):
            return _ticket(visit, unit, keys, Draft(text, "meanwhile"), 409)
    except TextTooLong:
        return _ticket(visit, unit, keys, Draft(text, "too_long"), 400)
    except (TicketGone, TicketAltered, NoKey) as error:
        return _cannot(visit, unit, error)
    return RedirectResponse(f"/inbox/{_id(visit)}?done=sent", 303)


def _with_stored(visit: Visit, unit: Deanery, text: str) -> str:
    """Return what was typed with a stored answer after it."""
    wanted = visit.field("stored", 64)
    stored = next((one.text for one in answers_for(unit.key) if one.id == wanted), "")
    return f"{text}\n\n{stored}".strip()


def _is_there(visit: Visit, keys: Unlocked, text: str, position: int) -> bool:
    """Whether this very answer stands where it was to go: the form was sent twice."""
    ticket = _inbox(visit).read(keys, _id(visit))
    return any(
        m.position == position and m.direction == "out" and m.text == text for m in ticket.messages
    )


def _draft_page(visit: Visit, unit: Deanery, why: str, status_code: int) -> Response:
    """Return the page that gives back an answer that was not sent."""
    return _show(
        visit,
        "inbox_draft.html",
        status_code,
        unit=unit,
        why=why,
        action=visit.request.url.path,
        text=visit.text("text"),
        position=visit.field("position", 6),
        minutes=PAUSE_SECONDS // 60,
    )


def keep_draft(request: Request, form: FormData, status_code: int) -> Response | None:
    """Give back an answer whose request was refused or failed: the session ended, or worse."""
    if not typed(form, "text"):
        return None
    return render(
        "inbox_draft.html",
        status_code,
        synthetic=request.app.state.parts.demo,
        unit=None,
        why="failed" if status_code >= 500 else "signed_out",
        action=request.url.path,
        text=typed(form, "text"),
        position=typed(form, "position")[:6],
        minutes=PAUSE_SECONDS // 60,
    )


def mark(visit: Visit, unit: Deanery) -> Response:
    """Say what the unit does with a ticket."""
    keys = _keys(visit)
    if keys is None:
        return _locked(visit, unit, _id(visit))
    state = visit.field("state", 12)
    if state not in MARKS:
        raise HTTPException(400)
    try:
        _inbox(visit).mark(keys, _id(visit), state)
    except (TicketGone, TicketAltered, NoKey) as error:
        return _cannot(visit, unit, error)
    return RedirectResponse(f"/inbox/{_id(visit)}?done=marked", 303)


def close_page(visit: Visit, unit: Deanery) -> Response:
    """Ask whether to close a ticket, and say what that does."""
    keys = _keys(visit)
    if keys is None:
        return _locked(visit, unit, _id(visit))
    try:
        ticket = _inbox(visit).read(keys, _id(visit))
    except (TicketGone, TicketAltered, NoKey) as error:
        return _cannot(visit, unit, error)
    return _show(visit, "inbox_close.html", unit=unit, ticket=ticket)


def close(visit: Visit, unit: Deanery) -> Response:
    """Close a ticket."""
    keys = _keys(visit)
    if keys is None:
        return _locked(visit, unit, _id(visit))
    try:
        _inbox(visit).close(keys, _id(visit))
    except (TicketGone, TicketAltered, NoKey) as error:
        return _cannot(visit, unit, error)
    return RedirectResponse("/inbox?done=closed", 303)


# ------------------------------------------------------------------ a receipt on the phone


def find(visit: Visit, unit: Deanery) -> Response:
    """Lead to the ticket of somebody who gives their receipt on the phone."""
    assert visit.member is not None
    if _keys(visit) is None:
        return _list(visit, unit, "locked", LOCKED)
    receipt = read_receipt(visit.field("receipt", 60))
    if receipt is None:
        return _list(visit, unit, "no_receipt", 400)
    try:
        found = visit.parts.referrals.with_receipt(receipt, unit.key, visit.member.name)
    except TooManyGuesses:
        return _list(visit, unit, "too_many", 429)
    if found is None:
        return _list(visit, unit, "no_such_receipt", 404)
    return RedirectResponse(f"/inbox/{found}", 303)


# ------------------------------------------------------------------ keys, and guessing


def keys_page(visit: Visit, unit: Deanery) -> Response:
    """The unit's keys, and what to do when something about them is lost."""
    return _show(visit, "inbox_keys.html", unit=unit, keys=visit.parts.referrals.keys(unit.key))


def guessing_now(parts: Parts) -> Guesses | None:
    """Return how many receipts were wrong of late; None if that cannot be asked."""
    try:
        return parts.referrals.inbox().guesses()
    except DeskUnavailable:
        return None


def _route(path: str, show_it: Callable[[Visit, Deanery], Response], method: str) -> Route:
    keep = keep_draft if show_it is answer else None
    endpoint = page(_of_the_unit(show_it), "caseworker", keep)
    return Route(path, endpoint, methods=[method])


INBOX_ROUTES = [
    _route("/inbox", list_page, "GET"),
    _route("/inbox/unlock", unlock, "POST"),
    _route("/inbox/lock", lock, "POST"),
    _route("/inbox/find", find, "POST"),
    _route("/inbox/keys", keys_page, "GET"),
    _route("/inbox/{ticket}", ticket_page, "GET"),
    _route("/inbox/{ticket}/answer", answer, "POST"),
    _route("/inbox/{ticket}/mark", mark, "POST"),
    _route("/inbox/{ticket}/close", close_page, "GET"),
    _route("/inbox/{ticket}/close", close, "POST"),
]

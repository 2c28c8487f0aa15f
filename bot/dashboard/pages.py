"""The pages. Each reads releases or the dashboard's own database, never the marks."""

from __future__ import annotations

import json
import re
from datetime import date

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.dashboard.audit import SHOWN
from bot.dashboard.change import compare
from bot.dashboard.expected import earliest_release, table_of_expected
from bot.dashboard.guard import Visit, page
from bot.dashboard.health import answering, expiring, versions
from bot.dashboard.inbox_pages import INBOX_ROUTES, guessing_now
from bot.dashboard.names import day_name, facet_names, meanings
from bot.dashboard.picture import (
    Meaning,
    card_csv,
    card_figure,
    everything,
    headline,
    meaning_of,
    picture,
    pictures,
    rules_of,
)
from bot.dashboard.rendering import HERE, render, show, windows_of
from bot.dashboard.sentences import files, search, state_of
from bot.deanery import deaneries
from bot.trends.disclosure import Rules, YearlyRules
from bot.trends.releases import HELP_CARD_YEAR, Release
from bot.trends.vocabulary import facets
from bot.trends.windows import ENOUGH, LAG_DAYS

MOST_SENTENCES = 100
"""Sentences on one page of the wording."""

SIGNED = ("no", "changed", "yes")
"""States of a sentence that the wording can be narrowed to: signed off as it reads now or not, or
changed since."""

MOST_BESIDE = 6
"""Windows beside each other on the page of changes, besides those that are compared."""


def _window(visit: Visit) -> Release:
    name = visit.request.path_params["name"]
    found = next((r for r in windows_of(visit) if r.name == name), None)
    if found is None:
        raise HTTPException(404)
    return found


def first_page(visit: Visit) -> Response:
    """Lead to the latest window."""
    return RedirectResponse("/windows", 303)


def windows_page(visit: Visit) -> Response:
    """Every window that is released, the latest first, and the yearly number of help cards."""
    windows = windows_of(visit)
    error = getattr(visit.request.state, "release_error", None)
    years = [] if error else visit.parts.releases.all(HELP_CARD_YEAR)
    cards = [(r.window.first.year, card_figure(r)) for r in years]
    return show(
        visit,
        "windows.html",
        "/windows",
        windows=[(r, headline(r)) for r in reversed(windows)],
        cards=cards[::-1],
        error=error,
        yearly=YearlyRules(),
        enough=ENOUGH,
        lag=LAG_DAYS,
        soonest=_soonest(visit, windows),
    )


def _soonest(visit: Visit, windows: list[Release]) -> str:
    """Return the day of the next figures, if people enough come; none in an invented year."""
    if not windows or windows[-1].synthetic:
        return ""
    day = earliest_release(windows[-1].window, visit.parts.today())
    return day_name(day) if day else ""


def window_page(visit: Visit) -> Response:
    """The picture of one window."""
    release = _window(visit)
    return show(
        visit,
        "window.html",
        "/windows",
        release=release,
        pictures=pictures(release),
        rules=rules_of(release),
        means=meaning_of(release),
        trainees=visit.parts.population.trainees,
        meant=[facet for facet in release.tables if meanings(facet)],
    )


def report_page(visit: Visit) -> Response:
    """The picture and the method on paper."""
    release = _window(visit)
    return show(
        visit,
        "report.html",
        "/windows",
        release=release,
        pictures=pictures(release),
        rules=rules_of(release),
        means=meaning_of(release),
        lag=LAG_DAYS,
        trainees=visit.parts.population.trainees,
        unit=deaneries().get(visit.parts.settings.deanery),
    )


def csv_file(visit: Visit) -> Response:
    """One table as CSV."""
    release, facet = _window(visit), visit.request.path_params["facet"]
    if not release.tables.get(facet):
        raise HTTPException(404)
    name = f"sidedoor_{release.name}_{facet}.csv"
    return PlainTextResponse(
        picture(release, facet).csv(release),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def signed_file(visit: Visit) -> Response:
    """The release itself, as it was signed."""
    return _signed(visit, _window(visit))


def _signed(visit: Visit, release: Release) -> Response:
    text = json.dumps(visit.parts.releases.read_signed(release.name), indent=1) + "\n"
    name = f"sidedoor_{release.name}.json"
    return PlainTextResponse(
        text,
        media_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _card_year(visit: Visit) -> Release:
    year = visit.request.path_params["year"]
    years = visit.parts.releases.all(HELP_CARD_YEAR) if windows_of(visit) else []
    found = next((release for release in years if release.window.first.year == year), None)
    if found is None:
        raise HTTPException(404)
    return found


def card_file(visit: Visit) -> Response:
    """A year's number of help cards as CSV."""
    release = _card_year(visit)
    name = f"sidedoor_{release.name}.csv"
    return PlainTextResponse(
        card_csv(release),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def signed_card_file(visit: Visit) -> Response:
    """The release of a year's number of help cards, as it was signed."""
    return _signed(visit, _card_year(visit))


def change_page(visit: Visit) -> Response:
    """What changed between two windows, by more than rounding can explain."""
    windows = {release.name: release for release in windows_of(visit)}
    names = list(windows)
    before = windows.get(visit.field("from")) or (windows[names[-2]] if len(names) > 1 else None)
    after = windows.get(visit.field("to")) or (windows[names[-1]] if len(names) > 1 else None)
    found, beside = [], []
    if before is not None and after is not None and before.window < after.window:
        near = {*names[-MOST_BESIDE:], before.name, after.name}
        beside = [windows[name] for name in names if name in near]
        found = [compare(before, after, f, beside) for f in after.tables if after.tables[f]]
    return show(
        visit,
        "change.html",
        "/change",
        windows=list(windows.values()),
        before=before,
        after=after,
        beside=beside,
        found=found,
        noisy=any(release and meaning_of(release).epsilon for release in (before, after)),
    )


def every_figure(visit: Visit) -> Response:
    """Every figure of every window and year in one file, in the order in which they end."""
    windows = windows_of(visit)
    years = visit.parts.releases.all(HELP_CARD_YEAR) if windows else []
    in_order = sorted([*windows, *years], key=lambda r: (r.window.last, r.kind == HELP_CARD_YEAR))
    return PlainTextResponse(
        everything(in_order),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="sidedoor_figures.csv"'},
    )


def method_page(visit: Visit) -> Response:
    """The method and its limits, in plain words."""
    return show(
        visit,
        "method.html",
        "/method",
        rules=Rules(suppress=visit.parts.settings.suppress),
        yearly=YearlyRules(),
        means=Meaning(Rules(suppress=visit.parts.settings.suppress), visit.parts.settings.noise),
        enough=ENOUGH,
        lag=LAG_DAYS,
        expected=table_of_expected(visit.parts.population),
        own=visit.parts.population.trainees,
        uptake=visit.parts.population.uptake,
        meanings=[(f, facet_names(f)["title"], meanings(f)) for f in facets() if meanings(f)],
    )


def service_page(visit: Visit) -> Response:
    """Service health, without anything about users."""
    settings = visit.parts.settings
    return show(
        visit,
        "service.html",
        "/service",
        answering=[] if visit.parts.demo else answering(settings),
        demo=visit.parts.demo,
        versions=versions(),
        expiring=list(expiring(visit.parts.today(), settings.deanery)),
        guessing=guessing_now(visit.parts),
    )


def wording_page(visit: Visit, done: int | None = None, wrong: str = "") -> Response:
    """Every sentence the assistant says, to search and to sign off."""
    words, file = visit.field("words"), visit.field("file")
    if file not in files():
        file = ""
    signed = visit.field("signed", 10)
    number = visit.field("page", 6)
    at = int(number) if re.fullmatch("[0-9]{1,6}", number) else 1
    latest = visit.parts.sign_offs.latest()
    states = [(one, state_of(one, latest.get(one.key))) for one in search(words, file)]
    current = sum(1 for _, state in states if state == "yes")
    found = [one for one, state in states if signed not in SIGNED or state == signed]
    last = max(1, -(-len(found) // MOST_SENTENCES))
    at = min(max(1, at), last)
    shown = found[(at - 1) * MOST_SENTENCES : at * MOST_SENTENCES]
    return show(
        visit,
        "wording.html",
        "/wording",
        status_code=400 if wrong else 200,
        words=words,
        file=file,
        files=files(),
        rows=[(sentence, latest.get(sentence.key)) for sentence in shown],
        signed=signed if signed in SIGNED else "",
        total=len(states),
        found=len(found),
        current=current,
        at=at,
        last=last,
        may_sign=visit.member is not None and visit.member.may("caseworker"),
        done=done,
        wrong=wrong,
    )


def sign_off(visit: Visit) -> Response:
    """Sign off the sentences that are ticked, or all that the page showed."""
    assert visit.form is not None  # the guard saw to both
    assert visit.member is not None
    which = "shown" if visit.field("all", 3) else "sentence"
    pairs = [str(value).split(" ", 1) for value in visit.form.getlist(which)]
    chosen = [(pair[1], pair[0]) for pair in pairs if len(pair) == 2]
    name, role = visit.field("name", 120), visit.field("role", 120)
    if not name or not role or not chosen:
        return wording_page(visit, wrong="Tick at least one sentence, and give a name and a role.")
    done = visit.parts.sign_offs.add(chosen, name, role, visit.member.name, date.today())
    return wording_page(visit, done=done)


def audit_page(visit: Visit) -> Response:
    """Who looked at what."""
    before = visit.field("before", 18)
    number = int(before) if re.fullmatch("[0-9]{1,18}", before) else None
    entries = visit.parts.audit.latest(number)
    return show(visit, "audit.html", "/audit", entries=entries, more=len(entries) == SHOWN)


def sign_in_page(visit: Visit, wrong: bool = False) -> Response:
    """The form to sign in, or how to make the first account."""
    return render(
        "sign_in.html",
        403 if wrong else 200,
        wrong=wrong,
        synthetic=visit.parts.demo,
        first=not visit.parts.staff.any(),
        proxy=bool(visit.parts.settings.proxy_header),
    )


def sign_in(visit: Visit) -> Response:
    """Begin a session if name, password and code are right."""
    parts = visit.parts
    if parts.settings.proxy_header or parts.demo:
        raise HTTPException(404)
    name = visit.field("name", 64).lower()
    password = visit.form.get("password", "") if visit.form is not None else ""
    member = parts.staff.sign_in(name, str(password), visit.field("code", 20).replace(" ", ""))
    if member is None:
        if any(known.name == name for known in parts.staff.all()):
            parts.audit.note(name, "sign in", "refused")
        else:
            parts.audit.note_unknown("sign in")
        return sign_in_page(visit, wrong=True)
    parts.audit.note(member.name, "sign in", "done")
    response = RedirectResponse("/windows", 303)
    response.set_cookie(
        parts.cookie,
        parts.sessions.begin(member.name),
        path="/",
        secure=parts.secure,
        httponly=True,
        samesite="strict",
    )
    return response


def sign_out(visit: Visit) -> Response:
    """End the session."""
    token = visit.request.cookies.get(visit.parts.cookie)
    if token:
        visit.parts.unlocks.drop_session(token)
        visit.parts.sessions.end(token)
    response = RedirectResponse("/sign-in", 303)
    for cookie in (visit.parts.cookie, visit.parts.inbox_cookie):
        response.delete_cookie(
            cookie, path="/", secure=visit.parts.secure, httponly=True, samesite="strict"
        )
    return response


def stylesheet(visit: Visit) -> Response:
    """The stylesheet."""
    text = (HERE / "static" / "dashboard.css").read_text(encoding="utf-8")
    return PlainTextResponse(text, media_type="text/css")


ROUTES = [
    Route("/sign-in", page(sign_in_page, None), methods=["GET"]),
    Route("/sign-in", page(sign_in, None), methods=["POST"]),
    Route("/dashboard.css", page(stylesheet, None)),
    Route("/sign-out", page(sign_out), methods=["POST"]),
    Route("/", page(first_page)),
    Route("/windows", page(windows_page)),
    Route("/windows/{name}", page(window_page)),
    Route("/windows/{name}/report", page(report_page)),
    Route("/windows/{name}/release.json", page(signed_file)),
    Route("/windows/{name}/{facet}.csv", page(csv_file)),
    Route("/change", page(change_page)),
    Route("/help-card/{year:int}.csv", page(card_file)),
    Route("/help-card/{year:int}.json", page(signed_card_file)),
    Route("/figures.csv", page(every_figure)),
    Route("/method", page(method_page)),
    Route("/service", page(service_page)),
    Route("/wording", page(wording_page), methods=["GET"]),
    Route("/wording", page(sign_off, "caseworker"), methods=["POST"]),
    *INBOX_ROUTES,
    Route("/audit", page(audit_page, "admin")),
]

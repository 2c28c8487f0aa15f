"""Pages made from templates, with what all of them have."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from bot.dashboard.chart import chart
from bot.dashboard.guard import Visit
from bot.dashboard.names import inbox_name, window_name
from bot.dashboard.picture import everybody
from bot.dashboard.sections import sections_of
from bot.privacy.lifetimes import HOUR, KEY_ROTATION_SECONDS, MOST_NAMES_A_DAY
from bot.referrals.weeks import LIFE_WEEKS
from bot.trends.releases import Release, ReleaseError

HERE = Path(__file__).parent


@cache
def templates() -> Environment:
    """Return the templates; a value that is missing is an error, not a blank."""
    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals.update(
        window_name=window_name,
        everybody=everybody,
        chart=chart,
        inbox_name=inbox_name,
        life_weeks=LIFE_WEEKS,
        rekeyed_hours=KEY_ROTATION_SECONDS // HOUR,
        counts_a_day=MOST_NAMES_A_DAY,
    )
    return found


def render(name: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """Return a page made from a template."""
    member = values.setdefault("member", None)
    values.setdefault("synthetic", False)
    values.setdefault("here", "")
    values.setdefault("invented_for", None)
    values.setdefault("signed_in_here", False)
    text = templates().get_template(name).render(sections=sections_of(member), **values)
    return HTMLResponse(text, status_code)


def show(
    visit: Visit, name: str, here: str = "", status_code: int = 200, **values: Any
) -> Response:
    """Return a page for somebody who has signed in."""
    values.setdefault("synthetic", visit.parts.demo or any(r.synthetic for r in windows_of(visit)))
    values.setdefault("invented_for", visit.parts.population.trainees if visit.parts.demo else None)
    return render(
        name,
        status_code,
        member=visit.member,
        here=here,
        signed_in_here=visit.parts.signs_in_here,
        **values,
    )


def windows_of(visit: Visit) -> list[Release]:
    """Return every released window; none if one of them cannot be trusted."""
    try:
        return visit.parts.releases.all()
    except ReleaseError as error:
        visit.request.state.release_error = str(error)
        return []

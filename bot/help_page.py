"""The static help page: what the reverse proxy serves when the whole assistant is down.

Made from `deanery/signposts.yml` and the wording in `deploy/help_page.html`, so it names the same
numbers as the conversation. It needs nothing: no script, style sheet, font or picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from string import Template

from bot.deanery import CRISIS_LINES, NATIONS, Signpost, signposts
from bot.paths import ROOT

TEMPLATE = ROOT / "deploy" / "help_page.html"
PAGE = ROOT / "deploy" / "help.html"


def help_page() -> str:
    """Return the page.

    Raises:
        DeaneryError: if the register of signposts is wrong.
    """
    register = signposts()
    lines = "\n".join(_line(register[key]) for key in CRISIS_LINES)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(lines=lines)


def write_help_page(page: Path = PAGE) -> None:
    """Write the page to where the reverse proxy's configuration finds it."""
    page.write_text(help_page(), encoding="utf-8")


def stale(page: Path = PAGE) -> Iterator[str]:
    """Yield a line if the page that ships is not what would be written now."""
    written = page.read_text(encoding="utf-8") if page.exists() else None
    if written != help_page():
        yield f"deploy/{page.name}: not what the register says; run `sidedoor help-page`"


def _line(service: Signpost) -> str:
    """Return a list item; what can be dialled is a link."""
    number = service.value.split(",")[0]
    digits = "".join(character for character in number if character.isdigit())
    value = f'<a href="tel:{digits}">{escape(number)}</a>{escape(service.value[len(number) :])}'
    where = "" if set(service.nations) == set(NATIONS) else _nations(service)
    return (
        f"<li><strong>{value}</strong>: {escape(service.name)}{where}."
        f" {escape(service.fact.text)}</li>"
    )


def _nations(service: Signpost) -> str:
    named = [nation.replace("_", " ").title() for nation in service.nations]
    return "" if any(name in service.name for name in named) else f" ({', '.join(named)})"

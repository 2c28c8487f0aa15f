"""The static help page: what the reverse proxy serves when the whole assistant is down.

Made from `deanery/signposts.yml` and the wording in `deploy/help_page.html`, so it names the same
numbers as the conversation. It needs nothing: no script, style sheet, font or picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from string import Template

from bot.deanery import CRISIS_LINES, NATIONS, Signpost, signposts
from bot.paths import ROOT

TEMPLATE = ROOT / "deploy" / "help_page.html"
PAGE = ROOT / "deploy" / "help.html"

ELEMENTS = {"title": "title of the tab", "h1": "heading", "p": "paragraph"}
"""What the template's elements are called for who signs its words."""


def help_page() -> str:
    """Return the page.

    Raises:
        DeaneryError: if the register of signposts is wrong.
    """
    register = signposts()
    lines = "\n".join(_line(register[key]) for key in CRISIS_LINES)
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(lines=lines)


def own_sentences() -> list[tuple[str, str]]:
    """Return (what it is, text) of the wording around the numbers, in order."""
    reader = _Reader()
    reader.feed(Template(TEMPLATE.read_text(encoding="utf-8")).substitute(lines=""))
    return reader.found


def write_help_page(page: Path = PAGE) -> None:
    """Write the page to where the reverse proxy's configuration finds it."""
    page.write_text(help_page(), encoding="utf-8")


def stale(page: Path = PAGE) -> Iterator[str]:
    """Yield a line if the page that ships is not what would be written now."""
    written = page.read_text(encoding="utf-8") if page.exists() else None
    if written != help_page():
        yield f"deploy/{page.name}: not what the register says; run `sidedoor help-page`"


class _Reader(HTMLParser):
    """Keeps the texts of a page; each is the whole of an element without others in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._element = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._element = tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            kind = ELEMENTS.get(self._element, self._element)
            self.found.append((kind, " ".join(data.split())))


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

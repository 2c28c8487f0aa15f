"""What the web channel serves besides answers: pages, their files, and the QR code."""

from __future__ import annotations

import gzip
import io
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.web_accent import accent_css
from bot.channels.web_words import ENGLISH, languages, page_words
from bot.deanery import CRISIS_LINES, NATIONS, deaneries, signposts

PAGE = Path(__file__).parent / "web_page"

HTML, CSS = "text/html; charset=utf-8", "text/css; charset=utf-8"
SCRIPT, SVG = "text/javascript; charset=utf-8", "image/svg+xml"

PLAIN = {"chat.js": SCRIPT, "demo.css": CSS, "icon.svg": SVG}
"""Files that are sent as they are, and their kinds."""

LAUNCHER_WORDS = ("launcher", "launcher_hide", "panel", "panel_failed", "own_window", "leave_to")
"""Words that `embed.js` needs; the chat's own page has all."""


@dataclass(frozen=True)
class File:
    """A file as it is sent, plain and compressed."""

    body: bytes
    kind: str
    packed: bytes

    @classmethod
    def of(cls, text: str, kind: str) -> File:
        """Return a file of `text`."""
        body = text.encode()
        return cls(body, kind, gzip.compress(body, 6, mtime=0))


@dataclass(frozen=True)
class Look:
    """What the address of a page asks for, with what is not known left out."""

    deanery: str = ""
    language: str = ENGLISH
    accent: str = ""
    embedded: bool = False

    @classmethod
    def asked(cls, ask: dict[str, str], deanery: str) -> Look:
        """Return the look that a query asks for; `deanery` is meant when it names none."""
        named, accent = ask.get("deanery", ""), ask.get("accent", "")
        return cls(
            deanery=named if named in deaneries() else deanery,
            language=ask["lang"] if ask.get("lang") in languages() else ENGLISH,
            accent=accent.lstrip("#") if accent_css(accent) else "",
            embedded="embedded" in ask,
        )

    def query(self) -> str:
        """Return the query that a phone needs for the same chat, as short as it can be."""
        language = "" if self.language == ENGLISH else self.language
        named = {"deanery": self.deanery, "lang": language}
        query = urlencode({key: value for key, value in named.items() if value})
        return f"?{query}" if query else ""


def numbers(deanery: str) -> list[dict[str, str]]:
    """Return the crisis lines for the nation of `deanery`, or for all, from the register."""
    nations = (deaneries()[deanery].nation,) if deanery else NATIONS
    lines = [signposts()[key] for key in CRISIS_LINES]
    return [
        {
            "number": line.value,
            "spoken": _spoken(line.value),
            "call": _spoken(line.value).replace(" ", ""),
            "name": line.name,
            "hours": line.hours,
            "text": line.fact.text,
        }
        for line in lines
        if any(nation in line.nations for nation in nations)
    ]


def _spoken(value: str) -> str:
    """Return the digits with which a value such as "111, option 2" begins, with their spaces."""
    return re.split(r"[^\d ]", value)[0].strip()


def chat_page(look: Look, address: str) -> File:
    """Return the page of the chat; `address` is where a phone finds it."""
    return _rendered(
        "chat.html",
        HTML,
        look=look,
        words=page_words(look.language),
        english=ENGLISH,
        numbers=numbers(look.deanery),
        address=address,
    )


def demo_page(how: str) -> File:
    """Return the page of a made-up intranet that embeds the chat by `how`: script or frame."""
    return _rendered("demo.html", HTML, how=how)


@cache
def launcher() -> File:
    """Return the script that other sites embed, with its words and numbers."""
    words = {
        language: {key: page_words(language)[key] for key in LAUNCHER_WORDS}
        for language in languages()
    }
    lines = [
        {"call": n["call"], "number": n["number"], "name": f"{n['name']}, {n['hours']}"}
        for n in numbers("")
    ]
    css = (PAGE / "embed.css").read_text(encoding="utf-8")
    shared = {"words": words, "numbers": lines, "css": re.sub(r"\s+", " ", css)}
    return _rendered("embed.js", SCRIPT, shared=shared)


@cache
def plain_file(name: str) -> File:
    """Return a file of the page that is sent as it is."""
    return File.of((PAGE / name).read_text(encoding="utf-8"), PLAIN[name])


@lru_cache(maxsize=32)
def stylesheet(accent: str) -> File:
    """Return the stylesheet of the chat, in the colour that was asked for."""
    return File.of((PAGE / "chat.css").read_text(encoding="utf-8") + accent_css(accent), CSS)


@lru_cache(maxsize=32)
def qr_code(address: str) -> File:
    """Return the QR code of an address, made here."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", border=4, scale=4, light="#ffffff", xmldecl=False, nl=False
    )
    return File.of(drawn.getvalue().decode(), SVG)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _rendered(name: str, kind: str, **values: Any) -> File:
    return File.of(_templates().get_template(name).render(values), kind)

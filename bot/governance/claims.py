"""What the documents for sign-off name, and whether it is so.

Everything in code font on these pages is a claim of one of the kinds in `KINDS`. What is of no
kind is a fault too: nothing that looks exact goes unchecked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from bot.content import responses
from bot.deanery import signposts
from bot.governance.constants import NoConstantError, constant, literal
from bot.governance.documents import FOLDER, awaited, is_awaited
from bot.governance.named_tests import every_test
from bot.paths import ROOT
from bot.settings import SETTINGS

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

Found = re.Match[str]


def faults_in(page: str, text: str) -> Iterator[str]:
    """Yield one line for everything on a page of docs/governance that is not so."""
    for code in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)):
        fault = fault_of(code)
        if fault and not is_awaited(code):
            yield f"docs/governance/{page}: `{code}`: {fault}"
    for target in LINK.findall(text):
        path = target.split("#")[0]
        if path and not re.match(r"(https?|mailto):", path):
            found = (FOLDER / path).resolve()
            if not found.exists() and not is_awaited(_from_root(found)):
                yield f"docs/governance/{page}: the link to {target} leads nowhere"


def fault_of(code: str) -> str | None:
    """Return what is wrong with something in code font, or None."""
    for pattern, check in KINDS:
        found = re.fullmatch(pattern, code)
        if found:
            return check(found)
    return "names nothing that can be checked; write it in plain words"


def arrived() -> Iterator[str]:
    """Yield one line for every awaited name that is here by now, or that no page uses."""
    pages = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted(FOLDER.iterdir())
        if path.suffix in (".md", ".yml") and path.name != "awaited.yml"
    )
    for name in awaited():
        if fault_of(name) is None:
            yield f"docs/governance/awaited.yml: {name} has arrived; remove its line"
        elif name not in pages:
            yield f"docs/governance/awaited.yml: no document names {name}; remove its line"


def _test(found: Found) -> str | None:
    return None if found[0] in every_test() else "there is no such test"


def _constant(found: Found) -> str | None:
    path = ROOT / found["path"]
    if not path.is_file():
        return "there is no such file"
    try:
        value, said = constant(path, found["name"]), literal(found["value"])
    except NoConstantError as error:
        return str(error)
    return None if value == said else f"it is {value!r} now"


def _setting(found: Found) -> str | None:
    setting = next((s for s in SETTINGS if s.variable == found["name"]), None)
    if setting is None:
        return "there is no such setting"
    if found["value"] is not None and found["value"] != setting.default:
        return f"its default is {setting.default!r} now"
    return None


def _signpost(found: Found) -> str | None:
    return None if found["key"] in signposts() else "deanery/signposts.yml has no such entry"


def _response(found: Found) -> str | None:
    return None if found[0] in _responses() else "domain/ has no such response"


def _command(found: Found) -> str | None:
    from bot.cli import main

    return None if found["name"] in main.commands else "there is no such command"


def _target(found: Found) -> str | None:
    missing = [name for name in found["names"].split() if name not in _targets()]
    return f"the Makefile has no target {missing[0]}" if missing else None


def _path(found: Found) -> str | None:
    return None if (ROOT / found[0]).exists() else "there is no such path"


@cache
def _responses() -> frozenset[str]:
    return frozenset(name for in_file in responses().values() for name in in_file)


@cache
def _targets() -> frozenset[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def _from_root(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


KINDS: tuple[tuple[str, Callable[[Found], str | None]], ...] = (
    (r"tests/[\w/]+\.py(::\w+)+", _test),
    (r"(?P<path>[\w/]+\.py) (?P<name>\w+(\.\w+)*) = (?P<value>.+)", _constant),
    (r"(?P<name>SIDEDOOR_[A-Z_]+)( = (?P<value>\S+))?", _setting),
    (r"signpost (?P<key>\w+)", _signpost),
    (r"utter_\w+", _response),
    (r"sidedoor (?P<name>[a-z-]+)( -.*)?", _command),
    (r"make(?P<names>( [a-z-]+)+)( [A-Z]+=\S*)*", _target),
    (r"[\w.-]+(/[\w.-]+)+/?|[\w.-]+/|[\w-]+\.(md|yml|lock|in|toml)|Makefile", _path),
)
"""What code font can mean: a test, a constant, a setting, a signpost, a response, a command,
a make target or a path from the project's root."""

"""Which responses the code can say: those it names, and those whose names it puts together.

A name with a part that is only known later, as in `f"utter_stage_{stage}_ask"`, stands in the code
as the template `utter_stage_{}_ask`. Any word in place of the part would let nearly every response
pass for one that is said, so `_templates` says what the part really can be.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import product

import yaml

from actions import receipt, routes, safety, someone_else, talk
from bot.channels.telegram_answers import COMMANDS, RECEIPT
from bot.content import responses
from bot.dialogue.context import (
    AFTER_HURTING,
    ASIDE,
    ASKED_AGAIN,
    BARRIER,
    FEARS,
    FITNESS,
    LIVING,
    MISREAD,
    NEWS,
    RELIEF,
    STAY,
    TOLD_MORE,
    WOKEN,
)
from bot.dialogue.reading import STEPS
from bot.dialogue.referral import CHOICES
from bot.dialogue.replies import ASKED_OF_THEMSELVES, MOVEMENTS, SITTINGS
from bot.dialogue.urgency import URGENCY
from bot.nlu.language import read_pattern_lines
from bot.nlu.routes import FEARED_FOR, OTHER_ROUTES, OWN_ROUTES
from bot.nlu.taxonomy import labels
from bot.paths import DOMAIN, PATTERNS, ROOT

SPEAKING = ("actions", "bot/dialogue", "bot/channels")
"""Folders whose code names responses."""

MESSAGE = ("message_about", "message_help", "message_reply")
"""Slots whose values are said in the message that somebody copies."""

NAME = re.compile(r"utter_\w+")

BEGINNINGS: Mapping[str, tuple[str, ...]] = {
    "utter_answer_anonymous": ("contact", "sent_contact"),
    "utter_answer_reads": ("contact", "sent_contact"),
    "utter_crisis_call_options": ("self", *safety.OPTIONS_OF_ITS_OWN),
    "utter_crisis_escalate": ("self", *safety.ESCALATION_OF_ITS_OWN),
    "utter_crisis_named": ("self", *safety.CALL_FIRST),
    "utter_crisis_words": ("self", *safety.WORDS_OF_THEIR_OWN),
    "utter_crisis_yes": ("self", *safety.YES_OF_ITS_OWN),
    "utter_return_start": ("without_contact",),
    "utter_return_talk": ("without_contact",),
}
"""Names in the code -> the endings that it may add to them, after `_`."""

OTHER_NEWS = (MISREAD, RELIEF, STAY, LIVING, TOLD_MORE, WOKEN)
"""News of somebody else that no one sign stands for."""

Parts = Iterable[tuple[str, ...]]


def reachable() -> set[str]:
    """Return the name of every response that the code can say, in `domain/` or not."""
    templates, found = _templates(), {*_asked_by_forms(), *_said_instead()}
    for name in _in_code():
        if name in templates:
            found |= {name.format(*parts) for parts in templates[name]}
        elif "{}" not in name:
            found |= {name, *(f"{name}_{ending}" for ending in BEGINNINGS.get(name, ()))}
    return found


def unexplained() -> Iterator[str]:
    """Yield a line for every template that the table here does not know, or that is gone."""
    in_code, templates = _in_code(), _templates()
    for name in sorted(in_code - set(templates)):
        if "{}" in name:
            yield f"{name}: bot/reachable.py does not say what its parts can be; add them"
    for name in sorted({*templates, *BEGINNINGS} - in_code):
        yield f"{name}: bot/reachable.py explains it and no code has it; remove it"


@lru_cache(maxsize=1)
def _in_code() -> frozenset[str]:
    """Return the names and the templates of responses in the code that speaks."""
    found = set()
    for folder in SPEAKING:
        for path in sorted((ROOT / folder).glob("*.py")):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
            pieces = {id(piece) for node in joined for piece in node.values}
            found |= {_template(node) for node in joined}
            found |= {
                node.value
                for node in nodes
                if isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in pieces
            }
    return frozenset(name for name in found if NAME.fullmatch(name.replace("{}", "x")))


def _template(node: ast.JoinedStr) -> str:
    """Return an f-string with `{}` for what is only known later."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
    )


@lru_cache(maxsize=1)
def _templates() -> Mapping[str, Parts]:
    """Return template -> what its parts can be."""
    stages, patterns, concerns = (_each(labels(f)) for f in ("stage", "pattern", "concern"))
    named = [*concerns, *_each(SITTINGS)]
    kinds, own_routes = _each(URGENCY), _each(OWN_ROUTES)
    others = _each([*OTHER_ROUTES, someone_else.UNCLEAR_WHOSE])
    news, chosen = _each([*NEWS.values(), *OTHER_NEWS]), _chosen()
    worded = (*OWN_ROUTES, routes.REMARKS)
    return {
        "utter_act_{}": _each([*talk.ACTS, "all_right"]),
        "utter_answer_{}": _each(_intents()),
        "utter_answer_told_{}": _each(_values("party")),
        "utter_asked_{}": _each(_topics()),
        "utter_ask_referral_{}": _each(CHOICES),
        "utter_ask_referral_answer_by_{}": _each(CHOICES["way"]),
        "utter_concern_{}_ask": named,
        "utter_concern_{}_reflect": named,
        "utter_crisis_ask_{}": kinds,
        "utter_crisis_barrier_{}{}": [
            (kind, barrier.removeprefix("barrier"))
            for kind, own in safety.BARRIERS_OF_THEIR_OWN.items()
            for barrier in ("", *own)
        ],
        "utter_crisis_care_{}": _each(safety.NOT_LEFT_YET),
        "utter_crisis_hurt_{}": _each(AFTER_HURTING.values()),
        "utter_crisis_no_{}": _each(safety.NO_OF_ITS_OWN),
        "utter_crisis_open_{}": _each([*URGENCY, safety.TOLD]),
        "utter_crisis_reached{}": _each(["", "_medical"]),
        "utter_crisis_stay_{}": _each(safety.OTHER_FAMILY.values()),
        "utter_crisis_will_call_{}": _each(safety.CALL_OF_ITS_OWN),
        "utter_crisis_{}": _each(sign for sign in _signs() if sign.startswith(BARRIER)),
        "utter_maybe_{}": [
            *own_routes,
            (routes.REMARKS,),
            *_each(r for r in OTHER_ROUTES if r in FEARED_FOR),
        ],
        "utter_moment_{}_affirm": _each(ASKED_OF_THEMSELVES),
        "utter_moment_{}_ask": _each(ASKED_OF_THEMSELVES),
        "utter_moment_{}_reflect": _each(_values("moment")),
        "utter_movement_{}_to_{}_affirm": MOVEMENTS,
        "utter_name_concern_{}": named,
        "utter_other_{}": news,
        "utter_other_{}_ask": news,
        "utter_pattern_{}_affirm": patterns,
        "utter_pattern_{}_ask": patterns,
        "utter_pressed_{}_reflect": _each(value for entity, value in chosen if entity == "answer"),
        "utter_receipt_{}": _each(receipt.NOT_OPENED),
        "utter_referral_change_{}": _each(CHOICES["change"]),
        "utter_referral_line_{}": _each(CHOICES),
        "utter_referral_topic_{}": _each(CHOICES["topic"]),
        "utter_referral_{}_{}": [(a, value) for a, values in CHOICES.items() for value in values],
        "utter_route_fear_{}": _each(FEARS.values()),
        "utter_route_aside_{}": _each([*(name for _, name, _ in ASIDE), FITNESS]),
        "utter_route_{}_do{}": [
            *product(worded, ("",)),
            ("sexual_harm", routes.HARASSED),
            ("alcohol_drugs", routes.WITHDRAWAL),
            ("alcohol_drugs", routes.NEAR_WORK),
        ],
        "utter_route_{}_again": _each(ASKED_AGAIN),
        "utter_route_{}_open": _each(worded),
        "utter_route_{}_{}": list(product(worded, ("yes", "no", "ask"))),
        "utter_stage_{}_affirm": stages,
        "utter_stage_{}_ask": stages,
        "utter_stage_{}_reflect": stages,
        "utter_ticket_{}_{}": list(product(receipt.ABOUT, ("receipt", "contact"))),
        "utter_step_{}": _each(STEPS),
        "utter_telegram_menu_{}": _each([*COMMANDS, RECEIPT]),
        "utter_{}_ask": others,
        "utter_{}_do": others,
        "utter_{}_open": others,
        "utter_{}_{}": [one for one in chosen if one[0] in MESSAGE],
    }


def _each(values: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the parts of a template that has one, for each of its values."""
    return [(value,) for value in values]


def _intents() -> list[str]:
    with (DOMAIN / "intents.yml").open(encoding="utf-8") as file:
        return [next(iter(intent)) for intent in yaml.safe_load(file)["intents"]]


def _asked_by_forms() -> Iterator[str]:
    """Yield the questions that Rasa asks by itself, as a form needs the slot."""
    with (DOMAIN / "slots.yml").open(encoding="utf-8") as file:
        for form in yaml.safe_load(file)["forms"].values():
            yield from (f"utter_ask_{slot}" for slot in form["required_slots"])


def _said_instead() -> Iterator[str]:
    """Yield the responses that are said in place of another that is used up."""
    for variants in (v for names in responses().values() for v in names.values()):
        instead = (variants[0].get("metadata") or {}).get("used_up", "")
        yield from [instead] if NAME.fullmatch(instead) else []


def _topics() -> Iterator[str]:
    """Yield the topics that a message can ask about, without those that are intents."""
    labels_asked = yaml.safe_load((PATTERNS / "asked.yml").read_text(encoding="utf-8"))
    yield from (label for label in labels_asked if not label.startswith("ask_"))


def _signs() -> list[str]:
    return list(yaml.safe_load((PATTERNS / "signs.yml").read_text(encoding="utf-8")))


def _values(entity: str) -> set[str]:
    """Return the values that the patterns of an entity give it."""
    return {row["value"] for row in read_pattern_lines(PATTERNS / "entities" / f"{entity}.jsonl")}


def _chosen() -> set[tuple[str, str]]:
    """Return (entity, value) of all that can be pressed, or typed in place of a button."""
    found = [row["entities"] for row in read_pattern_lines(PATTERNS / "choices.jsonl")]
    for variants in (v for names in responses().values() for v in names.values()):
        for button in (b for variant in variants for b in variant.get("buttons") or ()):
            _, brace, values = button["payload"].partition("{")
            found.append(json.loads(brace + values) if brace else {})
    return {(entity, str(value)) for one in found for entity, value in one.items()}

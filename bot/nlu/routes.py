"""The harms that have a route of their own, beside risk to the life of the person who writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from bot.nlu.taxonomy import NO_RISK
from bot.paths import HARMS

SOMEONE_ELSE = "other_"
"""Beginning of the routes about somebody else."""

EDGE = "on_the_edge"
"""The stage at which somebody is asked first whether they are safe."""

EMERGENCY = "medical_emergency"
"""The route that the crisis conversation answers, numbers first."""

UNFIT, SEXUAL, AT_HOME = "unfit_now", "sexual_harm", "domestic_abuse"

HURT_BY_SOMEBODY = (AT_HOME, SEXUAL)
"""Routes of who is hurt: a classifier may take what was done to them for what they would do."""

MAYBE = f"{SOMEONE_ELSE}maybe"
"""What `routes_given` holds after worry that may or may not be for somebody's life."""

FEARED_FOR = ("other_colleague_now", "other_relative", "other_someone")
"""Routes about somebody who may be in danger, of whom news may come."""

OUT_OF_DANGER = tuple(
    f"{SOMEONE_ELSE}{news}" for news in ("alive", "died", "helped", "misread", "relief")
)
"""What `routes_given` holds once it is known how it went."""

NAMED = "speaks_of_another"
"""The sign that somebody else is spoken of."""

PARTING = "parting"
NO_DANGER, AT_STAKE = (PARTING, "family_asks"), "life_at_stake"
"""Signs that somebody else is told of without danger, and the sign of words that speak of it."""

WITHDRAWN = "withdrawn_"
"""Beginning of what `routes_given` holds in place of a route that was a misreading."""


@dataclass(frozen=True)
class Route:
    """What a route means, the signposts it names, the first ones first, and what it is about."""

    meaning: str
    signposts: tuple[str, ...]
    concern: str | None = None
    """The concern that the talk afterwards goes back to."""


@cache
def routes() -> Mapping[str, Route]:
    """Return name -> route, in the order in which one is chosen when several are told."""
    rows = yaml.safe_load((HARMS / "routes.yml").read_text(encoding="utf-8"))
    return {
        name: Route(" ".join(row["meaning"].split()), tuple(row["signposts"]), row.get("concern"))
        for name, row in rows.items()
    }


DONE_FIRST = ("error_today", "unfit_now")
"""Routes whose question stays open after "no", until it is done."""


NEAR_ENOUGH = ("bullying", "discrimination", "alcohol_drugs", "eating_disorder", "error_today")
"""Routes that a few words are not asked about: a hard consultant, having come from abroad, work
taken home every night, a missed dinner or a complaint is near enough.
"""

ASKED_FIRST = (*NEAR_ENOUGH, AT_HOME, SEXUAL)
"""Routes that the classifier alone never gives: a father who is missed is near enough to one who is
feared, to be told that one is abused without having said it drives away, and a yes to one soft
question brings all of it. Where a patient or somebody on the road is in danger this minute, what is
clear is answered at once.
"""

CLEAR_TO_ASK = ("bullying",)
"""Routes that are asked about only when the classifier is clear: a brush-off is near enough."""

FEWEST_WORDS = 4
"""Words of a message from which one of `NEAR_ENOUGH` is asked about."""

UNEASY = 0.2
"""Calibrated probability of own risk from which a message leaves a doubt about safety.

The crisis conversation begins at a higher one; in between, one gentle question costs little.
"""


MOST_ASKED = 2
"""Harms that are asked about in a conversation: asked more often, it is no longer care."""

LOSS, ERROR = "lost_pregnancy", "error_complaint"
"""The sign of a stillbirth or a miscarriage, and the concern whose words say it was an error."""

SUPPOSED = {"patient_risk": ("only_if", LOSS), "error_today": (LOSS,)}
"""Routes that the classifier alone does not find beside a sign that it is something else."""

STAYS_HOME, FAMILY = "stays_with_child", "work_life_family"
"""The sign, and the concern told before it, of who stays at home with somebody they care for."""

PET_NAME = "pet_name"
"""The sign of somebody at work who calls the writer "sweetheart"."""

HINTS = {"eats_hint": "eating_disorder", PET_NAME: "sexual_harm", "hides_from_them": AT_HOME}
"""Signs that are near enough to a harm to ask about it, whatever the classifier says."""

CORRECTS = "corrects"
"""The sign of a no that says what is wrong ("God no", "he's not ill"). It puts right what was asked
about, and nothing that was stated: there a no is no word of safety."""

DENIES = ("misread", "no_such_thing", CORRECTS)
"""Signs that what was asked about is not so."""

MUCH_ALIKE = (
    ("error_today", "patient_risk"),
    ("bullying", "discrimination"),
    ("unfit_now", "alcohol_drugs"),
    ("domestic_abuse", "sexual_harm"),
    ("sexual_harm", "bullying"),
)
"""Routes whose words are so near that one, given, is not followed by a question about the other."""


def is_no_danger(message: Mapping[str, Any]) -> bool:
    """Whether only the classifier takes for somebody's danger what is told as none.

    A partner who leaves, or a patient's family who ask, frighten; nobody's life is at stake in it,
    unless a word of that is there too.
    """
    signs = message.get("signs") or ()
    harms = (message.get("harm_sources") or {}).get("patterns") or ()
    by_phrases = (message.get("risk_sources") or {}).get("patterns") == "third_party"
    if by_phrases or any(harm.startswith(SOMEONE_ELSE) for harm in harms):
        return False
    return any(sign in signs for sign in NO_DANGER) and AT_STAKE not in signs


def told_now(message: Mapping[str, Any], slots: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the routes that a message tells anew, in a conversation with `slots`.

    What the classifier finds and is not clear about is asked about first; see `may_be_told`. Once a
    route was given, or a crisis was answered, what is said next is mostly about the same thing, and
    the classifier alone is not enough for another. Nor is it before somebody at the edge was asked
    whether they are safe; see `told_at_the_edge`.
    """
    given = slots.get("routes_given") or ()
    sources = message.get("harm_sources") or {}
    harms = _sure(message, _asked_and_open(message, slots))
    if given or slots.get("crisis_kind") or told_at_the_edge(message, slots):
        harms = _timely(message, sources.get("patterns") or ())
    if may_be_in_danger(message, slots):
        harms = tuple(harm for harm in harms if harm not in OTHER_ROUTES)
    return tuple(harm for harm in harms if harm not in given)


def someone_in_danger(slots: Mapping[str, Any]) -> bool:
    """Whether somebody else may be in danger at this moment, and it is not known how it went."""
    given = list(slots.get("routes_given") or ())
    feared = [n for n, route in enumerate(given) if route in (*FEARED_FOR, MAYBE)]
    return bool(feared) and not any(
        route in OUT_OF_DANGER or route.endswith("_death") for route in given[feared[-1] :]
    )


def told_at_the_edge(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that waits until somebody at the edge has said that they are safe, or None.

    It is the first of the writer's own that the classifier alone finds, clearly.
    """
    sources = message.get("harm_sources") or {}
    if not at_the_edge(message) or slots.get("safety_asked") or sources.get("patterns"):
        return None
    clear = _sure(message, HURT_BY_SOMEBODY)  # the question whether they are safe was put first
    return next((harm for harm in clear if harm in OWN_ROUTES), None)


def may_be_told(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that a message may tell, which is asked about first.

    Each of the writer's own is asked about once, and no more than `MOST_ASKED` in a conversation.
    Once a route was given, or a crisis was answered, only what the classifier is clear about, and
    what is another trouble, is worth the question. For somebody else see `may_be_in_danger`.
    """
    checked = slots.get("routes_checked") or ()
    other = may_be_in_danger(message, slots)
    if other is not None:
        return other
    own = [harm for harm in checked if harm in OWN_ROUTES]
    if len(own) >= MOST_ASKED or at_the_edge(message) or someone_in_danger(slots):
        return None
    given = [str(route).removeprefix(WITHDRAWN) for route in slots.get("routes_given") or ()]
    clear = (message.get("harm_sources") or {}).get("clear") or ()
    told = [harm for harm in message.get("harms") or () if harm in OWN_ROUTES]
    signs = message.get("signs") or ()
    told = [harm for harm in told if harm not in _supposed(message) or harm in _patterns(message)]
    cares = STAYS_HOME in signs and FAMILY in (slots.get("concerns_heard") or ())
    told = [harm for harm in told if harm != AT_HOME or not cares or harm in _patterns(message)]
    if "blind_anger" in signs:
        told = [harm for harm in told if harm != UNFIT]
    if "remarks" in signs:  # "he calls me sweetheart" asks about work, and not about home
        told = [SEXUAL if harm == AT_HOME else harm for harm in told]
    harms = [harm for harm in told if harm not in CLEAR_TO_ASK or harm in clear]
    signs = message.get("signs") or ()
    hinted = [harm for sign, harm in HINTS.items() if sign in signs and harm not in checked]
    if hinted and not given and not slots.get("crisis_kind"):
        return hinted[0]
    if len(str(message.get("text") or "").split()) < FEWEST_WORDS:
        harms = [harm for harm in harms if harm not in NEAR_ENOUGH]
    if given or slots.get("crisis_kind"):
        alike = {harm for pair in MUCH_ALIKE for harm in pair if set(pair) & set(given)}
        harms = [harm for harm in harms if harm in clear and harm not in {*given, *alike}]
    else:
        harms = [harm for harm in harms if harm not in _sure(message)]
    return next((harm for harm in harms if harm not in checked), None)


def may_be_in_danger(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route about somebody else's danger that is asked about before it is given.

    The classifier alone hears it of somebody who is named, however clearly, and no word of what is
    said is of a life at stake: to a partner who speaks calmly of parting, "ask them about suicide"
    is the wrong answer, and the question names the emergency number. It is asked once in a
    conversation; told again, it is answered. A running form, a crisis, and a harm that was told
    before leave no room for the question, and it is answered as told.
    """
    other = (*(slots.get("routes_checked") or ()), *(slots.get("routes_given") or ()))
    busy = slots.get("crisis_kind") or slots.get("requested_slot") or other
    asked = slots.get("asked") in ("safe_now", "safe_from_them", "route", "maybe_route")
    their_own = (message.get("risk_scores") or {}).get("own", 0.0) >= UNEASY
    if busy or asked or their_own or at_the_edge(message) or is_no_danger(message):
        return None
    signs = message.get("signs") or ()
    stated = AT_STAKE in signs or NAMED not in signs
    if stated or not others_by_classifier_alone(message):
        return None
    found = message.get("harms") or ()
    own = any(harm in OWN_ROUTES or harm == EMERGENCY for harm in found)
    feared = next((harm for harm in found if harm in OTHER_ROUTES), None)
    return feared if feared in FEARED_FOR and not own else None


def _asked_and_open(message: Mapping[str, Any], slots: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the harm that was asked about, unless that was denied, before or in this message."""
    denied = any(sign in (message.get("signs") or ()) for sign in (*DENIES, "says_no"))
    checked = slots.get("routes_checked") or ()
    return tuple(harm for harm in checked if harm == slots.get("harm_open") and not denied)


def others_by_classifier_alone(message: Mapping[str, Any]) -> bool:
    """Whether no phrase tells somebody else's risk, nor a harm about somebody else."""
    told = any(str(harm).startswith(SOMEONE_ELSE) for harm in _patterns(message))
    risk = (message.get("risk_sources") or {}).get("patterns")
    return not told and risk in (None, NO_RISK)


def _sure(message: Mapping[str, Any], checked: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the routes that a phrase tells, or the classifier clearly, or the risk of another.

    What was asked about already (`checked`) and is told clearly again needs no second question.

    A moment is a curated phrase too, and says what the message is about better than the classifier.
    """
    sources = message.get("harm_sources") or {}
    moment = any(entity["entity"] == "moment" for entity in message.get("entities") or ())
    clear = {EMERGENCY, *(sources.get("patterns") or ())}
    if not moment:
        clear.update(set(sources.get("clear") or ()) - (set(ASKED_FIRST) - set(checked)))
    if message.get("risk") == "third_party":
        clear.update(OTHER_ROUTES)
    if is_no_danger(message):
        clear.difference_update(OTHER_ROUTES)
        if AT_HOME not in (sources.get("patterns") or ()):
            clear.discard(AT_HOME)  # who leaves is asked about first
    return _timely(message, [harm for harm in message.get("harms") or () if harm in clear])


def _timely(message: Mapping[str, Any], harms: Sequence[str]) -> tuple[str, ...]:
    """Return `harms` without being unfit now, where it may be another day's trouble.

    Whoever is at home, and has a hand that shakes whenever they operate, has nothing to hand over
    this minute: they are asked first whether they are at work. "So angry I can't see straight" is
    a turn of phrase there.
    """
    signs = message.get("signs") or ()
    patterns = _patterns(message)
    later = any(sign in signs for sign in ("not_only_now", "blind_anger"))
    now = "at_work_now" in signs or (UNFIT in patterns and not later)
    seen = [harm for harm in harms if harm in patterns or harm not in _supposed(message)]
    return tuple(harm for harm in seen if harm != UNFIT or now)


def _supposed(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the routes that a message only supposes, or that a loss sounds like.

    "If I don't turn up" was not seen; a stillbirth is no error, unless its words say so.
    """
    signs = set(message.get("signs") or ())
    if ERROR in (message.get("named") or ()):
        signs.discard(LOSS)
    return tuple(harm for harm, excuses in SUPPOSED.items() if signs.intersection(excuses))


def _patterns(message: Mapping[str, Any]) -> Sequence[str]:
    return (message.get("harm_sources") or {}).get("patterns") or ()


def at_the_edge(message: Mapping[str, Any]) -> bool:
    """Whether a message speaks from close to breaking, or from needing help."""
    return EDGE in ((message.get("signals") or {}).get("stage") or ())


OWN_ROUTES = tuple(
    name for name in routes() if not name.startswith(SOMEONE_ELSE) and name != EMERGENCY
)
"""Routes about the person who writes, answered by `action_route`."""

OTHER_ROUTES = tuple(name for name in routes() if name.startswith(SOMEONE_ELSE))
"""Routes about somebody else, answered by `action_someone_else`."""

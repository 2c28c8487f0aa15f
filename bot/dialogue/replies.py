"""What is said next: the plan of a reply to free talk, as names of responses.

A reply takes up what was said (an opening), meets what holds the person back (a
support), and asks one thing; or, when the person has been listened to, asks leave to
tell about the unit. Pure functions: the words are in `domain/`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

LISTEN_FIRST = 2
"""Tellings that are listened to before the unit is offered (unless on the edge, or asked)."""

QUIET_TURNS = 5
"""No offer in the next four turns after one was made or declined, so the fifth is the first."""

SUMMARY_AFTER = 5
"""Tellings after which what was heard is summed up once."""

SUMMARISED = 2
"""Concerns that a summary needs, and names."""

ALREADY_HELPED = ("psu_recovery", "repaired_identity", "different_ways")
"""Stages at which nobody is offered the unit: they have found their way, or help, already."""

NOT_YET = ("identity_intact",)
"""Stages at which an offer would be answered with "not me"; a choice to ask is enough."""

MOVEMENTS = (
    ("identity_intact", "denial"),
    ("identity_intact", "on_the_edge"),
    ("denial", "on_the_edge"),
    ("on_the_edge", "psu_recovery"),
    ("on_the_edge", "repaired_identity"),
    ("on_the_edge", "different_ways"),
    ("denial", "different_ways"),
)
"""Steps from one stage to another that are noticed in words of their own."""

URGENT_STAGE = "on_the_edge"

CARE_FIRST = ("sexual_misconduct", "patient_safety", "bereavement_trauma")
"""Concerns that are answered before any other, with their own question; nothing is offered then."""

BELIEF_ALONE = ("sexual_misconduct", "bereavement_trauma")
"""Concerns whose opening stands alone: a second sentence about toughness or shame would undo it."""


@dataclass(frozen=True)
class Heard:
    """What the latest message was recognised as; most probable first."""

    stages: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    uneasy: bool = False
    """Whether something in it leaves a doubt about safety, short of what the crisis answers."""

    @property
    def stage(self) -> str | None:
        """The stage to answer: on the edge whenever it is among them, else the first."""
        if URGENT_STAGE in self.stages:
            return URGENT_STAGE
        return self.stages[0] if self.stages else None

    @property
    def concern(self) -> str | None:
        """The concern to answer: one that needs care first, else the most probable."""
        careful = [c for c in CARE_FIRST if c in self.concerns]
        return next(iter((*careful, *self.concerns)), None)

    def anything(self) -> bool:
        """Whether anything was recognised."""
        return bool(self.stages or self.patterns or self.concerns or self.moments)


@dataclass(frozen=True)
class Memory:
    """What the conversation remembers (the slots of the same names)."""

    turn: int = 0
    talk_turns: int = 0
    low_turns: int = 0
    no_offer_before_turn: int = 0
    offer_accepted: bool = False
    safety_asked: bool = False
    summary_given: bool = False
    asked: str = "nothing"
    last_ask: str | None = None
    current_stage: str | None = None
    concerns_heard: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reply:
    """Bubbles, each a tuple of response names, and the memory after them."""

    bubbles: tuple[tuple[str, ...], ...]
    memory: Memory
    named_concerns: tuple[str, ...] = field(default=())


def reply_to_talk(heard: Heard, memory: Memory) -> Reply:
    """Plan the reply to a message in which somebody tells something."""
    told = replace(
        memory,
        turn=memory.turn + 1,
        talk_turns=memory.talk_turns + int(heard.anything()),
        low_turns=memory.low_turns + 1 if heard.uneasy else 0,
        current_stage=heard.stage or memory.current_stage,
        concerns_heard=_remember(memory.concerns_heard, heard.concerns),
        asked="open",
    )
    first = _take_up(heard, memory.current_stage)
    if (heard.stage == URGENT_STAGE or heard.uneasy) and not memory.safety_asked:
        asked = replace(told, asked="safe_now", safety_asked=True, last_ask="safe_now")
        return Reply((first, ("utter_ask_safe_now",)), asked)
    careful = heard.concern in CARE_FIRST
    if offer_is_due(told) and not careful:
        return offer(told, first)
    if _summary_is_due(told) and not careful:
        summed = replace(told, summary_given=True, last_ask="summary")
        return Reply((first, ("utter_summary",)), summed, told.concerns_heard[-SUMMARISED:])
    facet, question = _ask(heard, memory.last_ask)
    return Reply((first, (question,)), replace(told, last_ask=facet))


def offer(memory: Memory, first: tuple[str, ...]) -> Reply:
    """Plan a bubble that asks leave to tell about the unit."""
    made = replace(
        memory,
        asked="information",
        last_ask="offer",
        no_offer_before_turn=memory.turn + QUIET_TURNS,
    )
    stage = memory.current_stage
    name = "utter_offer_on_the_edge" if stage == URGENT_STAGE else "utter_offer"
    return Reply((first, (name,)), made)


def offer_is_due(memory: Memory) -> bool:
    """Whether the unit may be offered now: after listening, not again too soon, not to all."""
    if memory.offer_accepted or memory.turn < memory.no_offer_before_turn:
        return False
    if memory.current_stage in ALREADY_HELPED + NOT_YET:
        return False
    if memory.current_stage == URGENT_STAGE:
        return memory.safety_asked
    return memory.talk_turns > LISTEN_FIRST


def declined(memory: Memory) -> Memory:
    """Return the memory after "not now"."""
    return replace(memory, asked="open", no_offer_before_turn=memory.turn + QUIET_TURNS)


def _take_up(heard: Heard, stage_before: str | None) -> tuple[str, ...]:
    """Return the parts of the first bubble: an opening, and a support if there is one."""
    opening = _opening(heard)
    alone = heard.concern in BELIEF_ALONE
    support = None if alone else _support(heard, stage_before)
    if opening is None:
        return (support,) if support else ("utter_listen_reflect",)
    return (opening, support) if support else (opening,)


def _opening(heard: Heard) -> str | None:
    if heard.moments and heard.concern not in CARE_FIRST:
        return f"utter_moment_{heard.moments[0]}_reflect"
    if heard.concern and (heard.stage not in ALREADY_HELPED or heard.concern in CARE_FIRST):
        return f"utter_concern_{heard.concern}_reflect"
    if heard.stage:
        return f"utter_stage_{heard.stage}_reflect"
    return None


def _support(heard: Heard, stage_before: str | None) -> str | None:
    if heard.stage and stage_before and (stage_before, heard.stage) in MOVEMENTS:
        return f"utter_movement_{stage_before}_to_{heard.stage}_affirm"
    if heard.patterns:
        return f"utter_pattern_{heard.patterns[0]}_affirm"
    if heard.stage:
        return f"utter_stage_{heard.stage}_affirm"
    return None


def _ask(heard: Heard, last_facet: str | None) -> tuple[str, str]:
    """Return the facet whose question comes next and its response, another facet than last time."""
    questions: dict[str, str] = {}
    if heard.concern in CARE_FIRST:
        return "concern", f"utter_concern_{heard.concern}_ask"
    if heard.stage:
        questions["stage"] = f"utter_stage_{heard.stage}_ask"
    if heard.stage in ALREADY_HELPED:  # the others' questions may lead to the unit
        return next(iter(questions.items()))
    if heard.patterns:
        questions["pattern"] = f"utter_pattern_{heard.patterns[0]}_ask"
    if heard.concern:
        questions["concern"] = f"utter_concern_{heard.concern}_ask"
    for facet, question in questions.items():
        if facet != last_facet:
            return facet, question
    return next(iter(questions.items()), ("listen", "utter_listen_ask"))


def _summary_is_due(memory: Memory) -> bool:
    return (
        not memory.summary_given
        and memory.talk_turns >= SUMMARY_AFTER
        and len(memory.concerns_heard) >= SUMMARISED
    )


def _remember(before: tuple[str, ...], now: Collection[str]) -> tuple[str, ...]:
    """Append what is new; a concern told again moves to the end."""
    return (*(c for c in before if c not in now), *now)

"""What is said next: the plan of a reply to free talk, as names of responses.

A reply takes up what was said (an opening), meets what holds the person back (a
support), and asks one thing; or, when the person has been listened to, asks leave to
tell about the unit. Pure functions: the words are in `domain/`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from bot.dialogue.referral import OFFERED_AGAIN

LISTEN_FIRST = 2
"""Tellings that are listened to before the unit is offered (unless on the edge, or asked)."""

NEW_FIRST = 2
"""More tellings for which an offer waits while each brings a concern not told before."""

QUIET_TURNS = 5
"""No offer in the next four turns after one was made or declined, so the fifth is the first."""

HELPED = ("psu_recovery", "repaired_identity")
QUIET_WHEN_HELPED = 15
"""Stages of who found help, and the turns in which nobody who spoke so is offered the unit."""

AGAIN_ALONE = ("domestic_abuse",)
"""Routes whose question is put again alone: what a general opening takes up may be far from it."""

AFTER_MAYBE = 3
"""No offer in the next turns after a harm was asked about: it is heard out first."""

MOST_DECLINES = 2
"""Refusals after which the unit is not offered again, unless it is asked for."""

SUMMARY_AFTER = 7
"""Tellings after which what was heard is summed up once."""

SUMMARISED = 2
"""Stated concerns that a summary needs, and names: what was only guessed is not said back."""

SUMMARY, CORRECTED = "summary", "corrected"
"""`last_ask` after the summary, and after it was put right what somebody is here about."""

EXAMS, SITTINGS = "exams_progression", ("exam", "panel")
"""The concern that is about exams or about portfolio and panel, and the names of the two."""

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

AFTER_ROUTE = "after_route"
"""`last_ask` once a harm's route came to its own question: what waits for a unit is spoken of only
when that was answered."""

ANGERED = "angered"
"""`last_ask` after it was asked whether everybody is safe from somebody's anger."""

CARE_FIRST = ("sexual_misconduct", "patient_safety", "bereavement_trauma")
"""Concerns that are answered before any other, with their own question; nothing is offered then."""

NOT_PRESUMED = ("patient_safety",)
"""Concerns that are asked about only when the message itself tells of them."""

ABOUT = {
    "no_break_or_food": "workload",
    "stayed_late_again": "workload",
    "only_doctor_on": "lack_of_support",
    "too_many_patients": "workload",
    "missed_family_event": "work_life_family",
    "relationship_ended": "work_life_family",
    "far_from_parents": "work_life_family",
    "alone_in_new_city": "work_life_family",
    "shouted_at": "bullying",
    "humiliated_on_round": "bullying",
    "failed_exam": "exams_progression",
    "failed_arcp": "exams_progression",
    "nothing_goes_in": "exams_progression",
    "said_it_went_well": "exams_progression",
    "made_an_error": "error_complaint",
    "missed_something": "error_complaint",
    "checking_again": "error_complaint",
    "datix_or_complaint_letter": "error_complaint",
    "coroner": "error_complaint",
    "awake_before_alarm": "sleep_fatigue",
    "staring_at_ceiling": "sleep_fatigue",
    "panic_attack": "mental_health",
    "working_while_ill": "physical_health",
    "pregnant_on_nights": "physical_health",
    "drank_to_sleep": "substance_use",
    "used_to_love_it": "career_doubt",
    "looked_at_other_jobs": "career_doubt",
    "counting_the_days": "career_doubt",
    "visa_letter": "immigration",
    "told_everyone_is": "neurodiversity",
}
"""Moment -> the concern that it is about, when no concern was recognised beside it."""

ASKED_OF_THEMSELVES = (
    "back_from_leave",
    "said_it_went_well",
    "unit_closed",
    "paperwork_behind",
    "urged_to_talk",
)
"""Moments with a support and a question of their own: the labels beside them tell less."""

BELIEF_ALONE = ("sexual_misconduct", "bereavement_trauma")
"""Concerns whose opening stands alone: a second sentence about toughness or shame would undo it."""


@dataclass(frozen=True)
class Heard:
    """What the latest message was recognised as; most probable first."""

    stages: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    moments: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    """Those of the concerns that were pressed, told by a curated phrase, or named outright."""
    sitting: str | None = None
    """Which of `SITTINGS` the words name, if they name one of them alone."""
    uneasy: bool = False
    """Whether something in it leaves a doubt about safety, short of what the crisis answers."""
    emptied: bool = False
    """Whether somebody sounds emptied out, which leaves a doubt where one was left before."""
    vengeful: bool = False
    """Whether it wishes that somebody suffers for what was done; they are asked about both."""
    answer: str | None = None
    """What a pressed choice answered, when that has an opening of its own ("nobody")."""
    brief: bool = False
    """Whether it was a few words, to which a few words are the reply."""
    question: bool = False
    """Whether it ended in a question mark."""
    again: str | None = None
    """The route whose question was not answered and is put again."""
    harm: str | None = None
    """A route that it may tell, which is asked about first (`bot.nlu.routes.may_be_told`)."""
    harm_worded: str | None = None
    """The name of its question, where that is not the route's."""
    unsent: str | None = None
    """What waits to go to a unit (`bot.dialogue.referral.unsent`)."""

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
        return bool(self.stages or self.patterns or self.concerns or self.moments or self.answer)


@dataclass(frozen=True)
class Memory:
    """What the conversation remembers (the slots of the same names)."""

    turn: int = 0
    talk_turns: int = 0
    low_turns: int = 0
    no_offer_before_turn: int = 0
    declines: int = 0
    offer_accepted: bool = False
    safety_asked: bool = False
    summary_given: bool = False
    unit_told: bool = False
    asked: str = "nothing"
    last_ask: str | None = None
    current_stage: str | None = None
    concerns_heard: tuple[str, ...] = ()
    concerns_stated: tuple[str, ...] = ()
    concerns_denied: tuple[str, ...] = ()
    sitting: str | None = None


@dataclass(frozen=True)
class Reply:
    """Bubbles, each a tuple of response names, and the memory after them."""

    bubbles: tuple[tuple[str, ...], ...]
    memory: Memory
    named_concerns: tuple[str, ...] = field(default=())
    """The names of the concerns, as responses have them, that the summary says back."""


def reply_to_talk(heard: Heard, memory: Memory) -> Reply:
    """Plan the reply to a message in which somebody tells something."""
    heard = _without_denied(heard, memory)
    memory = replace(
        memory,
        sitting=heard.sitting or memory.sitting,
        concerns_stated=_stated(memory, heard),
        concerns_denied=tuple(c for c in memory.concerns_denied if c not in heard.stated),
    )
    emptied_again = heard.emptied and memory.low_turns > 0
    uneasy = heard.uneasy or emptied_again
    told = replace(
        memory,
        turn=memory.turn + 1,
        talk_turns=memory.talk_turns + int(heard.anything()),
        low_turns=memory.low_turns + 1 if uneasy or heard.emptied else 0,
        current_stage=heard.stage or memory.current_stage,
        concerns_heard=_remember(memory, heard),
        asked="open",
    )
    if heard.stage in HELPED:
        quiet = max(told.no_offer_before_turn, told.turn + QUIET_WHEN_HELPED)
        told = replace(told, no_offer_before_turn=quiet)
    first = _take_up(heard, memory.current_stage)
    told_before = memory.concerns_heard
    if heard.vengeful and memory.last_ask != ANGERED:
        asked = replace(told, asked="safe_now", safety_asked=True, last_ask=ANGERED)
        return Reply((("utter_anger_reflect",), ("utter_ask_safe_angry",)), asked)
    if (heard.stage == URGENT_STAGE or uneasy) and not memory.safety_asked:
        asked = replace(told, asked="safe_now", safety_asked=True, last_ask="safe_now")
        edge = heard.stage == URGENT_STAGE
        question = "utter_ask_safe_now" if edge else "utter_ask_safe_gently"
        return Reply((first, (question,)), asked)
    if heard.again:
        asked = replace(told, asked=memory.asked, last_ask=AFTER_ROUTE)
        again = (f"utter_route_{heard.again}_again",)
        return Reply((again,) if heard.again in AGAIN_ALONE else (first, again), asked)
    if heard.harm:
        quiet = max(told.no_offer_before_turn, told.turn + AFTER_MAYBE)
        asked = replace(
            told, asked="maybe_route", last_ask="maybe_route", no_offer_before_turn=quiet
        )
        return Reply((first, (f"utter_maybe_{heard.harm_worded or heard.harm}",)), asked)
    if heard.unsent and memory.last_ask == AFTER_ROUTE:
        asked = replace(told, asked=heard.unsent, last_ask="unsent")
        return Reply((first, (OFFERED_AGAIN[heard.unsent],)), asked)
    last_told = told_before[-1] if heard.answer and told_before else None
    careful = heard.concern in CARE_FIRST or last_told in CARE_FIRST
    news = not heard.answer and any(c not in told_before for c in heard.concerns)
    if offer_is_due(told, news) and not careful:
        return offer(told, first)
    if heard.concerns and _summary_is_due(told) and not careful:
        summed = replace(told, summary_given=True, last_ask=SUMMARY)
        said = tuple(named_as(c, told.sitting) for c in _summed(told))
        return Reply((first, ("utter_summary",)), summed, said)
    facet, question = _ask(heard, memory)
    bare = heard.brief and not heard.question and not heard.anything()
    alone = bare and memory.last_ask != AFTER_ROUTE  # a bare question would be cold there
    bubbles: tuple[tuple[str, ...], ...] = ((question,),) if alone else (first, (question,))
    if heard.answer and heard.brief:  # a few words get no more than a bubble
        bubbles = ((*first, question),)
    return Reply(bubbles, replace(told, last_ask=facet))


def offer(memory: Memory, first: tuple[str, ...]) -> Reply:
    """Plan a bubble that asks leave to tell about the unit, or to show it if it is known."""
    made = replace(
        memory,
        asked="contact" if memory.unit_told else "information",
        last_ask="offer",
        no_offer_before_turn=memory.turn + QUIET_TURNS,
    )
    if memory.unit_told:
        name = "utter_offer_known_unit"
    elif memory.current_stage == URGENT_STAGE:
        name = "utter_offer_on_the_edge"
    else:
        name = "utter_offer"
    return Reply((first, (name,)), made)


def offer_is_due(memory: Memory, news: bool) -> bool:
    """Whether the unit may be offered now: after listening, not again too soon, not to all.

    Args:
        memory: the conversation, the latest message counted.
        news: whether the message brought a concern not told before, which is heard out first.
    """
    if memory.offer_accepted or memory.turn < memory.no_offer_before_turn:
        return False
    if memory.declines >= MOST_DECLINES:
        return False
    if memory.current_stage in ALREADY_HELPED + NOT_YET:
        return False
    if memory.current_stage == URGENT_STAGE:
        return memory.safety_asked
    return memory.talk_turns > LISTEN_FIRST + (NEW_FIRST if news else 0)


def after_safe(memory: Memory) -> tuple[str, str]:
    """Return facet and question after somebody said they are safe: a small step, or on with it."""
    if memory.current_stage == URGENT_STAGE:
        return "stage", f"utter_stage_{URGENT_STAGE}_ask"
    return _go_on(memory)


OFFERS = ("information", "contact", "message", "referral")
"""Values of `asked` while something of the unit's is offered."""


def declined(memory: Memory, for_good: bool = False, unsure: bool = False) -> Memory:
    """Return the memory after "not now", which is counted where an offer was turned down.

    `for_good` says that they want no more offers; being `unsure` turns nothing down.
    """
    quiet = replace(memory, asked="open", no_offer_before_turn=memory.turn + QUIET_TURNS)
    if for_good:
        return replace(quiet, declines=max(memory.declines, MOST_DECLINES))
    return replace(quiet, declines=memory.declines + int(memory.asked in OFFERS and not unsure))


def misread(memory: Memory, concern: str | None, opening: str = "utter_maybe_not") -> Reply:
    """Plan the reply to "no, it is not that", asked about a harm; its `concern` was misread too."""
    memory = without_concerns(memory, () if concern is None else (concern,))
    facet, question = _go_on(memory)
    after = replace(memory, turn=memory.turn + 1, asked="open", last_ask=facet)
    return Reply(((opening,), (question,)), after)


def without_concerns(memory: Memory, concerns: tuple[str, ...]) -> Memory:
    """Return the memory without `concerns`, which are not taken up again unless they are stated."""
    return replace(
        memory,
        concerns_heard=tuple(c for c in memory.concerns_heard if c not in concerns),
        concerns_stated=tuple(c for c in memory.concerns_stated if c not in concerns),
        concerns_denied=tuple(dict.fromkeys((*memory.concerns_denied, *concerns))),
    )


def put_right(heard: Heard, memory: Memory) -> Reply:
    """Plan the reply to "that's not what it is about": own it, and go on with what is said instead.

    Wrong is what the summary named, or what was told last; what this message states is kept.
    """
    summed = memory.last_ask == SUMMARY
    wrong = _summed(memory) if summed else memory.concerns_heard[-1:]
    memory = without_concerns(memory, tuple(c for c in wrong if c not in heard.stated))
    left = _without_denied(heard, memory)
    if not (left.anything() or left.uneasy or left.emptied or left.vengeful):
        after = replace(memory, turn=memory.turn + 1, asked="open", last_ask=CORRECTED)
        return Reply((("utter_had_that_wrong", "utter_what_is_it_about"),), after)
    reply = reply_to_talk(replace(left, brief=False), memory)
    return replace(reply, bubbles=(("utter_had_that_wrong",), *reply.bubbles))


def named_as(concern: str, sitting: str | None) -> str:
    """Return the name of a concern in its responses: an exam and a panel have their own."""
    return sitting if concern == EXAMS and sitting else concern


def question_about(concern: str, memory: Memory) -> str:
    """Return the response that asks about a concern."""
    return f"utter_concern_{named_as(concern, memory.sitting)}_ask"


def taken_back(memory: Memory, concern: str | None) -> Reply:
    """Plan the reply to who denies what a route took for told."""
    return misread(memory, concern, "utter_route_misread")


def _take_up(heard: Heard, stage_before: str | None) -> tuple[str, ...]:
    """Return the parts of the first bubble: an opening, and a support if there is one."""
    opening = _opening(heard)
    if heard.answer:
        return (f"utter_pressed_{heard.answer}_reflect",)
    alone = heard.concern in BELIEF_ALONE
    support = None if alone else _support(heard, stage_before)
    if opening is None:
        nothing = "utter_no_answer_reflect" if heard.question else "utter_listen_reflect"
        return (support,) if support else (nothing,)
    return (opening, support) if support else (opening,)


def _own_moment(heard: Heard) -> str | None:
    """Return the first moment if it has a support and a question of its own, and room for them."""
    first = heard.moments[0] if heard.moments else None
    alone = heard.concern not in CARE_FIRST and heard.stage not in (*ALREADY_HELPED, URGENT_STAGE)
    return first if first in ASKED_OF_THEMSELVES and alone else None


def _opening(heard: Heard) -> str | None:
    if heard.moments and heard.concern not in CARE_FIRST:
        return f"utter_moment_{heard.moments[0]}_reflect"
    if heard.concern and (heard.stage not in ALREADY_HELPED or heard.concern in CARE_FIRST):
        return f"utter_concern_{named_as(heard.concern, heard.sitting)}_reflect"
    if heard.stage:
        return f"utter_stage_{heard.stage}_reflect"
    return None


def _support(heard: Heard, stage_before: str | None) -> str | None:
    moment = _own_moment(heard)
    if moment:
        return f"utter_moment_{moment}_affirm"
    if heard.stage and stage_before and (stage_before, heard.stage) in MOVEMENTS:
        return f"utter_movement_{stage_before}_to_{heard.stage}_affirm"
    if heard.patterns:
        return f"utter_pattern_{heard.patterns[0]}_affirm"
    if heard.stage:
        return f"utter_stage_{heard.stage}_affirm"
    return None


def _ask(heard: Heard, memory: Memory) -> tuple[str, str]:
    """Return the facet whose question comes next and its response, another facet than last time."""
    questions: dict[str, str] = {}
    if heard.answer and memory.concerns_heard:
        return _go_on(memory)
    if heard.concern in CARE_FIRST:
        return "concern", question_about(str(heard.concern), memory)
    moment = _own_moment(heard)
    if moment and memory.last_ask != "moment":
        return "moment", f"utter_moment_{moment}_ask"
    if heard.stage:
        questions["stage"] = f"utter_stage_{heard.stage}_ask"
    if heard.stage in ALREADY_HELPED:  # the others' questions may lead to the unit
        return next(iter(questions.items()))
    if heard.patterns:
        questions["pattern"] = f"utter_pattern_{heard.patterns[0]}_ask"
    if heard.concern:
        questions["concern"] = question_about(heard.concern, memory)
    for facet, question in questions.items():
        if facet != memory.last_ask:
            return facet, question
    return next(iter(questions.items()), _go_on(memory))


def _go_on(memory: Memory) -> tuple[str, str]:
    """Return the question when a message names nothing: about what was told, every other time."""
    thread = [c for c in memory.concerns_heard if c not in NOT_PRESUMED]
    if thread and memory.last_ask not in ("thread", "concern"):
        return "thread", question_about(thread[-1], memory)
    return "listen", "utter_listen_ask"


def _summary_is_due(memory: Memory) -> bool:
    return (
        not memory.summary_given
        and memory.talk_turns >= SUMMARY_AFTER
        and len(memory.concerns_stated) >= SUMMARISED
    )


def _summed(memory: Memory) -> tuple[str, ...]:
    """Return the concerns that a summary names: the one stated first, and the one stated last."""
    return (memory.concerns_stated[0], memory.concerns_stated[-1]) if memory.concerns_stated else ()


def _without_denied(heard: Heard, memory: Memory) -> Heard:
    """Return what was heard without concerns that they put right, unless it states them."""
    denied = [c for c in memory.concerns_denied if c not in heard.stated]
    return replace(heard, concerns=tuple(c for c in heard.concerns if c not in denied))


def _stated(memory: Memory, heard: Heard) -> tuple[str, ...]:
    """Append what is stated; as in `_remember`, a press that answers changes no subject."""
    before = memory.concerns_stated
    if heard.answer and before:
        return before
    return (*(c for c in before if c not in heard.stated), *heard.stated)


def _remember(memory: Memory, heard: Heard) -> tuple[str, ...]:
    """Append what is new; a concern told again moves to the end.

    A press such as "nobody" answers a question about what was told, and changes no subject.
    """
    before, now = memory.concerns_heard, heard.concerns
    if heard.answer and before:
        return before
    return (*(c for c in before if c not in now), *now)

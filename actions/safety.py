"""Risk to life: the numbers first, one direct question, then staying until the person chooses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.referral import let_go
from actions.routes import (
    given_route,
    harm_of,
    is_known,
    question_of,
    say_route,
    waiting_route,
    with_concern,
)
from actions.speaking import intent_of, memory_of, remember, say, say_reply
from bot.dialogue.context import (
    ASKED_SAFE,
    AT_WORK,
    BACKS_OUT,
    BARRIER,
    CALM,
    CARE,
    HALF_YES,
    HURT_ONLY,
    INTRUSIVE,
    LIKELY,
    MEDICAL,
    NOT_SAFE,
    OWNS_UP,
    PASSED_OVER,
    PAST_ATTEMPT,
    PUT_RIGHT_QUESTION,
    RELAPSE,
    RINGING,
    SHAKEN,
    STRANGLED,
    TAKES_BACK,
    UNSAFE_PERSON,
    UNSURE,
    WITH_THEM,
    WONT_RING,
    WORK_AHEAD,
    after_hurting,
    answers_what_was_passed_over,
    aside_of,
    asks_of_hurting,
    by_a_bare_answer,
    crisis_kind,
    denies_plainly,
    denies_unasked,
    in_doubt,
    is_corrected,
    is_decided,
    is_low,
    is_put_right,
    is_tended,
    is_with_somebody,
    news_of,
    own_probability,
    risk_signs,
    stated_risk,
)
from bot.dialogue.denials import FIRM_NO, denies_firmly, denies_first, speaks_of_else
from bot.dialogue.help_intents import asks_for_help
from bot.dialogue.memory import heard_in
from bot.dialogue.referral import is_begun
from bot.dialogue.replies import (
    NOT_PRESUMED,
    QUIET_TURNS,
    Heard,
    Memory,
    question_about,
    reply_to_talk,
)
from bot.dialogue.urgency import (
    ASKED_FOR,
    CALL_FIRST,
    DOUBTS,
    MINUTES,
    OWN_WORDS,
    affirmed_after,
    kind_after,
    presses_for_the_call,
)
from bot.nlu.routes import (
    EDGE,
    EMERGENCY,
    OWN_ROUTES,
    SOMEONE_ELSE,
    UNEASY,
    at_the_edge,
)
from bot.nlu.taxonomy import NO_RISK, OWN_RISK

(
    SAFE,
    DANGER,
    HALF,
    WILL_CALL,
    REACHED,
    MISREAD,
    CHANGE,
    NAMED,
    HOLDS_BACK,
    TENDED,
    WORDS,
    MEANWHILE,
    GO_ON,
) = (
    "safe",
    "danger",
    "half",
    "will_call",
    "reached",
    "misread",
    "change_subject",
    "named",
    "holds_back",
    "tended",
    "asks_words",
    "asks_meanwhile",
    "asks_to_go_on",
)
"""What an answer means."""

NAMED_STEP, NAMED_RING = "named_step", "named_ring"
"""Kinds of question once somebody was named: "can you get to them?"."""

HALF_ASKED = "half"
"""Kind of question after half a yes to a wish to be dead: whether it is more than the wish."""

WHICH, DOES_IT, MEANS_UNIT, MEANS_HARM = "which", "does_it", "means_unit", "means_harm"
"""Kind of question after "I'll do it tonight", right after the unit was offered; the sign of such
words, and those of what was meant by them."""

MAY_BE_WRITING = ("contact", "message", "wording", "referral")
"""Values of `asked` while a way of writing to the unit is offered."""

ELSEWHERE = "elsewhere"
"""Kind of question after talk of something else was met once: the next is gone on with."""

QUESTIONS = {
    "thoughts": {  # "thinking of ...?"
        "affirm": DANGER,
        "deny": SAFE,
        "ambivalent": HALF,
        TAKES_BACK: HALF,
        OWNS_UP: DANGER,
        RELAPSE: DANGER,
    },
    "safe": {  # "are you safe?"
        "affirm": SAFE,
        "deny": DANGER,
        "ambivalent": HALF,
        OWNS_UP: DANGER,
        RELAPSE: DANGER,
    },
    "can_ring": {  # "can you ring?"
        "affirm": WILL_CALL,
        "deny": DANGER,
        "ambivalent": DANGER,
        BACKS_OUT: DANGER,
    },
    RINGING: {"deny": HOLDS_BACK, "ambivalent": HOLDS_BACK, BACKS_OUT: HOLDS_BACK},  # "go now"
    "step": {"affirm": WILL_CALL, "ambivalent": HALF},  # "could you sit with others?"
    NAMED_STEP: {"affirm": WILL_CALL, "ambivalent": HALF},
    NAMED_RING: {
        "affirm": WILL_CALL,
        "deny": DANGER,
        "ambivalent": DANGER,
        BACKS_OUT: DANGER,
    },
    "open": {"ambivalent": HALF},  # "what is in the way of ringing?"
    HALF_ASKED: {  # "have there been thoughts of doing something?"
        "affirm": DANGER,
        "deny": SAFE,
        "ambivalent": HALF,
        OWNS_UP: DANGER,
        RELAPSE: DANGER,
    },
    WHICH: {  # "writing to the unit, or something that would hurt you?"
        "affirm": DANGER,
        "deny": HALF,
        "ambivalent": HALF,
        MEANS_HARM: DANGER,
        OWNS_UP: DANGER,
        RELAPSE: DANGER,
    },
    ELSEWHERE: {"affirm": WILL_CALL, "ambivalent": HALF},  # "could somebody be near you?"
    PASSED_OVER: {},  # "what would you like me to know about it?"
    WITH_THEM: {},  # nothing is asked
    PUT_RIGHT_QUESTION: {},  # "what did you mean to tell me?"
    "care": {},  # "what was going on before it?", and what is said after the answer
    "care_again": {},
}
"""Kind of question that was asked last -> what a bare yes, no or half an answer means."""

CALLS = ("can_ring", NAMED_RING)
"""Kinds of question that ask for the call."""

OF_THOUGHTS = ("thoughts", HALF_ASKED)
"""Kinds of question about thoughts of ending their life."""

QUESTION_OF = {
    ASKED_FOR: "safe",
    SHAKEN: "safe",
    "immediate": "can_ring",
    MEDICAL: "can_ring",
    UNSAFE_PERSON: "can_ring",
}
"""Kinds whose first question is not about thoughts or danger."""

BUTTONS = {"safe_for_now": SAFE, "will_call": WILL_CALL}
"""Buttons that mean the same after every question."""

COMPANY, TOLD_THEM = "company", "told_somebody"
"""Signs that "he is here", "he's coming" hold: help, unless he is the danger."""

CLOSES = ("cannot_talk", "time_is_up")
"""Signs that whoever is feared is near, so that the page is closed now."""

NEAR = "near_only"
"""The sign that somebody is near, who was not told."""

ENOUGH = "enough_said"
"""The sign of "that's all", which answers no question."""

LEAVES = ("goodbye", "carry_on")
"""Intents that end the quiet beside somebody who was reached."""

FEW_WORDS = ("asks_words", "asks_meanwhile", "asks_to_go_on")
"""Signs of what is asked on in a crisis, and what each means."""

SAID = {
    "reached": REACHED,
    "with_someone": REACHED,
    COMPANY: REACHED,
    "will_call": WILL_CALL,
    "misread": MISREAD,
    "safe": SAFE,
    "change_subject": CHANGE,
}
"""Signs (`nlu_data/patterns/signs.yml`) that answer in words, the first that is found."""

TURNS_BACK = ("ambivalent", "hopeless", "takes_back", "not_safe")
"""Signs beside which "I'm safe" is no plain answer."""

NO_CALL_NEEDED = ("reached", "with_someone", "safe", "misread")
"""Signs beside which a call that is not made is none that is missed."""

THERE = ("reached", "with_someone", "change_subject")
"""Signs beside which a name is not somebody who could be asked."""

TOLD = "told"
"""The opening in place of "I may be misreading", when a harm is told beside a doubt."""

SHORT = 3
"""Words up to which a message passes over the question at a doubt without going on to talk."""

BARRIERS_OF_THEIR_OWN = {
    MEDICAL: ("barrier_burden", "barrier_alone", "barrier_cover"),
    "immediate": ("barrier_burden", "barrier_alone", "barrier_told", "barrier_voice"),
    UNSAFE_PERSON: (),
}
"""Kinds that are met with the emergency number whatever is in the way -> what has its own words."""

LIKELIER = 0.5
"""Confidence from which an intent is taken for an answer."""

BARE = {
    "says_yes": "affirm",
    "says_no": "deny",
    FIRM_NO: "deny",
    HALF_YES: "ambivalent",
    "unsure": "ambivalent",
}
"""Signs and intents that mean the same as another answer."""

OTHER_FAMILY = {
    "immediate": "immediate",
    MEDICAL: MEDICAL,
    "harm_to_others": "harm_to_others",
    UNSAFE_PERSON: UNSAFE_PERSON,
    INTRUSIVE: INTRUSIVE,
}
"""Kinds of crisis with words of their own while it lasts; the others share theirs."""

AS_IMMEDIATE = (MEDICAL,)
"""Kinds that share the sentence of immediate danger after "no, I can't ring"."""

WORDS_OF_THEIR_OWN = ("immediate",)
YES_OF_ITS_OWN = (
    "passive_ideation",
    "self_harm",
    "harm_to_others",
    "immediate",
    UNSAFE_PERSON,
    INTRUSIVE,
)
OPTIONS_OF_ITS_OWN = ("self_harm", "harm_to_others", "immediate", MEDICAL, UNSAFE_PERSON)
NO_OF_ITS_OWN = ("self_harm", "harm_to_others", PAST_ATTEMPT, SHAKEN, INTRUSIVE)
CALL_OF_ITS_OWN = (MEDICAL, UNSAFE_PERSON)
ESCALATION_OF_ITS_OWN = ("harm_to_others", INTRUSIVE, *CALL_FIRST)
"""Kinds with a response of their own at that step."""

NOT_OWN = (UNSAFE_PERSON, MEDICAL)
"""Kinds that say nothing of a wish to die or to hurt, affirmed before or not."""

ONLY_PASSIVE = "only_passive"
"""The sign that no is said to more than the wish to be dead that was told."""

NOT_LEFT_YET = ("self_harm", INTRUSIVE)
"""Kinds that are stayed with after no: what was told has not stopped with it."""

DROPS = ("not_now", "drop_referral")
"""Intents that beside a mere doubt answer what they were asked before it: nothing is to be sent."""

PRESENT_FIRST = ("immediate", MEDICAL)
"""Kinds in which who is coming is no reason to wait: the emergency number comes first."""

TOLD_ALREADY = ("self_harm", PAST_ATTEMPT)
"""Kinds of which a no speaks again, so that the classifier hears in it what was told before."""

UNCERTAIN = (UNSURE, PAST_ATTEMPT, ASKED_FOR, SHAKEN)
"""Kinds that let ordinary talk go on once the direct question was passed over."""


@dataclass(frozen=True)
class Step:
    """Where the crisis conversation stands after a step."""

    state: str
    kind: str
    question: str
    signs: int
    sure: bool = False
    """Whether more than the classifier spoke of it: a phrase, the context, or their answer."""
    dropped: bool = False
    """Whether what was to be handed over was let go in this step."""
    asked: str = "open"
    """What a bare yes or no means outside the crisis."""
    route: str | None = None
    """The route, or the news of somebody else, that was answered in this step."""
    affirmed: str | None = None
    """The own risk that was stated, or answered with yes, in this conversation."""
    talked: Memory | None = None
    """What the talk remembers that went on in this step."""
    stands: bool = False
    """Whether nothing new was said, so that turns are counted on from an earlier step."""
    doubted: bool = False
    """Whether a doubt was let pass, which counts towards the next."""
    unasked: bool = False
    """Whether this step asked nothing about safety."""


class ActionCrisis(Action):
    """Answers risk to life, and everything said until the person chooses to go on."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_crisis"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the bubbles of this step; any running form ends."""
        before = memory_of(tracker)
        step = _next_step(dispatcher, tracker, before.turn)
        turn = before.turn + 1
        marked = int(tracker.get_slot("crisis_turn") or 0) if step.stands else turn
        after = replace(
            step.talked or before,
            turn=turn,
            asked=step.asked,
            safety_asked=before.safety_asked or not step.unasked,
            low_turns=before.low_turns + 1 if step.doubted else 0,
            no_offer_before_turn=turn + QUIET_TURNS,
            concerns_heard=with_concern((step.talked or before).concerns_heard, step.route or ""),
        )
        events = remember(
            before,
            after,
            crisis=step.state,
            crisis_kind=step.kind,
            crisis_question=step.question,
            crisis_signs=step.signs,
            crisis_sure=step.sure,
            crisis_affirmed=step.affirmed,
            crisis_turn=marked,
            unclear_run=0,
        )
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *events,
            *(let_go() if step.dropped else ()),
            *(
                given_route(tracker, step.route)
                if step.route
                else waiting_route(tracker, step.kind)
            ),
        ]


def _next_step(dispatcher: CollectingDispatcher, tracker: Tracker, turn: int) -> Step:
    """Say this step's bubbles; return where the conversation stands after it."""
    message = tracker.latest_message
    state = tracker.get_slot("crisis") or "no"
    now = Step(
        state,
        tracker.get_slot("crisis_kind") or ASKED_FOR,
        tracker.get_slot("crisis_question") or "open",
        int(tracker.get_slot("crisis_signs") or 0),
        bool(tracker.get_slot("crisis_sure")),
        affirmed=tracker.get_slot("crisis_affirmed"),
    )
    kind, numbers = crisis_kind(message, tracker.slots), crisis_numbers(tracker)
    answers_late = answers_what_was_passed_over(message, tracker.slots)
    quiet = state in ("no", "eased") and not answers_late
    if kind == UNSURE and quiet and is_put_right(message, tracker.slots):
        say(dispatcher, "utter_crisis_believed", **numbers)
        say(dispatcher, "utter_return_talk")
        doubted = is_low(message)
        return replace(
            now,
            kind=UNSURE,
            question=PUT_RIGHT_QUESTION,
            asked="back",
            stands=True,
            doubted=doubted,
        )
    if kind is not None and denies_unasked(message, tracker.slots):
        say(dispatcher, "utter_crisis_believed", **crisis_numbers(tracker))
        say(dispatcher, "utter_return_talk")
        before = tracker.get_slot("crisis_kind")
        if before is None:
            return replace(now, kind=UNSURE, question=PUT_RIGHT_QUESTION, asked="back", stands=True)
        return replace(now, asked="back", stands=True)
    if denies_first(message, tracker.slots):
        say(dispatcher, "utter_crisis_denied_first")
        return replace(now, kind=UNSURE, question=PUT_RIGHT_QUESTION, stands=True, unasked=True)
    if answers_late and kind in (None, UNSURE):
        now = replace(now, state="asked", question="thoughts")
    if kind is None and is_corrected(message, tracker.slots) and state in ("no", "eased"):
        say(dispatcher, "utter_crisis_misread")
        if state == "eased":
            return now
        asked_about = ASKED_SAFE[tracker.get_slot("asked")]
        return replace(now, kind=asked_about, question=PUT_RIGHT_QUESTION)
    seen_to = now.kind in MINUTES and now.affirmed == HURT_ONLY and state != "no"
    if seen_to and is_tended(message, tracker.slots):
        now = replace(now, kind=HURT_ONLY, question="thoughts")
    hurt = after_hurting(message, tracker.slots)
    if hurt is not None:
        say(dispatcher, f"utter_crisis_hurt_{hurt}", **numbers)
        return now
    if kind is not None and not _is_an_answer(tracker, now):
        return _show_card(dispatcher, tracker, now, kind, turn)
    reached = now.state != "no" and _meaning(tracker, now) in (REACHED, WILL_CALL)
    if not reached and asks_for_help(intent_of(tracker), _signs(tracker)):
        say(dispatcher, "utter_crisis_card_asked_for", **numbers)
        if state == "no":
            say(dispatcher, "utter_crisis_ask_asked_for")
            return replace(now, state="asked", kind=ASKED_FOR, question="safe")
        return _stay(dispatcher, tracker, now, turn)
    return _after_answer(dispatcher, tracker, now, turn)


def _show_card(
    dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, told: str, turn: int
) -> Step:
    """Show the numbers; ask the direct question, or press for a call when it was answered.

    A doubt is no new sign: who is stayed with already is stayed with, and not pressed.
    """
    numbers, doubt = crisis_numbers(tracker), told in DOUBTS
    signs = now.signs + (not doubt)
    running = now.state in ("asked", "staying")
    message, slots = tracker.latest_message, tracker.slots
    firm = not risk_signs(message, slots).classifier_alone() and not by_a_bare_answer(
        message, slots
    )
    if told == MEDICAL:  # breath alone may be panic
        firm = EMERGENCY in ((message.get("harm_sources") or {}).get("patterns") or ())
    kind = kind_after(told, now.kind) if running else told
    back = now.affirmed is not None and RELAPSE in _signs(tracker)
    if kind in (UNSURE, ASKED_FOR) and now.affirmed and now.affirmed not in OWN_WORDS:
        kind, back = now.affirmed, True  # after danger that was affirmed nothing is a mere doubt
    affirmed = affirmed_after(stated_risk(message, slots, kind), now.affirmed)
    sure = firm or (running and now.sure) or (affirmed is not None and kind not in NOT_OWN)
    news = news_of(tracker.latest_message, tracker.slots) if kind == SHAKEN else None
    # they have not come back to it in a doubt
    again = back or (now.state != "no" and kind == now.kind and not doubt)
    opened = told if kind == ASKED_FOR else kind
    opening = f"utter_crisis_open_{TOLD if opened == UNSURE and harm_of(tracker) else opened}"
    opening = "utter_crisis_again" if again else opening
    signs_said = _signs(tracker)
    taken_back = TAKES_BACK in signs_said and not back and (now.state == "eased" or now.affirmed)
    owned = taken_back or (OWNS_UP in signs_said and slots.get("crisis_kind"))
    if owned and not running:
        opening = "utter_crisis_open_taken_back"
    say(dispatcher, f"utter_other_{news}" if news else opening, "utter_crisis_card", **numbers)
    if kind == UNSAFE_PERSON and STRANGLED in signs_said:
        say(dispatcher, "utter_route_aside_throat")
        say(dispatcher, "utter_route_throat_who", **numbers)
    if kind == MEDICAL and harm_of(tracker) in AT_WORK:
        say(dispatcher, "utter_crisis_patient_too")
    if doubt and now.state == "staying":
        return replace(_stay(dispatcher, tracker, replace(now, kind=kind), turn), signs=signs)
    if presses_for_the_call(told, now.kind, now.state, signs):
        _say_own(dispatcher, "utter_crisis_escalate", kind, ESCALATION_OF_ITS_OWN, **numbers)
        question = QUESTION_OF.get(kind, "open")
        return Step("staying", kind, question, signs, sure, affirmed=affirmed)
    if asked := asks_of_hurting(message, kind):
        say(dispatcher, f"utter_crisis_hurt_{asked}", choices=[], **numbers)
    if _may_mean_writing(tracker, now):
        say(dispatcher, "utter_crisis_which", **numbers)
        return Step("asked", kind, WHICH, signs, sure, affirmed=affirmed)
    say(dispatcher, f"utter_crisis_ask_{kind}", **numbers)
    question = QUESTION_OF.get(kind, "thoughts")
    route = f"{SOMEONE_ELSE}{news}" if news else None
    return Step("asked", kind, question, signs, sure, route=route, affirmed=affirmed)


def _may_mean_writing(tracker: Tracker, now: Step) -> bool:
    """Whether "I'll do it tonight" may speak of the unit that was offered last.

    Only where the classifier alone hears risk in it and nothing low was said before; the card
    stands above the question all the same.
    """
    slots, message = tracker.slots, tracker.latest_message
    offered = slots.get("asked") in MAY_BE_WRITING
    near = slots.get("crisis_kind") or now.affirmed or int(slots.get("low_turns") or 0)
    alone = risk_signs(message, slots).classifier_alone()
    return bool(offered and alone and not near and DOES_IT in _signs(tracker))


def _is_an_answer(tracker: Tracker, now: Step) -> bool:
    """Whether a message in a crisis answers it: yes, or what the classifier alone takes for risk.

    "I don't want to bother anyone" is a reason not to ring, which is met, and no new sign.
    """
    if now.state == "no":
        return False
    message = tracker.latest_message
    by_patterns = (message.get("risk_sources") or {}).get("patterns")
    new = message.get("risk") == "immediate" or by_patterns in OWN_RISK
    said_yes = "says_yes" in _signs(tracker) and not new
    if said_yes and now.state == "asked" and _meaning(tracker, now) == DANGER:
        return True  # "yes, I've decided": asked again, it would sound unheard
    running = now.state in ("asked", "staying")
    hurt = message.get("risk") in (NO_RISK, HURT_ONLY, "immediate") and by_patterns not in OWN_RISK
    if now.kind == HURT_ONLY and hurt and is_tended(message, tracker.slots):
        return True
    if _is_only_passive(tracker, now):
        return True  # "no, only the not waking up" says what was told before
    plain = "safe" in _signs(tracker) and not any(s in _signs(tracker) for s in TURNS_BACK)
    if plain and running and now.kind != MEDICAL and message.get("risk") != "immediate":
        return risk_signs(message, tracker.slots).classifier_alone()
    if _denies_firmly(tracker, now):
        return True
    direct = now.state == "asked" and now.kind in TOLD_ALREADY
    if direct and _meaning(tracker, now) in (SAFE, MISREAD):
        return risk_signs(message, tracker.slots).classifier_alone()
    if not in_doubt(tracker.latest_message, tracker.slots):
        return False
    if now.state == "eased" and now.question in CARE:
        # what was told is told on, unless it may be minutes; the numbers stand above it
        return message.get("risk") != "immediate" or own_probability(message) < LIKELY
    return _meaning(tracker, now) is not None or _barrier(tracker) is not None


def _is_only_passive(tracker: Tracker, now: Step) -> bool:
    """Whether no is said to thoughts of ending their life, and only the wish told stays."""
    message = tracker.latest_message
    of_thoughts = now.question in OF_THOUGHTS
    asked = now.state == "asked" and of_thoughts and now.kind == "passive_ideation"
    no_more = message.get("risk") in (NO_RISK, "third_party", "passive_ideation")
    return asked and no_more and ONLY_PASSIVE in _signs(tracker)


def _meaning(tracker: Tracker, now: Step) -> str | None:
    """Return what the message means as an answer, or None."""
    intent, signs, message = intent_of(tracker), _signs(tracker), tracker.latest_message
    answers = QUESTIONS[now.question]
    if intent in BUTTONS:
        return BUTTONS[intent]
    if now.question == WHICH and MEANS_UNIT in signs and MEANS_HARM not in signs:
        return MISREAD
    settled = CALM in signs or is_decided(message)
    decided = settled and "says_yes" in signs and "safe" not in signs
    if decided and now.state == "asked":
        return DANGER  # "yes, I've decided", also where a bare yes would mean that they are safe
    if now.state == "asked" and OWNS_UP in signs and OWNS_UP in answers:
        return answers[OWNS_UP]  # before "nothing like that", which it repeats
    near = now.question == "thoughts" or (now.kind in DOUBTS and not now.affirmed)
    if near and now.kind not in CALL_FIRST and denies_plainly(tracker.latest_message):
        return MISREAD if "misread" in signs else SAFE
    if _talks_on(tracker, now):
        return None
    unrung = WONT_RING in signs and not any(sign in signs for sign in NO_CALL_NEEDED)
    if unrung and _without_ringing(tracker, now):
        return _without_ringing(tracker, now)
    if "done" in signs and now.kind in (MEDICAL, "immediate"):
        return REACHED  # "ok, told her": the nurse, the crew
    asks = next((sign for sign in FEW_WORDS if sign in signs), None)
    waits_first = asks == MEANWHILE and now.kind in CALL_FIRST and now.state != "eased"
    if asks and not waits_first and (now.state != "asked" or now.kind in CALL_FIRST):
        return asks
    if now.state == "asked" and ENOUGH in signs and not any(s in signs for s in BARE):
        return None  # "that's all" is no yes to what stands there
    if _is_only_passive(tracker, now):
        return SAFE
    if _comes_and_goes(tracker, now):
        return HALF
    if now.kind == HURT_ONLY and now.state in ("asked", "staying") and "tended" in signs:
        no = "says_no" in signs or "safe" in signs or (intent == "deny" and _is_sure(tracker))
        return SAFE if no or "wish_to_live" in signs else TENDED
    if now.kind == HURT_ONLY and now.question == "thoughts" and "wish_to_live" in signs:
        return SAFE
    here = any(sign in signs for sign in THERE)
    open_to_names = now.state == "staying" or (now.state == "asked" and now.kind in MINUTES)
    if "names_someone" in signs and open_to_names and not here:
        return NAMED  # "maybe my sister" names her; it is no half answer
    they_hurt = now.kind in (UNSAFE_PERSON, "harm_to_others")
    if TOLD_THEM in signs and now.state in ("staying", "eased") and not they_hurt:
        return REACHED
    if (
        NEAR in signs
        and "safe" not in signs
        and not (they_hurt or here or COMPANY in signs or "reached" in signs)
    ):
        if now.state == "eased" and now.question in (RINGING, WITH_THEM):
            return REACHED  # who was told has come
        if open_to_names:
            return NAMED
    named = now.question in (NAMED_STEP, NAMED_RING) and now.state == "staying"
    if "going_to_name" in signs and named and own_probability(message) < UNEASY:
        return WILL_CALL
    if ("ambivalent" in signs or HALF_YES in signs) and "ambivalent" in answers:
        return answers["ambivalent"]
    for sign, meaning in SAID.items():
        danger = sign == COMPANY and now.kind in (UNSAFE_PERSON, "harm_to_others")
        tried = meaning == REACHED and "barrier_tried" in signs
        if sign in signs and not danger and not tried:
            return meaning
    words = (BARE.get(word, word) for word in (*signs, intent if _is_sure(tracker) else ""))
    return next((answers[word] for word in words if word in answers), None)


def _is_mere_doubt(now: Step) -> bool:
    """Whether nothing but the classifier spoke of risk in this conversation."""
    return now.kind in DOUBTS and not (now.sure or now.affirmed)


def _denies_firmly(tracker: Tracker, now: Step) -> bool:
    """Whether a firm no is said to a mere doubt, which is believed and put down to us."""
    of_thoughts = now.state == "staying" or now.question in OF_THOUGHTS
    firm = denies_firmly(tracker.latest_message, tracker.slots)
    return firm and of_thoughts and now.state in ("asked", "staying") and _is_mere_doubt(now)


def _comes_and_goes(tracker: Tracker, now: Step) -> bool:
    """Whether half a yes says how often, at a wish to be dead, or at a doubt that it deepens."""
    wish = now.kind == "passive_ideation" and now.question == "thoughts"
    wish = wish and "ambivalent" in _signs(tracker)
    doubt = now.kind == UNSURE and now.question in ("thoughts", "safe")
    doubt = doubt and is_low(tracker.latest_message)
    return now.state == "asked" and (wish or doubt) and "comes_and_goes" in _signs(tracker)


def _talks_on(tracker: Tracker, now: Step) -> bool:
    """Whether a yes at a mere doubt begins something else, so that it is asked again."""
    message = tracker.latest_message
    asked = now.state == "asked" and now.question == "thoughts" and not (now.sure or now.affirmed)
    calm = message.get("risk") in (NO_RISK, "third_party") and not is_low(message)
    return asked and calm and "yes_then_on" in _signs(tracker)


def _without_ringing(tracker: Tracker, now: Step) -> str | None:
    """Return what it means that they do not ring; a reason is met first where none was promised."""
    barrier, promised = _barrier(tracker), now.state in ("no", "eased")
    if now.kind in CALL_FIRST:
        return None if barrier else DANGER
    return HOLDS_BACK if promised or (now.state == "staying" and not barrier) else None


def _tended(tracker: Tracker) -> bool:
    """Whether the message says that self-harm, told before, is seen to."""
    return is_tended(tracker.latest_message, {"crisis_affirmed": HURT_ONLY})


def _is_sure(tracker: Tracker) -> bool:
    """Whether the intent is likelier than not; "I'll think about it" is no yes."""
    intent = tracker.latest_message.get("intent") or {}
    return float(intent.get("confidence") or 0.0) >= LIKELIER


def _after_answer(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, turn: int) -> Step:
    """Answer what was said after the card."""
    intent, numbers = intent_of(tracker), crisis_numbers(tracker)
    meaning = _meaning(tracker, now)
    barrier = _barrier(tracker)
    leaves = any(sign in _signs(tracker) for sign in CLOSES)
    if now.kind == UNSAFE_PERSON and meaning is None and leaves:
        say(dispatcher, "utter_route_aside_cannot_talk", **numbers)
        return replace(now, state="staying", question=QUESTION_OF[UNSAFE_PERSON])
    told = _told_plainly(tracker)
    if told and meaning is None and now.kind == UNSURE and now.state == "asked":
        return _give_route(dispatcher, tracker, replace(now, state="no"), told)
    said_safe = "safe" in _signs(tracker)
    if now.kind == MEDICAL and not now.sure and "only_panic" in _signs(tracker):
        return _medical_put_right(dispatcher, tracker, now)
    if now.kind == MEDICAL and aside_of(tracker.latest_message, tracker.slots) == "what_now":
        route = str(tracker.get_slot("route_waiting"))
        return _give_route(dispatcher, tracker, replace(now, state="eased"), route)
    if now.state == "eased" and WORK_AHEAD in _signs(tracker) and meaning in (None, REACHED):
        say(dispatcher, "utter_crisis_work")
        return now
    waits = tracker.get_slot("route_waiting")
    if meaning in (SAFE, MISREAD) and _denies_firmly(tracker, now) and not waits:
        return _put_right(dispatcher, tracker, now)
    doubted = in_doubt(tracker.latest_message, tracker.slots)
    plain = (
        said_safe or _is_only_passive(tracker, now) or (now.kind == HURT_ONLY and _tended(tracker))
    )
    by_doubt = meaning == SAFE and not plain and not barrier and doubted
    if by_doubt and now.question == "thoughts" and _is_mere_doubt(now):
        say(dispatcher, "utter_crisis_no_doubted", "utter_crisis_card", **numbers)
        say(dispatcher, "utter_crisis_ask_unanswered")
        return replace(now, state="asked", question="safe")
    if by_doubt:
        meaning = HALF  # a no that the classifier doubts is half a no; "I'm safe" is believed
    if meaning == HOLDS_BACK:
        return _still_here(dispatcher, tracker, now, barrier)
    if meaning == TENDED:
        say(dispatcher, "utter_crisis_tended", **numbers)
        return replace(now, state="asked", question="thoughts")
    if meaning in FEW_WORDS:
        return _answer_on(dispatcher, tracker, now, meaning)
    if meaning == HALF and _comes_and_goes(tracker, now):
        say(dispatcher, "utter_crisis_half_passive", "utter_crisis_card", **numbers)
        say(dispatcher, "utter_crisis_ask_half_passive")
        return replace(now, state="asked", question=HALF_ASKED)
    if meaning in (DANGER, HALF):
        # a yes is a sign too: the numbers stand under it, or 999 alone where minutes count
        card = () if now.kind in CALL_FIRST else ("utter_crisis_card",)
        if meaning == HALF and now.kind not in OTHER_FAMILY:
            say(dispatcher, "utter_crisis_ambivalent", *card, **numbers)
        else:
            said_yes = _own("utter_crisis_yes", now.kind, YES_OF_ITS_OWN)
            say(dispatcher, said_yes, *card, **numbers)
        if meaning == HALF and barrier and now.kind not in OTHER_FAMILY:
            say(dispatcher, _barrier_response(now.kind, barrier), **numbers)
        else:
            own = OPTIONS_OF_ITS_OWN
            _say_own(dispatcher, "utter_crisis_call_options", now.kind, own, **numbers)
        by_doubt = by_doubt and _is_mere_doubt(now)
        bare = by_doubt or (meaning == DANGER and _is_bare_no(tracker, now))
        affirmed = now.affirmed if by_doubt or now.question in CALLS else now.kind
        return replace(
            now,
            state="staying",
            question="open",
            sure=now.sure or not bare,
            affirmed=affirmed_after(affirmed, now.affirmed),
        )
    urgent = now.kind in CALL_FIRST and now.question in CALLS
    if (
        barrier
        and meaning in (None, SAFE)
        and (now.state != "eased" or urgent or now.question in (*CARE, RINGING, WITH_THEM))
    ):
        say(dispatcher, _barrier_response(now.kind, barrier), **numbers)
        if now.state == "eased" and now.question in (*CARE, WITH_THEM) and not urgent:
            return replace(now, stands=now.question == WITH_THEM)
        return replace(now, state="staying", question=QUESTION_OF.get(now.kind, "step"))
    if meaning == NAMED:
        _say_own(dispatcher, "utter_crisis_named", now.kind, CALL_FIRST, **numbers)
        question = NAMED_RING if now.kind in CALL_FIRST else NAMED_STEP
        return replace(now, state="staying", question=question)
    if meaning == WILL_CALL:
        if now.kind in CALL_OF_ITS_OWN:
            say(dispatcher, f"utter_crisis_will_call_{now.kind}", **numbers)
        else:
            say(dispatcher, "utter_crisis_will_call", **numbers)
        question = "can_ring" if now.kind in CALL_FIRST else RINGING
        return replace(now, state="eased", question=question)
    waiting = tracker.get_slot("route_waiting")
    beside = is_with_somebody(tracker.latest_message, tracker.slots) and not waiting
    if meaning == REACHED and not beside:
        if "coming" in _signs(tracker) and now.kind not in PRESENT_FIRST:
            say(dispatcher, "utter_crisis_until_then", **numbers)
        else:
            say(dispatcher, f"utter_crisis_reached{'_medical' if now.kind == MEDICAL else ''}")
        return replace(now, state="eased", question=WITH_THEM)
    if beside and meaning in (None, REACHED, SAFE) and intent not in (*BUTTONS, *LEAVES):
        say(dispatcher, "utter_crisis_with_them")
        return replace(now, stands=True)
    if waiting and now.kind in (UNSURE, UNSAFE_PERSON) and meaning in (SAFE, MISREAD):
        safe = now.kind == UNSAFE_PERSON and meaning == SAFE
        return _give_route(dispatcher, tracker, replace(now, state="no"), waiting, safe)
    named = MEANS_UNIT in _signs(tracker) or intent in BUTTONS
    if now.question == WHICH and meaning in (SAFE, MISREAD) and named:
        say(dispatcher, "utter_crisis_meant_unit")
        return replace(now, state="no", question=PUT_RIGHT_QUESTION)
    misread = meaning == MISREAD and (now.state == "asked" or not now.sure)
    if misread and now.kind in NO_OF_ITS_OWN:
        meaning = SAFE
    elif misread and (now.question not in CALLS or not now.sure):
        return _put_right(dispatcher, tracker, now)
    elif meaning == MISREAD and (said_safe or now.kind == UNSAFE_PERSON):
        meaning = SAFE
    if meaning == SAFE and "change_subject" in _signs(tracker) and now.kind not in NO_OF_ITS_OWN:
        talked = _went_on(dispatcher, tracker, "utter_crisis_back_to")
        if talked is not None:
            return replace(now, state="eased", question="open", talked=talked)
    if meaning == SAFE:
        if ONLY_PASSIVE in _signs(tracker):
            say(dispatcher, "utter_crisis_only_passive")
        elif now.kind in NO_OF_ITS_OWN:
            say(dispatcher, f"utter_crisis_no_{now.kind}", **numbers)
        elif _names_its_subject(tracker, now):
            return _take_up_again(dispatcher, tracker, now)
        else:
            say(dispatcher, "utter_crisis_no")
        return replace(now, state="eased", question=CARE[0] if now.kind in NOT_LEFT_YET else "open")
    if intent == "goodbye" or (intent == "thank" and "closing" in _signs(tracker)):
        say(dispatcher, "utter_crisis_goodbye", "utter_crisis_card", **numbers)
        return replace(now, state="no") if now.state == "eased" else now
    if meaning == CHANGE or (
        intent == "carry_on" and (now.state == "eased" or now.kind == ASKED_FOR)
    ):
        after = replace(now, state="eased" if now.state == "staying" else "no", question="open")
        if waiting:
            return _give_route(dispatcher, tracker, after, waiting)
        talked = _went_on(dispatcher, tracker, "utter_crisis_on_with")
        if talked is None:
            say(dispatcher, "utter_crisis_carry_on")
        return replace(after, talked=talked)
    if intent in DROPS and _drops(tracker) and now.kind in DOUBTS and is_begun(tracker.slots):
        say(dispatcher, "utter_referral_dropped")
        return replace(now, state="no", question="open", dropped=True)
    return _unanswered(dispatcher, tracker, now, turn)


def _answer_on(
    dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, asked: str | None
) -> Step:
    """Answer what is asked about the next minutes: words, the wait, or whether to work on."""
    numbers = crisis_numbers(tracker)
    if asked == WORDS:
        _say_own(dispatcher, "utter_crisis_words", now.kind, WORDS_OF_THEIR_OWN, **numbers)
    elif asked == MEANWHILE:
        say(dispatcher, "utter_crisis_until_then", **numbers)
    else:
        say(dispatcher, "utter_crisis_hand_over", **numbers)
    if now.state == "eased":
        return replace(now, stands=True)
    named = now.question in (NAMED_STEP, NAMED_RING)
    question = now.question if named else QUESTION_OF.get(now.kind, "step")
    return replace(now, state="staying", question=question)


def _signs(tracker: Tracker) -> Collection[str]:
    return tuple(tracker.latest_message.get("signs") or ())


def _medical_put_right(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step) -> Step:
    """Believe it, and name what would need 999 all the same; what waited comes next."""
    say(dispatcher, "utter_crisis_medical_put_right", **crisis_numbers(tracker))
    eased, waiting = replace(now, state="eased", question="open"), tracker.get_slot("route_waiting")
    if waiting:
        return _give_route(dispatcher, tracker, eased, waiting)
    say(dispatcher, "utter_crisis_medical_put_right_ask")
    return eased


def _names_its_subject(tracker: Tracker, now: Step) -> bool:
    """Whether a mere doubt is put right in a message that says what it was about."""
    doubt = now.kind == UNSURE and not (now.sure or now.affirmed)
    return doubt and _subject(tracker) is not None and not is_low(tracker.latest_message)


def _subject(tracker: Tracker) -> Heard | None:
    heard = heard_in(tracker.latest_message)
    return heard if heard.anything() and heard.stage != EDGE else None


def _take_up_again(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step) -> Step:
    """Thank them, and go on with what they named."""
    talked = _went_on(dispatcher, tracker, "utter_crisis_back_to")
    return replace(now, state="no", question=PUT_RIGHT_QUESTION, talked=talked)


def _went_on(dispatcher: CollectingDispatcher, tracker: Tracker, opening: str) -> Memory | None:
    """Say `opening`, then take up what the message or the talk before named.

    Return what the talk remembers then; None, and nothing said, where nothing was named.
    """
    heard, before = _subject(tracker), memory_of(tracker)
    thread = [concern for concern in before.concerns_heard if concern not in NOT_PRESUMED]
    if heard is not None:
        quiet = before.turn + QUIET_TURNS
        calm = replace(before, safety_asked=True, summary_given=True, no_offer_before_turn=quiet)
        reply = reply_to_talk(replace(heard, uneasy=False), calm)
        say(dispatcher, opening)
        say_reply(dispatcher, reply)
        return replace(reply.memory, summary_given=before.summary_given)
    if not thread:
        return None
    say(dispatcher, opening)
    say(dispatcher, question_about(thread[-1], before))
    return replace(before, last_ask="thread")


def _put_right(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step) -> Step:
    """Believe somebody who says that they were read wrongly.

    What was stated was not read wrongly: then it is the denial that is believed.
    """
    if now.sure and now.affirmed and now.kind not in NOT_OWN:
        say(dispatcher, "utter_crisis_taken_at_word")
        return replace(now, state="eased", question="open")
    if _names_its_subject(tracker, now):
        return _take_up_again(dispatcher, tracker, now)
    say(dispatcher, "utter_crisis_misread")
    affirmed = now.affirmed if now.kind in NOT_OWN else None
    return replace(now, state="no", question=PUT_RIGHT_QUESTION, affirmed=affirmed)


def _still_here(
    dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, barrier: str | None
) -> Step:
    """Stay with somebody who does not ring after all: the numbers, and another way."""
    numbers = crisis_numbers(tracker)
    say(dispatcher, "utter_crisis_not_ringing", "utter_crisis_card", **numbers)
    if barrier:
        say(dispatcher, _barrier_response(now.kind, barrier), **numbers)
    elif now.kind in OTHER_FAMILY:
        say(dispatcher, f"utter_crisis_stay_{OTHER_FAMILY[now.kind]}", **numbers)
    else:
        say(dispatcher, "utter_crisis_another_way", **numbers)
    return replace(now, state="staying", question=QUESTION_OF.get(now.kind, "step"))


def _is_bare_no(tracker: Tracker, now: Step) -> bool:
    """Whether danger is read from a no alone, which "you read me wrongly" takes away again."""
    answers = QUESTIONS[now.question]
    signs = _signs(tracker)
    return answers.get("deny") == DANGER and not any(
        sign in signs for sign in (OWNS_UP, RELAPSE, NOT_SAFE, WONT_RING, BACKS_OUT, "ambivalent")
    )


def _drops(tracker: Tracker) -> bool:
    """Whether what would be sent is let go of by a button, or in so many words."""
    typed = bool(str(tracker.latest_message.get("text") or "").strip())
    return not typed or "drops_plainly" in _signs(tracker)


def _give_route(
    dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, route: str, safe: bool = False
) -> Step:
    """Say the route that waited; return where the conversation stands then."""
    done = is_known(tracker, route)
    say_route(dispatcher, tracker, route, answered=safe or done)
    asked = "open" if safe or done else question_of(route)
    return replace(now, question="open", asked=asked, route=route)


def _unanswered(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, turn: int) -> Step:
    """Stay with somebody who answered something else."""
    short = len(str(tracker.latest_message.get("text") or "").split()) <= SHORT
    short = short or ENOUGH in _signs(tracker)
    waiting = tracker.get_slot("route_waiting")
    told = harm_of(tracker) if now.kind == UNSURE and now.state == "asked" else None
    if told in OWN_ROUTES and not waiting and not (now.sure or at_the_edge(tracker.latest_message)):
        return _give_route(dispatcher, tracker, replace(now, state="no"), told)
    stays = now.kind not in UNCERTAIN or (now.kind == UNSURE and short and not waiting)
    talks_on = _talks_on(tracker, now)
    of_thoughts = now.question == "thoughts" or (
        now.question == WHICH and now.kind not in CALL_FIRST
    )
    if now.state == "asked" and (stays or talks_on) and of_thoughts:
        _say_heard_too(dispatcher, tracker)
        if now.kind == "harm_to_others":
            say(dispatcher, "utter_crisis_ask_unanswered_harm_to_others")
            return replace(now, state="staying", question="thoughts")
        say(dispatcher, "utter_crisis_ask_unanswered")
        return replace(now, question="safe")
    if waiting and (now.kind == UNSURE or now.state == "eased"):
        return _give_route(dispatcher, tracker, replace(now, state="no"), waiting)
    if now.state == "eased" and now.question in CARE:
        say(dispatcher, f"utter_crisis_care_{now.kind}", **crisis_numbers(tracker))
        return replace(now, question=CARE[1] if now.question == CARE[0] else "open")
    asked_twice = now.question == "safe" and now.kind not in (*DOUBTS, NOT_SAFE)
    maybe_misread = now.kind in (UNSURE, PAST_ATTEMPT) or (asked_twice and not now.sure)
    maybe_misread = maybe_misread and now.question != HALF_ASKED
    low = is_low(tracker.latest_message) or at_the_edge(tracker.latest_message)
    if maybe_misread and now.state == "asked" and not low:
        say(dispatcher, "utter_crisis_passed_over")  # a misreading is not pressed
        return replace(now, state="no", question=PASSED_OVER)
    stays_open = now.state == "staying" and now.kind not in OTHER_FAMILY
    if stays_open and speaks_of_else(tracker.latest_message, not _is_mere_doubt(now)):
        return _meet_something_else(dispatcher, tracker, now)
    stayed = _stay(dispatcher, tracker, now, turn)
    if now.state == "asked" and now.kind in UNCERTAIN:
        return replace(stayed, state="eased", question="open")
    return replace(stayed, state="staying")


def _meet_something_else(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step) -> Step:
    """Stay with who speaks of something else, once; then go on with it, and leave the way back."""
    if now.question != ELSEWHERE:
        _say_heard_too(dispatcher, tracker)
        say(dispatcher, "utter_crisis_stay_elsewhere")
        return replace(now, question=ELSEWHERE)
    state = "no" if _is_mere_doubt(now) else "eased"
    talked = _went_on(dispatcher, tracker, "utter_crisis_goes_with")
    if talked is None:
        say(dispatcher, "utter_crisis_goes_with")
        say(dispatcher, "utter_crisis_carry_on")
    return replace(now, state=state, question="open", talked=talked)


def _told_plainly(tracker: Tracker) -> str | None:
    """Return the harm of their own that a message tells by a phrase or clearly, not given yet.

    A message that leaves a doubt about safety itself tells none: that comes first.
    """
    message = tracker.latest_message
    if is_low(message) or at_the_edge(message) or tracker.get_slot("route_waiting"):
        return None
    sources = message.get("harm_sources") or {}
    found = (*(sources.get("patterns") or ()), *(sources.get("clear") or ()))
    given = tracker.get_slot("routes_given") or ()
    return next((h for h in found if h in OWN_ROUTES and h not in given), None)


def _stay(dispatcher: CollectingDispatcher, tracker: Tracker, now: Step, turn: int) -> Step:
    """Say a sentence that stays with them, and with the numbers."""
    numbers = crisis_numbers(tracker)
    _say_heard_too(dispatcher, tracker)
    family = OTHER_FAMILY.get(now.kind)
    if intent_of(tracker) == "thank" and now.kind not in CALL_FIRST:
        say(dispatcher, "utter_crisis_thanked")
        return replace(now, question="open")
    if intent_of(tracker) == "object_to_bot" and family is None:
        say(dispatcher, "utter_crisis_objected", **numbers)
        return replace(now, question="step")
    if family:
        if now.kind == UNSAFE_PERSON and STRANGLED in _signs(tracker):
            say(dispatcher, "utter_route_aside_throat")
        say(dispatcher, f"utter_crisis_stay_{family}", **numbers)
        return replace(now, question=QUESTION_OF.get(family, "open"))
    if turn % 2:
        say(dispatcher, "utter_crisis_stay_could")
        return replace(now, question="step")
    say(dispatcher, "utter_crisis_stay")
    return replace(now, question="open")


def _say_heard_too(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say that another trouble, told in the middle of this, was read."""
    sources = tracker.latest_message.get("harm_sources") or {}
    sure = harm_of(tracker) in (sources.get("patterns") or ())
    if sure and not tracker.get_slot("route_waiting"):
        say(dispatcher, "utter_crisis_heard_too")


def _say_own(
    dispatcher: CollectingDispatcher, name: str, kind: str, own: tuple[str, ...], **values: Any
) -> None:
    """Say the response of a kind that has one of its own, else the one for risk to oneself."""
    say(dispatcher, _own(name, kind, own), **values)


def _own(name: str, kind: str, own: tuple[str, ...]) -> str:
    """Return the response of a kind that has one of its own, else the one for risk to oneself."""
    family = OTHER_FAMILY.get(kind, kind)
    kinds = (kind, family, "immediate" if kind in AS_IMMEDIATE else "")
    return f"{name}_{next((k for k in kinds if k in own), 'self')}"


def _barrier_response(kind: str, barrier: str) -> str:
    """Return the response to what makes a call hard: where minutes count, one that says 999."""
    own = BARRIERS_OF_THEIR_OWN.get(kind)
    if own is None:
        return f"utter_crisis_{barrier}"
    return f"utter_crisis_barrier_{kind}{barrier.removeprefix('barrier') if barrier in own else ''}"


def _barrier(tracker: Tracker) -> str | None:
    """Return the sign that names what makes a call hard, if the message holds one."""
    signs = _signs(tracker)
    return next((str(sign) for sign in signs if sign.startswith(BARRIER)), None)

"""Free talk: taking up what somebody tells."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.handover import MESSAGE_MADE, ActionInform
from actions.local_facts import told_deanery
from actions.questions import keep_step, say_about
from actions.routes import REMARKS, given_route, question_of, route_for_later, say_route
from actions.session import ActionClose
from actions.speaking import intent_of, memory_of, remember, say, say_reply
from bot.dialogue.context import (
    BARE_WORDS,
    HARM_QUESTIONS,
    MISREAD,
    answer_of,
    is_breathless,
    question_again,
    stays_open,
)
from bot.dialogue.memory import heard_in
from bot.dialogue.reading import ABOUT, STEPS_TO_UNIT, asked_label, topic_of
from bot.dialogue.referral import OFFERED_AGAIN, REFERRAL, SENT_WITH, unsent
from bot.dialogue.replies import (
    MOST_DECLINES,
    SUMMARY,
    Heard,
    Memory,
    Reply,
    after_safe,
    declined,
    misread,
    put_right,
    reply_to_talk,
)
from bot.nlu.routes import CORRECTS, DENIES, PET_NAME, SEXUAL, UNFIT, may_be_told, routes

ACTS = (
    "affirm",
    "deny",
    "unsure",
    "carry_on",
    "something_on_my_mind",
    "smalltalk",
    "choose",
    "none_of_these",
)
"""Intents with replies of their own when nothing was recognised beside them."""

ASKS = "ask_"
"""What the intents of questions begin with."""

LIKELY_QUESTION = 0.05
"""Probability from which a question is named as one that may be meant."""

FEWEST_QUESTIONS, MOST_QUESTIONS = 2, 3
"""Questions named at once; of one alone it would be asked whether it is one of these."""

NOT_NAMED = ("ask_to_repeat", "ask_about")
"""Questions that nobody would choose from a list."""

STATEMENTS = ("_reflect", "_affirm")
"""Ends of the names of responses that take something up and ask nothing."""

TAKES_UP_NOTHING = ("utter_listen_reflect", "utter_no_answer_reflect")
"""Openings that are left out where a question is answered."""

ASKED_FIRST = ("safe_now", *HARM_QUESTIONS)
"""Values of `asked` whose question is put even where an answer was given."""

FOREIGN, MAYBE = "not_english", 0.3
"""The intent of another language, and the probability from which it is nearly the likeliest."""

UNSURE = "unsure_of_offer"
"""`last_ask` after an offer was met with "maybe"."""

NOT_THAT = "not_about_that"
"""The sign of "that's not what it is about"."""

MESSAGE = "message_form"
"""The form that makes the message to copy."""


PUTS_RIGHT_LATER = (CORRECTS, "no_such_thing")
"""Signs that put a question about a harm right when something else was spoken of since."""

UNCLEAR_LIMIT = 2
"""Unclear messages in a row after which the help card and the menu are shown."""


class ActionReplyToTalk(Action):
    """Takes up what was told and asks one thing, or offers to tell about the unit."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_reply_to_talk"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the reply; a deanery that somebody says they are in is kept."""
        said = await self._reply(dispatcher, tracker, domain)
        return [*told_deanery(tracker), *said]

    async def _reply(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        before = memory_of(tracker)
        heard, intent = heard_in(tracker.latest_message), intent_of(tracker)
        signs = tracker.latest_message.get("signs") or ()
        answers = heard.answer or _names_somebody(signs) or stays_open(tracker.slots)
        if intent == "inform" and not answers:
            return await ActionInform().run(dispatcher, tracker, domain)
        if beside := await beside_a_form(dispatcher, tracker, domain):
            return beside
        if is_breathless(tracker.latest_message):
            say(dispatcher, "utter_breathless", **crisis_numbers(tracker))
        signs = tracker.latest_message.get("signs") or ()
        if _denies_harm(tracker):
            return _put_right(dispatcher, tracker, heard, before)
        if intent == "share" and not heard.anything() and _may_be_foreign(tracker):
            return _say_foreign(dispatcher, before)
        if NOT_THAT in signs and before.last_ask == MESSAGE_MADE:
            say(dispatcher, "utter_had_that_wrong")
            return [FollowupAction(MESSAGE)]  # what the message is about is asked for again
        denied = _says_no(tracker) or MISREAD in signs
        summed_wrong = before.last_ask == SUMMARY and denied
        told_wrong = NOT_THAT in signs and bool(before.concerns_heard)
        if (summed_wrong or told_wrong) and not may_be_told(tracker.latest_message, tracker.slots):
            reply = put_right(heard, before)
            say_reply(dispatcher, reply)
            return remember(before, reply.memory, unclear_run=0)
        if MISREAD in signs and before.talk_turns and heard.brief and not heard.anything():
            reply = misread(before, None, "utter_taken_as_meant")
            say_reply(dispatcher, reply)
            return remember(before, reply.memory, unclear_run=0)
        if _wants_no_unit(tracker):
            if not heard.anything():
                return await ActionNotNow().run(dispatcher, tracker, domain)
            before = declined(before, for_good=True)
        if "not_answered" in signs and asked_label(tracker.latest_message) is None:
            say(dispatcher, "utter_not_answered")
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        if "closing" in signs and not heard.uneasy:
            return await say_and_close(dispatcher, tracker, domain)
        act, harm = _act(intent, before), may_be_told(tracker.latest_message, tracker.slots)
        harm = harm or question_again(tracker.slots)
        if act is not None and harm is None and not heard.anything():
            say(dispatcher, f"utter_act_{act}")
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        if heard.question and not heard.anything() and _say_questions(dispatcher, tracker):
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        return _take_up(dispatcher, tracker, heard, before)


class ActionReplyUnclear(Action):
    """Invites more when a message could not be read; twice in a row brings help and a menu."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_reply_unclear"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the invitation, or the card and the menu; once for a message, whoever asks again."""
        if _was_done(tracker, self.name()):
            return [FollowupAction("action_listen")]
        before = memory_of(tracker)
        heard, likeliest = heard_in(tracker.latest_message), _likeliest_intent(tracker)
        if _denies_harm(tracker):
            return _put_right(dispatcher, tracker, heard, before)
        if likeliest.startswith(ASKS) and _say_questions(dispatcher, tracker):
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        if beside := await beside_a_form(dispatcher, tracker, domain):
            return beside
        if not heard.anything() and _may_be_foreign(tracker):
            return _say_foreign(dispatcher, before)
        if "closing" in (tracker.latest_message.get("signs") or ()) and not heard.uneasy:
            return await say_and_close(dispatcher, tracker, domain)
        if heard.anything() or likeliest == "share" or stays_open(tracker.slots):
            return _take_up(dispatcher, tracker, heard, before)
        named = next(tracker.get_latest_entity_values("deanery"), None)
        if named:  # "it's Wales"; Rasa fills the slot only where the intent is clear
            tracker.slots["deanery"] = named
            noted = await ActionInform().run(dispatcher, tracker, domain)
            return [SlotSet("deanery", named), *noted]
        run = int(tracker.get_slot("unclear_run") or 0) + 1
        after = replace(before, turn=before.turn + 1, asked="open")
        if run >= UNCLEAR_LIMIT:
            say(dispatcher, "utter_help_card")
            say(dispatcher, "utter_menu")
            run = 0
        else:
            say(dispatcher, "utter_unclear")
        return remember(before, after, unclear_run=run)


async def beside_a_form(
    dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
) -> list[EventType]:
    """Answer words beside a question of the referral's or the message's form, if one runs.

    Whoever wants no message leaves it.
    """
    form = tracker.active_loop.get("name")
    if form == REFERRAL:
        return say_aside(dispatcher, tracker)
    if form != MESSAGE and memory_of(tracker).asked != "wording":
        return []
    if "declines_message" in (tracker.latest_message.get("signs") or ()):
        left = await ActionNotNow().run(dispatcher, tracker, domain)
        return [ActiveLoop(None), SlotSet("requested_slot", None), *left]
    if form == MESSAGE and NOT_THAT in (tracker.latest_message.get("signs") or ()):
        say(dispatcher, "utter_had_that_wrong")
        return [SlotSet("message_about", None)]  # the form asks for it again
    return say_aside(dispatcher, tracker) if form == MESSAGE else []


def say_aside(dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
    """Take up words beside a question of a form without a question: the form asks its own next.

    Of what is chosen for a unit it is said that they are no part of it.
    """
    before, heard = memory_of(tracker), heard_in(tracker.latest_message)
    first = reply_to_talk(heard, before).bubbles[0]
    referral = tracker.active_loop.get("name") == REFERRAL
    if all(name.endswith(STATEMENTS) for name in first) and (referral or heard.anything()):
        say(dispatcher, *first)
    if referral:
        say(dispatcher, "utter_referral_aside")
    after = replace(before, turn=before.turn + 1)
    return [*remember(before, after, unclear_run=0), *route_for_later(tracker)]


async def say_and_close(
    dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
) -> list[EventType]:
    """Take up what was told on the way out, without a question, and end."""
    heard = heard_in(tracker.latest_message)
    first = reply_to_talk(heard, memory_of(tracker)).bubbles[0]
    if heard.anything() and all(name.endswith(STATEMENTS) for name in first):
        say(dispatcher, *first)
    return await ActionClose().run(dispatcher, tracker, domain)


class ActionNotNow(Action):
    """Respects a no, and leaves every door open."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_not_now"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say so, and offer nothing for a while.

        Where nothing was offered, "I don't want it on my record" is no answer to anything: what was
        heard in it is taken up.
        """
        before, heard = memory_of(tracker), heard_in(tracker.latest_message)
        if (step := topic_of(tracker.latest_message)) in STEPS_TO_UNIT:  # out of the message's form
            say(dispatcher, f"utter_asked_{step}")
            return keep_step(step, before, replace(before, turn=before.turn + 1, last_ask=ABOUT))
        for_good = _wants_no_unit(tracker)
        says_yes = "says_yes" in (tracker.latest_message.get("signs") or ())
        offered = before.asked not in ("nothing", "open", *HARM_QUESTIONS)
        if not offered and (heard.anything() or says_yes) and not for_good:
            return _take_up(dispatcher, tracker, heard, before)
        if before.asked == "open" and before.last_ask == MESSAGE_MADE:
            return await say_and_close(dispatcher, tracker, domain)
        unsure = intent_of(tracker) == "unsure"
        after = declined(replace(before, turn=before.turn + 1), for_good, unsure)
        if after.declines >= MOST_DECLINES and (for_good or after.declines > before.declines):
            say(dispatcher, "utter_no_more_offers")
        else:
            sent = tracker.get_slot("sent_way") in SENT_WITH
            conditional = "not_if_they_tell" in (tracker.latest_message.get("signs") or ())
            kept = "utter_not_if_told" if conditional else "utter_not_now"
            say(dispatcher, "utter_not_now_sent" if sent else kept)
        return remember(before, after, unclear_run=0)


class ActionUnsureOfOffer(Action):
    """Meets "maybe" about an offer with what it costs to look; a second one is a no."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_unsure_of_offer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say it once, and leave the offer standing."""
        before = memory_of(tracker)
        if before.last_ask == UNSURE:
            return await ActionNotNow().run(dispatcher, tracker, domain)
        referral = before.asked == "referral" and not unsent(tracker.slots)
        if before.asked == "message":
            say(dispatcher, "utter_message_unsure")
        else:
            say(dispatcher, "utter_referral_unsure" if referral else "utter_offer_unsure")
        after = replace(before, turn=before.turn + 1, last_ask=UNSURE)
        return remember(before, after, unclear_run=0)


class ActionSafeForNow(Action):
    """Believes somebody who says they are safe, and goes on listening."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_safe_for_now"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Thank them, and ask for the smallest step."""
        before = memory_of(tracker)
        turn = before.turn + 1
        say(dispatcher, "utter_safe_thanks")
        waiting = tracker.get_slot("route_waiting")
        if waiting:
            say_route(dispatcher, tracker, waiting)
            after = replace(before, turn=turn, asked=question_of(waiting))
            return [*remember(before, after, unclear_run=0), *given_route(tracker, waiting)]
        waits = unsent(tracker.slots)
        if waits:
            say(dispatcher, OFFERED_AGAIN[waits])
            after = replace(before, turn=turn, asked=waits)
            return remember(before, after, unclear_run=0)
        facet, question = after_safe(before)
        say(dispatcher, question)
        after = replace(
            before, turn=turn, asked="open", last_ask=facet, no_offer_before_turn=turn + 2
        )
        return remember(before, after, unclear_run=0)


def _denies_harm(tracker: Tracker) -> bool:
    """Whether a harm that was asked about is denied, or put right later on in so many words."""
    signs = tracker.latest_message.get("signs") or ()
    if tracker.get_slot("asked") == "maybe_route":
        return _says_no(tracker) or "starts_no" in signs
    return bool(tracker.get_slot("harm_open")) and any(s in signs for s in PUTS_RIGHT_LATER)


def _put_right(
    dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard, before: Memory
) -> list[EventType]:
    """Own that a harm was misread, and go on with what they say in its place."""
    checked = list(tracker.get_slot("routes_checked") or ())
    wrong = routes()[checked[-1]].concern if checked else None
    if not (heard.anything() or heard.uneasy):
        another_day = "not_only_now" in (tracker.latest_message.get("signs") or ())
        if checked and checked[-1] == UNFIT and another_day:
            say(dispatcher, "utter_route_aside_fit")
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        reply = misread(before, wrong)
        if len(str(tracker.latest_message.get("text") or "").split()) > BARE_WORDS:
            # they said what it is, in words that nothing was recognised in
            memory = replace(reply.memory, last_ask="listen")
            reply = Reply((reply.bubbles[0], ("utter_maybe_not_ask",)), memory)
        say_reply(dispatcher, reply)
        return remember(before, reply.memory, unclear_run=0, harm_open=None)
    concerns = tuple(concern for concern in before.concerns_heard if concern != wrong)
    after = replace(before, asked="open", concerns_heard=concerns)
    meant = tuple(concern for concern in heard.concerns if concern != wrong)
    say(dispatcher, "utter_maybe_not")
    events = remember(before, after, harm_open=None)
    return [*events, *_take_up(dispatcher, tracker, replace(heard, concerns=meant), after)]


def _take_up(
    dispatcher: CollectingDispatcher, tracker: Tracker, heard: Heard, before: Memory
) -> list[EventType]:
    """Say the reply to what was told; a harm that it may tell is asked about, and remembered so."""
    harm = may_be_told(tracker.latest_message, tracker.slots)
    again = None if _leaves_it(tracker) else question_again(tracker.slots)
    named = harm == SEXUAL and PET_NAME in (tracker.latest_message.get("signs") or ())
    told = replace(
        heard,
        harm=harm,
        harm_worded=REMARKS if named else None,
        again=again,
        unsent=unsent(tracker.slots),
    )
    reply = reply_to_talk(told, before)
    kept = stays_open(tracker.slots)
    if kept and reply.memory.asked == "open" and not (harm or heard.anything()):
        reply = replace(reply, memory=replace(reply.memory, asked=kept))
    topic = topic_of(tracker.latest_message)
    if topic is not None:
        reply = _answered(dispatcher, tracker, reply, before, topic)
    else:
        say_reply(dispatcher, reply, **crisis_numbers(tracker))
    events = [*remember(before, reply.memory, unclear_run=0), *route_for_later(tracker)]
    if kept in ("route", "safe_from_them"):
        events.append(SlotSet("route_again", tracker.get_slot("route_asked")))
    if harm is not None and reply.memory.last_ask == "maybe_route":
        checked = [*(tracker.get_slot("routes_checked") or ()), harm]
        events += [SlotSet("routes_checked", checked), SlotSet("harm_open", harm)]
    return events


def _leaves_it(tracker: Tracker) -> bool:
    """Whether they would rather not answer."""
    return intent_of(tracker) == "not_now" or "change_subject" in (
        tracker.latest_message.get("signs") or ()
    )


def _names_somebody(signs: Collection[str]) -> bool:
    return "names_kin" in signs or "names_someone" in signs


def _answered(
    dispatcher: CollectingDispatcher, tracker: Tracker, reply: Reply, before: Memory, topic: str
) -> Reply:
    """Say an opening of a reply, the answer to what was asked in it, and no question but of safety.

    Return the reply as it was said.
    """
    first, *rest = reply.bubbles
    said = [first] if first[0] not in TAKES_UP_NOTHING and first[0].endswith(STATEMENTS) else []
    for bubble in said:
        say(dispatcher, *bubble)
    say_about(dispatcher, tracker, topic)
    if reply.memory.asked in ASKED_FIRST:
        for bubble in rest:
            say(dispatcher, *bubble, **crisis_numbers(tracker))
        return reply
    memory = replace(
        reply.memory,
        asked="open",
        last_ask=before.last_ask,
        no_offer_before_turn=before.no_offer_before_turn,
        summary_given=before.summary_given,
    )
    return replace(reply, bubbles=tuple(said), memory=memory)


def _was_done(tracker: Tracker, action: str) -> bool:
    """Whether an action was done since the latest message already."""
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            return False
        if event.get("event") == "action" and event.get("name") == action:
            return True
    return False


def _wants_no_unit(tracker: Tracker) -> bool:
    return "declines_unit" in (tracker.latest_message.get("signs") or ())


def _says_no(tracker: Tracker) -> bool:
    signs = tracker.latest_message.get("signs") or ()
    return answer_of(intent_of(tracker), signs) == "no" or any(sign in signs for sign in DENIES)


def _act(intent: str, before: Memory) -> str | None:
    """Return what a message does that tells nothing, if its intent is such an act.

    In the middle of talk, what sounds like small talk is part of it ("the flat is very quiet").
    """
    if intent == "affirm" and before.asked == "back" and before.talk_turns:
        return "carry_on"
    if intent == "affirm" and before.asked == "and_you":
        return "all_right"
    if intent == "smalltalk" and before.talk_turns:
        return None
    return intent if intent in ACTS else None


def _say_questions(dispatcher: CollectingDispatcher, tracker: Tracker) -> bool:
    """Name the questions that may have been meant, as choices; return whether there are any."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    likely = [
        str(intent["name"])
        for intent in ranking
        if str(intent["name"]).startswith(ASKS)
        and intent["name"] not in NOT_NAMED
        and intent["confidence"] >= LIKELY_QUESTION
    ]
    if len(likely) < FEWEST_QUESTIONS:
        return False
    say(dispatcher, "utter_which_question", choices=[*likely[:MOST_QUESTIONS], "none_of_these"])
    return True


def _say_foreign(dispatcher: CollectingDispatcher, before: Memory) -> list[EventType]:
    """Say that only English is read; the numbers are in it."""
    say(dispatcher, "utter_answer_not_english")
    after = replace(before, turn=before.turn + 1, asked="open")
    return remember(before, after, unclear_run=0)


def _may_be_foreign(tracker: Tracker) -> bool:
    """Whether another language is nearly as likely as what the fallback took the place of."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    return any(i.get("name") == FOREIGN and i.get("confidence", 0) >= MAYBE for i in ranking)


def _likeliest_intent(tracker: Tracker) -> str:
    """Return the intent that was likeliest before the fallback took its place."""
    ranking = tracker.latest_message.get("intent_ranking") or []
    names = (str(intent.get("name")) for intent in ranking)
    return next((name for name in names if name != "nlu_fallback"), "")

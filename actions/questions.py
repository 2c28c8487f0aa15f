"""Questions: answered at any point, then back to where the person was."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.crisis_numbers import crisis_numbers
from actions.local_facts import (
    DISCOURAGED,
    chosen_deanery,
    say_warnings,
    take_deanery,
)
from actions.services import service_lines
from actions.someone_else import take_news
from actions.speaking import (
    entity_of,
    intent_of,
    memory_of,
    remember,
    said_last_turn,
    say,
    was_said,
)
from bot.deanery import Deanery, Signpost, signposts
from bot.dialogue.context import (
    HARM_QUESTIONS,
    UNSURE,
    WITH_THEM,
    doubted_fact,
    harm_spoken_of,
    last_route,
    question_again,
    stays_open,
)
from bot.dialogue.denials import denies_firmly
from bot.dialogue.in_confidence import in_confidence
from bot.dialogue.reading import ABOUT, ASKED, CONTACT, FIRST_WORDS, PLAINER, STEPS, topic_of
from bot.dialogue.referral import OFFERED_AGAIN, unsent
from bot.dialogue.replies import QUIET_TURNS, Memory, declined
from bot.nlu.routes import DENIES, OWN_ROUTES, routes

LOCAL_FACT = {
    "ask_what_is_psu": "offer",
    "ask_who_is_told": "confidentiality",
    "ask_how_soon": "timing",
}
"""Questions whose answer differs between deaneries, and the fact that answers each."""

INSTEAD_OF_GENERAL = ("ask_how_soon",)
"""Of these, those whose general answer says nothing beside the deanery's own."""

TOLD_BY_DEANERY = ("supervisor", "tpd", "arcp")
"""Parties of whom only the deanery can say whether they hear, so that its word is the answer."""

FACT_OF_TOPIC = {
    "change_mind": "non_engagement",
    "refer_alone": "referral_note",
    "unit_notes": "confidentiality",
}
"""Topics after whose answer a fact of the deanery is said, if there is such a fact."""

BESIDE = ("ask_cost", "ask_part_time")
"""Questions answered in a few words, which are answered beside another in the same message."""

MONEY, MONEY_ROUTE = "money_help", "no_home_or_money"
"""The topic of help with money, and the route whose services are named for it."""

ANSWERED_BY_DEANERY = ("ask_who_is_told",)
"""Questions for which the deanery is asked when it is not known."""

SAID_BY_FACT = ("supervisor", "tpd")
"""Parties of whom the deanery's own fact speaks, so that nothing general is said beside it."""

REFER_SELF, NEED_TO_TELL, STOP_GOING = "refer_self", "need_to_tell", "stop_going"
"""Topics that the deanery answers."""

SELF_REFERRAL = {
    "open": "utter_refer_self_open",
    DISCOURAGED: "utter_refer_self_discouraged",
    "open_notifies_educator": "utter_refer_self_notifies",
    "none": "utter_no_self_referral",
    "unknown": "utter_refer_self_unknown",
}
"""Whether somebody can refer themselves -> what is said to who asks it."""

FACT_OF = {
    DISCOURAGED: "referral_note",
    "open_notifies_educator": "referral_note",
    "none": "instead",
}
"""The same -> the fact that says more."""

PLAINLY = {
    "information": "utter_plainer_information",
    "contact": "utter_plainer_contact",
    "message": "utter_plainer_message",
    "deanery": "utter_plainer_deanery",
    "safe_now": "utter_plainer_safe_now",
    "safe_from_them": "utter_plainer_safe_from_them",
}
"""What was asked last -> the same in plainer words."""

PLAINLY_AFTER = {
    "discrimination": "utter_plainer_discrimination",
    "bullying": "utter_plainer_bullying",
    "error_today": "utter_plainer_error_today",
}
"""The route that was given last -> what it came to, in plainer words."""

SEEN_BY = ("supervisor", "tpd", "arcp", "employer", "gmc", "gmc_investigation", "home_office")
"""Parties of whom it is asked whether they can read along."""

OF_ITS_OWN = {
    ("ask_part_time", "arcp"): "utter_answer_ask_part_time_arcp",
    ("ask_how_soon", "gmc"): "utter_answer_ask_how_soon_gmc",
    ("ask_how_soon", "gmc_investigation"): "utter_answer_ask_how_soon_gmc",
    ("ask_what_is_kept", "network"): "utter_answer_kept_network",
    **{("ask_what_is_kept", party): "utter_answer_kept_seen" for party in SEEN_BY},
}
"""Question, and whom or what it is about -> the answer, where the general one would miss it."""

OF_WHO_READS_IT = ("ask_what_is_kept",)
"""Questions that mean the unit's own people while how to be reached is asked for."""

READS = {
    "who": "utter_answer_reads",
    "anonymous": "utter_answer_anonymous",
    "chat": "utter_answer_sees_chat",
    "mail": "utter_answer_reads_mail",
    "next": "utter_answer_referral_next",
}
"""What is asked of who gets what is handed over (the entity `reads`) -> the answer."""

OF_THE_WAY = ("who", "anonymous")
"""Of these, what is answered otherwise where they say how to reach them."""

SIGNPOSTS, SIGNPOSTS_IN_A_BUBBLE = "utter_signposts", 3

OTHERS_BESIDE = 3
"""Services for everybody that are named after those of a harm."""

NAMED_HARMS = {
    "rather_another": "sexual_harm",
    "asks_for_money": MONEY_ROUTE,
}
"""Signs of what a question names -> the route whose services come first, if none was given."""


NO_ANSWER = ("thank", "object_to_bot", "insult", "off_topic")
"""Intents that ask nothing: "not for me, thanks" is a no to the unit."""

WITHOUT_RETURN = ("thank", "insult", "object_to_bot", "not_english", "ask_what_to_do", "off_topic")
"""Answers that end in an invitation of their own."""

TOPICS_WITHOUT_RETURN = (
    "normal",
    "worth",
    "what_they_do",
    "counselling",
    "stop_asking",
    "making_a_fuss",
    "statement",
    "family_letter",
    "complain_quietly",
    "sleeves",
    "who_acts",
    "you_report",
    "educator_in_the_way",
    "statement_content",
    "a_human",
    "mocks_bot",
    "couples",
    *STEPS,
    PLAINER,
)
"""Topics whose answers do so too, or ask nothing."""

BY_KIND = ("phone", "email")
"""Kinds of contact that somebody who asks for a number or an address may mean."""

OF_WHOM_IT_TELLS = ("utter_local_fact_told", "utter_local_fact")
"""Responses that give a deanery's word on whom its unit tells."""

OFFERS = ("information", "contact", "message")
"""Values of `asked` while something about the unit is offered."""

RETURNS = {
    "information": "utter_return_information",
    "contact": "utter_return_contact",
    "message": "utter_return_message",
    "referral": "utter_return_referral",
    "receipt": "utter_ask_receipt",
    "ticket": "utter_ask_receipt_next",
    "reply": "utter_ask_reply",
    "end_ticket": "utter_ask_end_ticket",
    "resend": "utter_return_resend",
    "wording": "utter_ask_wording",
    "safe_now": "utter_return_safe_now",
}
"""What was asked before the question -> how it is asked again."""

PASSED_OVER = ("information", "contact", "message", "referral")
"""Of these, what is an offer: once it was asked again and passed over, nothing more is said."""


class ActionAnswer(Action):
    """Answers a question: what holds everywhere first, then what the deanery says."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_answer"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Say the answer, after news of somebody else; a deanery they say they are in is kept."""
        told, news = take_deanery(tracker), take_news(dispatcher, tracker)
        return [*news, *told, *await self._answer(dispatcher, tracker)]

    async def _answer(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> list[EventType]:
        before = memory_of(tracker)
        intent = intent_of(tracker)
        signs = tracker.latest_message.get("signs") or ()
        if intent == ABOUT:
            return _say_topic(dispatcher, tracker, before)
        denied = before.asked == "maybe_route" and any(sign in signs for sign in DENIES)
        if intent in NO_ANSWER and denied:
            return [FollowupAction("action_reply_to_talk")]  # no, it is not that
        if intent in NO_ANSWER and "declines_unit" in signs:
            return [FollowupAction("action_not_now")]
        if intent == "object_to_bot" and "not_answered" in signs:
            say(dispatcher, "utter_not_answered")
            after = replace(before, turn=before.turn + 1, asked="open")
            return remember(before, after, unclear_run=0)
        watched = entity_of(tracker, "watcher") is not None
        of_us = intent == "ask_who_is_told" and ("of_us" in signs or watched)
        if of_us:
            intent = "ask_what_is_kept"  # could they ask us, and not whom the unit tells
        _say_beside(dispatcher, tracker, intent)
        about = entity_of(tracker, "watcher") or (None if of_us else entity_of(tracker, "party"))
        own = OF_ITS_OWN.get((intent, about or ""))
        if intent == "ask_other_support" and _harm_named(tracker):
            own = "utter_answer_ask_other_support_harm"
        if intent == "ask_who_is_told" and before.last_ask not in OF_WHO_READS_IT:
            # "does it count at ARCP", of what was asked just before
            own = own or OF_ITS_OWN.get((before.last_ask or "", about or ""))
        party = entity_of(tracker, "party") if intent == "ask_who_is_told" else None
        at_contact = tracker.get_slot("requested_slot") == "referral_contact"
        whole = entity_of(tracker, "reads") in (None, "who")
        if intent in OF_WHO_READS_IT and at_contact and whole:
            return _say_who_reads_it(dispatcher, tracker, before)
        if reads := entity_of(tracker, "reads"):
            say(dispatcher, _who_reads(tracker, reads))
            return remember(before, replace(before, turn=before.turn + 1), unclear_run=0)
        listed = intent == "ask_other_support" and was_said(tracker, SIGNPOSTS)
        again = before.last_ask == intent or listed  # the facts would be said twice running
        fact = _local_fact(tracker, intent)
        enough = bool(fact) and not again and intent in INSTEAD_OF_GENERAL
        local = False
        if intent in ANSWERED_BY_DEANERY:
            if _asks_to_refer_self(tracker) and chosen_deanery(tracker) is not None:
                _say_self_referral(dispatcher, tracker)
            local = not own and party in (None, *SAID_BY_FACT) and _tells(tracker)
        if local:
            self._say_local_fact(dispatcher, tracker, intent, party)
        if own:
            say(dispatcher, own)
        elif listed:
            say(dispatcher, "utter_told_all_people")
        elif not enough and (party is None or not was_said(tracker, f"utter_answer_{intent}")):
            say(dispatcher, f"utter_answer_{intent}")
        if party and fact and party in TOLD_BY_DEANERY:
            if _fact_said(tracker) and not local:
                general = f"utter_answer_told_{party}"
                say(dispatcher, "utter_told_all" if was_said(tracker, general) else general)
        elif party and not local:
            say(dispatcher, f"utter_answer_told_{party}")
        if not local and (not again or intent in ANSWERED_BY_DEANERY):
            self._say_local_fact(dispatcher, tracker, intent, party)
        if intent == "ask_other_support" and not again:
            _say_signposts(dispatcher, tracker)
        unknown = intent in ANSWERED_BY_DEANERY and chosen_deanery(tracker) is None
        waiting = "who_is_told" if unknown else tracker.get_slot("after_deanery")
        after = replace(
            before,
            turn=before.turn + 1,
            unit_told=before.unit_told or intent == "ask_what_is_psu",
            last_ask=intent,
        )
        if before.asked not in (*RETURNS, *HARM_QUESTIONS):
            after = replace(after, asked=_asked_after(before, unknown))
        return remember(before, after, unclear_run=0, after_deanery=waiting)

    @staticmethod
    def _say_local_fact(
        dispatcher: CollectingDispatcher, tracker: Tracker, intent: str, party: str | None
    ) -> None:
        if intent not in LOCAL_FACT:
            return
        deanery = chosen_deanery(tracker)
        if deanery is None:
            if intent in ANSWERED_BY_DEANERY and _asks_to_refer_self(tracker):
                _say_self_referral(dispatcher, tracker)
            elif intent in ANSWERED_BY_DEANERY:
                say(dispatcher, "utter_which_deanery_tells")
            return
        text = deanery.fact(LOCAL_FACT[intent], date.today())
        if text and intent in ANSWERED_BY_DEANERY:
            if not was_said(tracker, "utter_local_fact_told"):
                say_who_is_told(dispatcher, deanery, text)
                say_warnings(dispatcher, tracker, deanery)
            elif party in TOLD_BY_DEANERY and not _fact_said(tracker):
                told = (
                    deanery.fact("non_engagement", date.today()) if party != "supervisor" else None
                )
                named = {"unit": deanery.unit, "deanery": deanery.name}
                say(dispatcher, "utter_local_fact", fact=told or text, **named)
            elif not said_last_turn(tracker, "utter_local_fact_told"):
                say_who_is_told(dispatcher, deanery, text)
        elif text:
            say(dispatcher, "utter_local_fact", unit=deanery.unit, deanery=deanery.name, fact=text)
        elif intent in ANSWERED_BY_DEANERY and not was_said(tracker, "utter_local_fact_unknown"):
            say(dispatcher, "utter_local_fact_unknown", unit=deanery.unit, deanery=deanery.name)
            say_warnings(dispatcher, tracker, deanery)


def _local_fact(tracker: Tracker, intent: str) -> str | None:
    """Return what the deanery's file says of a question, if the deanery is known."""
    deanery = chosen_deanery(tracker)
    if deanery is None or intent not in LOCAL_FACT:
        return None
    return deanery.fact(LOCAL_FACT[intent], date.today())


def _fact_said(tracker: Tracker) -> bool:
    """Whether the deanery's word on whom it tells was given in answer to the last message."""
    return any(said_last_turn(tracker, name) for name in OF_WHOM_IT_TELLS)


def _say_beside(dispatcher: CollectingDispatcher, tracker: Tracker, intent: str) -> None:
    """Answer what a message asks in passing: "is it free, and who will read it"."""
    for asked in tracker.latest_message.get(ASKED) or ():
        if asked in BESIDE and asked != intent:
            say(dispatcher, f"utter_answer_{asked}")


def say_about(dispatcher: CollectingDispatcher, tracker: Tracker, topic: str) -> None:
    """Say what is held about a topic of `nlu_data/patterns/asked.yml`."""
    if topic == CONTACT:
        _say_other_ways(dispatcher, tracker)
    elif topic == "said_already":
        say(dispatcher, "utter_told_all")
    elif topic == PLAINER:
        _say_plainly(dispatcher, tracker)
    elif topic in (REFER_SELF, NEED_TO_TELL):
        _say_self_referral(dispatcher, tracker)
        deanery, text = chosen_deanery(tracker), _local_fact(tracker, "ask_who_is_told")
        if deanery and text and topic == NEED_TO_TELL and _tells(tracker):
            say_who_is_told(dispatcher, deanery, text)
    elif topic == STOP_GOING:
        _say_what_stopping_means(dispatcher, tracker)
    else:
        say(dispatcher, f"utter_asked_{topic}")
    deanery, today = chosen_deanery(tracker), date.today()
    if topic == MONEY:
        keys = routes()[MONEY_ROUTE].signposts
        _say_services(dispatcher, tracker, [signposts()[key] for key in keys], len(keys))
    if deanery is None or topic not in FACT_OF_TOPIC:
        return
    told = topic == "unit_notes" and was_said(tracker, OF_WHOM_IT_TELLS[0])
    if (fact := deanery.fact(FACT_OF_TOPIC[topic], today)) and not told:
        say(dispatcher, "utter_local_fact", unit=deanery.unit, deanery=deanery.name, fact=fact)
    if topic == "refer_alone":
        pages = [f"{c.fact.text}\n{c.value}" for c in deanery.fresh_contacts(today)]
        if pages:
            say(dispatcher, "utter_asked_contact_way", lines="\n".join(pages))


def _asks_to_refer_self(tracker: Tracker) -> bool:
    """Whether a question who is told also asks whether somebody can refer themselves."""
    return REFER_SELF in (tracker.latest_message.get(ASKED) or ())


def _tells(tracker: Tracker) -> bool:
    """Whether the deanery has a fact on whom its unit tells that was not said last turn."""
    known = _local_fact(tracker, "ask_who_is_told") is not None
    return known and not said_last_turn(tracker, "utter_local_fact_told")


def _say_self_referral(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say whether somebody can refer themselves, and what goes with it where they train."""
    deanery = chosen_deanery(tracker)
    if deanery is None:
        say(dispatcher, "utter_refer_self_anywhere")
        return
    kind = deanery.self_referral
    name = FACT_OF.get(kind)
    fact = deanery.fact(name, date.today()) if name else None
    said = {"unit": deanery.unit, "deanery": deanery.name, "fact": fact or ""}
    say(dispatcher, SELF_REFERRAL[kind], **said)


def _say_what_stopping_means(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say what the unit says of not taking part, or that it is one to ask."""
    deanery = chosen_deanery(tracker)
    fact = deanery.fact("non_engagement", date.today()) if deanery else None
    if deanery and fact:
        say(dispatcher, "utter_local_fact", unit=deanery.unit, deanery=deanery.name, fact=fact)
    else:
        say(dispatcher, "utter_asked_stop_going")


def _say_plainly(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Say in plainer words what was asked last, or what the last route came to."""
    asked, route = str(tracker.get_slot("asked")), last_route(tracker.slots)
    after = PLAINLY_AFTER.get(route or "", "utter_plainer_open")
    say(dispatcher, PLAINLY.get(asked, after), **crisis_numbers(tracker))


def keep_step(step: str, before: Memory, after: Memory) -> list[EventType]:
    """Keep a step they said they will take, and offer nothing for a while; return the events."""
    quiet = max(before.no_offer_before_turn, after.turn + QUIET_TURNS)
    after = replace(after, asked="open", no_offer_before_turn=quiet)
    return remember(before, after, unclear_run=0, next_step=f"utter_step_{step}")


def _say_topic(
    dispatcher: CollectingDispatcher, tracker: Tracker, before: Memory
) -> list[EventType]:
    """Answer a question about a topic; what was offered before stays so."""
    topic = topic_of(tracker.latest_message) or "said_already"
    _say_beside(dispatcher, tracker, ABOUT)
    say_about(dispatcher, tracker, topic)
    after = replace(before, turn=before.turn + 1, last_ask=ABOUT)
    if topic in STEPS:
        return keep_step(topic, before, after)
    if before.asked not in (*RETURNS, *HARM_QUESTIONS) and topic not in (PLAINER, FIRST_WORDS):
        # what was asked still is
        after = replace(after, asked=_asked_after(before, unknown=False))
    return remember(before, after, unclear_run=0)


def _say_other_ways(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Give the unit's numbers and addresses, or say that none was checked."""
    deanery = chosen_deanery(tracker)
    contacts = deanery.fresh_contacts(date.today()) if deanery else ()
    lines = "\n".join(contact.value for contact in contacts if contact.kind in BY_KIND)
    if lines:
        say(dispatcher, "utter_asked_contact_way", lines=lines)
    else:
        say(dispatcher, "utter_asked_no_contact_way")


def _who_reads(tracker: Tracker, asked: str) -> str:
    """Return the answer to who gets what is handed over, of the way on that they took."""
    if asked not in OF_THE_WAY:
        return READS[asked]
    is_open = in_confidence().opened(tracker.sender_id) is not None
    sent = is_open or tracker.get_slot("asked") in ("sent_receipt", "sent_contact")
    way = tracker.get_slot("sent_way" if sent else "referral_way")
    if way == "contact" and not is_open:
        return f"{READS[asked]}_{'sent_contact' if sent else 'contact'}"
    return "utter_answer_reads_sent_receipt" if sent and asked == "who" else READS[asked]


def _say_who_reads_it(
    dispatcher: CollectingDispatcher, tracker: Tracker, before: Memory
) -> list[EventType]:
    """Say who reads what is asked for; the form asks for it again."""
    deanery = chosen_deanery(tracker)
    if deanery is not None:
        named = {"unit": deanery.unit, "deanery": deanery.name}
        say(dispatcher, "utter_answer_kept_contact", **named)
    return remember(before, replace(before, turn=before.turn + 1), unclear_run=0)


def say_who_is_told(dispatcher: CollectingDispatcher, deanery: Deanery, text: str) -> None:
    """Say what the deanery's unit says about whom it tells."""
    say(dispatcher, "utter_local_fact_told", unit=deanery.unit, deanery=deanery.name, fact=text)


def _asked_after(before: Memory, unknown: bool) -> str:
    """Return what a bare yes answers now; "back" stays, so that it is not asked at every answer."""
    if unknown:
        return "deanery"
    return "back" if before.asked == "back" else "open"


def _say_signposts(dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
    """Name the services that may be shown for the nation, a few to a bubble.

    Those of the harm that was spoken of, or is named in the question, come first; of the others
    some are enough then.
    """
    harm = _harm_named(tracker)
    first = routes()[harm].signposts if harm else ()
    general = [
        signpost
        for key, signpost in signposts().items()
        if signpost.general and not signpost.essential and key not in first
    ]
    if harm:
        say(dispatcher, SIGNPOSTS, lines=service_lines(tracker, harm))
    _say_services(dispatcher, tracker, general, OTHERS_BESIDE if harm else len(general))


def _say_services(
    dispatcher: CollectingDispatcher, tracker: Tracker, services: list[Signpost], most: int
) -> None:
    """Name `most` of `services` that may be shown for the nation, a few to a bubble."""
    deanery, today = chosen_deanery(tracker), date.today()
    lines = [
        f"{signpost.name}: {signpost.value} ({signpost.hours})"
        for signpost in services
        if signpost.shown(today) and (deanery is None or deanery.nation in signpost.nations)
    ]
    lines = lines[:most]
    for start in range(0, len(lines), SIGNPOSTS_IN_A_BUBBLE):
        shown = "\n".join(lines[start : start + SIGNPOSTS_IN_A_BUBBLE])
        say(dispatcher, SIGNPOSTS, lines=shown)


def _harm_named(tracker: Tracker) -> str | None:
    """Return the harm of their own that other support is asked for about, or None.

    It is what the question names, or what was spoken of last.
    """
    message = tracker.latest_message
    signs = message.get("signs") or ()
    named = [harm for sign, harm in NAMED_HARMS.items() if sign in signs]
    spoken = harm_spoken_of(tracker.slots)
    denied = [h for h in tracker.get_slot("routes_checked") or () if h != spoken]
    by_phrases = (message.get("harm_sources") or {}).get("patterns") or ()
    told = [
        harm
        for harm in message.get("harms") or ()
        if harm in OWN_ROUTES and (harm not in denied or harm in by_phrases)
    ]
    if "asks_for_money" in signs:
        return MONEY_ROUTE
    return next((harm for harm in (spoken, *named, *told) if harm in OWN_ROUTES), None)


class ActionReturn(Action):
    """Goes back to where the person was before the question."""

    def name(self) -> str:
        """Return the action's name."""
        return "action_return"

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]
    ) -> list[EventType]:
        """Ask again what was asked, or whether to go on; a running form asks for itself."""
        memory = memory_of(tracker)
        after = memory
        if doubted_fact(tracker.latest_message, tracker.slots):
            say(dispatcher, "utter_ask_safe_gently")
            low = memory.low_turns + 1
            after = replace(
                memory, asked="safe_now", last_ask="safe_now", safety_asked=True, low_turns=low
            )
            return remember(memory, after)
        waits = unsent(tracker.slots)
        crisis = tracker.get_slot("crisis")
        elsewhere = tracker.active_loop.get("name") or tracker.get_slot("crisis_kind") == UNSURE
        if crisis == "eased" and not elsewhere:
            say(dispatcher, "utter_crisis_eased_listen")
            if tracker.get_slot("crisis_question") == WITH_THEM:  # they have come back to talk
                return remember(memory, after, crisis_question="open")
        elif crisis in ("asked", "staying"):
            if _no_beside_question(tracker):
                say(dispatcher, "utter_crisis_eased_listen")
                return remember(memory, after, crisis="eased", crisis_question="open")
            say(dispatcher, "utter_return_crisis")
            if tracker.get_slot("crisis_question") in ("step", "named_step"):  # asked no more
                return remember(memory, after, crisis_question="open")
        elif tracker.active_loop.get("name") or _ends_itself(tracker):
            pass
        elif waits and memory.asked in ("open", "back", "referral"):
            say(dispatcher, OFFERED_AGAIN[waits])
            after = replace(memory, asked=waits)
        elif memory.asked in HARM_QUESTIONS:
            return _keep_question(dispatcher, tracker, memory)
        elif memory.asked in OFFERS and _refuses(tracker):
            say(dispatcher, "utter_return_talk")
            after = replace(declined(memory), asked="back")
        elif memory.asked in PASSED_OVER and was_said(tracker, RETURNS[memory.asked]):
            after = replace(memory, asked="back")
        elif memory.asked in RETURNS:
            say(dispatcher, RETURNS[memory.asked])
        elif memory.asked in ("deanery", "back", "sent_receipt", "sent_contact"):
            pass
        elif _may_be_shown(tracker) and memory.talk_turns:
            say(dispatcher, "utter_offer_contact")
            after = replace(memory, asked="contact")
        else:
            deanery = chosen_deanery(tracker)
            name = "utter_return_talk" if memory.talk_turns else "utter_return_start"
            if deanery is not None and deanery.self_referral == "none":
                name += "_without_contact"
            say(dispatcher, name)
            after = replace(memory, asked="back")
        return remember(memory, after)


def _no_beside_question(tracker: Tracker) -> bool:
    """Whether the question about thoughts was answered with a firm no in the same breath."""
    asked = tracker.get_slot("crisis") == "asked" and tracker.get_slot("crisis_question")
    message = tracker.latest_message
    return asked in ("thoughts", "half") and denies_firmly(message, tracker.slots)


def _keep_question(
    dispatcher: CollectingDispatcher, tracker: Tracker, memory: Memory
) -> list[EventType]:
    """Leave a harm's question open after an answer, once; where safety is in it, put it again."""
    again, kept = question_again(tracker.slots), stays_open(tracker.slots)
    if again:
        say(dispatcher, f"utter_route_{again}_again")
    stays = kept or memory.asked == "maybe_route"
    events = remember(memory, memory if stays else replace(memory, asked="open"))
    if kept in ("route", "safe_from_them"):
        events.append(SlotSet("route_again", tracker.get_slot("route_asked")))
    return events


def _ends_itself(tracker: Tracker) -> bool:
    """Whether the answer has an invitation of its own, or is to ask nothing."""
    intent = intent_of(tracker)
    topic = topic_of(tracker.latest_message) if intent == ABOUT else None
    return intent in WITHOUT_RETURN or topic in TOPICS_WITHOUT_RETURN


def _refuses(tracker: Tracker) -> bool:
    """Whether a question begins with a no to what was offered."""
    signs = tracker.latest_message.get("signs") or ()
    return "declines_unit" in signs or "begins_no" in signs


def _may_be_shown(tracker: Tracker) -> bool:
    """Whether the unit was asked about and there is a way to it that could be shown next."""
    deanery = chosen_deanery(tracker)
    closed = deanery is not None and deanery.self_referral == "none"
    return intent_of(tracker) == "ask_what_is_psu" and not closed

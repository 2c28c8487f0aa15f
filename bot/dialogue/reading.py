"""What a message means where it comes: its intent read again beside what was asked.

The classifier sees a message alone. Curated phrases say more plainly what some of them ask
(`nlu_data/patterns/asked.yml`) or accept, and the conversation says what an acceptance is of. A
sign of risk, a harm, and the answers to a question about safety are left as they were recognised.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from bot.dialogue.context import (
    MISREAD,
    OUTRIGHT,
    RELIEF,
    SIDEWAYS_SIGNS,
    WITH_THEM_TURNS,
    asks_a_fact,
    crisis_kind,
    denies_plainly,
    doubted_fact,
    forgets,
    is_low,
    is_of_another_harm,
    news_of,
    turns_since_crisis,
)
from bot.nlu.extractors import TYPED
from bot.nlu.routes import (
    EDGE,
    PARTING,
    SOMEONE_ELSE,
    is_no_danger,
    may_be_in_danger,
    someone_in_danger,
)
from bot.nlu.taxonomy import NO_RISK
from bot.paths import PATTERNS

BEFORE_QUESTIONS = PATTERNS / "before_questions.yml"

ASKED = "asked_about"
"""Key of parse data: labels of `nlu_data/patterns/asked.yml` that a message holds."""

CHOSEN = "chosen"
"""Key of a message's metadata: parse data of the buttons whose choice its words make."""

FACETS = ("stage", "pattern", "concern")

ABOUT = "ask_about"
"""The intent of a question whose label is a topic and no intent of its own."""

QUESTION = "ask_"
"""What the intents of questions begin with."""

SURE = 0.8
"""Confidence from which an intent of `HELD` is not read again."""

MEANT = 0.6
"""Confidence from which forgetting that is not asked for in so many words is asked about."""

HEARD = 0.4
"""Confidence from which the question after a courtesy is taken for what it seems to be."""

AFTER_A_DEATH = (
    "statement",
    "statement_content",
    "statement_shared",
    "family_letter",
    "psu_or_union",
)
"""Topics that are read too where somebody else's death or danger, or an error, told before, is
named again."""

OF_AN_ERROR = ("error_today", "patient_risk")
"""Harms of the writer's work, of which a statement may have to be written."""

FIRST_WORDS = "first_words"
"""The topic of not knowing what to write, which is asked of a unit where it is spoken of."""

STEPS_TO_UNIT = ("will_send", "will_write", "will_ring")
STEPS = (*STEPS_TO_UNIT, "will_tell")
"""Topics of a step that somebody says they will take; the first, those towards the unit."""

LEAVES = ("not_now", "deny", "goodbye", "thank", "share", "ask_how_to_contact")
"""Intents with which such a step leaves the form for a message: it is sent without one."""

NO_MESSAGE = (
    "family_letter",
    FIRST_WORDS,
    "send_for_me",
    "unit_notes",
    "tell_a_peer",
    "statement_content",
)
"""Topics that ask for no message to a unit, however clearly they speak of writing one."""

BLESSES, TAKES_LEAVE = "blesses", ("farewell", "final", "giving_away", "parting", "closing")
"""The sign of thanks in other words ("God bless you"), and those that may make it a last word."""

WANTS_TO_TALK, UNHEARD = "wants_to_talk", ("clinical_question", "nlu_fallback", "start_over")
"""The sign of "can we talk about the stillbirth", and the intents that miss it."""

BRIEF = 16
"""Words up to which a message that asks something is the question, and not a telling with one."""

FORGET = "delete_my_data"

URGENT = ("need_help_now", FORGET, "start_over", "not_english")
"""Intents that nothing reads again, to be forgotten where it is said in so many words."""

HELD = ("clinical_question", "worried_about_someone", "want_message")
"""Intents that are read again only where they are not certain."""

TELLING = ("share", "inform", "smalltalk", "worried_about_someone")
"""Intents of telling something: a long one keeps its intent, its question is answered beside."""

COURTESIES = ("thank", "deny", "not_now", "unsure", "affirm", "greet", "goodbye", "object_to_bot")
"""Intents of what comes before a question; with them, what the fallback could not decide."""

UNCERTAIN = ("nlu_fallback", "ask_to_repeat")

UNSAID = (*TELLING, *COURTESIES, *UNCERTAIN, "off_topic", "ask_what_to_do", "ask_what_is_psu")
"""Intents of what asks about the unit that is offered, and names it only as "they"."""

NOT_THAT, PUTS_RIGHT = "not_about_that", (*COURTESIES, *UNCERTAIN, "off_topic", "insult")
"""The sign of "that's not what it is about", and the intents that miss it."""

IN_CRISIS = ("asked", "staying")
"""Values of `crisis` while one runs."""

ABOUT_SAFETY = ("safe_now", "safe_from_them", "route", "maybe_route")
"""Values of `asked` to which every message may be an answer."""

OFFERED = ("information", "contact", "message", "deanery")
"""Values of `asked` while something about the unit is offered, which a yes accepts."""

REACHED_FOR = "back"
"""The value of `asked` while how to reach the unit is among the choices on the screen."""

ABOUT_ANOTHER, LEAVING = "worried_about_someone", "goodbye"
"""Intents that are a telling where the conversation, or what follows the thanks, says so."""

CONTACT, STOP = "contact_way", "stop_asking"

SHOWN, KEPT, TOLD = "ask_how_to_contact", "ask_what_is_kept", "ask_who_is_told"

OF_THE_UNIT = ("ask_what_is_psu", "ask_who_is_told", "ask_first_contact", "ask_does_it_help")
"""Values of `last_ask` after which "will they see it" is asked of the unit, not of this chat."""

NAMED_ONLY = ("traceable", "making_a_fuss")
"""Topics in whose questions a harm of `NEAR` is named, and not told."""

NEAR = ("bullying", "discrimination")
"""Harms of which little is lost where a question that names one is answered first."""

PLAINER = "plainer"
"""The topic of not having understood what was said last, which answers nothing that was asked."""

ON_THE_WAY = ("refer_self", "need_to_tell", "educator_in_the_way")
"""Topics that words which ask nothing speak of only where the unit is spoken of already."""

OF_A_PEER, NAMES_PEER = "tell_a_peer", "names_peer"
"""The topic of how to bring it up with a colleague, and the sign that it is one."""

OF_WHOM_ELSE = ("and", "what about", "how about", "or")
"""What begins the question of one party more after "who is told"."""

WHO_ELSE, BARE = 5, 2
"""The most words of such a question, and of one that nothing marks as a question: "my ES"."""

MESSAGE = "message"
"""The value of `asked` while a message to the unit is offered, which "do the message" accepts."""

NEWS_FIRST = "news_first"
"""Key of parse data: the news of somebody else that a message tells before its question."""

GOOD_NEWS = ("alive", "helped", RELIEF, MISREAD)
"""News after which somebody is in no danger, so that a question beside it can be answered."""

PHONE, NUMBERS, NEED_HELP, ANSWERED = "phone_only", "show_numbers", "need_help_now", "inform"
"""The sign of naming the phone and nothing else, and the intents that this may mean."""

MESSAGE_FORM, HOW_TO_REPLY = "message_", "message_reply"
"""What the slots of the message's form begin with, and the last of them: how to be answered."""

REFERRAL_FORM = "referral_"
"""What the slots of the form for a referral begin with."""

TAKEN = "put_right"
"""The role of a choice that a form takes whichever question is open (`domain/slots.yml`)."""


@dataclass(frozen=True)
class _Parting:
    whole: re.Pattern[str]
    question: re.Pattern[str]
    ends: re.Pattern[str]
    parted: Mapping[str, str | None]


def question_in(text: str) -> str | None:
    """Return the question that follows a courtesy or a complaint in `text`, if one does."""
    parting = before_questions()
    match = parting.whole.match(text.strip())
    rest = text.strip()[match.end() :].strip() if match else ""
    if len(rest.split()) < 2:
        return None
    return rest if rest.endswith("?") or parting.question.match(rest) else None


def news_and_question(text: str) -> tuple[str, str] | None:
    """Return the two parts of a text that tells something and then asks, or None."""
    parting = before_questions()
    for end in parting.ends.finditer(text):
        told, asked = text[: end.start()].strip(), text[end.end() :].strip()
        if told and len(asked.split()) > 1 and parting.question.match(asked):
            return told, asked
    return None


def with_news_first(
    parsed: dict[str, Any],
    told: Mapping[str, Any],
    asked: Mapping[str, Any],
    slots: Mapping[str, Any],
) -> dict[str, Any]:
    """Return parse data of the question in a message whose beginning ends a worry.

    It is the whole message's wherever there is more in it than good news of somebody else and a
    question that is known.

    Args:
        parsed: parse data of the whole message.
        told: those of what comes before the question.
        asked: those of the question.
        slots: the conversation's slots before it.
    """
    news = news_of(told, slots)
    uneasy = any(is_low(part) or crisis_kind(part, slots) for part in (parsed, told, asked))
    phrases = (parsed.get("harm_sources") or {}).get("patterns")
    running = slots.get("crisis") in IN_CRISIS
    if news not in GOOD_NEWS or running or uneasy or phrases or news_of(asked, slots):
        return parsed
    if not _is_question(asked):
        return parsed
    return {**asked, "text": parsed.get("text"), NEWS_FIRST: news}


def may_hide_a_question(parsed: Mapping[str, Any]) -> bool:
    """Whether what was recognised may be of the words before a question only."""
    return _intent(parsed) in (*COURTESIES, *UNCERTAIN) and _is_calm(parsed)


def with_choices(
    parsed: dict[str, Any], chosen: Sequence[Mapping[str, Any]], slots: Mapping[str, Any]
) -> dict[str, Any]:
    """Return parse data of a message with what it chooses beside what was recognised in it.

    In a crisis, and while it was asked whether somebody is safe, nothing is added. A choice that
    has an opening of its own ("nobody") is the subject only where nothing else is told; an answer
    to a form is one only where it is a single one.

    Args:
        parsed: parse data of the whole message, which is not changed.
        chosen: parse data of the buttons, if any (`bot.channels.typed_choices.chosen_in`).
        slots: the conversation's slots before the message.
    """
    if not chosen or slots.get("crisis") in IN_CRISIS or slots.get("asked") in ABOUT_SAFETY:
        return parsed
    signals = parsed.get("signals") or {}
    moment = any(entity["entity"] == "moment" for entity in parsed.get("entities") or ())
    told = moment or bool(parsed.get("harms")) or any(signals.get(facet) for facet in FACETS)
    button = str(chosen[0]["intent"]["name"])
    entities = [
        {**entity, "start": 0, "end": 0, "extractor": TYPED}
        for one in chosen
        for entity in one["entities"]
        if entity["entity"] in FACETS or (len(chosen) == 1 and not (button == "share" and told))
    ]
    read = {**parsed, "entities": [*(parsed.get("entities") or ()), *entities]}
    calm = _is_calm(parsed) and asked_label(parsed) is None
    return _as(read, button) if calm and _intent(parsed) not in (*URGENT, ABOUT_ANOTHER) else read


def read_in_context(
    parsed: dict[str, Any], slots: Mapping[str, Any], after: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return parse data with the intent that a message has in a conversation with `slots`.

    Args:
        parsed: parse data of the whole message, which is not changed.
        slots: the conversation's slots before it.
        after: parse data of the question in it (`question_in`), where there is one.
    """
    if _asks_of_this_chat(parsed, slots):
        return _as(parsed, KEPT)
    parsed, after = _fitting(parsed, slots), after and _fitting(after, slots)
    nobodys = is_of_another_harm(parsed, slots) or denies_plainly(parsed)
    nobodys = nobodys or _parts(parsed) or may_be_in_danger(parsed, slots) is not None
    if _intent(parsed) == ABOUT_ANOTHER and nobodys:
        return _as(parsed, "share")
    asked = slots.get("asked")
    in_crisis = slots.get("crisis") in IN_CRISIS
    form = str(slots.get("requested_slot") or "")
    if PHONE in (parsed.get("signs") or ()) and _is_calm(parsed):
        return _of_the_phone(parsed, slots, form)
    if in_crisis or form.startswith(REFERRAL_FORM):
        return parsed
    if asked in ABOUT_SAFETY:
        return _as(parsed, ABOUT) if _is_calm(parsed) and _asks_back(parsed, slots) else parsed
    label = asked_label(parsed)
    if label in NAMED_ONLY and _only_names(parsed):
        parsed = _without_labels(parsed) if label == NAMED_ONLY[0] else {**parsed, "harms": []}
    again = label in AFTER_A_DEATH and _tells_of_it_again(parsed, slots)
    if not (_is_calm(parsed) or again or doubted_fact(parsed, slots)):
        return parsed
    if _intent(parsed) == LEAVING and _goes_on(parsed) and not slots.get("crisis_affirmed"):
        return _as(parsed, "share")
    if form.startswith(MESSAGE_FORM) and asked_label(parsed) in STEPS_TO_UNIT:
        return _as(parsed, "not_now")  # which names the step (actions/talk.py)
    if _tells_of_another(parsed):
        return _as(parsed, ABOUT_ANOTHER)
    if after is not None and may_hide_a_question(parsed) and _is_question(after):
        kept = ("intent", "intent_ranking", "entities", ASKED)
        parsed = {**parsed, **{key: after[key] for key in kept if key in after}}
    if asked in OFFERED and not form and "asks_of_them" in (parsed.get("signs") or ()):
        return _as(parsed, "ask_what_is_psu") if _intent(parsed) in UNSAID else parsed
    if accepts(parsed) and form == "deanery":
        return _as(parsed, "affirm")  # the contact is wanted still: the form asks again
    if asked in OFFERED and not form and _says_what_it_is(parsed):
        return _as(parsed, "share")  # yes to what was asked before the offer
    takes = _takes_message(parsed, asked) or _is_lost_for_words(parsed, asked)
    if (accepts(parsed) or takes) and not form:
        if asked in OFFERED:
            return _as(parsed, "affirm")
        if asked == REACHED_FOR:
            return _as(parsed, "ask_how_to_contact")
    signs = parsed.get("signs") or ()
    if _intent(parsed) == "thank" and "closing" in signs and asked_label(parsed) is None:
        return _as(parsed, "goodbye")
    if _gives_thanks(parsed):
        return _as(parsed, "thank")
    if _intent(parsed) == FORGET and _confidence(parsed) < MEANT and not forgets(parsed):
        parsed = _as(parsed, "share")  # what is not said in so many words, nor clear, is talk
    label = asked_label(parsed)
    if label is None and _asks_of_another(parsed, slots):
        return _as(parsed, TOLD)
    if label is None and _intent(parsed) in UNCERTAIN and _is_watched(parsed):
        return _as(parsed, KEPT)
    told = slots.get("concerns_heard") or form or slots.get("last_ask") == "message_made"
    if label is None and NOT_THAT in signs and told:
        return _as(parsed, "share") if _intent(parsed) in PUTS_RIGHT else parsed
    to_talk = WANTS_TO_TALK in signs and _intent(parsed) in UNHEARD
    if label is None and to_talk and _confidence(parsed) < SURE:
        return _as(parsed, "share")
    if label is None or not _is_asked(parsed, slots):
        return parsed
    if label in (CONTACT, SHOWN) and (form or not slots.get("offer_accepted")):
        return parsed
    if label == KEPT and "sees_it" in signs and not _is_watched(parsed) and _at_unit(slots):
        return _as(parsed, TOLD)
    if label == STOP and form:
        return _as(parsed, "not_now")
    return _as(parsed, label if label.startswith(QUESTION) else ABOUT)


def _of_the_phone(parsed: dict[str, Any], slots: Mapping[str, Any], form: str) -> dict[str, Any]:
    """Return parse data of a message that names the phone: an answer, or whose number is meant."""
    state, urgent = slots.get("crisis"), _intent(parsed) == NEED_HELP
    lately = state == "eased" and turns_since_crisis(slots) < WITH_THEM_TURNS
    if state in IN_CRISIS or (lately and not form and not slots.get("offer_accepted")):
        return _as(parsed, NUMBERS)
    asks = _asks(parsed) or before_questions().question.match(str(parsed.get("text") or ""))
    if form.startswith(MESSAGE_FORM) and (form == HOW_TO_REPLY or not asks):
        return _as(_with_reply_way(parsed), ANSWERED)
    if form:
        meant = ANSWERED if form.startswith(REFERRAL_FORM) else SHOWN
        return _as(parsed, meant) if urgent else parsed
    if slots.get("offer_accepted"):
        return _as(parsed, ABOUT if asked_label(parsed) == CONTACT else SHOWN)
    return _as(parsed, SHOWN)


def _with_reply_way(parsed: dict[str, Any]) -> dict[str, Any]:
    """Return parse data whose way to reply is taken whichever question of the message is open."""
    entities = [
        {**one, "role": TAKEN} if one.get("entity") == HOW_TO_REPLY else one
        for one in parsed.get("entities") or ()
    ]
    return {**parsed, "entities": entities}


def _asks(parsed: Mapping[str, Any]) -> bool:
    return str(parsed.get("text") or "").rstrip().endswith("?")


def asked_label(parsed: Mapping[str, Any]) -> str | None:
    """Return the first label of what a message asks, if its phrases ask anything."""
    return next(iter(parsed.get(ASKED) or ()), None)


def topic_of(parsed: Mapping[str, Any]) -> str | None:
    """Return the topic that a message asks about; None if it asks nothing, or has an intent."""
    label = asked_label(parsed)
    return None if label is None or label.startswith(QUESTION) else label


def _goes_on(parsed: Mapping[str, Any]) -> bool:
    """Whether something is told on after thanks, and nothing in it takes leave."""
    signs = parsed.get("signs") or ()
    return "goes_on" in signs and "closing" not in signs


def accepts(parsed: Mapping[str, Any]) -> bool:
    """Whether a message says yes to what was offered, whatever follows the yes."""
    signs = parsed.get("signs") or ()
    if "puts_off" in signs or "declines_unit" in signs:
        return False
    return "accepts" in signs or ("says_yes" in signs and "keeps_quiet" in signs)


def _says_what_it_is(parsed: Mapping[str, Any]) -> bool:
    """Whether a yes says of what was told what it is, and so accepts no offer."""
    return "it_is_this" in (parsed.get("signs") or ()) and not accepts(parsed)


def _takes_message(parsed: Mapping[str, Any], asked: Any) -> bool:
    """Whether a message names the message that is offered, to have it."""
    signs = parsed.get("signs") or ()
    refused = any(sign in signs for sign in ("puts_off", "declines_message", "declines_unit"))
    return asked == MESSAGE and "takes_message" in signs and not refused


def _is_lost_for_words(parsed: Mapping[str, Any], asked: Any) -> bool:
    """Whether a message that is offered is answered by not knowing what to write: it would help."""
    signs = parsed.get("signs") or ()
    refusals = ("puts_off", "begins_no", "declines_message", "declines_unit")
    refused = any(sign in signs for sign in refusals)
    return asked == MESSAGE and asked_label(parsed) == FIRST_WORDS and not refused


def _tells_of_another(parsed: Mapping[str, Any]) -> bool:
    """Whether somebody else is told to say that they are fine, which is no telling of oneself."""
    told = "says_they_are_fine" in (parsed.get("signs") or ())
    return told and _intent(parsed) in (*TELLING, *UNCERTAIN) and asked_label(parsed) is None


def _fitting(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> dict[str, Any]:
    """Return parse data without the topics that mean nothing where the conversation stands."""
    held = list(parsed.get(ASKED) or ())
    kept = [label for label in held if _fits(label, parsed, slots)]
    return dict(parsed) if kept == held else {**parsed, ASKED: kept}


def _fits(label: str, parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    if label == FIRST_WORDS:  # of the unit, where it is offered or its deanery asked for
        form = slots.get("requested_slot")
        return form == "deanery" or (not form and slots.get("asked") in OFFERED)
    return label not in STEPS or _is_a_step(label, parsed, slots)


def _is_a_step(label: str, parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a step that is named is what a message is for, and nothing in it leaves a doubt.

    One towards the unit counts where the unit is spoken of; where its contact was not shown yet,
    that comes first.
    """
    signs, words = parsed.get("signs") or (), str(parsed.get("text") or "").split()
    near = slots.get("crisis") in (*IN_CRISIS, "eased") or someone_in_danger(slots)
    doubt = is_low(parsed) or any(sign in signs for sign in SIDEWAYS_SIGNS)
    form = str(slots.get("requested_slot") or "")
    leaves = form.startswith(MESSAGE_FORM) and label in STEPS_TO_UNIT and _intent(parsed) in LEAVES
    if near or doubt or len(words) > BRIEF or (form and not leaves):
        return False
    if label not in STEPS_TO_UNIT:
        return True
    spoken_of = _at_unit(slots) or slots.get("unit_told") or slots.get("asked") in OFFERED
    shown = slots.get("asked") in (MESSAGE, "referral") or slots.get("next_step")
    return bool(spoken_of) and bool(shown or _intent(parsed) not in (SHOWN, "affirm"))


def _asks_back(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a message asks something in place of an answer: to say it in plainer words, mostly.

    What is asked outright is answered at a route's own question too, which is not about danger.
    """
    label, route = asked_label(parsed), slots.get("asked") in ("route", "maybe_route")
    return (label == PLAINER or (route and label in OUTRIGHT)) and _is_asked(parsed, slots)


def _is_asked(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the question of a message is what it is for."""
    intent, label = _intent(parsed), asked_label(parsed)
    open_way = slots.get("offer_accepted") or slots.get("asked") in OFFERED
    asking = _asks(parsed) or intent.startswith(QUESTION)
    if label in ON_THE_WAY and not (open_way or (asking and label != ON_THE_WAY[-1])):
        return False
    if label == ON_THE_WAY[0] and intent == SHOWN and "how" in str(parsed.get("text")).lower():
        return False  # how, and not whether
    named = intent == ABOUT_ANOTHER or NAMES_PEER in (parsed.get("signs") or ())
    if label == OF_A_PEER and not named:
        return False  # "how do I tell him" may be of anybody
    urgent = intent in URGENT and (intent != FORGET or forgets(parsed))
    if label in ON_THE_WAY and open_way and not is_low(parsed):
        return not urgent
    held = intent in HELD and not (intent == "want_message" and label in NO_MESSAGE)
    held = held and not (intent == ABOUT_ANOTHER and label == OF_A_PEER)
    if urgent or (held and _confidence(parsed) >= SURE):
        return False
    if intent not in TELLING:
        return True
    edge = EDGE in ((parsed.get("signals") or {}).get("stage") or ())
    doubt = (edge or is_low(parsed)) and not asks_a_fact(parsed, slots)
    if doubt and not slots.get("safety_asked"):
        return False
    told = any(entity["entity"] == "moment" for entity in parsed.get("entities") or ())
    return not told and _is_brief(parsed)


def _is_brief(parsed: Mapping[str, Any]) -> bool:
    return len(str(parsed.get("text") or "").split()) <= BRIEF


def _gives_thanks(parsed: Mapping[str, Any]) -> bool:
    """Whether a few words are thanks and nothing else, and leave no doubt about safety."""
    signs = parsed.get("signs") or ()
    leaves = is_low(parsed) or any(sign in signs for sign in TAKES_LEAVE)
    said = BLESSES in signs and _intent(parsed) in UNSAID and asked_label(parsed) is None
    return said and _is_brief(parsed) and not leaves


def _asks_of_another(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a few words after "who is told" name one party more: "my ES?", "and the GMC"."""
    text = str(parsed.get("text") or "").strip().lower()
    words = len(text.split())
    party = any(entity["entity"] == "party" for entity in parsed.get("entities") or ())
    if slots.get("last_ask") != TOLD or not party or words > WHO_ELSE:
        return False
    return text.endswith("?") or text.startswith(OF_WHOM_ELSE) or words <= BARE


def _parts(parsed: Mapping[str, Any]) -> bool:
    """Whether a partner who leaves is told of, which is the writer's own trouble."""
    return PARTING in (parsed.get("signs") or ()) and is_no_danger(parsed)


def _at_unit(slots: Mapping[str, Any]) -> bool:
    """Whether the talk is of the unit: offered, its contact shown, or asked about."""
    offered = slots.get("asked") in ("contact", "message", "referral")
    return offered or bool(slots.get("offer_accepted")) or slots.get("last_ask") in OF_THE_UNIT


def _asks_of_this_chat(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether "who sees this?" is asked in a crisis, where no unit is spoken of."""
    running = slots.get("crisis") in IN_CRISIS
    kept = asked_label(parsed) == KEPT and _intent(parsed) in (TOLD, *UNCERTAIN)
    return running and kept and _is_calm(parsed)


def _is_watched(parsed: Mapping[str, Any]) -> bool:
    """Whether a network or a computer is named that might be watched."""
    return any(entity["entity"] == "watcher" for entity in parsed.get("entities") or ())


def _only_names(parsed: Mapping[str, Any]) -> bool:
    """Whether a message without risk has no harm but those of `NEAR`, and no phrase tells them."""
    harms = parsed.get("harms") or ()
    phrases = (parsed.get("harm_sources") or {}).get("patterns")
    calm = parsed.get("risk") in (None, NO_RISK) and not phrases
    return calm and all(harm in NEAR for harm in harms)


def _without_labels(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """Return parse data without what was recognised in words that are quoted."""
    signals: dict[str, list[str]] = {facet: [] for facet in parsed.get("signals") or {}}
    return {**parsed, "harms": [], "harm_sources": {}, "signals": signals}


def _is_question(parsed: Mapping[str, Any]) -> bool:
    """Whether parse data are of a question, clear enough to be answered."""
    sure = _intent(parsed).startswith(QUESTION) and _confidence(parsed) >= HEARD
    return _is_calm(parsed) and (sure or asked_label(parsed) is not None)


def _is_calm(parsed: Mapping[str, Any]) -> bool:
    """Whether nothing of a risk and no harm was recognised."""
    return parsed.get("risk") in (None, NO_RISK) and not parsed.get("harms")


def _tells_of_it_again(parsed: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether only somebody else's trouble was recognised, or an error, that was told before."""
    given = slots.get("routes_given") or ()
    others = any(str(route).startswith(SOMEONE_ELSE) for route in given)
    harms = parsed.get("harms") or ()
    known = all(str(harm).startswith(SOMEONE_ELSE) and harm in given for harm in harms)
    of_error = bool(harms) and all(harm in OF_AN_ERROR and harm in given for harm in harms)
    if of_error and parsed.get("risk") in (None, NO_RISK):
        return True
    return others and known and parsed.get("risk") in (None, NO_RISK, "third_party")


def _confidence(parsed: Mapping[str, Any]) -> float:
    return float((parsed.get("intent") or {}).get("confidence") or 0.0)


def _as(parsed: Mapping[str, Any], intent: str) -> dict[str, Any]:
    return {**parsed, "intent": {"name": intent, "confidence": 1.0}}


def _intent(parsed: Mapping[str, Any]) -> str:
    return str((parsed.get("intent") or {}).get("name") or "")


@lru_cache(maxsize=1)
def before_questions() -> _Parting:
    """Return what parts a question from the words before it."""
    held = yaml.safe_load(BEFORE_QUESTIONS.read_text(encoding="utf-8"))
    gap = r"[\s,.;:!–—-]+"
    whole = rf"(?:{held['before']})(?:{gap}(?:{held['before']}))?{gap}"
    return _Parting(
        re.compile(whole, re.IGNORECASE),
        re.compile(held["question"], re.IGNORECASE),
        re.compile(held["ends"], re.IGNORECASE),
        held["parted"],
    )

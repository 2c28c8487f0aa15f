"""Risk that the conversation shows, beside what the words of one message show.

Detection is a union of three parts, each of which can be seen apart and none of which can veto
another: curated patterns and the trained classifier (`bot/nlu/risk.py`), and this one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.dialogue.replies import ANGERED
from bot.nlu.routes import (
    AT_STAKE,
    CORRECTS,
    DENIES,
    EDGE,
    EMERGENCY,
    FEARED_FOR,
    HURT_BY_SOMEBODY,
    MAYBE,
    OWN_ROUTES,
    SEXUAL,
    SOMEONE_ELSE,
    UNEASY,
    UNFIT,
    WITHDRAWN,
    at_the_edge,
    others_by_classifier_alone,
    routes,
    someone_in_danger,
)
from bot.nlu.taxonomy import NO_RISK, OWN_RISK

LIKELY = 0.5
"""The same, of danger to a life now: from here on it is told to ring, below it is asked."""

CLEAR = 0.8
"""Calibrated probability from which the classifier alone is taken at its word; see `UNSURE`."""

ANGER = "harm_to_others"
"""The own risk that is about somebody else's life."""

CARE = ("care", "care_again")
"""Kinds of question (`crisis_question`) after which a crisis that eased is not left yet."""

LOW_TURNS = 2
"""Uneasy messages in a row after which they are asked directly."""

NOT_SAFE, UNSAFE_PERSON, UNSURE, SIDEWAYS, PAST_ATTEMPT, DENIED, MEDICAL, SHAKEN, INTRUSIVE = (
    "not_safe",
    "unsafe_person",
    "unsure",
    "sideways",
    "past_attempt",
    "denied",
    "medical",
    "shaken",
    "intrusive",
)
"""Kinds of crisis besides the own risks: no to "are you safe?"; somebody else is the danger;
signs that could be read either way; calm, goodbyes or giving things away; an attempt in the past;
a denial that takes itself back; the body; a doubt beside news of somebody else; thoughts of harm
to one's own child."""

NEWS = {
    "they_died": "died",
    "they_live": "alive",
    "fears_false_alarm": "false_alarm",
    "help_is_called": "called",
    "they_have_help": "helped",
    "tied_to_work": "tied",
    "address_unknown": "address",
    "asks_their_work": "their_work",
    "fears_for_their_job": "their_job",
    "asks_whether_to_go": "whether_to_go",
    "going_to_them": "going",
    "asks_who_else_to_tell": "tell_others",
    "fears_next_one": "next_one",
    "they_do_not_answer": "no_reply",
    "where_they_are": "check",
    "hopes_for_them": "stay",
    "waits_for_news": "waiting",
    "asks_about_them": "ask",
    "keeps_secret": "secret",
    "blames_self": "blame",
    "work_ahead": "work",
    "writer_has_company": "company",
}
"""Signs that go on with what was told about somebody else -> the name of what is said to them."""

IN_DANGER = (
    "false_alarm",
    "called",
    "tied",
    "no_reply",
    "waiting",
    "check",
    "stay",
    "address",
    "their_work",
    "their_job",
    "whether_to_go",
    "tell_others",
)
"""News that belongs to somebody's danger now, and is met for as long as it lasts."""

FOR_A_LIFE = ("check", "stay")
"""Of these, what is met where it was feared for a life, and not where it may have been."""

MOST_STAYS = 2
"""Unread messages that are met with the danger, in a conversation."""

ENDS = ("died", "alive", "helped")
"""News after which it is known how it went; it comes through whatever was spoken of since."""

STAY, WAITING, CALLED, LIVING = "stay", "waiting", "called", "blame_living"
"""What is said while somebody is in danger: to what could not be read; while help is on its way;
when it was called; and to who blames themselves before anybody has died."""

TOLD_MORE = "told_more"
"""What is said to more that is told of somebody in danger, whatever else it is about."""

WOKEN = "woken"
"""What is said to who lost somebody before, once the danger is over."""

IN_TOUCH = ("in_touch", "was_elsewhere")
"""Signs that together mean that nothing was wrong: they rang, and had been on a flight."""

RELIEF = "relief"
"""The news that what somebody said was about something else; never beside a word of danger."""

MISREAD = "misread"
PUT_RIGHT = f"{SOMEONE_ELSE}{MISREAD}"
"""The news that somebody else is not in such danger, and what `routes_given` holds after it."""

BARRIER = "barrier_"
"""Beginning of the signs that say what makes a call hard."""

FEARS = {"asks_to_report": "report", "barrier_told": "told", "barrier_shame": "shame"}
"""Signs of what holds somebody back, which is answered after a route too -> the response's name."""

FEAR = "fear_"
"""Beginning of what `routes_given` holds after one of these was answered."""

OF_ONE_PATIENT = ("next_one",)
"""News that is met only after a patient's suicide."""

OF_ONESELF = ("work", "company")
"""News of the writer, which is met whether somebody is in danger or has died."""

DEATH, OF_THE_DEAD = "_death", ("died", "blame", *OF_ONE_PATIENT, *OF_ONESELF)
"""End of the routes about somebody who has died, and the news that is met after one of these."""

BRIEF_NEWS = 6
"""Words of news like "they found her", that a death is read in without a phrase of it."""

PATIENT_DEATH = f"{SOMEONE_ELSE}patient_death"

COMPLAINED = "error_today"
"""The route whose concern is told as well by who is complained about, and made no error."""

AND_YOU = "and_you"
"""What `asked` holds straight after somebody else was spoken of."""

OFFERS = ("information", "contact", "message", "deanery", "referral")
"""Values of `asked` to which "not tonight" is the answer, whoever was spoken of before."""

STRANGLED = "strangled"
"""The sign of a hand on the throat, which is said to be grave wherever abuse is spoken of."""

DOUBTS_IT = "doubts_it"
"""The sign of "am I imagining it?", which is unsure of what happened, and not of being safe."""

ONLY_MINUTES = "only_minutes"
"""The sign of "for ten minutes, he's in the shower": no yes, and no no, to "are you safe?"."""

AT_WORK = ("error_today", "patient_risk")
"""Routes after which a body in danger is mostly a patient's."""

WAVED = "waved_away"
"""The sign that whoever was told of contempt did nothing; "who acts if they do nothing?" asks."""

ABUSE, DRINKING, EATING, HOMELESS = (
    "domestic_abuse",
    "alcohol_drugs",
    "eating_disorder",
    "no_home_or_money",
)

ASIDE = (
    (STRANGLED, "throat", HURT_BY_SOMEBODY),
    ("time_is_up", "cannot_talk", (ABUSE,)),
    ("bleep_and_tears", "bleep", (*AT_WORK, UNFIT)),
    ("nobody_senior", "past_the_reg", (*AT_WORK, UNFIT)),
    ("asks_datix", "datix", AT_WORK),
    ("patient_is_stable", "stable", ("error_today",)),
    ("asks_line_words", "line_words", (*HURT_BY_SOMEBODY, DRINKING, EATING)),
    ("asks_if_for_doctors", "for_doctors", (DRINKING, EATING)),
    ("will_ring_line", "will_ring", (*HURT_BY_SOMEBODY, DRINKING, EATING)),
    ("gets_back_to_them", "gets_back", (SEXUAL, "bullying", "discrimination")),
    ("asks_them_to_stay", "stays_beside", (SEXUAL,)),
    ("signs_them_off", "signs_off", (SEXUAL, "bullying")),
    (DOUBTS_IT, "doubts", (SEXUAL, "bullying", "discrimination")),
    ("asks_what_now", "what_now", AT_WORK),
    ("only_panic", "panic", AT_WORK),
    ("asks_whom_to_tell", "whom", (SEXUAL, "bullying", "discrimination")),
    ("asks_who_tells", "who_tells", AT_WORK),
    ("family_untold", "family", AT_WORK),
    ("asks_on_record", "record", AT_WORK),
    ("goes_back_in", "back_in", AT_WORK),
    (WAVED, "waved_away", ("discrimination", "bullying")),
    ("cannot_talk", "cannot_talk", (ABUSE,)),
    (ONLY_MINUTES, "minutes", (ABUSE,)),
    ("threat_to_tell", "threat", (ABUSE,)),
    ("shared_device", "device", (ABUSE,)),
    ("asks_language", "language", (ABUSE, SEXUAL)),
    ("made_small", "counts_at_home", (ABUSE,)),
    (DOUBTS_IT, "counts_at_home", (ABUSE,)),
    ("asks_if_it_counts", "counts", (SEXUAL,)),
    ("they_write_now", "writes", (SEXUAL,)),
    ("near_them_at_work", "near_them", (SEXUAL,)),
    ("washes", "washes", (SEXUAL,)),
    ("sees_it_again", "sees_it", (SEXUAL, ABUSE)),
    ("tells_nobody", "nobody", (SEXUAL,)),
    ("withdrawal", "withdrawal", (DRINKING,)),
    ("covered_now", "covered", (DRINKING,)),
    ("asks_work_words", "words", (DRINKING, UNFIT)),
    ("drank_near_work", "drank", (DRINKING,)),
    ("due_soon", "drank", (DRINKING,)),
    ("goes_running", "runs", (EATING,)),
    ("fears_scales", "weighed", (EATING,)),
    ("eats_little", "body", (EATING,)),
    ("not_thin", "thin", (EATING,)),
    ("asks_for_room", "room", (HOMELESS,)),
)
"""What is asked or told on after a route: the sign, the name of what is said, and the routes."""

NOT_ASIDE = {
    "past_the_reg": "senior_knows",
    "drank": "sober_now",
    "nobody": "asks_to_report",
    "covered": "withdrawal",
}
"""What is said aside -> the sign beside which it would miss what was told."""

SETTLES = {
    DRINKING: ("due_soon",),
    EATING: ("names_someone", "names_kin"),
    "error_today": ("senior_knows",),
    "discrimination": ("names_someone", "names_kin"),
    "bullying": ("names_someone", "names_kin"),
}
"""Routes -> signs that say yes to their question in other words."""

TOLD_ON = {
    ABUSE: ("made_small", "threat_to_tell", "afraid_of_them", "they_are_near"),
    SEXUAL: (
        "froze",
        "touched",
        "assaulted",
        "harassed",
        "remarks",
        "asks_if_it_counts",
        "they_write_now",
        "washes",
    ),
    DRINKING: ("withdrawal", "drank_near_work"),
    EATING: ("eats_hint", "eats_little", "goes_running", "fears_scales"),
    HOMELESS: ("sleeps_rough", "asks_for_room"),
}
"""Harms that were asked about -> signs of telling on, which mean yes."""

ASKED_ALL_ALONG = ("asks_if_it_counts",)
"""Of these, the signs that mean yes for as long as what was asked was not denied."""

AFTER_THE_ANSWER = ("cannot_talk", "due_soon", ONLY_MINUTES, "asks_if_for_doctors")
"""Signs that are told aside only where they do not stand beside an answer that says otherwise."""

HARM_QUESTIONS = ("safe_from_them", "route", "maybe_route")
"""Values of `asked` that stay for one more turn when what is said is no answer."""

ASKED_AGAIN = (
    "domestic_abuse",
    "sexual_harm",
    "sexual_harm_said",
    "alcohol_drugs",
    "unfit_now",
    "error_today",
    "patient_risk",
    "no_home_or_money",
)
"""Routes whose question is put again, once, when it was not answered: safety is in it."""

COULD_KILL = "could_kill"
"""The sign of "I could kill him", which is mostly said in anger and not meant."""

WORK_AHEAD = "work_ahead"
"""The sign of "I'm on tomorrow, what about work?", which a crisis that eased is not left with."""

AFTER_HURTING = {
    "wound_worse": "wound",
    "fears_for_scars": "scars",
    "asks_about_sleeves": "sleeves",
}
"""Signs of what is asked or told after self-harm -> the name of what is said."""

FEAR_OF_TELLING = "told"
"""The fear that is not read in a question which can be answered."""

QUESTIONS_OF_TELLING = ("ask_who_is_told", "ask_what_is_kept", "ask_about")
"""Intents of asking who learns what."""

ASKS_WHO = ("ask_who_is_told", "gmc_health")
"""Topics that a message plainly asks about, of which the same holds."""

ASKING = ("will", "would", "does", "do", "can", "could", "is", "are", "am", "who", "what")

OUTRIGHT = ("who_acts", "define_ftsu", "you_report")
"""Topics (`nlu_data/patterns/asked.yml`) asked outright after a route: they are answered, and no
fear or aside is read in the same words."""

FITNESS = "fit"
"""What is said to who asks whether they may work; it needs no route before it."""

CALM = "calm"
SIDEWAYS_SIGNS = (CALM, "farewell", "giving_away")

DECIDED, ORDINARY_DECISION = "decided", "ordinary_decision"
"""Signs of a decision, which stands for calm, and of one about work or home, which does not."""

OF_AN_END = "speaks_of_an_end"
"""The sign beside which no decision is ordinary, and nothing is explained."""

TOLD_SOMEBODY = ("told_somebody", "done", "reached", "with_someone", "company")
"""Signs that somebody was told or is there; calm with them is relief, unless it is `final`."""

ASKED_SAFE = {"safe_now": NOT_SAFE, "safe_from_them": UNSAFE_PERSON}
"""Questions after which a no, or half an answer, means danger, and the kind of it."""

PUT_THEM_AT_RISK = ("not_safe", "afraid_of_them", "they_are_near")
"""Signs that say in words what a bare no to such a question only may mean."""

PUT_RIGHT_TURNS = 2
"""Turns after a doubt was put right in which a smaller one that brings nothing new is none."""

OF_ACTS = ("immediate", "active_ideation", "self_harm")
"""Own risks that tell of doing something: such a doubt is new, whatever was put right before."""

PUTS_RIGHT = ("misread", "safe", "no_such_thing")
"""Signs that put a doubt right in the message that raises it."""

EXPLAINS = "says_what_was_meant"
"""The sign of going on about what was meant, after a doubt was put right."""

PUT_RIGHT_QUESTION = "put_right"
"""What `crisis_question` holds once a doubt was put right, so that it counts as none."""

PASSED_OVER = "passed_over"
"""What it holds once the question at a doubt was let go: a bare yes next still answers it."""

WITH_THEM = "with_them"
"""What it holds once somebody was reached, and is with them or coming."""

WITH_THEM_TURNS = 4
"""Turns after that in which little is said and nothing is asked."""

BRIEF_BESIDE_THEM = 14
"""Words of what is met quietly in these turns; more is somebody who has come back to talk."""

RINGING = "ringing"
"""What `crisis_question` holds once they said they would ring or go to somebody."""

WONT_RING, BACKS_OUT = "wont_ring", "backs_out"
"""Signs that a call is not made: said of the call, or of whatever was said last."""

OWNS_UP, TAKES_BACK, RELAPSE = "owns_up", "takes_back", "relapse"
"""Signs that a no was not true, that being fine is not, and that what was told is back."""

LEFT_OPEN = (
    "but_open",
    "ambivalent",
    "hopeless",
    "past_attempt",
    "hurt_self",
    "cannot_live",
    "like_them",
    OWNS_UP,
    TAKES_BACK,
    RELAPSE,
)
"""Signs beside which "not suicidal" is no plain denial."""

DRINK = ("unfit_now", "alcohol_drugs")
"""Routes beside which "I've had some already" is a drink, unless danger was affirmed."""

URGE = "urge"
"""The sign of wanting to do "it" again, which says something only after it was affirmed."""

FOLLOWS_THEM = "follows_them"
"""The sign of going where the dead went, or of their being better off; after a death alone."""

BEREAVED = "bereavement_trauma"
"""The concern of who told of a death."""

HALF_JOKE, HALF_A_DOUBT = "half_joke", UNEASY / 2
"""The sign that what was said is called not only a joke, and the probability it needs, unasked."""

BRIEF_QUESTION = 12
"""Words of a question of fact, in which there is little room for anything else."""

FACTS = (
    "stop_going",
    "change_mind",
    "not_in_training",
    "refer_alone",
    "go_back",
    "opening_hours",
    "their_answer",
    "who_pays",
    "who_runs",
)
"""Topics (`nlu_data/patterns/asked.yml`) that are plain facts about a unit."""

BARE_WORDS = 3
"""Words of a bare yes."""

HALF_YES, HALF_YES_WORDS = "half_yes", 12
"""The sign of half a yes in so many words, and how long it is when it answers what was let go."""

HURT_ONLY = "self_harm"
"""The own risk that need not be about dying, nor about minutes."""


@dataclass(frozen=True)
class RiskSigns:
    """What each part of the detection said of the latest message; None is nothing."""

    patterns: str | None
    classifier: str | None
    context: str | None

    def any(self) -> bool:
        """Whether the crisis conversation has to answer."""
        return any((self.patterns, self.classifier, self.context))

    def classifier_alone(self) -> bool:
        """Whether nothing but the classifier takes the message for risk."""
        return bool(self.classifier) and not (self.patterns or self.context)


def risk_signs(message: Mapping[str, Any], slots: Mapping[str, Any]) -> RiskSigns:
    """Return what each part says: of a message's parse data, in a conversation with `slots`."""
    sources = message.get("risk_sources") or {}
    return RiskSigns(
        patterns=_own(sources.get("patterns")),
        classifier=_own(sources.get("classifier")),
        context=_context(message, slots),
    )


def crisis_kind(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the kind of crisis conversation that the message begins, or None."""
    signs, found = risk_signs(message, slots), _signs(message)
    if not signs.any() or doubted_fact(message, slots):
        return None
    if _is_emergency(message, slots):
        return MEDICAL
    risk = message.get("risk")
    if risk not in OWN_RISK:
        return signs.context
    if risk == ANGER and "own_child" in found:
        return INTRUSIVE
    if risk == ANGER and signs.patterns is None and _is_hurt(message):
        return UNSAFE_PERSON
    if risk == ANGER and signs.patterns is None and URGE in found and signs.context:
        return signs.context  # "after what he said I want to do it again"
    angry = slots.get("crisis") in ("asked", "staying") and slots.get("crisis_kind") == ANGER
    if angry and risk == "immediate" and signs.classifier_alone():
        return ANGER  # "not going tonight, had a few drinks" is no attempt
    told = (message.get("harm_sources") or {}).get("patterns") or ()
    alone = in_doubt(message, slots) or (signs.classifier_alone() and risk != "immediate")
    if alone and news_of(message, slots):
        return SHAKEN
    if risk == "immediate" and is_tended(message, slots):
        return HURT_ONLY
    other = last_route(slots) in AT_WORK or _is_drink(message, slots)
    if risk == "immediate" and signs.classifier_alone() and other:
        return UNSURE
    doubted = in_doubt(message, slots) or (risk == ANGER and signs.classifier_alone())
    if told and doubted:
        return UNSAFE_PERSON if any(harm in HURT_BY_SOMEBODY for harm in told) else UNSURE
    if risk in ("active_ideation", "passive_ideation"):
        if "past_attempt" in found and not _now(message):
            return PAST_ATTEMPT
        if "denied" in found and not in_doubt(message, slots):
            return DENIED
    if risk == HURT_ONLY and "hurt_self" in found:
        return HURT_ONLY  # "I cut my leg last night": a phrase of it, beside the classifier
    least = LIKELY if risk == "immediate" else CLEAR
    if signs.patterns is None and own_probability(message) < least:
        return signs.context or UNSURE
    return str(risk)


def doubted_fact(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the classifier alone takes a short question of fact for risk, and is not clear.

    "What if I don't turn up" is answered; whether they are safe is asked after it.
    """
    return in_doubt(message, slots) and asks_a_fact(message, slots)


def asks_a_fact(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a short message asks a fact about a unit, and nothing speaks of danger beside it.

    Nothing is no phrase, no sign, no harm, and nothing that was said before.
    """
    found = _signs(message)
    words = str(message.get("text") or "").split()
    asked = next(iter(message.get("asked_about") or ()), None)
    asks = asked in FACTS and 0 < len(words) <= BRIEF_QUESTION
    before = slots.get("crisis_kind") or slots.get("crisis") not in (None, "no")
    before = before or int(slots.get("low_turns") or 0) or slots.get("requested_slot")
    before = before or slots.get("asked") in (*ASKED_SAFE, *HARM_QUESTIONS)
    speaks = any(
        s in found for s in (*LEFT_OPEN, *SIDEWAYS_SIGNS, NOT_SAFE, "pointless", HALF_JOKE)
    )
    signs = risk_signs(message, slots)
    stated = bool(message.get("harms")) or signs.patterns or signs.context
    return asks and not (before or speaks or stated)


def stated_risk(message: Mapping[str, Any], slots: Mapping[str, Any], kind: str) -> str | None:
    """Return the kind of own risk that a message states in so many words, or None.

    It is remembered for the rest of the conversation. `kind` is the kind of crisis it begins.
    """
    patterns, found = risk_signs(message, slots).patterns, _signs(message)
    if patterns == HURT_ONLY or "hurt_self" in found:
        return HURT_ONLY
    if kind in (MEDICAL, UNSAFE_PERSON):
        return None
    if kind in (PAST_ATTEMPT, DENIED, INTRUSIVE) or (kind == NOT_SAFE and kind in found):
        return kind
    return patterns


def is_tended(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether self-harm that was told is seen to, or told without a wish to die.

    Then only bleeding that goes on, or more than the classifier, says that minutes count.
    """
    found = _signs(message)
    sources, harms = message.get("risk_sources") or {}, message.get("harm_sources") or {}
    before = (slots.get("crisis_affirmed"), slots.get("crisis_kind"))
    told = sources.get("patterns") == HURT_ONLY or "hurt_self" in found or HURT_ONLY in before
    graver = _own(sources.get("patterns")) not in (None, HURT_ONLY)
    graver = graver or "bleeds" in found or EMERGENCY in (harms.get("patterns") or ())
    return told and not graver and ("tended" in found or "wish_to_live" in found)


def after_hurting(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what is asked or told of self-harm that was told before, or None.

    A sign that more than the classifier sees comes first, and so does bleeding.
    """
    told = HURT_ONLY in (slots.get("crisis_affirmed"), slots.get("crisis_kind"))
    signs, found = risk_signs(message, slots), _signs(message)
    graver = signs.patterns or signs.context or _is_emergency(message, slots)
    if not told or graver or message.get("risk") == "immediate":
        return None
    return next((name for sign, name in AFTER_HURTING.items() if sign in found), None)


def asks_of_hurting(message: Mapping[str, Any], kind: str) -> str | None:
    """Return what a message that brings the card asks of self-harm, to be answered under it."""
    if message.get("risk") != HURT_ONLY or kind not in (HURT_ONLY, UNSURE):
        return None
    return next((name for sign, name in AFTER_HURTING.items() if sign in _signs(message)), None)


def by_a_bare_answer(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether danger is read from a no, or half an answer, to "are you safe?" and nothing else."""
    signs, asked = risk_signs(message, slots), slots.get("asked")
    read = asked in ASKED_SAFE and signs.context in (ASKED_SAFE[asked], ANGER)
    bare = read and not signs.patterns
    return bare and not any(sign in _signs(message) for sign in PUT_THEM_AT_RISK)


def danger_was_near(slots: Mapping[str, Any]) -> bool:
    """Whether there was a crisis, or somebody hurts them: forgetting takes no number away then."""
    given = slots.get("routes_given") or ()
    return bool(slots.get("crisis_kind")) or any(route in HURT_BY_SOMEBODY for route in given)


def is_low(message: Mapping[str, Any]) -> bool:
    """Whether the message leaves a doubt about safety, short of what the crisis answers."""
    return own_probability(message) >= UNEASY or "giving_away" in _signs(message)


def news_of(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what a message adds to what was told last about somebody else, or None.

    Each is answered once; `routes_given` then holds it as "other_alive" and so on.
    """
    given = list(slots.get("routes_given") or ())
    danger, about = someone_in_danger(slots), _about_somebody_else(slots)
    if not (danger or about):
        return None
    told = (message.get("harm_sources") or {}).get("patterns") or ()
    signs = _signs(message)
    relief = "meant_otherwise" in signs or all(sign in signs for sign in IN_TOUCH)
    relief = relief and not any(s in signs for s in (AT_STAKE, "blames_self"))
    if danger and relief and not told and given[-1] != MAYBE:
        return RELIEF
    words = str(message.get("text") or "").split()
    wrong = CORRECTS in signs and len(words) > BARE_WORDS and not told and AT_STAKE not in signs
    if (given[-1] in FEARED_FOR and MISREAD in signs) or (given[-1] == MAYBE and wrong):
        return None if PUT_RIGHT in given else MISREAD
    lost = any(route.endswith(DEATH) or route == f"{SOMEONE_ELSE}died" for route in given)
    woken = "lost_one_before" in signs and SOMEONE_ELSE + WOKEN not in given
    if woken and not (danger or lost):
        return WOKEN
    if PUT_RIGHT in given or f"{SOMEONE_ELSE}{RELIEF}" in given:
        return None  # it was no such worry
    found = [name for sign, name in NEWS.items() if sign in signs]
    if len(str(message.get("text") or "").split()) <= BRIEF_NEWS:
        told = (*told, *((message.get("harm_sources") or {}).get("clear") or ()))
    if given[-1] in FEARED_FOR and any(harm.endswith(DEATH) for harm in told):
        found.insert(0, "died")  # told as a death now, of whom it was feared
    if "alive" in found and "false_alarm" in found and "if" in str(message.get("text")).split():
        found.remove("alive")  # "what if he's fine"
    if "alive" in found and str(message.get("text") or "").rstrip().endswith("?"):
        found.remove("alive")  # "she's safe now?"
    if not (about and any(route in FEARED_FOR for route in given)):
        found = [name for name in found if name not in FOR_A_LIFE]
    if any(name in found for name in ENDS):
        found = [name for name in found if name not in FOR_A_LIFE]
    if given[-1] == MAYBE:
        found = [name for name in found if name != NEWS["asks_about_them"]]
    pressed = [str(e["value"]) for e in message.get("entities") or () if e["entity"] == "news"]
    for name in (*pressed, *found):
        name = LIVING if name == NEWS["blames_self"] and not lost else name
        if name in IN_DANGER:
            if danger:
                return _while_it_lasts(name, given)
            continue
        if name in OF_ONE_PATIENT and PATIENT_DEATH not in given:
            continue
        anew = SOMEONE_ELSE + name not in given
        if anew and (about or name in ENDS) and (name in OF_THE_DEAD or not lost):
            return name
    return None


def _while_it_lasts(name: str, given: Collection[str]) -> str:
    """Return the news of somebody in danger: with help on its way, it is waited for."""
    if SOMEONE_ELSE + CALLED not in given:
        return "no_reply" if name == WAITING else name
    return WAITING if name in ("no_reply", CALLED, *FOR_A_LIFE) else name


def stays_with_danger(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a message that could not be read, or tells more of them, comes while in danger.

    "Not tonight", said to an offer, is read well enough.
    """
    intent = str((message.get("intent") or {}).get("name"))
    given = list(slots.get("routes_given") or ())
    offered = slots.get("asked") in OFFERS
    unread = intent == "nlu_fallback" or (intent == "not_now" and not offered)
    unread = unread and not any(
        (message.get("signals") or {}).get(facet) for facet in ("stage", "concern")
    )
    unread = unread or (tells_more(message) and slots.get("asked") == AND_YOU)
    now = any(route in FEARED_FOR for route in given) and _about_somebody_else(slots)
    again = sum(given.count(SOMEONE_ELSE + said) for said in (STAY, TOLD_MORE)) >= MOST_STAYS
    return unread and now and not again and someone_in_danger(slots)


def tells_more(message: Mapping[str, Any]) -> bool:
    """Whether a message goes on about somebody by "she", "he" or "they"."""
    return "of_them" in _signs(message)


def is_of_another_harm(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether what the classifier alone takes for somebody's danger answers about another harm.

    Who is asked whether they are put down tells of somebody's words, which may sound like danger.
    """
    asked = slots.get("asked") in ("route", "maybe_route", "safe_from_them")
    about = last_route(slots) if slots.get("asked") != "maybe_route" else None
    own = about is None or about in OWN_ROUTES
    alone = others_by_classifier_alone(message)
    return asked and own and alone and not others_risk_is_clear(message)


def may_be_nobody(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether only the classifier takes somebody else to be in danger, and names nobody."""
    asked = slots.get("asked") in ("route", "maybe_route", "safe_from_them")
    named = "speaks_of_another" in _signs(message)
    return others_by_classifier_alone(message) and (asked or not named)


def others_risk_is_clear(message: Mapping[str, Any]) -> bool:
    """Whether a phrase tells somebody else's risk, or the classifier clearly."""
    by_phrases = (message.get("risk_sources") or {}).get("patterns") == "third_party"
    return by_phrases or (message.get("risk_scores") or {}).get("third_party", 0.0) >= CLEAR


def fear_of(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what holds somebody back after a harm of their own, each once; or None."""
    if harm_spoken_of(slots) not in OWN_ROUTES or asks_outright(message):
        return None
    given = list(slots.get("routes_given") or ())
    asks = _asks_who_is_told(message)
    fears = {sign: name for sign, name in FEARS.items() if not (asks and name == FEAR_OF_TELLING)}
    found = (name for sign, name in fears.items() if sign in _signs(message))
    return next((name for name in found if FEAR + name not in given), None)


def _asks_who_is_told(message: Mapping[str, Any]) -> bool:
    """Whether a message asks whom a unit tells, or names a deanery: an answer is known to that."""
    named = any(entity["entity"] == "deanery" for entity in message.get("entities") or ())
    intent = message.get("intent") or {}
    text = str(message.get("text") or "")
    asks = intent.get("name") in QUESTIONS_OF_TELLING and ("?" in text or _begins_to_ask(text))
    return named or asks or any(q in (message.get("asked_about") or ()) for q in ASKS_WHO)


def _begins_to_ask(text: str) -> bool:
    """Whether the words begin as a question does ("will I", "does it"), without its mark."""
    words = text.lower().split()
    return bool(words) and words[0] in ASKING


def asks_outright(message: Mapping[str, Any]) -> bool:
    """Whether a message asks one of `OUTRIGHT`."""
    return any(label in OUTRIGHT for label in message.get("asked_about") or ())


def last_route(slots: Mapping[str, Any]) -> str | None:
    """Return the route that was given last, whatever fear was answered since."""
    given = reversed(list(slots.get("routes_given") or ()))
    return next((route for route in given if not route.startswith((FEAR, WITHDRAWN))), None)


def harm_spoken_of(slots: Mapping[str, Any]) -> str | None:
    """Return the route that was given last, or the harm that was asked about and not denied."""
    last = last_route(slots)
    return str(slots["harm_open"]) if last is None and slots.get("harm_open") else last


def stays_open(slots: Mapping[str, Any]) -> str | None:
    """Return the question about a harm that a message without an answer leaves open, or None.

    It is the value of `asked`, and stays so once.
    """
    asked = slots.get("asked")
    if asked == "maybe_route":
        return "maybe_route" if slots.get("last_ask") == "maybe_route" else None
    again = slots.get("route_again") == slots.get("route_asked")
    return str(asked) if asked in HARM_QUESTIONS and not again else None


def question_again(slots: Mapping[str, Any]) -> str | None:
    """Return the route whose question is put again when a message does not answer it, or None."""
    route = slots.get("route_asked")
    asked = stays_open(slots)
    return str(route) if asked not in (None, "maybe_route") and route in ASKED_AGAIN else None


def safe_from_them(message: Mapping[str, Any]) -> bool:
    """Whether a message says yes to "are you safe from them?".

    A yes that goes on about what they do ("yes, he says he loves me") says yes to that.
    """
    intent, found = str((message.get("intent") or {}).get("name")), _signs(message)
    if intent == "safe_for_now" or "safe" in found:
        return True
    return answer_of(intent, found) == "yes" and not _is_hurt(message)


def answers_route(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what a message answers to the question of the route that was given last.

    It is yes, no, half or None; other words than yes and no count where they settle it.
    """
    found = _signs(message)
    route = str(slots.get("route_asked"))
    if slots.get("asked") == "safe_from_them" and safe_from_them(message):
        return "yes"
    if route == DRINKING and "sober_now" in found:
        return "no"
    said = answer_of(str((message.get("intent") or {}).get("name")), found)
    if said is None and any(sign in found for sign in SETTLES.get(route, ())):
        return "yes"
    if slots.get("asked") == "safe_from_them" and said == "yes":
        return None
    return said


def withdrawn_route(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that was given last, when the message says that there is no such thing."""
    last = last_route(slots)
    if last not in OWN_ROUTES or slots.get("route_asked") is None:
        return None
    return last if "no_such_thing" in _signs(message) else None


def aside_of(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what is asked or told on after a route, by its name, or None."""
    found, last = _signs(message), harm_spoken_of(slots)
    if last is None and slots.get("crisis_kind"):
        last = slots.get("route_waiting")
    answered = answers_route(message, slots) if slots.get("asked") in HARM_QUESTIONS else None
    for sign, name, after in ASIDE:
        other = answered == ("yes" if sign == "cannot_talk" else "no")
        outright = sign == WAVED and asks_outright(message)
        if (sign in AFTER_THE_ANSWER and other) or outright:
            continue
        if sign in found and last in after and NOT_ASIDE.get(name) not in found:
            return name
    return FITNESS if "asks_if_fit" in found else None


def confirmed_route(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that was asked about last, when the answer is yes or tells on about it.

    Telling on counts for as long as the question was not denied and no route was given.
    """
    checked = list(slots.get("routes_checked") or ())
    intent = str((message.get("intent") or {}).get("name"))
    said, found = answer_of(intent, _signs(message)), _signs(message)
    wrong = any(sign in found for sign in DENIES) and "says_yes" not in found
    denied = said == "no" or wrong  # "nobody is hurting me" is a word of safety, and no yes
    waits, asked = str(slots.get("harm_open")), slots.get("asked") == "maybe_route"
    told_on = [sign for sign in TOLD_ON.get(waits, ()) if sign in found]
    told_on = [sign for sign in told_on if asked or sign in ASKED_ALL_ALONG]
    if told_on and not denied and last_route(slots) is None:
        return waits
    if not asked or not checked:
        return None
    concerns = (message.get("signals") or {}).get("concern") or ()
    by_concern = checked[-1] != COMPLAINED and routes()[checked[-1]].concern in concerns
    again = checked[-1] in (message.get("harms") or ()) or by_concern
    return checked[-1] if (said == "yes" or again) and not denied else None


def in_doubt(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether only the classifier takes the message for risk, and is not clear about it."""
    return risk_signs(message, slots).classifier_alone() and own_probability(message) < CLEAR


def is_put_right(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the classifier alone has a small doubt that the person has put right.

    They say in this message that they are safe, as they were asked; or they did so of such a doubt
    a turn or two before, and the message puts it right again, or says what was meant and tells of
    no act. Whatever else it says is new, and asked about. They get the numbers, and are believed.
    Two low messages in a row are another matter (`_context`).
    """
    alone = risk_signs(message, slots).classifier_alone()
    if not alone or own_probability(message) >= LIKELY:
        return False
    before = slots.get("crisis_kind") == UNSURE and slots.get("crisis") in ("no", "eased")
    firm = slots.get("crisis_sure") or slots.get("crisis_affirmed")
    soon = turns_since_crisis(slots) < PUT_RIGHT_TURNS
    found = _signs(message)
    explains = EXPLAINS in found and OF_AN_END not in found and message.get("risk") not in OF_ACTS
    nothing_new = explains or any(sign in found for sign in PUTS_RIGHT)
    return _says_safe(message, slots) or (before and not firm and soon and nothing_new)


def denies_unasked(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether they say that they are not suicidal and nothing else, and the classifier hears risk.

    They said so before and were believed, or they told of somebody else's danger or death.
    """
    before = slots.get("crisis") == "eased" or _about_somebody_else(slots)
    alone = risk_signs(message, slots).classifier_alone() and message.get("risk") != "immediate"
    calm = slots.get("crisis") in (None, "no", "eased")
    return bool(before and calm and alone and "denies_alone" in _signs(message))


def turns_since_crisis(slots: Mapping[str, Any]) -> int:
    """Return how many turns there were since the crisis action last said something of its own."""
    return int(slots.get("turn") or 0) - int(slots.get("crisis_turn") or 0)


def forgets(message: Mapping[str, Any]) -> bool:
    """Whether forgetting is asked for by a button, a command, or in so many words."""
    text = str(message.get("text") or "").strip()
    return not text or text.startswith("/") or "forgets_plainly" in _signs(message)


def _says_safe(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether they say that they are safe, in answer to the question whether they are."""
    intent = str((message.get("intent") or {}).get("name"))
    yes = "safe" in _signs(message) or answer_of(intent, _signs(message)) == "yes"
    return slots.get("asked") == "safe_now" and yes


def denies_plainly(message: Mapping[str, Any]) -> bool:
    """Whether a message says that they are not suicidal, and nothing in it says otherwise."""
    found = _signs(message)
    own = {_own(risk) for risk in (message.get("risk_sources") or {}).values()} != {None}
    open_ = sideways(message) or any(sign in found for sign in (*LEFT_OPEN, NOT_SAFE))
    return "not_suicidal" in found and not (open_ or own)


def own_probability(message: Mapping[str, Any]) -> float:
    """Return the classifier's calibrated probability of any own risk."""
    return float((message.get("risk_scores") or {}).get("own", 0.0))


def answer_of(intent: str, signs: Collection[str]) -> str | None:
    """Return what a message answers to a yes-or-no question: yes, no, half, or None."""
    if "ambivalent" in signs or HALF_YES in signs:
        return "half"
    if intent == "affirm" or any(sign in signs for sign in ("says_yes", "safe")):
        return "yes"
    if intent == "deny" or "says_no" in signs:
        return "no"
    return "half" if intent == "unsure" else None


def _context(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    found = _signs(message)
    if _is_emergency(message, slots):
        return MEDICAL
    intent = (message.get("intent") or {}).get("name")
    asked = slots.get("asked")
    unsafe = "not_safe" in found
    wrongly = asked == "safe_from_them" and withdrawn_route(message, slots)
    answer = None if is_corrected(message, slots) else answer_of(str(intent), found)
    if answer == "half" and DOUBTS_IT in found and "ambivalent" not in found:
        answer = None
    if (
        asked in ASKED_SAFE
        and not (wrongly and not unsafe)
        and (unsafe or answer in ("no", "half"))
    ):
        of_anger = slots.get("last_ask") == ANGERED and not unsafe
        return ANGER if of_anger else ASKED_SAFE[asked]
    if unsafe:
        return NOT_SAFE
    told = (message.get("harm_sources") or {}).get("patterns") or ()
    hurt = last_route(slots) in HURT_BY_SOMEBODY or slots.get("crisis_kind") == UNSAFE_PERSON
    if "afraid_of_them" in found and (hurt or any(harm in HURT_BY_SOMEBODY for harm in told)):
        return UNSAFE_PERSON
    if "they_are_near" in found and hurt:
        return UNSAFE_PERSON
    if "past_attempt" in found:
        return PAST_ATTEMPT
    told_again = _told_again(found, slots)
    if told_again:
        return told_again
    asking = slots.get("crisis") in ("asked", "staying")
    if HALF_JOKE in found and not asking and own_probability(message) >= HALF_A_DOUBT:
        return str(slots.get("crisis_affirmed") or UNSURE)
    if FOLLOWS_THEM in found and _death_was_told(slots):
        return "passive_ideation"
    if "like_them" in found and (_about_somebody_else(slots) or _death_was_told(slots)):
        return UNSURE
    if "cannot_live" in found:
        return UNSURE
    arriving = [sign for sign in sideways(message) if not _is_relief(sign, message)]
    running = slots.get("crisis") in ("asked", "staying") and slots.get("crisis_affirmed")
    if running and "sudden_calm" in found and not any(sign in found for sign in TOLD_SOMEBODY):
        return SIDEWAYS
    if len(arriving) > 1 or (arriving and _distressed(slots)):
        return SIDEWAYS
    again = int(slots.get("low_turns") or 0) >= LOW_TURNS - 1
    if is_low(message) and again and not _says_safe(message, slots):
        return UNSURE
    return None


def is_corrected(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the answer to "are you safe?" is that they were read wrongly."""
    found, asked = _signs(message), slots.get("asked")
    denied = asked == "safe_now" and denies_plainly(message)
    if asked not in ASKED_SAFE or not (MISREAD in found or denied) or NOT_SAFE in found:
        return False
    intent = str((message.get("intent") or {}).get("name"))
    return asked == "safe_from_them" or denied or answer_of(intent, found) != "yes"


def answers_what_was_passed_over(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a bare yes, or half a yes, comes next after the question at a doubt was let go."""
    words = str(message.get("text") or "").split()
    intent = str((message.get("intent") or {}).get("name"))
    open_still = slots.get("crisis") == "no" and slots.get("crisis_question") == PASSED_OVER
    yes = answer_of(intent, _signs(message)) == "yes" and 0 < len(words) <= BARE_WORDS
    half = HALF_YES in _signs(message) and len(words) <= HALF_YES_WORDS
    return open_still and (yes or half) and not turns_since_crisis(slots)


def is_with_somebody(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a short message comes in the minutes after somebody was reached."""
    near = slots.get("crisis") == "eased" and slots.get("crisis_question") == WITH_THEM
    short = len(str(message.get("text") or "").split()) <= BRIEF_BESIDE_THEM
    return near and short and turns_since_crisis(slots) < WITH_THEM_TURNS


def _told_again(found: Collection[str], slots: Mapping[str, Any]) -> str | None:
    """Return the kind of danger that is told again by taking back a no, or as a relapse.

    "It's coming back" means something only where own risk was affirmed before; a no that was not
    true, wherever it was asked about.
    """
    state, kind = slots.get("crisis"), slots.get("crisis_kind")
    affirmed = slots.get("crisis_affirmed")
    if affirmed and RELAPSE in found and state != "asked":
        return str(affirmed)
    if affirmed and URGE in found:
        return str(affirmed)
    if ANGER in (affirmed, kind) and COULD_KILL in found and state != "asked":
        return ANGER  # a turn of phrase elsewhere; asked about where it was meant before
    over = state == "eased" or (state == "no" and affirmed)
    if (TAKES_BACK in found and over) or (OWNS_UP in found and kind and state in ("no", "eased")):
        return str(kind or UNSURE)
    return None


def sideways(message: Mapping[str, Any]) -> list[str]:
    """Return which of `SIDEWAYS_SIGNS` a message holds; calm stands for a decision too."""
    found = _signs(message)
    held = [sign for sign in SIDEWAYS_SIGNS if sign in found]
    return [CALM, *held] if is_decided(message) and CALM not in held else held


def is_decided(message: Mapping[str, Any]) -> bool:
    """Whether a message tells of a decision that may be one to die.

    One about work or home is none, unless anything else in the message is uneasy.
    """
    found = _signs(message)
    graver = is_low(message) or any(s in found for s in (OF_AN_END, AT_STAKE, *SIDEWAYS_SIGNS))
    return DECIDED in found and (ORDINARY_DECISION not in found or graver)


def _is_relief(sign: str, message: Mapping[str, Any]) -> bool:
    """Whether calm comes with having told somebody, and with nothing decided."""
    found = _signs(message)
    told = any(other in found for other in TOLD_SOMEBODY)
    settled = "final" in found or is_decided(message)
    return sign == CALM and told and "relief" in found and not settled


def _death_was_told(slots: Mapping[str, Any]) -> bool:
    """Whether somebody's death was told in this conversation."""
    given = slots.get("routes_given") or ()
    lost = any(route.endswith(DEATH) or route == f"{SOMEONE_ELSE}died" for route in given)
    return lost or BEREAVED in (slots.get("concerns_heard") or ())


def _is_drink(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether what the classifier, in doubt, takes for an overdose may be a drink."""
    about = (*(message.get("harms") or ()), last_route(slots))
    clear = own_probability(message) >= CLEAR or slots.get("crisis_affirmed")
    return not clear and any(harm in DRINK for harm in about)


def _about_somebody_else(slots: Mapping[str, Any]) -> bool:
    """Whether what was answered last was about somebody else."""
    given = list(slots.get("routes_given") or ())
    return bool(given) and str(given[-1]).startswith(SOMEONE_ELSE)


def _distressed(slots: Mapping[str, Any]) -> bool:
    """Whether distress was spoken of earlier in this conversation; a doubt put right is none."""
    near = slots.get("crisis_kind") and slots.get("crisis_question") != PUT_RIGHT_QUESTION
    return bool(near or slots.get("crisis_affirmed") or int(slots.get("low_turns") or 0)) or (
        slots.get("current_stage") == EDGE
    )


def _now(message: Mapping[str, Any]) -> bool:
    """Whether a message about the past also speaks of thoughts that are there now."""
    return bool(sideways(message)) or any(s in _signs(message) for s in ("hopeless", "denied"))


def _is_emergency(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the body of the one who writes is the emergency.

    Somebody at breaking point speaks of collapsing too, and somebody at work of a patient; then
    the classifier alone is not enough. Breath is short in panic, and where an error is told: there
    the patient comes first, and one line is for their own breathing (`is_breathless`).
    """
    sources = message.get("harm_sources") or {}
    by_phrases = sources.get("patterns") or ()
    if EMERGENCY in by_phrases:
        return True
    by_words = (message.get("risk_sources") or {}).get("patterns")
    stated = by_words == "immediate"  # an attempt, whatever its signs
    if stated or last_route(slots) in AT_WORK or is_tended(message, slots):
        return False
    clear = sources.get("clear") or ()
    panic = "only_panic" in _signs(message)
    error = any(harm in AT_WORK for harm in (*by_phrases, *clear))
    if is_breathless(message) and EMERGENCY not in clear:
        return not (panic or error)
    return EMERGENCY in (sources.get("classifier") or ()) and not at_the_edge(message)


def is_breathless(message: Mapping[str, Any]) -> bool:
    """Whether the writer says that they cannot breathe."""
    return "breathless" in _signs(message)


def _is_hurt(message: Mapping[str, Any]) -> bool:
    """Whether the message tells that somebody hurts or threatens the one who writes."""
    return any(harm in HURT_BY_SOMEBODY for harm in message.get("harms") or ())


def _own(risk: str | None) -> str | None:
    return risk if risk in OWN_RISK and risk != NO_RISK else None


def _signs(message: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(message.get("signs") or ())

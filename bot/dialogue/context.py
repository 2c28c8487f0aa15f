"""Risk that the conversation shows, beside what the words of one message show.

Detection is a union of three parts, each of which can be seen apart and none of which can veto
another: curated patterns and the trained classifier (`bot/nlu/risk.py`), and this one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from bot.nlu.routes import (
    EDGE,
    EMERGENCY,
    FEARED_FOR,
    MAYBE,
    OWN_ROUTES,
    SEXUAL,
    SOMEONE_ELSE,
    WITHDRAWN,
    at_the_edge,
    routes,
    someone_in_danger,
)
from bot.nlu.taxonomy import NO_RISK, OWN_RISK

UNEASY = 0.2
"""Calibrated probability of own risk from which a message leaves a doubt about safety.

The crisis conversation begins at a higher one; in between, one gentle question costs little.
"""

LIKELY = 0.5
"""The same, of danger to a life now: from here on it is told to ring, below it is asked."""

CLEAR = 0.8
"""Calibrated probability from which the classifier alone is taken at its word; see `UNSURE`."""

HURT_BY_SOMEBODY = ("domestic_abuse", "sexual_harm")
"""Routes of who is hurt: a classifier may take what was done to them for what they would do."""

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
    "going_to_them": "going",
    "they_do_not_answer": "no_reply",
    "waits_for_news": "waiting",
    "asks_about_them": "ask",
    "keeps_secret": "secret",
    "blames_self": "blame",
}
"""Signs that go on with what was told about somebody else -> the name of what is said to them."""

IN_DANGER = ("false_alarm", "called", "tied", "no_reply", "waiting")
"""News that belongs to somebody's danger now, and is met for as long as it lasts."""

MOST_STAYS = 2
"""Unread messages that are met with the danger, in a conversation."""

ENDS = ("died", "alive", "helped")
"""News after which it is known how it went; it comes through whatever was spoken of since."""

STAY, WAITING, CALLED, LIVING = "stay", "waiting", "called", "blame_living"
"""What is said while somebody is in danger: to what could not be read; while help is on its way;
when it was called; and to who blames themselves before anybody has died."""

MISREAD = "misread"
PUT_RIGHT = f"{SOMEONE_ELSE}{MISREAD}"
"""The news that somebody else is not in such danger, and what `routes_given` holds after it."""

BARRIER = "barrier_"
"""Beginning of the signs that say what makes a call hard."""

FEARS = {"asks_to_report": "report", "barrier_told": "told", "barrier_shame": "shame"}
"""Signs of what holds somebody back, which is answered after a route too -> the response's name."""

FEAR = "fear_"
"""Beginning of what `routes_given` holds after one of these was answered."""

DEATH, OF_THE_DEAD = "_death", ("died", "blame")
"""End of the routes about somebody who has died, and the news that is met after one of these."""

BRIEF_NEWS = 6
"""Words of news like "they found her", that a death is read in without a phrase of it."""

COMPLAINED = "error_today"
"""The route whose concern is told as well by who is complained about, and made no error."""

AT_WORK = ("error_today", "patient_risk")
"""Routes after which a body in danger is mostly a patient's."""

WAVED = "waved_away"
"""The sign that whoever was told of contempt did nothing; "who acts if they do nothing?" asks."""

ASIDE = {
    "asks_what_now": ("what_now", AT_WORK),
    "only_panic": ("panic", AT_WORK),
    "asks_who_tells": ("who_tells", AT_WORK),
    "family_untold": ("family", AT_WORK),
    "asks_on_record": ("record", AT_WORK),
    "goes_back_in": ("back_in", AT_WORK),
    WAVED: ("waved_away", ("discrimination", "bullying")),
    "asks_if_it_counts": ("counts", (SEXUAL,)),
    "they_write_now": ("writes", (SEXUAL,)),
    "withdrawal": ("withdrawal", ("alcohol_drugs",)),
    "drank_near_work": ("drank", ("alcohol_drugs",)),
}
"""Signs of what is asked or told on after a route -> the name of what is said, and the routes."""

OUTRIGHT = ("who_acts", "define_ftsu")
"""Topics (`nlu_data/patterns/asked.yml`) asked outright after a route: they are answered, and no
fear or aside is read in the same words."""

FITNESS = "fit"
"""What is said to who asks whether they may work; it needs no route before it."""

SIDEWAYS_SIGNS = ("calm", "farewell", "giving_away")

ASKED_SAFE = {"safe_now": NOT_SAFE, "safe_from_them": UNSAFE_PERSON}
"""Questions after which a no, or half an answer, means danger, and the kind of it."""

PUT_THEM_AT_RISK = ("not_safe", "afraid_of_them", "they_are_near")
"""Signs that say in words what a bare no to such a question only may mean."""

PUT_RIGHT_QUESTION = "put_right"
"""What `crisis_question` holds once a doubt was put right, so that it counts as none."""

RINGING = "ringing"
"""What `crisis_question` holds once they said they would ring or go to somebody."""

WONT_RING, BACKS_OUT = "wont_ring", "backs_out"
"""Signs that a call is not made: said of the call, or of whatever was said last."""

OWNS_UP, TAKES_BACK, RELAPSE = "owns_up", "takes_back", "relapse"
"""Signs that a no was not true, that being fine is not, and that what was told is back."""

DRINK = ("unfit_now", "alcohol_drugs")
"""Routes beside which "I've had some already" is a drink, unless danger was affirmed."""

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
    if not signs.any():
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
    least = LIKELY if risk == "immediate" else CLEAR
    if signs.patterns is None and own_probability(message) < least:
        return signs.context or UNSURE
    return str(risk)


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


def by_a_bare_answer(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether danger is read from a no, or half an answer, to "are you safe?" and nothing else."""
    signs, asked = risk_signs(message, slots), slots.get("asked")
    bare = asked in ASKED_SAFE and signs.context == ASKED_SAFE[asked] and not signs.patterns
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
    if given[-1] in FEARED_FOR and "misread" in _signs(message):
        return None if PUT_RIGHT in given else MISREAD
    if PUT_RIGHT in given:
        return None  # it was no such worry
    lost = any(route.endswith(DEATH) or route == f"{SOMEONE_ELSE}died" for route in given)
    found = [name for sign, name in NEWS.items() if sign in _signs(message)]
    told = (message.get("harm_sources") or {}).get("patterns") or ()
    if len(str(message.get("text") or "").split()) <= BRIEF_NEWS:
        told = (*told, *((message.get("harm_sources") or {}).get("clear") or ()))
    if given[-1] in FEARED_FOR and any(harm.endswith(DEATH) for harm in told):
        found.insert(0, "died")  # told as a death now, of whom it was feared
    if "alive" in found and "false_alarm" in found and "if" in str(message.get("text")).split():
        found.remove("alive")  # "what if he's fine"
    if given[-1] == MAYBE:
        found = [name for name in found if name != NEWS["asks_about_them"]]
    pressed = [str(e["value"]) for e in message.get("entities") or () if e["entity"] == "news"]
    for name in (*pressed, *found):
        name = LIVING if name == NEWS["blames_self"] and not lost else name
        if name in IN_DANGER:
            if danger:
                return _while_it_lasts(name, given)
            continue
        anew = SOMEONE_ELSE + name not in given
        if anew and (about or name in ENDS) and (name in OF_THE_DEAD or not lost):
            return name
    return None


def _while_it_lasts(name: str, given: Collection[str]) -> str:
    """Return the news of somebody in danger: with help on its way, it is waited for."""
    if SOMEONE_ELSE + CALLED not in given:
        return "no_reply" if name == WAITING else name
    return WAITING if name in ("no_reply", CALLED) else name


def stays_with_danger(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether a message that could not be read comes while somebody else is in danger."""
    intent = str((message.get("intent") or {}).get("name"))
    given = list(slots.get("routes_given") or ())
    unread = intent in ("nlu_fallback", "not_now") and not any(
        (message.get("signals") or {}).get(facet) for facet in ("stage", "concern")
    )
    now = any(route in FEARED_FOR for route in given) and _about_somebody_else(slots)
    again = given.count(SOMEONE_ELSE + STAY) >= MOST_STAYS
    return unread and now and not again and someone_in_danger(slots)


def others_risk_is_clear(message: Mapping[str, Any]) -> bool:
    """Whether a phrase tells somebody else's risk, or the classifier clearly."""
    by_phrases = (message.get("risk_sources") or {}).get("patterns") == "third_party"
    return by_phrases or (message.get("risk_scores") or {}).get("third_party", 0.0) >= CLEAR


def fear_of(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what holds somebody back after a route of their own, each once; or None."""
    if last_route(slots) not in OWN_ROUTES or asks_outright(message):
        return None
    given = list(slots.get("routes_given") or ())
    found = (name for sign, name in FEARS.items() if sign in _signs(message))
    return next((name for name in found if FEAR + name not in given), None)


def asks_outright(message: Mapping[str, Any]) -> bool:
    """Whether a message asks one of `OUTRIGHT`."""
    return any(label in OUTRIGHT for label in message.get("asked_about") or ())


def last_route(slots: Mapping[str, Any]) -> str | None:
    """Return the route that was given last, whatever fear was answered since."""
    given = reversed(list(slots.get("routes_given") or ()))
    return next((route for route in given if not route.startswith((FEAR, WITHDRAWN))), None)


def withdrawn_route(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that was given last, when the message says that there is no such thing."""
    last = last_route(slots)
    if last not in OWN_ROUTES or slots.get("route_asked") is None:
        return None
    return last if "no_such_thing" in _signs(message) else None


def aside_of(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return what is asked or told on after a route, by its name, or None."""
    found, last = _signs(message), last_route(slots)
    if last is None and slots.get("crisis_kind"):
        last = slots.get("route_waiting")
    for sign, (name, after) in ASIDE.items():
        if sign in found and last in after and not (sign == WAVED and asks_outright(message)):
            return name
    return FITNESS if "asks_if_fit" in found else None


def confirmed_route(message: Mapping[str, Any], slots: Mapping[str, Any]) -> str | None:
    """Return the route that was asked about last, when the answer is yes or tells it again."""
    checked = list(slots.get("routes_checked") or ())
    if slots.get("asked") != "maybe_route" or not checked:
        return None
    intent = str((message.get("intent") or {}).get("name"))
    said = answer_of(intent, _signs(message))
    concerns = (message.get("signals") or {}).get("concern") or ()
    by_concern = checked[-1] != COMPLAINED and routes()[checked[-1]].concern in concerns
    again = checked[-1] in (message.get("harms") or ()) or by_concern
    denied = said == "no" or "misread" in _signs(message)
    return checked[-1] if said == "yes" or (again and not denied) else None


def in_doubt(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether only the classifier takes the message for risk, and is not clear about it."""
    return risk_signs(message, slots).classifier_alone() and own_probability(message) < CLEAR


def is_put_right(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the classifier alone has a small doubt that the person has put right.

    They say in this message that they are safe, as they were asked; or they did so of such a doubt
    before. They get the numbers, and are believed. Two low messages in a row are another matter
    (`_context`).
    """
    alone = risk_signs(message, slots).classifier_alone()
    if not alone or own_probability(message) >= LIKELY:
        return False
    before = slots.get("crisis_kind") == UNSURE and slots.get("crisis") in ("no", "eased")
    firm = slots.get("crisis_sure") or slots.get("crisis_affirmed")
    return _says_safe(message, slots) or (before and not firm)


def _says_safe(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether they say that they are safe, in answer to the question whether they are."""
    intent = str((message.get("intent") or {}).get("name"))
    yes = "safe" in _signs(message) or answer_of(intent, _signs(message)) == "yes"
    return slots.get("asked") == "safe_now" and yes


def own_probability(message: Mapping[str, Any]) -> float:
    """Return the classifier's calibrated probability of any own risk."""
    return float((message.get("risk_scores") or {}).get("own", 0.0))


def answer_of(intent: str, signs: Collection[str]) -> str | None:
    """Return what a message answers to a yes-or-no question: yes, no, half, or None."""
    if "ambivalent" in signs:
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
    if (
        asked in ASKED_SAFE
        and not (wrongly and not unsafe)
        and (unsafe or answer in ("no", "half"))
    ):
        return ASKED_SAFE[asked]
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
    if "like_them" in found and _about_somebody_else(slots):
        return UNSURE
    if "cannot_live" in found:
        return UNSURE
    sideways = [sign for sign in SIDEWAYS_SIGNS if sign in found]
    if len(sideways) > 1 or (sideways and _distressed(slots)):
        return SIDEWAYS
    again = int(slots.get("low_turns") or 0) >= LOW_TURNS - 1
    if is_low(message) and again and not _says_safe(message, slots):
        return UNSURE
    return None


def is_corrected(message: Mapping[str, Any], slots: Mapping[str, Any]) -> bool:
    """Whether the answer to "are you safe?" is that they were read wrongly."""
    found, asked = _signs(message), slots.get("asked")
    if asked not in ASKED_SAFE or MISREAD not in found or NOT_SAFE in found:
        return False
    intent = str((message.get("intent") or {}).get("name"))
    return asked == "safe_from_them" or answer_of(intent, found) != "yes"


def _told_again(found: Collection[str], slots: Mapping[str, Any]) -> str | None:
    """Return the kind of danger that is told again by taking back a no, or as a relapse.

    "It's coming back" means something only where own risk was affirmed before; a no that was not
    true, wherever it was asked about.
    """
    state, kind = slots.get("crisis"), slots.get("crisis_kind")
    affirmed = slots.get("crisis_affirmed")
    if affirmed and RELAPSE in found and state != "asked":
        return str(affirmed)
    over = state == "eased" or (state == "no" and affirmed)
    if (TAKES_BACK in found and over) or (OWNS_UP in found and kind and state in ("no", "eased")):
        return str(kind or UNSURE)
    return None


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
    return "hopeless" in _signs(message) or any(
        sign in _signs(message) for sign in (*SIDEWAYS_SIGNS, "denied")
    )


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

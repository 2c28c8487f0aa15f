"""Risk is found by three parts, each seen apart here: patterns, classifier, context; no vetoes."""

from itertools import product

import pytest

from bot.dialogue.context import (
    CLEAR,
    DENIED,
    INTRUSIVE,
    LIKELY,
    LOW_TURNS,
    MEDICAL,
    NOT_SAFE,
    PAST_ATTEMPT,
    SHAKEN,
    SIDEWAYS,
    UNEASY,
    UNSAFE_PERSON,
    UNSURE,
    asks_a_fact,
    confirmed_route,
    crisis_kind,
    doubted_fact,
    in_doubt,
    news_of,
    risk_signs,
)
from bot.nlu.routes import (
    ASKED_FIRST,
    HURT_BY_SOMEBODY,
    may_be_in_danger,
    may_be_told,
    told_at_the_edge,
    told_now,
)
from bot.nlu.taxonomy import NO_RISK, OWN_RISK, risk_order

DISTRESSED = {"current_stage": "on_the_edge", "safety_asked": True}
"""Slots of somebody who spoke from the edge earlier."""


def parsed(patterns=NO_RISK, classifier=NO_RISK, own=0.0, signs=(), **more):
    """Return parse data as the recognition gives it."""
    risk = next(r for r in risk_order() if r in (patterns, classifier))
    sources = {"patterns": patterns, "classifier": classifier}
    scores = {"own": own, "third_party": 0.0}
    return {"risk": risk, "risk_sources": sources, "risk_scores": scores, "signs": signs, **more}


def told(patterns=(), classifier=(), stage=()):
    """Return the part of parse data about harms and stages; the classifier is clear here."""
    both = [*patterns, *(harm for harm in classifier if harm not in patterns)]
    return {
        "harms": both,
        "harm_sources": {
            "patterns": list(patterns),
            "classifier": list(classifier),
            "clear": list(classifier),
        },
        "signals": {"stage": list(stage), "pattern": [], "concern": []},
    }


# Each part apart

BY_ONE_PART = {
    "patterns": ({"patterns": "passive_ideation"}, {}),
    "classifier": ({"classifier": "passive_ideation", "own": 0.9}, {}),
    "context": ({"signs": ("calm",)}, DISTRESSED),
}


@pytest.mark.parametrize(("part", "case"), BY_ONE_PART.items(), ids=BY_ONE_PART.keys())
def test_each_part_alone_is_seen_alone_and_is_enough(part, case):
    found, slots = case
    signs = risk_signs(parsed(**found), slots)
    assert [name for name in BY_ONE_PART if getattr(signs, name)] == [part]
    assert crisis_kind(parsed(**found), slots) is not None


EVERY_SIGN = ((), ("calm",), ("past_attempt",), ("denied",), ("safe", "says_no"), ("misread",))
EVERY_STATE = ({}, DISTRESSED, {"asked": "safe_now"}, {"routes_given": ["other_relative"]})


@pytest.mark.parametrize("patterns", [NO_RISK, "third_party", *OWN_RISK])
@pytest.mark.parametrize("classifier", [NO_RISK, "third_party", *OWN_RISK])
def test_no_part_can_veto_another(patterns, classifier):
    """Whatever the others say, risk found by one part begins the crisis conversation."""
    for sign, slots, own in product(EVERY_SIGN, EVERY_STATE, (0.4, 0.99)):
        message = parsed(patterns, classifier, own if classifier in OWN_RISK else 0.0, sign)
        signs = risk_signs(message, slots)
        assert signs.patterns == (patterns if patterns in OWN_RISK else None)
        assert signs.classifier == (classifier if classifier in OWN_RISK else None)
        assert (crisis_kind(message, slots) is not None) == signs.any()


@pytest.mark.parametrize("harms", [(), ("error_today",), ("sexual_harm",), ("bullying",)])
@pytest.mark.parametrize("by", [{"patterns": "immediate"}, {"classifier": "immediate", "own": 0.4}])
def test_a_harm_told_beside_risk_takes_none_of_it_away(harms, by):
    assert crisis_kind({**parsed(**by), **told(harms)}, {}) is not None


PATTERNS_ALONE = "im going to kms after this arcp form"
CLASSIFIER_ALONE = "i've stopped making plans for next year"


def test_the_trained_parts_are_seen_apart_too(recogniser):
    """A sentence that the patterns alone find, and one that the classifier alone finds."""
    patterns, classifier = (
        risk_signs(recogniser.parse(text), {}) for text in (PATTERNS_ALONE, CLASSIFIER_ALONE)
    )
    assert patterns.patterns
    assert (patterns.classifier, patterns.context) == (None, None)
    assert classifier.classifier
    assert (classifier.patterns, classifier.context) == (None, None)


# What the context finds

FROM_THEM = {"asked": "safe_from_them"}

EASED = {"crisis": "eased", "crisis_kind": "passive_ideation"}
AFFIRMED = {"crisis": "no", "crisis_kind": "unsure", "crisis_affirmed": "active_ideation"}
PUT_RIGHT = {"crisis": "no", "crisis_kind": "unsure", "crisis_question": "put_right"}
BEREAVED = {"routes_given": ["other_colleague_death"]}

CONTEXT = {
    "no to are you safe": (parsed(signs=("says_no",)), {"asked": "safe_now"}, NOT_SAFE),
    "half an answer to it": (parsed(signs=("ambivalent",)), {"asked": "safe_now"}, NOT_SAFE),
    "no to safe from them": (
        parsed(signs=("says_no",)),
        {"asked": "safe_from_them"},
        UNSAFE_PERSON,
    ),
    "calm after distress": (parsed(signs=("calm",)), DISTRESSED, SIDEWAYS),
    "goodbye after a crisis": (parsed(signs=("farewell",)), {"crisis_kind": "unsure"}, SIDEWAYS),
    "two such signs": (parsed(signs=("calm", "giving_away")), {}, SIDEWAYS),
    "an attempt in the past": (parsed(signs=("past_attempt",)), {}, PAST_ATTEMPT),
    "not safe, unasked": (parsed(signs=("not_safe",)), {}, NOT_SAFE),
    "not safe from them": (parsed(signs=("not_safe",)), FROM_THEM, UNSAFE_PERSON),
    "a no taken back": (parsed(signs=("takes_back",)), EASED, "passive_ideation"),
    "a no that was not true": (
        parsed(signs=("owns_up",)),
        {"crisis": "no", "crisis_kind": "unsure"},
        UNSURE,
    ),
    "a relapse after danger": (parsed(signs=("relapse",)), AFFIRMED, "active_ideation"),
    "being fine taken back after danger": (
        parsed(signs=("takes_back",)),
        {**AFFIRMED, "crisis_kind": "not_safe"},
        NOT_SAFE,
    ),
    "not able to live with it": (parsed(signs=("cannot_live",)), {}, UNSURE),
    "going where they went": (parsed(signs=("follows_them",)), BEREAVED, "passive_ideation"),
    "the dead as the lucky ones": (
        parsed(signs=("follows_them",)),
        {"concerns_heard": ["bereavement_trauma"]},
        "passive_ideation",
    ),
    "an urge after self-harm": (
        parsed(signs=("urge",)),
        {"crisis": "eased", "crisis_kind": "self_harm", "crisis_affirmed": "self_harm"},
        "self_harm",
    ),
    "not only a joke": (parsed(own=UNEASY / 2, signs=("half_joke",)), {}, UNSURE),
    "sudden calm in a crisis": (
        parsed(signs=("sudden_calm",)),
        {"crisis": "asked", "crisis_affirmed": "active_ideation"},
        SIDEWAYS,
    ),
    "calm beside a leave-taking": (
        parsed(signs=("calm", "relief", "final", "told_somebody")),
        DISTRESSED,
        SIDEWAYS,
    ),
    "like the one who died": (parsed(signs=("like_them",)), BEREAVED, UNSURE),
    "uneasy again": (parsed(own=UNEASY), {"low_turns": LOW_TURNS - 1}, UNSURE),
    "giving away after uneasy": (parsed(signs=("giving_away",)), {"low_turns": 1}, SIDEWAYS),
}


ORDINARY = ("decided", "ordinary_decision")


@pytest.mark.parametrize(
    "message",
    [
        parsed(signs=("decided",)),
        parsed(signs=(*ORDINARY, "calm")),
        parsed(signs=(*ORDINARY, "speaks_of_an_end")),
        parsed(signs=(*ORDINARY, "farewell")),
        parsed(signs=(*ORDINARY, "life_at_stake")),
        parsed(own=UNEASY, signs=ORDINARY),
        parsed(signs=("decided", "relief", "told_somebody", "calm")),
    ],
)
def test_a_decision_that_may_be_one_to_die_is_asked_about_after_distress(message):
    assert crisis_kind(message, DISTRESSED) == SIDEWAYS


@pytest.mark.parametrize("slots", [{}, DISTRESSED])
def test_a_decision_about_work_or_home_is_none(slots):
    assert crisis_kind(parsed(signs=ORDINARY), slots) is None
    relieved = parsed(signs=(*ORDINARY, "relief", "told_somebody", "calm"))
    assert crisis_kind(relieved, {}) is None


@pytest.mark.parametrize(("message", "slots", "kind"), CONTEXT.values(), ids=CONTEXT.keys())
def test_the_context_finds_what_no_sentence_shows(message, slots, kind):
    signs = risk_signs(message, slots)
    assert (signs.patterns, signs.classifier, signs.context) == (None, None, kind)
    assert crisis_kind(message, slots) == kind


@pytest.mark.parametrize(
    ("message", "slots"),
    [
        (parsed(signs=("says_no",)), {"asked": "information"}),
        (parsed(signs=("calm",)), {}),
        (parsed(signs=("farewell",)), {"current_stage": "denial"}),
        (parsed(signs=("takes_back",)), {}),
        (parsed(signs=("owns_up",)), {}),
        (parsed(signs=("relapse",)), EASED),
        (parsed(signs=("calm",)), PUT_RIGHT),
        (parsed(signs=("says_no", "misread")), {"asked": "safe_now"}),
        (parsed(signs=("says_no", "misread")), {"asked": "safe_from_them"}),
        (parsed(signs=("like_them",)), {}),
        (parsed(signs=("follows_them",)), {}),
        (parsed(signs=("urge",)), {}),
        (parsed(signs=("half_joke",)), {}),
        (parsed(signs=("sudden_calm",)), {}),
        (parsed(signs=("calm", "relief", "told_somebody")), DISTRESSED),
        (parsed(own=UNEASY), {}),
        (parsed(own=UNEASY - 0.01), {"low_turns": LOW_TURNS - 1}),
    ],
)
def test_the_same_words_elsewhere_are_no_sign(message, slots):
    assert not risk_signs(message, slots).any()
    assert crisis_kind(message, slots) is None


# Which crisis begins


@pytest.mark.parametrize(
    ("message", "slots", "kind"),
    [
        (parsed(classifier="active_ideation", own=CLEAR), {}, "active_ideation"),
        (parsed(classifier="active_ideation", own=CLEAR - 0.01), {}, UNSURE),
        (parsed("active_ideation", "active_ideation", 0.4), {}, "active_ideation"),
        (parsed(classifier="immediate", own=LIKELY), {}, "immediate"),
        (parsed(classifier="immediate", own=LIKELY - 0.01), {}, UNSURE),
        (parsed("passive_ideation", signs=("denied",)), {}, DENIED),
        ({**parsed(classifier="self_harm", own=0.5), **told(["error_today"])}, {}, UNSURE),
        ({**parsed(classifier="immediate", own=0.5), **told(["error_today"])}, {}, UNSURE),
        ({**parsed(classifier="self_harm", own=0.5), **told(["sexual_harm"])}, {}, UNSAFE_PERSON),
        ({**parsed(classifier="self_harm", own=0.9), **told(["sexual_harm"])}, {}, "self_harm"),
        ({**parsed("self_harm", own=0.1), **told(["domestic_abuse"])}, {}, "self_harm"),
        ({**parsed(), **told(["medical_emergency"])}, {}, MEDICAL),
        ({**parsed(classifier="harm_to_others", own=0.9), **told(["error_today"])}, {}, UNSURE),
        (parsed("harm_to_others", signs=("own_child",)), {}, INTRUSIVE),
        (parsed("active_ideation", signs=("own_child",)), {}, "active_ideation"),
    ],
)
def test_the_kind_depends_on_who_is_sure(message, slots, kind):
    assert crisis_kind(message, slots) == kind


def test_a_doubt_beside_news_of_somebody_else_is_asked_about_as_one():
    given = {"routes_given": ["other_colleague_now"]}
    shaking = parsed(classifier="immediate", own=0.4, signs=("they_live",))
    assert crisis_kind(shaking, given) == SHAKEN
    assert crisis_kind(shaking, {}) == UNSURE
    sure = parsed(classifier="immediate", own=0.9, signs=("they_live",))
    assert crisis_kind(sure, given) == "immediate"


def test_news_is_answered_once_and_after_somebody_else_alone():
    message = parsed(signs=("going_to_them",))
    assert news_of(message, {"routes_given": ["other_relative"]}) == "going"
    assert news_of(message, {"routes_given": ["other_relative", "other_going"]}) is None
    assert news_of(message, {"routes_given": ["other_relative", "bullying"]}) is None
    assert news_of(message, {"routes_given": ["other_patient_death"]}) is None
    assert news_of(message, {}) is None


def test_a_doubt_is_the_classifiers_alone():
    doubtful = parsed(classifier="passive_ideation", own=0.5)
    assert in_doubt(doubtful, {})
    assert not in_doubt(parsed(classifier="passive_ideation", own=0.9), {})
    assert not in_doubt(parsed("passive_ideation", "passive_ideation", 0.5), {})
    assert not in_doubt({**doubtful, "signs": ("past_attempt",)}, {})


TOLD_HURT = {"crisis_affirmed": "self_harm"}


@pytest.mark.parametrize("sign", ["tended", "wish_to_live"])
def test_self_harm_that_is_seen_to_is_self_harm(sign):
    by_classifier = {"classifier": "immediate", "own": 0.99}
    assert crisis_kind(parsed("self_harm", **by_classifier, signs=(sign,)), {}) == "self_harm"
    assert crisis_kind(parsed(**by_classifier, signs=(sign,)), TOLD_HURT) == "self_harm"
    assert crisis_kind(parsed(**by_classifier, signs=("hurt_self", sign)), {}) == "self_harm"
    assert crisis_kind(parsed(**by_classifier, signs=(sign,)), {}) == "immediate"


@pytest.mark.parametrize(
    "message",
    [
        parsed("self_harm", "immediate", 0.99),
        parsed("self_harm", "immediate", 0.99, ("tended", "bleeds")),
        parsed("immediate", "immediate", 0.99, ("tended",)),
        {
            **parsed(classifier="immediate", own=0.9, signs=("tended",)),
            **told(["medical_emergency"]),
        },
    ],
)
def test_self_harm_where_more_says_that_minutes_count_is_urgent(message):
    assert crisis_kind(message, TOLD_HURT) in ("immediate", MEDICAL)


def test_some_already_is_a_drink_only_while_no_danger_was_affirmed():
    message = {**parsed(classifier="immediate", own=0.7), **told(classifier=["unfit_now"])}
    assert crisis_kind(message, {}) == UNSURE
    assert crisis_kind(message, AFFIRMED) == "immediate"
    clearly = {**parsed(classifier="immediate", own=CLEAR), **told(classifier=["unfit_now"])}
    assert crisis_kind(clearly, {}) == "immediate"


# Harms at the edge


def test_at_the_edge_a_harm_of_the_classifier_alone_waits_for_whether_they_are_safe():
    message = {**parsed(), **told(classifier=["no_home_or_money"], stage=["on_the_edge"])}
    assert told_now(message, {}) == ()
    assert told_at_the_edge(message, {}) == "no_home_or_money"
    assert told_now(message, {"safety_asked": True}) == ("no_home_or_money",)
    assert told_at_the_edge(message, {"safety_asked": True}) is None


def test_at_the_edge_a_harm_of_the_patterns_does_not_wait():
    message = {**parsed(), **told(["alcohol_drugs"], ["alcohol_drugs"], ["on_the_edge"])}
    assert told_now(message, {}) == ("alcohol_drugs",)
    assert told_at_the_edge(message, {}) is None


def test_signs_that_arrive_sideways_are_no_mere_doubt_of_the_classifier():
    doubted = {
        "signs": ["calm", "giving_away"],
        "risk": "passive_ideation",
        "risk_sources": {"patterns": "none", "classifier": "passive_ideation"},
        "risk_scores": {"own": 0.5},
    }
    assert crisis_kind(doubted, {}) == "sideways"


# What the classifier alone hears of a harm, of somebody else, or in a question of fact


@pytest.mark.parametrize("harm", ASKED_FIRST)
def test_a_harm_of_the_classifier_alone_is_asked_about_however_clear(harm):
    message = {**parsed(), **told(classifier=[harm]), "text": "he used to text me at the end"}
    assert told_now(message, {}) == ()
    assert may_be_told(message, {}) == harm


@pytest.mark.parametrize("harm", ASKED_FIRST)
def test_a_harm_that_a_phrase_tells_is_answered_at_once(harm):
    message = {**parsed(), **told([harm], [harm]), "text": "he hit me again"}
    assert told_now(message, {}) == (harm,)
    assert may_be_told(message, {}) is None


@pytest.mark.parametrize("harm", ["unfit_now", "patient_risk"])
def test_where_others_are_in_danger_this_minute_what_is_clear_is_answered(harm):
    signs = ("at_work_now",)
    message = {**parsed(signs=signs), **told(classifier=[harm]), "text": "on the ward, shaking"}
    assert told_now(message, {}) == (harm,)


@pytest.mark.parametrize("harm", HURT_BY_SOMEBODY)
def test_being_hurt_is_asked_about_in_the_fewest_words_too(harm):
    message = {**parsed(), **told(classifier=[harm]), "text": "him again"}
    assert may_be_told(message, {}) == harm
    at_the_edge = {**message, **told(classifier=[harm], stage=["on_the_edge"])}
    assert told_at_the_edge(at_the_edge, {}) == harm


def test_told_again_it_is_answered_unless_it_was_denied():
    message = {**parsed(), **told(classifier=["domestic_abuse"]), "text": "he waits up for me"}
    asked = {"routes_checked": ["domestic_abuse"], "harm_open": "domestic_abuse"}
    assert told_now(message, asked) == ("domestic_abuse",)
    assert told_now(message, {**asked, "harm_open": None}) == ()
    for sign in ("corrects", "misread", "says_no"):
        assert told_now({**message, "signs": (sign,)}, asked) == ()
    here = {**asked, "asked": "maybe_route", "last_ask": "maybe_route"}
    again = {**message, "intent": {"name": "share"}}
    assert confirmed_route(again, here) == "domestic_abuse"
    assert confirmed_route({**again, "signs": ("corrects",)}, here) is None
    by_phrase = {**again, **told(["domestic_abuse"]), "signs": ("corrects",)}
    assert told_now(by_phrase, here) == ("domestic_abuse",), "what a phrase tells is not denied"


def another(signs=("speaks_of_another",), score=0.97, patterns=NO_RISK, harms=("other_relative",)):
    """Return what is recognised of somebody else's danger."""
    message = parsed(patterns, "third_party", signs=signs)
    by_phrases = harms if patterns == "third_party" else ()
    scores = {"own": 0.0, "third_party": score}
    more = {"risk_scores": scores, "text": "he said it so quietly, over the washing up"}
    return {**message, **told(by_phrases, harms), **more}


def test_somebody_elses_danger_is_asked_about_where_no_word_of_it_is_said():
    for score in (0.4, 0.97):
        assert may_be_in_danger(another(score=score), {}) == "other_relative"
        assert may_be_told(another(score=score), {}) == "other_relative"
        assert told_now(another(score=score), {}) == ()


@pytest.mark.parametrize(
    ("message", "slots"),
    [
        (another(("speaks_of_another", "life_at_stake")), {}),
        (another(patterns="third_party"), {}),
        (another(harms=("other_relative_death",)), {}),
        (another(), {"routes_checked": ["other_relative"]}),
        (another(), {"routes_given": ["other_maybe"]}),
        (another(), {"requested_slot": "message_about"}),
        (another(), {"crisis_kind": "unsure"}),
        (another(), {"asked": "route"}),
    ],
)
def test_otherwise_somebody_elses_danger_is_answered_as_before(message, slots):
    assert may_be_in_danger(message, slots) is None
    if slots.get("crisis_kind") is None and not slots.get("routes_given"):
        assert any(route.startswith("other_") for route in told_now(message, slots))


def test_nobody_named_is_no_question_about_them():
    assert may_be_in_danger(another(()), {}) is None


def test_a_yes_to_that_question_gives_the_route():
    asked = {
        "asked": "maybe_route",
        "last_ask": "maybe_route",
        "routes_checked": ["other_relative"],
        "harm_open": "other_relative",
    }
    yes = {**parsed(signs=("says_yes",)), "intent": {"name": "affirm"}, "text": "yes"}
    assert confirmed_route(yes, asked) == "other_relative"
    no = {**parsed(signs=("corrects",)), "intent": {"name": "share"}, "text": "God no"}
    assert confirmed_route(no, asked) is None


def test_only_what_was_never_stated_is_put_right_by_a_no_that_corrects():
    words = "no that's not it, she means a divorce"
    message = {**parsed(signs=("corrects",)), "text": words}
    assert news_of(message, {"routes_given": ["other_maybe"]}) == "misread"
    assert news_of(message, {"routes_given": ["other_relative"]}) is None
    assert news_of({**message, "text": "god no"}, {"routes_given": ["other_maybe"]}) is None
    stake = {**message, "signs": ("corrects", "life_at_stake")}
    assert news_of(stake, {"routes_given": ["other_maybe"]}) is None


def fact(text="what if i dont turn up", own=0.32, risk="passive_ideation", **more):
    """Return what is recognised of a question of fact that the classifier takes for risk."""
    about = {"asked_about": ["stop_going"], "intent": {"name": "nlu_fallback"}, "text": text}
    return {**parsed(classifier=risk, own=own), **about, **more}


def test_a_doubted_question_of_fact_is_no_crisis():
    assert asks_a_fact(fact(), {})
    assert doubted_fact(fact(), {})
    assert crisis_kind(fact(), {}) is None
    assert asks_a_fact(fact(risk=NO_RISK, own=0.0), {})
    assert not doubted_fact(fact(risk=NO_RISK, own=0.0), {})


@pytest.mark.parametrize(
    ("message", "slots"),
    [
        (fact(own=CLEAR), {}),
        (fact(asked_about=["worth"]), {}),
        (fact(asked_about=[]), {}),
        (fact(signs=("hopeless",)), {}),
        (fact(signs=("farewell",)), {}),
        (fact(signs=("pointless",)), {}),
        (fact(**told(classifier=["domestic_abuse"])), {}),
        (fact("what if i dont turn up and then nobody needs to look for me any more at all"), {}),
        ({**fact(), "risk_sources": {"patterns": "passive_ideation", "classifier": "none"}}, {}),
        (fact(), {"low_turns": 1}),
        (fact(), {"crisis": "no", "crisis_kind": "unsure"}),
        (fact(), {"asked": "safe_now"}),
    ],
)
def test_with_anything_else_of_danger_it_is_a_crisis_as_before(message, slots):
    assert not doubted_fact(message, slots)
    assert crisis_kind(message, slots) is not None

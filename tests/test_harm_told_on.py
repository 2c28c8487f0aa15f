"""What is told on, or asked, after a harm was told or asked about; its question is not lost."""

import pytest

from bot.deanery import signposts
from bot.dialogue.context import (
    ASIDE,
    ASKED_AGAIN,
    HARM_QUESTIONS,
    aside_of,
    confirmed_route,
    stays_open,
)
from bot.nlu.routes import may_be_told
from tests.test_routes import TOLD, maybe

UNIT = ("unit for doctors", "professional support", "psu")

AFTER = [
    ("domestic_abuse", "he's in the kitchen", "cannot_talk"),
    ("domestic_abuse", "gotta go, she's back home", "cannot_talk"),
    ("domestic_abuse", "I can't type now", "cannot_talk"),
    ("domestic_abuse", "she says she'll report me to the GMC", "threat"),
    ("domestic_abuse", "he threatened to ring my consultant", "threat"),
    ("domestic_abuse", "this is our shared laptop", "device"),
    ("domestic_abuse", "does it show in the browser history", "device"),
    ("domestic_abuse", "do they have somebody who speaks Punjabi", "language"),
    ("domestic_abuse", "she has never hit me, she only grabs my wrist", "counts_at_home"),
    ("sexual_harm", "I'm back on her list on Thursday", "near_them"),
    ("sexual_harm", "could I be moved to another firm", "near_them"),
    ("sexual_harm", "I can't stop washing", "washes"),
    ("sexual_harm", "I keep seeing his face on the ward", "sees_it"),
    ("sexual_harm", "I'm not telling anybody", "nobody"),
    ("alcohol_drugs", "I've got another night shift tonight", "drank"),
    ("alcohol_drugs", "I drive home after the list", "drank"),
    ("alcohol_drugs", "how do I word it to the coordinator", "words"),
    ("alcohol_drugs", "I rang in sick, they got cover", "covered"),
    ("eating_disorder", "off for my run", "runs"),
    ("eating_disorder", "the practice nurse will weigh me", "weighed"),
    ("eating_disorder", "palpitations again at handover", "body"),
    ("no_home_or_money", "who do I ask in the hospital about a room", "room"),
    ("domestic_abuse", "once he had his hand round my neck, he was drunk", "throat"),
    ("domestic_abuse", "she held me against the wall by the throat", "throat"),
    ("domestic_abuse", "he pressed a pillow over my face in May", "throat"),
    ("domestic_abuse", "the shower has stopped", "cannot_talk"),
    ("domestic_abuse", "I can hear his keys", "cannot_talk"),
    ("domestic_abuse", "her car just pulled in", "cannot_talk"),
    ("domestic_abuse", "for about five minutes", "minutes"),
    ("domestic_abuse", "until she gets back from the shop", "minutes"),
    ("domestic_abuse", "what do I say to the refuge", "line_words"),
    ("domestic_abuse", "I'm probably making a fuss", "counts_at_home"),
    ("sexual_harm", "how would I start with the helpline", "line_words"),
    ("sexual_harm", "he is my educational supervisor", "signs_off"),
    ("sexual_harm", "and she writes my report", "signs_off"),
    ("sexual_harm", "am I imagining it", "doubts"),
    ("sexual_harm", "he's really supportive otherwise", "doubts"),
    ("sexual_harm", "I'll ask the scrub nurse to stay near", "stays_beside"),
    ("sexual_harm", "would she find out it was me", "gets_back"),
    ("alcohol_drugs", "I think I'll ring the helpline on Monday", "will_ring"),
    ("eating_disorder", "do they see doctors", "for_doctors"),
    ("eating_disorder", "my bmi is normal though", "thin"),
    ("error_today", "I'm in tears and my bleep keeps going off", "bleep"),
    ("error_today", "the reg is scrubbed", "past_the_reg"),
    ("error_today", "can't get hold of the consultant", "past_the_reg"),
    ("error_today", "who does the datix", "datix"),
    ("error_today", "he's awake now", "stable"),
]


@pytest.mark.parametrize(("route", "text", "name"), AFTER, ids=[text for _, text, _ in AFTER])
def test_what_is_told_on_after_a_route_is_met_in_its_own_words(person, route, text, name):
    person.open()
    person.say(TOLD[route])
    bubbles = person.say(text)
    assert bubbles[0].said == (f"utter_route_aside_{name}",)
    assert not any(words in person.text.lower() for words in UNIT)


@pytest.mark.parametrize("text", ["he's in the next room", "i have to go, he's calling me"])
def test_who_cannot_talk_is_asked_and_offered_nothing(person, text):
    person.open()
    person.say(TOLD["domestic_abuse"])
    bubbles = person.say(text)
    assert len(bubbles) == 1
    assert all(words in bubbles[0].text for words in ("999", "55"))
    assert "?" not in person.text


def test_in_the_crisis_after_it_too(person):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say("no")
    assert person.slot("crisis_kind") == "unsafe_person"
    bubbles = person.say("she's in the next room")
    assert bubbles[0].said == ("utter_route_aside_cannot_talk",)
    assert person.slot("crisis") == "staying"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("yes", True),
        ("yes im safe", True),
        ("yes, he says it's because he loves me and takes my card", False),
        ("yes and he hit me again on sunday", False),
    ],
)
def test_a_yes_that_tells_more_of_it_is_no_word_of_safety(person, text, safe):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say(text)
    assert ("helps people who stay" in person.text or "help people who stay" in person.text) == safe
    if not safe:
        assert person.seen[-1][-1].said == ("utter_route_domestic_abuse_again",)
        assert person.slot("asked") == "safe_from_them"


@pytest.mark.parametrize("route", [r for r in TOLD if r in ASKED_AGAIN])
def test_a_question_of_safety_is_put_again_once(person, route):
    person.open()
    person.say(TOLD[route])
    asked = person.slot("asked")
    found = {"harms": [], "harm_sources": {}, "signs": [], "risk": "none"}
    found["intent"] = {"name": "share", "confidence": 0.9}
    found["signals"] = {"stage": [], "pattern": [], "concern": []}
    bubbles = person.say_as("it is the way it is, since the spring", **found)
    assert bubbles[-1].said == (f"utter_route_{route}_again",)
    assert person.slot("asked") == asked
    bubbles = person.say_as("and before that it was the same", **found)
    assert bubbles[-1].said != (f"utter_route_{route}_again",)
    assert person.slot("asked") == "open"


TELLS = [
    ("sexual_harm", "i couldn't move, i said nothing"),
    ("sexual_harm", "the nurse definitely saw"),
    ("sexual_harm", "is that even assault, am i being dramatic"),
    ("domestic_abuse", "she's never hit me, it's only when she's drunk"),
    ("alcohol_drugs", "i shake if i dont have one"),
    ("eating_disorder", "i weigh myself before every shift"),
    ("no_home_or_money", "in my car, since Monday"),
]


@pytest.mark.parametrize(("route", "text"), TELLS, ids=[text for _, text in TELLS])
def test_telling_on_is_a_yes_to_what_was_asked(person, route, text):
    person.open()
    person.say_as("it is what happens in the evenings", **maybe(route))
    person.say(text)
    assert person.slot("routes_given") == [route]


@pytest.mark.parametrize(
    "text", ["no, nothing like that", "you've misunderstood me", "no. nobody touched me"]
)
def test_a_denial_is_none(person, text):
    person.open()
    person.say_as("it is what happens in the evenings", **maybe("sexual_harm"))
    person.say(text)
    assert person.slot("routes_given") == []
    assert person.slot("harm_open") is None


def test_what_was_asked_about_stays_for_one_more_turn():
    asked = {"asked": "maybe_route", "last_ask": "maybe_route", "routes_checked": ["sexual_harm"]}
    assert stays_open(asked) == "maybe_route"
    assert stays_open({**asked, "last_ask": "listen"}) is None
    froze = {"signs": ("froze",), "intent": {"name": "share"}}
    assert confirmed_route(froze, {**asked, "harm_open": "sexual_harm"}) == "sexual_harm"
    later = {**asked, "asked": "open", "harm_open": "sexual_harm"}
    assert confirmed_route(froze, later) is None
    counts = {"signs": ("asks_if_it_counts",), "intent": {"name": "share"}}
    assert confirmed_route(counts, later) == "sexual_harm"
    assert confirmed_route(counts, {**later, "harm_open": None}) is None


def test_nothing_is_said_aside_where_no_harm_was_spoken_of():
    for sign, name, _ in ASIDE:
        assert aside_of({"signs": (sign,), "intent": {"name": "share"}}, {}) is None, name


def test_a_drink_is_none_where_they_say_that_they_had_none():
    slots = {"routes_given": ["alcohol_drugs"], "route_asked": "alcohol_drugs", "asked": "route"}
    message = {"signs": ("due_soon", "sober_now"), "intent": {"name": "share"}}
    assert aside_of(message, slots) is None
    assert set(HARM_QUESTIONS) == {"route", "safe_from_them", "maybe_route"}


def test_an_offer_waits_after_a_harm(person):
    person.open()
    person.say(TOLD["sexual_harm"])
    person.say("yes")
    for text in ("it was in March", "the scrub room", "nobody else was there", "i dont sleep"):
        person.say(text)
        assert not any(words in person.text.lower() for words in UNIT)


def test_a_harm_told_in_place_of_an_answer_to_a_doubt_gets_its_route(person):
    from tests.test_crisis import doubt

    person.open()
    person.say_as("I can't do this list again", **doubt("passive_ideation"))
    assert person.slot("crisis_kind") == "unsure"
    person.say("the reg's hand was on my hip and went lower in theatre")
    assert person.slot("routes_given") == ["sexual_harm"]


SERVICES = [
    ("sexual_harm", "who else can help with this, like a rape crisis line", "nhs_sarc"),
    ("eating_disorder", "who else could I talk to", "beat"),
    (None, "are there any grants for doctors", "rmbf"),
    (None, "is there a rape crisis centre", "nhs_sarc"),
]


@pytest.mark.parametrize(("route", "text", "first"), SERVICES, ids=[t for _, t, _ in SERVICES])
def test_the_services_of_what_was_told_come_first(person, route, text, first):
    person.open()
    if route:
        person.say(TOLD[route])
        person.say("yes")
    found = {"intent": {"name": "ask_other_support", "confidence": 0.9}}
    bubbles = person.say_as(text, **found)
    lists = [b.text for b in bubbles if b.said == ("utter_signposts",)]
    assert signposts()[first].value in lists[0]
    assert len(lists) == 2
    assert "Besides the unit" not in person.text


@pytest.mark.parametrize("text", ["my brother but he's in Kerala", "my housemate"])
def test_who_knows_is_a_yes_and_no_place(person, text):
    person.open()
    person.say(TOLD["eating_disorder"])
    bubbles = person.say(text)
    assert bubbles[0].said == ("utter_route_eating_disorder_yes",)


@pytest.mark.parametrize("text", ["my visa runs out in March", "I came on a visa in 2021"])
def test_a_visa_that_is_mentioned_is_no_fear_of_being_reported(person, text):
    person.open()
    person.say(TOLD["bullying"])
    person.say(text)
    assert "utter_route_fear_told" not in person.seen[-1][0].said


HEARD = [
    ("eating_disorder", "on days I don't eat I feel clean"),
    ("eating_disorder", "500 calories, less than 600 calories always"),
    ("no_home_or_money", "I've been sleeping in the staff car park"),
    ("no_home_or_money", "in the car, six nights now"),
    ("sexual_harm", "her hand was on my thigh and then went up"),
]


@pytest.mark.parametrize(("route", "text"), HEARD, ids=[t for _, t in HEARD])
def test_it_is_heard_when_it_is_first_told(recogniser, route, text):
    assert route in recogniser.parse(text)["harm_sources"]["patterns"]


@pytest.mark.parametrize("text", ["my periods have stopped since spring", "my bmi is 16.3 now"])
def test_a_hint_of_starving_is_asked_about(person, text):
    person.open()
    person.say_as(text, **{"harms": [], "harm_sources": {}})
    assert person.slot("harm_open") == "eating_disorder"
    assert person.seen[-1][-1].said == ("utter_maybe_eating_disorder",)


THROAT = "utter_route_aside_throat"


@pytest.mark.parametrize(
    "text",
    ["my partner put one hand around my neck", "my ex grabbed me by the throat in the kitchen"],
)
def test_a_hand_on_the_throat_is_said_to_be_grave_in_the_first_reply(person, text):
    person.open()
    bubbles = person.say_as(text, risk="none", risk_sources={}, risk_scores={"own": 0.0})
    assert person.slot("routes_given") == ["domestic_abuse"]
    assert (THROAT,) in [bubble.said for bubble in bubbles]
    assert all(words in person.text for words in ("A&E", "strangled", "999", "helpline"))
    assert person.slot("asked") == "safe_from_them"


def test_a_hand_on_the_throat_told_later_asks_about_safety_again(person):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say("yes")
    person.say("he throttled me once, in the car")
    assert person.slot("asked") == "safe_from_them"
    assert "A&E" in person.text
    person.say("yes")
    assert person.seen[-1][0].said == ("utter_route_domestic_abuse_yes",)
    person.say("he put his hands on my neck in May too")
    person.say("no")
    assert person.slot("crisis_kind") == "unsafe_person"
    assert "999" in person.text


@pytest.mark.parametrize("text", ["he choked me again", "he had his arm across my neck before"])
def test_in_the_crisis_after_it_the_throat_is_heard_too(person, text):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say("no")
    assert person.slot("crisis_kind") == "unsafe_person"
    person.say(text)
    assert any(THROAT in bubble.said for bubble in person.seen[-1])


@pytest.mark.parametrize(
    "text", ["the rota is strangling me", "my stethoscope was round my neck", "a lump in my throat"]
)
def test_a_throat_that_nobody_held_is_no_strangling(recogniser, text):
    assert "strangled" not in recogniser.parse(text)["signs"]


def test_who_hides_their_writing_is_asked_whether_somebody_frightens_them(person):
    person.open()
    text = "have to be quick, my husband is asleep"
    person.say_as(text, intent={"name": "share", "confidence": 0.9})
    assert person.slot("harm_open") == "domestic_abuse"
    assert person.seen[-1][-1].said == ("utter_maybe_domestic_abuse",)


def test_in_the_crisis_a_clock_that_runs_out_means_close_this_now(person):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say("no")
    person.say("the water's stopped")
    assert person.seen[-1][0].said == ("utter_route_aside_cannot_talk",)
    assert "?" not in person.text


@pytest.mark.parametrize(
    "text",
    ["gave someone the wrong dose, the reg knows", "I gave ten times the dose. consultant's aware"],
)
def test_an_error_that_a_senior_knows_of_is_not_asked_about_again(person, text):
    person.open()
    person.say(text)
    assert person.slot("routes_given") == ["error_today"]
    assert person.seen[-1][0].said == ("utter_route_error_today_told",)
    assert "senior been told" not in person.text
    assert person.slot("asked") == "open"


def test_who_tells_that_a_senior_knows_has_answered(person):
    person.open()
    person.say(TOLD["error_today"])
    person.say("icu have him")
    assert person.seen[-1][0].said == ("utter_route_error_today_yes",)


def test_a_supervisor_who_harasses_is_not_asked_about_as_a_bully():
    slots = {"routes_given": ["sexual_harm"]}
    message = {"harms": ["bullying"], "harm_sources": {"clear": ["bullying"]}, "text": "w " * 9}
    assert may_be_told(message, slots) is None


def test_the_classifier_alone_does_not_bring_the_words_for_an_assault(person):
    sources = {"patterns": [], "classifier": ["sexual_harm"], "clear": ["sexual_harm"]}
    person.open()
    text = "he finds reasons to be in the store room with me and touches my back"
    person.say_as(text, harms=["sexual_harm"], harm_sources=sources)
    assert "utter_maybe_sexual_harm" in {name for b in person.seen[-1] for name in b.said}


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("wales. do they tell my supervisor", True),
        ("does the unit tell the trust? he sits on the board", True),
        ("will i lose my licence", True),
        ("they'd tell my supervisor and I'm done", False),
        ("I'll be struck off", False),
        ("then the gmc gets told", False),
    ],
)
def test_a_question_who_is_told_is_answered_and_a_fear_is_met(person, text, asks):
    person.open()
    person.say(TOLD["alcohol_drugs"])
    person.say("no")
    if asks:
        person.say_as(text, intent={"name": "ask_who_is_told", "confidence": 0.6})
    else:
        person.say(text)
    met = any("utter_route_fear_told" in b.said for b in person.seen[-1])
    assert met is not asks


@pytest.mark.parametrize("text", ["wales. who is told?", "who is told? wales"])
def test_a_deanery_named_beside_a_question_is_answered_about(person, text):
    person.open()
    person.say_as(text, intent={"name": "ask_who_is_told", "confidence": 0.9})
    assert person.slot("deanery") == "wales"
    assert any("utter_local_fact_told" in b.said for b in person.seen[-1])


@pytest.mark.parametrize("text", ["do you have to report me", "will you tell the gmc"])
@pytest.mark.parametrize("before", ["hello", TOLD["alcohol_drugs"]])
def test_whether_this_reports_anyone_is_answered_with_no(person, before, text):
    person.open()
    person.say(before)
    person.say(text)
    assert "utter_asked_you_report" in person.seen[-1][0].said


def test_a_no_to_the_unit_for_whom_it_tells_is_confirmed(person):
    person.open()
    person.say("what is the psu")
    person.say_as("not if they tell her", intent={"name": "not_now", "confidence": 0.9})
    assert "utter_not_if_told" in person.seen[-1][0].said


@pytest.mark.parametrize("text", ["am I imagining it", "he is my educational supervisor"])
def test_the_question_of_safety_is_put_again_after_what_is_told_beside_it(person, text):
    person.open()
    person.say(TOLD["sexual_harm"])
    person.say(text)
    assert person.slot("crisis") == "no"
    assert person.seen[-1][-1].said == ("utter_route_sexual_harm_again",)
    assert person.slot("asked") == "safe_from_them"
    person.say("no")
    assert person.slot("crisis_kind") == "unsafe_person"

"""Adjacent harms and somebody else's risk: each has its own words and services, before any form."""

from dataclasses import replace

import pytest

from actions import services as services_module
from bot.content import responses
from bot.deanery import signposts
from bot.dialogue.context import news_of, stays_with_danger
from bot.nlu.routes import (
    CLEAR_TO_ASK,
    OTHER_ROUTES,
    OWN_ROUTES,
    WITHDRAWN,
    may_be_told,
    routes,
    told_now,
)
from tests.test_crisis import doubt

TOLD = {
    "sexual_harm": "a consultant groped me at the party",
    "domestic_abuse": "my partner controls all my money and reads my messages",
    "eating_disorder": "I make myself sick after every meal",
    "alcohol_drugs": "I'm drinking a bottle of wine every night",
    "unfit_now": "I'm not fit to work tonight",
    "error_today": "I gave ten times the dose",
    "discrimination": "the consultant made a racist comment about me",
    "bullying": "I'm being bullied by my supervisor",
    "patient_risk": "the staffing is unsafe and somebody is going to die on this ward",
    "no_home_or_money": "I've been evicted and I've nowhere to live",
}
OTHERS = {
    "other_patient_death": "one of my patients died by suicide",
    "other_colleague_now": "my colleague says she wants to die",
    "other_colleague_death": "my friend from work killed himself",
    "other_relative": "my brother is suicidal",
    "other_relative_death": "my brother took his own life",
}
FORM_OR_UNIT = ("professional support", "the unit", "psu", "fill in", "deanery has")


def test_every_route_is_tried_here():
    assert set(TOLD) == set(OWN_ROUTES)
    assert set(OTHERS) == set(OTHER_ROUTES)


@pytest.mark.parametrize(("route", "text"), TOLD.items(), ids=TOLD.keys())
def test_a_harm_gets_its_own_route_before_any_form_or_unit(person, route, text):
    person.open()
    bubbles = person.say(text)
    assert person.slot("routes_given") == [route]
    assert not any(words in person.text.lower() for words in FORM_OR_UNIT)
    assert len(bubbles) == 3
    assert bubbles[-1].text.endswith("?")
    assert sum(b.text.count("?") for b in bubbles) == 1


@pytest.mark.parametrize(("route", "text"), TOLD.items(), ids=TOLD.keys())
def test_it_comes_in_the_middle_of_a_form_and_ends_it(person, route, text):
    person.open()
    person.say("can you help me write a message to them")
    person.say(text)
    assert person.slot("routes_given") == [route]
    assert person.slot("requested_slot") is None


@pytest.mark.parametrize(("route", "text"), TOLD.items(), ids=TOLD.keys())
@pytest.mark.parametrize("answer", ["yes", "no", "i dont know"])
def test_the_question_can_be_answered_in_words(person, route, text, answer):
    person.open()
    before = [b.text for b in person.say(text)]
    bubbles = person.say(answer)
    assert bubbles[0].text not in before
    if route in ("sexual_harm", "domestic_abuse") and answer != "yes":
        assert person.slot("crisis_kind") == "unsafe_person"
        assert "999" in bubbles[0].text
    else:
        assert person.slot("crisis") == "no"
        assert not any(words in person.text.lower() for words in FORM_OR_UNIT)


def test_a_route_is_given_once_then_talk_goes_on(person):
    person.open()
    person.say(TOLD["bullying"])
    person.say("and he shouted at me again today, the bullying never stops")
    assert person.slot("routes_given") == ["bullying"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [("they'll strike me off", "silence makes it heavier"), ("i feel so stupid", "nothing stupid")],
)
def test_what_holds_somebody_back_after_a_route_is_met_once(person, words, answer):
    person.open()
    person.say(TOLD["alcohol_drugs"])
    person.say("yes")
    person.say(words)
    assert answer in person.text
    assert person.seen[-1][-1].text.endswith("?")
    person.say(words)
    assert answer not in person.text


def test_violence_brings_the_numbers_and_then_its_route(person):
    person.open()
    bubbles = person.say("my husband keeps hitting me and I'm scared to go home")
    assert all(number in bubbles[0].text for number in ("999", "116 123"))
    person.press("I'm safe for now")
    assert "0808" in person.text
    assert "safe from them" not in person.text


def test_a_mistake_stays_first_until_somebody_knows(person):
    person.open()
    person.say(TOLD["error_today"])
    person.say("no")
    person.say("ok told them")
    assert "hardest part" in person.text


@pytest.mark.parametrize(("route", "text"), OTHERS.items(), ids=OTHERS.keys())
def test_somebody_elses_risk_has_its_own_words_and_ends_with_the_writer(person, route, text):
    person.open()
    bubbles = person.say(text)
    assert bubbles[-1].text.startswith("And you")
    assert bubbles[-1].buttons
    assert person.slot("crisis") == "no"


NEXT = [
    ("other_colleague_now", "i'm driving to hers", "give the address"),
    ("other_colleague_now", "shes alive, the paramedics have her", "you didn't look away"),
    ("other_relative", "he's dead", "not yours to have stopped"),
    ("other_patient_death", "i wrote low risk. i wrote it", "can't be foreseen"),
    ("other_colleague_death", "I should have asked him", "can't be foreseen"),
]


@pytest.mark.parametrize(("route", "words", "answer"), NEXT, ids=[words for _, words, _ in NEXT])
def test_what_is_told_next_about_somebody_else_is_met(person, route, words, answer):
    person.open()
    person.say(OTHERS[route])
    bubbles = person.say(words)
    assert answer in person.text
    assert bubbles[-1].text.endswith("?")
    person.say(words)
    assert answer not in person.text, "it is said once"


def test_a_doubt_about_the_writer_beside_such_news_has_the_numbers_first(person):
    person.open()
    person.say(OTHERS["other_colleague_now"])
    bubbles = person.say_as("shes alive. i'm sitting in the car shaking", **doubt("immediate"))
    assert bubbles[0].text.startswith("They're alive")
    assert all(number in bubbles[0].text for number in ("999", "111", "116 123"))
    assert person.slot("crisis_kind") == "shaken"
    person.say("yes im safe")
    assert "nothing more is asked of you" in person.text


@pytest.mark.parametrize("answer", ["[I'm safe]", "the rent, since march"])
def test_a_harm_that_waited_is_answered_after_they_said_they_are_safe(person, answer):
    found = {
        "harms": ["no_home_or_money"],
        "harm_sources": {
            "patterns": [],
            "classifier": ["no_home_or_money"],
            "clear": ["no_home_or_money"],
        },
        "signals": {"stage": ["on_the_edge"], "pattern": [], "concern": []},
    }
    person.open()
    person.say_as("i cant go on like this, i sleep where i can", **found)
    assert "are you safe" in person.text
    assert person.slot("routes_given") == []
    person.press(answer[1:-1]) if answer.startswith("[") else person.say(answer)
    assert person.slot("routes_given") == ["no_home_or_money"]
    assert person.slot("route_waiting") is None
    assert person.seen[-1][-1].text.endswith("?")


def maybe(route):
    """Return the part of parse data of a message that may tell `route`, but not clearly."""
    sources = {"patterns": [], "classifier": [route], "clear": []}
    return {
        "harms": [route],
        "harm_sources": sources,
        "signals": {"stage": [], "pattern": [], "concern": []},
        "risk": "none",
    }


@pytest.mark.parametrize("route", [route for route in TOLD if route not in CLEAR_TO_ASK])
def test_what_is_not_clear_is_asked_about_once_and_never_asserted(person, route):
    person.open()
    bubbles = person.say_as("my wife is fed up of hearing about it", **maybe(route))
    assert f"utter_maybe_{route}" in bubbles[-1].said
    assert person.slot("routes_given") == []
    person.press("No, not that")
    assert "utter_maybe_not" in person.seen[-1][0].said
    assert person.slot("crisis") == "no"
    again = person.say_as("she really is fed up of hearing about it", **maybe(route))
    assert f"utter_maybe_{route}" not in again[-1].said
    assert person.slot("routes_given") == []


@pytest.mark.parametrize("answer", ["Yes", "it's what i said about her"])
@pytest.mark.parametrize("route", ["domestic_abuse", "eating_disorder"])
def test_a_yes_or_telling_it_again_brings_the_route(person, route, answer):
    person.open()
    person.say_as("it is what happens in the evenings", **maybe(route))
    if answer == "Yes":
        person.press(answer)
    else:
        person.say_as(answer, **maybe(route))
    assert person.slot("routes_given") == [route]
    assert person.seen[-1][0].said == (f"utter_route_{route}_open",)


def test_something_else_after_the_question_goes_on_with_talk(person):
    person.open()
    person.say_as("it is what happens in the evenings", **maybe("alcohol_drugs"))
    person.say("i failed my part 2 again")
    assert person.slot("routes_given") == []
    assert person.slot("asked") != "maybe_route"
    person.say("yes")
    assert person.slot("routes_given") == []


def test_safety_is_asked_about_before_a_harm_that_is_not_clear(person):
    person.open()
    found = {**maybe("alcohol_drugs"), "risk_scores": {"own": 0.25, "third_party": 0.0}}
    person.say_as("it is what happens in the evenings", **found)
    assert "safe" in person.text
    assert person.slot("routes_given") == []


def test_no_two_of_them_are_answered_alike(agent, loop):
    from tests.conftest import Person

    seen = set()
    for route, text in (TOLD | OTHERS).items():
        person = Person(agent, loop, conversation=f"alike {route}")
        person.open()
        seen.update(bubble.text.split("\n")[0] for bubble in person.say(text)[:2])
    assert len(seen) == 2 * len(TOLD | OTHERS)


def test_a_colleague_in_danger_brings_999_and_how_to_ask(person):
    person.open()
    bubbles = person.say("my colleague says she's going to kill herself tonight, what do I do")
    assert "999" in bubbles[0].text
    assert "suicide" in person.text


def test_services_are_those_of_the_nation(person_in):
    person = person_in("wales")
    person.open()
    person.say(TOLD["domestic_abuse"])
    assert "0808 80 10 800" in person.text
    assert "0808 2000 247" not in person.text


@pytest.mark.parametrize("verified", [True, False])
def test_what_nobody_verified_is_hidden(person_in, monkeypatch, verified):
    helpline = signposts()["domestic_abuse_ni"]
    if not verified:
        unread = replace(helpline, fact=replace(helpline.fact, verified_on=None))
        register = {**signposts(), "domestic_abuse_ni": unread}
        monkeypatch.setattr(services_module, "signposts", lambda: register)
    person = person_in("northern_ireland")
    person.open()
    person.say(TOLD["domestic_abuse"])
    assert (helpline.value in person.text) == verified
    assert "999" in person.seen[-1][0].text


def test_every_signpost_of_a_route_exists():
    assert [k for r in routes().values() for k in r.signposts if k not in signposts()] == []


@pytest.mark.parametrize(
    ("told", "response"),
    [
        (TOLD["sexual_harm"], "theirs"),
        (TOLD["domestic_abuse"], "theirs"),
        (TOLD["bullying"], "theirs"),
        (TOLD["error_today"], "duty"),
        (TOLD["patient_risk"], "duty"),
    ],
)
def test_whether_it_has_to_be_reported_is_answered_about_what_was_told(person, told, response):
    person.open()
    person.say(told)
    person.say("do i have to report it")
    wording = responses()["routes.yml"][f"utter_route_fear_report_{response}"]
    assert person.seen[-1][0].text == wording[0]["text"]
    person.say("they'd report me to the gmc")
    told_so = responses()["routes.yml"]["utter_route_fear_told"][0]["text"]
    assert person.seen[-1][0].text == told_so, "another fear is met as well"


def test_a_relative_who_died_is_mourned_and_not_kept_safe(person):
    person.open()
    person.say("my brother took his own life")
    assert "ask them directly" not in person.text
    assert "sorry" in person.text
    person.say("it was my fault, I should have rung")
    assert person.slot("routes_given")[-1] == "other_blame"


def quiet_harm(route):
    """Return what is recognised when the classifier alone is clear about a harm."""
    sources = {"patterns": [], "classifier": [route], "clear": [route]}
    return {"harms": [route], "harm_sources": sources}


def test_another_harm_in_quiet_words_after_a_route_is_asked_about(person):
    person.open()
    person.say(TOLD["bullying"])
    person.say("yes")
    person.say_as("and then there's home", **quiet_harm("domestic_abuse"))
    asked = responses()["routes.yml"]["utter_maybe_domestic_abuse"][0]["text"]
    assert person.seen[-1][-1].text.endswith(asked)
    person.say("yes")
    assert person.slot("routes_given") == ["bullying", "domestic_abuse"]
    person.say("yes, I'm safe")
    person.say_as("and the shift", **quiet_harm("unfit_now"))
    assert person.slot("routes_checked") == ["domestic_abuse", "unfit_now"]
    person.say("no")
    person.say_as("and dinner", **quiet_harm("eating_disorder"))
    assert len(person.slot("routes_checked")) == 2, "it is asked twice at most"


def test_a_near_harm_in_quiet_words_after_a_route_is_the_same_trouble(person):
    person.open()
    person.say(TOLD["bullying"])
    person.say("yes")
    person.say_as("he called me that again", **quiet_harm("discrimination"))
    assert not person.slot("routes_checked")


@pytest.mark.parametrize("words", ["he's outside the door", "he's coming home early"])
def test_a_danger_that_comes_near_after_a_route_is_no_yes(person, words):
    person.open()
    person.say(TOLD["domestic_abuse"])
    bubbles = person.say(words)
    assert "999" in bubbles[0].text
    assert person.slot("crisis_kind") == "unsafe_person"


def test_who_is_feared_is_not_taken_for_somebody_to_be_kept_safe(person):
    person.open()
    person.say(TOLD["domestic_abuse"])
    person.say("yes")
    person.say_as(
        "he has texted me again",
        risk="third_party",
        risk_sources={"patterns": "none", "classifier": "third_party"},
    )
    assert "suicide" not in person.text


@pytest.mark.parametrize("words", ["no, she's not the type you can tell", "he's a nightmare"])
def test_what_only_begins_like_done_is_no_yes(person, words):
    person.open()
    person.say(TOLD["error_today"])
    person.say(words)
    yes = responses()["routes.yml"]["utter_route_error_today_yes"][0]["text"]
    assert yes not in person.text


def test_the_death_of_somebody_feared_for_is_heard(person):
    person.open()
    person.say(OTHERS["other_colleague_now"])
    person.say_as("they found her", **quiet_harm("other_colleague_death"))
    assert "not yours to have stopped" in person.text


def test_after_an_error_a_patients_body_is_not_ones_own(person):
    person.open()
    person.say(TOLD["error_today"])
    person.say_as(
        "her sugars were 2.1 an hour ago, 5 now",
        risk="immediate",
        risk_sources={"patterns": "none", "classifier": "immediate"},
        risk_scores={"own": 0.9, "third_party": 0.0},
        **quiet_harm("medical_emergency"),
    )
    assert person.slot("crisis_kind") != "medical"


def test_more_of_what_was_asked_about_is_a_yes(person):
    person.open()
    person.say_as("it's how the day begins", **doubtful_harm("alcohol_drugs"))
    assert person.slot("routes_checked") == ["alcohol_drugs"]
    person.say_as(
        "before work mostly", signals={"stage": [], "pattern": [], "concern": ["substance_use"]}
    )
    assert person.slot("routes_given") == ["alcohol_drugs"]


def test_another_harm_may_be_asked_about_and_none_twice(person):
    person.open()
    person.say_as("it's how the day begins", **doubtful_harm("alcohol_drugs"))
    person.say("no")
    person.say_as("and the evenings", **doubtful_harm("alcohol_drugs"))
    assert person.slot("routes_checked") == ["alcohol_drugs"]
    person.say_as("and lunch is the same these days", **doubtful_harm("eating_disorder"))
    assert person.slot("routes_checked") == ["alcohol_drugs", "eating_disorder"]


def doubtful_harm(route):
    """Return what is recognised when the classifier alone finds a harm, and is not clear."""
    sources = {"patterns": [], "classifier": [route], "clear": []}
    return {"harms": [route], "harm_sources": sources}


def test_the_car_is_no_safe_place_to_sleep(person):
    person.open()
    person.say(TOLD["no_home_or_money"])
    person.say("the car. since the 9th")
    no = responses()["routes.yml"]["utter_route_no_home_or_money_no"][0]["text"]
    assert no in person.text


def test_a_misread_harm_is_not_gone_on_with(person):
    person.open()
    person.say_as(
        "he asked me in front of the whole round",
        signals={"stage": [], "pattern": [], "concern": ["bullying"]},
        **doubtful_harm("bullying"),
    )
    person.say("no")
    asked = [v["text"] for v in responses()["concerns.yml"]["utter_concern_bullying_ask"]]
    assert not any(text in person.text for text in asked)


def test_a_harm_that_is_denied_in_other_words_is_not_given(person):
    person.open()
    bullied = {"signals": {"stage": [], "pattern": [], "concern": ["bullying"]}}
    person.say_as("he asked me in front of the whole round", **doubtful_harm("bullying"))
    person.say_as("i never said bullying", **bullied)
    assert not person.slot("routes_given")


@pytest.mark.parametrize(
    "told",
    ["he hit me again last night when I got home", "I am going to kill myself tonight"],
)
def test_who_asks_to_be_forgotten_after_danger_keeps_the_numbers(person, told):
    person.open()
    person.say(told)
    bubbles = person.say("delete everything about me please")
    assert all(number in bubbles[0].text for number in ("999", "55", "116 123"))
    assert "utter_forgotten" in {name for bubble in bubbles for name in bubble.said}
    assert not person.slot("routes_given")
    assert not person.slot("crisis_kind")


@pytest.mark.parametrize(
    ("told", "asked", "tests_are_named"),
    [
        ("my consultant put his hand on my thigh at the christmas do", "safe from them", False),
        (
            "the reg keeps making comments about my body in front of the scrub nurse",
            "alone with them",
            False,
        ),
        ("I was raped by a colleague last weekend", "safe from them", True),
        ("he put his hand on my leg and then he held me down", "safe from them", True),
    ],
)
def test_harassment_is_not_met_with_the_words_for_an_assault(person, told, asked, tests_are_named):
    person.open()
    person.say_as(told, harms=["sexual_harm"], harm_sources={"patterns": ["sexual_harm"]})
    assert asked in person.text
    assert ("emergency medicine" in person.text) == tests_are_named
    touched = asked == "safe from them" and not tests_are_named
    assert ("isn't yours to laugh off" in person.text) == touched


def last_said(person):
    """Return the names of the responses of the last turn."""
    return [name for bubble in person.seen[-1] for name in said_in(bubble)]


def said_in(bubble):
    return [name.rpartition(":")[0] or name for name in bubble.said]


@pytest.mark.parametrize(
    ("told", "denied", "concern"),
    [
        (
            "I made a terrible mistake",
            "no you've misunderstood, it was a board game",
            "error_complaint",
        ),
        ("I made a terrible mistake", "there was no patient", "error_complaint"),
        ("I made a terrible mistake", "i never made a mistake", "error_complaint"),
        (TOLD["alcohol_drugs"], "you've got that all wrong", "substance_use"),
        (TOLD["bullying"], "i never said bullying", "bullying"),
    ],
)
def test_a_route_whose_premise_is_denied_ends_and_takes_its_concern_back(
    person, told, denied, concern
):
    person.open()
    person.say(told)
    assert concern in person.slot("concerns_heard")
    person.say(denied)
    assert "utter_route_misread" in last_said(person)
    assert concern not in person.slot("concerns_heard")
    assert person.slot("route_asked") is None
    assert person.slot("routes_given")[-1].startswith(WITHDRAWN)


@pytest.mark.parametrize(
    "words", ["no", "no I haven't told anyone", "I didn't mean to", "no senior knows yet"]
)
def test_a_bare_no_after_an_error_is_no_denial_of_it(person, words):
    person.open()
    person.say(TOLD["error_today"])
    person.say(words)
    assert "utter_route_misread" not in last_said(person)
    assert person.slot("routes_given")[0] == "error_today"


def test_who_is_in_danger_is_stayed_with_until_it_is_known_how_it_went(person):
    person.open()
    person.say(OTHERS["other_colleague_now"])
    for words, news in (
        ("it rings out, she won't pick up", "no_reply"),
        ("am i being paranoid", "false_alarm"),
        ("what if i ring the police and she's asleep", "false_alarm"),
        ("i'm on call and holding the bleep", "tied"),
        ("she put the phone down on me", "no_reply"),
        ("right, i've rung the police", "called"),
        ("what should i do until they come", "waiting"),
        ("she's still not answering", "waiting"),
        ("how long will they take", "waiting"),
        ("i should have noticed", "blame_living"),
        ("they've found her, she's drowsy but ok", "alive"),
    ):
        person.say(words)
        assert f"utter_other_{news}" in last_said(person), words
        assert person.slot("crisis") == "no"


def test_who_was_in_danger_and_is_found_dead_is_mourned(person):
    person.open()
    person.say(OTHERS["other_colleague_now"])
    person.say("they found him dead")
    assert "utter_other_died" in last_said(person)
    person.say("i should have rung sooner, it's my fault")
    assert "utter_other_blame" in last_said(person)


def test_the_choices_about_the_next_ten_minutes_fit_the_danger(person):
    person.open()
    person.say(OTHERS["other_colleague_now"])
    person.say("what do i even say to her")
    person.press("I've rung 999")
    assert "utter_other_called" in last_said(person)


def test_an_unanswered_phone_is_met_in_the_first_reply(person):
    person.open()
    person.say("my colleague says she wants to die and now it goes to voicemail")
    assert "utter_other_no_reply" in last_said(person)
    assert "utter_other_colleague_now_do" not in last_said(person)


def test_an_error_told_in_panic_is_about_the_patient_first_with_a_line_for_the_breath(person):
    person.open()
    person.say("i can't breathe, I gave ten times the dose and nobody knows")
    assert person.slot("crisis") == "no"
    assert person.slot("routes_given") == ["error_today"]
    assert "utter_breathless" in last_said(person)
    assert "999" in person.text
    person.say("what do i do about the baby")
    assert "utter_route_aside_what_now" in last_said(person)


@pytest.mark.parametrize("words", ["i can't breathe", "i cant breathe, it isn't panic"])
def test_breath_alone_is_still_an_emergency(person, words):
    person.open()
    person.say(words)
    assert person.slot("crisis_kind") == "medical"


def test_an_emergency_of_ones_own_that_was_a_misreading_is_put_right(person):
    person.open()
    person.say("i can't breathe")
    person.say("no it's panic, not my chest")
    assert "utter_crisis_medical_put_right" in last_said(person)
    assert "999" in person.text
    assert person.slot("crisis") == "eased"


@pytest.mark.parametrize(
    "words",
    [
        "I'm sweating and my hands shake if I don't have one",
        "i was thinking cold turkey",
        "should i just stop drinking tonight",
    ],
)
def test_stopping_suddenly_is_advised_against_after_the_route(person, words):
    person.open()
    person.say(TOLD["alcohol_drugs"])
    person.say(words)
    assert "utter_route_aside_withdrawal" in last_said(person)


def test_a_hand_that_shakes_on_another_day_is_asked_about_before_a_handover(person):
    person.open()
    person.say_as("my hand shakes when i operate", **quiet_harm("unfit_now"))
    assert "utter_route_unfit_now_open" not in last_said(person)
    assert "utter_maybe_unfit_now" in last_said(person)
    person.say("cheers. am i ok to operate on thursday then")
    assert "utter_route_aside_fit" in last_said(person)


def test_unfit_and_at_work_now_is_told_to_stop(person):
    person.open()
    person.say_as("I'm on the ward and my hands won't stop", **quiet_harm("unfit_now"))
    assert "utter_route_unfit_now_open" in last_said(person)


def test_sexual_remarks_are_not_met_as_an_assault(person):
    person.open()
    person.say("my consultant makes sleazy comments about my legs every list")
    assert "utter_route_sexual_harm_said_open" in last_said(person)
    assert "sarcs" not in person.text
    assert person.slot("asked") == "route"
    person.say("does that even count")
    assert "utter_route_aside_counts" in last_said(person)
    person.say("he's texting me again now")
    assert person.slot("asked") == "safe_from_them"


def test_touching_beside_remarks_keeps_the_words_for_touching(person):
    person.open()
    person.say("he makes sleazy comments and he put his hand on my thigh")
    assert "utter_route_sexual_harm_open" in last_said(person)


NO_NEWS = [
    "i don't know where she is",
    "i cant get hold of her, no idea who knows where she is now",
    "she says she doesnt know how she is",
    "i hope shes ok",
    "how do i find out if shes safe",
    "nobody knows where she's gone",
    "is she still breathing i wonder",
    "who can go and check on her",
    "maybe she's asleep",
    "she's safe now?",
]


@pytest.mark.parametrize("words", NO_NEWS)
def test_what_is_hoped_asked_or_not_known_is_no_news(person, words):
    person.open()
    person.say("my flatmate texted that she doesn't want to be here any more")
    person.say(words)
    assert "other_alive" not in person.slot("routes_given")
    assert "other_died" not in person.slot("routes_given")
    person.say("i hope she's alright")
    assert "999" in person.text
    person.say("she rang me back, she's ok")
    assert "other_alive" in person.slot("routes_given")


@pytest.mark.parametrize("words", NO_NEWS[:8])
def test_until_it_is_known_the_emergency_number_is_said_again(person, words):
    person.open()
    person.say("my flatmate texted that she doesn't want to be here any more")
    person.say(words)
    assert "999" in person.text
    assert "Who is one person" not in person.text


def classified(risk_of_another, harm, **more):
    """Return what is recognised when only the classifier hears somebody else's danger."""
    return {
        "intent": {"name": "worried_about_someone", "confidence": 0.92},
        "risk": "third_party",
        "risk_sources": {"patterns": "none", "classifier": "third_party"},
        "risk_scores": {"own": 0.0, "third_party": risk_of_another},
        "harms": [harm],
        "harm_sources": {"patterns": [], "classifier": [harm], "clear": [harm]},
        **more,
    }


def test_a_sneer_told_in_answer_to_another_harm_is_nobodys_danger(person):
    person.open()
    person.say("my consultant keeps shouting at me in front of everyone")
    assert person.slot("asked") in ("route", "maybe_route")
    person.say_as(
        "yesterday he said 'some people are too posh for nights'",
        **classified(0.73, "other_colleague_now", intent={"name": "share", "confidence": 0.9}),
    )
    assert "999" not in person.text
    assert not any(route.startswith("other_") for route in person.slot("routes_given") or ())


def test_a_danger_told_clearly_in_answer_to_another_harm_is_met(person):
    person.open()
    person.say("my consultant keeps shouting at me in front of everyone")
    person.say_as("the f1 he shouted at left a note", **classified(0.95, "other_colleague_now"))
    assert "999" in person.text
    person.say("my colleague says she wants to kill herself")
    assert "other_colleague_now" in person.slot("routes_given")


def test_where_nobody_is_named_the_classifier_alone_asks(person):
    person.open()
    person.say_as("some days on nights are like that", **classified(0.95, "other_colleague_now"))
    assert person.slot("routes_given") == ["other_maybe"]


@pytest.mark.parametrize(
    "words",
    [
        "if i dont turn up there's one reg for 90 patients. someone'll get missed",
        "if nobody covers the ward somebody will get hurt",
        "if i call in sick a patient might get missed",
    ],
)
def test_what_would_happen_is_no_sighting(person, words):
    person.open()
    person.say(words)
    assert "patient_risk" not in (person.slot("routes_given") or ())
    assert "patient_risk" not in (person.slot("routes_checked") or ())


def test_who_stays_at_home_with_an_ill_child_is_not_asked_whether_they_are_hurt(person):
    person.open()
    person.say("my son has a fever and nursery won't take him")
    person.say("i'm staying home with him")
    assert "domestic_abuse" not in (person.slot("routes_checked") or ())
    assert person.slot("asked") != "safe_now"


DANGER = "my colleague says she wants to die"


@pytest.mark.parametrize(
    ("words", "news"),
    [
        ("i dont know his address... hospital flats i think", "address"),
        ("no idea where she lives", "address"),
        ("do i go there too?", "whether_to_go"),
        ("should i drive over to her flat", "whether_to_go"),
        ("should i tell the others on the whatsapp", "tell_others"),
        ("shall i ask the rest of the team", "tell_others"),
        ("i knew on monday. he said he was done and i laughed", "blame_living"),
        ("i thought she was joking", "blame_living"),
        ("im ok. shaking. my husbands here", "company"),
        ("the nurse has come over to me", "company"),
        ("i dont think i can do my shift tomorrow", "work"),
        ("who covers my list tomorrow", "work"),
        ("could i ring her ward? they'd know", "their_work"),
        ("would his hospital have the address", "their_work"),
        ("will she get in trouble for it", "their_job"),
        ("would it be on his record", "their_job"),
    ],
)
@pytest.mark.parametrize("called", [False, True])
def test_what_goes_on_with_somebodys_danger_is_met(person, words, news, called):
    person.open()
    person.say(DANGER)
    if called:
        person.say("ive rung 999")
    person.say(words)
    assert f"utter_other_{news}" in last_said(person), person.text
    assert person.slot("requested_slot") is None


@pytest.mark.parametrize(
    "words",
    [
        "she's replied, she meant the job!",
        "it was a false alarm",
        "she was talking about the exam",
        "she's rung! she'd been on a plane",
        "he just phoned, his battery had died, that's all",
        "i've spoken to her. it was about her leaving do",
    ],
)
def test_words_that_meant_something_else_are_met_with_relief_even_later_on(person, words):
    person.open()
    person.say(DANGER)
    person.say("she isn't answering")
    person.say(words)
    assert "utter_other_relief" in last_said(person)


@pytest.mark.parametrize(
    "words",
    [
        "she meant the job but she's taken tablets",
        "she's replied, she says goodbye",
        "what if she meant the job",
        "she says she meant the job and wants to die",
        "i thought he meant the job",
        "she's rung, she'd been asleep and she's taken everything",
        "he's rung from the bridge",
        "she had been on a flight last week",
        "he's replied, it's a goodbye",
    ],
)
def test_no_relief_where_danger_is_told_in_the_same_breath(person, words):
    person.open()
    person.say(DANGER)
    person.say(words)
    assert "utter_other_relief" not in last_said(person)


def test_danger_told_anew_after_a_relief_is_answered(person):
    person.open()
    person.say(DANGER)
    person.say("she's replied, she meant the job!")
    person.say("my colleague now says she is going to kill herself")
    assert "999" in person.text
    assert any(name.startswith("utter_other_") for name in last_said(person))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("do i have to write a statement, will they sue me or tell the gmc", "asked_statement"),
        ("what happens at the inquest", "asked_statement"),
        ("can i write to his family to say sorry", "asked_family_letter"),
        ("is it ok to go to his funeral", "asked_family_letter"),
        ("is it the psu or defence union", "asked_psu_or_union"),
        ("he had a little girl. i should have kept him", "other_blame"),
        ("i shouldn't have let him go home", "other_blame"),
        ("terrified of the next suicide risk assessment at 2", "other_next_one"),
        ("I've got another overdose to assess tonight", "other_next_one"),
    ],
)
def test_what_comes_after_a_patients_suicide_is_answered(person, words, said):
    person.open()
    person.say("my patient killed himself after i discharged him")
    person.say(words)
    assert f"utter_{said}" in last_said(person), person.text
    assert person.slot("requested_slot") is None


@pytest.mark.parametrize(
    "words",
    ["who do i actually tell first about the hand", "who should I tell", "where do I go with this"],
)
def test_whom_to_tell_after_a_harm_is_answered_and_is_not_the_unit(person, words):
    person.open()
    person.say(TOLD["sexual_harm"])
    person.say(words)
    assert "utter_route_aside_whom" in last_said(person)


def test_so_angry_that_one_cannot_see_straight_is_no_unfitness_but_drink_is(person):
    person.open()
    person.say("i am so angry i cant see straight")
    assert not person.slot("routes_given")
    person.say("so angry i can't think straight, and I'm still drunk on the ward")
    assert person.slot("routes_given") == ["unfit_now"]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("do i tell him myself or wait for the consultant", "utter_route_aside_who_tells"),
        ("nobody's told the family", "utter_route_aside_family"),
        ("do i need to put in a datix on myself", "utter_route_aside_datix"),
        ("do i have to report it", "utter_route_fear_report_duty"),
        ("will this be on my arcp", "utter_route_aside_record"),
        ("form r asks about it doesnt it", "utter_route_aside_record"),
        ("ok going back. thanks", "utter_route_aside_back_in"),
        ("right, i'm heading back in", "utter_route_aside_back_in"),
    ],
)
def test_what_is_asked_on_after_an_error_is_answered(person, words, answer):
    person.open()
    person.say(TOLD["error_today"])
    person.say(words)
    assert answer in last_said(person)


def test_contempt_that_was_told_is_not_asked_about_and_a_shrug_is_answered(person):
    person.open()
    person.say("the patient's son, he want 'a proper doctor', and he called me the name")
    assert "utter_route_discrimination_open" in last_said(person)
    person.say("Sorry, I do not understand this sentence")
    assert "utter_plainer_discrimination" in last_said(person)
    assert person.slot("asked") == "route"
    person.say("I told my supervisor, he just lifted his shoulders and said you will get used")
    assert "utter_route_aside_waved_away" in last_said(person)
    person.say("who is responsible in hospital if supervisor do nothing")
    assert "utter_asked_who_acts" in last_said(person)
    person.say("what is freedom to speak guardian, do they tell my supervisor")
    assert "utter_asked_define_ftsu" in last_said(person)


# A pet name, and a loss


def sounds_like(*harms, clear=False):
    """Return what is recognised where the classifier alone finds `harms`."""
    sure = list(harms) if clear else []
    sources = {"patterns": [], "classifier": list(harms), "clear": sure}
    return {"harms": list(harms), "harm_sources": sources}


@pytest.mark.parametrize(
    "words",
    [
        "my consultant calls me sweetheart in front of the patients",
        "the surgeon keeps calling me darling",
        "the nurses call me petal and him doctor",
    ],
)
@pytest.mark.parametrize("harm", ["discrimination", "bullying", "domestic_abuse"])
def test_a_pet_name_at_work_is_asked_about_as_harassment(person, words, harm):
    person.open()
    person.say_as(words, **sounds_like(harm), risk="none", risk_sources={})
    asked = {name for bubble in person.seen[-1] for name in bubble.said}
    assert "utter_maybe_sexual_harm_said" in asked
    assert "999" not in person.text
    person.say("yes")
    answered = {name for bubble in person.seen[-1] for name in bubble.said}
    assert "utter_route_sexual_harm_said_open" in answered
    assert "utter_route_sexual_harm_do" not in answered


@pytest.mark.parametrize("harm", ["error_today", "patient_risk"])
def test_a_loss_told_first_is_not_asked_about_as_an_error(harm):
    told = {**sounds_like(harm, clear=True), "text": "had a stillbirth in march, back since monday"}
    assert may_be_told(told, {}) or told_now(told, {})
    loss = {**told, "signs": ["lost_pregnancy"]}
    assert may_be_told(loss, {}) is None
    assert told_now(loss, {}) == ()
    erred = {**loss, "named": ["error_complaint"]}
    assert may_be_told(erred, {}) or told_now(erred, {})
    by_phrase = {**loss, "harm_sources": {**loss["harm_sources"], "patterns": [harm]}}
    assert told_now(by_phrase, {}) == (harm,)


@pytest.mark.parametrize(
    "words",
    [
        "she's had an awful year, her dad died and she failed the exam",
        "his flat is in Bristol and I'm in Leeds",
        "what can the unit do for her",
    ],
)
def test_more_of_somebody_in_danger_is_not_turned_to_the_writers_own_trouble(person, words):
    person.open()
    person.say(DANGER)
    person.say(words)
    assert "999" in person.text
    assert person.slot("routes_given")[-1].startswith("other_")
    assert person.slot("requested_slot") is None


def test_not_tonight_to_an_offer_does_not_bring_somebodys_danger_back():
    slots = {"routes_given": ["other_colleague_now"], "asked": "contact"}
    message = {"intent": {"name": "not_now"}, "signals": {}, "signs": ()}
    assert not stays_with_danger(message, slots)
    assert stays_with_danger(message, {**slots, "asked": "and_you"})
    later = {"intent": {"name": "share"}, "signs": ("of_them",)}
    assert not stays_with_danger(later, {**slots, "asked": "open"})


def test_an_old_loss_that_was_woken_is_met_once_it_is_over(person):
    person.open()
    person.say(DANGER)
    person.say("it was a false alarm")
    person.say("i lost a friend that way at uni")
    assert "utter_other_woken" in last_said(person)


def test_while_the_danger_lasts_an_old_loss_is_no_end_of_it():
    slots = {"routes_given": ["other_colleague_now"], "asked": "and_you"}
    message = {"signs": ("lost_one_before",), "intent": {"name": "share"}, "text": "i lost one"}
    assert news_of(message, slots) is None
    assert news_of(message, {"routes_given": ["other_colleague_now", "other_died"]}) is None


def test_nobody_is_told_that_they_could_not_foresee_it_before_they_were_heard(person):
    person.open()
    person.say(OTHERS["other_patient_death"])
    assert not any(words in person.text for words in ("to blame", "foresee"))

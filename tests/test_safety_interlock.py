"""Risk to life is answered first, in any state."""

import pytest

RISKS = {
    "immediate": "im going to end my life tonight, goodbye",
    "active_ideation": "I keep thinking about killing myself",
    "passive_ideation": "i wish i could go to sleep and not wake up",
    "self_harm": "I cut myself again last night after the shift",
    "harm_to_others": "I want to hurt him, I really think I will hurt my consultant",
}
NUMBERS = ("999", "111", "116 123")


def assert_numbers_first(bubbles):
    for number in NUMBERS:
        assert number in bubbles[0].text
    assert sum(b.text.count("?") for b in bubbles) == 1


@pytest.mark.parametrize("text", RISKS.values(), ids=RISKS.keys())
def test_the_first_bubble_holds_the_numbers_and_one_question_follows(person, text):
    person.open()
    assert_numbers_first(person.say(text))


@pytest.mark.parametrize("text", RISKS.values(), ids=RISKS.keys())
def test_risk_ends_a_running_form(person, text):
    person.open()
    person.say("can you help me write a message to them")
    assert_numbers_first(person.say(text))
    person.say("hm")
    assert "What would you like it to be about" not in person.text


def test_nothing_is_offered_until_the_person_chooses(person):
    person.open()
    person.say(RISKS["passive_ideation"])
    person.say("my rota is awful")
    assert "person with you" in person.text or "I'm safe for now" in str(person.seen[-1])
    for text in ("i failed my exam again", "my consultant shouts at me", "im exhausted"):
        person.say(text)
        assert "unit" not in person.text
        assert "Not now" not in str(person.seen[-1])


def test_no_form_begins_before_the_direct_question_is_answered(person):
    person.open()
    person.say(RISKS["active_ideation"])
    person.say("how do i contact the psu")
    assert person.slot("requested_slot") is None
    assert "deanery" not in person.text


def test_saying_they_are_safe_frees_the_conversation(person):
    person.open()
    person.say(RISKS["passive_ideation"])
    person.press("No")
    assert any(b.title == "Show the numbers again" for x in person.seen[-1] for b in x.buttons)
    person.say("my consultant humiliates me on every round")
    assert person.seen[-1][-1].text.endswith("?")
    assert_numbers_first(person.say(RISKS["active_ideation"]))


def test_yes_brings_the_sentence_that_makes_a_call_easier(person):
    person.open()
    person.say(RISKS["active_ideation"])
    person.press("Yes")
    assert "I'm a doctor, and I'm not safe" in person.text
    assert "999" in person.text


@pytest.mark.parametrize(
    ("risk", "answer", "words"),
    [
        ("immediate", "no", "let someone else"),
        ("immediate", "yes", "Go now"),
        ("active_ideation", "yes", "not safe"),
        ("passive_ideation", "no", "take your word"),
        ("harm_to_others", "yes", "distance"),
    ],
)
def test_a_typed_answer_means_what_the_question_asked(person, risk, answer, words):
    person.open()
    person.say(RISKS[risk])
    person.say(answer)
    variants = {
        "let someone else": ("let someone else", "be found"),
        "Go now": ("Go now", "right next thing"),
        "take your word": ("believe", "word", "Good to know"),
        "distance": ("distance", "somewhere they aren't"),
        "not safe": ("not safe",),
    }
    assert any(w in person.text for w in variants[words])


def test_help_asked_for_reads_no_as_danger(person):
    person.open()
    person.press("I need help now")
    person.say("no")
    assert "I'm a doctor, and I'm not safe" in person.text


def test_goodbye_in_a_crisis_is_given_the_numbers(person):
    person.open()
    person.say(RISKS["active_ideation"])
    person.say("bye")
    for number in NUMBERS:
        assert number in person.seen[-1][0].text


def test_no_is_believed_and_the_numbers_stay_a_tap_away(person):
    person.open()
    person.say(RISKS["passive_ideation"])
    person.press("No")
    assert "999" not in person.seen[-1][0].text
    person.press("Show the numbers")
    for number in NUMBERS:
        assert number in person.text


def test_repeated_signs_bring_the_card_again_in_other_words(person):
    person.open()
    first = person.say(RISKS["active_ideation"])
    second = person.say("i really do want to kill myself")
    assert_numbers_first(second)
    assert first[0].text != second[0].text


def test_no_to_are_you_safe_is_risk(person):
    person.open()
    person.say("i sat in the car outside work for forty minutes and couldnt make myself go in")
    assert "safe" in person.text
    assert_numbers_first(person.say("no"))


def test_need_help_now_shows_the_numbers_in_any_state(person):
    person.open()
    person.press("I need help now")
    for number in NUMBERS:
        assert number in person.seen[-1][0].text


def test_a_nation_known_from_the_deanery_names_its_own_line(person_in):
    person = person_in("northern_ireland")
    person.open()
    person.say(RISKS["active_ideation"])
    assert "0808 808 8000" in person.seen[-1][0].text
    assert "111" not in person.seen[-1][0].text


def test_somebody_elses_risk_is_met_and_the_writer_asked_after(person):
    person.open()
    bubbles = person.say("one of my patients killed himself last week and i keep going over it")
    assert bubbles[-1].text.endswith("?")
    assert bubbles[-1].text.startswith("And you")
    assert person.slot("crisis") == "no"

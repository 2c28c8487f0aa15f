"""Every question is answered at any point, then back to where they were."""

import re

import pytest

from bot.content import responses

QUESTIONS = {
    "ask_what_is_psu": ("what is a professional support unit?", "Professional Support"),
    "ask_who_is_told": ("will my supervisor be told if i contact the psu", "harm"),
    "ask_need_to_be_ill": ("do i have to be ill to use the psu?", "threshold|well, and stuck"),
    "ask_cost": ("does it cost anything", "free|nobody sends you a bill"),
    "ask_how_soon": ("how long is the wait to be seen", "week"),
    "ask_first_contact": ("what happens when i first get in touch with them", "conversation"),
    "ask_exams_support": ("can the psu help me with exams?", "[Ee]xams"),
    "ask_career_support": ("can they help if i want to change specialty", "changing specialty"),
    "ask_part_time": ("how do i go less than full time", "less than full time"),
    "ask_return_to_training": (
        "what support is there for coming back after maternity leave",
        "return",
    ),
    "ask_neurodiversity_support": ("can they assess me for adhd or dyslexia", "ADHD"),
    "ask_visa_support": ("can the unit help with my visa", "visa"),
    "ask_does_it_help": ("does it actually work, the psu", "six in ten|Nobody can promise it"),
    "ask_other_support": ("who else can i talk to apart from the psu", "GP"),
    "ask_what_is_kept": ("what do you keep of what i type here", "[Ll]abels"),
    "ask_are_you_a_person": ("are you a real person or a bot", "program"),
    "clinical_question": ("what dose of amoxicillin for a child with otitis media", "patient"),
}
"""Intent -> a question, and the pattern that each of its answers has."""


@pytest.mark.parametrize(("text", "answer"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_is_answered_in_free_talk(person, text, answer):
    person.open()
    person.say(text)
    assert re.search(answer, person.text)
    assert "?" in person.seen[-1][-1].text


@pytest.mark.parametrize(("text", "answer"), QUESTIONS.values(), ids=QUESTIONS.keys())
def test_a_question_inside_a_form_is_answered_and_the_form_goes_on(person, text, answer):
    person.open()
    person.say("can you help me write a message to send them")
    person.press("Exams")
    person.say(text)
    assert re.search(answer, person.text)
    titles = {b.title for b in person.seen[-1][-1].buttons}
    assert "Coaching" in titles


@pytest.fixture
def in_a_form(person):
    """Return somebody who has answered a form's first question and is asked the next."""
    person.open()
    person.say("can you help me write a message to send them")
    person.press("Exams")
    assert "Coaching" in {b.title for b in person.seen[-1][-1].buttons}
    return person


def variants(file: str, name: str) -> set[str]:
    """Return the texts of a response."""
    return {variant["text"] for variant in responses()[file][name]}


def test_worry_about_a_colleague_inside_a_form_is_answered_and_then_the_form_goes_on(in_a_form):
    first, last = in_a_form.say("i'm worried about a colleague")
    assert first.text in variants("listening.yml", "utter_worried_about_someone")
    assert last.text in variants("listening.yml", "utter_and_you")
    assert "They're in danger now" in {b.title for b in last.buttons}
    assert in_a_form.slot("message_help") is None
    in_a_form.say("the rota is awful")
    assert "Coaching" in {b.title for b in in_a_form.seen[-1][-1].buttons}


def test_delete_this_inside_a_form_forgets_what_was_chosen_in_it(in_a_form):
    assert in_a_form.slot("message_about") == "exams"
    in_a_form.say("delete this")
    assert in_a_form.seen[-1][0].text in variants("handover.yml", "utter_forgotten")
    for slot in ("message_about", "message_help", "message_reply"):
        assert in_a_form.slot(slot) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("does the gmc get told if i see the psu", "GMC"),
        ("will the arcp panel know", "progression"),
        ("does my tpd find out", "programme directors"),
        ("will my trust be told", "trust"),
    ],
)
def test_who_is_told_speaks_of_the_one_that_was_asked_about(person, text, words):
    person.open()
    person.say(text)
    assert words in person.text


def test_local_facts_come_from_the_deanery(person_in):
    person = person_in("wessex")
    person.open()
    person.say("who will be told if i contact the unit")
    assert "In Wessex" in person.text


def test_naming_the_deanery_answers_what_was_waiting_for_it(person):
    person.open()
    person.say("who will be told if i contact the unit")
    person.say("wessex")
    assert "In Wessex" in person.text


def test_asking_for_the_contact_after_who_is_told_gives_the_contact(person_in):
    person = person_in("wales")
    person.open()
    person.say("who will be told if i contact the unit")
    person.say("how do i contact them")
    assert "heiw.nhs.wales" in person.text


def test_what_is_not_known_is_said_to_be_unknown(person_in):
    person = person_in("west_midlands")
    person.open()
    person.say("who will be told if i contact the unit")
    assert "no checked statement" in person.text


def test_not_now_leaves_a_form(person):
    person.open()
    person.say("help me write a message to them")
    person.press("Not now")
    person.say("the rota is awful")
    assert "What would you like it to be about" not in person.text


@pytest.mark.parametrize("words", ["no", "not now", "start again"])
def test_a_form_is_left_in_words(person, words):
    person.open()
    person.say("help me write a message to them")
    person.say(words)
    person.say("the rota is awful")
    assert "message" not in person.text


def test_a_form_survives_talk_and_asks_again(person):
    person.open()
    person.say("help me write a message to them")
    person.say("im so tired of all of it, nights are killing me")
    titles = {b.title for b in person.seen[-1][-1].buttons}
    assert {"Leave it out", "Not now"} <= titles  # the form's next question


def test_yes_to_looking_at_ones_deanery_asks_for_it(person):
    person.open()
    person.say("would my supervisor be told")
    person.say("yes please")
    assert any(b.title == "Wessex" for bubble in person.seen[-1] for b in bubble.buttons)


@pytest.mark.parametrize(
    "between",
    ["yes", "yeah alright show me. don't want my boss hearing", "does it cost anything"],
)
def test_the_contact_is_given_once_whatever_was_said_before_the_deanery(person, between):
    person.open()
    person.say("is there an email")
    person.say(between)
    said = [name for bubble in person.say("wales") for name in bubble.said]
    assert said.count("utter_contact_card") == 1


def test_yes_after_an_answer_goes_back_to_what_was_told(person):
    person.open()
    person.say("i have not slept properly since august")
    person.say("does it cost anything")
    person.say("yes")
    assert "?" in person.text
    assert "lost what to" not in person.text


def test_who_is_told_says_the_general_limit_once(person):
    person.open()
    limit = "harm"
    person.say("would my supervisor be told")
    assert limit in person.text
    person.say("and would the arcp panel know")
    assert limit not in person.text


def test_a_question_left_for_another_is_not_asked_for_ever(person):
    person.open()
    person.say("would my supervisor be told")
    person.say("does it cost anything")
    assert "free" in person.text
    assert "?" in person.seen[-1][-1].text


@pytest.mark.parametrize("text", ["and the gmc?", "what about the gmc then"])
def test_a_follow_up_of_two_words_is_a_question(person, text):
    person.open()
    person.say("would my supervisor be told")
    person.say(text)
    assert "GMC" in person.text


def test_a_running_gmc_case_gets_an_answer_of_its_own(person):
    person.open()
    person.say("would the unit tell anyone that i have a gmc investigation?")
    assert "defence union" in person.text


def test_where_nobody_can_refer_themselves_no_contact_is_offered(person_in):
    person = person_in("north_east")
    person.open()
    for text in ("would my tpd know", "does it cost anything", "how do i contact the unit"):
        person.say(text)
        titles = {b.title for bubble in person.seen[-1] for b in bubble.buttons}
        assert "How to reach them" not in titles


def test_naming_the_deanery_after_a_contact_without_one_gives_the_contact(person):
    person.open()
    person.say("how do i contact the psu")
    person.press("Rather not say")
    person.say("it's Wales")
    assert "Professional Support Unit, Wales" in person.text


def test_what_counts_at_arcp_is_read_of_what_was_asked_just_before(person):
    person.open()
    person.say("does it count against me at arcp?")
    assert "part-time" not in person.text
    person.say("how do i go less than full time")
    person.say("does it count against me at arcp?")
    assert "part-time" in person.text


def names(person):
    return {name for bubble in person.seen[-1] for name in bubble.said}


@pytest.mark.parametrize(
    ("deanery", "answer"),
    [
        ("wales", "utter_refer_self_open"),
        ("wessex", "utter_refer_self_discouraged"),
        ("east_midlands", "utter_refer_self_notifies"),
        ("north_west", "utter_refer_self_unknown"),
        ("north_east", "utter_no_self_referral"),
    ],
)
@pytest.mark.parametrize(
    "words", ["can i refer myself to the unit without my tpd knowing", "can i self-refer?"]
)
def test_whether_somebody_can_refer_themselves_is_answered_for_their_deanery(
    person_in, deanery, answer, words
):
    person = person_in(deanery)
    person.open()
    person.say(words)
    assert answer in names(person)
    assert "utter_refer_self_anywhere" not in names(person)


def test_the_deanerys_own_fact_comes_first_and_nothing_general_about_the_party(person_in):
    person = person_in("scotland")
    person.open()
    person.say("would my supervisor be told if i went to the unit")
    assert "utter_local_fact_told" in person.seen[-1][0].said
    assert "utter_answer_told_supervisor" not in names(person)
    assert "utter_answer_ask_who_is_told" in names(person)


def test_what_has_to_be_known_first_is_not_said_again_to_who_asks_who_is_told(person_in):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact the unit")
    assert "utter_before_you_refer_too" in names(person)
    assert "utter_what_happens_next" not in names(person), "no few lines of one's own there"
    person.say("would my tpd know")
    assert "utter_local_fact_told" in names(person)
    assert not names(person) & {"utter_before_you_refer", "utter_before_you_refer_too"}
    assert len(person.seen[-1]) <= 3


@pytest.mark.parametrize(
    "words", ["what if i start and then don't turn up", "can i stop halfway through?"]
)
def test_what_stopping_means_is_the_deanerys_to_say(person_in, words):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact the unit")
    person.say(words)
    assert "professionalism" in person.text


@pytest.mark.parametrize(
    "words",
    ["i can't face it tho, my ES is the problem", "but my tpd would never sign it"],
)
def test_a_supervisor_in_the_way_is_met_as_what_is_in_the_way(person_in, words):
    person = person_in("wessex")
    person.open()
    person.say("how do i contact the unit")
    person.say(words)
    assert "utter_asked_educator_in_the_way" in names(person)
    assert "utter_ask_safe_now" not in names(person)

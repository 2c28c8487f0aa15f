"""The six stages, met as a person meets them: what is said, and when the unit is offered."""

import pytest

from bot.deanery import deaneries

OFFER_WORDS = ("unit", "deanery has", "whose job is exactly this")


def offered(person) -> bool:
    titles = {b.title for bubble in person.seen[-1] for b in bubble.buttons}
    return "Not now" in titles or "Keep talking" in titles


def test_opening_is_three_short_bubbles_with_four_choices(person):
    bubbles = person.open()
    assert len(bubbles) == 3
    assert all(len(b.text.split()) <= 45 for b in bubbles)
    assert [b.title for b in bubbles[-1].buttons] == [
        "Something's on my mind",
        "What is the PSU?",
        "Who can see this?",
        "I need help now",
    ]


@pytest.mark.parametrize(
    ("stage", "text"),
    [
        ("identity_intact", "burnout is for people who werent suited to it, never going to be me"),
        ("denial", "im not sleeping and my hands shake but honestly its nothing, i carry on"),
        ("psu_recovery", "ive been having coaching through the psu and it really helps me"),
        ("repaired_identity", "i came through it and i feel like a good doctor again, better even"),
        ("different_ways", "i went part time and being a good doctor means something else to me"),
    ],
)
def test_a_first_telling_is_taken_up_and_nothing_is_offered(person, stage, text):
    person.open()
    bubbles = person.say(text)
    assert person.slot("current_stage") == stage
    assert len(bubbles) == 2
    assert bubbles[1].text.count("?") == 1
    assert not offered(person)


def test_on_the_edge_is_asked_about_safety_then_offered_the_unit(person):
    person.open()
    person.say("i cant go on like this, i broke down in the stairwell, i think i need help")
    assert "safe" in person.seen[-1][1].text
    person.press("I'm safe")
    assert not offered(person)
    turns = 0
    while not offered(person):
        person.say("i think i need to talk to someone, im close to breaking")
        turns += 1
        assert turns <= 2


def test_the_unit_is_offered_after_listening_and_not_again_after_not_now(person):
    person.open()
    person.say("my consultant humiliates me on the ward round")
    assert not offered(person)
    person.say("im so tired after nights, i never sleep")
    assert not offered(person)
    turns = 0
    while not offered(person):
        person.say("theres never enough staff and the rota has gaps every week")
        turns += 1
        assert turns < 4
    person.press("Not now") if any(
        b.title == "Not now" for bubble in person.seen[-1] for b in bubble.buttons
    ) else person.press("Keep talking")
    for text in (
        "the rota is still awful",
        "and i keep getting shouted at by the consultant",
        "my exam is in three weeks too",
        "and my bleep never stops on call",
    ):
        person.say(text)
        assert not offered(person)


@pytest.mark.parametrize(
    "text",
    [
        "ive been seeing a counsellor through the psu for two months and it helps",
        "i came back from it all and i feel like a good doctor again",
        "i train less than full time now and it suits me much better",
    ],
)
def test_those_who_found_their_way_are_never_sold_the_unit(person, text):
    person.open()
    for more in ("", " honestly", ", my friends say so too", " and im glad", ", took a while"):
        person.say(text + more)
        assert not offered(person)
        titles = {b.title for bubble in person.seen[-1] for b in bubble.buttons}
        assert "What is a PSU?" not in titles


def test_accepting_leads_to_the_contact_and_a_message(person_in):
    person = person_in("thames_valley")
    person.open()
    person.say("how do i get in touch with the psu")
    assert "thamesvalley.hee.nhs.uk" in person.text
    person.press("Yes")
    person.press("Exams")
    person.press("Coaching")
    person.press("By e-mail")
    message = person.seen[-1][1].text
    assert message.startswith("Hello, I'm a resident doctor")
    for words in ("exams and progression", "coaching", "e-mail"):
        assert words in message
    person.press("That's all")
    assert "ready to send" in person.text


@pytest.mark.parametrize("answer", ["yes", "no", "not sure"])
def test_an_offer_can_be_answered_in_words(person, answer):
    person.open()
    while not offered(person):
        person.say("the rota is awful and im exhausted after nights")
    bubbles = person.say(answer)
    assert len(bubbles) <= 2
    assert ("Professional Support Unit" in person.text) == (answer == "yes")


def test_accepting_step_by_step_leads_to_the_end(person_in):
    person = person_in("wales")
    person.open()
    while not offered(person):
        person.say("my exam is next month and i keep failing it")
    person.say("yes")
    person.say("yes")
    assert "heiw.nhs.wales" in person.text
    bubbles = person.say("no thanks")
    assert len(bubbles) == 1
    assert "how to reach the unit" in person.text


def test_rather_not_say_still_gets_a_way_to_the_unit(person):
    person.open()
    person.say("how do i contact the professional support unit")
    person.press("Rather not say")
    assert "professional support" in person.text


def test_where_nobody_can_refer_themselves_no_self_referral_is_offered(person_in):
    person = person_in("north_east")
    person.open()
    person.say("how do i refer myself to the psu")
    assert "can't refer yourself" in person.text
    assert "Coachnet" in person.text
    assert "message" not in person.text


def test_the_warning_comes_before_the_contact(person_in):
    person = person_in("east_midlands")
    person.open()
    person.say("how do i refer myself to the psu")
    texts = [b.text for b in person.seen[-1]]
    warning = next(i for i, t in enumerate(texts) if "educator" in t)
    contact = next(i for i, t in enumerate(texts) if "eastmidlandsdeanery" in t)
    assert warning < contact


def test_two_turns_in_a_row_never_repeat_a_sentence(person):
    person.open()
    before: set[str] = set()
    for _ in range(12):
        person.say("im exhausted after nights and i never sleep properly")
        sentences = {s.strip() for b in person.seen[-1] for s in b.text.split(".") if s.strip()}
        assert not sentences & before
        before = sentences


def test_no_variant_is_repeated_until_all_were_said(person):
    person.open()
    openings = []
    for _ in range(5):
        person.say("im drowning in debt and cant pay my rent")
        openings.append(person.seen[-1][0].text)
    assert len(set(openings)) == len(openings)


def test_the_end_says_they_can_come_back(person):
    person.open()
    person.say("bye then")
    assert "116 123" in person.text


# Where nobody can refer themselves, and where somebody has to know something first


@pytest.mark.parametrize(
    "asks",
    [
        ("help me write a message to them",),
        ("what is the psu", "who would be told", "how do i get in touch with them"),
        ("would my supervisor be told",),
    ],
)
def test_where_nobody_can_refer_themselves_no_message_is_offered(person_in, asks):
    person = person_in("north_east")
    person.open()
    said = []
    for words in asks:
        person.say(words)
        said.append(person.text)
        assert not person.slot("requested_slot")
        assert person.slot("asked") not in ("message", "referral")
    assert "utter_message_hello" not in {n for turn in person.seen for b in turn for n in b.said}
    if "supervisor" not in asks[0]:
        assert any("Coachnet" in text for text in said)


def test_about_the_unit_where_nobody_can_refer_themselves_says_what_there_is(person_in):
    person = person_in("north_east")
    person.open()
    for words in ("im exhausted", "it's the rota", "nobody helps", "i cant keep up", "it goes on"):
        person.say(words)
        if person.slot("asked") == "information":
            break
    person.say("yes")
    assert "you can't refer yourself" in person.text
    assert "Coachnet" in person.text
    assert "utter_offer_contact" not in {n for b in person.seen[-1] for n in b.said}
    assert person.slot("asked") == "back"


@pytest.mark.parametrize("deanery", ["east_midlands", "wessex"])
@pytest.mark.parametrize(
    "words", ["help me write a message to them", "would my supervisor be told"]
)
def test_the_warning_comes_before_anything_else(person_in, deanery, words):
    person = person_in(deanery)
    person.open()
    person.say(words)
    warnings = deaneries()[deanery].warnings()
    assert warnings
    for warning in warnings:
        assert warning in person.text
    names = [name for bubble in person.seen[-1] for name in bubble.said]
    asked = [at for at, name in enumerate(names) if name.startswith("utter_ask_message")]
    assert all(at > names.index("utter_before_you_refer") for at in asked)
    person.say("help me write a message to them")
    assert "utter_before_you_refer" not in {n for b in person.seen[-1] for n in b.said}

"""What everybody is told first, and the numbers, within reach wherever a conversation is."""

import pytest

NUMBERS = ("999", "111", "116 123")

STATES = {
    "nothing was said yet": (),
    "talk": ("my rota is awful and nobody covers the gaps",),
    "after a question": ("will my supervisor be told if i contact the psu",),
    "a form": ("can you help me write a message to send them",),
    "the middle of a form": ("can you help me write a message to send them", "[Exams]"),
    "the deanery is asked for": ("how do i get in touch with the psu",),
    "the direct question": ("I keep thinking about killing myself",),
    "staying": ("I keep thinking about killing myself", "yes"),
    "they said they are safe": ("I keep thinking about killing myself", "no"),
    "an adjacent harm": ("my consultant touched me and wouldn't stop",),
    "somebody else": ("one of my patients killed himself last week and i keep going over it",),
    "could not be read": ("qwe zxc 77 asd", "lkj 11 mnb"),
    "goodbye": ("thanks, bye for now",),
}


def go_to(person, steps):
    person.open()
    for step in steps:
        person.press(step[1:-1]) if step.startswith("[") else person.say(step)


@pytest.mark.parametrize("asked", ["I need help now", "/need help now", "help me"])
@pytest.mark.parametrize("steps", STATES.values(), ids=STATES.keys())
def test_the_numbers_are_within_reach(person, steps, asked):
    go_to(person, steps)
    bubbles = person.say(asked)
    assert all(number in bubbles[0].text for number in NUMBERS), person.text
    assert person.slot("requested_slot") is None, "no form goes on"


def test_the_opening_says_what_it_is_and_what_it_cannot_do(person):
    words = " ".join(bubble.text for bubble in person.open()).lower()
    assert "program" in words
    assert "not a person" in words
    assert "nobody is reading along" in words
    assert "can't call anyone" in words
    assert "isn't a secret channel" in words
    assert "I need help now" in {b.title for bubble in person.seen[-1] for b in bubble.buttons}

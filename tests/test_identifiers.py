"""What looks as if it could tell who somebody is, and what only looks like it."""

import pytest

from bot.channels.conversation import SHARED_TOO_MUCH
from bot.channels.fixed import fixed
from bot.privacy.identifiers import KINDS, looks_identifying

YES = {
    "e-mail": ["write to pat.smith@nhs.net", "it's Pat_S+x@mail.example.org.", "a@b.co"],
    "phone": [
        "ring me on 07700 900123",
        "my number is 07700900123",
        "+44 7700 900123",
        "+44 (0)7700 900123",
        "0044 7700 900123",
        "(020) 7946 0123",
        "0161-496-0123",
        "call 01632 960 123 after six",
        "07700.900.123",
        "07700.900123",
        "+44.7700.900.123",
        "0161.496.0123",
        "+353 87 123 4567",
        "+91 98765 43210",
        "+1 (555) 010-9999",
        "+234.803.123.4567",
        "+61412345678",
    ],
    "gmc": [
        "GMC 7654321",
        "my gmc number is 7654321",
        "GMC no. 7654321",
        "gmc: 7654321",
        "GMC reference number 7654321",
        "GMC#7654321",
        "gmc number's 7654321",
        "my GMC no’s 7654321",
        "GMC id 7654321",
        "7654321 is my GMC number",
        "7654321's my gmc no",
        "7654321, GMC",
        "7654321 (GMC)",
        "it was 7654321, my gmc reference",
    ],
    "nhs": [
        "943 476 5919",
        "9434765919",
        "patient 943-476-5919 died",
        "NHS number 4010232137",
        "943.476.5919",
        "no.9434765919",
    ],
    "ni": ["QQ123456C".replace("QQ", "AB"), "ab 12 34 56 c", "my NI is JG 10 37 59 A"],
}

NO = [
    "",
    "i worked 80 hours and slept 4",
    "ring 999 or 111 or 116 123",
    "samaritans are on 116 123",
    "lifeline is 0808 808 8000",
    "practitioner health 0300 030 3300",
    "i am in ST3 since 2021, on 12-14 hour shifts",
    "the gmc scares me",
    "the gmc looked at 7654321 doctors",
    "943 476 5918",
    "1234567890",
    "0000000000",
    "3.1415926535",
    "AB12",
    "ABCDEFGH1234567",
    "QQ123456C",
    "BG123456A",
    "@pat and a @ b",
    "my 1st 2nd 3rd attempt, 45% 52% 61%",
    "24/11/2026 23:45 to 25/11/2026 08:15",
    "£1,234,567.89",
    "bleep 1234 on ward 7, bed 12, at 0300",
    "7654321 doctors, the gmc says",
    "7654321 is what the GMC spent on it",
    "£7654321 is my GMC fee",
    "the gmc's 7654321 rules",
    "it costs 1,234,567 is my gmc fee a joke",
    "943.476.5918",
    "0.9434765919",
    "3.9434765919",
    "0.5 mg, then 0.25, then 1.125.250",
    "24.11.2026 at 23.45, and 01.02.2026 1.30",
    "01.02.2026",
    "010.123.123.123 is the server",
    "scored 072.345 and 0.123456789",
    "0300.123.4567",
    "+2 hours, +1 day, +15 minutes",
    "+1000000 steps, +5 and +20 2026",
    "pseudomonas +++, ketones ++, +3 on 24/11/2026",
]


@pytest.mark.parametrize(("kind", "text"), [(kind, t) for kind, ts in YES.items() for t in ts])
def test_what_could_tell_who_somebody_is_is_seen(kind, text):
    assert KINDS[kind](text)
    assert looks_identifying(f"hello, {text}, that is all")


@pytest.mark.parametrize("text", NO)
def test_what_could_not_is_let_pass(text):
    assert [kind for kind, found in KINDS.items() if found(text)] == []


def test_a_huge_text_is_read_quickly_and_not_to_its_end():
    for piece in ("0 ", "a@", "a.", "gmc ", "1", "AB", "+44(", "+1.", "0123.", "7654321 "):
        looks_identifying(piece * 100_000)


@pytest.mark.parametrize("shared", ["my mail is pat@example.org", "ring me on 07700 900123"])
def test_somebody_who_shares_too_much_is_told_gently_before_the_reply(person, shared):
    person.open()
    person.say(f"im so tired after nights, {shared}")
    assert person.seen[-1][0].text == fixed(SHARED_TOO_MUCH)
    assert len(person.seen[-1]) > 1
    person.say("im so tired after nights")
    assert fixed(SHARED_TOO_MUCH) not in person.text


def test_nothing_comes_before_the_numbers(person):
    person.open()
    person.say("I keep thinking about killing myself, ring 07700 900123")
    assert "116 123" in person.seen[-1][0].text
    assert person.seen[-1][1].text == fixed(SHARED_TOO_MUCH)
    assert person.seen[-1][-1].buttons

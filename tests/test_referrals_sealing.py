"""Sealing: who can open what, how little its size tells, and that a change is noticed."""

import base64

import pytest
from nacl.public import PrivateKey

from bot.referrals.errors import TextTooLong, TicketAltered
from bot.referrals.sealing import (
    ENVELOPE_CLASSES,
    TEXT_CLASSES,
    box_between,
    draft,
    open_between,
    open_sealed,
    padded,
    seal_envelope,
    seal_text,
)

KEY_ID = "00112233aabbccdd"
UNIT, TICKET, STRANGER = PrivateKey.generate(), PrivateKey.generate(), PrivateKey.generate()


def sealed(text: str) -> bytes:
    return draft(seal_text(text, KEY_ID, bytes(UNIT.public_key))).sealed


def test_only_the_units_key_opens_what_is_sealed_to_it():
    made = sealed("I have not slept – café")
    assert open_sealed(made, UNIT) == {"text": "I have not slept – café"}
    with pytest.raises(TicketAltered):
        open_sealed(made, STRANGER)


def test_the_same_text_is_never_sealed_alike():
    assert sealed("the same") != sealed("the same")


@pytest.mark.parametrize(
    ("texts", "size"),
    [
        (["", "a", "no", "x" * 900, "é" * 450], TEXT_CLASSES[0]),
        (["x" * 1_000, "x" * 4_000], TEXT_CLASSES[1]),
        (["x" * 4_090, "x" * 16_300, "😔" * 4_000], TEXT_CLASSES[2]),
    ],
)
def test_the_size_tells_no_more_than_a_class(texts, size):
    lengths = {len(sealed(text)) for text in texts}
    assert lengths == {size + 48}


def test_a_short_note_and_a_contact_make_no_ticket_larger():
    part = seal_text("x" * 900, KEY_ID, bytes(UNIT.public_key))
    public = bytes(UNIT.public_key)
    sizes = {
        len(seal_envelope({"note": note, "contact": contact}, public))
        for note in (None, part)
        for contact in (None, part)
    }
    assert sizes == {ENVELOPE_CLASSES[0] + 48}


def test_the_longest_note_and_contact_fit_into_a_ticket():
    part = seal_text("x" * 16_300, KEY_ID, bytes(UNIT.public_key))
    fields = {"note": part, "contact": part}
    assert open_sealed(seal_envelope(fields, bytes(UNIT.public_key)), UNIT) == fields


def test_a_text_that_is_too_long_is_refused_without_being_repeated():
    with pytest.raises(TextTooLong) as error:
        seal_text("secret " * 4_000, KEY_ID, bytes(UNIT.public_key))
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("at", [0, 1, 40, 60, 600, -1])
def test_one_changed_bit_is_noticed(at):
    whole = bytearray(sealed("I have not slept"))
    whole[at] ^= 1
    with pytest.raises(TicketAltered):
        open_sealed(bytes(whole), UNIT)


@pytest.mark.parametrize(
    "wrong", ["", "no base64", base64.b64encode(b"\x02" + bytes(60)).decode(), "AQ=="]
)
def test_what_is_no_draft_is_told(wrong):
    with pytest.raises(TicketAltered):
        draft(wrong)


def test_a_draft_names_its_key():
    assert draft(seal_text("x", KEY_ID, bytes(UNIT.public_key))).key_id == KEY_ID


def test_a_message_between_two_keys_is_believed_from_nobody_else():
    fields = {"text": "come and see us"}
    from_unit = box_between(fields, UNIT, bytes(TICKET.public_key), TEXT_CLASSES)
    assert open_between(from_unit, TICKET, bytes(UNIT.public_key)) == fields
    forged = box_between(fields, STRANGER, bytes(TICKET.public_key), TEXT_CLASSES)
    with pytest.raises(TicketAltered):
        open_between(forged, TICKET, bytes(UNIT.public_key))
    with pytest.raises(TicketAltered):
        open_between(from_unit, STRANGER, bytes(UNIT.public_key))


def test_another_version_is_not_read_as_this_one():
    inside = padded({"text": "x"}, TEXT_CLASSES).replace(b'"version": 1', b'"version": 9')
    from nacl.public import SealedBox

    with pytest.raises(TicketAltered):
        open_sealed(bytes(SealedBox(UNIT.public_key).encrypt(inside)), UNIT)

"""What can be handed over to a unit: the choices' ids, the slots, and whether there is a draft."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.referrals.errors import TicketAltered
from bot.referrals.sealing import draft

CHOICES: dict[str, tuple[str, ...]] = {
    "topic": ("feeling", "work", "exams", "career", "health"),
    "help": ("talk", "coaching", "advice", "unsure"),
    "way": ("receipt", "contact"),
    "answer_by": ("here", "ring", "email", "phone", "evening"),
    "confirm": ("send", "change", "drop"),
    "change": ("topic", "help", "way", "answer_by", "contact", "note", "nothing"),
    "contact": (),
    "note": (),
}
"""What is asked -> ids of its choices; `utter_referral_` and both name each in `domain/`."""

REFERRAL = "referral_form"
"""The form that a doubt about somebody's safety interrupts too."""

ANSWERED_BY = {"receipt": ("here", "ring"), "contact": ("email", "phone", "evening")}
"""The way on -> ids of the ways of being answered that go with it."""

SKIP, DONE, BACK = "rather_not_say", "done", "back"
"""Values of a question that was left out, of the topics when there are no more, and of one whose
asker is to go back to the question before it."""

SENT_WITH = ("receipt", "contact")
"""Values of the slot `sent_way` after something was handed over in this conversation."""

ENDED = "ended"
"""Its value after a ticket was ended."""

NOT_TAKEN = "not_taken"
"""Value of the slot `last_ask` once it was said that nothing can be handed over."""

TAKEN_OUT = "taken_out"
"""Value of the topic in words that take topics out again; `referral_topic_out` names which."""

USE_RECEIPT, HELD = "use_receipt", "held"
"""Values of the question how to reach them when they would rather have a receipt, and of the note
when what was sealed before another harm was answered is to be it."""

BEGUN = (
    "referral_topic",
    "referral_topics",
    "referral_help",
    "referral_way",
    "referral_answer_by",
    "referral_contact",
    "referral_note",
)
"""Slots of what would be sent; each is empty until it was asked for."""

OWED = "referral_owed"
"""Slot that is true from when a ticket was written until its sender was told."""

HANDED_OVER = (
    *BEGUN,
    "referral_held",
    "referral_confirm",
    "referral_change",
    "referral_draft",
    OWED,
)
"""Slots that are emptied when its sender was told that it went, or it was dropped."""

FOR_THE_UNIT = (*HANDED_OVER, "referral_reply")
"""Slots whose earlier values are not kept once they are empty."""


def values_of(about: str, way: str | None) -> tuple[str, ...]:
    """Return the ids of the choices that a question has, given the way on."""
    return ANSWERED_BY.get(way or "", ()) if about == "answer_by" else CHOICES[about]


def is_begun(slots: Mapping[str, Any]) -> bool:
    """Whether something was chosen that was neither sent nor dropped."""
    return not slots.get(OWED) and any(slots.get(name) for name in BEGUN)


def unsent(slots: Mapping[str, Any]) -> str | None:
    """Return what waits to go to a unit, as the value of `asked` that offers it again.

    Either what was chosen to hand over (`referral`), or a sealed reply (`resend`).
    """
    if is_begun(slots):
        return "referral"
    return "resend" if slots.get("referral_reply") else None


OFFERED_AGAIN = {"referral": "utter_offer_referral_again", "resend": "utter_return_resend"}
"""What waits (`unsent`) -> the response that offers it again."""


def is_sealed(value: Any) -> bool:
    """Whether a slot's value is sealed to a unit's key, and so no words in clear."""
    try:
        draft(str(value))
    except TicketAltered:
        return False
    return True

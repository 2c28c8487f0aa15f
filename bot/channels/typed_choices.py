"""What people type in place of a button, while something is handed over or a ticket is open.

Short answers only, and of the choices that are on the screen. Whoever says more, or speaks of
anything urgent, is never read here (`bot/channels/confidant.py` sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.channels.typed_answers import says
from bot.dialogue.referral import BACK, CHOICES, DONE, HELD, SKIP

CHOSEN = tuple(f"referral_{about}" for about in CHOICES if about not in ("contact", "note"))
"""Slots that are filled with a choice, and not with what is sealed."""

MOST_WORDS = 8
"""Words of an answer; whoever writes more tells something."""

MOST_PIECES = 4
"""Topics that one answer may name."""

_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_AS_A_RECEIPT = re.compile(r"(?<!\d)\d{4}[ \-.]\d{4}[ \-.]\d{4}[ \-.]\d{1,6}(?!\d)")

_HAS_ONE = re.compile(r"\b(?:my|have|got) (?:(?:a|an|one|the) )?(?:\w+ )?receipt\b", re.IGNORECASE)
_WHAT_IF = re.compile(r"\?|\b(?:if|when|lose)\b", re.IGNORECASE)
_WITH_DIGITS = re.compile(r"\breceipt\b\D{0,20}\d", re.IGNORECASE)

FEWEST_OF_A_NUMBER = 5
"""Digits from which a text is taken to hold a number to ring, an extension among them."""


def is_short(text: str) -> bool:
    """Whether a text may be an answer to a question with choices."""
    return len(text.split()) <= MOST_WORDS


def typed_choice(slot: str, text: str, slots: Mapping[str, object]) -> str | None:
    """Return the choice of a slot that a text makes in words that no pattern of choices has."""
    if not is_short(text):
        return None
    if says("go_back", text):
        return BACK
    if slot == "referral_note":
        use = says("use_it", text) or says("bare_yes", text)
        return HELD if slots.get("referral_held") and use else None
    if slot == "referral_topic" and (says("all_of_it", text) or says("bare_no", text)):
        return DONE
    if slot in ("referral_help", "referral_answer_by"):
        return SKIP if says("either", text) or says("bare_no", text) else None
    if slot == "referral_confirm" and (says("bare_no", text) or says("change_words", text)):
        return "change"
    return "note" if slot == "referral_change" and says("my_words", text) else None


def asks(slot: str, text: str) -> bool:
    """Whether a text asks something instead of choosing what it names."""
    if slot in ("referral_confirm", "referral_change") or says("request", text):
        return False
    return text.rstrip().endswith("?") or says("question", text)


def asks_who_sees_it(text: str) -> bool:
    """Whether a short text asks who gets to see what is asked for."""
    return is_short(text) and says("who_sees_it", text)


def pieces(text: str) -> list[str]:
    """Return the parts of an answer that may name several things."""
    found = re.split(r"[,;/&+.]|\b(?:and|also|plus|but|then)\b", text, flags=re.IGNORECASE)
    parts = [part.strip() for part in found if part.strip()]
    return parts if 1 < len(parts) <= MOST_PIECES else []


def asks_to_see_it(text: str) -> bool:
    """Whether somebody wants to see again what they wrote, which is sealed."""
    return is_short(text) and says("to_see", text)


def asks_about_receipts(text: str) -> bool:
    """Whether a short text asks what a receipt is, or what happens when it is lost."""
    named = is_short(text) or text.rstrip().endswith("?")
    return named and bool(says("receipt", text) and says("question_on_receipt", text))


def has_lost_it(text: str) -> bool:
    """Whether a short answer to "type your receipt" says that it is not there."""
    return is_short(text) and says("lost", text)


def step_with_ticket(text: str) -> str | None:
    """Return the intent of what somebody wants to do with an open ticket, or None."""
    if not is_short(text) or says("everything", text):
        return None
    if says("end", text):
        return "leave_ticket" if says("negation", text) else "end_ticket"
    if says("leave", text):
        return "leave_ticket"
    if says("bare_yes", text):
        return "reply_to_unit"
    return "reply_to_unit" if says("write", text) and not says("negation", text) else None


def wants_all_forgotten(text: str) -> bool:
    """Whether somebody wants the conversation forgotten, and not the ticket that is open."""
    return is_short(text) and bool(says("everything", text) and says("end", text))


def answer_to_ending(text: str) -> str | None:
    """Return the intent of a short answer to "End it?" in other words than yes or no, or None."""
    if not is_short(text) or not says("end", text):
        return None
    return "deny" if says("negation", text) else "affirm"


def asks_for_a_call(text: str) -> bool:
    """Whether somebody says how they want to be answered, and calls for no help."""
    calls = is_urgent(text) or says("anybody", text)
    return is_short(text) and says("call_me", text) and not calls


def is_urgent(text: str) -> bool:
    """Whether a text has a word that calls for help now."""
    return says("urgent", text)


def has_address(text: str) -> bool:
    """Whether a text seems to hold a number or an address to reach somebody by."""
    return "@" in text or sum(map(str.isdigit, _CLOCK.sub(" ", text))) >= FEWEST_OF_A_NUMBER


def turns_to_a_receipt(text: str) -> bool:
    """Whether a short text says that its writer has a receipt, where one may also be chosen."""
    asking = text.rstrip().endswith("?") or asks_about_receipts(text)
    return is_short(text) and bool(_HAS_ONE.search(text)) and not (asking or says("negation", text))


def has_lost_a_receipt(text: str) -> bool:
    """Whether a short text says that a receipt is lost, and not what if it were."""
    named = "receipt" in text.lower() and not _WHAT_IF.search(text)
    return named and has_lost_it(text)


def gives_a_receipt(text: str) -> bool:
    """Whether digits are said to be, or look like, those of a receipt, however many they are."""
    return bool(_WITH_DIGITS.search(text)) or looks_like_a_receipt(text)


def looks_like_a_receipt(text: str) -> bool:
    """Whether digits stand in fours as a receipt's do, or are too many for any other number."""
    alone = not any(map(str.isalpha, text))
    return bool(_AS_A_RECEIPT.search(text)) or (alone and 15 <= sum(map(str.isdigit, text)) <= 20)

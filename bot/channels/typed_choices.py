"""What people type in place of a button, while something is handed over or a ticket is open.

Short answers only, and of the choices that are on the screen. Whoever says more, or speaks of
anything urgent, is never read here (`bot/channels/confidant.py` sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.dialogue.referral import BACK, CHOICES, DONE, HELD, SKIP

CHOSEN = tuple(f"referral_{about}" for about in CHOICES if about not in ("contact", "note"))
"""Slots that are filled with a choice, and not with what is sealed."""

MOST_WORDS = 8
"""Words of an answer; whoever writes more tells something."""

MOST_PIECES = 4
"""Topics that one answer may name."""

_BEFORE = r"(?:(?:oh|um+|hm+|ok|okay|actually|sorry|please|so|well|wait|hang on|hold on)[,.]?\s+)*"
_AFTER = r"(?:\s*,?\s*(?:please|thanks|thank you|then|for now|really|i think))*[\s.!?]*"


def _words(pattern: str) -> re.Pattern[str]:
    """Return a pattern for any case and both apostrophes, of which phones set the curly one."""
    return re.compile(pattern.replace("'", "['’]"), re.IGNORECASE)


def _whole(words: str) -> re.Pattern[str]:
    """Return a pattern of an answer that says this and nothing else but politeness."""
    return _words(rf"\s*{_BEFORE}(?:{words}){_AFTER}")


_GO_BACK = _whole(
    r"(?:(?:can|could|may) (?:i|we|you) |let'?s |i(?:'d| would) like to |i want to |take me )?"
    r"(?:(?:go )?(?:one |a )?(?:step )?back(?: one| a step)?"
    r"(?: to the (?:last|previous) (?:one|question))?"
    r"|(?:the )?(?:previous|last) (?:one|question)|undo(?: that| it)?)"
)
_BARE_NO = _whole(r"no+|nope|nah|none|neither|no thanks?|none of (?:these|those|them)|not really")
_BARE_YES = _whole(r"y(?:es|ep|eah|up)|ok(?:ay)?|sure|go ahead|do it|yes (?:do|go ahead|please do)")
_EITHER = _whole(
    r"(?:either|any|both|whichever|whatever)(?: one| way| of (?:them|these|those)| is fine)?"
    r"|(?:i )?(?:don'?t|do not) (?:mind|care)(?: which)?|no preference|all of (?:them|these|it)"
)
_ALL_OF_IT = _whole(
    r"(?:(?:no|nope|nah),? )?(?:that'?s|that is|thats) (?:all|it|everything)"
    r"|(?:no|nope|nah),? (?:nothing|none) (?:else|more)|everything|only that|just that"
)
_USE_IT = _whole(
    r"(?:yes,? )?(?:use|put|take|send|keep)(?: (?:it|that|this|those))?(?: in)?"
    r"(?: as (?:it|they) (?:is|are|was|were))?"
    r"|as it (?:is|was)|(?:the )?same(?: (?:as before|again))?|what i wrote(?: before)?"
)
_CHANGE_WORDS = _whole(
    r"(?:(?:can|could|may) i |i(?:'d like| want| need) to )?(?:change|edit|correct|redo|rewrite) "
    r"(?:what i(?:'ve| have)? (?:wrote|said|typed|written)|(?:my|the) (?:own )?(?:words|note|text))"
)
_MY_WORDS = _words(r"\bwhat i(?:'ve| have)? (?:wrote|said|typed|put|written)\b")

_TO_SEE = _words(
    r"\b(?:see|read|show|check|look at|view)\b.*"
    r"\b(?:what i|my (?:own )?(?:words|note|number|text|details))\b",
)

_REQUEST = _words(r"\s*(?:can|could|may|would|might)\b")
_ASKS = _words(r"\s*(?:what|who|why|where)\b")

_OF_RECEIPTS = _words(r"\breceipts?\b")
_ASKS_OF_RECEIPT = _words(
    r"\?\s*$|^\s*(?:but |and |so |ok |sorry )*(?:what|how|where|why|is|are|does|do|will|who)\b"
    r"|\b(?:los[et]|losing)\b",
)

_NOT = _words(r"\b(?:not|never|no)\b|n'?t\b")
_END = _words(
    r"\b(?:end|ended|delete|close|withdraw|remove|cancel|erase|bin|scrap"
    r"|take (?:it|that|this|them) back)\b",
)
_EVERYTHING = _words(r"\b(?:everything|about me|my data|conversation|chat)\b")
_WRITE = _words(
    r"\b(?:write|reply|respond|answer (?:them|it)|add|(?:message|tell) them"
    r"|send (?:them|a|another|more))\b",
)
_LEAVE = _whole(
    r"(?:no,? )?(?:no|nope|nah|nothing|not now|not today|later"
    r"|(?:just )?leave it(?: there| be)?|keep it|that(?:'?s| is) (?:all|it)"
    r"|nothing else|all good|(?:i'?m )?done)(?: (?:as it is|open))?"
)
_LOST = _words(
    r"\b(?:los[te]|mislaid|forg[eo]t(?:ten)?|can(?:'?t|not) find|(?:don'?t|do not) have|deleted)\b",
)

_CALL = _words(
    r"\b(?:ring|call|phone|text|e-?mail|message|contact|reach|get hold of)\s+(?:to\s+)?me\b"
    r"|\bgive me a (?:ring|call|bell)\b",
)
_URGENT = _words(
    r"\b(?:help|now|urgent\w*|emergency|asap|immediately|tonight|quick\w*|desperate\w*|scared|cannot|"
    r"safe|die|dying|alone)\b|\bcan'?t\b",
)
_ANYBODY = _words(r"\b(?:some|any)(?:one|body)\b")

_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_AS_A_RECEIPT = re.compile(r"(?<!\d)\d{4}[ \-.]\d{4}[ \-.]\d{4}[ \-.]\d{1,6}(?!\d)")

FEWEST_OF_A_NUMBER = 5
"""Digits from which a text is taken to hold a number to ring, an extension among them."""


def is_short(text: str) -> bool:
    """Whether a text may be an answer to a question with choices."""
    return len(text.split()) <= MOST_WORDS


def typed_choice(slot: str, text: str, slots: Mapping[str, object]) -> str | None:
    """Return the choice of a slot that a text makes in words that no pattern of choices has."""
    if not is_short(text):
        return None
    if _GO_BACK.fullmatch(text):
        return BACK
    if slot == "referral_note":
        use = _USE_IT.fullmatch(text) or _BARE_YES.fullmatch(text)
        return HELD if slots.get("referral_held") and use else None
    if slot == "referral_topic" and (_ALL_OF_IT.fullmatch(text) or _BARE_NO.fullmatch(text)):
        return DONE
    if slot in ("referral_help", "referral_answer_by"):
        return SKIP if _EITHER.fullmatch(text) or _BARE_NO.fullmatch(text) else None
    if slot == "referral_confirm" and (_BARE_NO.fullmatch(text) or _CHANGE_WORDS.fullmatch(text)):
        return "change"
    return "note" if slot == "referral_change" and _MY_WORDS.search(text) else None


def asks(slot: str, text: str) -> bool:
    """Whether a text asks something instead of choosing what it names."""
    if slot in ("referral_confirm", "referral_change") or _REQUEST.match(text):
        return False
    return text.rstrip().endswith("?") or bool(_ASKS.match(text))


def pieces(text: str) -> list[str]:
    """Return the parts of an answer that may name several things."""
    found = re.split(r"[,;/&+.]|\b(?:and|also|plus|but|then)\b", text, flags=re.IGNORECASE)
    parts = [part.strip() for part in found if part.strip()]
    return parts if 1 < len(parts) <= MOST_PIECES else []


def asks_to_see_it(text: str) -> bool:
    """Whether somebody wants to see again what they wrote, which is sealed."""
    return is_short(text) and bool(_TO_SEE.search(text))


def asks_about_receipts(text: str) -> bool:
    """Whether a short text asks what a receipt is, or what happens when it is lost."""
    named = is_short(text) or text.rstrip().endswith("?")
    return named and bool(_OF_RECEIPTS.search(text) and _ASKS_OF_RECEIPT.search(text))


def has_lost_it(text: str) -> bool:
    """Whether a short answer to "type your receipt" says that it is not there."""
    return is_short(text) and bool(_LOST.search(text))


def step_with_ticket(text: str) -> str | None:
    """Return the intent of what somebody wants to do with an open ticket, or None."""
    if not is_short(text) or _EVERYTHING.search(text):
        return None
    if _END.search(text):
        return "leave_ticket" if _NOT.search(text) else "end_ticket"
    if _LEAVE.fullmatch(text):
        return "leave_ticket"
    if _BARE_YES.fullmatch(text):
        return "reply_to_unit"
    return "reply_to_unit" if _WRITE.search(text) and not _NOT.search(text) else None


def wants_all_forgotten(text: str) -> bool:
    """Whether somebody wants the conversation forgotten, and not the ticket that is open."""
    return is_short(text) and bool(_EVERYTHING.search(text) and _END.search(text))


def answer_to_ending(text: str) -> str | None:
    """Return the intent of a short answer to "End it?" in other words than yes or no, or None."""
    if not is_short(text) or not _END.search(text):
        return None
    return "deny" if _NOT.search(text) else "affirm"


def asks_for_a_call(text: str) -> bool:
    """Whether somebody says how they want to be answered, and calls for no help."""
    calls = is_urgent(text) or _ANYBODY.search(text)
    return is_short(text) and bool(_CALL.search(text)) and not calls


def is_urgent(text: str) -> bool:
    """Whether a text has a word that calls for help now."""
    return bool(_URGENT.search(text))


def has_address(text: str) -> bool:
    """Whether a text seems to hold a number or an address to reach somebody by."""
    return "@" in text or sum(map(str.isdigit, _CLOCK.sub(" ", text))) >= FEWEST_OF_A_NUMBER


def looks_like_a_receipt(text: str) -> bool:
    """Whether digits stand in fours as a receipt's do, or are too many for any other number."""
    alone = not any(map(str.isalpha, text))
    return bool(_AS_A_RECEIPT.search(text)) or (alone and 15 <= sum(map(str.isdigit, text)) <= 20)

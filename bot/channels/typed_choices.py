"""What people type in place of a button.

While something is handed over or a ticket is open, short answers only, and of the choices that are
on the screen: whoever says more, or speaks of anything urgent, is not read here
(`bot/channels/confidant.py` sees to it). Anywhere else, a choice with more around it is found by
its label (`chosen_in`); the words are read all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.typed_answers import found_in, rows, says
from bot.dialogue.referral import BACK, CHOICES, DONE, HELD, SKIP, USE_RECEIPT, values_of

CHOSEN = tuple(f"referral_{about}" for about in CHOICES if about not in ("contact", "note"))
"""Slots that are filled with a choice, and not with what is sealed."""

MOST_WORDS = 8
"""Words of an answer; whoever writes more tells something."""

MOST_WORDS_OF_A_WISH = 16
"""Words of a question or a wish about what is handed over."""

MOST_WORDS_OF_A_LONG_WISH = 24
"""Words of a wish that names a referral and its way, with what is said around it."""

CORRECTED_IN_WORDS = ("referral_contact", "referral_confirm", "referral_change")
"""Slots at whose question people say in a sentence what was wrong, or what they would rather do."""

MOST_PIECES = 4
"""Topics that one answer may name."""

_CLOCK = re.compile(r"\b\d{1,2}[:.]\d{2}\b")
_AS_A_RECEIPT = re.compile(r"(?<!\d)\d{4}[ \-.]\d{4}[ \-.]\d{4}[ \-.]\d{1,6}(?!\d)")

_HAS_ONE = re.compile(r"\b(?:my|have|got) (?:(?:a|an|one|the) )?(?:\w+ )?receipt\b", re.IGNORECASE)
_WHAT_IF = re.compile(r"\?|\b(?:if|when|lose)\b", re.IGNORECASE)
_WITH_DIGITS = re.compile(r"\breceipt\b\D{0,20}\d", re.IGNORECASE)

_NUMBERS = re.compile(r"\W*\d(?:\W*(?:and|&|,|\+|or)?\W*\d)*\W*", re.IGNORECASE)

FEWEST_OF_A_NUMBER = 5
"""Digits from which a text is taken to hold a number to ring, an extension among them."""


CHOICE = ("/share{", "/choose{")
"""Beginnings of the payloads that say what something is about, and ask for nothing."""

MOST_CLAUSES = 3
"""Clauses of a message among which a choice is looked for."""

_ENDS_A_CLAUSE = re.compile(r"[.,;:!?()\n…–—]+|\s-+\s")
_JOINS_CLAUSES = re.compile(r"\b(?:and|but|because|cos|cause|since|so|as|when|where|which)\b")
_AROUND = re.compile(
    r"a|about|actually|all|an|and|definitely|er|erm|especially|for|guess|honestly|i|"
    r"id|im|is|it|its|itself|ive|just|like|mainly|maybe|me|more|mostly|my|of|oh|our|"
    r"perhaps|probably|really|say|so|suppose|that|thats|the|then|think|this|um|was|"
    r"well|would|yeah|yes"
)
"""Words that change nothing of a choice, around it or in its label."""


@dataclass(frozen=True)
class Corrected:
    """Words that take topics out again: what is named to go, what to come; `last` is "that one"."""

    out: str
    into: str = ""
    last: bool = False
    only: bool = False
    """Whether nothing but what is named is to stay."""


def chosen_in(text: str, labels: Mapping[str, str]) -> list[str]:
    """Return the payloads of the choices that a text makes in a clause of its own.

    "The day. i freeze" chooses "The day itself" and goes on. A question chooses nothing, nor does
    a clause that says more than the choice: "not the day", "the day was fine".

    Args:
        text: what was typed.
        labels: label -> payload of the buttons on the screen, as `labels_of` returns them.
    """
    if text.rstrip().endswith("?"):
        return []
    cores = [(_core(label), payload) for label, payload in labels.items()]
    told = [core for core, _ in cores]
    choices = {
        core: payload
        for core, payload in cores
        if core and told.count(core) == 1 and payload.startswith(CHOICE)
    }
    plain = re.sub(r"['’]", "", text).casefold()
    clauses = [clause for clause in _ENDS_A_CLAUSE.split(plain) if clause.strip()][:MOST_CLAUSES]
    pieces = (
        piece
        for clause in clauses
        for piece in ([clause] if _core(clause) in choices else _JOINS_CLAUSES.split(clause))
    )
    found = dict.fromkeys(choices[core] for core in map(_core, pieces) if core in choices)
    return list(found)


def _core(text: str) -> tuple[str, ...]:
    """Return the words of a label or a clause that tell it from others."""
    return tuple(word for word in re.findall(r"[\w-]+", text) if not _AROUND.fullmatch(word))


def is_short(text: str) -> bool:
    """Whether a text may be an answer to a question with choices."""
    return len(text.split()) <= MOST_WORDS


def typed_choice(slot: str, text: str, slots: Mapping[str, object]) -> str | None:
    """Return the choice of a slot that a text makes in words that no pattern of choices has."""
    longest = MOST_WORDS_OF_A_WISH if slot in CORRECTED_IN_WORDS else MOST_WORDS
    if len(text.split()) > longest:
        return None
    if says("go_back", text):
        return BACK
    finishes, no = says("finishes", text), says("bare_no", text)
    if slot == "referral_note":
        use = says("use_it", text) or says("bare_yes", text)
        held = HELD if slots.get("referral_held") and use else None
        return SKIP if finishes else held
    if slot == "referral_topic" and (says("all_of_it", text) or no or finishes):
        return DONE if slots.get("referral_topics") or not finishes else None
    if slot == "referral_way" and says("stays_anonymous", text):
        return "receipt"
    if slot == "referral_contact":
        anonymous = says("stays_anonymous", text) or says("other_way", text)
        return USE_RECEIPT if anonymous and not has_address(text) else None
    if slot in ("referral_help", "referral_answer_by"):
        return SKIP if says("either", text) or no else None
    if slot == "referral_confirm":
        return _typed_under_the_summary(text, slots)
    if slot == "referral_change":
        return _typed_of_the_parts(text, slots)
    return None


def _typed_under_the_summary(text: str, slots: Mapping[str, object]) -> str | None:
    if says("bare_yes", text):
        return "send"
    if slots.get("referral_way") == "contact" and says("wrong_contact", text):
        return "contact"
    no = says("bare_no", text) or says("not_yet", text)
    return "change" if no or says("change_words", text) else None


def _typed_of_the_parts(text: str, slots: Mapping[str, object]) -> str | None:
    if says("fine_as_it_is", text) or says("not_yet", text):
        return "nothing"
    if slots.get("referral_way") == "contact" and says("wrong_contact", text):
        return "contact"
    return "note" if says("my_words", text) else None


def numbered(slot: str, text: str, slots: Mapping[str, object]) -> list[str]:
    """Return the choices that a text names by their number on the screen, as "1 and 5" does."""
    about = slot.removeprefix("referral_")
    if slot == "referral_confirm" or about not in CHOICES or not _NUMBERS.fullmatch(text):
        return []  # nothing is sent, or dropped, by a number
    chosen = slots.get("referral_topics") if slot == "referral_topic" else None
    gone = chosen if isinstance(chosen, list) else []
    way = slots.get("referral_way")
    shown = [v for v in values_of(about, str(way) if way else None) if v not in gone]
    if slot == "referral_change" and way != "contact":
        shown.remove("contact")
    named = [int(digit) for digit in re.findall(r"\d", text)]
    if not all(0 < n <= len(shown) for n in named) or (len(named) > 1 and about != "topic"):
        return []
    return [shown[n - 1] for n in named]


def corrected(text: str) -> Corrected | None:
    """Return what of the topics words take out again; which topics they name is found elsewhere."""
    if not is_short(text) or says("question", text):
        return None
    if found := found_in("swaps", text):
        return _corrected(found["out"], found["into"])
    if found := found_in("takes_out", text):
        return _corrected(f"{found['out']} {found['more']}")
    if found := found_in("in_place_of", text):
        return _corrected(found["out"], found["into"])
    if found := found_in("removes", text):
        into = found["into"] or ""
        only = bool(into) and says("narrows", text)
        return _corrected(found["out"], f"{text[: found.start()]} {into}", only)
    if found := found_in("only_these", text):
        return Corrected("", found["into"], only=True)
    return None


def _corrected(out: str, into: str = "", only: bool = False) -> Corrected:
    return Corrected(out, into, says("that_one", out), only)


def asks(slot: str, text: str) -> bool:
    """Whether a text asks something instead of choosing what it names."""
    if slot in ("referral_confirm", "referral_change") or says("request", text):
        return False
    return text.rstrip().endswith("?") or says("question", text)


READS = {
    "sees_chat": "chat",
    "asks_anonymous": "anonymous",
    "who_sees_it": "who",
    "what_happens": "next",
}
"""Row of `typed_answers.yml` -> what is asked about who gets what is handed over, and what then."""


def asks_who_sees_it(text: str) -> str | None:
    """Return what a text asks about who gets to see what is handed over: a value of `READS`."""
    if len(text.split()) > MOST_WORDS_OF_A_WISH:
        return None
    return next((asked for row, asked in READS.items() if says(row, text)), None)


def meant(text: str) -> str:
    """Return a text without "no, I mean", which says that what follows is meant."""
    return rows()["means"].pattern.sub("", text, count=1)


def wants_referral(text: str) -> bool:
    """Whether a text says, in other words than the buttons, that something is to be handed over."""
    return len(text.split()) <= MOST_WORDS_OF_A_WISH and says("wants_referral", text)


def wants_to_be_referred(text: str) -> bool:
    """Whether a text names a referral, and a receipt, no name or this program as its way."""
    short = len(text.split()) <= MOST_WORDS_OF_A_LONG_WISH
    return short and says("refers_through", text)


def asks_who_reads_mail(text: str) -> bool:
    """Whether a text asks who reads what its writer would send to the unit."""
    return asks_who_sees_it(text) == "who" and says("if_sent", text)


def leaves(text: str) -> bool:
    """Whether a text says that it leaves, and asks nothing beside."""
    return says("leaves_it", text) and not text.rstrip().endswith("?")


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


def wants_it_ended(text: str, is_open: bool, just_sent: bool) -> bool:
    """Whether a short text wants what was sent taken back: said of a ticket, or of "it".

    "It" is the ticket while that is open, or where it was sent in the turn before.
    """
    if len(text.split()) > MOST_WORDS_OF_A_WISH or says("everything", text):
        return False
    if says("ticket_back", text):
        return not says("keeps_it", text)
    if (is_open or just_sent) and says("ends_it", text):
        return True
    return is_open and says("ends_it_here", text)


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

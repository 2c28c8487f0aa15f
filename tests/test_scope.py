"""The four scopes: which words they cover, and which they leave alone."""

from __future__ import annotations

import pytest
from spacy.tokens import Doc

from bot.nlu.language import read
from bot.nlu.scope import MARKS


def _marked(doc: Doc, mark: str) -> set[str]:
    return {token.lower_ for token in doc if token._.get(mark)}


NEGATED = [
    ("I'm not suicidal", "suicidal"),
    ("im not suicidal", "suicidal"),
    ("I do not want that", "want"),
    ("I dont want that", "want"),
    ("I never wanted that", "wanted"),
    ("no plans of harm", "harm"),
    ("he denies any harm", "harm"),
    ("I have no plans or intention or wish of harm", "harm"),
    ("neither low nor suicidal", "suicidal"),
    ("far from suicidal", "suicidal"),
    ("without any harm", "harm"),
    # "I" after a verb of thinking or saying.
    ("I don't think I'm suicidal", "suicidal"),
    ("I wouldn't say that I'm suicidal", "suicidal"),
    ("it's not that I want harm", "harm"),
    ("not because I want harm", "harm"),
    ("I don't feel like I want harm", "harm"),
    ("can't say I'm suicidal", "suicidal"),
    ("I can't imagine harm", "harm"),
]
NEGATED_AFTER = [
    ("suicidal? no", "suicidal"),
    ("Suicidal, no, not for a minute", "suicidal"),
    ("depressed yes, thoughts of harm, never.", "harm"),
    ("she asked about harm, which I wasn't", "harm"),
    ("harm never entered my head", "harm"),
    ("harm has never been part of it", "harm"),
    ("suicidal I've never been.", "suicidal"),
]
NEGATED += NEGATED_AFTER
NOT_NEGATED = [
    # Words after that deny nothing.
    ("suicidal, no one knows", "suicidal"),
    ("suicidal, no joke", "suicidal"),
    ("suicidal. No, really", "suicidal"),
    ("suicidal and no help anywhere", "suicidal"),
    ("suicidal but no, I won't say", "suicidal"),
    ("suicidal, no, really", "suicidal"),
    ("I'm suicidal", "suicidal"),
    # What comes before the cue.
    ("suicidal, not tired", "suicidal"),
    # Boundaries.
    ("I'm not well, suicidal", "suicidal"),
    ("I'm not well but suicidal", "suicidal"),
    ("I'm not well. Suicidal", "suicidal"),
    ("I don't cope any more thinking of harm", "harm"),
    ("I don't cope I want harm", "harm"),
    ("I don't cope and want harm", "harm"),
    ("I haven't told anyone I want harm", "harm"),
    ("not a word to anyone about harm", "harm"),
    ("I don't rest thanks to one two three four five harm", "harm"),
    # Look-alikes.
    ("I can't stop thinking of harm", "harm"),
    ("I cant cope with thinking of harm", "harm"),
    ("I couldn't shake thoughts of harm", "harm"),
    ("I haven't stopped thinking of harm", "harm"),
    ("not only sad also suicidal", "suicidal"),
    ("not sure about harm", "harm"),
    ("no one knows about harm", "harm"),
    ("not sleeping thinking of harm", "harm"),
    ("not a day without harm", "harm"),
    ("no other way but harm", "harm"),
]
OTHER = [
    ("he is suicidal", "suicidal"),
    ("she told Sam of harm", "harm"),
    ("a patient with thoughts of harm", "harm"),
    ("my friend is suicidal", "suicidal"),
    ("the registrar is suicidal", "suicidal"),
    ("my F1 is suicidal", "suicidal"),
    ("people who are suicidal", "suicidal"),
    ("his thoughts of harm", "harm"),
    ("my sister told me about harm", "harm"),
]
NOT_OTHER = [
    ("I'm suicidal", "suicidal"),
    ("suicidal, he said", "suicidal"),
    # Boundaries.
    ("my dad thinks I'm suicidal", "suicidal"),
    ("they make me suicidal", "suicidal"),
    ("my dad died feeling suicidal", "suicidal"),
    ("my wife left, feeling suicidal", "suicidal"),
    ("she shouted and now suicidal", "suicidal"),
    ("He was kind. Suicidal again", "suicidal"),
    # The speaker presenting themselves, and those who are told.
    ("as a registrar feeling suicidal", "suicidal"),
    ("I'm an F1 feeling suicidal", "suicidal"),
    ("I'm a mum feeling suicidal", "suicidal"),
    ("F2 feeling suicidal", "suicidal"),
    ("I told someone suicidal thoughts were back", "suicidal"),
    ("anyone else feeling suicidal", "suicidal"),
]
HYPOTHETICAL = [
    ("if a trainee is suicidal who helps", "suicidal"),
    ("whether doctors are suicidal", "suicidal"),
    ("in case someone is suicidal", "suicidal"),
    ("would a doctor with thoughts of harm be judged", "harm"),
    ("suppose someone is suicidal", "suicidal"),
    ("the GP asked if I was suicidal", "suicidal"),
    ("she asked me whether I was suicidal", "suicidal"),
]
NOT_HYPOTHETICAL = [
    ("I'm suicidal", "suicidal"),
    ("I would be suicidal", "suicidal"),
    ("if I was suicidal", "suicidal"),
    ("if my friend is suicidal", "suicidal"),
    ("if anything, suicidal", "suicidal"),
    ("even if suicidal", "suicidal"),
    ("wondering whether harm is easier", "harm"),
    ("deciding whether to harm", "harm"),
    ("suicidal if I'm honest", "suicidal"),
    ("I imagine harm", "harm"),
]


UNKNOWN = [
    ("i hope she is safe", "safe"),
    ("no idea who knows where she is", "she"),
    ("hopefully he's safe", "safe"),
    ("i can't rest until they are safe", "safe"),
    ("how do i find out she's safe", "safe"),
    ("i'm scared he's gone", "gone"),
    ("maybe they're safe", "safe"),
]
NOT_UNKNOWN = [
    ("she is safe", "safe"),
    ("i had no idea, but she is safe", "safe"),
    ("i was worried. she is safe", "safe"),
    ("thank god she's safe", "safe"),
]


def _table(
    mark: str, rows: list[tuple[str, str]], covered: bool
) -> list[tuple[str, str, str, bool]]:
    return [(mark, sentence, word, covered) for sentence, word in rows]


@pytest.mark.parametrize(
    ("mark", "sentence", "word", "covered"),
    [
        *_table("negated", NEGATED, True),
        *_table("negated", NOT_NEGATED, False),
        *_table("other", OTHER, True),
        *_table("other", NOT_OTHER, False),
        *_table("hypothetical", HYPOTHETICAL, True),
        *_table("hypothetical", NOT_HYPOTHETICAL, False),
        *_table("unknown", UNKNOWN, True),
        *_table("unknown", NOT_UNKNOWN, False),
    ],
)
def test_scope_covers_the_word(mark: str, sentence: str, word: str, covered: bool) -> None:
    doc = read(sentence)
    assert word in {token.lower_ for token in doc}, "the table names a word that is not there"
    assert (word in _marked(doc, mark)) is covered


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("sentence", ["", "not", "he", "if", "the weather is nice"])
def test_nothing_to_cover(mark: str, sentence: str) -> None:
    assert _marked(read(sentence), mark) == set()


def test_marks_overlap() -> None:
    doc = read("hope if someone is not suicidal")
    assert {mark for mark in MARKS if "suicidal" in _marked(doc, mark)} == set(MARKS)


def test_reach_is_limited() -> None:
    doc = read("not " + " ".join(f"word{n}" for n in range(30)))
    assert _marked(doc, "negated") == {f"word{n}" for n in range(8)}

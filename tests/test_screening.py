"""The screened matcher finds what spaCy's own finds, in every pattern file's own sentences."""

import json

import pytest
import yaml
from spacy.matcher import Matcher

from bot.nlu.language import in_lower_case, read, read_pattern_lines, spacy_language
from bot.nlu.phrases import PhraseTable
from bot.nlu.risk_patterns import RiskPatterns
from bot.nlu.screening import ScreenedMatcher
from bot.paths import NLU_DATA, PATTERNS

ENTITIES = PATTERNS / "entities"

OWN = {
    "risk": ["risk.jsonl"],
    "idioms": ["idioms.jsonl"],
    "signs": ["signs.yml"],
    "harms": ["harms.yml"],
    "entities": ["choices.jsonl", *(f"entities/{path.name}" for path in ENTITIES.glob("*.jsonl"))],
}
"""Matcher -> the files of its patterns."""

OTHERS = 4
"""Of the sentences that were written for other matchers, each one reads every fourth."""


def sentences_in(path):
    """Return the sentences of a pattern file that are to be found, or nearly."""
    if path.suffix == ".jsonl":
        rows = read_pattern_lines(path)
        return [text for row in rows for text in (*row.get("yes", ()), *row.get("no", ()))]
    tables = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows = [row for table in tables.values() for row in table.values()]
    return [text for row in rows for text in (*row["found_in"], *row["not_in"])]


def messages():
    """Return some messages of every file."""
    files = sorted((NLU_DATA / "messages").glob("*.jsonl"))
    lines = [line for f in files for line in f.read_text(encoding="utf-8").splitlines()[:9]]
    return [json.loads(line)["text"] for line in lines]


def documents(name):
    """Return sentences for a matcher as documents, as written and in lower case."""
    own = [text for file in OWN[name] for text in sentences_in(PATTERNS / file)]
    rest = [file for other, files in OWN.items() if other != name for file in files]
    others = [text for file in rest for text in sentences_in(PATTERNS / file)] + messages()
    found = [read(text) for text in (*own, *others[::OTHERS])]
    return [*found, *(in_lower_case(doc) for doc in found)]


def tables():
    """Return the matchers of every pattern file."""
    risk = RiskPatterns.from_file()
    return {
        "risk": risk._matcher,
        "idioms": risk._idioms,
        "signs": PhraseTable.from_file(PATTERNS / "signs.yml")._matcher,
        "harms": PhraseTable.from_file(PATTERNS / "harms.yml")._matcher,
        "entities": spacy_language().get_pipe("entity_ruler").matcher,
    }


@pytest.mark.parametrize("name", ["risk", "idioms", "signs", "harms", "entities"])
def test_it_finds_what_spacys_own_finds(name):
    matcher = tables()[name]
    assert isinstance(matcher, ScreenedMatcher)
    some, spacys_own = 0, Matcher(matcher.vocab)
    for key, pattern, *_ in matcher._kept:
        spacys_own.add(key, [pattern])
    for doc in documents(name):
        found = matcher(doc)
        assert len(found) == len(set(found))
        assert set(found) == set(spacys_own(doc)), doc.text
        some += len(found)
    assert some > 20


def test_a_pattern_without_a_word_that_must_be_there_is_always_tried():
    nlp = spacy_language()
    matcher = ScreenedMatcher(nlp.vocab)
    matcher.add("number", [[{"LIKE_NUM": True}, {"LOWER": "night", "OP": "?"}]])
    assert [span.text for span in matcher(nlp("nine of them"), as_spans=True)] == ["nine"]


def test_a_second_reading_in_lower_case_is_made_once():
    doc = read("I DON'T want the GMC to know")
    assert in_lower_case(doc) is in_lower_case(doc)
    assert in_lower_case(read("nothing here")).text == "nothing here"

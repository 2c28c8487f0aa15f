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


def sentences():
    """Yield sentences written to be found, or to be nearly found, and some messages."""
    for path in PATTERNS.rglob("*.jsonl"):
        for row in read_pattern_lines(path):
            yield from (*row.get("yes", ()), *row.get("no", ()))
    for name in ("signs.yml", "harms.yml"):
        for rows in yaml.safe_load((PATTERNS / name).read_text(encoding="utf-8")).values():
            for row in rows.values():
                yield from (*row["found_in"], *row["not_in"])
    for path in sorted((NLU_DATA / "messages").glob("*.jsonl")):
        yield from (
            json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()[:9]
        )


@pytest.fixture(scope="module")
def documents():
    """Return the sentences as documents, as written and in lower case."""
    found = [read(text) for text in sentences()]
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
def test_it_finds_what_spacys_own_finds(name, documents):
    matcher = tables()[name]
    assert isinstance(matcher, ScreenedMatcher)
    some = 0
    for doc in documents:
        found = matcher(doc)
        assert len(found) == len(set(found))
        assert set(found) == set(Matcher.__call__(matcher, doc)), doc.text
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

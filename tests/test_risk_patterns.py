"""The curated risk patterns: each row against its own sentences, and what must never be missed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.nlu.language import PatternFileError, read, read_pattern_lines
from bot.nlu.risk_patterns import RiskPatterns
from bot.nlu.taxonomy import NO_RISK, OWN_RISK, labels, risk_order
from bot.paths import PATTERNS

ROWS = list(read_pattern_lines(PATTERNS / "risk.jsonl"))
IDIOMS = list(read_pattern_lines(PATTERNS / "idioms.jsonl"))
RISK_OF = {row["id"]: row["risk"] for row in ROWS}


def _sentences(rows: list[dict[str, Any]], field: str) -> list[Any]:
    return [
        pytest.param(row["id"], sentence, id=f"{row['id']}-{number}")
        for row in rows
        for number, sentence in enumerate(row[field])
    ]


@pytest.fixture(scope="module")
def patterns() -> RiskPatterns:
    return RiskPatterns.from_file()


@pytest.fixture(scope="module")
def without_idioms() -> RiskPatterns:
    return RiskPatterns(ROWS)


@pytest.mark.parametrize(("name", "sentence"), _sentences(ROWS, "yes"))
def test_yes_sentence_gives_at_least_the_risk(
    patterns: RiskPatterns, name: str, sentence: str
) -> None:
    doc = read(sentence)
    assert name in {found for found, _ in patterns.matches(doc)}
    assert risk_order().index(patterns.risk_of(doc)) <= risk_order().index(RISK_OF[name])


@pytest.mark.parametrize(("name", "sentence"), _sentences(ROWS, "no"))
def test_no_sentence_does_not_give_the_risk(
    patterns: RiskPatterns, name: str, sentence: str
) -> None:
    matches = patterns.matches(read(sentence))
    assert [match for match in matches if RISK_OF[match[0]] == RISK_OF[name]] == []


@pytest.mark.parametrize(("name", "sentence"), _sentences(IDIOMS, "yes"))
def test_idiom_excuses_what_would_be_a_risk(
    patterns: RiskPatterns, without_idioms: RiskPatterns, name: str, sentence: str
) -> None:
    doc = read(sentence)
    assert without_idioms.risk_of(doc) != NO_RISK, "the sentence needs no idiom"
    assert patterns.risk_of(doc) == NO_RISK


@pytest.mark.parametrize(("name", "sentence"), _sentences(IDIOMS, "no"))
def test_idiom_does_not_hide_a_risk(patterns: RiskPatterns, name: str, sentence: str) -> None:
    assert patterns.risk_of(read(sentence)) != NO_RISK


def test_every_risk_has_patterns() -> None:
    assert set(RISK_OF.values()) == set(labels("risk")) - {NO_RISK}


@pytest.mark.parametrize("rows", [ROWS, IDIOMS], ids=["risk", "idioms"])
def test_sentences_are_used_once(rows: list[dict[str, Any]]) -> None:
    for field in ("yes", "no"):
        sentences = [sentence for row in rows for sentence in row[field]]
        assert sorted(set(sentences)) == sorted(sentences)


@pytest.mark.parametrize(
    "sentence",
    [
        "this rota is killing me",
        "I'm dying for a coffee",
        "speaking up would be career suicide",
        "dead on my feet after nights",
        "shoot me now",
        "I need to end it with her",
        "I just want to disappear to a beach",
        "the suicide risk assessment took an hour",
        "what is the overdose protocol here?",
        "three suicidal patients on the ward this week",
        "I'm not suicidal",
        "no, not suicidal, only tired",
        "I never thought of ending my life",
        "I have no suicidal thoughts and no plans to hurt myself",
        "I could sleep for a week",
        "I want to sleep until Monday",
        "I can't go on like this",
        "I don't want to be a doctor anymore",
        "I've lost the will to live in this meeting",
        "I'd rather die than do another audit",
        "I'm terrified I'll kill someone by mistake",
        "do I have to be suicidal to see the PSU?",
        "my patient died last night",
        "goodbye and thanks",
    ],
)
def test_idiom_shop_talk_denial_and_rest_are_none(patterns: RiskPatterns, sentence: str) -> None:
    assert patterns.risk_of(read(sentence)) == NO_RISK


@pytest.mark.parametrize(
    ("sentence", "risk"),
    [
        # Denied and put back.
        ("I'm not suicidal, but I think about it", "active_ideation"),
        ("I told them I wasn't suicidal. I lied.", "active_ideation"),
        ("I'm not suicidal, I just don't want to be here anymore", "passive_ideation"),
        ("wouldn't do anything but I wish I wouldn't wake up", "passive_ideation"),
        ("no thoughts of suicide but I hurt myself", "self_harm"),
        # A negation nearby that denies something else.
        ("I can't stop thinking about killing myself", "active_ideation"),
        ("I haven't told anyone I'm suicidal", "active_ideation"),
        ("no one knows I want to end my life", "active_ideation"),
        ("not sleeping thinking about suicide", "active_ideation"),
        ("not a day goes by without thinking about suicide", "active_ideation"),
        # Another person nearby who is not the subject.
        ("my wife thinks I'm fine but I'm suicidal", "active_ideation"),
        ("My dad died last month, feeling suicidal", "active_ideation"),
        ("A colleague died by suicide and now I'm having thoughts of suicide", "active_ideation"),
        ("as a registrar feeling suicidal is not allowed", "active_ideation"),
        # An idiom nearby.
        ("this rota is killing me and I want to die", "passive_ideation"),
        ("it's career suicide to say it, but I'm suicidal", "active_ideation"),
        # Spelling.
        ("im sucidal", "active_ideation"),
        ("feeling su1cidal", "active_ideation"),
        ("gonna kms", "active_ideation"),
        ("dont want to be here anymore", "passive_ideation"),
        ("cant do this life anymore", "passive_ideation"),
        # Capitals, typographic apostrophes and line breaks.
        ("I DON’T WANT TO WAKE UP", "passive_ideation"),
        ("IM SO TIRED AND I CANT DO THIS LIFE ANYMORE", "passive_ideation"),
        ("I am NOT ok, I WANT TO DIE", "passive_ideation"),
        ("long day\n\nI want to kill myself", "active_ideation"),
        # The most urgent of several.
        ("I wish I was dead. I'm going to kill myself tonight.", "immediate"),
        ("my friend killed himself and I want to die", "passive_ideation"),
    ],
)
def test_what_must_not_be_missed(patterns: RiskPatterns, sentence: str, risk: str) -> None:
    assert patterns.risk_of(read(sentence)) == risk


@pytest.mark.parametrize(
    "sentence",
    [
        "three suicidal patients on the ward this week",
        "my best friend is suicidal",
        "a patient asked me about suicide and told me she wants to die",
        "he has taken an overdose",
        "my SHO has been harming herself",
    ],
)
def test_somebody_else_is_not_the_writer(patterns: RiskPatterns, sentence: str) -> None:
    assert patterns.risk_of(read(sentence)) not in OWN_RISK


def test_an_excused_match_does_not_hide_another(patterns: RiskPatterns) -> None:
    doc = read("I don't want to kill myself. I want to kill myself.")
    (match,) = {span.start for name, span in patterns.matches(doc) if name == "act_kill_myself"}
    assert match > doc[7].i


GOOD: dict[str, Any] = {
    "id": "one",
    "risk": "self_harm",
    "patterns": [[{"LOWER": "sample"}]],
    "unless": ["negated"],
    "yes": ["a sample", "this sample"],
    "no": ["a simple", "no sample"],
}
IDIOM: dict[str, Any] = {name: GOOD[name] for name in ("id", "patterns", "yes", "no")}


def test_good_rows_compile() -> None:
    found = RiskPatterns(
        [GOOD], [{**IDIOM, "patterns": [[{"LOWER": "free"}, {"LOWER": "sample"}]]}]
    )
    assert found.risk_of(read("a sample")) == "self_harm"
    assert found.risk_of(read("no sample")) == NO_RISK
    assert found.risk_of(read("a free sample")) == NO_RISK


WRONG_IN_BOTH = [
    ({"patterns": "sample"}, "patterns are not spaCy Matcher patterns"),
    ({"patterns": None}, "patterns is empty"),
    ({"patterns": []}, "patterns is empty"),
    ({"patterns": [[]]}, "patterns are not spaCy Matcher patterns"),
    ({"patterns": [[{"LOWR": "sample"}]]}, "patterns are not spaCy Matcher patterns"),
    ({"patterns": [[{"LOWER": "sample", "OP": "%"}]]}, "patterns are not spaCy Matcher patterns"),
    ({"patterns": [[{"LOWER": {"REGEX": "("}}]]}, "patterns are not spaCy Matcher patterns"),
    ({"yes": ["only one"]}, "yes must be 2 to 6 sentences"),
    ({"no": ["a", "b", "c", "d", "e", "f", "g"]}, "no must be 2 to 6 sentences"),
    ({"no": ["a simple", " "]}, "no must be 2 to 6 sentences"),
    ({"yes": "a sample"}, "yes must be 2 to 6 sentences"),
    ({"note": "more"}, "fields must be"),
    ({"id": ""}, "the id must be a text"),
    ({"id": 7}, "the id must be a text"),
]
WRONG_RISKS = [
    ({"risk": "sadness"}, "one: risk 'sadness' is not in the taxonomy"),
    ({"risk": "none"}, "one: risk 'none' is not in the taxonomy"),
    ({"unless": ["idle"]}, "one: unless has unknown scope 'idle'"),
    ({"unless": "negated"}, "one: unless must be a list of scopes"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_IN_BOTH + WRONG_RISKS)
def test_wrong_row_gives_one_clear_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PatternFileError) as error:
        RiskPatterns([{**GOOD, **change}])
    assert str(error.value).startswith("risk.jsonl, ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("change", "message"), WRONG_IN_BOTH)
def test_wrong_idiom_gives_one_clear_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(PatternFileError) as error:
        RiskPatterns([GOOD], [{**IDIOM, **change}])
    assert str(error.value).startswith("idioms.jsonl, ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD, GOOD], "risk.jsonl, one: the id is used twice"),
        ([{"risk": "self_harm"}], "risk.jsonl, a row without id: fields must be"),
        (["sample"], "risk.jsonl: 'sample' is not an object with fields"),
    ],
)
def test_wrong_rows_are_named(rows: list[Any], message: str) -> None:
    with pytest.raises(PatternFileError, match=message):
        RiskPatterns(rows)


def test_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "risk.jsonl"
    path.write_text('{"id": "one"}\n\n{"id": \n', encoding="utf-8")
    with pytest.raises(PatternFileError, match=r"^risk\.jsonl, line 3: "):
        list(read_pattern_lines(path))


OVER = [
    "I was suicidal as a student. I'm safe now and have been for years.",
    "Ten years ago I tried to end my life, no thoughts since.",
    "Back then I hoped I wouldn't wake up. I haven't felt it since.",
    "I used to cut myself at school, no urges now.",
]
NOT_OVER = [
    "I was suicidal as a student.",
    "I was suicidal as a student. I'm safe now but it still comes some nights.",
    "I tried to end my life last year and told them I was fine.",
    "Years ago I had counselling and I'm well. I want to die.",
    "I don't want to be here any more, I wish I could sleep and not wake up.",
    "I hoped I wouldn't wake up. I'm not safe.",
    "I used to cut myself at school and it's come back.",
]


@pytest.mark.parametrize("text", OVER)
def test_a_past_risk_with_safety_stated_is_excused(patterns, text):
    assert patterns.risk_of(read(text)) == "none"


@pytest.mark.parametrize("text", NOT_OVER)
def test_a_past_risk_without_it_or_left_open_is_not(patterns, text):
    assert patterns.risk_of(read(text)) != "none"

"""The curated phrases of signs and harms: each row against its own sentences, and the notation."""

import pytest

from bot.channels.typed_answers import read_rows, rows
from bot.dialogue.replies import SITTINGS
from bot.nlu.language import PatternFileError, read
from bot.nlu.phrases import PhraseTable
from bot.nlu.routes import routes
from bot.nlu.taxonomy import labels
from bot.paths import PATTERNS

TABLES = {
    name: PhraseTable.from_file(PATTERNS / f"{name}.yml")
    for name in ("signs", "asked", "harms", "over", "named")
}


def sentences(field):
    return [
        pytest.param(table, row.id, sentence, id=f"{name}-{row.id}-{number}")
        for name, table in TABLES.items()
        for row in table.rows.values()
        for number, sentence in enumerate(getattr(row, field))
    ]


@pytest.mark.parametrize(("table", "row", "sentence"), sentences("found_in"))
def test_a_row_is_found_in_its_sentences(table, row, sentence):
    assert row in {name for name, _ in table.matches(read(sentence))}


@pytest.mark.parametrize(("table", "row", "sentence"), sentences("not_in"))
def test_a_row_is_not_in_what_only_resembles_it(table, row, sentence):
    assert row not in {name for name, _ in table.matches(read(sentence))}


@pytest.mark.parametrize("name", rows())
def test_a_row_of_typed_answers_against_its_sentences(name):
    row = rows()[name]
    assert [text for text in row.found_in if not row.is_in(text)] == []
    assert [text for text in row.not_in if row.is_in(text)] == []


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("{words: [a], found_in: [a]}", "give words, found_in and not_in"),
        ("{words: ['(a'], found_in: [a], not_in: [b]}", "not a regular expression"),
        ("{word: [a], words: [a], found_in: [a], not_in: [b]}", "unknown ['word']"),
    ],
)
def test_a_wrong_row_of_typed_answers_is_named(tmp_path, row, fault):
    file = tmp_path / "typed.yml"
    file.write_text(f"politeness: {{before: '', after: ''}}\nrows:\n  bare: {row}\n")
    with pytest.raises(PatternFileError, match=r"typed.yml: bare: ") as raised:
        read_rows(file)
    assert fault in str(raised.value)


def test_every_concern_can_be_named():
    assert {row.label for row in TABLES["named"].rows.values()} == {*labels("concern"), *SITTINGS}


def test_every_route_has_phrases_and_no_phrase_is_for_another():
    assert {row.label for row in TABLES["harms"].rows.values()} == set(routes())


@pytest.mark.parametrize("word", ["yes", "no", "ok", "help", "bye"])
def test_a_bare_word_means_one_thing(word):
    """A bare yes that counted as "I'll ring" would end a crisis."""
    assert len(TABLES["signs"].labels_in(read(word))) <= 1


@pytest.mark.parametrize(
    ("phrase", "text", "found"),
    [
        ("a|b c", "b c", True),
        ("a|b c", "c", False),
        ("?a|b c", "c", True),
        ("a *2 c", "a x y c", True),
        ("a *2 c", "a x y z c", False),
        ("a *2 c", "a. c", False),
        ("^ a $", "a!", True),
        ("^ a $", "a b", False),
        ("^ a $", "b a", False),
        ("i'm a", "im a", True),
        ("don't a", "dont a", True),
        ("a b", "A B", True),
    ],
)
def test_the_notation(tmp_path, phrase, text, found):
    assert bool(_table(tmp_path, phrases=[phrase]).labels_in(read(text))) == found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unless": ["nobody"]}, "unknown scope 'nobody'"),
        ({"phrases": []}, "phrases is empty"),
        ({"phrases": ["?a *2"]}, "not optional"),
        ({"phrases": "a"}, "list of texts"),
        ({"not_in": ["one"]}, "needs 2 sentences"),
        ({"more": []}, "fields must be"),
    ],
)
def test_a_wrong_row_is_named_with_its_field(tmp_path, change, words):
    with pytest.raises(PatternFileError, match=r"rows\.yml, label, row") as error:
        _table(tmp_path, **change)
    assert words in str(error.value)


def test_broken_yaml_names_the_file(tmp_path):
    path = tmp_path / "rows.yml"
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(PatternFileError, match=r"rows\.yml"):
        PhraseTable.from_file(path)


def _table(folder, **change):
    import yaml

    row = {"phrases": ["x"], "unless": [], "found_in": ["x", "x y"], "not_in": ["q", "q r"]}
    path = folder / "rows.yml"
    path.write_text(yaml.safe_dump({"label": {"row": {**row, **change}}}), encoding="utf-8")
    return PhraseTable.from_file(path)

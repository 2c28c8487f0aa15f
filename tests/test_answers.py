"""Stored answers: what ships, a unit's own, and each mistake told in one line."""

import re

import pytest
import yaml

from bot.answers import AnswersError, all_answers, answers_for
from bot.consistency import _wording
from bot.content import content_page
from bot.dashboard.inbox_pages import MOST_CHARACTERS
from bot.dashboard.sentences import all_sentences
from bot.deanery import signposts

GOOD = [{"id": "hello", "title": "Hello", "text": "We have read it."}]


@pytest.fixture
def folder(tmp_path):
    """Return a writer of files of answers, and their folder."""

    def write(**files: object):
        for name, rows in {"common": GOOD, **files}.items():
            text = rows if isinstance(rows, str) else yaml.safe_dump(rows)
            (tmp_path / f"{name}.yml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_what_ships_keeps_to_the_rules_of_wording():
    for answers in all_answers().values():
        for answer in answers:
            assert list(_wording(answer.key, answer.text)) == []
            assert len(answer.text) <= MOST_CHARACTERS


def test_numbers_in_what_ships_are_those_of_the_register():
    known = " ".join(signpost.value for signpost in signposts().values())
    for answer in all_answers()["common"]:
        for number in re.findall(r"\d[\d ]+\d", answer.text):
            assert number in known


def test_what_ships_can_be_signed_off_like_any_sentence():
    keys = {sentence.key for sentence in all_sentences()}
    page = content_page()
    for answer in all_answers()["common"]:
        assert answer.key in keys
        assert answer.text in page


def test_a_units_own_come_first_and_replace_the_shared_ones(folder, monkeypatch):
    own = [
        {"id": "ours", "title": "Ours", "text": "Ring us on a Monday."},
        {"id": "hello", "title": "Our hello", "text": "Helo."},
    ]
    found = all_answers(folder(wales=own))
    monkeypatch.setattr("bot.answers.all_answers", lambda: found)
    assert [a.title for a in answers_for("wales")] == ["Ours", "Our hello"]
    assert [a.title for a in answers_for("scotland")] == ["Hello"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"walse": GOOD}, "answers/walse.yml: no deanery has this key"),
        ({"wales": "- id: [\n"}, "answers/wales.yml, line 2: not valid YAML"),
        ({"wales": {}}, "answers/wales.yml: must be a list"),
        ({"wales": []}, "answers/wales.yml: must be a list"),
        ({"wales": [{"id": "a", "title": "A"}]}, "answer 1: must have id, title and text"),
        ({"wales": [{"id": "a", "title": "A", "text": " "}]}, "answer 1: text is missing"),
        ({"wales": [{"id": "A b", "title": "A", "text": "x"}]}, "answer 1: id is 'A b'"),
        ({"wales": GOOD * 2}, "answers/wales.yml: id hello is there twice"),
        ({"wales": [{"id": "a", "title": "A", "text": "Dear [name], hello."}]}, "text has '['"),
        ({"wales": [{"id": "a", "title": "A", "text": "Ring {number}."}]}, "text has '{'"),
        ({"wales": [{"id": "a", "title": "A", "text": "On ___ at nine."}]}, "text has '___'"),
        ({"wales": [{"id": "a", "title": "A", "text": "See XX for it."}]}, "text has 'XX'"),
    ],
)
def test_a_mistake_is_told_in_one_line(files, message, folder):
    with pytest.raises(AnswersError, match=re.escape(message)) as told:
        all_answers(folder(**files))
    assert "\n" not in str(told.value)


def test_without_the_shared_file_nothing_starts(tmp_path):
    with pytest.raises(AnswersError, match=r"common\.yml: the file is missing"):
        all_answers(tmp_path)

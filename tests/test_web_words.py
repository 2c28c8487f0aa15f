"""The words and the colour of the page: complete, told when wrong, and readable."""

import re
import shutil

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.web_accent import CONTRAST, DARK, LIGHT, accent_css, contrast
from bot.channels.web_files import PAGE, Look, chat_page, launcher, numbers
from bot.channels.web_words import (
    ENGLISH,
    FOLDER,
    WordsError,
    english_words,
    languages,
    page_words,
)
from bot.content import content_page
from bot.deanery import deaneries, signposts

CODE = [*PAGE.glob("*.html"), *PAGE.glob("*.js")]


def test_every_word_is_used():
    code = "".join(path.read_text(encoding="utf-8") for path in CODE)
    for key in english_words():
        assert re.search(rf"words\.{key}\b|words: \"{key}\"|button: \"{key}\"|\"{key}\"", code), key


@pytest.mark.parametrize("language", languages())
def test_the_title_of_the_tab_tells_nothing(language):
    page = chat_page(Look.asked({"lang": language}, ""), "https://chat.example").body.decode()
    (title,) = re.findall("<title>(.*?)</title>", page)
    assert title == page_words(language)["title"]
    words = page_words("en")["name"], "doctor", "psu", "crisis", "help", "mental", "support"
    assert not any(word.lower() in title.lower() for word in words)
    assert len(title.split()) == 1


def test_no_sentence_is_in_the_scripts():
    for path in PAGE.glob("*.js"):
        code = re.sub(r"//.*", "", path.read_text(encoding="utf-8"))
        assert [
            s for s in re.findall(r'"([^"]*)"', code) if re.search(r"[a-z] [a-z]+ [a-z]", s)
        ] == []


@pytest.mark.parametrize("language", languages())
def test_every_language_has_every_word(language):
    assert page_words(language).keys() == english_words().keys()
    assert page_words(language)["leave_to"].startswith("https://")


def test_the_page_for_sign_off_lists_every_word():
    page = content_page()
    for language in languages():
        assert [text for text in page_words(language).values() if text not in page] == []


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("cy", lambda rows: rows.pop("send"), "words/cy.yml: send is missing; English says it"),
        ("cy", lambda rows: rows.update(sned="x"), "words/cy.yml: sned is not known; remove it"),
        ("cy", lambda rows: rows.update(send=5), "words/cy.yml, send: must be a text, in quotes"),
        ("en", lambda rows: rows.update(send="x"), "words/en.yml, send: write `text` and `when`"),
        (
            "en",
            lambda rows: rows["send"].update(text=" "),
            "words/en.yml, send, text: must be a text",
        ),
    ],
)
def test_wrong_words_are_told_with_their_place(tmp_path, file, change, message):
    folder = tmp_path / "words"
    shutil.copytree(FOLDER, folder)
    path = folder / f"{file}.yml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(rows)
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    with pytest.raises(WordsError) as error:
        page_words(file, folder)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("content", [b"- a\n", b"\xff", b"a: [", b""])
def test_a_file_that_is_none_is_told(tmp_path, content):
    (tmp_path / "en.yml").write_bytes(content)
    with pytest.raises(WordsError, match=r"words/en\.yml") as error:
        english_words(tmp_path)
    assert "\n" not in str(error.value)


@given(st.text("0123456789abcdefABCDEF", min_size=6, max_size=6), st.sampled_from(["", "#"]))
def test_every_colour_is_made_readable(digits, hash_sign):
    light, dark = re.findall(
        r"--accent: (#\w{6}); --on-accent: (#\w{6});", accent_css(hash_sign + digits)
    )
    for (accent, on), ground in ((light, LIGHT), (dark, DARK)):
        assert contrast(accent, ground) >= CONTRAST
        assert contrast(accent, on) >= CONTRAST


@pytest.mark.parametrize("colour", ["#005eb8", "#7A1F5C"])
def test_a_readable_colour_is_taken_as_it_is(colour):
    assert f":root {{ --accent: {colour.lower()};" in accent_css(colour)


@given(st.text().filter(lambda text: not re.fullmatch("#?[0-9a-fA-F]{6}", text)))
def test_what_is_no_colour_is_ignored(text):
    assert accent_css(text) == ""


@given(st.dictionaries(st.sampled_from(["deanery", "lang", "accent", "embedded"]), st.text()))
def test_whatever_is_asked_for_only_what_is_known_is_shown(ask):
    look = Look.asked(ask, "")
    assert look.deanery in ("", *deaneries())
    assert look.language in languages()
    assert look.accent == "" or accent_css(look.accent)


def test_the_address_for_a_phone_is_short():
    assert Look(accent="7a1f5c", embedded=True).query() == ""
    assert Look("wales", "cy").query() == "?deanery=wales&lang=cy"
    assert Look("wales", ENGLISH).query() == "?deanery=wales"


def test_the_numbers_are_those_of_the_nation():
    assert [line["call"] for line in numbers("northern_ireland")] == [
        "999",
        "08088088000",
        "116123",
    ]
    assert [line["call"] for line in numbers("wales")] == ["999", "111", "116123"]
    assert len(numbers("")) == 4


def test_the_launcher_has_the_numbers_of_the_register():
    script = launcher().body.decode()
    for line in numbers(""):
        assert f'"{line["number"]}"' in script
    assert signposts()["samaritans"].name in script

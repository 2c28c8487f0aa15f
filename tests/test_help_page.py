"""The static page for when the whole assistant is down."""

import re

import pytest
from click.testing import CliRunner

from bot import help_page
from bot.cli import main
from bot.deanery import CRISIS_LINES, signposts


def test_the_page_that_ships_is_what_the_register_says():
    assert list(help_page.stale()) == []


def test_a_page_that_fell_behind_is_named(tmp_path):
    page = tmp_path / "help.html"
    assert "sidedoor help-page" in "".join(help_page.stale(page))
    page.write_text(help_page.help_page().replace("116 123", "116 124"), encoding="utf-8")
    assert "sidedoor help-page" in "".join(help_page.stale(page))


@pytest.mark.parametrize("key", CRISIS_LINES)
def test_every_crisis_line_is_on_it_and_can_be_dialled(key):
    number = signposts()[key].value.split(",")[0]
    assert f'<a href="tel:{number.replace(" ", "")}">{number}</a>' in help_page.help_page()


def test_it_needs_nothing_from_anywhere():
    page = help_page.help_page()
    assert not re.search(r"<(script|link|img|style|iframe)|https?://|\$", page)


def test_the_command_writes_it(tmp_path, monkeypatch):
    page = tmp_path / "help.html"
    monkeypatch.setattr(help_page.write_help_page, "__defaults__", (page,))
    assert CliRunner().invoke(main, ["help-page"]).exit_code == 0
    assert page.read_text(encoding="utf-8") == help_page.help_page()

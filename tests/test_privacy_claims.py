"""What is said about privacy is what the settings are."""

import re
from datetime import date, timedelta

import pytest

from bot.channels.fixed import fixed
from bot.channels.telegram_sending import DELETING_SECONDS
from bot.channels.web_chats import RETRY_SECONDS
from bot.content import responses
from bot.dialogue.redis_state import RedisTrackerStore
from bot.paths import ROOT
from bot.privacy import lifetimes, pseudonyms
from bot.privacy.message_numbers import MessageNumbers
from bot.privacy.pseudonyms import Pseudonyms
from bot.privacy.rasas_command import CONNECTOR, DEBUG, OPTIONS
from bot.referrals import weeks
from bot.settings import LOG_LEVELS
from tests.clocks import Clock

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")

MINUTES = lifetimes.LIFE_SECONDS // 60
KEY_HOURS = lifetimes.KEY_LIFE_SECONDS // 3600
DELETE_HOURS = lifetimes.DELETABLE_SECONDS // 3600
ROTATION_HOURS = lifetimes.KEY_ROTATION_SECONDS // 3600
NUMBERS_HOURS = lifetimes.NUMBERS_SECONDS // 3600

TICKET_WEEKS = weeks.LIFE_WEEKS
MOST_TICKET_DAYS = 7 * TICKET_WEEKS + 6
"""A ticket last used on the first day of a week ends with the week, `TICKET_WEEKS` later."""

BACKUP = (ROOT / "deploy" / "backup").read_text(encoding="utf-8")
BACKUP_DAYS, MOST_BACKUP_DAYS = (
    int(re.search(pattern, BACKUP).group(1))
    for pattern in (r"(?m)^days=\$\{2:-(\d+)\}$", r"\[ \"\$days\" -gt (\d+) \]")
)

PROSE = re.sub(r"\s+", " ", PAGE)


def row(begins: str) -> list[str]:
    """Return the other cells of the row of the table that begins so."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {begins}"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


@pytest.mark.parametrize(
    ("begins", "told"),
    [
        ("labels, counts", f"{MINUTES} minutes after the last message"),
        ("the conversation's made-up name", f"{MINUTES} minutes after the last message"),
        ("which buttons", f"{MINUTES} minutes after the last message"),
        ("the answer to a message", f"{RETRY_SECONDS // 60} minutes"),
        ("the key", f"{KEY_HOURS} hours at most"),
        ("numbers of Telegram messages", f"{DELETE_HOURS} hours, at most {NUMBERS_HOURS}"),
        (
            "a referral that somebody chose",
            f"{TICKET_WEEKS} weeks after its last use, {MOST_TICKET_DAYS} days at the longest;"
            " until its sender ends it",
        ),
        (
            "how many receipts were wrong",
            f"{TICKET_WEEKS} weeks, {MOST_TICKET_DAYS} days at the longest",
        ),
        (
            "words that spaCy",
            f"{(lifetimes.WORDS_SECONDS + lifetimes.SWEEP_SECONDS) // 60} minutes;"
            f" {lifetimes.SWEEP_SECONDS // 60} minute after anybody is forgotten",
        ),
    ],
)
def test_the_table_says_how_long_each_is_kept(begins, told):
    assert row(begins)[1] == told


@pytest.mark.parametrize(
    "told",
    [
        f"A key names new conversations for {ROTATION_HOURS} hours.",
        f"or at the age of {KEY_HOURS} hours",
        f"at most {lifetimes.SWEEP_SECONDS // 60} minute late",
        f"cut to {pseudonyms.BYTES * 8} bits",
        f"deletes the messages of the last {DELETE_HOURS} hours",
        f"for at most {NUMBERS_HOURS} hours",
        f"deleted after {BACKUP_DAYS} days, at most after {MOST_BACKUP_DAYS} days.",
        f"it is tried for {DELETING_SECONDS // 60} minutes",
        f"more than {lifetimes.MOST_MESSAGE_NUMBERS:,} numbers were held",
        f"Log levels below {LOG_LEVELS[0]}",
    ],
)
def test_the_page_says_what_the_settings_are(told):
    assert told in PROSE


def test_every_number_of_hours_or_minutes_on_the_page_is_one_of_ours():
    ours = {MINUTES, KEY_HOURS, DELETE_HOURS, ROTATION_HOURS, NUMBERS_HOURS, 31, 1}
    ours |= {RETRY_SECONDS // 60, DELETING_SECONDS // 60}
    assert {int(n) for n in re.findall(r"(\d+) (?:hour|minute)", PAGE)} <= ours


def test_every_number_of_days_or_weeks_on_the_page_is_one_of_ours():
    ours = {MOST_TICKET_DAYS, TICKET_WEEKS, BACKUP_DAYS, MOST_BACKUP_DAYS}
    told = re.findall(r"(?:(\d+) to )?(\d+) (?:day|week|month|year)", PAGE)
    assert {int(number) for pair in told for number in pair if number} == ours


def test_a_ticket_lives_as_long_as_the_page_says():
    """Its last use falls on any day of a week; it ends on the first day that is too late."""
    lived = set()
    for used in (date(2026, 3, 2) + timedelta(days=each) for each in range(7)):
        day = used
        while weeks.oldest_living(day) <= weeks.week_of(used):
            day += timedelta(days=1)
        lived.add((day - used).days)
    assert (min(lived), max(lived)) == (7 * TICKET_WEEKS + 1, MOST_TICKET_DAYS + 1)


def test_the_shipped_timer_keeps_backups_as_long_as_the_page_says():
    unit = (ROOT / "deploy" / "systemd" / "sidedoor-backup.service").read_text(encoding="utf-8")
    assert re.search(r"deploy/backup \S+ (\d+)", unit).group(1) == str(BACKUP_DAYS)


def test_the_commands_say_what_the_settings_are():
    kept = fixed("utter_privacy_kept", minutes=MINUTES, key_hours=KEY_HOURS)
    telegram = fixed("utter_privacy_telegram", kept_hours=NUMBERS_HOURS)
    assert f"{MINUTES} minutes after your last message" in kept
    assert f"destroyed within {KEY_HOURS} hours" in kept
    assert f"up to {NUMBERS_HOURS} hours, for /forget" in telegram


def test_sentences_with_fixed_words_for_an_hour_mean_our_hour():
    assert MINUTES == 60
    told = [
        variant["text"]
        for names in responses().values()
        for variants in names.values()
        for variant in variants
        if re.search(r"\b(an hour after|for an hour)\b", variant.get("text", ""))
    ]
    assert told


def test_the_parts_use_the_settings_that_the_page_describes():
    defaults = Pseudonyms.__init__.__kwdefaults__
    assert defaults == {
        "rotation": lifetimes.KEY_ROTATION_SECONDS,
        "life": lifetimes.KEY_LIFE_SECONDS,
        "idle": lifetimes.LIFE_SECONDS,
    }
    assert lifetimes.LIFE_SECONDS in RedisTrackerStore.__init__.__defaults__
    numbers = MessageNumbers(clock := Clock())
    clock.now = 3599
    numbers.note(1, 1)
    clock.now = 3599 + DELETE_HOURS * 3600
    assert numbers.of(1) == [1]
    clock.now = NUMBERS_HOURS * 3600
    assert numbers.of(1) == []


def test_the_page_names_every_option_that_is_refused():
    section = PAGE.split("## What the program refuses to start with")[1]
    refused = [*(option for option, _ in OPTIONS.values()), DEBUG, CONNECTOR]
    assert [option for option in refused if f"`{option}`" not in section] == []


def test_what_telegram_sees_is_said_in_all_three_places():
    opening = next(
        v["text"] for v in responses()["opening.yml"]["utter_open_limits"] if v.get("channel")
    )
    for text in (opening, fixed("utter_privacy_telegram", kept_hours=1), PROSE):
        assert "end-to-end encrypted" in text


def test_every_leak_has_a_row_and_every_test_that_the_page_names_is_there():
    table = PAGE.split("## Where stock Rasa would let it out")[1].split("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if re.match(r"\| \d", line)]
    assert [int(cells[1]) for cells in rows] == [*range(1, 16)]
    assert all(re.search(r"`test_\w+`", cells[4]) for cells in rows)
    code = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("test_*.py"))
    there = set(re.findall(r"^def (test_\w+)\(", code, re.MULTILINE))
    assert set(re.findall(r"`(test_\w+)`", PAGE)) <= there

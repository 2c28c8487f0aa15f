"""What is said about privacy is what the settings are."""

import math
import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import yaml

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
from bot.referrals import guessing, weeks
from bot.settings import LOG_LEVELS
from bot.trends import recorder, windows
from tests.clocks import Clock

PAGE = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")

MINUTES = lifetimes.LIFE_SECONDS // 60
KEY_HOURS = lifetimes.KEY_LIFE_SECONDS // 3600
DELETE_HOURS = lifetimes.DELETABLE_SECONDS // 3600
ROTATION_HOURS = lifetimes.KEY_ROTATION_SECONDS // 3600
NUMBERS_HOURS = lifetimes.NUMBERS_SECONDS // 3600
WORDS_MINUTES = lifetimes.WORDS_SECONDS // 60

TICKET_WEEKS, MOST_TICKET_DAYS = weeks.LIFE_WEEKS, weeks.LIFE_DAYS

TRIES_MINUTES = math.ceil(guessing.BURST * guessing.REFILL_SECONDS) // 60

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
        ("how many tries of receipts", f"{TRIES_MINUTES} minutes after the last"),
        ("how many wrong receipts", f"{MINUTES} minutes"),
        (
            "marks:",
            f"until their months are released as rounded counts, {windows.MOST_MONTHS} months and"
            " a week at the longest; until `/forget` in the conversation that they came from",
        ),
        (
            "marks not yet",
            f"{recorder.WRITE_SECONDS // 60} minutes; the keys as long as the marks,"
            " or until a restart",
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
        "A line bears its time.",
        "for who has the log, when a turn failed",
        "it may be doubled",
    ],
)
def test_the_page_says_what_the_settings_are(told):
    assert told in PROSE


def test_every_number_of_hours_or_minutes_on_the_page_is_one_of_ours():
    ours = {MINUTES, KEY_HOURS, DELETE_HOURS, ROTATION_HOURS, NUMBERS_HOURS, 31, 1}
    ours |= {RETRY_SECONDS // 60, DELETING_SECONDS // 60, TRIES_MINUTES}
    ours |= {recorder.WRITE_SECONDS // 60}
    assert {int(n) for n in re.findall(r"(\d+) (?:hour|minute)", PAGE)} <= ours


def test_every_number_of_days_or_weeks_on_the_page_is_one_of_ours():
    ours = {MOST_TICKET_DAYS, TICKET_WEEKS, BACKUP_DAYS, MOST_BACKUP_DAYS, windows.MOST_MONTHS}
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
    kept = fixed(
        "utter_privacy_kept", minutes=MINUTES, key_hours=KEY_HOURS, words_minutes=WORDS_MINUTES
    )
    counted = fixed("utter_privacy_counted", months=windows.MOST_MONTHS)
    sealed = fixed("utter_privacy_referrals", ticket_days=MOST_TICKET_DAYS)
    telegram = fixed("utter_privacy_telegram", kept_hours=NUMBERS_HOURS)
    assert f"{MINUTES} minutes after your last message" in kept
    assert f"destroyed within {KEY_HOURS} hours" in kept
    assert f"in memory for {WORDS_MINUTES} minutes" in kept
    assert f"about {windows.MOST_MONTHS} months at most" in counted
    assert f"at most {MOST_TICKET_DAYS} days after its last use" in sealed
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


def said_anywhere() -> Iterator[tuple[str, str]]:
    """Yield the name and text of everything that `domain/` can say."""
    for names in responses().values():
        for name, variants in names.items():
            yield from ((name, variant.get("text", "")) for variant in variants)


def test_fixed_words_for_other_times_mean_our_settings():
    assert WORDS_MINUTES == 30  # "half an hour"
    days = {n for _, text in said_anywhere() for n in re.findall(r"\b(\d+) days\b", text)}
    assert days == {str(MOST_TICKET_DAYS)}
    weeks_told = {n for _, text in said_anywhere() for n in re.findall(r"\b(\d+) weeks\b", text)}
    assert str(TICKET_WEEKS) in weeks_told


NOTHING_STAYS = re.compile(
    r"\bno file\b|nothing of (it|this) (is kept|goes)|then nothing[.,;]|nothing is (kept|stored)",
    re.IGNORECASE,
)
"""What may not be said while anything is counted."""


def test_nobody_is_told_that_nothing_stays_while_themes_are_counted():
    endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text(encoding="utf-8"))
    assert endpoints["event_broker"]["type"].endswith("TrendsRecorder")
    for untrue in (
        "an hour; then nothing.",
        "No name, no file.",
        "Nothing of it goes into a file.",
    ):
        assert NOTHING_STAYS.search(untrue)
    assert [name for name, text in said_anywhere() if NOTHING_STAYS.search(text)] == []


TOLD_OF_COUNTING = {"utter_answer_ask_what_is_kept", "utter_open_limits", "utter_privacy_counted"}


def test_whoever_asks_what_is_kept_is_told_of_the_counting():
    texts = [(name, text) for name, text in said_anywhere() if name in TOLD_OF_COUNTING]
    assert {name for name, _ in texts} == TOLD_OF_COUNTING
    assert [text for _, text in texts if not re.search(r"\bcount(ed)?\b", text)] == []


NOT_OF_PEOPLE = {"Staff", "Local facts"}
"""Parts of the retention schedule that say nothing of those who write here."""

WITHIN = {
    "words of a message": "what somebody writes",
    "single words": "words that spaCy",
    "a message longer than": "what somebody writes",
    "labels, counts": "labels, counts",
    "the same, of more than": "labels, counts",
    "the same in Redis": "labels, counts",
    "key of the conversations": "the key",
    "digest of the page's token": "which buttons",
    "buttons and last answer": "which buttons",
    "an answer that may not": "the answer to a message",
    "numbers of messages on Telegram": "numbers of Telegram messages",
    "keyed digest of a network address": "addresses (IP)",
    "what a referral says": "a referral that somebody chose",
    "the same, when its sender": "a referral that somebody chose",
    "the same, without a receipt": "a referral that somebody chose",
    "unit, weeks, state": "its unit, weeks, state",
    "receipt |": "the receipt of a referral",
    "counts of wrong receipts": "how many receipts were wrong",
    "how many tries": "how many tries of receipts",
    "mistakes of a conversation": "how many wrong receipts",
    "a unit's earlier keys": "a unit's earlier keys",
    "marks |": "marks:",
    "key that tells one person": "marks not yet",
    "marks not yet written": "marks not yet",
    "releases": "releases",
}
"""What a row of the retention schedule begins with -> the row of the page that says it."""

SAID_BELOW = {"what reached its end": "at most 1 minute late", "logs": "**Logs** hold"}
"""Rows of the retention schedule that the page says in a sentence."""


def test_everything_in_the_retention_schedule_is_on_the_page():
    """What is kept somewhere, and is not on the page, is not known to who reads it."""
    schedule = (ROOT / "docs" / "governance" / "retention.md").read_text(encoding="utf-8")
    unmet, met = [], set()
    for section in schedule.split("\n## ")[1:]:
        if section.partition("\n")[0] in NOT_OF_PEOPLE:
            continue
        for line in re.findall(r"^\| (?!what \|)(.*)$", section, re.MULTILINE):
            begins = next((b for b in {**WITHIN, **SAID_BELOW} if line.startswith(b)), None)
            met.add(begins)
            if begins in WITHIN:
                assert row(WITHIN[begins])[1]
            elif begins is None or SAID_BELOW[begins] not in PROSE:
                unmet.append(line)
    assert unmet == []
    assert met == {*WITHIN, *SAID_BELOW}


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

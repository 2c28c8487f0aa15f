"""docs/referrals.md claims what tests show, and its numbers are those of the code."""

import re
import subprocess
import sys

import pytest

from bot.governance.named_tests import every_test
from bot.paths import ROOT
from bot.privacy.lifetimes import DELETABLE_SECONDS, HOUR, LIFE_SECONDS
from bot.referrals import desk, expiry, guessing, kdf, keys, sealing, weeks
from bot.referrals.receipts import DIGITS

PAGE = (ROOT / "docs" / "referrals.md").read_text(encoding="utf-8")
PROSE = re.sub(r"\s+", " ", PAGE)

THIEVES = ("database", "running server", "laptop", "phone", "nosy insider")


def test_every_claim_is_shown_by_a_test_that_exists():
    claims = re.findall(r"^\| (.+) \| (`tests/.+`) \|$", PAGE, re.MULTILINE)
    assert len(claims) > 20
    named = [name for _, shown in claims for name in re.findall(r"`([^`]+)`", shown)]
    assert [name for name in named if name not in every_test()] == []
    part = PAGE.split("## Who learns what")[1].split("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("| ")]
    headers = [row for row in rows if row == "| claim | shown by |"]
    assert len(rows) == len(claims) + len(headers), "a claim without a test"


@pytest.mark.parametrize("thief", THIEVES)
def test_of_each_thief_it_says_what_cannot_be_helped(thief):
    (part,) = [p for p in re.split(r"^### ", PAGE, flags=re.M)[1:] if thief in p.splitlines()[0]]
    assert "**Cannot be helped.**" in part


@pytest.mark.parametrize(
    "told",
    [
        f"each for {kdf.RECEIPT_COST.memory >> 20} MB and twelve passes",
        f"each for {kdf.PASSPHRASE_COST.memory >> 20} MB and three passes",
        f"has {keys.SHORTEST_PASSPHRASE} characters or more",
        f"touched every {expiry.EVERY_SECONDS // 60} minutes",
        f"read again every {desk.KEYS_SECONDS} seconds",
        f"one try every {guessing.REFILL_SECONDS} seconds",
        f"not older than {DELETABLE_SECONDS // HOUR} hours",
        "padded to {}, {} or {} kB".format(*(size >> 10 for size in sealing.TEXT_CLASSES)),
        "a ticket or reply to {}, {} or {} kB".format(
            *(size >> 10 for size in sealing.ENVELOPE_CLASSES)
        ),
    ],
)
def test_a_number_is_that_of_the_code(told):
    assert told in PROSE


def test_the_numbers_in_words_are_those_of_the_code():
    assert (weeks.LIFE_WEEKS, DIGITS) == (12, 16)
    assert (kdf.RECEIPT_COST.passes, kdf.PASSPHRASE_COST.passes) == (12, 3)
    assert (guessing.BURST, guessing.SLOWEST_SECONDS) == (20, 10)
    assert LIFE_SECONDS == 60 * 60


def test_referrals_bring_no_rasa_into_the_dashboard():
    heavy = "[m for m in ('rasa', 'spacy', 'tensorflow') if m in sys.modules]"
    modules = sorted(p.stem for p in (ROOT / "bot" / "referrals").glob("*.py"))
    imports = "; ".join(f"import bot.referrals.{name}" for name in modules if name[0] != "_")
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {imports}; print({heavy})"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == "[]\n", done.stderr

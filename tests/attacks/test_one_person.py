"""One person, thirteen conversations: rules about counts do not know how many people are behind.

The assistant knows nobody again, so each of these conversations is a contributor. That is the
decision of docs/decisions/0016-nobody-is-known-again.md, and its price is stated here.
"""

from dataclasses import replace
from math import ceil

import pytest

from bot.channels.telegram_answers import CHANNEL
from bot.privacy.lifetimes import HOUR, KEY_ROTATION_SECONDS, MOST_NAMES_A_DAY
from bot.privacy.pseudonyms import Pseudonyms
from bot.trends.counting import Counting
from bot.trends.disclosure import Rules
from bot.trends.marks import Marks
from bot.trends.recorder import TrendsRecorder
from tests.attacks.conftest import lived
from tests.attacks.test_fake_chats import AT, FACET, VALUE, about_it, nobody_about_it
from tests.clocks import Clock

MOST_HIDDEN = Rules().suppress
DAY = 24 * HOUR


@pytest.mark.parametrize(("conversations", "figure"), [(12, None), (13, 15), (18, 20)])
def test_one_person_in_thirteen_conversations_is_published_as_fifteen(
    conversations, figure, tmp_path
):
    """The limit that docs/trends.md states, through the recorder and the freeze."""
    one = about_it(1, "one person")[0]
    often = [replace(one, number=number) for number in range(1, conversations + 1)]
    released = lived(tmp_path, [*nobody_about_it(), *often]).windows
    march = [r for r in released if AT[0] in {str(month) for month in r.window.months()}]
    assert [release.tables[FACET][VALUE] for release in march] == [figure]
    assert len({visit.person for visit in often}) == 1


def test_a_release_does_not_tell_one_person_from_thirteen(tmp_path):
    """The other side of it: nobody sees in it that it was one, nor who."""
    rest, number = nobody_about_it(), MOST_HIDDEN + 1
    one = about_it(1, "one person")[0]
    alone = lived(tmp_path / "one", [*rest, *(replace(one, number=n) for n in range(number))])
    many = lived(tmp_path / "many", [*rest, *about_it(number, "somebody")])
    assert alone.windows == many.windows


def names_of_somebody(seconds: int, every: int) -> list[str]:
    """Return what somebody's conversations on Telegram are called, who writes again and again.

    The first key is a second short of its rotation when they begin.
    """
    clock = Clock()
    names = Pseudonyms(clock)
    names.of(CHANNEL, "somebody else")
    found = []
    for at in range(0, seconds, every):
        clock.now = KEY_ROTATION_SECONDS - 1 + at
        found.append(names.of(CHANNEL, "5"))
    return found


def test_on_telegram_somebody_counts_as_often_a_day_as_is_said(tmp_path):
    """Three names in a day, each a contributor; the pages say so by `MOST_NAMES_A_DAY`."""
    names = names_of_somebody(DAY, every=2 * HOUR)
    assert len(set(names)) == MOST_NAMES_A_DAY == 3
    url, month = f"sqlite:///{tmp_path / 'marks.db'}", AT[0]
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), lambda: month, 3600)
    one = about_it(1, "one person")[0]
    for name in names:
        for event in one.events():
            recorder.publish({**event, "sender_id": name})
    assert recorder.write_now()
    recorder.stop()
    store = Marks.open(url)
    assert store.counts([month])[month, FACET, VALUE] == MOST_NAMES_A_DAY
    store.close()


def test_on_telegram_thirteen_counts_take_one_person_a_week():
    enough = MOST_HIDDEN + 1
    days = ceil((enough - 1) * KEY_ROTATION_SECONDS / DAY)
    assert days <= 7
    assert len(set(names_of_somebody(7 * DAY, every=2 * HOUR))) >= enough

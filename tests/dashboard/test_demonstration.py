"""The demonstration's figures: real talks in place of invented visits, made anew when due."""

import html
import re
from collections import Counter
from datetime import date
from random import Random

import pytest

from bot.dashboard import demonstration
from bot.dashboard.demonstration import UPTAKE, Talker, build_all, made_of, with_talks
from bot.dashboard.invented import recipe
from bot.dashboard.names import value_name
from bot.trends import synthetic
from bot.trends.counting import Counting
from bot.trends.marks import Marks
from bot.trends.recorder import TrendsRecorder

MONTH = "2025-04"


def small_year():
    return list(synthetic.synthetic_year(2_000, UPTAKE, 2025, Random(2_000)))


@pytest.fixture
def talker(agent, loop) -> Talker:
    """Return somebody who talks to the real agent."""
    return Talker(agent, loop.run)


@pytest.fixture
def month(tmp_path):
    """Return the recorder of one month, and what it counted."""
    url = f"sqlite:///{tmp_path / 'marks.db'}"
    recorder = TrendsRecorder(lambda: Marks.open(url), Counting(), lambda: MONTH, 3600)

    def counted() -> dict[tuple[str, str], int]:
        assert recorder.write_now(120)
        store = Marks.open(url)
        found = {(f, v): n for (_, f, v), n in store.counts((MONTH, MONTH[:4])).items()}
        store.close()
        return found

    yield recorder, counted
    recorder.stop()


def test_talks_stand_in_for_visits_and_no_month_has_more_people():
    visits = small_year()
    stay, held = with_talks(visits)
    before = Counter(visit.month for visit in visits)
    after = Counter(visit.month for visit in stay)
    assert {m: after[m] + len(held[m]) for m in before} == dict(before)
    for talks in held.values():
        assert len(talks) == len(set(talks)) == recipe()["talks_a_month"]


def test_no_talk_is_a_large_part_of_a_small_year():
    _, held = with_talks(small_year())
    times = Counter(talk for talks in held.values() for talk in talks)
    assert len(times) == len(recipe()["talks"]) >= 10
    assert max(times.values()) <= 0.03 * len(small_year())


def test_a_month_with_real_talks_has_as_many_people_as_were_invented(talker, month):
    """The real agent, and the recorder throughout."""
    recorder, counted = month
    stay, held = with_talks(small_year())
    for visit in stay:
        if visit.month == MONTH:
            for event in visit.events():
                recorder.publish(event)
    talker.hold(held[MONTH], recorder)
    found = counted()
    assert found["people", "any"] == sum(visit.month == MONTH for visit in small_year())


def test_the_real_agent_takes_different_things_from_every_talk(talker, month):
    recorder, counted = month
    talks = [tuple(talk) for talk in recipe()["talks"]]
    talker.hold(talks, recorder)
    found = counted()
    assert found["people", "any"] == found["channel", "web"] == len(talks)
    assert found["way", "listened"] >= 0.8 * len(talks)
    for facet, least in (("concern", 6), ("pattern", 4), ("question", 5), ("stage", 2)):
        assert sum(1 for f, _ in found if f == facet) >= least, facet
    assert found["way", "saw_contact"]
    assert ("help_card", "any") not in found


def test_the_change_that_was_planted_is_stated(talker, serve, tmp_path):
    """The demonstration of 8,000 as it is built: the page "Change" opens with it."""
    folder = tmp_path / "2025-8000"
    demonstration._build(8_000, 2025, folder, talker)
    planted = synthetic.recipe()["changes"][0]
    name = value_name(planted["facet"], planted["value"])
    served = serve(folder, demo=True, staff_database=f"sqlite:///{tmp_path / 'staff.db'}")
    with served.browser() as client:
        page = html.unescape(client.get("/change").text)
    stated = re.search(
        rf"<strong>{name}</strong>: <strong>fell by at least (\d+) points</strong>", page
    )
    assert stated
    assert int(stated[1]) >= 5
    assert "Nothing changed by more than rounding" not in page


def test_figures_of_another_recipe_are_made_anew(tmp_path, monkeypatch):
    """A kept folder is used as long as it is of the same recipe, talks and vocabulary."""
    monkeypatch.setattr(demonstration, "FOLDER", tmp_path)
    made = []
    monkeypatch.setattr(Talker, "load", classmethod(lambda cls: cls(None, None)))

    def build(size, year, folder, talker):
        made.append(size)
        folder.mkdir(parents=True)

    monkeypatch.setattr(demonstration, "_build", build)
    year = date.today().year - 1
    first = build_all(year, lambda _: None)
    assert build_all(year, lambda _: None) == first
    assert made == [2_000, 8_000]
    assert [int(folder.name.split("-")[1]) for folder in first] == made
    other = tmp_path / "synthetic.yml"
    other.write_text(synthetic.RECIPE.read_text(encoding="utf-8") + "# changed\n")
    kept = made_of()
    monkeypatch.setattr(synthetic, "RECIPE", other)
    assert made_of() != kept
    again = build_all(year, lambda _: None)
    assert made == [2_000, 8_000] * 2
    assert sorted(tmp_path.glob("*-*")) == sorted(again)
    monkeypatch.setattr(demonstration, "every_mark", lambda: (("people", "any"),))
    assert made_of() not in (kept, again[0].name.split("-")[2])


def test_figures_of_other_talks_are_made_anew(monkeypatch):
    kept = made_of()
    changed = {**recipe(), "talks": recipe()["talks"][1:]}
    monkeypatch.setattr(demonstration, "recipe", lambda: changed)
    assert made_of() != kept

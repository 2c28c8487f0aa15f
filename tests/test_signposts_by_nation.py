"""Each nation's own services: what a route names, and what its sentences may fill in."""

from datetime import date

import pytest
from rasa_sdk import Tracker

from actions import crisis_numbers as crisis_numbers_module
from actions.crisis_numbers import SPEAKING_UP, crisis_numbers
from actions.services import service_lines
from bot.deanery import NATIONS, signposts
from bot.nlu.routes import EMERGENCY, routes
from tests.test_first_bubble import DEANERIES

KINDS = {
    "raising a concern": SPEAKING_UP[:-1],
    "abuse at home": (
        "domestic_abuse_england",
        "domestic_abuse_scotland",
        "live_fear_free",
        "domestic_abuse_ni",
    ),
    "sexual violence": (
        "sexual_abuse_support_line",
        "rape_crisis_scotland",
        "domestic_abuse_ni",
    ),
    "nowhere to live": (
        "shelter_england",
        "shelter_scotland",
        "shelter_cymru",
        "housing_executive_ni",
    ),
}
"""What every nation has -> the entries, each for the nations that it serves."""


def told_in(nation):
    """Return the tracker of somebody whose nation is known."""
    slots = {"deanery": DEANERIES.get(nation)}
    return Tracker("somebody", slots, {}, [], False, None, {}, "action_listen")


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("route", routes())
def test_a_route_names_no_other_nations_services(route, nation):
    lines = service_lines(told_in(nation), route).splitlines()
    by_line = {f"{post.name}: {post.value}": post for post in signposts().values()}
    for line in lines:
        assert nation in by_line[line].nations
        assert by_line[line].shown(date.today())


@pytest.mark.parametrize(("kind", "keys"), KINDS.items(), ids=KINDS.keys())
def test_every_nation_has_one_of_each_kind(kind, keys):
    served = [nation for key in keys for nation in signposts()[key].nations]
    assert sorted(served) == sorted(NATIONS)


def test_who_helps_to_raise_a_concern_is_named_for_the_nation():
    named = {nation: crisis_numbers(told_in(nation))["speak_up"] for nation in (*NATIONS, None)}
    assert named == {
        "england": signposts()["speak_up_guardian"].name,
        "scotland": signposts()["inwo"].name,
        "wales": signposts()["speaking_up_wales"].name,
        "northern_ireland": signposts()["raising_concerns_ni"].name,
        None: signposts()["protect"].name,
    }


def test_a_register_without_a_nations_entry_names_who_serves_all(monkeypatch):
    register = {key: post for key, post in signposts().items() if key != "inwo"}
    monkeypatch.setattr(crisis_numbers_module, "signposts", lambda: register)
    assert crisis_numbers(told_in("scotland"))["speak_up"] == register["protect"].name


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("route", [route for route in routes() if route != EMERGENCY])
def test_every_route_names_somebody_in_every_nation(route, nation):
    assert service_lines(told_in(nation), route)


@pytest.mark.parametrize("nation", NATIONS)
@pytest.mark.parametrize("route", ["patient_risk", "discrimination", "bullying"])
def test_who_helps_to_raise_a_concern_there_is_among_those_named(route, nation):
    name = crisis_numbers(told_in(nation))["speak_up"]
    assert f"{name}: " in service_lines(told_in(nation), route)

"""An invented year of conversations, as the events that the recorder would receive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bot.trends.groups import groups
from bot.trends.labels import LABELS

RECIPE = Path(__file__).with_name("synthetic.yml")

ACTION_OF_WAY = {
    "listened": "action_reply_to_talk",
    "asked_about_unit": "action_tell_about_unit",
    "took_message": "action_message",
    "said_not_now": "action_not_now",
}
ASKS_CONTACT = "ask_how_to_contact"
CONTACT, CARD = "utter_contact_card:0", "utter_crisis_card:0"

Event = dict[str, Any]


@dataclass(frozen=True)
class Visit:
    """One invented person's conversation."""

    month: str
    person: str
    channel: str
    values: Mapping[str, tuple[str, ...]]
    """Facet -> values, in the order in which they come up."""
    card: bool
    number: int = 1
    """Which of the person's conversations of the month it is."""

    def events(self) -> Iterator[Event]:
        """Yield the wiped events of the conversation, as the tracker store streams them."""
        yield self._user("open_conversation")
        labels = {f: list(self.values[f]) for f in ("stage", "pattern", "concern")}
        yield self._user("share", {name: found for name, found in labels.items() if found})
        ways = self.values["way"]
        yield from (
            self._event("action", name=ACTION_OF_WAY[w]) for w in ways if w != "saw_contact"
        )
        yield from (self._user(question) for question in self.values["question"])
        for band in self.values["grade"]:
            yield self._user("inform", {"grade": [groups().grade[band][0]]})
        for group in self.values["specialty"]:
            yield self._user("inform", {"specialty": [groups().specialty[group][0]]})
        said = [CONTACT] if "saw_contact" in ways else []
        said += [CARD] if self.card else []
        if said:
            yield self._event("bot", metadata={"said": said})

    def _user(self, intent: str, labels: Mapping[str, list[str]] | None = None) -> Event:
        return self._event(
            "user",
            input_channel=self.channel,
            parse_data={"intent": {"name": intent}},
            metadata={LABELS: dict(labels)} if labels else {},
        )

    def _event(self, kind: str, **more: Any) -> Event:
        conversation = f"{self.person}, {self.month}, {self.number}"
        return {"sender_id": conversation, "event": kind, **more}


@cache
def recipe() -> Mapping[str, Any]:
    """Return what the year is made of."""
    with RECIPE.open(encoding="utf-8") as file:
        return yaml.safe_load(file)


def synthetic_year(trainees: int, uptake: float, year: int, random: Random) -> Iterator[Visit]:
    """Yield the visits of a year, months in their order.

    Each trainee comes with the probability `uptake`. Some of them come in a second month, and some
    several times in a month: the recorder cannot know them again, and counts each conversation.
    """
    months: list[list[str]] = [[] for _ in range(12)]
    for number in range(trainees):
        if random.random() < uptake:
            times = 2 if random.random() < recipe()["again"] else 1
            for _ in range(times):
                at = random.choices(range(12), recipe()["seasons"])[0]
                months[at].append(f"person {number}")
    conversations = [
        (f"{year}-{at + 1:02}", person, number)
        for at, people in enumerate(months)
        for person in sorted(set(people))
        for number in range(1, 2 + _more(random))
    ]
    for month, person, number in conversations:
        yield visit(month, person, random, number)


def _more(random: Random) -> int:
    """Return how many conversations more somebody has in a month in which they come."""
    if random.random() >= recipe()["often"]:
        return 0
    return random.choices((1, 2, 3), recipe()["oftener"])[0]


def visit(month: str, person: str, random: Random, number: int = 1) -> Visit:
    """Return one invented visit."""
    values = {
        facet: _some(facet, int(month[-2:]), random)
        for facet in ("concern", "stage", "pattern", "question")
    }
    ways = {way for way, share in recipe()["way"].items() if random.random() < share}
    if ASKS_CONTACT in values["question"]:
        ways.add("saw_contact")  # it is the answer
    offers = random.random() < recipe()["offers_grade"] and groups().grade
    bands = [band for band in recipe()["grade"] if band in groups().grade]
    grade = (random.choice(bands),) if offers and bands else ()
    specialties = list(groups().specialty)
    offers = random.random() < recipe()["offers_specialty"] and specialties
    specialty = (random.choice(specialties),) if offers else ()
    channels = recipe()["channel"]
    channel = random.choices(list(channels), list(channels.values()))[0]
    card = random.random() < recipe()["help_card"]
    return Visit(
        month,
        person,
        channel,
        {
            **values,
            "way": tuple(w for w in recipe()["way"] if w in ways),
            "grade": grade,
            "specialty": specialty,
        },
        card,
        number,
    )


def _some(facet: str, month: int, random: Random) -> tuple[str, ...]:
    weights = dict(recipe()[facet])
    for change in recipe()["changes"]:
        if change["facet"] == facet and month >= change["month"]:
            weights[change["value"]] *= change["times"]
    number = random.choices(range(4), recipe()["values"])[0]
    found: list[str] = []
    while len(found) < number:
        value = random.choices(list(weights), list(weights.values()))[0]
        if value not in found:
            found.append(value)
    return tuple(found)

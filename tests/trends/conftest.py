"""Stores of marks on SQLite and PostgreSQL, and a recorder whose month can be set."""

from dataclasses import dataclass, field

import pytest

from bot.trends.counting import Counting
from bot.trends.marks import Marks
from bot.trends.recorder import TrendsRecorder
from tests.databases import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path) -> str:
    """Return the URL of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'marks.db'}"
    return new_database(request.getfixturevalue("postgresql_server"))


@pytest.fixture
def store(url):
    """Return an empty store of marks."""
    opened = Marks.open(url)
    yield opened
    opened.close()


@dataclass
class Month:
    """A clock that stands still until it is set."""

    now: str = "2026-05"

    def __call__(self) -> str:
        """Return the month."""
        return self.now


@pytest.fixture
def month() -> Month:
    """Return the recorder's clock."""
    return Month()


@pytest.fixture
def recorder(url, month):
    """Return a recorder with keys of its own, that writes when it is told to."""
    made = TrendsRecorder(lambda: Marks.open(url), Counting(), month, write_seconds=3600)
    yield made
    made.stop()


@dataclass
class Said:
    """Makes the wiped events of turns, as the tracker store streams them."""

    conversation: str
    channel: str = "web"
    events: list = field(default_factory=list)

    def user(self, intent: str, **labels) -> "Said":
        """Add a message."""
        metadata = {"labels": labels} if labels else {}
        return self._add(
            event="user",
            input_channel=self.channel,
            parse_data={"text": "", "entities": [], "intent": {"name": intent}},
            metadata=metadata,
        )

    def action(self, name: str) -> "Said":
        """Add an action that ran."""
        return self._add(event="action", name=name)

    def bot(self, *said: str) -> "Said":
        """Add a bubble, by the ids of what it was made of."""
        return self._add(event="bot", metadata={"said": list(said)})

    def reset(self) -> "Said":
        """Add the wish to be forgotten, carried out."""
        return self._add(event="reset_slots")

    def to(self, recorder: TrendsRecorder) -> None:
        """Publish and write everything."""
        for event in self.events:
            recorder.publish(event)
        assert recorder.write_now()

    def _add(self, **event) -> "Said":
        self.events.append({"sender_id": self.conversation, "timestamp": 1.0, **event})
        return self

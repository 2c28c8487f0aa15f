"""Where a turn goes: the program as `sidedoor run` starts it, its seams timed from outside.

.venv/bin/python -m benchmarks.against_stock.turn_profile   prints the table alone

One person at a time writes to it over HTTP. Of each part its own seconds are taken, without those
of other parts that it calls, so that they add up to what the person waits.
"""

from __future__ import annotations

import asyncio
import functools
import json
import sys
import tempfile
import time
import timeit
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.against_stock.measuring import talk
from benchmarks.against_stock.ours import serve
from benchmarks.against_stock.servers import Ours

HTTP = "HTTP, the chat's token and limits, and whoever asks"
CHANNEL = "the channel: what is in confidence, the conversation's lock, bubbles and buttons"
HAND_OVER = "hand-over to the thread that recognises, and back"
TIDYING = "cleaning, slips of the fingers, spaCy"
ENCODER = "the encoder, with its tokenizer"
REST_OF_RECOGNITION = "the rest of recognition: patterns, heads, risk, signs, harms"
POLICIES = "predicting actions: the policies"
AROUND_ACTIONS = "running actions: Rasa's own steps around them"
OWN_CODE = "running actions: their own code"
WORDING = "running actions: wording what they say"
STATE = "the conversation's state: fetched, wiped, streamed, held"
REST = "not accounted for: what else Rasa does for a message"

CALLS = "calls"
"""Beside a turn's parts: how many calls were timed in it."""

TURNS = 40
"""Messages of one conversation, as in the blocks of one chat."""


@dataclass(frozen=True)
class TurnProfile:
    """Part -> seconds of a turn of median length, of how many turns, and seconds of the timing."""

    parts: dict[str, float]
    turns: int
    timing: float

    @property
    def whole(self) -> float:
        """Seconds of the turn."""
        return sum(self.parts.values())


class Stopwatch:
    """Adds up each part's own seconds, turn by turn.

    Turns come one after another, and what hands work to another thread waits for it. So the parts
    that are open lie within each other, whatever threads they are in.
    """

    def __init__(self) -> None:
        """Start without a turn."""
        self.turns: list[Counter[str]] = []
        self._turn: Counter[str] = Counter()
        self._open: list[list[float]] = []

    def time(self, place: Any, name: str, part: str) -> None:
        """Have every call of `name` in `place`, a class or module, timed as `part`."""
        setattr(place, name, self.timed(getattr(place, name), part))

    def timed(self, function: Callable[..., Any], part: str) -> Callable[..., Any]:
        """Return `function`, timed as `part`."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self._begin()
            try:
                return function(*args, **kwargs)
            finally:
                self._end(part)

        @functools.wraps(function)
        async def await_call(*args: Any, **kwargs: Any) -> Any:
            self._begin()
            try:
                return await function(*args, **kwargs)
            finally:
                self._end(part)

        return await_call if asyncio.iscoroutinefunction(function) else call

    def by_turn(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        """Return `ask`, which answers somebody, with each message that it answers a turn."""

        async def turn(*args: Any, **said: Any) -> Any:
            self._turn = Counter()
            answer = await ask(*args, **said)
            if said.get("text") is not None:  # an opening is none
                self.turns.append(self._turn)
            return answer

        return turn

    def _begin(self) -> None:
        self._open.append([0.0, time.perf_counter()])

    def _end(self, part: str) -> None:
        within, began = self._open.pop()
        elapsed = time.perf_counter() - began
        self._turn[part] += elapsed - within  # type: ignore[assignment]
        self._turn[CALLS] += 1
        if self._open:
            self._open[-1][0] += elapsed

    def cost(self, number: int = 500) -> float:
        """Return the seconds that timing one call takes, where nothing else interrupts it."""
        nothing = self.timed(lambda: None, CALLS)
        return min(timeit.repeat(nothing, number=number, repeat=20)) / number


def _serve_timed(note: Path) -> None:
    """Serve with every part timed, until stopped; then write the turns into `note`."""
    from bot.privacy.memory import overwrite_freed_memory

    overwrite_freed_memory()  # now, as it starts this process again
    import bot.channels.web as web
    from bot.dialogue.actions import InProcessActions
    from bot.dialogue.state import EphemeralTrackerStore
    from bot.dialogue.wording import Wording
    from bot.nlu.embeddings import SentenceEmbeddings
    from bot.nlu.encoder import SentenceEncoder
    from bot.nlu.language import SpacyLanguage
    from bot.recognition import Processor, Recognition

    watch = Stopwatch()
    for place, name, part in (
        (web, "ask_agent", CHANNEL),
        (Recognition, "of", HAND_OVER),
        (Processor, "parse_together", REST_OF_RECOGNITION),
        (SpacyLanguage, "process", TIDYING),
        (SentenceEmbeddings, "process", TIDYING),
        (SentenceEncoder, "encode", ENCODER),
        (Processor, "handle_message", REST),
        (Processor, "predict_next_with_tracker_if_should", POLICIES),
        (Processor, "run_action_extract_slots", AROUND_ACTIONS),
        (Processor, "_run_action", AROUND_ACTIONS),
        (InProcessActions, "request", OWN_CODE),
        (Wording, "generate", WORDING),
        (EphemeralTrackerStore, "retrieve", STATE),
        (EphemeralTrackerStore, "save", STATE),
    ):
        watch.time(place, name, part)
    web.ask_agent = watch.by_turn(web.ask_agent)
    try:
        serve()
    finally:
        note.write_text(json.dumps({"turns": watch.turns, "cost": watch.cost()}), "ascii")


class Profiled(Ours):
    """Sidedoor, timed."""

    @property
    def note(self) -> Path:
        """Where the turns are when it has stopped."""
        return self.folder / "turns.json"

    def command(self) -> tuple[list[str], dict[str, str], Path]:
        """As ours, from here."""
        _, settings, place = super().command()
        command = [sys.executable, "-m", "benchmarks.against_stock.turn_profile", str(self.note)]
        return command, settings, place


async def profile_turns(folder: Path, conversations: int) -> TurnProfile:
    """Start it, lead so many conversations of `TURNS` messages, and return where they went."""
    server = Profiled("profiled", folder)
    waited: list[float] = []
    try:
        await server.start()
        await talk(server, 1, 16, "warm")
        for number in range(conversations):
            waited += (await talk(server, 1, TURNS, f"profile {number}")).answers
    finally:
        server.stop()
    noted = json.loads(server.note.read_text("ascii"))
    return _middle(waited, noted["turns"][-len(waited) :], noted["cost"])


def _middle(waited: list[float], turns: list[dict[str, float]], cost: float) -> TurnProfile:
    """Return the mean of the middle half of `turns` by what was `waited` for each.

    Medians of the parts would not add up.
    """
    order = sorted(range(len(waited)), key=waited.__getitem__)
    middle = order[len(order) // 4 : len(order) - len(order) // 4]

    def mean(values: list[float]) -> float:
        return sum(values) / len(middle)

    inside = (
        CHANNEL, HAND_OVER, TIDYING, ENCODER, REST_OF_RECOGNITION, POLICIES, AROUND_ACTIONS,
        OWN_CODE, WORDING, STATE, REST,
    )  # fmt: skip
    parts = {part: mean([turns[n].get(part, 0.0) for n in middle]) for part in inside}
    outside = mean([waited[n] for n in middle]) - sum(parts.values())
    timing = cost * mean([turns[n][CALLS] for n in middle])
    return TurnProfile({HTTP: outside, **parts}, len(waited), timing)


def profile_table(profile: TurnProfile) -> list[str]:
    """Return the table's lines."""
    rows = [
        f"| {part} | {1000 * seconds:.2f} | {seconds / profile.whole:.0%} |"
        for part, seconds in profile.parts.items()
    ]
    whole = f"| the whole | {1000 * profile.whole:.2f} | 100% |"
    return ["| part of a turn | ms | share |", "|---|---|---|", *rows, whole]


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _serve_timed(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            found = asyncio.run(profile_turns(Path(place), 5))
        print(*profile_table(found), sep="\n")
        print(f"\n{found.turns} turns; timing them takes {1000 * found.timing:.2f} ms of each.")

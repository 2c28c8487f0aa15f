"""The recorder: a Rasa event broker that turns wiped events into marks, beside the turns.

`publish` puts the event into a bounded queue and returns. A thread does the rest. It writes to
the database once in `WRITE_SECONDS`, whether anything came or not, so that not even the file's
time tells when somebody talked. A slow or dead database costs marks, never a reply.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, TimeoutError
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.utils.endpoints import EndpointConfig

from bot.privacy.lifetimes import LIFE_SECONDS, MOST_CONVERSATIONS
from bot.settings import settings
from bot.trends.counting import Counting, counting, is_year, period_of, this_month
from bot.trends.marks import Mark, Marks
from bot.trends.observed import (
    FORGETS,
    UNCOUNTED,
    Observed,
    channel_of,
    forgets,
    observed_in,
    takes_part,
)
from bot.trends.vocabulary import HELP_CARD, every_mark, facets

logger = logging.getLogger(__name__)

MOST_WAITING = 20_000
"""Events that wait for the thread; more are not counted."""

MOST_UNWRITTEN = 100_000
"""Marks that wait for the database; more are not counted."""

WRITE_SECONDS = 15 * 60
"""Seconds between two writings."""

RETRY_SECONDS = 60
"""Seconds until the database is tried again after it failed."""

STOP_SECONDS = 10
"""Seconds that stopping waits for the last writing."""

_STOP, _SWEEP = object(), object()


class TrendsRecorder(EventBroker):
    """Counts contributors; named in `endpoints.yml` as the event broker."""

    def __init__(
        self,
        open_marks: Callable[[], Marks],
        keys: Counting | None = None,
        month: Callable[[], str] = this_month,
        write_seconds: float = WRITE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the thread; `open_marks` is called in it when there is something to write.

        `clock` gives seconds; by it a conversation's name is let go of when it has ended.
        """
        self.counting = keys or counting()
        self.lost = 0
        """Events and marks that could not be counted."""
        self._open_marks = open_marks
        self._marks: Marks | None = None
        self._month = month
        self._write_seconds = write_seconds
        self._queue: queue.Queue[Any] = queue.Queue(MOST_WAITING)
        self._clock = clock
        self._taking_part: OrderedDict[str, float] = OrderedDict()
        self._counted: dict[tuple[str, str, bytes], set[str]] = {}
        self._added: set[Mark] = set()
        self._removed: set[Mark] = set()
        self._thread = threading.Thread(target=self._work, name="trends-recorder", daemon=True)
        self._thread.start()

    @classmethod
    async def from_endpoint_config(
        cls, broker_config: EndpointConfig, event_loop: Any = None
    ) -> TrendsRecorder:
        """Make the recorder, as Rasa asks of a broker named in endpoints.yml."""
        url = settings().marks_url
        return cls(lambda: Marks.open(url))

    def publish(self, event: Mapping[str, Any]) -> None:
        """Take one wiped event of a turn; never waits and never raises."""
        if event.get("event") in UNCOUNTED:
            return
        try:
            self._queue.put_nowait((self._month(), event))
        except queue.Full:
            self.lost += 1

    def forget(self, conversation: str) -> None:
        """Take back the marks of a conversation that is to be forgotten; never waits."""
        self.publish({"event": FORGETS, "sender_id": conversation})

    def sweep(self) -> None:
        """Let go of the names of conversations that have ended; called by the server's clock."""
        try:
            self._queue.put_nowait((None, _SWEEP))
        except queue.Full:
            self.lost += 1

    def write_now(self, timeout: float = STOP_SECONDS) -> bool:
        """Have everything taken so far written; return whether that was done in time."""
        written: Future[bool] = Future()
        try:
            self._queue.put((None, written), timeout=timeout)
            return written.result(timeout)
        except (queue.Full, TimeoutError):
            return False

    async def close(self) -> None:
        """Write what is left and stop."""
        self.stop()

    def stop(self) -> None:
        """Write what is left and end the thread."""
        if not self._thread.is_alive():
            return
        try:
            self._queue.put((None, _STOP), timeout=STOP_SECONDS)
        except queue.Full:
            return
        self._thread.join(STOP_SECONDS)

    def _work(self) -> None:
        due = time.monotonic() + self._write_seconds
        while True:
            try:
                month, item = self._queue.get(timeout=max(0.0, due - time.monotonic()))
            except queue.Empty:
                due = time.monotonic() + (self._write_seconds if self._write() else RETRY_SECONDS)
                continue
            if month is not None:
                forgotten = self._taken(month, item)
                del item  # nor is its conversation's name held until the next one comes
                if forgotten:
                    self._write()  # a wish is not left to the next writing
            elif item is _SWEEP:
                self._drop_ended()
            else:
                written = self._write()
                if item is _STOP:
                    self._close()
                    return
                item.set_result(written)

    def _taken(self, month: str, event: Mapping[str, Any]) -> bool:
        """Count an event; return whether a conversation was forgotten by it."""
        try:
            return self._take(month, event)
        except Exception as error:  # the thread goes on; an event holds no words
            self.lost += 1
            logger.error("event not counted: error=%s", type(error).__name__)
            return False

    def _take(self, month: str, event: Mapping[str, Any]) -> bool:
        conversation = str(event.get("sender_id") or "")
        if forgets(event):  # of one that has ended, too: its marks can be found as long as the key
            self._forget(conversation)
            return True
        if takes_part(event):
            if channel_of(event) is None:
                return False
            self._taking_part[conversation] = self._clock()
            self._taking_part.move_to_end(conversation)
            self._drop_ended()
        if conversation not in self._taking_part:
            return False
        for seen in observed_in(event):
            self._count(conversation, month, seen)
        return False

    def _drop_ended(self) -> None:
        """Let go of the names of ended conversations, and of the oldest if there are too many."""
        limit = self._clock() - LIFE_SECONDS
        while self._taking_part:
            used = next(iter(self._taking_part.values()))
            if used > limit and len(self._taking_part) <= MOST_CONVERSATIONS:
                return
            self._taking_part.popitem(last=False)

    def _count(self, conversation: str, month: str, seen: Observed) -> None:
        period = period_of(month, seen.facet)
        facet = facets().get(seen.facet)
        if facet is not None:
            person = self.counting.person(conversation, period)
            counted = self._counted.setdefault((period, seen.facet, person), set())
            if seen.value in counted or len(counted) >= facet.most:
                return
            counted.add(seen.value)
        token = self.counting.token(conversation, period, seen.facet, seen.value)
        if len(self._added) >= MOST_UNWRITTEN:
            self.lost += 1
            return
        self._added.add(Mark(period, seen.facet, seen.value, token))

    def _forget(self, conversation: str) -> None:
        """Take back every mark of the conversation's person in all periods not yet frozen."""
        self._taking_part.pop(conversation, None)
        for period in self.counting.periods():
            person = self.counting.person(conversation, period)
            for facet, value in every_mark():
                if (facet == HELP_CARD) != is_year(period):
                    continue
                token = self.counting.token(conversation, period, facet, value)
                mark = Mark(period, facet, value, token)
                self._added.discard(mark)
                self._removed.add(mark)
            for key in [k for k in self._counted if k[0] == period and k[2] == person]:
                del self._counted[key]

    def _write(self) -> bool:
        """Write what waits; return whether the database took it."""
        month = self._month()
        try:
            if self._marks is None:
                self._marks = self._open_marks()
            self._marks.change(self._added, self._removed, month)
            closed = self._marks.frozen()
        except Exception as error:  # whatever ails the database, conversations go on
            logger.error("marks not written: error=%s", type(error).__name__)
            self._close()
            return False
        self._added.clear()
        self._removed.clear()
        self.counting.destroy(closed)
        living = {month, month[:4]}
        self._counted = {key: v for key, v in self._counted.items() if key[0] in living}
        return True

    def _close(self) -> None:
        if self._marks is not None:
            self._marks.close()
            self._marks = None

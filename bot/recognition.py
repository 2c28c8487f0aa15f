"""Recognition beside the conversations: one thread, and one pass for all messages that wait.

While it works out a message's vector, which releases Python's lock, other conversations go on; and
eight messages read together cost the encoder little more than two read one by one.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelMetadata
from rasa.exceptions import ModelNotFound
from rasa.shared.constants import DEFAULT_SENDER_ID
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT

from bot.dialogue.reading import (
    CHOSEN,
    may_hide_a_question,
    news_and_question,
    question_in,
    read_in_context,
    with_choices,
    with_news_first,
)
from bot.graph import InOrderRunner
from bot.model_storage import ServedModel
from bot.nlu.routes import someone_in_danger

logger = logging.getLogger(__name__)

MOST_TOGETHER = 8
"""Messages of one pass; more would keep the first of them waiting for the last."""

HANGS_SECONDS = 15
"""Seconds of one pass after which it is taken to end never. Eight of the longest messages that a
channel passes on need five on a free core; a turn is given up after 25."""

ParseData = dict[str, Any]


@dataclass
class _Waiting:
    message: UserMessage
    answer: asyncio.Future[ParseData]
    loop: asyncio.AbstractEventLoop


class Recognition:
    """The thread, which ends with the process. It holds a message until it is recognised."""

    def __init__(self, parse: Callable[[list[UserMessage]], list[ParseData]]) -> None:
        """Take what recognises several messages at once."""
        self._parse = parse
        self._queue: queue.SimpleQueue[_Waiting | Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._began: float | None = None
        self.passes = 0
        """Passes that have ended."""

    @property
    def hangs(self) -> bool:
        """Whether the present pass has taken longer than `HANGS_SECONDS`."""
        began = self._began  # another thread's, which may change it meanwhile
        return began is not None and time.monotonic() - began >= HANGS_SECONDS

    async def of(self, message: UserMessage) -> ParseData:
        """Return the parse data of `message`; raises what a component raised."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ParseData] = loop.create_future()
        self._put(_Waiting(message, answer, loop))
        return await answer

    def between(self, work: Callable[[], None]) -> None:
        """Have `work` done by the thread between two messages."""
        self._put(work)

    def _put(self, item: _Waiting | Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="recognition", daemon=True)
            self._thread.start()
        self._queue.put(item)

    def _work(self) -> None:
        while True:
            try:
                self._one_pass()  # its names, and with them the messages, end with it
            except Exception as error:  # of other work; the thread goes on for everybody else
                logger.error("recognition: error=%s", type(error).__name__)
            self._began = None
            self.passes += 1

    def _one_pass(self) -> None:
        waiting: list[_Waiting] = []
        item = self._queue.get()
        self._began = time.monotonic()
        while isinstance(item, _Waiting):
            waiting.append(item)
            if len(waiting) == MOST_TOGETHER:
                break
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                break
        if waiting:
            self._answer(waiting)
        if not isinstance(item, _Waiting):
            item()

    def _answer(self, waiting: list[_Waiting]) -> None:
        try:
            found = self._parse([one.message for one in waiting])
        except Exception as error:  # belongs to whoever asked, and to nobody else of this pass
            if len(waiting) == 1:
                _deliver(waiting[0], error)
                return
            for one in waiting:
                self._answer([one])
            return
        for one, data in zip(waiting, found, strict=True):
            _deliver(one, data)


def _deliver(one: _Waiting, result: ParseData | Exception) -> None:
    def set_result() -> None:
        if one.answer.done():  # given up meanwhile
            return
        if isinstance(result, Exception):
            one.answer.set_exception(result)
        else:
            one.answer.set_result(result)

    try:
        one.loop.call_soon_threadsafe(set_result)
    except RuntimeError:  # the loop has ended, and with it whoever asked
        return


class Processor(MessageProcessor):
    """Rasa's processor, which leaves recognition to a thread of its own."""

    graph_runner: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Load the model, as Rasa's processor does."""
        super().__init__(*args, **kwargs)
        self.recognition = Recognition(self.parse_together)

    @staticmethod
    def _load_model(model_path: str | Path) -> tuple[str, ModelMetadata, GraphRunner]:
        """Load what answering needs of the model. Raises ModelNotFound if it is no archive."""
        path = Path(model_path)
        with TemporaryDirectory() as folder:
            try:
                loaded = load_predict_graph_runner(Path(folder), path, ServedModel, InOrderRunner)
            except tarfile.ReadError:
                raise ModelNotFound(f"{path.name} is no model; run `make train`") from None
        return (path.name, *loaded)

    async def parse_message(
        self,
        message: UserMessage,
        tracker: DialogueStateTracker | None = None,
        only_output_properties: bool = True,
    ) -> ParseData:
        """Return the parse data of `message`, read in the conversation of `tracker`, if any.

        Rasa's own goes on to warn of labels that the domain lacks; `sidedoor check` finds them.
        """
        parsed = await self.recognition.of(message)
        if tracker is None:
            return parsed
        text, slots = str(message.text or ""), tracker.current_slot_values()
        parts = news_and_question(text) if someone_in_danger(slots) else None
        if parts:
            told, asked = [await self.recognition.of(UserMessage(part)) for part in parts]
            parsed = with_news_first(parsed, told, asked, slots)
        parsed = with_choices(parsed, (message.metadata or {}).get(CHOSEN) or (), slots)
        question = question_in(text) if may_hide_a_question(parsed) else None
        after = await self.recognition.of(UserMessage(question)) if question else None
        return read_in_context(parsed, slots, after)

    def parse_together(self, messages: list[UserMessage]) -> list[ParseData]:
        """Return the parse data of each of `messages`, recognised in one pass."""
        target = self.model_metadata.nlu_target
        nobody = DialogueStateTracker(DEFAULT_SENDER_ID, ())
        inputs = {PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: nobody}
        parsed = self.graph_runner.run(inputs, targets=[target])[target]
        empty: ParseData = {TEXT: "", INTENT: {"name": None, "confidence": 0.0}, ENTITIES: []}
        return [{**empty, **one.as_dict(only_output_properties=True)} for one in parsed]

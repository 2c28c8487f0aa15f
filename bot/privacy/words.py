"""spaCy remembers every word it has met, for speed; its memory is thrown away now and then."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable
from typing import Any

from bot.nlu.language import spacy_language
from bot.privacy.lifetimes import WORDS_SECONDS

logger = logging.getLogger(__name__)


class Words:
    """Replaces the language, with its table of words, some time after it met the first new one.

    Patterns stay: they are compiled with a vocabulary of their own, which meets no messages.
    """

    def __init__(self, agent: Any, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the agent whose language is looked after; `clock` gives seconds."""
        self._agent = agent
        self._clock = clock
        self._forgotten = agent.tracker_store.forgotten
        self._known = len(spacy_language().vocab.strings)
        self._since: float | None = None

    def sweep(self) -> None:
        """Begin with an empty table if the present one has held somebody's words for long.

        Or if somebody was to be forgotten: whose its words are is not known. The thread that
        recognises does it, between two messages; conversations go on meanwhile.
        """
        if len(spacy_language().vocab.strings) == self._known:
            return
        if self._since is None:
            self._since = self._clock()
        forgotten = self._agent.tracker_store.forgotten != self._forgotten
        if forgotten or self._clock() - self._since >= WORDS_SECONDS:
            self._since = None
            self._agent.processor.recognition.between(self.renew)

    def renew(self) -> None:
        """Load the language again; it takes a second or two."""
        spacy_language.cache_clear()
        self._known = len(spacy_language().vocab.strings)
        self._since = None
        self._forgotten = self._agent.tracker_store.forgotten
        gc.unfreeze()  # the old language is among what was loaded
        gc.collect()
        gc.freeze()
        logger.info("words thrown away")

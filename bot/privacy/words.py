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
    """Replaces the language, with its table of words, some time after it met the first new one."""

    def __init__(self, agent: Any, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the agent whose language is looked after; `clock` gives seconds."""
        self._agent = agent
        self._clock = clock
        self._known = len(spacy_language().vocab.strings)
        self._since: float | None = None

    def sweep(self) -> None:
        """Begin with an empty table if the present one has held somebody's words for long.

        The thread that recognises does it, between two messages; conversations go on meanwhile.
        """
        if len(spacy_language().vocab.strings) == self._known:
            return
        if self._since is None:
            self._since = self._clock()
        if self._clock() - self._since >= WORDS_SECONDS:
            self._since = None
            self._agent.processor.recognition.between(self.renew)

    def renew(self) -> None:
        """Load the language again, and what was compiled with it; it takes a second or two."""
        spacy_language.cache_clear()
        for component in self._components():
            compile_again = getattr(component, "compile_patterns", None)
            if compile_again is not None:
                compile_again()
        self._known = len(spacy_language().vocab.strings)
        self._since = None
        gc.unfreeze()  # the old language is among what was loaded
        gc.collect()
        gc.freeze()
        logger.info("words thrown away")

    def _components(self) -> list[object]:
        processor = self._agent.processor
        return processor.graph_runner.components if processor else []

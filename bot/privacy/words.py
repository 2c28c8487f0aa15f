"""spaCy remembers every word it has met, for speed; its memory is thrown away now and then."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable

from rasa.core.agent import Agent

from bot.nlu.language import spacy_language
from bot.nlu.risk import RiskDetector
from bot.nlu.risk_patterns import RiskPatterns
from bot.privacy.lifetimes import WORDS_SECONDS

logger = logging.getLogger(__name__)


class Words:
    """Replaces the language, with its table of words, some time after it met the first new one."""

    def __init__(self, agent: Agent, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the agent whose language is looked after; `clock` gives seconds."""
        self._agent = agent
        self._clock = clock
        self._known = len(spacy_language().vocab.strings)
        self._since: float | None = None

    def sweep(self) -> None:
        """Begin with an empty table if the present one has held somebody's words for long."""
        if len(spacy_language().vocab.strings) == self._known:
            return
        if self._since is None:
            self._since = self._clock()
        if self._clock() - self._since >= WORDS_SECONDS:
            self.renew()

    def renew(self) -> None:
        """Load the language again, and what was compiled with it; it takes a second or two."""
        spacy_language.cache_clear()
        for component in self._components():
            if isinstance(component, RiskDetector):
                component._patterns = RiskPatterns.from_file()
        self._known = len(spacy_language().vocab.strings)
        self._since = None
        gc.collect()
        logger.info("words thrown away")

    def _components(self) -> list[object]:
        processor = self._agent.processor
        nodes = getattr(processor.graph_runner, "_instantiated_nodes", {}) if processor else {}
        return [getattr(node, "_component", None) for node in nodes.values()]

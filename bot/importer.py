"""Finds our training data where it lies, so that plain `rasa train` works without flags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import rasa.shared.utils.common
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, METADATA, METADATA_EXAMPLE, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.examples import Example, read_examples
from bot.nlu.taxonomy import FACETS
from bot.paths import DOMAIN, STORIES


class SidedoorImporter(RasaFileImporter):
    """Reads `domain/`, `stories/` and the labelled messages of `nlu_data/messages/`.

    The messages are JSON lines, not Rasa's YAML: Rasa's reader needs minutes for
    thousands of examples, and one line an example keeps changes readable.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
    ) -> None:
        """Ignore Rasa's default paths, which this project does not have."""
        super().__init__(config_file, str(DOMAIN), [str(STORIES)])

    @rasa.shared.utils.common.cached_method
    def get_domain(self) -> Domain:
        """Return the domain merged from every file in `domain/`; a fault stops the training."""
        return Domain.load(str(DOMAIN))

    @rasa.shared.utils.common.cached_method
    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return the rules and stories of `stories/`."""
        return super().get_stories(exclusion_percentage)

    @rasa.shared.utils.common.cached_method
    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return the labelled messages, their labels as example metadata."""
        return training_data(read_examples())


class LabelledMessage(Message):
    """A message whose copies share its values, and whose fingerprint outlives a change to the same.

    Rasa copies all messages a dozen times while it reads them, and takes their fingerprints again
    after each: a fifth of a training. None of the values is ever changed in place.
    """

    def set(self, prop: str, info: Any, add_to_output: bool = False) -> None:
        """Set a property; one that has this value already changes nothing."""
        if self.data.get(prop) != info:
            super().set(prop, info, add_to_output)
        elif add_to_output:
            self.output_properties.add(prop)

    def __deepcopy__(self, memo: dict[int, Any]) -> LabelledMessage:
        """Return a copy with the same values and features."""
        copied = LabelledMessage(
            self.data, set(self.output_properties), self.time, list(self.features)
        )
        copied._cached_fingerprint = self._cached_fingerprint
        return copied


def training_data(examples: Iterable[Example]) -> TrainingData:
    """Return `examples` as Rasa training data."""
    return TrainingData([_message(example) for example in examples])


def _message(example: Example) -> Message:
    signals: dict[str, Any] = {facet: list(getattr(example, facet)) for facet in FACETS}
    signals["risk"] = example.risk
    return LabelledMessage(
        {TEXT: example.text, INTENT: example.intent, METADATA: {METADATA_EXAMPLE: signals}}
    )

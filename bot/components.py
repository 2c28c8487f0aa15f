"""The parts of ours that `config.yml` has to name and that a model has to hold.

Rasa goes on without an importer whose path is mistyped, with a line in the log: it then finds no
messages, and trains a model that recognises nothing, risk to life included. A part that is left
out of the pipeline is not missed at all.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.importers.multi_project import MultiProjectImporter
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.utils.common import class_from_module_path

from bot.dialogue.choices import FormAnswerPolicy
from bot.dialogue.rules import IndexedRules
from bot.dialogue.safety import SafetyPolicy
from bot.importer import SidedoorImporter
from bot.mapping_files import read_mapping
from bot.nlu.choices import ChoiceReader
from bot.nlu.crisis_signs import CrisisSigns
from bot.nlu.embeddings import SentenceEmbeddings
from bot.nlu.harms import HarmDetector
from bot.nlu.intents import IntentClassifier
from bot.nlu.language import SpacyLanguage
from bot.nlu.risk import RiskDetector
from bot.nlu.signals import SignalClassifier

REQUIRED: Mapping[str, tuple[type, ...]] = {
    "importers": (SidedoorImporter,),
    "pipeline": (
        SpacyLanguage,
        ChoiceReader,
        SentenceEmbeddings,
        IntentClassifier,
        SignalClassifier,
        RiskDetector,
        CrisisSigns,
        HarmDetector,
    ),
    "policies": (SafetyPolicy, FormAnswerPolicy, IndexedRules),
}
"""Section of `config.yml` -> the parts of ours in it; nobody is answered without one of them."""

RASAS_IMPORTERS = {kind.__name__: kind for kind in (RasaFileImporter, MultiProjectImporter)}
"""What Rasa calls by a bare name among importers; of other sections it refuses an unknown one."""


class ConfigError(ValueError):
    """`config.yml` names a part that is not there, or lacks one; the message has the mend."""


def check_config(path: Path) -> None:
    """Check that every part that `path` names by module path is there, and that none is lacking.

    Raises:
        ConfigError: at the first entry that is wrong.
    """
    config = read_mapping(path, "sections", ConfigError)
    for section, required in REQUIRED.items():
        entries = config.get(section) or []
        if not isinstance(entries, list):
            raise ConfigError(f"{path.name}: {section} must be a list of parts, each with a name")
        named, wrong = [], []
        for number, entry in enumerate(entries, 1):
            name = entry.get("name") if isinstance(entry, dict) else None
            if not isinstance(name, str):
                raise ConfigError(
                    f"{path.name}: {section}, entry {number} has no name; write `- name: ...`"
                )
            try:
                named.append(_part(section, name))
            except Exception as error:  # whatever an import can raise
                wrong.append((name, " ".join(str(error).split())))
        missing = paths(set(required) - set(named), required)
        if wrong:
            name, reason = wrong[0]
            mend = f"write {missing[0]}" if missing else "correct or remove it"
            raise ConfigError(f"{path.name}: {section} has {name!r} ({reason}); {mend}")
        if missing:
            raise ConfigError(f"{path.name}: {section} lacks {missing[0]}; put it back")


def lacking(components: Iterable[Any]) -> list[str]:
    """Return the module paths of the required parts that a loaded model's graph does not hold."""
    required = REQUIRED["pipeline"] + REQUIRED["policies"]
    return paths(set(required) - {type(component) for component in components}, required)


def paths(parts: Collection[type], order: Iterable[type]) -> list[str]:
    """Return the module paths of `parts`, in the order of `order`."""
    return [f"{part.__module__}.{part.__name__}" for part in order if part in parts]


def _part(section: str, name: str) -> type | None:
    """Return the class that `name` stands for; a bare name of a component is left to Rasa."""
    if section != "importers":
        return class_from_module_path(name) if "." in name else None
    part = RASAS_IMPORTERS.get(name) or class_from_module_path(name)
    if not issubclass(part, TrainingDataImporter):
        raise ConfigError("not an importer")
    return part

"""Loading the trained agent with our own parts, and making sure that they are the ones running."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rasa.core.agent import Agent
from rasa.core.brokers.broker import EventBroker
from rasa.core.lock_store import InMemoryLockStore, LockStore
from rasa.core.nlg.generator import NaturalLanguageGenerator
from rasa.core.tracker_store import TrackerStore
from rasa.core.utils import AvailableEndpoints
from rasa.utils.endpoints import EndpointConfig

from bot.components import lacking
from bot.dialogue.actions import InProcessActions
from bot.dialogue.redis_state import RedisNotFitError, RedisTrackerStore
from bot.dialogue.state import EphemeralTrackerStore
from bot.dialogue.wording import Wording
from bot.mapping_files import read_mapping
from bot.paths import MODELS, ROOT
from bot.privacy.guard import refuse_parts
from bot.recognition import Processor
from bot.settings import settings
from bot.trends.recorder import TrendsRecorder

ENDPOINTS = ROOT / "endpoints.yml"

Part = TypeVar("Part")


class NotOurPartError(RuntimeError):
    """Rasa fell back to a part of its own, or could not load the model."""


class SidedoorAgent(Agent):
    """Rasa's agent with our processor."""

    def load_model(self, model_path: str | Path, fingerprint: str | None = None) -> None:
        """Load a model, and give its domain to the parts.

        Raises:
            NotOurPartError: if the model was trained without a part of ours.
        """
        self.processor = _processor(
            model_path=model_path,
            tracker_store=self.tracker_store,
            lock_store=self.lock_store,
            action_endpoint=self.action_endpoint,
            generator=self.nlg,
        )
        self.domain = self.tracker_store.domain = self.processor.domain
        words: Any = self.nlg
        words.responses = self.domain.responses


def newest_model(folder: Path = MODELS) -> Path:
    """Return the newest trained model.

    Raises:
        NotOurPartError: if there is none.
    """
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise NotOurPartError("there is no trained model; run `make train`")
    return models[-1]


def load_processor(model: Path | None = None) -> Processor:
    """Load the newest model, or `model`, for recognition alone: nothing is said or kept.

    Raises:
        NotOurPartError: if there is no model, it cannot be loaded, or it lacks a part of ours.
    """
    return _load(
        model,
        lambda path: _processor(
            model_path=path,
            tracker_store=EphemeralTrackerStore(),
            lock_store=InMemoryLockStore(),
            generator=Wording(),
        ),
    )


async def load_our_agent(model: Path | None = None, endpoints: Path = ENDPOINTS) -> Agent:
    """Load the newest model, or `model`, with the parts that `endpoints` names.

    Rasa replaces a mistyped module path by a part of its own with no more than a warning;
    here it stops the start, and so does a model that was trained without one of ours. Nor is
    the tracker store wrapped in Rasa's fail-safe one, which would keep people's words in
    memory, for good, once a save fails.

    Raises:
        NotOurPartError: naming the file, the field and what it has to be, or what a model lacks.
        LeakError: naming a part that would send what people write elsewhere.
    """
    refuse_parts(endpoints, read_sections(endpoints))
    named = AvailableEndpoints.read_endpoints(str(endpoints))
    recorder = await _recorder(endpoints.name, named.event_broker)

    def part(field: str, wanted: type[Part], make: Callable[[Any], Any]) -> Part:
        return _our_part(endpoints.name, field, getattr(named, field), wanted, make)

    store = part(
        "tracker_store",
        EphemeralTrackerStore,
        lambda config: TrackerStore.create(config, event_broker=recorder),
    )
    if settings().redis_url:
        store = RedisTrackerStore(settings().redis_url, event_broker=recorder)
    try:
        await store.check()
    except RedisNotFitError as error:
        raise NotOurPartError(str(error)) from None
    agent = SidedoorAgent(
        generator=part(
            "nlg", Wording, lambda config: NaturalLanguageGenerator.create(config, None)
        ),
        tracker_store=store,
        lock_store=part("lock_store", LockStore, LockStore.create),
        action_endpoint=InProcessActions(),
    )
    agent.tracker_store = store
    _load(model, agent.load_model)
    return agent


def read_sections(path: Path) -> dict[str, Any]:
    """Return the sections of a file that names parts by module path.

    Raises:
        NotOurPartError: if the file is missing or is not a mapping in YAML.
    """
    sections = read_mapping(path, "parts", NotOurPartError)
    for name, fields in sections.items():
        if not isinstance(fields, dict | None):
            raise NotOurPartError(f"{path.name}: {name} must be a mapping of fields, or {{}}")
    return sections


def _our_part(
    file: str,
    field: str,
    config: EndpointConfig | None,
    wanted: type[Part],
    make: Callable[[Any], Any],
) -> Part:
    try:
        part = make(config)
    except Exception:  # for some parts Rasa raises, for others it falls back to its own
        part = None
    if not isinstance(part, wanted):
        written = "missing" if config is None else repr(config.type)
        raise NotOurPartError(
            f"{file}: {field} is {written}; its type must be {wanted.__module__}.{wanted.__name__}"
        )
    return part


async def _recorder(file: str, config: EndpointConfig | None) -> TrendsRecorder:
    """Return our recorder: without it, or with another broker, nothing would be counted."""
    try:
        broker = await EventBroker.create(config)
    except Exception:  # whatever it was, the field to mend is the same
        broker = None
    return _our_part(file, "event_broker", config, TrendsRecorder, lambda _: broker)


def _load(model: Path | None, load: Callable[[Path], Part]) -> Part:
    path = model or newest_model()
    try:
        return load(path)
    except NotOurPartError:
        raise
    except Exception as error:  # of a damaged file, or raised by a component as it is made
        reason = " ".join(str(error.__cause__ or error).split())
        raise NotOurPartError(
            f"{path.name} cannot be loaded ({reason}); delete it from models/ and run `make train`"
        ) from None


def _processor(model_path: str | Path, **parts: Any) -> Processor:
    """Return a processor of `model_path` once its graph is known to hold every part of ours."""
    processor = Processor(model_path=model_path, **parts)
    missing = lacking(processor.graph_runner.components)
    if missing:
        raise NotOurPartError(
            f"{Path(model_path).name} was trained without {', '.join(missing)};"
            " put back what config.yml shipped with and run `sidedoor train --force`"
        )
    return processor

"""Loading of a trained model for answering: what training alone needs is left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.local_model_storage import MODEL_ARCHIVE_METADATA_FILE, LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelMetadata, ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain
from rasa.shared.utils.io import read_json_file


class ServedModel(LocalModelStorage):
    """Rasa's storage, without the plan of training.

    Reading that plan imports every class in it, and with the check of the configuration all
    components that Rasa ships, TensorFlow's among them.
    """

    domain: Domain

    @classmethod
    def from_model_archive(
        cls, storage_path: Path, model_archive_path: str | Path
    ) -> tuple[ServedModel, ModelMetadata]:
        """Unpack a model, and hold its domain for `TrainedDomain`."""
        storage, metadata = super().from_model_archive(storage_path, model_archive_path)
        storage.domain = metadata.domain
        return storage, metadata

    @staticmethod
    def _load_metadata(directory: Path) -> ModelMetadata:
        held = read_json_file(directory / MODEL_ARCHIVE_METADATA_FILE)
        for node in held["predict_schema"]["nodes"].values():
            if node["uses"] == _path_of(DomainProvider):
                node["uses"] = _path_of(TrainedDomain)
        return ModelMetadata.from_dict({**held, "train_schema": {"nodes": {}}})


class TrainedDomain(DomainProvider):
    """Rasa's provider, with the domain that the model's metadata holds already.

    Rasa's own reads and checks the same as YAML, which takes most of the loading.
    """

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> DomainProvider:
        """Take the domain from a `ServedModel`, and read it where there is none."""
        if isinstance(model_storage, ServedModel):
            return cls(model_storage, resource, model_storage.domain)
        return super().load(config, model_storage, resource, execution_context, **kwargs)


def _path_of(part: type) -> str:
    return f"{part.__module__}.{part.__name__}"

"""Vectors of the training examples, kept between trainings so that only new ones are computed.

Only examples of `nlu_data/` are kept here; nothing that anybody typed ever is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.nlu.encoder import DIMENSION, SentenceEncoder
from bot.paths import MODELS


def example_vectors(
    texts: Sequence[str], adapter: Path | None, folder: Path = MODELS
) -> np.ndarray:
    """Return the vectors (len(texts), 384) of `texts`, computing those not kept in `folder`."""
    kind = hashlib.sha256(adapter.read_bytes()).hexdigest()[:12] if adapter else "frozen"
    store = folder / f"example_vectors_{kind}.npz"
    keys = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts]
    known = _read(store)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
    if missing:
        vectors = SentenceEncoder(adapter).encode(list(missing.values()))
        known.update(zip(missing, vectors, strict=True))
        _write(store, {key: known[key] for key in keys})
    return np.stack([known[key] for key in keys]) if keys else np.empty((0, DIMENSION))


def _read(store: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(store) as file:
            return dict(zip(file["keys"].tolist(), file["vectors"], strict=True))
    except (OSError, ValueError, KeyError):
        return {}


def _write(store: Path, vectors: dict[str, np.ndarray]) -> None:
    store.parent.mkdir(exist_ok=True)
    partial = store.with_suffix(".partial.npz")
    np.savez(partial, keys=np.array(list(vectors)), vectors=np.stack(list(vectors.values())))
    partial.replace(store)

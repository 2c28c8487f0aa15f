"""MiniLM spelled out in NumPy: what `bot/nlu/encoder.py` is compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

from bot.nlu.encoder import DIMENSION, HEADS, LAYERS, MAX_TOKENS, merge_adapter, weights_folder


class Reference:
    """One text after the other, as the publisher describes the network."""

    def __init__(self, adapter: Path | None = None) -> None:
        """Load the weights, with `adapter` merged in when one is given."""
        self._tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.no_padding()
        self._weights = load_file(str(weights_folder() / "model.safetensors"))
        if adapter is not None:
            merge_adapter(self._weights, load_file(str(adapter)))

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return an array (len(texts), 384) of unit vectors."""
        return np.stack([self._encode(text) for text in texts])

    def _encode(self, text: str) -> np.ndarray:
        ids = self._tokenizer.encode(text).ids
        x = self._weights["embeddings.word_embeddings.weight"][ids]
        x = x + self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        x = x + self._weights["embeddings.token_type_embeddings.weight"][0]
        x = self._normalised(x, "embeddings.LayerNorm")
        for layer in range(LAYERS):
            x = self._layer(x, f"encoder.layer.{layer}")
        pooled = x.mean(0)
        return pooled / np.linalg.norm(pooled)

    def _layer(self, x: np.ndarray, at: str) -> np.ndarray:
        parts = (
            self._linear(x, f"{at}.attention.self.{part}") for part in ("query", "key", "value")
        )
        query, key, value = (
            part.reshape(len(x), HEADS, DIMENSION // HEADS).transpose(1, 0, 2) for part in parts
        )
        scores = query @ key.transpose(0, 2, 1) / np.sqrt(DIMENSION // HEADS)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        seen = (shares @ value).transpose(1, 0, 2).reshape(len(x), DIMENSION)
        x = self._normalised(
            x + self._linear(seen, f"{at}.attention.output.dense"),
            f"{at}.attention.output.LayerNorm",
        )
        hidden = self._linear(x, f"{at}.intermediate.dense")
        hidden = hidden * 0.5 * (1 + erf(hidden / np.sqrt(2)))
        return self._normalised(
            x + self._linear(hidden, f"{at}.output.dense"), f"{at}.output.LayerNorm"
        )

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normalised(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]

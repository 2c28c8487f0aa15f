"""all-MiniLM-L6-v2 in PyTorch, with low-rank adapters on the matrices that `bot` can merge."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

DIMENSION, HEADS, LAYERS = 384, 12, 6
ADAPTED = (
    "attention.self.query",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


def drop(x: Tensor, share: float, training: bool) -> Tensor:
    """Drop features of (messages, tokens, features), the same ones at every token of a message.

    Drawing a number for each token as well takes a fifth of the training time on a processor.
    """
    if not training or not share:
        return x
    kept = torch.rand(x.shape[0], 1, x.shape[2]) >= share
    return x * (kept / (1.0 - share)).to(x.dtype)


class LowRank(nn.Module):
    """A frozen linear map plus a trained product of two thin matrices (Hu et al. 2021, LoRA)."""

    def __init__(
        self, weight: Tensor, bias: Tensor, rank: int, scale: float, dropout: float
    ) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)
        self.a = nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1]))
        self.b = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.scale, self.dropout = scale, dropout

    def forward(self, x: Tensor) -> Tensor:
        low = drop(x, self.dropout, self.training) @ self.a.T
        return functional.linear(x, self.weight, self.bias) + (low @ self.b.T) * self.scale


class Frozen(nn.Module):
    """A frozen linear map."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, x: Tensor) -> Tensor:
        return functional.linear(x, self.weight, self.bias)


class AdaptedEncoder(nn.Module):
    """The encoder with adapters; everything else is frozen."""

    def __init__(self, weights: Path, rank: int, scale: float = 2.0, dropout: float = 0.1) -> None:
        super().__init__()
        tensors = {k: v.float() for k, v in load_file(str(weights)).items()}
        self.dropout = dropout
        for name in (
            "word_embeddings.weight",
            "position_embeddings.weight",
            "token_type_embeddings.weight",
            "LayerNorm.weight",
            "LayerNorm.bias",
        ):
            self.register_buffer(name.replace(".", "_"), tensors[f"embeddings.{name}"])
        self.linear = nn.ModuleDict()
        self.norms: dict[str, tuple[Tensor, Tensor]] = {}
        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            for name in (
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
                "intermediate.dense",
                "output.dense",
            ):
                w, b = tensors[f"{at}{name}.weight"], tensors[f"{at}{name}.bias"]
                key = f"{at}{name}".replace(".", "/")
                self.linear[key] = (
                    LowRank(w, b, rank, scale, dropout) if name in ADAPTED else Frozen(w, b)
                )
            for name in ("attention.output.LayerNorm", "output.LayerNorm"):
                self.norms[f"{at}{name}"] = (
                    tensors[f"{at}{name}.weight"],
                    tensors[f"{at}{name}.bias"],
                )

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return unit vectors (messages, 384) for token `ids` (messages, length)."""
        x = self.word_embeddings_weight[ids] + self.position_embeddings_weight[: ids.shape[1]]
        x = x + self.token_type_embeddings_weight[0]
        x = functional.layer_norm(
            x, (DIMENSION,), self.LayerNorm_weight, self.LayerNorm_bias, 1e-12
        )
        x = drop(x, self.dropout, self.training)
        bias = (mask[:, None, None, :] - 1.0) * 1e9
        for layer in range(LAYERS):
            x = self._layer(f"encoder.layer.{layer}.", x, bias)
        x = x.float()
        pooled = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return functional.normalize(pooled, dim=1)

    def _layer(self, at: str, x: Tensor, bias: Tensor) -> Tensor:
        def linear(name: str, value: Tensor) -> Tensor:
            return self.linear[f"{at}{name}".replace(".", "/")](value)

        def heads(value: Tensor) -> Tensor:
            return value.view(*value.shape[:2], HEADS, -1).transpose(1, 2)

        def norm(name: str, value: Tensor) -> Tensor:
            weight, shift = self.norms[f"{at}{name}"]
            return functional.layer_norm(value.float(), (DIMENSION,), weight, shift, 1e-12)

        query, key, value = (
            heads(linear(f"attention.self.{n}", x)) for n in ("query", "key", "value")
        )
        # PyTorch's fused attention is several times slower than this on short messages.
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        context = (scores.float() + bias).softmax(-1).to(value.dtype) @ value
        context = context.transpose(1, 2).reshape(x.shape)
        out = drop(linear("attention.output.dense", context), self.dropout, self.training)
        x = norm("attention.output.LayerNorm", x + out)
        hidden = functional.gelu(linear("intermediate.dense", x))
        out = drop(linear("output.dense", hidden), self.dropout, self.training)
        return norm("output.LayerNorm", x + out)

    def start_from(self, adapter: dict[str, Tensor]) -> None:
        """Begin with the adapters that `adapter` returned; the rank has to be the same."""
        for key, module in self.linear.items():
            if isinstance(module, LowRank):
                name = key.replace("/", ".")
                module.a.data.copy_(adapter[f"{name}.a"].float())
                module.b.data.copy_(adapter[f"{name}.b"].float() / module.scale)

    def adapter(self) -> dict[str, Tensor]:
        """Return the adapters as `<matrix>.a` and `<matrix>.b`, half precision, scale in `b`."""
        result = {}
        for key, module in self.linear.items():
            if isinstance(module, LowRank):
                name = key.replace("/", ".")
                result[f"{name}.a"] = module.a.detach().half().contiguous()
                result[f"{name}.b"] = (module.b.detach() * module.scale).half().contiguous()
        return result

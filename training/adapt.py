"""The training loop: all labels, intents and risks at once over the adapted encoder."""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

from training.minilm import DIMENSION, AdaptedEncoder
from training.variation import join, joined_pairs, slip

MAX_TOKENS = 160


@dataclass(frozen=True)
class Recipe:
    """The numbers that shape a run."""

    rank: int = 16
    epochs: int = 4
    batch: int = 32
    encoder_rate: float = 8e-4
    head_rate: float = 4e-3
    dropout: float = 0.1
    intent_weight: float = 0.5
    risk_weight: float = 1.0
    head_scale: float = 8.0
    slips: float = 0.3
    """Share of messages typed with slips."""
    joined: float = 0.15
    """Pairs of messages joined to one, as a share of the messages."""
    seed: int = 42


class Model(nn.Module):
    """Encoder and three linear heads: labels (yes or no each), intent (one of), risk (one of)."""

    def __init__(
        self, encoder: AdaptedEncoder, labels: int, intents: int, risks: int, scale: float
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.labels = nn.Linear(DIMENSION, labels)
        self.intents = nn.Linear(DIMENSION, intents)
        self.risks = nn.Linear(DIMENSION, risks)
        self.scale = scale
        nn.init.constant_(self.labels.bias, -3.0)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        vector = self.encoder(ids, mask)
        x = functional.dropout(vector, 0.1, self.training) * self.scale
        return vector, self.labels(x), self.intents(x), self.risks(x)


def batches(lengths: list[int], size: int, shuffle: random.Random | None) -> list[list[int]]:
    """Group indices of like length; shuffled with noise in training."""
    noise = (lambda: shuffle.uniform(0, 6)) if shuffle else (lambda: 0.0)
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + noise())
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    if shuffle:
        shuffle.shuffle(groups)
    return groups


def pad(ids: list[list[int]], chosen: list[int]) -> tuple[Tensor, Tensor]:
    longest = max(len(ids[i]) for i in chosen)
    tokens = torch.zeros(len(chosen), longest, dtype=torch.long)
    mask = torch.zeros(len(chosen), longest)
    for row, i in enumerate(chosen):
        tokens[row, : len(ids[i])] = torch.tensor(ids[i])
        mask[row, : len(ids[i])] = 1
    return tokens, mask


def adapt(
    weights: str,
    tokenizer: str,
    texts: list[str],
    labels: np.ndarray,
    intents: np.ndarray,
    risks: np.ndarray,
    recipe: Recipe,
    report=print,
) -> Model:
    """Train adapters and heads; return the model in evaluation mode.

    `labels` (n, L) 0/1, `intents` and `risks` (n,) class numbers; risks from the most urgent to
    none.
    """
    torch.manual_seed(recipe.seed)
    shuffle = random.Random(recipe.seed)
    encoder = AdaptedEncoder(weights, recipe.rank, dropout=recipe.dropout)
    model = Model(
        encoder, labels.shape[1], int(intents.max()) + 1, int(risks.max()) + 1, recipe.head_scale
    )
    head = [p for n, p in model.named_parameters() if not n.startswith("encoder")]
    thin = [p for n, p in model.named_parameters() if n.startswith("encoder")]
    optimiser = torch.optim.AdamW(
        [{"params": thin, "lr": recipe.encoder_rate}, {"params": head, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    steps = recipe.epochs * math.ceil(len(texts) * (1 + recipe.joined) / recipe.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / (0.06 * steps)) * max(0.02, 1 - s / steps)
    )
    for epoch in range(recipe.epochs):
        model.train()
        started, total = time.time(), 0.0
        pairs = np.array(joined_pairs(texts, intents, recipe.joined, shuffle)).reshape(-1, 2)
        first, second = pairs.T
        typed = [slip(t, shuffle) if shuffle.random() < recipe.slips else t for t in texts]
        typed += [join(texts[i], texts[j], shuffle) for i, j in pairs]
        y = torch.tensor(np.concatenate([labels, labels[first] | labels[second]])).float()
        k = torch.tensor(np.concatenate([intents, intents[first]]))
        # risks are numbered from the most urgent to none, so the lower one holds of both
        r = torch.tensor(np.concatenate([risks, np.minimum(risks[first], risks[second])]))
        ids = tokenise(tokenizer, typed)
        for chosen in batches([len(i) for i in ids], recipe.batch, shuffle):
            tokens, mask = pad(ids, chosen)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                _, label_scores, intent_scores, risk_scores = model(tokens, mask)
            loss = (
                functional.binary_cross_entropy_with_logits(label_scores.float(), y[chosen])
                * labels.shape[1]
                / 4
            )
            loss = loss + recipe.intent_weight * functional.cross_entropy(
                intent_scores.float(), k[chosen]
            )
            loss = loss + recipe.risk_weight * functional.cross_entropy(
                risk_scores.float(), r[chosen]
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(thin, 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        report(
            f"epoch {epoch + 1}/{recipe.epochs}: loss {total / len(typed):.4f},"
            f" {time.time() - started:.0f} s"
        )
    return model.eval()


def tokenise(tokenizer: str, texts: list[str]) -> list[list[int]]:
    reader = Tokenizer.from_file(tokenizer)
    reader.enable_truncation(MAX_TOKENS)
    reader.no_padding()
    return [e.ids for e in reader.encode_batch(texts)]


@torch.no_grad()
def predict(model: Model, tokenizer: str, texts: list[str]) -> dict[str, np.ndarray]:
    """Return vectors (n, 384) and the heads' scores for `texts`."""
    ids = tokenise(tokenizer, texts)
    parts: list[list[np.ndarray]] = [[], [], [], []]
    order: list[int] = []
    for chosen in batches([len(i) for i in ids], 64, None):
        tokens, mask = pad(ids, chosen)
        for part, value in zip(parts, model(tokens, mask), strict=True):
            part.append(value.float().numpy())
        order += chosen
    back = np.argsort(order)
    names = ("vectors", "labels", "intents", "risks")
    return {n: np.concatenate(p)[back] for n, p in zip(names, parts, strict=True)}

"""The training loop: labels, intents, risks and harms at once over the adapted encoder."""

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

HALF_PRECISION = torch.cpu._is_avx512_bf16_supported()
"""Whether the processor has bfloat16 of its own; without it, it is fifty times slower."""


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
    harm_weight: float = 0.5
    head_scale: float = 8.0
    slips: float = 0.4
    """Share of messages typed with slips."""
    joined: float = 0.15
    """Pairs of messages joined to one, as a share of the messages."""
    seed: int = 42


CONTINUED = Recipe(epochs=3, encoder_rate=6e-4)
"""To go on from an adapter that is there, when messages were added or labels settled."""

UNKNOWN = -1
"""Class number of a message that nothing is known about in that respect."""


@dataclass(frozen=True)
class Targets:
    """What is known of each message: class numbers, or `UNKNOWN`."""

    labels: np.ndarray
    """(n, L) 0/1; a row of `UNKNOWN` where nobody has labelled the message."""
    intents: np.ndarray
    risks: np.ndarray
    """Numbered from the most urgent to none."""
    harms: np.ndarray
    """Numbered from the first route to none."""

    def joined(self, first: np.ndarray, second: np.ndarray) -> Targets:
        """Return these targets, then those of the pairs of messages joined to one."""

        def graver(one: np.ndarray) -> np.ndarray:
            return np.minimum(one[first], one[second])  # UNKNOWN stays so, none is the last

        pairs = (self.labels[first] | self.labels[second], self.intents[first])
        pairs += (graver(self.risks), graver(self.harms))
        own = (self.labels, self.intents, self.risks, self.harms)
        return Targets(*(np.concatenate([o, p]) for o, p in zip(own, pairs, strict=True)))


class Model(nn.Module):
    """Encoder and four linear heads: labels (yes or no each); intent, risk and harm (one of)."""

    def __init__(
        self, encoder: AdaptedEncoder, labels: int, classes: tuple[int, int, int], scale: float
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.labels = nn.Linear(DIMENSION, labels)
        self.intents, self.risks, self.harms = (nn.Linear(DIMENSION, size) for size in classes)
        self.scale = scale
        nn.init.constant_(self.labels.bias, -3.0)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        vector = self.encoder(ids, mask)
        x = functional.dropout(vector, 0.1, self.training) * self.scale
        return vector, self.labels(x), self.intents(x), self.risks(x), self.harms(x)


def batches(lengths: list[int], size: int, shuffle: random.Random) -> list[list[int]]:
    """Group indices of like length, with some noise, in any order."""
    order = sorted(range(len(lengths)), key=lambda i: lengths[i] + shuffle.uniform(0, 6))
    groups = [order[i : i + size] for i in range(0, len(order), size)]
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
    targets: Targets,
    recipe: Recipe,
    start: dict[str, Tensor] | None = None,
    report=print,
) -> Model:
    """Train adapters and heads on `texts`; return the model in evaluation mode.

    With `start`, the adapters begin as those; heads always begin anew.
    """
    torch.manual_seed(recipe.seed)
    shuffle = random.Random(recipe.seed)
    encoder = AdaptedEncoder(weights, recipe.rank, dropout=recipe.dropout)
    if start is not None:
        encoder.start_from(start)
    classes = tuple(int(t.max()) + 1 for t in (targets.intents, targets.risks, targets.harms))
    model = Model(encoder, targets.labels.shape[1], classes, recipe.head_scale)
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
        pairs = joined_pairs(texts, targets.intents, recipe.joined, shuffle)
        typed = [slip(t, shuffle) if shuffle.random() < recipe.slips else t for t in texts]
        typed += [join(texts[i], texts[j], shuffle) for i, j in pairs]
        first, second = np.array(pairs).reshape(-1, 2).T
        wanted = targets.joined(first, second)
        ids = tokenise(tokenizer, typed)
        for chosen in batches([len(i) for i in ids], recipe.batch, shuffle):
            tokens, mask = pad(ids, chosen)
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=HALF_PRECISION):
                _, *scores = model(tokens, mask)
            loss = _loss([score.float() for score in scores], wanted, chosen, recipe)
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


def _loss(scores: list[Tensor], wanted: Targets, chosen: list[int], recipe: Recipe) -> Tensor:
    """Return the mean loss of a batch; what is unknown adds nothing."""
    labels = torch.tensor(wanted.labels[chosen]).float()
    known = (labels != UNKNOWN).float()
    each = functional.binary_cross_entropy_with_logits(scores[0], labels.clamp(0), reduction="none")
    loss = (each * known).sum() / len(chosen) / 4
    tasks = (
        (wanted.intents, recipe.intent_weight),
        (wanted.risks, recipe.risk_weight),
        (wanted.harms, recipe.harm_weight),
    )
    for score, (classes, weight) in zip(scores[1:], tasks, strict=True):
        right = torch.tensor(classes[chosen])
        missed = functional.cross_entropy(score, right, ignore_index=UNKNOWN, reduction="sum")
        loss = loss + weight * missed / len(chosen)
    return loss


def tokenise(tokenizer: str, texts: list[str]) -> list[list[int]]:
    reader = Tokenizer.from_file(tokenizer)
    reader.enable_truncation(MAX_TOKENS)
    reader.no_padding()
    return [e.ids for e in reader.encode_batch(texts)]

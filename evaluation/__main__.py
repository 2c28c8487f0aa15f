"""`python -m evaluation [--real FOLDER] [--date DAY]`: measure the model and write its card."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")  # one short message at a time gains nothing by two

from bot.environment import prepare

prepare()

if TYPE_CHECKING:
    from evaluation.card import Made
    from evaluation.run import Run


def main() -> None:
    """Run the evaluation."""
    options = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    options.add_argument("--real", type=Path, help="folder with doctors.jsonl and risk.jsonl")
    options.add_argument(
        "--date",
        default=os.environ.get("EVALUATION_DATE", ""),
        help="date to print on the card (or EVALUATION_DATE); the clock is not asked",
    )
    options.add_argument(
        "--accept-falls", action="store_true", help="accept the figures even where they are lower"
    )
    options.add_argument(
        "--stale", action="store_true", help="measure a model that is older than its inputs"
    )
    chosen = options.parse_args()
    from bot.privacy.logs import configure_logs
    from bot.training import fingerprint, is_current, recognition_inputs

    configure_logs("ERROR")
    if not is_current() and not chosen.stale:
        sys.exit("evaluation: the model is older than its inputs; run `make train`")
    missing = [
        name
        for name in ("doctors.jsonl", "risk.jsonl")
        if chosen.real and not (chosen.real / name).is_file()
    ]
    if missing:
        sys.exit(f"evaluation: {chosen.real} has no {missing[0]}")
    started = time.monotonic()
    from bot.agent import NotOurPartError
    from bot.recognise import Recogniser
    from evaluation.card import Made
    from evaluation.run import run
    from evaluation.sets import sets_digest

    inputs, sets = fingerprint(recognition_inputs), sets_digest()
    made = Made(inputs, is_current(), sets, chosen.date, chosen.real is not None)
    try:
        recogniser = Recogniser.load()
    except NotOurPartError as error:
        sys.exit(f"evaluation: {error}")
    found = run(recogniser, chosen.real, _say)
    if (fingerprint(recognition_inputs), sets_digest()) != (inputs, sets):
        sys.exit("evaluation: an input changed while this ran; nothing is written, run it again")
    _write(found, made, chosen.accept_falls)
    _say(f"Done in {time.monotonic() - started:.0f} s.")


def _write(found: Run, made: Made, accept: bool) -> None:
    from evaluation import plots
    from evaluation.card import card
    from evaluation.headline import CARD, falls, read_figures, record, write_figures

    figures = CARD.parent / "figures"
    plots.draw_labels(found.signals, figures / "labels.svg")
    plots.draw_risk(found.risk, figures / "risk.svg")
    plots.draw_calibration(found.calibration, figures / "reliability.svg")
    plots.draw_curve(found.curve, figures / "learning_curve.svg")
    page = card(found, made)
    CARD.write_text(page, encoding="utf-8")
    earlier = read_figures()
    comparable = earlier.get("sets") == made.sets and not accept
    parts = {
        name: record(values, earlier[name] if comparable else {})
        for name, values in (("headline", found.headline), ("quick", found.quick))
    }
    write_figures(
        {
            "inputs": made.inputs,
            "sets": made.sets,
            "card": hashlib.sha256(page.encode()).hexdigest(),
            **parts,
        }
    )
    for name, value in found.headline.items():
        _say(f"{name:24} {value:.4f}")
    for fall in falls(found.headline, parts["headline"]):
        _say(f"FELL: {fall}")
    _say(f"Wrote {CARD}.")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()

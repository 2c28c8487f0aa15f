"""Stock Rasa: its default configuration, trained on our messages, in a temporary folder.

It gets what makes it faster: its own replies without a choice of words, no action of ours and so no
action server, no deanery, no trends, and neither rules nor forms that look at slots.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import rasa
import yaml

from bot.nlu.examples import Example, read_examples

DEFAULT_CONFIG = "engine/recipes/config_files/default_config.yml"
"""Rasa's own default, read from the installed package."""

STORIES, TURNS = 60, 4
"""Stories for its learnt policies, and the turns of each."""

FEWEST = 3
"""Examples an intent needs, for DIET."""


def sample(number: int, seed: int = 1) -> list[Example]:
    """Return `number` of our messages, all if 0; of each intent its share, or `FEWEST`."""
    by_intent: dict[str, list[Example]] = {}
    for example in read_examples():
        by_intent.setdefault(example.intent, []).append(example)
    total = sum(map(len, by_intent.values()))
    dice, chosen = random.Random(seed), []
    for examples in by_intent.values():
        share = len(examples) if not number else round(number * len(examples) / total)
        chosen += dice.sample(examples, min(len(examples), max(FEWEST, share)))
    return chosen


def write_project(folder: Path, examples: list[Example], epochs: int | None) -> None:
    """Write configuration, domain, data and credentials; `epochs` replaces Rasa's own if given."""
    config = yaml.safe_load((Path(rasa.__file__).parent / DEFAULT_CONFIG).read_text("utf-8"))
    config["assistant_id"] = "stock"
    for part in (*config["pipeline"], *config["policies"]):
        if epochs and "epochs" in part:
            part["epochs"] = epochs
    by_intent: dict[str, list[str]] = {}
    for example in examples:
        by_intent.setdefault(example.intent, []).append(" ".join(example.text.split()))
    intents = sorted(by_intent)
    dice = random.Random(1)
    stories = [
        {"story": f"story {n}", "steps": [step for i in chosen for step in _turn(i)]}
        for n in range(STORIES)
        if (chosen := dice.sample(intents, TURNS))
    ]
    rule = {
        "rule": "fallback",
        "steps": [{"intent": "nlu_fallback"}, {"action": "utter_please_rephrase"}],
    }
    responses = {f"utter_{i}": [{"text": f"You said something about {i}."}] for i in intents}
    responses["utter_please_rephrase"] = [{"text": "Could you say that another way?"}]
    nlu = [
        {"intent": i, "examples": "".join(f"- {_plain(t)}\n" for t in texts)}
        for i, texts in by_intent.items()
    ]
    files: dict[str, Any] = {
        "config.yml": config,
        "domain.yml": {"version": "3.1", "intents": intents, "responses": responses},
        "data/nlu.yml": {"version": "3.1", "nlu": nlu},
        "data/stories.yml": {"version": "3.1", "stories": stories, "rules": [rule]},
        "credentials.yml": {"rest": None},
        "endpoints.yml": {},
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, allow_unicode=True, width=10_000), "utf-8")


def _turn(intent: str) -> list[dict[str, str]]:
    return [{"intent": intent}, {"action": f"utter_{intent}"}]


def _plain(text: str) -> str:
    """Return `text` without what Rasa's format for examples would read as marks."""
    return "".join(" " if c in "[]{}()" else c for c in text).strip() or "-"

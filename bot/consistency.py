"""`sidedoor check`: data, domain and documents that have to belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import product

import numpy as np
import yaml

from bot.answers import AnswersError, all_answers
from bot.channels.web_words import WordsError, english_words
from bot.content import responses, when
from bot.dashboard.names import names
from bot.deanery import deaneries, signposts
from bot.dialogue.referral import CHOICES
from bot.dialogue.replies import MOVEMENTS
from bot.governance.pages import faults as governance_faults
from bot.help_page import stale
from bot.nlu.example_vectors import example_vectors
from bot.nlu.examples import Example, ExampleError, read_examples
from bot.nlu.harm_examples import read_harm_examples
from bot.nlu.routes import routes
from bot.nlu.taxonomy import labels
from bot.nlu.text import as_read
from bot.paths import DOMAIN, ROOT
from bot.reachable import reachable, unexplained

MOST_WORDS = 45
"""Words in one bubble (a bubble made of two parts is checked as their longest sum)."""

FEWEST_VARIANTS = {"stage": 4, "pattern": 4, "concern": 3}

NEAR_DUPLICATE = 0.95
"""Cosine of two examples' vectors above which one of them is refused."""

SHORT = 4
"""Words up to which near-duplicates are let pass: "thank you" and "thanks" are both needed."""

BANNED = re.compile(
    r"!|100 ?%|\b(just|should|at least|resilien\w+|committed suicide|i know how you feel|junior"
    r"|confess\w*|weak\w*|don['’]t worry|trainee in difficulty|completely anonymous"
    r"|nobody will ever know)\b",
    re.IGNORECASE,
)
"""Words the assistant never says (docs/wording.md gives the reasons)."""

NOT_FOLLOWED = re.compile(
    r"(n['’]t|\bnot|\bnever) (quite )?(understand|understood|follow|followed|get that"
    r"|have it yet)\b",
    re.IGNORECASE,
)
"""What the assistant does not say to somebody whose message it could not read: it asks for more."""

STATEMENTS = r"utter_(stage|pattern|concern|moment|movement|pressed)_.*_(reflect|affirm)"
"""Responses that share a bubble before the question, so that they may not ask."""

NAMED_IN_INBOX = ("topic", "help", "answer_by")
"""Choices of a referral that a caseworker reads by the names in `bot/dashboard/names.yml`."""

COMPOSED = (
    (r"utter_(concern|stage|moment)_.*_reflect", r"utter_(pattern|stage|movement)_.*_affirm"),
    (r"utter_step_.*", r"utter_come_back"),
)
"""Pairs of families that share a bubble."""

WITH_FACT = {
    "utter_local_fact_told": ("confidentiality",),
    "utter_local_fact": ("offer", "timing"),
    "utter_no_self_referral": ("instead",),
    "utter_plain_fact": ("timing",),
    "utter_before_you_refer": ("referral_note",),
    "utter_before_you_refer_too": ("non_engagement",),
}
"""Response -> the facts of a deanery that are said in it."""


def faults() -> Iterator[str]:
    """Yield one line for every fault."""
    yield from _examples()
    yield from _responses()
    yield from _page_words()
    yield from _stored_answers()
    yield from _harms()
    yield from _inbox_names()
    yield from stale()
    yield from governance_faults()


def _examples() -> Iterator[str]:
    try:
        examples = list(read_examples())
    except ExampleError as error:
        yield str(error)
        return
    intents = _domain_intents()
    guide = (ROOT / "docs" / "labelling.md").read_text(encoding="utf-8")
    for intent in sorted({example.intent for example in examples}):
        if intent not in intents:
            yield f"intent {intent}: in the examples but not in domain/intents.yml"
        if f"`{intent}`" not in guide:
            yield f"intent {intent}: not explained in docs/labelling.md"
    yield from _duplicates(examples)


def _harms() -> Iterator[str]:
    """Yield routes without signposts that exist, and examples of harms that are wrong."""
    register = signposts()
    for name, route in routes().items():
        for key in route.signposts:
            if key not in register:
                yield f"routes.yml, {name}: signpost {key} is not in deanery/signposts.yml"
    try:
        told = {example.route for example in read_harm_examples()}
    except ExampleError as error:
        yield str(error)
        return
    for name in routes():
        if name not in told:
            yield f"routes.yml, {name}: nlu_data/harms/ has no example of it"


def _domain_intents() -> set[str]:
    with (DOMAIN / "intents.yml").open(encoding="utf-8") as file:
        return {next(iter(intent)) for intent in yaml.safe_load(file)["intents"]}


def _duplicates(examples: list[Example]) -> Iterator[str]:
    vectors = example_vectors([as_read(e.text) for e in examples], None)
    for start in range(0, len(examples), 1024):
        near = np.argwhere(vectors[start : start + 1024] @ vectors.T > NEAR_DUPLICATE)
        for row, column in near:
            first, second = examples[start + row], examples[column]
            if start + row < column and len(first.text.split()) > SHORT:
                yield f"near-duplicates: {first.text!r} and {second.text!r}; remove one"


def _responses() -> Iterator[str]:
    found = {name: v for names in responses().values() for name, v in names.items()}
    for facet, parts in (
        ("stage", ("reflect", "affirm", "ask")),
        ("pattern", ("affirm", "ask")),
        ("concern", ("reflect", "ask")),
    ):
        for label in labels(facet):
            for part in parts:
                name = f"utter_{facet}_{label}_{part}"
                if len(found.get(name, ())) < FEWEST_VARIANTS[facet]:
                    yield f"{name}: needs {FEWEST_VARIANTS[facet]} variants in domain/"
    for before, after in MOVEMENTS:
        if f"utter_movement_{before}_to_{after}_affirm" not in found:
            yield f"utter_movement_{before}_to_{after}_affirm: missing in domain/"
    sentences: Counter[str] = Counter()
    for name, variants in found.items():
        if not when(variants):
            yield f"{name}: its first variant needs metadata.when"
        for variant in variants:
            text = str(variant.get("text", ""))
            yield from _wording(name, text)
            sentences.update(_sentences(text))
    yield from (f"said in two places: {s!r}" for s, count in sentences.items() if count > 1)
    yield from _composed(found)
    yield from _with_facts(found)
    yield from _unreachable(found)


def _unreachable(found: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    """Yield responses that no code says."""
    yield from unexplained()
    said = reachable()
    yield from (
        f"{name}: no code says it; remove it or say it" for name in found if name not in said
    )


def _page_words() -> Iterator[str]:
    try:
        for key, words in english_words().items():
            yield from _wording(f"page, {key}", words.text)
    except WordsError as error:
        yield str(error)


def _stored_answers() -> Iterator[str]:
    try:
        for stored in (one for file in all_answers().values() for one in file):
            yield from _wording(f"answers/{stored.file}.yml, {stored.id}", stored.text)
    except AnswersError as error:
        yield str(error)


def _inbox_names() -> Iterator[str]:
    """Yield choices of a referral that the inbox has no name for, and names of no choice."""
    for about in NAMED_IN_INBOX:
        named, chosen = set(names()["inbox"][about]), set(CHOICES[about])
        for value in sorted(chosen - named):
            yield f"names.yml, inbox.{about}: {value}, a choice of a referral, has no name"
        for value in sorted(named - chosen):
            yield f"names.yml, inbox.{about}: {value} is no choice in bot/dialogue/referral.py"


def _wording(name: str, text: str) -> Iterator[str]:
    banned = BANNED.search(text)
    if banned:
        yield f"{name}: says {banned.group(0)!r}: {text!r}"
    if name.startswith("utter_unclear") and NOT_FOLLOWED.search(text):
        yield f"{name}: says that it was not understood: {text!r}"
    questions = 0 if re.fullmatch(STATEMENTS, name) else 1
    if text.count("?") > questions:
        yield f"{name}: at most {questions} questions here: {text!r}"
    if len(text.split()) > MOST_WORDS:
        yield f"{name}: {len(text.split())} words, at most {MOST_WORDS}: {text!r}"


def _sentences(text: str) -> list[str]:
    parts = re.split(r"(?<=[.?])\s+", text)
    return [part.strip().lower() for part in parts if len(part.split()) > 2]


def _with_facts(found: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    """Yield the bubbles that a deanery's fact makes too long."""
    for deanery, (name, keys) in product(deaneries().values(), WITH_FACT.items()):
        for key, variant in product(keys, found.get(name, ())):
            fact = deanery.facts[key]
            if fact is None:
                continue
            values = {"unit": deanery.unit, "deanery": deanery.name, "fact": fact.text}
            words = len(variant["text"].format(**values).split())
            if words > MOST_WORDS:
                yield (
                    f"{deanery.key}.yml, {key}: with {name} {words} words, at most {MOST_WORDS};"
                    " shorten it"
                )


def _composed(found: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    def longest(pattern: str) -> int:
        lengths = [
            len(v["text"].split())
            for n, vs in found.items()
            if re.fullmatch(pattern, n)
            for v in vs
        ]
        return max(lengths, default=0)

    for first, second in COMPOSED:
        total = longest(first) + longest(second)
        if total > MOST_WORDS:
            yield f"{first} and {second} together reach {total} words, at most {MOST_WORDS}"

"""Every sentence the assistant can say, as a page for clinical sign-off."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from bot.answers import all_answers
from bot.channels.web_words import english_words, languages, page_words
from bot.deanery import CRISIS_LINES, FACTS, deaneries, signposts
from bot.help_page import own_sentences
from bot.paths import DOMAIN

Variants = list[dict[str, Any]]


def responses() -> dict[str, dict[str, Variants]]:
    """Return file name -> response name -> its variants, of every file in `domain/`."""
    found = {}
    for path in sorted(DOMAIN.glob("*.yml")):
        with path.open(encoding="utf-8") as file:
            in_file = (yaml.load(file, yaml.CSafeLoader) or {}).get("responses")
        if in_file:
            found[path.name] = in_file
    return found


def when(variants: Variants) -> str:
    """Return when a response is said, as its first variant's metadata tells."""
    return str((variants[0].get("metadata") or {}).get("when", ""))


def only(variant: Mapping[str, Any]) -> str:
    """Return where or on what condition a variant is said, empty if anywhere.

    Where one fits, Rasa takes none of those without.
    """
    said = [f"on {variant['channel']}"] if "channel" in variant else []
    for condition in variant.get("condition") or ():
        said.append(f"if {condition['name']} is {json.dumps(condition['value'])}")
    return ", ".join(said)


def content_page() -> str:
    """Return the page, in Markdown.

    Raises:
        DeaneryError: if a deanery file is wrong.
        AnswersError: if a file of stored answers is wrong.
        WordsError: if a file of the page's words is wrong.
    """
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    found = responses()
    total = sum(len(v) for names in found.values() for v in names.values())
    yield "# Everything Sidedoor can say"
    yield ""
    yield f"{total} sentences and questions, with where they are written and when they are said."
    yield "Words in braces are filled from deanery/, shown at the end."
    yield "One with a channel or a condition before it is said there instead of those without."
    yield "The words of the web page itself come after them, those of the help page last."
    for file, names in found.items():
        yield f"\n## domain/{file}"
        for name, variants in names.items():
            yield from _response(name, variants)
    yield from _page_words()
    yield from _local_facts()
    yield from _help_page()


def _response(name: str, variants: Variants) -> Iterator[str]:
    yield f"\n### {name}"
    yield f"*{when(variants)}*\n"
    for variant in variants:
        text = str(variant.get("text", "")).strip().replace("\n", " / ")
        titles = "".join(f" `[{button['title']}]`" for button in variant.get("buttons") or ())
        where = f"*{only(variant)}*: " if only(variant) else ""
        yield f"- {where}{text}{titles}"


def _page_words() -> Iterator[str]:
    """Yield the words of the chat page, each with its translations beneath."""
    yield "\n## bot/channels/web_page/words/\n"
    for key, words in english_words().items():
        yield f"- *{key}* ({words.when[0].lower()}{words.when[1:].rstrip('.')}): {words.text}"
        for language in languages():
            if (text := page_words(language)[key]) != words.text:
                yield f"    - {language}: {text}"


def _local_facts() -> Iterator[str]:
    yield "\n## deanery/"
    for deanery in deaneries().values():
        yield f"\n### {deanery.name}: {deanery.unit} (self-referral: {deanery.self_referral})\n"
        for name in FACTS:
            fact = deanery.facts[name]
            if fact is not None:
                yield f"- *{name}*: {fact.text} (verified {fact.verified_on or 'never'})"
        for contact in deanery.contacts:
            date = contact.fact.verified_on or "never"
            yield f"- *contact*: {contact.value}: {contact.fact.text} (verified {date})"
    yield "\n### Answers that a unit can start from\n"
    for stored in (one for file in all_answers().values() for one in file):
        yield f"- *{stored.file}, {stored.title}*: {stored.text}"
    yield "\n### Signposts\n"
    yield from _signposts(signposts())


def _signposts(register: Mapping[str, Any]) -> Iterator[str]:
    for signpost in register.values():
        date = signpost.fact.verified_on or "never"
        yield f"- {signpost.name}: {signpost.value} ({signpost.hours}) (verified {date})"
    yield "\n### What stands beside the crisis lines on the chat page and the help page\n"
    for key in CRISIS_LINES:
        fact = register[key].fact
        yield f"- *{register[key].name}*: {fact.text} (verified {fact.verified_on or 'never'})"


def _help_page() -> Iterator[str]:
    """Yield what the static page says around the crisis lines while the assistant is down."""
    yield "\n## deploy/help_page.html\n"
    for kind, text in own_sentences():
        yield f"- *{kind}*: {text}"

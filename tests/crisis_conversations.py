"""Holds the twenty conversations of `crisis_conversations.yml` and writes them down as they ran.

Run `python -m tests.crisis_conversations` after a change of an answer, then read the page again:
what is signed is what it said before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.paths import ROOT
from tests.conftest import Loop, Person, load_our_agent

SAID = Path(__file__).with_name("crisis_conversations.yml")
PAGE = ROOT / "docs" / "governance" / "crisis_conversations.md"

HEAD = """# Twenty crisis conversations, as they ran
With the trained agent, in process, every word of it from `domain/` and `deanery/`. What the person
writes is in `tests/crisis_conversations.yml`; it was invented for this project. Written by
`python -m tests.crisis_conversations`; `tests/test_crisis_conversations.py` holds them again and
fails when an answer is another one. A clinician has not signed them yet."""


def conversations() -> list[dict]:
    """Return the conversations: `title` and `says`."""
    return yaml.safe_load(SAID.read_text(encoding="utf-8"))


def hold(agent, loop: Loop, conversation: dict) -> Person:
    """Hold one conversation; what was seen is in the person's `seen`."""
    person = Person(agent, loop, conversation=conversation["title"])
    loop.run(agent.tracker_store.delete(person.conversation))
    person.open()
    for words in conversation["says"]:
        person.press(words[1:-1]) if words.startswith("[") else person.say(words)
    return person


def lines(conversation: dict, person: Person) -> Iterator[str]:
    """Yield the conversation as Markdown; the opening, which is always the same, is left out."""
    for words, bubbles in zip(conversation["says"], person.seen[1:], strict=True):
        yield f"\n**{'Presses' if words.startswith('[') else 'Writes'}:** {words}\n"
        for bubble in bubbles:
            text = bubble.text.replace("\n", "  \n> ")
            titles = " ".join(f"`[{button.title}]`" for button in bubble.buttons)
            yield f"> {text}" + (f"  \n> {titles}" if titles else "")
            yield ">"


def section(number: int, conversation: dict, person: Person) -> str:
    """Return the part of the page that holds a conversation, with its heading."""
    said = "\n".join(lines(conversation, person))
    body = said.removesuffix("\n>").replace("\n>\n\n", "\n\n")
    return f"\n## {number}. {conversation['title']}\n{body}"


def main() -> None:
    """Hold all of them and write the page."""
    loop = Loop()
    agent = loop.run(load_our_agent())
    held = [(c, hold(agent, loop, c)) for c in conversations()]
    sections = [section(number, *one) for number, one in enumerate(held, 1)]
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text("\n".join([HEAD, *sections]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Talking to the assistant in a terminal."""

from __future__ import annotations

import secrets
from typing import Any

import click
from rasa.core.channels.channel import UserMessage

from bot.agent import load_our_agent
from bot.channels.confidant import Confidant
from bot.channels.conversation import OPEN, Bubble, ask_agent, labels_of
from bot.channels.telling import Telling


async def talk(deanery: str | None) -> None:
    """Hold one conversation until the person ends it (an empty line with Ctrl-D, or Ctrl-C)."""
    agent = await load_our_agent()
    conversation = secrets.token_hex(16)

    async def handle(message: UserMessage) -> object:
        return await agent.handle_message(message)

    bubbles = await ask_agent(handle, conversation, "terminal", payload=OPEN, deanery=deanery)
    while True:
        async with Telling(agent, conversation) as telling:
            choices = _show(bubbles)
            telling.went(name for bubble in bubbles for name in bubble.said)
        try:
            typed = click.prompt("", prompt_suffix="> ", default="", show_default=False)
        except (click.Abort, EOFError):
            return
        if typed.isdigit() and 1 <= int(typed) <= len(choices):
            said: dict[str, Any] = {"payload": choices[int(typed) - 1]}
        else:
            said = {"text": typed, "labels": labels_of(bubbles)}
        confidant = Confidant(agent)
        bubbles = await ask_agent(handle, conversation, "terminal", confidant=confidant, **said)


def _show(bubbles: list[Bubble]) -> list[str]:
    """Print the bubbles, their choices numbered, and return the choices' payloads."""
    payloads: list[str] = []
    for bubble in bubbles:
        click.echo(f"\n  {bubble.text}".replace("\n", "\n  "))
        for button in bubble.buttons:
            payloads.append(button.payload)
            click.echo(f"    [{len(payloads)}] {button.title}")
    return payloads

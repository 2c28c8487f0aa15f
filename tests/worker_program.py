"""The program, that tells of every turn, and holds some back: for tests that kill it in between.

It does not start itself again to overwrite freed memory, which makes a start slow and is tested
elsewhere. A message with `wait-` in it is answered once the file named by HOLD_FILE is gone; one
with `late-` is read and its turn is saved, but its answer is held back as long. `poison-` makes the
model raise an error made of the message. While the file is there, `stuck-` makes the thread that
recognises hang, and `block-` the event loop. HANGS_SECONDS, if it is set, is after how many seconds
a pass of recognition counts as hanging.
"""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from bot.environment import prepare

prepare()

from bot import cli, recognition  # noqa: E402
from bot.channels import telegram_answers, web  # noqa: E402
from bot.nlu.embeddings import SentenceEmbeddings  # noqa: E402

HOLD = Path(os.environ["HOLD_FILE"])

if "HANGS_SECONDS" in os.environ:  # before those who take it are imported
    recognition.HANGS_SECONDS = int(os.environ["HANGS_SECONDS"])

right = web.ask_agent


async def hold() -> None:
    """Wait until the file is gone."""
    print("waiting", flush=True)
    while HOLD.exists():
        await asyncio.sleep(0.05)


def hang() -> None:
    """Let the thread that calls do nothing until the file is gone."""
    print("hanging", flush=True)
    while HOLD.exists():
        time.sleep(0.05)


async def ask(*arguments, **said):
    """Tell that a turn begins; hold it back, or its answer, if its message asks for that."""
    print("turn", flush=True)
    words = said.get("text") or ""
    if "wait-" in words:
        await hold()
        said["text"] = words.replace("wait-", "")
    if "block-" in words:
        hang()
    bubbles = await right(*arguments, **said)
    if "late-" in words:
        await hold()
    return bubbles


web.ask_agent = telegram_answers.ask_agent = ask

right_process = SentenceEmbeddings.process


def process(self, messages):
    """Raise, or hang, if one of the messages asks for it."""
    for message in messages:
        if "stuck-" in (message.get("text") or ""):
            hang()
        if "poison-" in (message.get("text") or ""):
            raise RuntimeError(message.get("text"))
    return right_process(self, messages)


SentenceEmbeddings.process = process

if __name__ == "__main__":
    cli.main(["run"])

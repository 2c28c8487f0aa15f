"""Things done to tickets by processes that kill themselves at a step.

Run as a program it reads lines `[url, what, step, receipt]` on standard input, does each in a
child of its own, and writes how that ended: 0, or minus the signal.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import traceback

from sqlalchemy import event

from bot.referrals.expiry import sweep
from bot.referrals.tables import open_referrals
from tests.referrals import CHOSEN, DEANERY, PASSPHRASE, Day, open_desk, open_inbox

AFTERWARDS = -1
"""The step at which all is done and written, and nobody was told yet."""


def kill() -> None:
    """Kill this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def do(url: str, what: str, step: int, receipt: str) -> None:
    """Do something, and be killed at the step, if it has so many."""
    engine, day = open_referrals(url), Day()
    desk, inbox = open_desk(engine, day), open_inbox(engine, day)
    unlocked = inbox.unlock(DEANERY, PASSPHRASE)
    note = desk.seal(DEANERY, "from the process that is killed")
    opened = asyncio.run(desk.open(receipt))
    ticket = inbox.read(unlocked, opened.ticket)
    left = step

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            kill()

    things = {
        "send": lambda: asyncio.run(desk.send(DEANERY, CHOSEN, note, note, True, "the draft")),
        "send without a receipt": lambda: asyncio.run(
            desk.send(DEANERY, CHOSEN, note, note, False, "the draft")
        ),
        "reply": lambda: asyncio.run(desk.reply(opened, note)),
        "end": lambda: asyncio.run(desk.end(opened)),
        "read answers": lambda: asyncio.run(desk.answers(opened)),
        "answer": lambda: inbox.answer(unlocked, ticket.id, "an answer", ticket.next_position),
        "close": lambda: inbox.close(unlocked, ticket.id),
        "mark": lambda: inbox.mark(unlocked, ticket.id, "in_hand"),
        "sweep": lambda: sweep(engine, day()),
    }
    for moment in ("before_cursor_execute", "commit"):
        event.listen(engine, moment, count)
    things[what]()
    for moment in ("before_cursor_execute", "commit"):
        event.remove(engine, moment, count)
    if left == 1 or step == AFTERWARDS:
        kill()


def main() -> None:
    """Do what each line says."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                do(*json.loads(line))
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()

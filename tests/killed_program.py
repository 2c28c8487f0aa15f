"""The program, that kills itself at a step of handing something over.

It does so while the file named by KILL_FILE is there, at the step that the file names: when the
ticket was written; when the turn was stored too, and its sender not yet told; or when its sender
was told, which is not yet noted. It does not start itself again to overwrite freed memory, which
makes a start slow and is tested elsewhere.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bot.environment import prepare

prepare()

from bot import cli  # noqa: E402
from bot.channels.web_chats import Chats  # noqa: E402
from bot.channels.web_shared import SharedChats  # noqa: E402
from bot.referrals.desk import Desk  # noqa: E402

KILL = Path(os.environ["KILL_FILE"])


def be_killed(at: str) -> None:
    """Be killed if this is the step."""
    if KILL.exists() and KILL.read_text() == at:
        os.kill(os.getpid(), signal.SIGKILL)


insert, shown = Desk._insert, Desk.shown


def write(self, *ticket):
    """Write a ticket, and be killed."""
    insert(self, *ticket)
    be_killed("written")


async def note(self, draft):
    """Be killed before it is noted that somebody was told."""
    be_killed("told")
    await shown(self, draft)


Desk._insert, Desk.shown = write, note
for chats in (Chats, SharedChats):
    keep = chats.keep

    async def keep_nothing(self, token, chat, message, bubbles, keep=keep):
        """Be killed before the answer is kept for a page that asks again."""
        if any("utter_referral_sent_" in name for b in bubbles for name in b.said):
            be_killed("stored")
        await keep(self, token, chat, message, bubbles)

    chats.keep = keep_nothing

if __name__ == "__main__":
    cli.main(["run"])

"""The program, that kills itself when a ticket was written and before its sender is answered.

It does so while the file named by KILL_FILE is there. It does not start itself again to overwrite
freed memory, which makes a start slow and is tested elsewhere.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bot.environment import prepare

prepare()

from bot import cli  # noqa: E402
from bot.referrals.desk import Desk  # noqa: E402

KILL = Path(os.environ["KILL_FILE"])

right = Desk._insert


def insert(self, *ticket):
    """Write a ticket, and be killed."""
    right(self, *ticket)
    if KILL.exists():
        os.kill(os.getpid(), signal.SIGKILL)


Desk._insert = insert

if __name__ == "__main__":
    cli.main(["run"])

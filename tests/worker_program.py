"""The program, that tells of every turn, and holds some back: for tests that kill it in between.

It does not start itself again to overwrite freed memory, which makes a start slow and is tested
elsewhere. A message with `wait-` in it is answered once the file named by HOLD_FILE is gone.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from bot.environment import prepare

prepare()

from bot import cli  # noqa: E402
from bot.channels import web  # noqa: E402

HOLD = Path(os.environ["HOLD_FILE"])

right = web.ask_agent


async def ask(*arguments, **said):
    """Tell that a turn begins; hold it back if its message asks for that, then go on."""
    print("turn", flush=True)
    if "wait-" in (said.get("text") or ""):
        print("waiting", flush=True)
        while HOLD.exists():
            await asyncio.sleep(0.05)
        said["text"] = said["text"].replace("wait-", "")
    return await right(*arguments, **said)


web.ask_agent = ask

if __name__ == "__main__":
    cli.main(["run"])

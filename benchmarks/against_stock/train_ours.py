"""Train our model into a folder, as `sidedoor train` does, with no vector known from before."""

from __future__ import annotations

import sys
from pathlib import Path

import bot.paths
from bot.environment import prepare

if __name__ == "__main__":
    prepare()
    bot.paths.MODELS = Path(sys.argv[1])
    bot.paths.MODELS.mkdir(parents=True, exist_ok=True)
    from bot.privacy.logs import configure_logs
    from bot.training import train

    configure_logs("ERROR")
    train(print)

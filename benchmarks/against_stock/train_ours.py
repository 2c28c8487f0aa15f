"""`sidedoor train` as in a clone: into an empty folder, with no vectors but those that ship."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import bot.paths

if __name__ == "__main__":
    with TemporaryDirectory(dir=sys.argv[1]) as place:
        bot.paths.MODELS = Path(place)
        from bot.cli import main

        main(args=["train"], standalone_mode=False)

"""Freed memory that is overwritten, so that words do not outlive their turn in it.

Python and the C library leave what they free as it is until something else needs the room,
which may be never. glibc can overwrite everything that is freed, if it is told before the
program starts; and Python has to be told to leave its memory to glibc.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

OVERWRITE = {"PYTHONMALLOC": "malloc", "MALLOC_PERTURB_": "165"}
"""Variables that must be set when the process starts; 165 is the byte that is written."""


def overwrites(environment: Mapping[str, str]) -> bool:
    """Whether this process was started such that freed memory is overwritten."""
    return all(environment.get(name) == value for name, value in OVERWRITE.items())


def overwrite_freed_memory() -> None:
    """Start this very command again with those variables set, unless they are.

    Where the C library is not glibc they do no harm, and freed memory stays as it is.
    """
    if not overwrites(os.environ):
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **OVERWRITE})

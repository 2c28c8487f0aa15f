"""Freed memory that is overwritten, so that words do not outlive their turn in it.

Python and the C library leave what they free as it is until something else needs the room,
which may be never. glibc can overwrite everything that is freed, if it is told before the
program starts; and Python has to be told to leave its memory to glibc.

Of the pieces that each thread puts aside for itself (up to 1 kB, seven of a size) glibc overwrites
nothing, so it must not put any aside. Without that, two thirds of what was written could be found
in memory an hour later (`tests/test_canary.py`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

TUNABLES = {"glibc.malloc.perturb": "165", "glibc.malloc.tcache_count": "0"}
"""Settings of glibc: the byte that is written over what is freed, and how much is put aside."""

PYTHON = {"PYTHONMALLOC": "malloc"}

_TUNABLES = "GLIBC_TUNABLES"


def overwriting(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which a process has to be started; settings of others stay."""
    found = environment.get(_TUNABLES, "").split(":")
    others = [each for each in found if each and each.partition("=")[0] not in TUNABLES]
    ours = [f"{name}={value}" for name, value in TUNABLES.items()]
    return {**environment, **PYTHON, _TUNABLES: ":".join([*others, *ours])}


def overwrites(environment: Mapping[str, str]) -> bool:
    """Whether this process was started such that freed memory is overwritten."""
    return overwriting(environment) == dict(environment)


def overwrite_freed_memory() -> None:
    """Start this very command again with those variables set, unless they are.

    Where the C library is not glibc they do no harm, and freed memory stays as it is.
    """
    if not overwrites(os.environ):
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, sys.orig_argv, overwriting(os.environ))

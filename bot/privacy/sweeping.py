"""Deleting what has reached its end, by the clock, also when nobody writes."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Sequence

from bot.privacy.lifetimes import SWEEP_SECONDS

logger = logging.getLogger(__name__)


async def sweep_forever(sweeps: Sequence[Callable[[], None]]) -> None:
    """Call every one of `sweeps` once a minute; one that fails does not keep the others."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        sweep_once(sweeps)


def sweep_once(sweeps: Sequence[Callable[[], None]]) -> None:
    """Call every one of `sweeps`, and free what only refers to itself."""
    for sweep in sweeps:
        try:
            sweep()
        except Exception as error:  # the others are to be swept all the same
            logger.error("sweep failed: error=%s", type(error).__name__)
    gc.collect()

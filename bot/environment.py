"""The process's environment, set before Rasa or TensorFlow is imported."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

from bot.without_tensorflow import leave_out

ENFORCED = {
    "RASA_TELEMETRY_ENABLED": "false",  # on by default, and it reports to third parties
    "TF_CPP_MIN_LOG_LEVEL": "3",  # TensorFlow's start-up chatter
    # one message's matrices are small: more threads would mostly wait for each other, spinning
    "OPENBLAS_NUM_THREADS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",  # the same floating-point results everywhere
    "SANIC_REQUEST_MAX_SIZE": "65536",  # bytes of one HTTP body
    "SANIC_USE_UVLOOP": "false",  # its buffer for what is received is never emptied
    "PYTHONHASHSEED": "0",
}

UNUSED = ("jax",)
"""Packages that TensorFlow imports when they are there, and does without when they are not."""


FOUND = dict(os.environ)
"""The environment as the process was started with it."""


def prepare() -> None:
    """Set what has to be set; safe to call twice."""
    os.environ.update(ENFORCED)
    for package in UNUSED:
        sys.modules.setdefault(package, None)  # type: ignore[arg-type]
    leave_out()
    print_no_warnings()


def print_no_warnings() -> None:
    """Let no warning be printed: Rasa's may quote what people write.

    A filter would not do, as spaCy and Sanic put theirs in front of it.
    """
    warnings.showwarning = _drop_warning


def _drop_warning(*_: Any, **__: Any) -> None:
    pass

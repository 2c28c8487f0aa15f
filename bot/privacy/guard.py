"""What the program refuses to start with, because it would let out what people write."""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

OURS = "bot."
"""What module paths of our own parts begin with."""

ENDPOINTS = ("nlg", "tracker_store", "lock_store", "action_endpoint", "event_broker")
"""Parts that endpoints.yml may name; others would send what people write elsewhere."""

NEEDED = {
    "tracker_store": "Rasa's own keep what people write",
    "nlg": "Rasa's own may send it elsewhere",
}
"""Parts that endpoints.yml has to name, as ours, and why."""

LOCK_STORES = (None, "in_memory", "redis")

REPORTS = (
    "RASA_TELEMETRY_WRITE_KEY",
    "RASA_TELEMETRY_DEBUG",
    "RASA_EXCEPTION_WRITE_KEY",
    "SENTRY_DSN",
)
"""Variables that make Rasa, or Sentry in it, report to somebody."""

LOG_LEVELS = ("LOG_LEVEL", "LOG_LEVEL_LIBRARIES", "LOG_LEVEL_RABBITMQ", "LOG_LEVEL_KAFKA")
"""Rasa's own variables of log levels."""

TELLING_LEVELS = ("DEBUG", "NOTSET", "10", "0")

_PR_SET_DUMPABLE = 4


class LeakError(RuntimeError):
    """Something is set that would let out what people write; the message names the mend."""


def refuse_environment(environment: Mapping[str, str]) -> None:
    """Refuse variables that would report or print what people write.

    Raises:
        LeakError: naming the first one.
    """
    telemetry = environment.get("RASA_TELEMETRY_ENABLED", "false")
    if telemetry.lower() != "false":
        raise LeakError(
            f"RASA_TELEMETRY_ENABLED is {telemetry!r}; set it to false or not at all:"
            " it reports to third parties"
        )
    for name in REPORTS:
        if environment.get(name):
            raise LeakError(f"{name} is set; unset it: it reports to third parties")
    for name in LOG_LEVELS:
        if environment.get(name, "").strip().upper() in TELLING_LEVELS:
            raise LeakError(
                f"{name} is {environment[name]!r}; unset it: Rasa then prints what people write"
            )
    if environment.get("SSLKEYLOGFILE"):
        raise LeakError("SSLKEYLOGFILE is set; unset it: it lets others read what is encrypted")


def refuse_parts(file: Path, sections: Mapping[str, Any]) -> None:
    """Refuse parts in endpoints.yml that would send what people write elsewhere.

    Raises:
        LeakError: naming the file, the part and the mend.
    """
    for name, fields in sections.items():
        kind = (fields or {}).get("type")
        if name not in ENDPOINTS:
            raise LeakError(f"{file.name}: {name} is not used here; remove it")
        if name == "event_broker" and not str(kind).startswith(OURS):
            raise LeakError(
                f"{file.name}: event_broker is {kind!r}; only one of ours may receive events,"
                f" its type beginning with {OURS}"
            )
        if name == "lock_store" and kind not in LOCK_STORES:
            raise LeakError(f"{file.name}: lock_store is {kind!r}; use in_memory or redis")
        if name == "action_endpoint" and not _stays_here((fields or {}).get("url")):
            raise LeakError(
                f"{file.name}: action_endpoint is on another machine; use http://127.0.0.1:5055/"
                "webhook, or remove it: each turn sends the whole conversation there"
            )
    for name, why in NEEDED.items():
        kind = (sections.get(name) or {}).get("type")
        if not str(kind).startswith(OURS):
            raise LeakError(
                f"{file.name}: {name} is {kind!r}; use one of ours, its type beginning with"
                f" {OURS}: {why}"
            )


def _stays_here(url: object) -> bool:
    """Whether an address is none, or one of this machine."""
    if url is None:
        return True
    try:
        host = urlsplit(str(url)).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_channels(file: Path, sections: Mapping[str, Any]) -> None:
    """Refuse channels in credentials.yml that keep who writes, or print what on a failure.

    Raises:
        LeakError: naming the file, the channel and the mend.
    """
    for name in sections:
        if not str(name).startswith(OURS):
            raise LeakError(
                f"{file.name}: {name} is not a channel of ours; remove it:"
                " Rasa's own keep who writes and print what"
            )


def no_core_dumps() -> None:
    """Let the system write no image of this process's memory, and let no equal look into it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

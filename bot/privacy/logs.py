"""Logging without content: event names and counts, never what people or the assistant say."""

from __future__ import annotations

import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from typing import Any

import structlog

from bot.settings import LOG_LEVELS

SAFE_KEYS = frozenset({"event", "level", "timestamp", "logger"})
"""Keys of a structured log line that are printed; every other value may hold somebody's words."""

QUIET = {
    "httpx",
    "httpcore",
    "asyncio",
    "apscheduler",
    "sanic.access",
    "matplotlib",
    "spacy",
    "urllib3",
}
"""Loggers raised to WARNING: some print addresses and tokens at INFO."""


OURS = re.compile(r"(bot|actions)(\.|$)")
"""Loggers whose lines are printed as they are written: they hold event names and counts.

Of a line from any other logger only the place in its code is printed.
"""

NAME = re.compile(r"[A-Za-z_][\w.]{0,60}")
"""A value that our own lines may hold besides a count: the name of a class or an action."""

HIGHEST_COUNT = 999_999
"""Numbers above are not counts: a chat's id has nine digits or more."""

HIDDEN = "?"
"""What stands for a value that is not printed."""


class _Rendered(str):
    """A structured line of which only safe values are left."""


def configure_logs(level: str) -> None:
    """Set up logging of this process at `level` to standard error.

    Raises:
        ValueError: if `level` is not one of `LOG_LEVELS`: below, Rasa prints what people write.
    """
    if level not in LOG_LEVELS:
        raise ValueError(f"log level is {level!r}; it must be one of {', '.join(LOG_LEVELS)}")
    handler = logging.StreamHandler(sys.stderr)
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.setLogRecordFactory(_record)
    logging.raiseExceptions = False  # a line that cannot be formatted would be printed with values
    _print_no_tracebacks()
    for name in QUIET:
        logging.getLogger(name).setLevel("WARNING")
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            _drop_unsafe,
            structlog.processors.KeyValueRenderer(key_order=["event"]),
            _mark_rendered,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,  # the level is asked for at every line all the same
    )


def _drop_unsafe(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    safe = {key: value for key, value in event.items() if key in SAFE_KEYS}
    name = re.match(r"[\w.]+", str(event.get("event", "")))
    return {**safe, "event": name.group() if name else HIDDEN}


def _mark_rendered(_: Any, __: str, line: Any) -> _Rendered:
    return _Rendered(line)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record of which nothing but names, counts and places is left.

    An exception's message and locals may hold somebody's words, and so may a text that quotes
    it; an address may hold a token. This is done to the record, not in the formatter, as some
    libraries have handlers of their own.
    """
    record = logging.LogRecord(*args, **kwargs)
    values = record.args if isinstance(record.args, tuple) else (record.args,)
    raised = record.exc_info[1] if record.exc_info else None
    errors = [e for e in (raised, record.msg, *values) if isinstance(e, BaseException)]
    place = f"{record.filename}:{record.lineno}"
    if errors:
        about = record.msg if isinstance(record.msg, _Rendered) else place
        record.msg, record.args = f"{about} error={type(errors[0]).__name__}", None
    elif isinstance(record.msg, _Rendered):
        record.args = None
    elif OURS.match(record.name):
        record.args = tuple(_shown(value) for value in values) if record.args else None
    else:
        record.msg, record.args = place, None
    record.exc_info, record.stack_info = None, None
    return record


def _shown(value: Any) -> Any:
    """Return a name or a count as it is, and nothing of any other value."""
    if isinstance(value, bool | int | float):
        return value if abs(value) <= HIGHEST_COUNT else 0
    return value if isinstance(value, str) and NAME.fullmatch(value) else HIDDEN


def _print_no_tracebacks() -> None:
    """Let an error that nobody caught be printed by its kind and place, without its message."""

    def uncaught(kind: type[BaseException], _: Any, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            return
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        code = trace.tb_frame.f_code.co_filename.rpartition("/")[2] if trace else HIDDEN
        line = trace.tb_lineno if trace else 0
        print(f"sidedoor: {kind.__name__} at {code}:{line}", file=sys.stderr)

    sys.excepthook = uncaught
    threading.excepthook = lambda a: uncaught(a.exc_type, a.exc_value, a.exc_traceback)
    sys.unraisablehook = lambda a: uncaught(a.exc_type, a.exc_value, a.exc_traceback)

"""Logging without content: event names and counts, never what people or the assistant say."""

from __future__ import annotations

import logging
import sys
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
        cache_logger_on_first_use=False,
    )


def _drop_unsafe(_: Any, __: str, event: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key in SAFE_KEYS}


def _mark_rendered(_: Any, __: str, line: Any) -> _Rendered:
    return _Rendered(line)


def _record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Make a log record; of one about an exception only the place and the exception's type stay.

    An exception's message and locals may hold somebody's words, and so may a text that quotes
    it. This is done to the record, not in the formatter, as some libraries have handlers of
    their own.
    """
    record = logging.LogRecord(*args, **kwargs)
    values = record.args if isinstance(record.args, tuple) else (record.args,)
    raised = record.exc_info[1] if record.exc_info else None
    errors = [e for e in (raised, record.msg, *values) if isinstance(e, BaseException)]
    if errors:
        rendered = isinstance(record.msg, _Rendered)
        about = record.msg if rendered else f"{record.filename}:{record.lineno}"
        record.msg = f"{about} error={type(errors[0]).__name__}"
        record.args, record.exc_info, record.stack_info = None, None, None
    return record

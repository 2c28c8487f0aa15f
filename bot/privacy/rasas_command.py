"""Rasa's own command line with our parts: what it may not be told, and what is set up for it.

Our channels, endpoints, importer, graph components and actions are all imported from `bot` or by
way of it, so this is called when the first of them is loaded, however the command was written.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

import yaml

from bot.environment import ENFORCED, FOUND, print_no_warnings
from bot.privacy.guard import (
    OURS,
    LeakError,
    no_core_dumps,
    refuse_channels,
    refuse_environment,
    refuse_parts,
)
from bot.privacy.memory import overwrite_freed_memory

RASA = "rasa.__main__"

SERVING = {f"rasa.cli.{name}" for name in ("run", "shell", "interactive", "x")}
"""Modules of Rasa's commands that take what people write; the others take files."""

OPTIONS = {
    "enable_api": ("--enable-api", "would show conversations to whoever asks"),
    "logging_config_file": ("--logging-config-file", "would replace the logs without content"),
    "log_file": ("--log-file", "writes to a file"),
    "use_syslog": ("--use-syslog", "writes to the system's log"),
}
"""What Rasa reads from its command line -> the option, and why not with our parts."""

DEBUG, CONNECTOR = "--debug", "--connector"
"""Options of which it depends on the value."""

ACTIONS = "run_actions"
"""Rasa's function that serves actions only: it has no conversations."""

TERMINAL = "cmdline"
"""Rasa's channel for whoever sits at the terminal."""


def guard_rasas_command() -> None:
    """If this is Rasa's own command, end it at what would leak, and set the process up as ours are.

    It is started again once, so that nothing of Rasa's runs before the variables are set.
    """
    chosen = _chosen()
    if chosen is None:
        return
    os.environ.update(ENFORCED)
    if getattr(chosen, "func", None) is None or chosen.func.__module__ not in SERVING:
        return
    try:
        refuse_options(chosen)  # first, as Rasa sets its variables by them
        refuse_environment(FOUND)
    except LeakError as error:
        _end(error)
    overwrite_freed_memory()
    no_core_dumps()
    print_no_warnings()
    _set_up_logs()


def _chosen() -> argparse.Namespace | None:
    """Return what Rasa's own parser makes of its command line; None in any other program."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    if RASA not in sys.modules and getattr(main, "name", None) != RASA:
        return None
    from rasa.__main__ import create_argument_parser

    chosen, _ = create_argument_parser().parse_known_args(sys.argv[1:])
    return chosen


def refuse_options(chosen: argparse.Namespace) -> None:
    """Refuse what Rasa has read from its command line, and channels and parts that are not ours.

    Raises:
        LeakError: naming the option, or the file, and the mend.
    """
    for name, (option, why) in OPTIONS.items():
        if getattr(chosen, name, None):
            raise LeakError(f"{option} {why}; leave it out")
    level = getattr(chosen, "loglevel", None)
    if level is not None and level < logging.INFO:
        raise LeakError(f"{DEBUG} (-vv) prints what people write; leave it out")
    connector = getattr(chosen, "connector", None)
    if connector and connector != TERMINAL and not str(connector).startswith(OURS):
        raise LeakError(
            f"{CONNECTOR} {connector} is not a channel of ours; leave it out:"
            " Rasa's own keep who writes and print what"
        )
    for name, refuse in (("credentials", refuse_channels), ("endpoints", refuse_parts)):
        path, default = Path(getattr(chosen, name, None) or f"{name}.yml"), Path(f"{name}.yml")
        if not path.exists():
            path = default  # as Rasa does
        try:
            sections = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except FileNotFoundError:  # then Rasa takes its own parts
            sections = None if chosen.func.__name__ == ACTIONS else {}
        except (OSError, ValueError, yaml.YAMLError):  # Rasa says what is wrong with it
            continue
        if isinstance(sections, dict):
            refuse(
                path, {name: of if isinstance(of, dict) else {} for name, of in sections.items()}
            )


def _set_up_logs() -> None:
    from bot.privacy.logs import configure_logs
    from bot.settings import SettingsError, settings

    try:
        configure_logs(settings().log_level)
    except SettingsError as error:
        _end(error)


def _end(reason: Any) -> NoReturn:
    """End with one clear line; Rasa and Sanic would go on after an exception."""
    print(f"sidedoor: {reason}", file=sys.stderr)
    sys.stderr.flush()
    os._exit(2)

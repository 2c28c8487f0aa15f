"""`sidedoor keys` and `sidedoor referrals`: what the deanery's administrator does by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import IO, Any, TypeVar

import click

from bot.deanery import DeaneryError, deaneries
from bot.settings import SettingsError, settings

Result = TypeVar("Result")

NO_TICKET = "Its self_referral is {}, so no ticket is offered until deanery/{}.yml says otherwise."


class Failed(click.ClickException):
    """What a person has to mend, in one line."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Print it as every command of ours does."""
        click.echo(f"sidedoor: {self.message}", err=True)


@click.group()
def keys() -> None:
    """A unit's key for referrals. Passphrases are asked for, or read line by line from input."""


def _known(_: click.Context, __: click.Parameter, deanery: str | None) -> str | None:
    """Return a deanery that there is, or none if none is given."""
    if deanery is None:
        return None
    with _told_in_one_line():
        known = deaneries()
    if deanery not in known:
        raise Failed(f"DEANERY is {deanery!r}; it must be one of {', '.join(known)}")
    return deanery


DEANERY = click.argument("deanery", callback=_known)


@keys.command("create")
@DEANERY
@click.option("--lost", is_flag=True, help="Give up a key that neither passphrase nor code opens.")
def create(deanery: str, lost: bool) -> None:
    """Make a unit's first key and print its recovery code, once."""
    from bot.referrals.desk import NO_TICKETS

    passphrase = _new_passphrase()
    what = f"sidedoor keys create {deanery}{' --lost' if lost else ''}"
    code = _changed(what, lambda store: store.create(deanery, passphrase, lost))
    said = [f"Made the key of {deanery}; its tickets can be sealed from now on."]
    kind = deaneries()[deanery].self_referral
    if kind in NO_TICKETS:
        said.append(NO_TICKET.format(kind, deanery))
    if lost:
        said.append("What was sealed to the lost key can be read by nobody any more.")
    _show_code(code, *said)


@keys.command("rotate")
@DEANERY
def rotate(deanery: str) -> None:
    """Make a new key; the old one opens its own tickets until the last of them has ended."""
    passphrase = _asked("Passphrase")
    code = _changed(
        f"sidedoor keys rotate {deanery}", lambda store: store.rotate(deanery, passphrase)
    )
    _show_code(code, f"{deanery} has a new key, under the same passphrase.")


@keys.command("passphrase")
@DEANERY
def passphrase(deanery: str) -> None:
    """Change the passphrase: the old one is asked for, then the new one."""
    old, new = _asked("Old passphrase"), _new_passphrase()
    what = f"sidedoor keys passphrase {deanery}"
    code = _changed(what, lambda store: store.change_passphrase(deanery, old, new))
    _show_code(code, f"The passphrase of {deanery} is changed.")


@keys.command("recover")
@DEANERY
def recover(deanery: str) -> None:
    """Set a new passphrase by the recovery code: the code is asked for, then the passphrase."""
    used, new = _asked("Recovery code"), _new_passphrase()
    code = _changed(
        f"sidedoor keys recover {deanery}", lambda store: store.recover(deanery, used, new)
    )
    _show_code(
        code, f"{deanery} has a new passphrase; the code that you used opens nothing any more."
    )


@keys.command("list")
@click.argument("deanery", required=False, callback=_known)
def list_keys(deanery: str | None) -> None:
    """List the units' keys: deanery, state, week, number, and how many tickets need it."""
    stored = _on_keys(lambda store: store.all())
    shown = [key for key in stored if deanery in (None, key.deanery)]
    for key in shown:
        needed = "1 ticket" if key.tickets == 1 else f"{key.tickets} tickets"
        click.echo(f"{key.deanery:20} {key.state:7} {key.week} {key.key_id} {needed}")
    if not shown:
        click.echo("There is no key. Make one: sidedoor keys create DEANERY")


@click.group()
def referrals() -> None:
    """The database of referrals."""


@referrals.command("sweep")
def sweep() -> None:
    """Delete the tickets that have ended; the running assistant does it every day."""
    from bot.referrals.expiry import sweep_now

    with _told_in_one_line():
        swept = sweep_now(settings().referrals_url, date.today())
    click.echo(f"{swept.tickets} tickets and {swept.keys} keys were deleted.")


def _on_keys(use: Callable[[Any], Result]) -> Result:
    """Call `use` with the store of keys."""
    from bot.referrals.keys import Keys
    from bot.referrals.tables import open_referrals

    with _told_in_one_line():
        return use(Keys(open_referrals(settings().referrals_url)))


def _changed(what: str, change: Callable[[Any], str]) -> str:
    """Change a unit's key, with entries in the audit log before and after; return the new code.

    Without the first entry nothing is changed; the second cannot take the code away.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from bot.dashboard.audit import COMMAND_LINE, Audit
    from bot.dashboard.tables import open_staff_database

    with _told_in_one_line():
        audit = Audit(open_staff_database(settings().staff_url))
        audit.note(COMMAND_LINE, what, "begun")
    outcome = "refused"
    try:
        code = _on_keys(change)
        outcome = "done"
    finally:
        try:
            audit.note(COMMAND_LINE, what, outcome)
        except SQLAlchemyError as error:
            click.echo(
                f"sidedoor: the audit log has no end of it: {type(error).__name__}", err=True
            )
    return code


@contextmanager
def _told_in_one_line() -> Iterator[None]:
    """Turn what a person can mend into one line."""
    from sqlalchemy.exc import SQLAlchemyError

    from bot.database import DatabaseError
    from bot.referrals.errors import ReferralError

    try:
        yield
    except SQLAlchemyError as error:
        raise Failed(f"the database does not take it: {type(error).__name__}") from None
    except (DatabaseError, DeaneryError, ReferralError, SettingsError) as error:
        raise Failed(str(error)) from None


def _asked(what: str) -> str:
    """Ask at the terminal without showing it, or take the next line of the input."""
    if sys.stdin.isatty():
        return str(click.prompt(what, hide_input=True))
    line = sys.stdin.readline()
    if not line:
        raise Failed(f"the input ended before a line with the {what.lower()}")
    return line.rstrip("\r\n")


def _new_passphrase() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("New passphrase", hide_input=True, confirmation_prompt=True))
    return _asked("New passphrase")


def _show_code(code: str, *before: str) -> None:
    """Print what was done, then the recovery code, and where it belongs."""
    for line in before:
        click.echo(line)
    click.echo(f"Recovery code: {code}")
    click.echo(
        "It is not shown again. Print it and keep it in a safe, apart from the passphrase:"
        " with both lost, no ticket can be read, by anybody. Earlier codes open nothing."
    )

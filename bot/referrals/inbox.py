"""The unit's inbox: its tickets without content, and with it once the unit's key is unlocked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.referrals import kdf
from bot.referrals.desk import Choices, next_position
from bot.referrals.errors import AnsweredMeanwhile, NoKey, TicketAltered, TicketGone, UnlockAgain
from bot.referrals.guessing import ALARM
from bot.referrals.keys import Keys, Unlocked
from bot.referrals.rewriting import note_deleted, overwrite
from bot.referrals.sealing import TEXT_CLASSES, box_between, draft, open_between, open_sealed
from bot.referrals.tables import (
    STATES,
    guesses,
    ticket_messages,
    tickets,
    transaction,
    unit_keys,
)
from bot.referrals.weeks import oldest_living, week_before, week_of, weeks_between

MARKS = ("new", "in_hand", "answered")
"""States that a caseworker may set by hand: answered also when they rang, or need not answer."""


@dataclass(frozen=True)
class TicketRow:
    """A ticket from outside. `waiting_weeks` is None when nothing of it awaits an answer."""

    id: str
    week: str
    state: str
    unread: int
    waiting_weeks: int | None
    size_class: int
    readable: bool
    """Whether the unit still has the key that it was sealed to."""


@dataclass(frozen=True)
class Message:
    """One message of a ticket; `direction` is "in" to the unit, "out" from it.

    `seen` tells whether the other side has read it.
    """

    position: int
    direction: str
    week: str
    seen: bool
    text: str = field(repr=False)


@dataclass(frozen=True)
class Ticket:
    """A ticket as its unit reads it."""

    id: str
    deanery: str
    week: str
    state: str
    waiting_weeks: int | None
    choices: Choices
    note: str | None = field(repr=False)
    contact: str | None = field(repr=False)
    answerable: bool
    """Whether somebody can hold a receipt; if not, an answer here would reach nobody."""
    unshown: bool
    """Whether there is a receipt that its sender was not shown: the assistant ended as it sent."""
    messages: tuple[Message, ...]
    next_position: int
    """What `answer` has to be given, so that nothing that came meanwhile is passed over."""


@dataclass(frozen=True)
class Guesses:
    """Receipts that were wrong, or were not tried, this week and the week before."""

    wrong: int
    refused: int

    @property
    def alarm(self) -> bool:
        """Whether somebody seems to be guessing."""
        return self.wrong + self.refused >= ALARM


class Inbox:
    """The unit's side. Methods raise DeskUnavailable if the database cannot be reached."""

    def __init__(
        self,
        engine: Engine,
        cost: kdf.Cost = kdf.PASSPHRASE_COST,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Use the database of referrals, whose tables are up to date."""
        self._engine = engine
        self._keys = Keys(engine, cost, today)
        self._today = today

    def has_key(self, deanery: str) -> bool:
        """Whether the unit has a key to unlock."""
        with transaction(self._engine) as connection:
            found = connection.scalar(
                select(func.count()).where(
                    unit_keys.c.deanery == deanery, unit_keys.c.state == "active"
                )
            )
        return bool(found)

    def unlock(self, deanery: str, passphrase: str) -> Unlocked:
        """Return the unit's private keys; takes about a second.

        Raises:
            NoKey: if the unit has none.
            WrongPassphrase: if the passphrase does not open them.
        """
        return self._keys.unlock(deanery, passphrase)

    def rows(
        self,
        deanery: str,
        states: Collection[str] = STATES,
        skip: int = 0,
        most: int | None = None,
    ) -> list[TicketRow]:
        """Return the unit's tickets: those that wait longest first, closed ones last.

        Of those in `states`, at most `most` after the first `skip`.
        """
        today = self._today()
        names = ("id", "key_id", "week", "state", "waiting_since", "size_class")
        page = (
            select(*(tickets.c[name] for name in names))
            .where(*self._living(deanery), tickets.c.state.in_(states))
            .order_by(*_urgency(tickets.c))
            .offset(skip)
            .limit(most)
            .subquery()
        )
        unread = (
            select(func.count())
            .where(
                ticket_messages.c.ticket == page.c.id,
                ticket_messages.c.direction == "in",
                ticket_messages.c.seen.is_(False),
            )
            .scalar_subquery()
        )
        query = (
            select(page, unit_keys.c.state.label("key_state"), unread.label("unread"))
            .join(unit_keys, unit_keys.c.key_id == page.c.key_id)
            .order_by(*_urgency(page.c))
        )
        with transaction(self._engine) as connection:
            found = connection.execute(query).all()
        return [
            TicketRow(
                id=row.id,
                week=row.week,
                state=row.state,
                unread=row.unread,
                waiting_weeks=_waiting(row.waiting_since, today),
                size_class=row.size_class,
                readable=row.key_state != "lost",
            )
            for row in found
        ]

    def counts(self, deanery: str) -> dict[str, int]:
        """Return how many tickets the unit has in each state."""
        query = (
            select(tickets.c.state, func.count())
            .where(*self._living(deanery))
            .group_by(tickets.c.state)
        )
        with transaction(self._engine) as connection:
            found = {row[0]: row[1] for row in connection.execute(query)}
        return {state: found.get(state, 0) for state in STATES}

    def read(self, unlocked: Unlocked, ticket: str) -> Ticket:
        """Return a ticket of the unit with its content, and note that it was read.

        Raises:
            TicketGone: if there is none, or it has ended.
            NoKey: if the unit lost the key that it was sealed to.
            UnlockAgain: if the unit has a newer key than those that were unlocked.
            TicketAltered: if a part is not what its sender sealed.
        """
        today = self._today()
        with self._with_keys(unlocked) as connection:
            row = self._row(connection, unlocked.deanery, ticket)
            messages = connection.execute(
                select(ticket_messages)
                .where(ticket_messages.c.ticket == ticket)
                .order_by(ticket_messages.c.position)
            ).all()
            inside = _content(row, messages[0] if messages else None, unlocked)
            read = tuple(_message(row, message, unlocked) for message in messages[1:])
            connection.execute(
                update(ticket_messages)
                .where(ticket_messages.c.ticket == ticket, ticket_messages.c.direction == "in")
                .values(seen=True)
            )
        return Ticket(
            id=row.id,
            deanery=row.deanery,
            week=row.week,
            state=row.state,
            waiting_weeks=_waiting(row.waiting_since, today),
            choices=_choices(inside),
            note=_text(inside["note"], unlocked),
            contact=_text(inside["contact"], unlocked),
            answerable=bool(inside["receipt"]) and row.shown,
            unshown=bool(inside["receipt"]) and not row.shown,
            messages=read,
            next_position=messages[-1].position + 1,
        )

    def choices(self, unlocked: Unlocked, wanted: Collection[str]) -> dict[str, Choices]:
        """Return id -> choices of those of the unit's tickets that can be opened.

        For the list: it opens nothing else, and none of them counts as read.
        """
        rows_and_first = (
            select(tickets, ticket_messages.c.position, ticket_messages.c.sealed)
            .join(ticket_messages, ticket_messages.c.ticket == tickets.c.id)
            .where(
                tickets.c.id.in_(wanted),
                tickets.c.deanery == unlocked.deanery,
                ticket_messages.c.position == 0,
            )
        )
        with transaction(self._engine) as connection:
            rows = connection.execute(rows_and_first).all()
        found = {}
        for row in rows:
            with suppress(NoKey, TicketAltered):
                found[row.id] = _choices(_content(row, row, unlocked))
        return found

    def answer(self, unlocked: Unlocked, ticket: str, text: str, expected_position: int) -> None:
        """Add an answer, sealed to the ticket's key, in one transaction.

        Raises:
            AnsweredMeanwhile: if something was added since the ticket was read.
            TicketGone: if it has ended.
            NoKey: if the unit lost the key that it was sealed to.
            UnlockAgain: if the unit has a newer key than those that were unlocked.
            TicketAltered: if the ticket's key is not the one its sender sealed.
            TextTooLong: if the text is longer than 16 kB.
        """
        today = self._today()
        week = week_of(today)
        with self._with_keys(unlocked) as connection:
            self._lock(connection, unlocked.deanery, ticket)
            row = self._row(connection, unlocked.deanery, ticket)
            _content(row, _first(connection, ticket), unlocked)
            if next_position(connection, ticket) != expected_position:
                raise AnsweredMeanwhile("something was added to the ticket meanwhile")
            inside = {"ticket": ticket, "position": expected_position, "text": text}
            sealed = box_between(inside, unlocked.key(row.key_id), bytes(row.public), TEXT_CLASSES)
            message = {
                "ticket": ticket,
                "position": expected_position,
                "direction": "out",
                "seen": False,
                "week": week,
                "key_id": row.key_id,
                "sealed": sealed,
            }
            connection.execute(insert(ticket_messages), [message])
            self._set(connection, ticket, state="answered", waiting_since=None, last_used_week=week)

    def mark(self, unlocked: Unlocked, ticket: str, state: str) -> None:
        """Set one of `MARKS`.

        Raises:
            ValueError: if `state` is none of them.
            TicketGone: if the ticket has ended.
        """
        if state not in MARKS:
            raise ValueError(f"state is {state!r}; it must be one of {', '.join(MARKS)}")
        values: dict[str, object] = {"state": state}
        if state == "answered":
            values["waiting_since"] = None
        with transaction(self._engine) as connection:
            self._lock(connection, unlocked.deanery, ticket)
            self._set(connection, ticket, **values)

    def close(self, unlocked: Unlocked, ticket: str) -> None:
        """Close a ticket: it waits for nothing. One whose receipt nobody has is deleted now.

        One with a receipt stays until it ends, so that its sender can still read the answers; a
        reply opens it again.

        Raises:
            TicketGone: if it has ended.
            NoKey, UnlockAgain, TicketAltered: as in `read`.
        """
        with self._with_keys(unlocked) as connection:
            self._lock(connection, unlocked.deanery, ticket)
            row = self._row(connection, unlocked.deanery, ticket)
            inside = _content(row, _first(connection, ticket), unlocked)
            kept = inside["receipt"] and row.shown
            if kept:
                self._set(connection, ticket, state="closed", waiting_since=None)
            else:
                connection.execute(delete(tickets).where(tickets.c.id == ticket))
                note_deleted(connection)
        if not kept:
            overwrite(self._engine)

    def guesses(self) -> Guesses:
        """Return how many receipts were wrong or refused, this week and the week before."""
        since = week_before(self._today())
        with transaction(self._engine) as connection:
            row = connection.execute(
                select(
                    func.coalesce(func.sum(guesses.c.wrong), 0),
                    func.coalesce(func.sum(guesses.c.refused), 0),
                ).where(guesses.c.week >= since)
            ).one()
        return Guesses(int(row[0]), int(row[1]))

    @contextmanager
    def _with_keys(self, unlocked: Unlocked) -> Iterator[Connection]:
        """Begin a transaction; a key that is missing but not lost has to be unlocked again."""
        try:
            with transaction(self._engine) as connection:
                yield connection
        except NoKey:
            newer = select(func.count()).where(
                unit_keys.c.deanery == unlocked.deanery,
                unit_keys.c.state != "lost",
                unit_keys.c.key_id.not_in(list(unlocked.keys)),
            )
            with transaction(self._engine) as connection:
                if connection.scalar(newer):
                    raise UnlockAgain("the unit's key was changed; unlock it again") from None
            raise

    def _living(self, deanery: str) -> tuple[Any, ...]:
        """Return what is true of the unit's tickets that have not ended."""
        living = tickets.c.last_used_week >= oldest_living(self._today())
        return (tickets.c.deanery == deanery, living)

    def _row(self, connection: Connection, deanery: str, ticket: str) -> Row:
        row = connection.execute(
            select(tickets).where(
                tickets.c.id == ticket,
                tickets.c.deanery == deanery,
                tickets.c.last_used_week >= oldest_living(self._today()),
            )
        ).first()
        if row is None:
            raise TicketGone("there is no such ticket, or it has ended")
        return row

    def _lock(self, connection: Connection, deanery: str, ticket: str) -> None:
        """Keep everybody else from changing the ticket until the transaction ends."""
        living = tickets.c.last_used_week >= oldest_living(self._today())
        locked = connection.execute(
            update(tickets)
            .where(tickets.c.id == ticket, tickets.c.deanery == deanery, living)
            .values(deanery=deanery)
        )
        if locked.rowcount == 0:
            raise TicketGone("there is no such ticket, or it has ended")

    def _set(self, connection: Connection, ticket: str, **values: object) -> None:
        connection.execute(update(tickets).where(tickets.c.id == ticket).values(**values))


def _waiting(since: str | None, today: date) -> int | None:
    return None if since is None else weeks_between(since, today)


def _urgency(columns: Any) -> tuple[Any, ...]:
    """Return what tickets are sorted by; weeks sort as texts."""
    since = columns.waiting_since
    return (columns.state == STATES[-1], since.is_(None), since, columns.id)


def _first(connection: Connection, ticket: str) -> Row | None:
    """Return the message that holds the ticket's content."""
    return connection.execute(
        select(ticket_messages).where(
            ticket_messages.c.ticket == ticket, ticket_messages.c.position == 0
        )
    ).first()


def _content(row: Row, first: Row | None, unlocked: Unlocked) -> Mapping[str, Any]:
    """Return what the ticket holds, if its row still belongs to it."""
    if first is None or first.position != 0:
        raise TicketAltered("the ticket has no content")
    inside = open_sealed(bytes(first.sealed), unlocked.key(row.key_id))
    public = base64.b64encode(bytes(row.public)).decode("ascii")
    if (inside.get("ticket"), inside.get("public")) != (row.id, public):
        raise TicketAltered("the ticket's content belongs elsewhere")
    return inside


def _choices(inside: Mapping[str, Any]) -> Choices:
    return Choices(tuple(inside["topics"]), tuple(inside["help"]), inside["answer_by"])


def _message(row: Row, message: Row, unlocked: Unlocked) -> Message:
    inside = open_between(bytes(message.sealed), unlocked.key(row.key_id), bytes(row.public))
    if (inside.get("ticket"), inside.get("position")) != (row.id, message.position):
        raise TicketAltered("a message belongs elsewhere")
    if message.direction == "out":
        text = str(inside["text"])
    else:
        text = _text(inside["reply"], unlocked) or ""
    return Message(message.position, message.direction, message.week, bool(message.seen), text)


def _text(sealed: str | None, unlocked: Unlocked) -> str | None:
    if sealed is None:
        return None
    key_id, box = draft(sealed)
    return str(open_sealed(box, unlocked.key(key_id))["text"])

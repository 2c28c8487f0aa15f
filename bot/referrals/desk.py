"""The desk: what the conversation uses to send a ticket, read its answers, reply, and end it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, TypeVar

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.database import DatabaseError
from bot.deanery import deaneries
from bot.referrals import kdf, receipts
from bot.referrals.errors import (
    DeskUnavailable,
    DraftOutdated,
    NoKey,
    TicketAltered,
    TicketGone,
)
from bot.referrals.guessing import Guessing, wait_with
from bot.referrals.rewriting import note_deleted, overwrite
from bot.referrals.salts import salt_and_cost
from bot.referrals.sealing import (
    ENVELOPE_CLASSES,
    box_between,
    draft,
    open_between,
    seal_envelope,
    seal_text,
)
from bot.referrals.shared_tries import SharedTries
from bot.referrals.tables import (
    active_keys,
    guesses,
    insert_new,
    open_referrals,
    ticket_messages,
    tickets,
    transaction,
    unit_keys,
)
from bot.referrals.weeks import oldest_living, week_of
from bot.settings import settings

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

NO_TICKETS = ("none", "unknown")
"""Kinds of `self_referral` for which no ticket is offered."""

KEYS_SECONDS = 60
"""Units' public keys are read again after so long; one that was rotated away still opens."""

RETRY_SECONDS = 30
"""Seconds until a database that could not be reached is asked for keys again."""

FIRST_SECONDS = 3
"""Seconds for which the first reading of the keys is waited for."""

THREADS = 8
"""Threads that may wait for the database. They are the desk's own: with the loop's, a database
that hangs would keep it from finding the address of anything else."""


@dataclass(frozen=True)
class Choices:
    """What somebody chose, by ids and never in sentences."""

    topics: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    answer_by: str | None = None


@dataclass(frozen=True)
class Answer:
    """An answer of the unit; `new` if it was not read before."""

    text: str = field(repr=False)
    week: str
    new: bool


@dataclass(frozen=True)
class Opened:
    """A ticket opened with its receipt. The private key is here only; drop it to lock it.

    `state` is one of `tables.STATES`, or "lost" if the unit lost the key that reads the ticket;
    `waiting` is the number of answers that were not read yet.
    """

    deanery: str
    state: str
    week: str
    waiting: int
    ticket: str = field(repr=False)
    key_id: str = field(repr=False)
    unit: bytes = field(repr=False)
    """The unit's public key as it was when the ticket was sent: whose answers to believe."""
    private: PrivateKey = field(repr=False)


class Desk:
    """The trainee's side. Methods raise DeskUnavailable if the database cannot be reached."""

    def __init__(
        self,
        open_engine: Callable[[], Engine],
        cost: kdf.Cost = kdf.RECEIPT_COST,
        today: Callable[[], date] = date.today,
        guessing: Guessing | None = None,
        shared: SharedTries | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Open nothing yet. `cost` is for a database that holds none: its receipts keep theirs.

        `guessing` limits tries in this process, `shared` over all that have it.
        """
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self._cost = cost
        self._today = today
        self._guessing = guessing or Guessing()
        self._shared = shared
        self._sleep = sleep
        self._keys: dict[str, tuple[str, bytes]] | None = None
        self._keys_until = 0.0
        self._reader: threading.Thread | None = None
        self._hung = False
        self._threads = ThreadPoolExecutor(THREADS, "referrals")
        self._to_end: set[str] = set()
        """Tickets whose senders ended them while the database could not be used."""
        self._to_withdraw: set[str] = set()
        """Tickets of drafts that were dropped, which may have been sent."""
        self._to_note: set[str] = set()
        """Tickets of which it is not noted yet that their senders were told."""

    def in_use(self) -> bool:
        """Whether any unit has a key, so that there can be tickets and receipts at all."""
        return bool(self._active_keys())

    def accepts(self, deanery: str) -> bool:
        """Whether a ticket can be sent: the unit has a key, and trainees may refer themselves."""
        unit = deaneries().get(deanery)
        if unit is None or unit.self_referral in NO_TICKETS:
            return False
        return deanery in self._active_keys()

    def seal(self, deanery: str, text: str) -> str:
        """Return base64 of the text, sealed to the unit's key; forget the text now.

        Raises:
            NoKey: if the unit has none.
            TextTooLong: if it is longer than 16 kB.
        """
        active = self._active_keys().get(deanery)
        if active is None:
            raise NoKey(f"{deanery} has no key")
        return seal_text(text, *active)

    async def send(
        self,
        deanery: str,
        choices: Choices,
        note: str | None,
        contact: str | None,
        receipt: bool,
        draft_id: str | None = None,
    ) -> str | None:
        """Send a ticket in one transaction; return its receipt if one is asked for.

        `note` and `contact` are results of `seal`. Until `shown` is called, the unit is told that
        nobody may have the receipt. Whatever is sent again with the same
        `draft_id` (any random text) takes the place of what was sent before, so that a try whose
        receipt nobody saw leaves no second ticket.

        Raises:
            NoKey: if the unit has no key.
            DraftOutdated: if a part was sealed to a key that is no longer the unit's.
            TicketAltered: if a part is no result of `seal`.
        """
        parts = [draft(part).key_id for part in (note, contact) if part is not None]
        if len(set(parts)) > 1:
            raise DraftOutdated("the parts were sealed to different keys")
        key_id = parts[0] if parts else self._active_id(deanery)
        shown = receipts.new_receipt() if receipt else None
        keys = await self._derive(shown) if shown else None
        ticket = _ticket_id(draft_id)
        inside = {
            "topics": choices.topics,
            "help": choices.help,
            "answer_by": choices.answer_by,
            "note": note,
            "contact": contact,
        }
        await self._beside(self._insert, deanery, key_id, ticket, keys, inside)
        return shown

    async def shown(self, draft_id: str) -> None:
        """Note that the sender of this draft was told that it went, with the receipt if it has one.

        Call it once they were: who is told twice gets a new receipt, who never is has none. Nothing
        is raised; what cannot be noted now is noted with the next `sweep`.
        """
        self._to_note.add(_ticket_id(draft_id))
        await self._beside(self._note_shown)

    async def was_shown(self, draft_id: str) -> bool:
        """Return whether it is noted that the sender of this draft was told."""
        ticket = _ticket_id(draft_id)
        return ticket in self._to_note or await self._beside(self._is_shown, ticket)

    async def withdraw(self, draft_id: str) -> None:
        """Delete what was sent with this draft, if it was sent.

        Nothing is raised; what cannot be deleted now is deleted with a later `sweep`.
        """
        self._to_withdraw.add(_ticket_id(draft_id))
        with suppress(DeskUnavailable):
            await self._beside(self._withdraw)

    async def open(self, receipt: str, conversation: str = "") -> Opened | None:
        """Open a ticket with its receipt, which counts as a use of it.

        A receipt that is wrong, and one whose ticket has ended, give None after the same work.
        `conversation` is a pseudonym in whose name tries are limited.

        Raises:
            TooManyGuesses: if no receipt is tried now.
        """
        wait = self._guessing.admit(conversation)
        wait = max(wait, await self._take_of_all())
        try:
            if wait:
                await self._sleep(wait)
            keys = await self._derive(receipt)
            opened = await self._beside(self._find, keys)
        except DeskUnavailable:
            self._guessing.untried()
            await self._give_back_to_all()
            raise
        if opened is None:
            self._guessing.wrong(conversation)
        else:
            self._guessing.right(conversation)
            await self._give_back_to_all()
        return opened

    async def answers(self, opened: Opened) -> list[Answer]:
        """Return every answer of the unit in their order, and note that they were read.

        Raises:
            TicketGone: if it has ended since it was opened.
            TicketAltered: if an answer is not the unit's.
        """
        return await self._beside(self._answers, opened)

    async def reply(self, opened: Opened, sealed: str) -> None:
        """Add what `seal` returned for the ticket's deanery; the ticket is new again.

        Raises:
            TicketGone: if it has ended since it was opened.
            DraftOutdated: if it was sealed to a key that the unit no longer has.
            TicketAltered: if it is no result of `seal`.
        """
        await self._beside(self._reply, opened, sealed)

    async def end(self, opened: Opened) -> None:
        """Delete the ticket and all its messages now; that it has ended already is no error.

        If somebody holds on to PostgreSQL's tables, its bytes are overwritten by the sweep.

        Raises:
            DeskUnavailable: if it cannot be deleted now; it is tried again with each `sweep`.
        """
        try:
            await self._beside(self._end, opened.ticket)
        except DeskUnavailable:
            self._to_end.add(opened.ticket)
            raise

    def sweep(self) -> None:
        """Have done what is due; called by the server's clock.

        That is to forget the mistakes of conversations that have ended, to write how many receipts
        were refused, and to note, end and withdraw what could not be. It waits for nothing. What
        cannot be done is tried again the next time.
        """
        self._guessing.sweep()
        if self._guessing.refused:
            self._threads.submit(self._write_refused)
        if self._to_note:
            self._threads.submit(self._note_shown)
        if self._to_end:
            self._threads.submit(self._end_at_last)
        if self._to_withdraw:
            self._threads.submit(self._withdraw)

    async def _take_of_all(self) -> float:
        """Take a try of those that all workers have; return the seconds to wait before it.

        Raises:
            TooManyGuesses: if there is none left.
        """
        if self._shared is None:
            return 0.0
        left = await self._shared.take()
        if left is None:
            self._guessing.untried()
            raise self._guessing.refuse()
        return wait_with(left)

    async def _give_back_to_all(self) -> None:
        if self._shared is not None:
            await self._shared.give_back()

    async def _derive(self, receipt: str) -> receipts.ReceiptKeys:
        salt, cost = await self._beside(lambda: salt_and_cost(self._database(), self._cost))
        return await kdf.beside_the_loop(lambda: receipts.derive(receipt, salt, cost))

    async def _beside(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do what waits for the database in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _database(self) -> Engine:
        if self._engine is None:
            try:
                self._engine = self._open_engine()
            except (DatabaseError, OSError) as error:
                raise DeskUnavailable(str(error)) from None
        return self._engine

    def _active_keys(self) -> dict[str, tuple[str, bytes]]:
        """Return the units' public keys; only the first reading is waited for, and not for long.

        A database that hangs is not to hold up conversations, so a failure is remembered too.
        """
        now = time.monotonic()
        if now >= self._keys_until and not (self._reader and self._reader.is_alive()):
            self._keys_until = now + (RETRY_SECONDS if self._keys is None else KEYS_SECONDS)
            self._reader = threading.Thread(target=self._read_keys_again, daemon=True)
            self._reader.start()
            if self._keys is None and not self._hung:
                self._reader.join(FIRST_SECONDS)
                self._hung = self._reader.is_alive()
        if self._keys is None:
            raise DeskUnavailable("the units' keys could not be read")
        return self._keys

    def _read_keys(self) -> None:
        with transaction(self._database()) as connection:
            self._keys = active_keys(connection)
        self._keys_until = time.monotonic() + KEYS_SECONDS
        self._hung = False

    def _read_keys_again(self) -> None:
        try:
            self._read_keys()
        except DeskUnavailable:
            logger.error("keys of units not read: error=%s", DeskUnavailable.__name__)

    def _usable_key(self, connection: Connection, deanery: str, key_id: str) -> bytes:
        """Return the public half of a key that the unit can still read with.

        Raises:
            DraftOutdated: if it is lost, gone, or another unit's.
        """
        public = connection.scalar(
            select(unit_keys.c.public).where(
                unit_keys.c.key_id == key_id,
                unit_keys.c.deanery == deanery,
                unit_keys.c.state != "lost",
            )
        )
        if public is None:
            self._keys, self._keys_until = None, 0.0  # what is known of the keys is out of date
            raise DraftOutdated("a part was sealed to a key that the unit no longer has")
        return bytes(public)

    def _active_id(self, deanery: str) -> str:
        active = self._active_keys().get(deanery)
        if active is None:
            raise NoKey(f"{deanery} has no key")
        return active[0]

    def _insert(
        self,
        deanery: str,
        key_id: str,
        ticket: str,
        keys: receipts.ReceiptKeys | None,
        inside: dict[str, Any],
    ) -> None:
        week, pair = week_of(self._today()), PrivateKey.generate()
        public = bytes(pair.public_key)
        with transaction(self._database()) as connection:
            connection.execute(delete(tickets).where(tickets.c.id == ticket))
            unit = self._usable_key(connection, deanery, key_id)
            sealed = seal_envelope(
                {
                    "ticket": ticket,
                    "public": base64.b64encode(public).decode("ascii"),
                    "receipt": keys is not None,
                    **inside,
                },
                unit,
            )
            # without a receipt nobody is to have the key: as long a secret, thrown away
            lookup, secret = keys or (secrets.token_bytes(32), secrets.token_bytes(32))
            row = {
                "id": ticket,
                "deanery": deanery,
                "key_id": key_id,
                "lookup": lookup,
                "public": public,
                "sealed_private": bytes(SecretBox(secret).encrypt(bytes(pair) + unit)),
                "state": "new",
                "week": week,
                "last_used_week": week,
                "waiting_since": week,
                "shown": False,
                "size_class": next(size for size in ENVELOPE_CLASSES if len(sealed) - size < size),
            }
            connection.execute(insert(tickets), [row])
            connection.execute(insert(ticket_messages), [_message(ticket, 0, week, key_id, sealed)])

    def _find(self, keys: receipts.ReceiptKeys) -> Opened | None:
        today = self._today()
        with transaction(self._database()) as connection:
            row = connection.execute(
                select(tickets, unit_keys.c.state.label("key_state"))
                .join(unit_keys, unit_keys.c.key_id == tickets.c.key_id)
                .where(
                    tickets.c.lookup == keys.lookup,
                    tickets.c.last_used_week >= oldest_living(today),
                )
            ).first()
            inside = _inside(row, keys.secret)
            if row is None or inside is None or not _used(connection, row.id, today):
                _count(connection, week_of(today), wrong=1, refused=0)
                return None
            waiting = connection.scalar(
                select(func.count()).where(*_unread_answers(row.id)),
            )
        return Opened(
            deanery=row.deanery,
            state="lost" if row.key_state == "lost" else row.state,
            week=row.week,
            waiting=int(waiting or 0),
            ticket=row.id,
            key_id=row.key_id,
            unit=inside[32:],
            private=PrivateKey(inside[:32]),
        )

    def _write_refused(self) -> None:
        refused = self._guessing.take_refused()
        try:
            with transaction(self._database()) as connection:
                _count(connection, week_of(self._today()), wrong=0, refused=refused)
        except DeskUnavailable:
            self._guessing.refused += refused
            logger.error("refused receipts not counted: error=%s", DeskUnavailable.__name__)

    def _answers(self, opened: Opened) -> list[Answer]:
        with transaction(self._database()) as connection:
            _use(connection, opened.ticket, self._today())
            rows = connection.execute(
                select(ticket_messages)
                .where(
                    ticket_messages.c.ticket == opened.ticket,
                    ticket_messages.c.direction == "out",
                )
                .order_by(ticket_messages.c.position)
            ).all()
            found = [Answer(_text_of(row, opened), row.week, not row.seen) for row in rows]
            connection.execute(
                update(ticket_messages).where(*_unread_answers(opened.ticket)).values(seen=True)
            )
        return found

    def _reply(self, opened: Opened, sealed: str) -> None:
        key_id, today = draft(sealed).key_id, self._today()
        week = week_of(today)
        with transaction(self._database()) as connection:
            _use(connection, opened.ticket, today)
            self._usable_key(connection, opened.deanery, key_id)
            position = next_position(connection, opened.ticket)
            inside = {"ticket": opened.ticket, "position": position, "reply": sealed}
            boxed = box_between(inside, opened.private, opened.unit, ENVELOPE_CLASSES)
            connection.execute(
                insert(ticket_messages),
                [_message(opened.ticket, position, week, key_id, boxed)],
            )
            connection.execute(
                update(tickets)
                .where(tickets.c.id == opened.ticket)
                .values(state="new", waiting_since=func.coalesce(tickets.c.waiting_since, week))
            )

    def _note_shown(self) -> None:
        noted = tuple(self._to_note)
        try:
            with transaction(self._database()) as connection:
                connection.execute(
                    update(tickets).where(tickets.c.id.in_(noted)).values(shown=True)
                )
        except DeskUnavailable:
            logger.error("not noted whom it was told: error=%s", DeskUnavailable.__name__)
        else:
            self._to_note.difference_update(noted)

    def _is_shown(self, ticket: str) -> bool:
        with transaction(self._database()) as connection:
            return bool(connection.scalar(select(tickets.c.shown).where(tickets.c.id == ticket)))

    def _end(self, ticket: str) -> None:
        with transaction(self._database()) as connection:
            connection.execute(delete(tickets).where(tickets.c.id == ticket))
            note_deleted(connection)
        overwrite(self._database())

    def _withdraw(self) -> None:
        ids = tuple(self._to_withdraw)
        with transaction(self._database()) as connection:
            gone = connection.execute(delete(tickets).where(tickets.c.id.in_(ids))).rowcount
            if gone:
                note_deleted(connection)
        self._to_withdraw.difference_update(ids)
        if gone:
            overwrite(self._database())

    def _end_at_last(self) -> None:
        try:
            for ticket in tuple(self._to_end):
                self._end(ticket)
                self._to_end.discard(ticket)
        except DeskUnavailable:
            logger.error("tickets not ended yet: error=%s", DeskUnavailable.__name__)


@cache
def desk() -> Desk:
    """Return this process's desk, with the settings' database, and Redis if there is one."""
    url, redis = settings().referrals_url, settings().redis_url
    return Desk(lambda: open_referrals(url), shared=SharedTries(redis) if redis else None)


def next_position(connection: Connection, ticket: str) -> int:
    """Return the position of the message that comes next; the ticket's row is locked."""
    last = connection.scalar(
        select(func.max(ticket_messages.c.position)).where(ticket_messages.c.ticket == ticket)
    )
    return 0 if last is None else int(last) + 1


def _count(connection: Connection, week: str, wrong: int, refused: int) -> None:
    """Add tries of receipts to those of the week."""
    new = insert_new(connection, guesses).on_conflict_do_update(
        index_elements=["week"],
        set_={"wrong": guesses.c.wrong + wrong, "refused": guesses.c.refused + refused},
    )
    connection.execute(new, [{"week": week, "wrong": wrong, "refused": refused}])


def _ticket_id(draft_id: str | None) -> str:
    if draft_id is None:
        return secrets.token_hex(16)
    return hashlib.blake2b(draft_id.encode("utf-8"), digest_size=16).hexdigest()


def _message(ticket: str, position: int, week: str, key_id: str, sealed: bytes) -> dict[str, Any]:
    return {
        "ticket": ticket,
        "position": position,
        "direction": "in",
        "seen": False,
        "week": week,
        "key_id": key_id,
        "sealed": sealed,
    }


def _used(connection: Connection, ticket: str, today: date) -> bool:
    """Note that its sender uses a ticket, which locks its row; return whether it is still there."""
    used = connection.execute(
        update(tickets)
        .where(tickets.c.id == ticket, tickets.c.last_used_week >= oldest_living(today))
        .values(last_used_week=week_of(today), shown=True)
    )
    return bool(used.rowcount)


def _use(connection: Connection, ticket: str, today: date) -> None:
    """Note that a ticket is used, which locks its row.

    Raises:
        TicketGone: if it has ended.
    """
    if not _used(connection, ticket, today):
        raise TicketGone("the ticket has ended")


def _unread_answers(ticket: str) -> tuple[Any, ...]:
    return (
        ticket_messages.c.ticket == ticket,
        ticket_messages.c.direction == "out",
        ticket_messages.c.seen.is_(False),
    )


def _inside(row: Row | None, secret: bytes) -> bytes | None:
    """Return a ticket's private key and its unit's public one, if the receipt opens them."""
    if row is None:
        return None
    try:
        return bytes(SecretBox(secret).decrypt(bytes(row.sealed_private)))
    except CryptoError:
        return None


def _text_of(row: Row, opened: Opened) -> str:
    inside = open_between(bytes(row.sealed), opened.private, opened.unit)
    if (inside.get("ticket"), inside.get("position")) != (opened.ticket, row.position):
        raise TicketAltered("an answer belongs elsewhere")
    return str(inside["text"])

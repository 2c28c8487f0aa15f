"""Units' keys: a pair whose private half opens with the unit's passphrase or its recovery code.

Only the public half is usable by the server. One passphrase and one recovery code open all of a
unit's keys that still matter: the active one, and old ones until their last ticket has ended.
"""

from __future__ import annotations

import secrets
import struct
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from nacl import hash as blake
from nacl.encoding import RawEncoder
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey
from nacl.secret import SecretBox
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.engine import Connection, Engine, Row

from bot.referrals import kdf
from bot.referrals.errors import NoKey, ReferralError, WrongPassphrase
from bot.referrals.tables import ticket_messages, tickets, transaction, unit_keys
from bot.referrals.weeks import week_of

SHORTEST_PASSPHRASE = 20
"""Characters: whoever has the database may try as many as they have time for."""

LONGEST_PASSPHRASE = 1000

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit or for another letter."""

CODE_GROUPS, GROUP = 6, 5
"""A recovery code is 30 letters of five bits: 150 bits, which nobody guesses."""

_HEADER = struct.Struct(">B16sII")
_FORMAT = 1


class KeyChangeError(ReferralError):
    """A unit's key cannot be made or changed so; the message says what to do instead."""


@dataclass(frozen=True)
class UnitKey:
    """A key, without what it holds."""

    key_id: str
    deanery: str
    state: str
    week: str
    tickets: int
    """Tickets that need it."""


@dataclass(frozen=True)
class Unlocked:
    """A unit's private keys in memory, by id. Drop it, and they are locked again."""

    deanery: str
    keys: Mapping[str, PrivateKey] = field(repr=False)

    def key(self, key_id: str) -> PrivateKey:
        """Return a private key.

        Raises:
            NoKey: if it is not among them: lost, or of another unit.
        """
        found = self.keys.get(key_id)
        if found is None:
            raise NoKey(f"{self.deanery} has no key that opens this")
        return found


class Keys:
    """The units' keys. Each method is one transaction, apart from the derivation before it."""

    def __init__(
        self,
        engine: Engine,
        cost: kdf.Cost = kdf.PASSPHRASE_COST,
        today: Callable[[], date] = date.today,
    ) -> None:
        """Use the database of referrals."""
        self._engine = engine
        self._cost = cost
        self._today = today

    def create(self, deanery: str, passphrase: str, instead_of_lost: bool = False) -> str:
        """Make a unit's first key and return its recovery code.

        With `instead_of_lost` the keys that it has are marked as lost: nothing sealed to them
        can be read any more.

        Raises:
            KeyChangeError: if the unit has a key, or the passphrase is too short.
        """
        _require_long_enough(passphrase)
        code = new_recovery_code()
        pair = PrivateKey.generate()
        locks = _locks(passphrase, code, self._cost)
        with transaction(self._engine) as connection:
            if self._active(connection, deanery) is not None and not instead_of_lost:
                raise KeyChangeError(
                    f"{deanery} has a key; use rotate, passphrase or recover, or say --lost if"
                    " neither the passphrase nor the recovery code is left"
                )
            connection.execute(
                update(unit_keys).where(unit_keys.c.deanery == deanery).values(state="lost")
            )
            self._add(connection, deanery, pair, locks)
        return code

    def rotate(self, deanery: str, passphrase: str) -> str:
        """Make a new key the active one, keep the old ones to read with; return a new code.

        Raises:
            NoKey: if the unit has none.
            WrongPassphrase: if it does not open the unit's key.
        """
        unlocked = self.unlock(deanery, passphrase)
        code = new_recovery_code()
        pair = PrivateKey.generate()
        locks = _locks(passphrase, code, self._cost)
        with transaction(self._engine) as connection:
            self._lock_again(connection, unlocked, locks)
            connection.execute(
                update(unit_keys)
                .where(unit_keys.c.deanery == deanery, unit_keys.c.state == "active")
                .values(state="old")
            )
            self._add(connection, deanery, pair, locks)
        return code

    def change_passphrase(self, deanery: str, old: str, new: str) -> str:
        """Seal the unit's keys under another passphrase; return a new recovery code.

        Raises:
            NoKey: if the unit has none.
            WrongPassphrase: if `old` does not open them.
            KeyChangeError: if `new` is too short.
        """
        _require_long_enough(new)
        return self._seal_anew(self.unlock(deanery, old), new)

    def recover(self, deanery: str, code: str, new: str) -> str:
        """Give the unit another passphrase by its recovery code; return a new code.

        Raises:
            NoKey: if the unit has none.
            WrongPassphrase: if the code does not open them.
            KeyChangeError: if `new` is too short.
        """
        _require_long_enough(new)
        opener = _Opener(lambda salt, _: _from_code(code, salt))
        return self._seal_anew(self._open(deanery, "sealed_recovery", opener), new)

    def unlock(self, deanery: str, passphrase: str) -> Unlocked:
        """Return the unit's private keys; takes a derivation.

        Raises:
            NoKey: if the unit has none.
            WrongPassphrase: if it does not open them.
        """
        opener = _Opener(lambda salt, cost: _from_passphrase(passphrase, salt, cost))
        return self._open(deanery, "sealed_private", opener)

    def all(self) -> list[UnitKey]:
        """Return every key, by deanery, the active one first."""
        needed = (
            select(func.count()).where(tickets.c.key_id == unit_keys.c.key_id).scalar_subquery()
        )
        columns = (unit_keys.c.key_id, unit_keys.c.deanery, unit_keys.c.state, unit_keys.c.week)
        with transaction(self._engine) as connection:
            rows = connection.execute(
                select(*columns, needed.label("tickets")).order_by(
                    unit_keys.c.deanery, unit_keys.c.state, unit_keys.c.week.desc()
                )
            ).all()
        return [UnitKey(*row) for row in rows]

    def _open(self, deanery: str, column: str, opener: _Opener) -> Unlocked:
        with transaction(self._engine) as connection:
            rows = connection.execute(
                select(unit_keys).where(
                    unit_keys.c.deanery == deanery, unit_keys.c.state.in_(("active", "old"))
                )
            ).all()
        if not rows:
            raise NoKey(f"{deanery} has no key; `sidedoor keys create {deanery}` makes one")
        return Unlocked(
            deanery, {row.key_id: opener.open(bytes(row._mapping[column])) for row in rows}
        )

    def _seal_anew(self, unlocked: Unlocked, passphrase: str) -> str:
        code = new_recovery_code()
        locks = _locks(passphrase, code, self._cost)
        with transaction(self._engine) as connection:
            self._lock_again(connection, unlocked, locks)
        return code

    def _lock_again(self, connection: Connection, unlocked: Unlocked, locks: _Locks) -> None:
        for key_id, private in unlocked.keys.items():
            connection.execute(
                update(unit_keys)
                .where(unit_keys.c.key_id == key_id)
                .values(
                    sealed_private=locks.by_passphrase(private),
                    sealed_recovery=locks.by_code(private),
                )
            )
        left = connection.scalar(
            select(func.count()).where(
                unit_keys.c.deanery == unlocked.deanery,
                unit_keys.c.state.in_(("active", "old")),
                unit_keys.c.key_id.not_in(list(unlocked.keys)),
            )
        )
        if left:
            raise KeyChangeError(
                f"{unlocked.deanery}'s key was changed by somebody else meanwhile; try again"
            )

    def _active(self, connection: Connection, deanery: str) -> Row | None:
        return connection.execute(
            select(unit_keys.c.key_id).where(
                unit_keys.c.deanery == deanery, unit_keys.c.state == "active"
            )
        ).first()

    def _add(self, connection: Connection, deanery: str, pair: PrivateKey, locks: _Locks) -> None:
        row = {
            "key_id": secrets.token_hex(8),
            "deanery": deanery,
            "public": bytes(pair.public_key),
            "sealed_private": locks.by_passphrase(pair),
            "sealed_recovery": locks.by_code(pair),
            "state": "active",
            "week": week_of(self._today()),
        }
        connection.execute(insert(unit_keys), [row])


def drop_unneeded(connection: Connection) -> int:
    """Delete old and lost keys that no ticket needs any more; return how many."""
    unneeded = delete(unit_keys).where(
        or_(unit_keys.c.state == "old", unit_keys.c.state == "lost"),
        unit_keys.c.key_id.not_in(select(tickets.c.key_id)),
        unit_keys.c.key_id.not_in(select(ticket_messages.c.key_id)),
    )
    return int(connection.execute(unneeded).rowcount)


def new_recovery_code() -> str:
    """Return a code such as "7K2QF-…": six groups of five letters and digits."""
    letters = [secrets.choice(ALPHABET) for _ in range(CODE_GROUPS * GROUP)]
    return "-".join(
        "".join(letters[start : start + GROUP]) for start in range(0, len(letters), GROUP)
    )


@dataclass
class _Opener:
    """Opens keys that were sealed alike with one derivation."""

    key_for: Callable[[bytes, kdf.Cost], bytes]
    _known: dict[tuple[bytes, kdf.Cost], bytes] = field(default_factory=dict)

    def open(self, sealed: bytes) -> PrivateKey:
        version, salt, passes, memory = _HEADER.unpack_from(sealed)
        if version != _FORMAT:
            raise NoKey("a unit's key is of no version that is known")
        how = (salt, kdf.Cost(passes, memory))
        if how not in self._known:
            self._known[how] = self.key_for(*how)
        try:
            return PrivateKey(SecretBox(self._known[how]).decrypt(sealed[_HEADER.size :]))
        except CryptoError:
            raise WrongPassphrase("that is not what opens the unit's key; try again") from None


@dataclass(frozen=True)
class _Locks:
    """What private keys are sealed under: two keys, each with how it is made again."""

    passphrase_header: bytes
    passphrase_key: bytes
    code_header: bytes
    code_key: bytes

    def by_passphrase(self, private: PrivateKey) -> bytes:
        return self.passphrase_header + SecretBox(self.passphrase_key).encrypt(bytes(private))

    def by_code(self, private: PrivateKey) -> bytes:
        return self.code_header + SecretBox(self.code_key).encrypt(bytes(private))


def _locks(passphrase: str, code: str, cost: kdf.Cost) -> _Locks:
    salt, other = secrets.token_bytes(kdf.SALT_BYTES), secrets.token_bytes(kdf.SALT_BYTES)
    return _Locks(
        _HEADER.pack(_FORMAT, salt, *cost),
        _from_passphrase(passphrase, salt, cost),
        _HEADER.pack(_FORMAT, other, 0, 0),
        _from_code(code, other),
    )


def _from_passphrase(passphrase: str, salt: bytes, cost: kdf.Cost) -> bytes:
    same = unicodedata.normalize("NFC", passphrase)  # keyboards differ in how they write accents
    return kdf.derive(same.encode("utf-8"), salt, cost, SecretBox.KEY_SIZE)


def _from_code(code: str, salt: bytes) -> bytes:
    """Return a key of a recovery code; its 150 random bits need no slow derivation."""
    letters = code.upper().translate(str.maketrans("OIL", "011", " -\t\n"))
    key = blake.blake2b(
        letters.encode("utf-8"),
        SecretBox.KEY_SIZE,
        salt=salt,
        person=b"recovery",
        encoder=RawEncoder,
    )
    return bytes(key)


def _require_long_enough(passphrase: str) -> None:
    if not SHORTEST_PASSPHRASE <= len(passphrase) <= LONGEST_PASSPHRASE:
        raise KeyChangeError(
            f"the passphrase must have {SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE} characters;"
            " five words taken at random are easier to remember than letters and signs"
        )

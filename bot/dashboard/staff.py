"""Staff accounts: made on the command line; a password and a one-time code to sign in."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Engine

from bot.dashboard.tables import sessions, staff
from bot.deanery import deaneries

ROLES = ("reader", "caseworker", "admin")
"""Each may do what those before it may. Readers see the trends; caseworkers also sign off wording
and, with a deanery of theirs, answer its referrals; admins also see who looked at what."""

MOST_FAILURES = 5
LOCK_SECONDS = 15 * 60
"""After so many failures in a row an account is locked for so long."""

STEP_SECONDS = 30
"""A one-time code lasts so long; the one before and after are taken too."""

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200

HASHER = PasswordHasher()

_HASHING = threading.Semaphore(2)
"""Argon2id takes 64 MB; no more than two are computed at a time."""


class StaffError(ValueError):
    """An account cannot be made or changed; the message says what to mend."""


@dataclass(frozen=True)
class Member:
    """Somebody with an account."""

    name: str
    full_name: str
    role: str
    active: bool = True
    locked: bool = False
    signs_in_here: bool = True
    """Whether they have a password here, and not only a name that a proxy gives."""
    deanery: str = ""
    """Key of the deanery whose referrals they may answer; empty for none."""

    def may(self, role: str) -> bool:
        """Whether they may do what `role` may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Staff:
    """The accounts."""

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time) -> None:
        """Use the dashboard's database; `clock` gives seconds since 1970."""
        self._engine = engine
        self._clock = clock

    def add(
        self, name: str, full_name: str, role: str, password: str | None, deanery: str = ""
    ) -> str | None:
        """Make an account; return the secret of its one-time codes, None without a password.

        Raises:
            StaffError: if a value is wrong or the name is taken.
        """
        name = self._new_name(name)
        full_name = " ".join(full_name.split())
        if not 1 <= len(full_name) <= 120:
            raise StaffError("the full name must have 1 to 120 characters")
        if role not in ROLES:
            raise StaffError(f"the role is {role!r}; it must be one of {', '.join(ROLES)}")
        _require_deanery(deanery)
        secret = pyotp.random_base32() if password is not None else None
        row = {
            "name": name,
            "full_name": full_name,
            "role": role,
            "deanery": deanery,
            "password": _hashed(password) if password is not None else None,
            "totp_secret": secret,
            "totp_used": 0,
            "failures": 0,
            "locked_until": 0,
            "active": True,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(staff), [row])
        return secret

    def reset(self, name: str, password: str) -> str:
        """Give an account a new password and new one-time codes, and end its sessions."""
        secret = pyotp.random_base32()
        self._change(
            name,
            password=_hashed(password),
            totp_secret=secret,
            totp_used=0,
            failures=0,
            locked_until=0,
        )
        self.end_sessions(name)
        return secret

    def set_role(self, name: str, role: str) -> None:
        """Change an account's role."""
        if role not in ROLES:
            raise StaffError(f"the role is {role!r}; it must be one of {', '.join(ROLES)}")
        self._change(name, role=role)

    def set_deanery(self, name: str, deanery: str) -> None:
        """Change whose referrals an account may answer; empty for nobody's."""
        _require_deanery(deanery)
        self._change(name, deanery=deanery)

    def set_active(self, name: str, active: bool) -> None:
        """Close an account, which ends its sessions, or open it again."""
        self._change(name, active=active, failures=0, locked_until=0)
        if not active:
            self.end_sessions(name)

    def end_sessions(self, name: str) -> None:
        """Sign somebody out everywhere."""
        with self._engine.begin() as connection:
            connection.execute(delete(sessions).where(sessions.c.staff == name))

    def all(self) -> list[Member]:
        """Return every account, in the order of their names."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(staff).order_by(staff.c.name)).all()
        return [self._member(row) for row in rows]

    def any(self) -> bool:
        """Whether there is an account."""
        with self._engine.connect() as connection:
            return bool(connection.scalar(select(func.count()).select_from(staff)))

    def get(self, name: str) -> Member | None:
        """Return an account that is active."""
        with self._engine.connect() as connection:
            row = connection.execute(select(staff).where(staff.c.name == name)).first()
        return self._member(row) if row is not None and row.active else None

    def sign_in(self, name: str, password: str, code: str) -> Member | None:
        """Return who it is if name, password and code are right and the account is not locked.

        Whatever is wrong takes the same time and gives the same answer. A code works once.
        """
        with self._engine.connect() as connection:
            row = connection.execute(select(staff).where(staff.c.name == name)).first()
        known = row is not None and row.password is not None
        right = _is_right(row.password if known else _nobody(), password) and known
        if not known or not row.active or row.locked_until > self._clock():
            return None
        step = self._step_of(row.totp_secret, code)
        if not right or step is None:
            self._failed(name)
            return None
        with self._engine.begin() as connection:
            taken = connection.execute(
                update(staff)
                .where(staff.c.name == name, staff.c.totp_used < step)
                .values(totp_used=step, failures=0, locked_until=0)
            )
        if taken.rowcount == 0:  # the code was used already
            self._failed(name)
            return None
        return self._member(row)

    def _failed(self, name: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(
                update(staff).where(staff.c.name == name).values(failures=staff.c.failures + 1)
            )
            connection.execute(
                update(staff)
                .where(staff.c.name == name, staff.c.failures >= MOST_FAILURES)
                .values(failures=0, locked_until=int(self._clock()) + LOCK_SECONDS)
            )

    def _step_of(self, secret: str, code: str) -> int | None:
        """Return the number of the half minute that a one-time code belongs to."""
        if not re.fullmatch("[0-9]{6}", code):
            return None
        now = int(self._clock()) // STEP_SECONDS
        totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
        steps = (now, now - 1, now + 1)
        return next(
            (s for s in steps if pyotp.utils.strings_equal(totp.generate_otp(s), code)), None
        )

    def _new_name(self, name: str) -> str:
        if not re.fullmatch(r"[a-z0-9][a-z0-9._@-]{1,63}", name):
            raise StaffError(
                "the name must have 2 to 64 small letters, digits, dots, dashes, _ or @"
            )
        if any(member.name == name for member in self.all()):
            raise StaffError(f"there is an account {name} already")
        return name

    def _change(self, name: str, **values: object) -> None:
        with self._engine.begin() as connection:
            changed = connection.execute(update(staff).where(staff.c.name == name).values(**values))
        if changed.rowcount == 0:
            raise StaffError(f"there is no account {name}; `sidedoor staff list` shows all")

    def _member(self, row: object) -> Member:
        return Member(
            name=row.name,  # type: ignore[attr-defined]
            full_name=row.full_name,  # type: ignore[attr-defined]
            role=row.role,  # type: ignore[attr-defined]
            active=row.active,  # type: ignore[attr-defined]
            locked=row.locked_until > self._clock(),  # type: ignore[attr-defined]
            signs_in_here=row.password is not None,  # type: ignore[attr-defined]
            deanery=row.deanery,  # type: ignore[attr-defined]
        )


def _require_deanery(deanery: str) -> None:
    if deanery and deanery not in deaneries():
        raise StaffError(
            f"the deanery is {deanery!r}; it must be empty or one of {', '.join(deaneries())}"
        )


def totp_address(name: str, secret: str) -> str:
    """Return the address that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Sidedoor")


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise StaffError(
            f"the password must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters"
        )
    with _HASHING:
        return HASHER.hash(password)


def _is_right(hashed: str, password: str) -> bool:
    if len(password) > LONGEST_PASSWORD:
        return False
    with _HASHING:
        try:
            return HASHER.verify(hashed, password)
        except (Argon2Error, InvalidHashError):
            return False


@cache
def _nobody() -> str:
    """Return a hash to compare with when there is no such account, so that it takes as long."""
    return HASHER.hash("nobody has this password")

"""Sealing: versioned JSON, padded to a size class, in libsodium's boxes.

* A sealed box to a unit's key: what a trainee says. Whoever seals it cannot open it again.
* A box between a ticket's key and its unit's key: what passes between the two, so that nobody
  who writes to the database can speak for either.
* A secret box under a receipt: the ticket's own private key, and whose answers to believe.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from nacl.bindings import sodium_pad, sodium_unpad
from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey, SealedBox

from bot.referrals.errors import TextTooLong, TicketAltered

VERSION = 1

TEXT_CLASSES = (1024, 4096, 16384)
"""Bytes that one sealed text has inside: only which of them it is can be told from outside."""

ENVELOPE_CLASSES = (4096, 16384, 65536)
"""Likewise of what holds sealed texts; the smallest is the same with a short note and without."""

KEY_ID_BYTES = 8
_MARK = bytes([VERSION])


class Draft(NamedTuple):
    """A text sealed to a unit's key, and which key that was."""

    key_id: str
    sealed: bytes


def seal_text(text: str, key_id: str, public: bytes) -> str:
    """Return base64 of the text sealed to the key; nothing here can open it.

    Raises:
        TextTooLong: if it does not fit into the largest class.
    """
    inside = padded({"text": text}, TEXT_CLASSES)
    sealed = SealedBox(PublicKey(public)).encrypt(inside)
    return base64.b64encode(_MARK + bytes.fromhex(key_id) + sealed).decode("ascii")


def draft(sealed: str) -> Draft:
    """Take apart what `seal_text` returned.

    Raises:
        TicketAltered: if it is not such a thing.
    """
    try:
        raw = base64.b64decode(sealed, validate=True)
    except (binascii.Error, ValueError):
        raise TicketAltered("a sealed part is not base64") from None
    if raw[:1] != _MARK or len(raw) <= 1 + KEY_ID_BYTES:
        raise TicketAltered("a sealed part is of no version that is known")
    return Draft(raw[1 : 1 + KEY_ID_BYTES].hex(), raw[1 + KEY_ID_BYTES :])


def seal_envelope(fields: Mapping[str, Any], public: bytes) -> bytes:
    """Return a sealed box to a unit's key."""
    return bytes(SealedBox(PublicKey(public)).encrypt(padded(fields, ENVELOPE_CLASSES)))


def open_sealed(sealed: bytes, private: PrivateKey) -> dict[str, Any]:
    """Open a sealed box.

    Raises:
        TicketAltered: if it was not sealed to this key, or changed since.
    """
    try:
        return unpadded(SealedBox(private).decrypt(sealed))
    except (CryptoError, ValueError, TypeError):
        raise TicketAltered("a sealed part cannot be opened with its key") from None


def box_between(
    fields: Mapping[str, Any], private: PrivateKey, public: bytes, classes: tuple[int, ...]
) -> bytes:
    """Return a box from the holder of `private` to the holder of `public`'s private half."""
    return bytes(Box(private, PublicKey(public)).encrypt(padded(fields, classes)))


def open_between(sealed: bytes, private: PrivateKey, public: bytes) -> dict[str, Any]:
    """Open a box between the two keys, whichever of them wrote it.

    Raises:
        TicketAltered: if neither of them did.
    """
    try:
        return unpadded(Box(private, PublicKey(public)).decrypt(sealed))
    except (CryptoError, ValueError, TypeError):
        raise TicketAltered("a message was not written by one of the two") from None


def padded(fields: Mapping[str, Any], classes: tuple[int, ...]) -> bytes:
    """Return JSON of the fields and the version, padded to the smallest class that holds it.

    Raises:
        TextTooLong: if none does.
    """
    raw = json.dumps({"version": VERSION, **fields}, ensure_ascii=False).encode("utf-8")
    for size in classes:
        if len(raw) < size:
            return bytes(sodium_pad(raw, size))
    raise TextTooLong(f"a text takes {len(raw)} bytes; the most is {classes[-1] - 1}")


def unpadded(raw: bytes) -> dict[str, Any]:
    """Return the fields.

    Raises:
        TicketAltered: if the version is not known.
    """
    fields = json.loads(sodium_unpad(raw, len(raw)))
    if fields.pop("version", None) != VERSION:
        raise TicketAltered("a sealed part is of no version that is known")
    return dict(fields)

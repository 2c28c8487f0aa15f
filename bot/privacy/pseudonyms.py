"""Pseudonyms: what a conversation is called inside, from which nobody can be found."""

from __future__ import annotations

import hashlib
import hmac
import secrets

BYTES = 16
"""128 bits of the HMAC are kept: enough that no two conversations ever meet."""


class Pseudonyms:
    """Keyed names for conversations; the key is random, in memory, and dies with the process."""

    def __init__(self) -> None:
        """Draw a new key."""
        self._key = secrets.token_bytes(32)

    def of(self, channel: str, identifier: str) -> str:
        """Return the pseudonym of `identifier` on `channel`, 32 hexadecimal digits."""
        message = f"{channel}\x00{identifier}".encode()
        return hmac.new(self._key, message, hashlib.sha256).digest()[:BYTES].hex()

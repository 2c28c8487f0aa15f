"""Releases: signed, immutable JSON files. Reading and checking them needs nothing else.

A release is the canonical JSON of its content with an Ed25519 signature. It is written once,
under a name that tells its window, and never replaced.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bot.trends.windows import Month, Window

FORMAT = 1
WINDOW, HELP_CARD_YEAR = "window", "help_card_year"
"""Kinds of release."""

PUBLIC_KEY = "signing.pub"
"""File beside the releases: the key that checks, which is all that a reader needs."""

KEYS, SIGNING_KEY = "keys", "signing.key"
"""Folder beside that of the releases, and the file in it: the key that signs, its owner's only."""


class ReleaseError(RuntimeError):
    """A release cannot be written, read or trusted; the message names the file and the mend."""


@dataclass(frozen=True)
class Release:
    """The content of a release, as published."""

    kind: str
    window: Window
    synthetic: bool
    rules: Mapping[str, Any]
    people: int | None
    tables: Mapping[str, Mapping[str, int | None]]

    @property
    def name(self) -> str:
        """The name of its file, without the ending."""
        if self.kind == HELP_CARD_YEAR:
            return f"help-card_{self.window.first.year}"
        return str(self.window)

    def content(self) -> dict[str, Any]:
        """Return the release as JSON values."""
        return {
            "format": FORMAT,
            "kind": self.kind,
            "from": str(self.window.first),
            "to": str(self.window.last),
            "synthetic": self.synthetic,
            "rules": dict(self.rules),
            "people": self.people,
            "tables": {name: dict(table) for name, table in self.tables.items()},
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any]) -> Release:
        """Return the release that `content` describes."""
        return cls(
            kind=content["kind"],
            window=Window(Month.of(content["from"]), Month.of(content["to"])),
            synthetic=content["synthetic"],
            rules=content["rules"],
            people=content["people"],
            tables=content["tables"],
        )


class Releases:
    """The folder of releases."""

    def __init__(self, folder: Path) -> None:
        """Use `folder`; it is made when the first release is written, and the key's beside it."""
        self.folder = folder
        self._keys = folder.with_name(KEYS)

    def names(self) -> list[str]:
        """Return the names of all releases, in the order of their windows."""
        return sorted(path.stem for path in self.folder.glob("*.json"))

    def read(self, name: str) -> Release:
        """Return a release whose signature is right.

        Raises:
            ReleaseError: if it is missing, damaged or not signed by this folder's key.
        """
        return Release.from_content(self.read_signed(name)["release"])

    def read_signed(self, name: str) -> dict[str, Any]:
        """Return a release's content and signature as they are in the file, once checked.

        Raises:
            ReleaseError: as `read`.
        """
        path = self.folder / f"{name}.json"
        try:
            signed = json.loads(path.read_text(encoding="utf-8"))
            signature = bytes.fromhex(signed["signature"])
            key = Ed25519PublicKey.from_public_bytes(
                bytes.fromhex((self.folder / PUBLIC_KEY).read_text(encoding="ascii").strip())
            )
            key.verify(signature, canonical(signed["release"]))
            release = Release.from_content(signed["release"])
        except FileNotFoundError as error:
            missing = Path(error.filename or name).name
            raise ReleaseError(f"{missing} is missing in {self.folder}") from None
        except InvalidSignature:
            raise ReleaseError(
                f"{path.name} is not as it was signed; put back the file as it was released"
            ) from None
        except (KeyError, TypeError, ValueError, AttributeError, OSError):
            raise ReleaseError(
                f"{path.name} cannot be read; put back the file as it was released"
            ) from None
        if release.name != name:
            raise ReleaseError(f"{path.name} holds {release.name}; give it back its own name")
        return signed

    def all(self, kind: str = WINDOW) -> list[Release]:
        """Return every release of a kind, in the order of their windows.

        Raises:
            ReleaseError: at the first that cannot be trusted.
        """
        return [r for r in map(self.read, self.names()) if r.kind == kind]

    def write(self, release: Release) -> Path:
        """Write a release, whole or not at all.

        Raises:
            ReleaseError: if it exists, or another covers a month of its window.
        """
        for other in self.all(release.kind):
            if other.window.overlaps(release.window):
                raise ReleaseError(
                    f"{release.name} would cover a month of {other.name}, which is released"
                )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        content = release.content()
        signature = self._signing_key().sign(canonical(content)).hex()
        text = json.dumps({"release": content, "signature": signature}, indent=1) + "\n"
        path = self.folder / f"{release.name}.json"
        try:
            _create(path, text.encode(), 0o444)
        except FileExistsError:
            raise ReleaseError(f"{path.name} is released already") from None
        return path

    def sweep(self) -> None:
        """Remove what an interrupted writing left behind, and put the signing key where it belongs.

        Releases that earlier versions wrote have it beside them.
        """
        for folder in (self.folder, self._keys):
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)
        before = self.folder / SIGNING_KEY
        if before.exists():
            self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (self._keys / SIGNING_KEY).exists():
                _create(self._keys / SIGNING_KEY, before.read_bytes(), 0o600)
            before.unlink()

    def _signing_key(self) -> Ed25519PrivateKey:
        """Return the key that signs, drawn with the first release."""
        path, public = self._keys / SIGNING_KEY, self.folder / PUBLIC_KEY
        if not path.exists():
            if public.exists():
                raise ReleaseError(
                    f"{SIGNING_KEY} is missing in {self._keys}; put it back from your backup"
                )
            drawn = Ed25519PrivateKey.generate()
            raw = drawn.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
            self._keys.mkdir(parents=True, exist_ok=True, mode=0o700)
            _create(path, raw.hex().encode(), 0o600)
        try:
            text = path.read_text(encoding="ascii").strip()
            key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        except (ValueError, OSError):
            raise ReleaseError(f"{SIGNING_KEY} in {self._keys} cannot be read") from None
        if not public.exists():
            raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            _create(public, raw.hex().encode(), 0o444)
        return key


def canonical(content: Mapping[str, Any]) -> bytes:
    """Return the bytes that are signed: JSON with sorted keys and no spaces."""
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _create(path: Path, content: bytes, mode: int) -> None:
    """Make a file whole or not at all, and on the disk when this returns.

    Raises:
        FileExistsError: if it exists; nothing is replaced.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)
    finally:
        part.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

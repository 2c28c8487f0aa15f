"""Which sites may show the chat and speak to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from bot.settings import AllowedOrigin


class Origins:
    """The allow-list. The chat's own page is always allowed."""

    def __init__(self, allowed: Iterable[AllowedOrigin] = ()) -> None:
        """Take the list of the settings."""
        self._allowed = tuple(allowed)

    def frame_ancestors(self, deanery: str) -> str:
        """Return the sources that may put the page about `deanery` into a frame, for the CSP."""
        return " ".join(["'self'", *(o.origin for o in self._allowed if o.admits(deanery))])

    def listed(self, origin: str | None) -> bool:
        """Whether `origin` is on the list, for whatever deanery."""
        return any(allowed.origin == origin for allowed in self._allowed)

    def may_speak(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may change anything.

        A browser says where a request comes from, in headers that no page can forge:
        `Sec-Fetch-Site`, which a proxy leaves alone, or else `Origin`, which is compared with
        the host that was asked. Programs that are no browser send neither, and may: they hold
        nobody's cookies, and there are none.
        """
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if self.listed(origin):
            return True
        if site is not None:
            return site in ("same-origin", "none")
        return origin is None or _host(origin) == headers.get("host", "").lower()

    def may_open(self, headers: Mapping[str, str], deanery: str) -> bool:
        """Whether a request of another site, already let in, may open a chat about `deanery`."""
        origin = headers.get("origin")
        return not self.listed(origin) or any(
            allowed.origin == origin and allowed.admits(deanery) for allowed in self._allowed
        )


def _host(origin: str) -> str | None:
    """Return host and port of an origin; None of `null` and of what is no origin."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None

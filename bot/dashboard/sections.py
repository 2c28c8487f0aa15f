"""The sections of the dashboard, in the order of its navigation. A new one is one line here."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dashboard.staff import Member


@dataclass(frozen=True)
class Section:
    """One section: its title, its first page, and the least role that sees it."""

    title: str
    path: str
    role: str


SECTIONS = (
    Section("Picture", "/windows", "reader"),
    Section("Change", "/change", "reader"),
    Section("Method", "/method", "reader"),
    Section("Service", "/service", "reader"),
    Section("Wording", "/wording", "reader"),
    Section("Inbox", "/inbox", "caseworker"),
    Section("Audit log", "/audit", "admin"),
)


def sections_of(member: Member | None) -> list[Section]:
    """Return the sections that somebody may see."""
    return [s for s in SECTIONS if member is not None and member.may(s.role)]

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
    of_a_unit: bool = False
    """Whether it is for those who answer for a unit. A caseworker without one is told how to get
    it there; others do not see it."""


SECTIONS = (
    Section("Figures", "/windows", "reader"),
    Section("Change", "/change", "reader"),
    Section("Method", "/method", "reader"),
    Section("Service", "/service", "reader"),
    Section("Wording", "/wording", "reader"),
    Section("Inbox", "/inbox", "caseworker", of_a_unit=True),
    Section("Audit log", "/audit", "admin"),
)


def sections_of(member: Member | None) -> list[Section]:
    """Return the sections that somebody may see."""
    if member is None:
        return []
    in_inbox = bool(member.deanery) or member.role == "caseworker"
    return [s for s in SECTIONS if member.may(s.role) and (in_inbox or not s.of_a_unit)]

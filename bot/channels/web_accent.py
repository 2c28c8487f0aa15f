"""The accent colour of a page: whatever is asked for, what is written in it can be read."""

from __future__ import annotations

import re

CONTRAST = 4.5
"""WCAG 2.2 AA for text."""

LIGHT, DARK = "#f0f4f5", "#1b2329"
"""Grounds in `chat.css` against which the accent has the least contrast, in either scheme."""

STEPS = 64


def accent_css(accent: str) -> str:
    """Return CSS that sets the accent, darkened or lightened as far as it must be.

    Nothing is returned for what is no colour of six hexadecimal digits.
    """
    if not re.fullmatch(r"#?[0-9a-fA-F]{6}", accent):
        return ""
    colour = f"#{accent.lstrip('#').lower()}"
    return "\n".join(
        [
            f":root {{ {_variables(_readable(colour, LIGHT, '#000000'))} }}",
            "@media (prefers-color-scheme: dark) {",
            f"  :root {{ {_variables(_readable(colour, DARK, '#ffffff'))} }}",
            "}",
            "",
        ]
    )


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, as WCAG defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _variables(colour: str) -> str:
    on = max("#ffffff", "#000000", key=lambda ink: contrast(colour, ink))
    return f"--accent: {colour}; --on-accent: {on};"


def _readable(colour: str, ground: str, toward: str) -> str:
    """Return `colour`, mixed with `toward` as little as makes it readable on `ground`."""
    mixes = (_mix(colour, toward, step / STEPS) for step in range(STEPS + 1))
    return next(mixed for mixed in mixes if contrast(mixed, ground) >= CONTRAST)


def _mix(colour: str, toward: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(toward), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _luminance(colour: str) -> float:
    parts = [value / 255 for value in _channels(colour)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

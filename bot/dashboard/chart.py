"""A bar chart as SVG, drawn on the server from the rows of the table beside it.

Lengths are shares of the drawing's width and heights are pixels, so that it fills the room it is
given and its words stay as large as the page's, on a phone too.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.dashboard.picture import Picture, Row

LONGEST = 86.0
"""Per cent of the width that stand for everybody; what is left is for the number."""

ROW_HEIGHT = 46
LABEL_BASE = 18
BAR_TOP = 24
BAR_HEIGHT = 14


@dataclass(frozen=True)
class Bar:
    """One bar: where its row begins, how long it is, and the row that it shows."""

    y: int
    width: float
    """In per cent of the drawing."""
    row: Row

    @property
    def label_y(self) -> int:
        """The base line of its label."""
        return self.y + LABEL_BASE

    @property
    def bar_y(self) -> int:
        """The upper edge of the bar."""
        return self.y + BAR_TOP

    @property
    def number_y(self) -> int:
        """The base line of its number."""
        return self.bar_y + BAR_HEIGHT - 1


@dataclass(frozen=True)
class Chart:
    """The bars, and the size of the drawing. Hidden values have no bar."""

    title: str
    everybody: int
    whole: float
    """Per cent of the drawing that stand for everybody."""
    height: int
    bar_height: int
    bars: tuple[Bar, ...]


def chart(picture: Picture) -> Chart | None:
    """Return the chart of a picture, or None if nothing is shown.

    The axis begins at nothing and ends at everybody, so that the lengths of bars can be compared
    between charts of one window, and a small figure looks small.
    """
    if not picture.shown or picture.people is None:
        return None
    longest = max(picture.people, *(row.people or 0 for row in picture.shown))
    bars = tuple(
        Bar(at * ROW_HEIGHT, round(LONGEST * (row.people or 0) / longest, 2), row)
        for at, row in enumerate(picture.shown)
    )
    return Chart(
        title=picture.title,
        everybody=picture.people,
        whole=round(LONGEST * picture.people / longest, 2),
        height=len(bars) * ROW_HEIGHT + 4,
        bar_height=BAR_HEIGHT,
        bars=bars,
    )

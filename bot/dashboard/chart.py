"""A bar chart as SVG, drawn on the server from the rows of the table beside it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.dashboard.picture import Picture, Row

WIDTH = 640
LABEL_WIDTH = 250
NUMBER_WIDTH = 60
ROW_HEIGHT = 30
BAR_HEIGHT = 18


@dataclass(frozen=True)
class Bar:
    """One bar: where it is, how long, and the row that it shows."""

    y: int
    width: int
    row: Row

    @property
    def text_y(self) -> int:
        """The base line of its label and number."""
        return self.y + 14

    @property
    def number_x(self) -> int:
        """Where its number begins."""
        return LABEL_WIDTH + self.width + 8


@dataclass(frozen=True)
class Chart:
    """The bars, and the size of the drawing. Hidden values have no bar."""

    title: str
    width: int
    height: int
    label_x: int
    bar_x: int
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
    room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    bars = tuple(
        Bar(at * ROW_HEIGHT + 6, round(room * (row.people or 0) / longest), row)
        for at, row in enumerate(picture.shown)
    )
    return Chart(
        title=picture.title,
        width=WIDTH,
        height=len(bars) * ROW_HEIGHT + 6,
        label_x=LABEL_WIDTH - 10,
        bar_x=LABEL_WIDTH,
        bar_height=BAR_HEIGHT,
        bars=bars,
    )

"""A clock that tests set."""


class Clock:
    """Gives the seconds that a test has set."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now

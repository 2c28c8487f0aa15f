"""Optional noise on counts, by OpenDP: off by default, drawn once, when a window is frozen."""

from __future__ import annotations

from collections.abc import Callable

Noise = Callable[[int], int]
"""A count -> the count with noise."""


def no_noise(count: int) -> int:
    """Return the count as it is."""
    return count


def geometric(epsilon: float) -> Noise:
    """Return two-sided geometric noise such that one contributor changes a count by `epsilon`.

    Whoever compares the figure with what it would be without that contributor guesses right with
    a probability of at most e^epsilon / (1 + e^epsilon).
    """
    import opendp.prelude as dp

    dp.enable_features("contrib")
    space = dp.atom_domain(T=int), dp.absolute_distance(T=int)
    measurement = dp.m.make_geometric(*space, scale=1.0 / epsilon)

    def noisy(count: int) -> int:
        return max(0, measurement(count))

    return noisy


def noise_of(epsilon: float) -> Noise:
    """Return the noise of a setting; 0 is none."""
    return geometric(epsilon) if epsilon else no_noise

"""Optional noise on counts, by OpenDP: off by default, drawn once, when a window is frozen."""

from __future__ import annotations

import math
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


def usual_reach(epsilon: float, share: float = 0.95) -> int:
    """Return the smallest number that noise does not exceed in `share` of all draws; 0 without.

    With alpha = e^-epsilon, noise is beyond k with a probability of 2 alpha^(k + 1) / (1 + alpha).
    """
    if not epsilon:
        return 0
    alpha = math.exp(-epsilon)
    beyond = math.log((1 - share) * (1 + alpha) / 2) / math.log(alpha)
    return max(0, math.ceil(beyond) - 1)


def noise_of(epsilon: float) -> Noise:
    """Return the noise of a setting; 0 is none."""
    return geometric(epsilon) if epsilon else no_noise

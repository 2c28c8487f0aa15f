"""Somebody who knows the rules asks: which true tables give exactly what I see?

Every table of a small facet is put through the rules; those that give the same figures are what the
attacker cannot tell apart. No count of 1 to 12 may have a range of fewer than six among them.
"""

import itertools
from collections import defaultdict
from functools import cache

import pytest

from bot.trends.disclosure import Rules, table, total
from bot.trends.vocabulary import Facet

RULES = Rules()

# Counts tried: every small one, and of each range of figures both its ends.
SMALL = range(13)
LARGER = (13, 17, 18, 22, 23, 27, 28, 32)


@cache
def ranges(facet: Facet) -> dict[tuple, dict[int, set[int]]]:
    """Return published (people, figures) -> place -> the true counts that give it."""
    found: dict[tuple, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for counts in itertools.product((*SMALL, *LARGER), repeat=len(facet.values)):
        for people in possible_people(facet, counts):
            figures = table(
                facet, dict(zip(facet.values, counts, strict=True)), total(people, RULES), RULES
            )
            seen = (total(people, RULES), *figures.values())
            for place, count in enumerate(counts):
                found[seen][place].add(count)
    return found


def possible_people(facet: Facet, counts: tuple[int, ...]) -> range | tuple[int, ...]:
    """Return how many people can have given these counts, up to forty."""
    if facet.whole:
        return (sum(counts),)
    least = max(13, max(counts), -(-sum(counts) // facet.most))
    return range(least, 41)


@pytest.mark.parametrize(
    "facet",
    [
        Facet("channel", ("web", "telegram"), 1),
        Facet("grade", ("a", "b", "c"), 1),
        Facet("concern", ("a", "b"), 3),
        Facet("concern", ("a", "b", "c"), 3),
        Facet("concern", ("a", "b", "c"), 2),
    ],
    ids=lambda f: f"{len(f.values)} values, {f.most} each",
)
def test_who_knows_the_rules_cannot_pin_a_small_count(facet):
    checked = 0
    for seen, places in ranges(facet).items():
        if seen[0] is None:
            continue
        for place, counts in places.items():
            if any(1 <= count <= RULES.suppress for count in counts):
                checked += 1
                assert max(counts) - min(counts) >= 5, f"{seen}: place {place} is in {counts}"
    assert checked > 3

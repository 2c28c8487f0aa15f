"""Disclosure control, rule by rule, and as properties of any table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.trends.disclosure import Rules, RulesError, YearlyRules, aligned, percent, table, total
from bot.trends.vocabulary import Facet

RULES = Rules()
SEVERAL = Facet("concern", ("a", "b", "c", "d", "e"), 3)
PARTS = Facet("channel", ("a", "b", "c"), 1)


def shown(facet: Facet, people: int, *counts: int, rules: Rules = RULES) -> list[int | None]:
    figures = table(
        facet, dict(zip(facet.values, counts, strict=True)), total(people, rules), rules
    )
    assert list(figures) == list(facet.values)
    return list(figures.values())


@pytest.mark.parametrize(
    ("count", "figure"),
    [
        (0, None),
        (1, None),
        (12, None),
        (13, 15),
        (17, 15),
        (18, 20),
        (22, 20),
        (23, 25),
        (100, 100),
    ],
)
def test_twelve_or_fewer_are_hidden_and_the_rest_rounded_to_five(count, figure):
    assert shown(SEVERAL, 200, count, 50, 50, 0, 0)[0] == figure
    assert total(count, RULES) == figure


def test_zero_is_hidden_like_any_small_count():
    assert shown(SEVERAL, 200, 0, 5, 12, 40, 40)[:3] == [None, None, None]


def test_a_value_never_counted_is_in_the_table_all_the_same():
    assert table(SEVERAL, {}, 100, RULES) == dict.fromkeys(SEVERAL.values)


def test_the_total_is_not_the_sum_of_what_is_shown():
    assert total(52, RULES) == 50
    assert shown(PARTS, 52, 18, 18, 16) == [20, 20, 15]


def test_when_one_value_would_be_hidden_the_next_smallest_is_too():
    assert shown(SEVERAL, 200, 5, 40, 30, 60, 50) == [None, 40, None, 60, 50]
    assert shown(SEVERAL, 200, 5, 9, 30, 60, 50) == [None, None, 30, 60, 50]


def test_the_next_smallest_is_chosen_by_figures_that_are_shown():
    """Else the choice would tell which of two figures rounded alike is the smaller."""
    assert shown(SEVERAL, 200, 5, 32, 28, 60, 50) == [None, None, 30, 60, 50]
    assert shown(SEVERAL, 200, 5, 28, 32, 60, 50) == [None, None, 30, 60, 50]


def test_parts_of_a_total_are_shown_whole_or_not_at_all():
    assert shown(PARTS, 120, 60, 40, 20) == [60, 40, 20]
    assert shown(PARTS, 120, 60, 55, 5) == [None, None, None]
    assert shown(PARTS, 120, 108, 12, 0) == [None, None, None]


def test_nothing_is_shown_of_too_few_people():
    assert shown(SEVERAL, 12, 12, 12, 12, 0, 0) == [None] * 5


def test_nothing_is_shown_that_would_bound_what_is_hidden():
    """Three themes of 42 people are 126 at most, and at least 122 of them are in the others."""
    assert shown(SEVERAL, 42, 40, 40, 33, 13, 0) == [None] * 5


def test_what_nearly_everybody_said_is_hidden_when_they_are_few():
    assert shown(SEVERAL, 45, 45, 20, 20, 0, 0) == [None, 20, 20, None, None]
    assert shown(SEVERAL, 60, 60, 20, 20, 0, 0) == [60, 20, 20, None, None]
    assert shown(SEVERAL, 45, 45, 20, 20, 15, 15) == [None, 20, 20, None, 15]


@pytest.mark.parametrize(
    ("figure", "people", "share"),
    [
        (15, 20, None),
        (15, 25, 60),
        (15, 50, 30),
        (20, 65, 30),
        (45, 45, None),
        (40, 45, 90),
        (50, 50, 100),
        (55, 50, 100),
        (None, 100, None),
        (15, None, None),
    ],
)
def test_shares_are_coarse_and_only_of_enough_people(figure, people, share):
    assert percent(figure, people, RULES) == share


@pytest.mark.parametrize("count", range(40))
def test_the_yearly_figure_is_coarser(count):
    figure = YearlyRules().figure(count)
    assert figure is None if count <= 14 else figure in (20, 30, 40) and abs(figure - count) <= 5


@pytest.mark.parametrize(
    "wrong",
    [{"suppress": n} for n in (0, 1, 4, 5, 6, 8, 9, 10, 11, 13, 14)]
    + [
        {"suppress": 2},
        {"nearest": 1},
        {"nearest": 3},
        {"nearest": 4},
        {"nearest": 10},
        {"percent_from": 12},
        {"percent_step": 1},
        {"nearly_all": 1.0},
        {"small": 20},
    ],
)
def test_rules_that_are_not_aligned_cannot_be_made(wrong):
    with pytest.raises(RulesError):
        Rules(**wrong)


@pytest.mark.parametrize("suppress", [7, 12])
def test_with_aligned_rules_the_first_figure_shown_tells_no_more_than_any_other(suppress):
    rules = Rules(suppress=suppress)
    assert suppress in aligned()
    alike = [n for n in range(200) if n > suppress and rules.rounded(n) == suppress + 3]
    assert alike == list(range(suppress + 1, suppress + 6))


# ------------------------------------------------------------------ properties

COUNTS = st.lists(st.integers(0, 130), min_size=5, max_size=5)
RULE = st.sampled_from([Rules(), Rules(suppress=7)])


@st.composite
def people_and_counts(draw, facet: Facet):
    """Return what real people could give: nobody counts in more values than they may."""
    people = draw(st.integers(0, 140))
    counts = [draw(st.integers(0, people)) for _ in facet.values]
    while sum(counts) > facet.most * people:
        counts[counts.index(max(counts))] //= 2
    if facet.whole:
        counts[0] += people - sum(counts)
    return people, counts


@given(people_and_counts(SEVERAL), RULE)
def test_every_figure_is_a_rounded_count_of_more_than_are_hidden(case, rules):
    people, counts = case
    for count, figure in zip(counts, shown(SEVERAL, people, *counts, rules=rules), strict=True):
        assert figure is None or (count > rules.suppress and abs(figure - count) <= 2)


@given(people_and_counts(SEVERAL), RULE)
def test_never_exactly_one_value_is_hidden(case, rules):
    people, counts = case
    assert shown(SEVERAL, people, *counts, rules=rules).count(None) != 1


@given(people_and_counts(PARTS), RULE)
def test_parts_are_all_shown_or_all_hidden(case, rules):
    people, counts = case
    assert shown(PARTS, people, *counts, rules=rules).count(None) in (0, 3)


@given(people_and_counts(SEVERAL), RULE, st.integers(0, 4), st.integers(0, 12))
def test_another_small_count_in_its_place_gives_the_same_table(case, rules, at, other):
    """Whoever sees the table cannot tell one hidden small count from another, zero included."""
    people, counts = case
    if counts[at] > rules.suppress or other > rules.suppress:
        return
    changed = [*counts[:at], other, *counts[at + 1 :]]
    assert shown(SEVERAL, people, *counts, rules=rules) == shown(
        SEVERAL, people, *changed, rules=rules
    )


@given(people_and_counts(SEVERAL), RULE, st.permutations(range(5)))
def test_the_order_of_values_decides_nothing_but_ties(case, rules, order):
    people, counts = case
    facet = Facet("concern", tuple(SEVERAL.values[i] for i in order), 3)
    one = shown(SEVERAL, people, *counts, rules=rules)
    other = shown(facet, people, *(counts[i] for i in order), rules=rules)
    assert sorted(map(str, one)) == sorted(map(str, other))


@given(st.integers(0, 300), st.integers(0, 300), RULE)
def test_a_share_is_never_finer_than_its_figures(figure, people, rules):
    share = percent(total(figure, rules), total(people, rules), rules)
    assert share is None or share % 5 == 0

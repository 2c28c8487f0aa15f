"""The evaluation's measures, on tables small enough to work out by hand."""

import math
import random

import numpy as np
import pytest

from evaluation import noise
from evaluation.headline import TOLERANCES, falls, quick_chat, record
from evaluation.measures import (
    Bin,
    Counts,
    Rate,
    bootstrap_f1,
    calibration_error,
    confusions,
    count,
    macro_f1,
    macro_interval,
    middle_95,
    one_of,
    pooled,
    predictive_value,
    ranking,
    reliability,
    rule_of_three,
    wilson,
)

# Five messages, three labels.
#   first label:  there in 0 1 2, found in 0 1 3: 2 right, 1 wrong, 1 missed
#   second label: there in 4, never found:        0 right, 0 wrong, 1 missed
#   third label:  neither there nor found
TRUTH = np.array([[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]], bool)
FOUND = np.array([[1, 0, 0], [1, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]], bool)


def test_counts_are_those_of_the_table():
    assert count(TRUTH, FOUND) == [Counts(2, 1, 1), Counts(0, 0, 1), Counts(0, 0, 0)]


def test_precision_recall_and_f1():
    first, second, third = count(TRUTH, FOUND)
    assert first.precision == Rate(2, 3)
    assert first.recall == Rate(2, 3)
    assert first.f1 == pytest.approx(2 / 3)
    assert Counts(3, 1, 2).f1 == pytest.approx(2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5))
    assert math.isnan(second.precision.value)
    assert second.f1 == 0
    assert math.isnan(third.f1)


def test_macro_leaves_out_labels_with_few_positives():
    table = count(TRUTH, FOUND)
    assert macro_f1(table, enough=1) == (pytest.approx((2 / 3 + 0) / 2), 2)
    assert macro_f1(table, enough=3) == (pytest.approx(2 / 3), 1)
    value, labels = macro_f1(table, enough=9)
    assert math.isnan(value)
    assert labels == 0


def test_micro_pools_the_counts():
    assert pooled(count(TRUTH, FOUND)) == Counts(2, 1, 2)
    assert pooled(count(TRUTH, FOUND)).f1 == pytest.approx(4 / 7)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.2775),  # the published values of Wilson's interval
        (10, 10, 0.7225, 1.0),
        (5, 10, 0.2366, 0.7634),
        (81, 263, 0.2553, 0.3662),  # Newcombe 1998, Stat Med 17:857, table I
        (15, 148, 0.0624, 0.1605),
    ],
)
def test_wilson_interval(hits, total, low, high):
    assert wilson(hits, total) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_wilson_of_nothing_says_nothing():
    assert wilson(0, 0) == (0.0, 1.0)
    assert math.isnan(Rate(0, 0).value)


def test_predictive_value():
    assert predictive_value(0.5, 0.9, 0.1) == pytest.approx(0.9)
    assert predictive_value(0.01, 1.0, 0.01) == pytest.approx(1 / 1.99)
    assert predictive_value(0.1, 0.5, 0.0) == 1


def test_rule_of_three():
    assert rule_of_three(50) == pytest.approx(0.06)
    assert rule_of_three(2) == 1
    assert rule_of_three(0) == 1


def test_bootstrap_is_certain_where_nothing_varies():
    truth = np.array([[1, 1]] * 20, bool)
    draws = bootstrap_f1(truth, np.array([[1, 0]] * 20, bool), draws=50)
    assert draws.shape == (50, 2)
    assert macro_interval(draws, [0]) == (1, 1)
    assert macro_interval(draws, [1]) == (0, 0)
    assert macro_interval(draws, [0, 1]) == (0.5, 0.5)


def test_bootstrap_is_the_same_every_time_and_holds_the_figure():
    draw = np.random.default_rng(1)
    truth = draw.random((200, 1)) < 0.3
    found = truth ^ (draw.random((200, 1)) < 0.1)
    low, high = middle_95(bootstrap_f1(truth, found)[:, 0])
    assert middle_95(bootstrap_f1(truth, found)[:, 0]) == (low, high)
    assert low < count(truth, found)[0].f1 < high
    assert 0.05 < high - low < 0.25


def test_bootstrap_has_no_figure_for_a_label_that_is_nowhere():
    draws = bootstrap_f1(TRUTH, FOUND, draws=20)
    assert all(math.isnan(end) for end in middle_95(draws[:, 2]))
    assert all(math.isnan(end) for end in macro_interval(draws, []))


def test_reliability_and_calibration_error():
    probabilities = np.array([0.05, 0.05, 0.72, 0.78, 1.0])
    happened = np.array([0, 1, 1, 1, 0], bool)
    bins = reliability(probabilities, happened)
    assert bins == [
        Bin(0.0, 0.1, 2, pytest.approx(0.05), pytest.approx(0.5)),
        Bin(0.7, 0.8, 2, pytest.approx(0.75), pytest.approx(1.0)),
        Bin(0.9, 1.0, 1, pytest.approx(1.0), pytest.approx(0.0)),
    ]
    assert calibration_error(bins) == pytest.approx((2 * 0.45 + 2 * 0.25 + 1 * 1.0) / 5)
    assert math.isnan(calibration_error([]))


def test_confusions_are_ordered_and_leave_out_what_was_right():
    truth = ["a", "a", "b", "b", "c"]
    found = ["a", "b", "c", "c", "a"]
    assert confusions(truth, found) == [("b", "c", 2), ("a", "b", 1), ("c", "a", 1)]


def test_one_of_marks_the_value():
    assert one_of(["a", "b"], ["b", "a", "x"]).tolist() == [
        [False, True],
        [True, False],
        [False, False],
    ]


def test_ranking_counts_pairs_and_halves_ties():
    scores = np.array([0.9, 0.5, 0.5, 0.1])
    truth = np.array([1, 1, 0, 0], bool)
    assert ranking(scores, truth) == pytest.approx((1 + 1 + 0.5 + 1) / 4)
    assert math.isnan(ranking(scores, np.ones(4, bool)))


def test_typos_are_the_same_every_time_and_in_every_message():
    texts = ["I can't do another week of nights like the last one", "ok then", "Derriford"]
    once = noise.typos(texts)
    assert once == noise.typos(texts)
    assert once != noise.typos(texts, seed=8)
    assert sum(a != b for a, b in zip(texts, once, strict=True)) >= 2
    assert all(abs(len(a) - len(b)) <= 2 for a, b in zip(texts, once, strict=True))


@pytest.mark.parametrize("text", ["", "k", "🙂🙂", "12/03", "a b c"])
def test_typos_leave_alone_what_has_no_inside(text):
    assert noise.typos([text]) == [text]


def test_typos_slip_more_often_in_long_messages():
    text = " ".join(random.Random(3).choices(["rota", "weekend", "registrar"], k=60))
    changed = noise.typos([text])[0].split()
    wrong = sum(a != b for a, b in zip(text.split(), changed, strict=True))
    assert 3 <= wrong <= len(text) // noise.SLIP_EVERY


def test_capitals_and_apostrophes_go():
    assert noise.lost_capitals(["I'm an ST4, it’s fine"]) == ["i'm an st4, it’s fine"]
    assert noise.lost_apostrophes(["I'm an ST4, it’s fine"]) == ["im an st4, its fine"]


def test_what_was_accepted_stays_when_a_figure_falls():
    first = record({"chat_stage_f1": 0.8}, {})
    assert first["chat_stage_f1"]["accepted"] == 0.8
    lower = record({"chat_stage_f1": 0.7}, first)
    assert lower["chat_stage_f1"]["value"] == 0.7
    assert lower["chat_stage_f1"]["accepted"] == 0.8
    assert record({"chat_stage_f1": 0.9}, lower)["chat_stage_f1"]["accepted"] == 0.9


def test_a_fall_within_tolerance_is_no_fall():
    accepted = record({"chat_stage_f1": 0.8, "explicit_recall": 1.0}, {})
    within = 0.8 - TOLERANCES["chat_stage_f1"]
    assert falls({"chat_stage_f1": within, "explicit_recall": 1.0}, accepted) == []
    fallen = falls({"chat_stage_f1": within - 0.001, "explicit_recall": 0.98}, accepted)
    assert [fall.name for fall in fallen] == ["chat_stage_f1", "explicit_recall"]


def test_quick_lines_are_spread_over_the_set():
    chosen = quick_chat(690)
    assert len(set(chosen)) == 150
    assert (chosen[0], chosen[-1]) == (0, 149 * 690 // 150)

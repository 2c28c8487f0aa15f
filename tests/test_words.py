"""The heads over words: what they learn, how they are stored, and how thresholds are found."""

import numpy as np

from bot.nlu.decisions import expected_threshold, f1_at
from bot.nlu.words import WordHeads, fit_word_heads

TEXTS = ["night shifts again", "no sleep after nights", "the exam is in May", "failed the exam"] * 3
TARGETS = np.array([[1, 0], [1, 0], [0, 1], [0, 1]] * 3)


def test_a_word_speaks_for_its_label():
    scores = fit_word_heads(TEXTS, TARGETS).scores(["so many nights", "an exam"])
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]


def test_case_and_typographic_apostrophes_do_not_matter():
    heads = fit_word_heads([*TEXTS, "I can't"] * 2, np.vstack([TARGETS, [0, 0]] * 2))
    first, second = heads.scores(["I CAN’T", "i can't"])
    assert np.allclose(first, second)


def test_unknown_words_leave_only_the_bias():
    heads = fit_word_heads(TEXTS, TARGETS)
    assert np.allclose(heads.scores(["zebra"])[0], heads.biases)
    assert np.allclose(heads.scores([""])[0], heads.biases)


def test_stored_heads_score_as_before(tmp_path):
    heads = fit_word_heads(TEXTS, TARGETS).scaled(np.array([2.0, 0.5]))
    heads.save(tmp_path)
    texts = ["nights and an exam", "?!"]
    assert np.allclose(WordHeads.load(tmp_path).scores(texts), heads.scores(texts), atol=1e-6)


def test_the_threshold_of_the_best_expected_f1_needs_no_labels():
    # certain, likely, even, unlikely: taking the first two, or the even one too, is best
    odds = np.array([4.0, 2.0, 0.0, -3.0, -3.0, -3.0])
    threshold = expected_threshold(odds)
    assert -3.0 < threshold <= 2.0
    assert f1_at(threshold, odds, np.array([1, 1, 0, 0, 0, 0])) >= 0.8


def test_scores_are_those_of_scikit_learn():
    heads = fit_word_heads(TEXTS, TARGETS)
    texts = ["nights and an exam, nights?", "failed the exam", "zebra", "", "Sleep sleep SLEEP"]
    wanted = heads.vectorizer.transform(texts) @ heads.weights + heads.biases
    assert np.allclose(heads.scores(texts), wanted, atol=1e-9)

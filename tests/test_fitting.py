"""The same inputs train the same recognition: fitted anew, every head predicts the same."""

import os
import subprocess
import sys

import numpy as np

from bot.paths import ROOT


def test_heads_fitted_in_two_processes_predict_exactly_the_same(tmp_path):
    """The order of sets differs between the two, and threads take turns as they like."""
    runs = []
    for seed in ("1", "2"):
        file = tmp_path / f"{seed}.npz"
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "tests.fitted_program", str(file)]
        runs.append((file, subprocess.Popen(command, cwd=ROOT, env=environment)))
    assert [process.wait() for _, process in runs] == [0, 0]
    (first, _), (second, _) = runs
    with np.load(first) as one, np.load(second) as other:
        assert set(one) == set(other)
        for head in one:
            assert np.isfinite(one[head]).all(), head
            assert np.unique(one[head]).size > 1, f"{head} says the same of everything"
            assert np.array_equal(one[head], other[head]), f"{head} differs"

"""The primary rules of disclosure control beside acro, which UK data services check tables with.

acro has the primary rule (a threshold, zeros included) and rounding, so these are compared. It has
no rule for a value hidden alone, for the values of a total, or for what nearly everybody said;
those are tested in test_disclosure.py and attacked in tests/attacks/.
"""

import json
import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.paths import ROOT
from bot.trends.disclosure import Rules, primary, table, total
from bot.trends.vocabulary import Facet
from tests.databases import absent

VALUES = ("a", "b", "c", "d", "e")
SEVERAL, PARTS = Facet("concern", VALUES, 3), Facet("channel", VALUES, 1)
RULES = (Rules(), Rules(suppress=7), Rules(suppress=10, nearest=7))
NEAR = (0, 1, 7, 8, 10, 11, 12, 13, 14, 17, 18)
"""Counts beside which a rule turns."""


@pytest.fixture(scope="module")
def acro():
    """Return what asks acro: tables of counts and rules -> acro's figures, None if not shown."""
    python = ROOT / ".tools" / "oracle" / "bin" / "python"
    if not python.exists():
        absent("acro (make oracle)")
    program = [str(python), str(ROOT / "tests" / "trends" / "acro_program.py")]
    own = {**os.environ, "MPLBACKEND": "agg", "PYTHONPATH": ""}
    process = subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=own
    )

    def ask(counts: list[list[int]], rules: Rules) -> list[list[int | None]]:
        question = {"counts": counts, "fewest": rules.suppress + 1, "nearest": rules.nearest}
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    yield ask
    process.stdin.close()
    process.stdout.close()
    assert process.wait(60) == 0


COUNTS = st.lists(
    st.lists(st.sampled_from(NEAR) | st.integers(0, 130), min_size=5, max_size=5),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(counts=COUNTS, rules=st.sampled_from(RULES))
def test_the_primary_rules_show_and_hide_and_round_as_acro_does(acro, counts, rules):
    ours = [list(primary(dict(zip(VALUES, one, strict=True)), rules).values()) for one in counts]
    assert ours == acro(counts, rules)
    assert ours == [[total(count, rules) for count in one] for one in counts]


@settings(max_examples=15, deadline=None)
@given(counts=COUNTS, people=st.integers(0, 200), facet=st.sampled_from((SEVERAL, PARTS)))
def test_a_released_table_shows_nothing_that_acro_hides_and_no_other_figure(
    acro, counts, people, facet
):
    rules = Rules()
    for one, theirs in zip(counts, acro(counts, rules), strict=True):
        released = table(
            facet, dict(zip(VALUES, one, strict=True)), total(max(people, *one), rules), rules
        )
        for figure, their in zip(released.values(), theirs, strict=True):
            assert figure is None or figure == their


def test_acro_is_asked_with_the_threshold_that_is_ours(acro):
    """At acro's own threshold of 10, and with one that is off by one, it shows something else."""
    counts = [[9, 10, 12, 13, 14]]
    assert acro(counts, Rules()) == [[None, None, None, 15, 15]]
    assert acro(counts, Rules(suppress=7)) == [[10, 10, 10, 15, 15]]

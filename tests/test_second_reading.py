"""The second reading is whole, and the guide prints what it shows."""

from bot.nlu.taxonomy import FACETS, labels, risk_order
from bot.paths import ROOT
from evaluation.agreement import label_agreement, read_readings, table

FEWEST_READ = 300


def test_enough_messages_were_read_twice_with_labels_of_the_taxonomy():
    rows = read_readings()
    assert len({row["text"] for row in rows}) >= FEWEST_READ
    for row in rows:
        for reader in ("first", "second"):
            assert row[reader]["risk"] in risk_order()
            for facet in FACETS:
                assert set(row[reader][facet]) <= set(labels(facet)), row["text"]


def test_agreement_counts_each_reader_and_both():
    def row(first, second):
        return {"first": {"stage": first}, "second": {"stage": second}}

    rows = [row(["denial"], ["denial"]), row(["denial"], []), row([], [])]
    assert label_agreement(rows, "stage", "denial") == (2, 1, 1)


def test_the_guide_prints_the_agreement_that_the_command_gives():
    guide = (ROOT / "docs" / "labelling.md").read_text(encoding="utf-8")
    assert table(read_readings()) in guide

"""`trends.yml`: each wrong field told in one line with its mend."""

import pytest
import yaml

from bot.doctor import _trends
from bot.trends.groups import GRADE_WAITS, SMALLEST_GROUP, TRENDS, GroupsError, groups
from bot.trends.vocabulary import every_mark, facets
from tests.populations import KNOWN, population


def test_the_shipped_file_is_right_and_counts_no_group_of_which_no_number_is_known():
    assert groups().grade_waits
    assert groups().grade == groups().specialty == {}
    assert not {"grade", "specialty"} & set(facets())
    assert not [facet for facet, _ in every_mark() if facet in ("grade", "specialty")]


def test_the_shipped_bands_count_once_they_have_numbers(tmp_path):
    text = TRENDS.read_text(encoding="utf-8")
    assert text.count("trainees: null, values") == 3
    path = tmp_path / "trends.yml"
    path.write_text(text.replace("trainees: null, values", "trainees: 200, values"))
    assert set(groups(path).grade) == {"foundation", "core_or_early", "higher"}
    assert groups(path).group_of("grade", "f2") == "foundation"
    assert groups(path).group_of("grade", "staff_grade") is None
    assert not groups(path).grade_waits


@pytest.mark.parametrize("unknown", ["[f1]", "{trainees: null, values: [f1]}", "{values: [f1]}"])
def test_one_band_without_a_number_keeps_all_from_being_counted(unknown, tmp_path):
    """The rest would be a part of the total that is smaller than it looks."""
    path = tmp_path / "trends.yml"
    path.write_text(f"grade: {{a: {unknown}, b: {{trainees: 300, values: [f2]}}}}")
    assert groups(path).grade == {}
    assert groups(path).grade_waits


def test_that_grade_is_not_counted_is_said_until_it_is(tmp_path):
    assert [one.level for one in _trends() if one.text == f"trends: {GRADE_WAITS}"] == ["note"]
    with population(tmp_path / "trends.yml"):
        assert not [one for one in _trends() if GRADE_WAITS in one.text]


def test_the_population_of_the_attacks_has_groups_that_are_large_enough(tmp_path):
    known = yaml.safe_load(KNOWN)
    sizes = [group["trainees"] for table in known.values() for group in table.values()]
    assert min(sizes) >= SMALLEST_GROUP
    with population(tmp_path / "trends.yml"):
        assert set(facets()["specialty"].values) == set(known["specialty"])
    assert "specialty" not in facets()


def test_a_group_of_enough_trainees_is_taken(tmp_path):
    path = tmp_path / "trends.yml"
    path.write_text("specialty: {medicine: {trainees: 200, values: [cardiology, renal]}}\n")
    assert groups(path).group_of("specialty", "renal") == "medicine"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("trainees: many", "trainees must be a whole number"),
        ("trainees: 0", "trainees must be a whole number"),
        ("uptake: 5", "uptake must be a share"),
        ("uptake: yes", "uptake must be a share"),
        ("grades: {}", "grades is not a field"),
        ("grade: [f1]", "grade must be a mapping"),
        ("grade: {a: f1}", "values must be a list"),
        ("grade: {a: [f9]}", "'f9' is not known"),
        ("grade: {a: [f1], b: [f1]}", "f1 is in a and in b"),
        ("grade: {a: [f1], b: [f2], c: [sho], d: [registrar]}", "grade has 4 bands"),
        ("specialty: {a: {trainees: 199, values: [renal]}}", "needs at least 200"),
        ("grade: {a: {trainees: 199, values: [f1]}}", "grade, a: trainees is 199"),
        ("grade: {a: {trainees: many, values: [f1]}}", "grade, a: trainees is many"),
        (
            "{trainees: 399, grade: {a: {trainees: 400, values: [f1]}}}",
            "bands of 400 among 399 trainees",
        ),
        ("specialty: {a: {values: [renal]}}", "needs at least 200"),
        ("specialty: {a: [renal]}", "needs at least 200"),
        ("specialty: {a: {trainees: 300}}", "values must be a list"),
        ("- a", "must be a mapping of fields"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_wrong_field_is_told(wrong, message, tmp_path):
    path = tmp_path / "trends.yml"
    path.write_text(wrong)
    with pytest.raises(GroupsError, match=message) as error:
        groups(path)
    assert str(error.value).startswith("trends.yml: ")
    assert "\n" not in str(error.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(GroupsError, match="the file is missing"):
        groups(tmp_path / "trends.yml")

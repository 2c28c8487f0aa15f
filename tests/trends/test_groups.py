"""`trends.yml`: each wrong field told in one line with its mend."""

import pytest

from bot.trends.groups import GroupsError, groups


def test_the_shipped_file_is_right():
    assert set(groups().grade) == {"foundation", "core_or_early", "higher"}
    assert groups().group_of("grade", "f2") == "foundation"
    assert groups().group_of("grade", "staff_grade") is None
    assert groups().specialty == {}


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
        ("grade: {a: {values: [f1]}}", "grade, a: trainees is None"),
        ("{trainees: 399, grade: {a: [f1], b: [f2]}}", "grade has 2 bands of 399 trainees"),
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

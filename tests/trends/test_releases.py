"""Releases: signed, written once, and refused when a byte of them was changed."""

import json
from dataclasses import replace

import pytest

from bot import doctor
from bot.settings import read_settings
from bot.trends.releases import HELP_CARD_YEAR, WINDOW, Release, ReleaseError, Releases
from bot.trends.windows import Month, Window


def release(first: str = "2026-01", last: str = "2026-03", people: int = 60) -> Release:
    window = Window(Month.of(first), Month.of(last))
    return Release(WINDOW, window, False, {"suppress": 12}, people, {"stage": {"denial": None}})


@pytest.fixture
def releases(tmp_path) -> Releases:
    return Releases(tmp_path / "releases")


def test_what_is_written_is_read(releases):
    releases.write(release())
    assert releases.names() == ["2026-01_2026-03"]
    assert releases.read("2026-01_2026-03") == release()


def test_only_the_owner_can_read_the_key_and_nobody_writes_a_release(releases):
    path = releases.write(release())
    key = releases.folder.parent / "keys" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o222 == 0
    assert sorted(p.name for p in releases.folder.iterdir()) == [
        "2026-01_2026-03.json",
        "signing.pub",
    ]


def test_the_same_content_is_signed_to_the_same_bytes(releases, tmp_path):
    path = releases.write(release())
    first = path.read_bytes()
    path.chmod(0o644)
    path.unlink()
    assert releases.write(release()).read_bytes() == first


def test_a_release_is_never_replaced(releases):
    path = releases.write(release())
    before = path.read_bytes()
    with pytest.raises(ReleaseError):
        releases.write(release(people=65))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "window", [("2026-01", "2026-01"), ("2025-12", "2026-01"), ("2026-03", "2026-12")]
)
def test_no_month_is_in_two_releases(window, releases):
    releases.write(release())
    with pytest.raises(ReleaseError, match="would cover a month of 2026-01_2026-03"):
        releases.write(release(*window))
    assert releases.names() == ["2026-01_2026-03"]


def test_the_help_card_has_a_year_of_its_own(releases):
    releases.write(release())
    year = Window(Month(2026, 1), Month(2026, 12))
    releases.write(Release(HELP_CARD_YEAR, year, False, {}, None, {"help_card": {"any": 20}}))
    assert releases.names() == ["2026-01_2026-03", "help-card_2026"]
    assert [r.name for r in releases.all(HELP_CARD_YEAR)] == ["help-card_2026"]


def test_any_change_of_the_content_is_noticed(releases):
    path = releases.write(release())
    path.chmod(0o644)
    signed = json.loads(path.read_text())
    for change in (
        {"people": 65},
        {"to": "2026-02"},
        {"synthetic": True},
        {"tables": {"stage": {"denial": 15}}},
        {"more": 1},
    ):
        path.write_text(json.dumps({**signed, "release": {**signed["release"], **change}}))
        with pytest.raises(ReleaseError, match="not as it was signed"):
            releases.read(release().name)


@pytest.mark.parametrize("content", ["", "{}", "[]", "null", '{"release": {}, "signature": "x"}'])
def test_a_damaged_file_is_told_in_one_line(content, releases):
    path = releases.write(release())
    path.chmod(0o644)
    path.write_text(content)
    with pytest.raises(ReleaseError, match=r"^2026-01_2026-03\.json [^\n]+$"):
        releases.read(release().name)


def test_a_release_of_another_key_is_refused(releases, tmp_path):
    releases.write(release())
    other = Releases(tmp_path / "elsewhere" / "releases")
    path = other.write(release("2026-04", "2026-06"))
    (releases.folder / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ReleaseError, match="not as it was signed"):
        releases.all()


def test_a_release_under_another_name_is_refused(releases):
    path = releases.write(release())
    path.rename(releases.folder / "2026-04_2026-06.json")
    with pytest.raises(ReleaseError, match="give it back its own name"):
        releases.read("2026-04_2026-06")


def test_a_lost_key_is_not_silently_replaced(releases):
    releases.write(release())
    (releases.folder.parent / "keys" / "signing.key").unlink()
    with pytest.raises(ReleaseError, match=r"signing\.key is missing"):
        releases.write(release("2026-04", "2026-06"))


def test_a_key_beside_the_releases_is_put_where_it_belongs(releases):
    releases.write(release())
    key, before = releases.folder.parent / "keys" / "signing.key", releases.folder / "signing.key"
    key.rename(before)
    releases.sweep()
    assert not before.exists()
    assert key.stat().st_mode & 0o777 == 0o600
    releases.write(release("2026-04", "2026-06"))
    assert len(releases.all()) == 2


def test_a_release_is_read_without_the_key_that_signs(releases):
    releases.write(release())
    (releases.folder.parent / "keys" / "signing.key").unlink()
    assert releases.all() == [release()]


def test_a_missing_public_key_is_told(releases):
    releases.write(release())
    (releases.folder / "signing.pub").unlink()
    with pytest.raises(ReleaseError, match=r"signing\.pub is missing"):
        releases.read(release().name)


def test_the_doctor_tells_a_release_that_was_changed(releases, monkeypatch):
    chosen = replace(read_settings({}), data=releases.folder.parent)
    monkeypatch.setattr(doctor, "settings", lambda: chosen)
    path = releases.write(release())
    assert [f.level for f in doctor._trends() if f.level != "note"] == ["ok"]
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"people": 60', '"people": 65'))
    (found,) = [f for f in doctor._trends() if f.level != "note"]
    assert found.level == "error"
    assert "not as it was signed" in found.text

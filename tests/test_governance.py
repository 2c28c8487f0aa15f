"""The documents for sign-off stay true, and what keeps them true would notice if not."""

import copy
import itertools
import re
import subprocess
import sys

import pytest
import yaml

from bot.content import content_page
from bot.governance import documents, pages, signing
from bot.governance.claims import arrived, fault_of, faults_in
from bot.governance.constants import NoConstantError, constant, literal
from bot.governance.documents import DOCUMENTS, FOLDER, GovernanceError
from bot.governance.hazards import HAZARDS, LIKELIHOODS, MATRIX, hazards, unshown
from bot.governance.named_tests import every_test
from bot.paths import ROOT

CONTENT = content_page()

ROWS = yaml.safe_load(HAZARDS.read_text(encoding="utf-8"))

COMPLIANT = re.compile(
    r"\b(is|are|fully) (compliant|certified|approved)\b|\bcompl(ies|y) with\b|\bmeets? (the )?DCB",
    re.IGNORECASE,
)


def changed(tmp_path, change):
    """Return the path of the hazards with something changed."""
    rows = copy.deepcopy(ROWS)
    change(rows)
    path = tmp_path / "hazards.yml"
    path.write_text(yaml.safe_dump(rows), encoding="utf-8")
    return path


@pytest.fixture
def waiting(monkeypatch):
    """Return a function that sets the awaited names."""

    def set_names(*names):
        monkeypatch.setattr(documents, "awaited", lambda: names)

    set_names()
    return set_names


# ---------------------------------------------------------------- as it is


def test_nothing_is_missing_stale_or_not_so():
    assert list(pages.faults()) == []


def test_the_written_pages_are_not_stale():
    for name, page in pages.WRITTEN.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == page(), pages.AGAIN


@pytest.mark.parametrize("hazard", hazards(), ids=lambda h: h.id)
def test_every_hazard_has_controls_that_are_shown_by_tests(hazard):
    assert all(control.tests for control in hazard.controls)
    assert list(unshown((hazard,))) == []
    before, after = hazard.initial, hazard.residual
    assert LIKELIHOODS.index(after.likelihood) >= LIKELIHOODS.index(before.likelihood)
    assert after.risk <= before.risk


def test_there_are_enough_hazards_and_their_names_differ():
    assert len(hazards()) >= 24
    assert len({h.hazard for h in hazards()}) == len(hazards())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_claims_what_only_a_person_can_say(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert not COMPLIANT.search(text)
    if name not in ("README.md", "content-sign-off.md"):
        assert re.search(r"^Draft for ", text, re.MULTILINE), "say whose draft it is"
        assert re.search(r"\bopen\b", text, re.IGNORECASE), "say what is open"


def test_every_document_is_in_the_readme_of_the_folder():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert [n for n in DOCUMENTS if n != "README.md" and f"[{n}]({n})" not in text] == []


def test_every_document_is_to_be_signed():
    asked = signing.register().documents
    unsigned = ("README.md", "content-sign-off.md")
    assert {f"docs/governance/{n}" for n in DOCUMENTS if n not in unsigned} <= set(asked)


# ---------------------------------------------------------------- hazards


@pytest.mark.parametrize("where", ["tests/test_nowhere.py::test_x", "tests/test_docs.py::test_x"])
def test_a_hazard_whose_test_is_gone_is_named(tmp_path, waiting, where):
    def change(rows):
        rows[3]["controls"][0]["tests"] = [where]

    faults = list(unshown(hazards(changed(tmp_path, change))[3:4]))
    assert len(faults) == 1
    assert "H04" in faults[0]
    assert where in faults[0]


def test_a_test_that_is_awaited_is_let_pass_and_no_other(tmp_path, waiting):
    def change(rows):
        rows[0]["controls"][0]["tests"] = ["tests/late/test_a.py::test_x", "tests/later.py::test_y"]

    rows = hazards(changed(tmp_path, change))[:1]
    waiting("tests/late/")
    assert ["tests/later.py" in fault for fault in unshown(rows)].count(True) == 1
    waiting("tests/late/", "tests/later.py::test_y")
    assert list(unshown(rows)) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda rows: rows[1].pop("effect"), "effect must be a text"),
        (lambda rows: rows[1].update(colour="red"), "colour is no field"),
        (lambda rows: rows[1].update(id="H09"), "H09 comes where H02 has to"),
        (lambda rows: rows[1].update(controls=[]), "controls must be a list"),
        (lambda rows: rows[1]["controls"][0].update(tests=[]), "names one test or more"),
        (lambda rows: rows[1]["controls"][0].update(tests=["test_x"]), "must be like"),
        (lambda rows: rows[1]["initial"].update(severity="bad"), "initial.severity is 'bad'"),
        (lambda rows: rows[1].update(residual="low"), "residual has the fields"),
        (lambda rows: rows[1].update(cause="a | b"), "without |"),
    ],
)
def test_a_wrong_hazard_gives_one_clear_line(tmp_path, change, words):
    with pytest.raises(GovernanceError, match=re.escape(words)) as raised:
        hazards(changed(tmp_path, change))
    assert "\n" not in str(raised.value)
    assert "hazards.yml" in str(raised.value)


def test_broken_yaml_gives_one_clear_line(tmp_path):
    path = tmp_path / "hazards.yml"
    path.write_text("- id: [\n", encoding="utf-8")
    with pytest.raises(GovernanceError, match=r"hazards\.yml, line \d+: not YAML"):
        hazards(path)


def test_the_matrix_never_falls_with_likelihood_or_severity():
    rows = [MATRIX[likelihood] for likelihood in LIKELIHOODS]
    for row in rows:
        assert list(row) == sorted(row)
    for higher, lower in itertools.pairwise(rows):
        assert all(one >= other for one, other in zip(higher, lower, strict=True))
    assert rows[0][-1] == 5
    assert rows[-1][0] == 1


def test_tests_are_read_from_their_source(tmp_path):
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    (tmp_path / "tests" / "deep" / "test_a.py").write_text(
        "import nothing_that_exists\n\nasync def test_one(): ...\n\ndef helper(): ...\n\n"
        "class TestMany:\n    def test_two(self): ...\n",
        encoding="utf-8",
    )
    found = {"tests/deep/test_a.py::test_one", "tests/deep/test_a.py::TestMany::test_two"}
    assert every_test(tmp_path) == found


# ---------------------------------------------------------------- what the pages name


@pytest.mark.parametrize(
    "code",
    [
        "tests/test_docs.py::test_every_path_that_is_named_exists",
        "bot/deanery.py LIFE = 90",
        'bot/deanery.py WARNINGS = ("referral_note", "non_engagement")',
        "SIDEDOOR_PORT = 5005",
        "SIDEDOOR_DEANERY",
        "signpost samaritans",
        "utter_open_limits",
        "sidedoor doctor --without-model",
        "make check test",
        "docs/model-card.md",
        "deanery/",
        "config.yml",
    ],
)
def test_what_is_so_is_let_pass(code):
    assert fault_of(code) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("tests/test_docs.py::test_gone", "no such test"),
        ("bot/deanery.py LIFE = 91", "it is 90 now"),
        ("bot/deanery.py LIVES = 90", "has no LIVES"),
        ("bot/deanery.py Fact.text = 1", "has no Fact.text"),
        ("bot/deanery.py LIFE = for ever", "is not a value"),
        ("bot/gone.py LIFE = 90", "no such file"),
        ("SIDEDOOR_PORT = 80", "its default is '5005' now"),
        ("SIDEDOOR_GONE", "no such setting"),
        ("signpost gone", "no such entry"),
        ("utter_gone", "no such response"),
        ("sidedoor gone", "no such command"),
        ("make check gone", "no target gone"),
        ("docs/gone.md", "no such path"),
        ("gone.yml", "no such path"),
        ("what is this", "names nothing that can be checked"),
    ],
)
def test_what_is_no_longer_so_is_named(waiting, code, words):
    assert words in fault_of(code)
    page = f"Before.\n\n| `{code}` |\n"
    assert [words in fault for fault in faults_in("dpia.md", page)] == [True]


def test_a_link_that_leads_nowhere_is_named(waiting):
    good = "[a](dpia.md) [b](../model-card.md#how) [c](https://example.org) [d](#here)"
    assert list(faults_in("README.md", good)) == []
    assert ["leads nowhere" in f for f in faults_in("README.md", "[a](gone.md)")] == [True]


def test_an_awaited_name_that_arrived_or_is_used_nowhere_is_named(monkeypatch):
    names = ("docs/model-card.md", "docs/never-named-anywhere.md")
    monkeypatch.setattr("bot.governance.claims.awaited", lambda: names)
    first, second = arrived()
    assert "docs/model-card.md has arrived" in first
    assert "no document names docs/never-named-anywhere.md" in second


def test_constants_are_read_without_running_anything(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "import nothing_that_exists\nMINUTE = 60\nHOUR: int = 60 * MINUTE\nLESS = -1\n"
        'NAMES = ("a", "b")\nMADE = int("3")\nLOOP = LOOP\n\n'
        "class Rules:\n    share: float = 0.9\n    long = 2 * HOUR\n",
        encoding="utf-8",
    )
    read = {n: constant(path, n) for n in ("HOUR", "LESS", "NAMES", "Rules.share", "Rules.long")}
    assert read == {
        "HOUR": 3600,
        "LESS": -1,
        "NAMES": ("a", "b"),
        "Rules.share": 0.9,
        "Rules.long": 7200,
    }
    for name in ("MADE", "LOOP", "GONE", "Rules.gone", "Gone.share"):
        with pytest.raises(NoConstantError):
            constant(path, name)
    assert literal("3_600") == 3600


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_page_that_is_missing_is_named(monkeypatch, tmp_path, name):
    for other in DOCUMENTS:
        if other != name:
            (tmp_path / other).touch()
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    assert list(pages.missing()) == [f"docs/governance/{name}: missing; put it back"]


@pytest.mark.parametrize("name", pages.WRITTEN)
def test_a_written_page_that_was_edited_is_stale_and_is_written_again(monkeypatch, tmp_path, name):
    for path in FOLDER.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(pages, "FOLDER", tmp_path)
    page = tmp_path / name
    was = page.read_bytes()
    page.write_bytes(was + b"and more\n")
    assert any(f.startswith(f"docs/governance/{name}: stale") for f in pages.faults())
    assert pages.write_pages() == [name]
    assert page.read_bytes() == was


# ---------------------------------------------------------------- signing


SIGNED = "domain/crisis.yml"


def signed(tmp_path, **fields):
    """Return the path of a register in which somebody signed a part of the content."""
    row = yaml.safe_load(signing.SIGNATURES.read_text(encoding="utf-8"))
    now = signing.fingerprint(signing.content_parts(CONTENT)[SIGNED])
    signature = {"of": SIGNED, "name": "A Reader", "role": "psychiatrist", "fingerprint": now}
    row["signatures"] = [{**signature, "date": "2026-12-01", **fields}]
    path = tmp_path / "sign-off.yml"
    text = yaml.safe_dump(row).replace("'2026-12-01'", "2026-12-01")
    path.write_text(text, encoding="utf-8")
    return path


def row_of(page, of, role=""):
    """Return the row of the register for `of`, in the first role or the given one."""
    return next(line for line in page.splitlines() if line.startswith(f"| {of} | {role}"))


def test_everything_is_open_until_somebody_signs():
    known = signing.register()
    page = signing.register_page()
    parts = signing.content_parts(CONTENT)
    assert {"domain/crisis.yml", "domain/opening.yml", "deanery/"} <= set(parts)
    for of in (*known.documents, *parts):
        assert row_of(page, of).endswith("| open |") or known.signatures


def test_a_changed_sentence_opens_its_sign_off_again(monkeypatch, tmp_path):
    known = signing.register(signed(tmp_path))
    monkeypatch.setattr(signing, "register", lambda: known)
    row = row_of(signing.register_page(), SIGNED)
    assert "| A Reader | 2026-12-01 |" in row
    assert row.endswith("| signed |")
    other_role = row_of(signing.register_page(), SIGNED, "Clinical Safety Officer")
    assert other_role.endswith("| open |"), "each role signs for itself"
    unchanged = row_of(signing.register_page(), "domain/opening.yml")
    other = CONTENT.replace("I want to stop on what you wrote.", "Stop there.")
    monkeypatch.setattr(signing, "content_page", lambda: other)
    page = signing.register_page()
    assert "| open again: changed since" in row_of(page, SIGNED)
    assert row_of(page, "domain/opening.yml") == unchanged


def test_a_fact_that_was_verified_again_opens_nothing():
    page = CONTENT
    assert "(verified 2026-" in page
    again = re.sub(r"\(verified [^)]*\)", "(verified 2027-01-01)", page)
    assert signing.content_parts(again) == signing.content_parts(page)
    assert signing.content_parts(page.replace("116 123", "116 124")) != signing.content_parts(page)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"date": "soon"}, "must be like 2026-11-23"),
        ({"name": ""}, "the name of a signature"),
        ({"fingerprint": "abc"}, "has 16 digits"),
        ({"more": "x"}, "a signature has the fields"),
    ],
)
def test_a_wrong_signature_gives_one_clear_line(tmp_path, fields, words):
    with pytest.raises(GovernanceError, match=words):
        signing.register(signed(tmp_path, **fields))


@pytest.mark.parametrize("fields", [{"of": "domain/gone.yml"}, {"role": "passer-by"}])
def test_a_signature_that_nobody_is_asked_for_is_told(monkeypatch, tmp_path, fields):
    known = signing.register(signed(tmp_path, **fields))
    monkeypatch.setattr(signing, "register", lambda: known)
    with pytest.raises(GovernanceError, match="nobody is asked to sign"):
        signing.register_page()


# ---------------------------------------------------------------- the command


def test_the_command_has_nothing_to_write():
    command = [sys.executable, "-m", "bot.cli", "governance"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "The pages are as they have to be.\n"

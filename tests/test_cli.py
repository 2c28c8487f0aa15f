"""The command line as somebody types it: what it prints, and how it says what is wrong."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from bot import doctor
from bot.agent import NotOurPartError, load_our_agent, load_processor, newest_model
from bot.channels.web_files import numbers
from bot.components import REQUIRED, ConfigError, check_config
from bot.content import content_page
from bot.deanery import CRISIS_LINES, FACTS, LIFE, deaneries, signposts
from bot.dialogue.state import EphemeralTrackerStore
from bot.doctor import SOON, findings
from bot.graph import InOrderRunner
from bot.help_page import help_page
from bot.nlu import encoder
from bot.nlu.taxonomy import FACETS, labels
from bot.paths import DOMAIN, ROOT
from bot.privacy.guard import LeakError
from bot.recognition import Processor
from bot.server import load_channels, serve
from bot.settings import SettingsError, read_settings, settings

LONG = "the rota is full of holes and i am covering two wards again. " * 164
assert len(LONG) > 10_000

GOOD = {
    "tired": {"id": 1, "text": "im so tired after nights, i never sleep"},
    "debt": {"id": "b-2", "text": "im drowning in debt and cant pay my rent"},
    "edge": {"id": None, "text": "i cant go on like this, i think i need help"},
    "risk": {"id": 2.5, "text": "I keep thinking about killing myself"},
    "someone": {"id": [1, {"a": "b"}], "text": "one of my patients killed himself last week"},
    "question": {"id": {"é": "日"}, "text": "does the psu tell my supervisor", "more": 1},
    "slash": {"id": True, "text": "/need_help_now"},
    "entity": {"id": 1, "text": "i work in wales, in cardiff"},
    "no id": {"text": "hello"},
    "empty": {"id": 0, "text": ""},
    "blank": {"id": -1, "text": " \t\n "},
    "long": {"id": "long", "text": LONG[:10_000]},
    "longer": {"id": "longer", "text": LONG * 5 + "i want to kill myself"},
    "one word": {"id": "word", "text": "x" * 10_000},
    "japanese": {"id": "ja", "text": "ちょっと疲れました"},
    "arabic": {"id": "ar", "text": "أنا متعب جدا من العمل"},
    "hindi": {"id": "hi", "text": "मैं बहुत थक गया हूँ"},
    "russian": {"id": "ru", "text": "я очень устал от работы"},
    "emoji": {"id": "emoji", "text": "🙂👩🏽‍⚕️🇬🇧"},
    "turned": {"id": "turned", "text": "\u202ehello\u202c"},
    "control": {"id": "control", "text": "\x00\x07\x1b[31m tired"},
    "half": {"id": "half", "text": "tired \ud83d again"},
    "braces": {"id": "braces", "text": "{concern} %s {0} ${HOME}"},
}

BAD = {
    "not json": (b"tired", None, "the line must be JSON"),
    "cut off": (b'{"id": 7, "text": "tired', None, "the line must be JSON"),
    "two": (b'{"id": 7, "text": "a"} {"id": 8, "text": "b"}', None, "the line must be JSON"),
    "single quotes": (b"{'id': 7, 'text': 'a'}", None, "the line must be JSON"),
    "no number": (b'{"id": NaN, "text": "a"}', None, "the line must be JSON"),
    "deep": (b"[" * 100_000, None, "the line must be JSON"),
    "not utf-8": (b'{"id": 7, "text": "\xe9"}', None, "the line must be UTF-8"),
    "list": (b'["tired"]', None, "the line must be a JSON object"),
    "text alone": (b'"tired"', None, "the line must be a JSON object"),
    "number": (b"5", None, "the line must be a JSON object"),
    "null": (b"null", None, "the line must be a JSON object"),
    "no text": (b'{"id": 7}', 7, "text must be a string"),
    "nothing": (b"{}", None, "text must be a string"),
    "null text": (b'{"id": "x", "text": null}', "x", "text must be a string"),
    "number text": (b'{"id": "x", "text": 5}', "x", "text must be a string"),
    "list text": (b'{"id": "x", "text": ["tired"]}', "x", "text must be a string"),
    "other name": (b'{"id": "x", "Text": "tired"}', "x", "text must be a string"),
}

KEYS = ["id", "intent", "stage", "pattern", "concern", "risk"]


def environment(**more: str) -> dict[str, str]:
    """Return an environment without settings of ours."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SIDEDOOR_")}
    # A library that Rasa imports asks git for its own version, and git may complain.
    apart = {"SIDEDOOR_DATA": os.environ["SIDEDOOR_DATA"], "SIDEDOOR_DASHBOARD_PORT": "0"}
    return {**clean, "GIT_CEILING_DIRECTORIES": str(ROOT), **apart, **more}


def sidedoor(*arguments: str, project: Path = ROOT, given: bytes = b"", **more: str):
    """Run `sidedoor` in `project` with settings `more`; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        input=given,
        capture_output=True,
        cwd=project,
        env=environment(PYTHONPATH=str(project), **more),
    )


def assert_one_line(done, *words: str) -> None:
    """Assert that the program ended with one clear line that has all `words`."""
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1, done.stderr.decode()
    assert lines[0].startswith("sidedoor: ")
    for word in words:
        assert word in lines[0]
    assert done.returncode == 2


@pytest.fixture
def project(tmp_path) -> Path:
    """Return a copy of the project whose files may be spoilt; the model is the project's own."""
    for name in ("bot", "actions", "deanery", "domain"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in (
        "config.yml",
        "credentials.yml",
        "endpoints.yml",
        "requirements.lock",
        "trends.yml",
    ):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("models", "nlu_data", "stories"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def spoil(path: Path, right: str, wrong: str) -> None:
    """Replace `right` by `wrong` in a file that has it."""
    text = path.read_text(encoding="utf-8")
    assert right in text
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")


# ------------------------------------------------------------------ parse


@pytest.fixture(scope="module")
def parsed() -> dict[str, dict]:
    """Return name of a line -> answer, of one run over good and bad lines, mixed."""
    good = {name: json.dumps(row).encode() for name, row in GOOD.items()}
    bad = {name: line for name, (line, _, _) in BAD.items()}
    mixed = dict(sorted({**good, **bad}.items()))
    given = b"\xef\xbb\xbf" + b"\r\n\n  \n".join(mixed.values())  # a mark, blank lines, no end
    done = sidedoor("parse", given=given)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(mixed)
    return dict(zip(mixed, answers, strict=True))


@pytest.fixture(scope="module")
def scored() -> dict[str, dict]:
    """Return name of a good line -> answer with scores."""
    done = sidedoor(
        "parse", "--scores", given=b"\n".join(json.dumps(r).encode() for r in GOOD.values())
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(GOOD, map(json.loads, done.stdout.splitlines()), strict=True))


def intents() -> set[str]:
    """Return the domain's intents, and the one of messages that nothing fits."""
    rows = yaml.safe_load((DOMAIN / "intents.yml").read_text(encoding="utf-8"))["intents"]
    return {next(iter(row)) if isinstance(row, dict) else row for row in rows} | {"nlu_fallback"}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_line_is_answered_with_its_id_and_labels(parsed, name):
    answer = parsed[name]
    assert list(answer) == KEYS
    assert answer["id"] == GOOD[name].get("id")
    assert answer["intent"] in intents()
    for facet in FACETS:
        assert isinstance(answer[facet], list)
        assert set(answer[facet]) <= set(labels(facet))
        assert len(set(answer[facet])) == len(answer[facet])
    assert answer["risk"] in labels("risk")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_line_is_answered_with_what_is_wrong(parsed, name):
    _, identifier, error = BAD[name]
    assert parsed[name] == {"id": identifier, "error": error}


def test_what_is_recognised_is_what_was_written(parsed):
    assert "sleep_fatigue" in parsed["tired"]["concern"]
    assert "money" in parsed["debt"]["concern"]
    assert parsed["risk"]["risk"] == "active_ideation"
    assert parsed["someone"]["risk"] == "third_party"
    assert parsed["question"]["intent"] == "ask_who_is_told"
    assert parsed["no id"]["intent"] == "greet"
    assert parsed["longer"]["risk"] == "active_ideation"


@pytest.mark.parametrize("name", ["empty", "blank"])
def test_nothing_is_read_into_nothing(parsed, name):
    answer = {key: value for key, value in parsed[name].items() if key != "id"}
    expected = {"intent": "nonsense", "stage": [], "pattern": [], "concern": [], "risk": "none"}
    assert answer == expected


@pytest.mark.parametrize("name", GOOD)
def test_scores_are_added_and_change_nothing(parsed, scored, name):
    answer = dict(scored[name])
    scores = answer.pop("scores")
    assert answer == parsed[name]
    assert list(scores) == ["intent", *FACETS, "risk", "risk_sources"]


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"empty", "blank"}))
def test_scores_are_probabilities_of_every_label(scored, name):
    answer = scored[name]
    scores = answer["scores"]
    for group in ("intent", *FACETS, "risk"):
        assert all(0 <= score <= 1 for score in scores[group].values())
    for facet in FACETS:
        assert set(scores[facet]) == set(labels(facet))
    assert set(scores["risk"]) == {"own", "third_party"}
    assert set(scores["intent"]) <= intents()
    assert next(iter(scores["intent"])) == answer["intent"]
    assert answer["risk"] in scores["risk_sources"].values()
    assert set(scores["risk_sources"].values()) <= set(labels("risk"))


def test_nothing_given_is_nothing_answered():
    done = sidedoor("parse", given=b"\n \n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


# ------------------------------------------------------------------ chat


def test_a_conversation_in_the_terminal(tmp_path):
    done = sidedoor(
        "chat", "--deanery", "northern_ireland", given=b"1\nI want to kill myself\n99\n\n"
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode()
    assert "[4] " in shown
    assert "0808 808 8000" in shown
    assert "Traceback" not in done.stderr.decode()


def test_a_mistyped_deanery_of_a_conversation_is_told():
    assert_one_line(sidedoor("chat", "--deanery", "atlantis"), "--deanery", "'atlantis'", "wales")


# ------------------------------------------------------------------ doctor


@pytest.fixture
def today() -> date:
    """Return the day on which the newest of the shipped facts was verified."""
    return max(f.verified_on for _, f, _ in shipped_facts() if f.verified_on)


def shipped_facts():
    """Return (where, fact, whether it may be seen on a day) of everything in deanery/."""
    found = []
    for d in deaneries().values():
        for name in FACTS:
            fact = d.facts[name]
            if fact is not None:

                def seen(day, d=d, name=name, fact=fact):
                    return d.fact(name, day) is not None or fact.text in d.warnings()

                found.append((f"deanery/{d.key}.yml: {name}", fact, seen))
        for c in d.contacts:
            where = f"deanery/{d.key}.yml: contact {c.value}"
            found.append((where, c.fact, lambda day, d=d, c=c: c in d.fresh_contacts(day)))
    for s in signposts().values():
        found.append((f"deanery/signposts.yml: {s.key}", s.fact, s.shown))
    return found


def test_the_doctor_of_the_project_as_it_is():
    done = sidedoor("doctor", "--without-model")
    lines = done.stdout.decode().splitlines()
    assert lines
    for line in lines:
        assert re.match(r"(ok     |note   |warning|error  ) \S", line)
    assert not [line for line in lines if line.startswith("error")]
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_wrong_setting_is_a_finding_and_the_rest_is_still_looked_at():
    done = sidedoor("doctor", "--without-model", SIDEDOOR_PORT="http")
    lines = done.stdout.decode().splitlines()
    assert lines[0].startswith("error   SIDEDOOR_PORT is 'http'; it must be a port number")
    assert len(lines) > 1 or not [f for f in findings(with_model=False) if f.level != "ok"]
    assert (done.returncode, done.stderr) == (2, b"")


def test_a_wrong_deanery_file_is_a_finding(project):
    spoil(project / "deanery" / "wales.yml", "nation: wales", "nation: cymru")
    done = sidedoor("doctor", "--without-model", project=project)
    assert "error   wales.yml: nation is 'cymru'; it must be one of" in done.stdout.decode()
    assert (done.returncode, done.stderr) == (2, b"")


def test_on_the_day_of_verification_nothing_has_expired(today):
    assert [f for f in findings(today, with_model=False) if "was verified on" in f.text] == []


@pytest.mark.parametrize("days", [0, LIFE - SOON, LIFE, LIFE + 1, 10 * LIFE])
def test_what_the_doctor_says_of_a_fact_is_what_people_see(today, days):
    day = today + timedelta(days=days)
    said = list(findings(day, with_model=False))
    for where, fact, seen in shipped_facts():
        about = [f for f in said if f.text.startswith(f"{where} ")]
        if fact.verified_on is None or not fact.fresh(day):
            assert len(about) == 1, where
            assert ("is still shown" if seen(day) else "is hidden") in about[0].text
            assert fact.source in about[0].text
            never = fact.verified_on is None and not seen(day)
            assert about[0].level == ("note" if never else "warning")
        elif (day - fact.verified_on).days >= LIFE - SOON:
            assert [f.level for f in about] == ["note"]
            assert "expires" in about[0].text
        else:
            assert about == []


def test_an_expired_fact_names_file_field_date_and_mend(today):
    said = [f.text for f in findings(today + timedelta(days=LIFE + 1), with_model=False)]
    fact = deaneries()["wales"].facts["confidentiality"]
    assert (
        f"deanery/wales.yml: confidentiality was verified on {fact.verified_on} and is hidden;"
        f" check {fact.source} and renew verified_on"
    ) in said


def test_a_unit_that_cannot_be_reached_is_a_warning(today):
    said = list(findings(today + timedelta(days=LIFE + 1), with_model=False))
    for key, deanery in deaneries().items():
        line = f"deanery/{key}.yml: no contact can be shown; verify one and date it"
        warned = [f.level for f in said if f.text == line]
        assert warned == (["warning"] if deanery.self_referral != "none" else [])


def test_weights_that_are_not_the_publishers_are_an_error(monkeypatch):
    monkeypatch.setattr(encoder, "WEIGHTS_SHA256", "0" * 64)
    assert any(f.level == "error" and "reinstall" in f.text for f in findings())


def test_missing_weights_are_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(encoder, "weights_folder", lambda: tmp_path)
    errors = [f.text for f in findings() if f.level == "error"]
    assert any("model.safetensors" in text and "make setup" in text for text in errors)


def test_a_missing_model_is_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr("bot.training.FINGERPRINT", tmp_path / "none")
    assert any(f.level == "warning" and "`make train`" in f.text for f in findings())


@pytest.mark.parametrize("package", ["pytest", "no-such-package"])
def test_a_package_of_another_version_is_an_error(monkeypatch, package):
    monkeypatch.setattr(doctor, "PINNED", (package,))
    monkeypatch.setattr("importlib.metadata.version", version_of_nothing)
    errors = [f.text for f in findings(with_model=False) if f.level == "error"]
    assert any(text.startswith(package) and "make setup" in text for text in errors)


def version_of_nothing(package: str) -> str:
    """Return a version that is locked nowhere, or raise as for a package that is missing."""
    import importlib.metadata

    if package == "no-such-package":
        raise importlib.metadata.PackageNotFoundError(package)
    return "0.0.1"


# ------------------------------------------------------------------ content


def test_the_page_has_every_sentence_of_the_domain():
    page = content_page()
    for path in DOMAIN.glob("*.yml"):
        responses = yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}
        for name, variants in responses.items():
            section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
            for variant in variants:
                assert str(variant.get("text", "")).strip().replace("\n", " / ") in section
                for button in variant.get("buttons") or ():
                    assert f"[{button['title']}]" in section
            assert variants[0]["metadata"]["when"] in section


def test_the_page_has_every_sentence_of_the_deaneries():
    page = content_page()
    for deanery in deaneries().values():
        assert f"\n### {deanery.name}: {deanery.unit} " in page
        section = page.split(f"\n### {deanery.name}: ")[1].split("\n### ")[0]
        facts = [fact for fact in deanery.facts.values() if fact is not None]
        for fact in (*facts, *(contact.fact for contact in deanery.contacts)):
            assert f"{fact.text} (verified {fact.verified_on or 'never'})" in section
        for contact in deanery.contacts:
            assert contact.value in section
    for signpost in signposts().values():
        assert f"- {signpost.name}: {signpost.value} ({signpost.hours})" in page


def test_the_page_says_where_a_variant_is_said():
    page = content_page()
    seen = set()
    for path in DOMAIN.glob("*.yml"):
        responses = yaml.safe_load(path.read_text(encoding="utf-8")).get("responses") or {}
        for name, variants in responses.items():
            section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
            for variant in variants:
                channel, conditions = variant.get("channel"), variant.get("condition") or []
                marks = [f"on {channel}"] * ("channel" in variant)
                marks += [f"if {c['name']} is {str(c['value']).lower()}" for c in conditions]
                before = f"*{', '.join(marks)}*: " if marks else ""
                line = str(variant.get("text", "")).strip().replace("\n", " / ")
                assert f"\n- {before}{line}" in section
                seen.add(before)
    assert {"", "*on telegram*: ", "*if receipts_in_use is true*: "} <= seen


def test_the_page_has_what_stands_beside_the_numbers_of_the_chat_page():
    page = content_page()
    lines = numbers("")
    assert [line["name"] for line in lines] == [signposts()[key].name for key in CRISIS_LINES]
    for key, line in zip(CRISIS_LINES, lines, strict=True):
        verified = signposts()[key].fact.verified_on
        assert f"\n- *{line['name']}*: {line['text']} (verified {verified})" in page


def test_the_page_has_every_sentence_of_the_help_page():
    part = content_page().split("\n## deploy/help_page.html\n")[1]
    shown = re.sub(r"<style.*?</style>", "", help_page(), flags=re.DOTALL)
    shown = re.sub(r"<ul>.*?</ul>", "", shown, flags=re.DOTALL)  # the numbers, listed above
    texts = [" ".join(text.split()) for text in re.split(r"<[^>]*>", shown)]
    assert sum(map(bool, texts)) > 3
    for text in filter(None, texts):
        assert f": {text}\n" in part


def test_the_page_is_printed_or_written(tmp_path):
    printed = sidedoor("content")
    assert printed.stdout.decode().strip() == content_page().strip()
    done = sidedoor("content", "--output", str(tmp_path / "page.md"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == content_page()


def test_a_page_that_cannot_be_written_is_told(tmp_path):
    output = str(tmp_path / "no" / "page.md")
    assert_one_line(sidedoor("content", "--output", output), "--output", output)


# ------------------------------------------------------------------ what is wrong


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [
        ("SIDEDOOR_PORT", "http", "must be a port number from 1 to 65535"),
        ("SIDEDOOR_PORT", "0", "must be a port number from 1 to 65535"),
        ("SIDEDOOR_PORT", "²", "must be a port number from 1 to 65535"),
        ("SIDEDOOR_HOST", "", "must be an address of this machine"),
        ("SIDEDOOR_DEANERY", "atlantis", "must be empty or one of"),
        ("SIDEDOOR_LOG_LEVEL", "DEBUG", "must be one of INFO, WARNING, ERROR"),
        ("SIDEDOOR_PROT", "5005", "is not a setting; known are"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(variable, value, mend):
    done = sidedoor("run", **{variable: value})
    assert_one_line(done, variable, mend)
    assert done.stdout == b""


@pytest.mark.parametrize("command", ["run", "chat", "parse", "train"])
def test_every_command_looks_at_the_settings_first(command):
    done = sidedoor(command, SIDEDOOR_LOG_LEVEL="DEBUG")
    assert_one_line(done, "SIDEDOOR_LOG_LEVEL", "'DEBUG'")
    assert done.stdout == b""


def test_the_settings_file_is_read_and_the_environment_goes_before_it(project):
    (project / ".env").write_text("SIDEDOOR_PORT=99999\n", encoding="utf-8")
    assert_one_line(sidedoor("run", project=project), "SIDEDOOR_PORT is '99999'")
    done = sidedoor("doctor", "--without-model", project=project, SIDEDOOR_PORT="8080")
    assert "listening on 127.0.0.1:8080" in done.stdout.decode()
    (project / ".env").write_text("SIDEDOOR_PORT 8080\n", encoding="utf-8")
    assert_one_line(sidedoor("run", project=project), ".env, line 1", "NAME=value")


@pytest.mark.parametrize("command", ["run", "chat", "parse", "train", "content"])
@pytest.mark.parametrize(
    ("file", "right", "wrong", "words"),
    [
        ("wales.yml", "nation: wales", "nation: cymru", ("wales.yml: nation is 'cymru'",)),
        ("wales.yml", "unit:", "unit: [", ("wales.yml, line", "not valid YAML")),
        ("signposts.yml", "samaritans:", "samaritan:", ("signposts.yml", "samaritans")),
    ],
    ids=["field", "yaml", "signpost"],
)
def test_a_wrong_deanery_file_stops_with_one_line(project, command, file, right, wrong, words):
    spoil(project / "deanery" / file, right, wrong)
    done = sidedoor(command, project=project)
    assert_one_line(done, *words)
    assert done.stdout == b""


ENDPOINTS_WRONG = [
    ("state.EphemeralTrackerStore", "state.EphemeralTrackerStor", "tracker_store is 'bot."),
    ("bot.dialogue.state.", "bot.dialog.state.", "tracker_store is 'bot.dialog.state."),
    ("type: bot.dialogue.state.EphemeralTrackerStore", "type: SQL", "tracker_store is 'SQL'"),
    ("type: bot.dialogue.state.EphemeralTrackerStore", "url: x", "tracker_store is None"),
    ("tracker_store:", "tracker_stor:", "tracker_stor is not used here"),
    ("wording.Wording", "wording.Wordin", "nlg is 'bot.dialogue.wording.Wordin'"),
    ("wording.Wording", "wordin.Wording", "nlg is 'bot.dialogue.wordin.Wording'"),
    ("wording.Wording", "wording.SAID", "nlg is 'bot.dialogue.wording.SAID'"),
    ("type: bot.dialogue.wording.Wording", "type: 5", "nlg is 5"),
    ("nlg:", "nlgs:", "nlgs is not used here"),
    ("nlg:\n", "lock_store:\n  type: bot.no.Locks\nnlg:\n", "lock_store is 'bot.no.Locks'"),
    ("recorder.Trends", "recorder.Trend", "event_broker is 'bot.trends.recorder.TrendRecorder'"),
    ("nlg:\n", "nlg: bot.dialogue.wording.Wording\nx:\n", "nlg must be a mapping of fields"),
    ("nlg:\n", "nlg: [\n", "line "),
]


@pytest.mark.parametrize(("right", "wrong", "message"), ENDPOINTS_WRONG)
def test_a_mistyped_part_stops_the_start_with_one_line(loop, tmp_path, right, wrong, message):
    path = tmp_path / "endpoints.yml"
    shutil.copy(ROOT / "endpoints.yml", path)
    spoil(path, right, wrong)
    with pytest.raises((NotOurPartError, LeakError)) as error:
        loop.run(load_our_agent(endpoints=path))
    assert str(error.value).startswith("endpoints.yml")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"- nlg\n", b"nlg\n", b"\xff"])
def test_a_file_of_parts_that_is_something_else_is_told(loop, tmp_path, content):
    path = tmp_path / "endpoints.yml"
    path.write_bytes(content)
    for load in (lambda: loop.run(load_our_agent(endpoints=path)), lambda: load_channels(path)):
        with pytest.raises(NotOurPartError, match=r"^endpoints\.yml: [^\n]+$"):
            load()


def test_a_missing_file_of_parts_is_told(loop, tmp_path):
    for load in (lambda p: loop.run(load_our_agent(endpoints=p)), load_channels):
        with pytest.raises(NotOurPartError, match=r"^none\.yml: the file is missing in [^\n]+$"):
            load(tmp_path / "none.yml")


def test_the_shipped_channel_is_loaded():
    assert [channel.name() for channel in load_channels(ROOT / "credentials.yml")] == ["web"]


@pytest.mark.parametrize(
    "content",
    [
        "bot.channels.web.WebChanel: {}",
        "bot.channels.wep.WebChannel: {}",
        "web: {}",
        "bot.channels.web.PAGE: {}",
        "bot.dialogue.wording.Wording: {}",
        "bot.channels.web.WebChannel: yes",
        "bot.channels.web.WebChannel: {}\nbot.channels.web.Other: {}",
        "{}",
    ],
)
def test_a_mistyped_channel_stops_the_start_with_one_line(tmp_path, content):
    path = tmp_path / "credentials.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((NotOurPartError, LeakError), match=r"^credentials\.yml: [^\n]+$"):
        serve(read_settings({}), credentials=path)


def test_a_mistyped_part_or_channel_stops_the_program(project):
    spoil(project / "endpoints.yml", "wording.Wording", "wording.Wordin")
    done = sidedoor("run", project=project, SIDEDOOR_PORT=free_port())
    assert_one_line(done, "endpoints.yml: nlg is", "must be bot.dialogue.wording.Wording")
    spoil(project / "credentials.yml", "WebChannel", "WebChanel")
    done = sidedoor("run", project=project, SIDEDOOR_PORT=free_port())
    assert_one_line(done, "credentials.yml", "WebChanel")


def free_port() -> str:
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


CONFIG_WRONG = [
    ("importer.Sidedoor", "importer.Sidedor", "importers has 'bot.importer.SidedorImporter'"),
    ("bot.importer.", "bot.import.", "importers has 'bot.import.SidedoorImporter'"),
    ("name: bot.importer.", "name: ", "importers has 'SidedoorImporter'"),
    ("importer.SidedoorImporter", "importer.LabelledMessage", "(not an importer)"),
    ("importers:", "importer:", "importers lacks"),
    ("  - name: bot.importer.SidedoorImporter\n", "", "importers lacks"),
    ("bot.importer.SidedoorImporter", "RasaFileImporter", "importers lacks"),
    ("  - name: bot.importer", "  - nam: bot.importer", "importers, entry 1 has no name"),
    ("- name: bot.importer", "name: bot.importer", "importers must be a list"),
    ("  - name: bot.imp", "  - name: bot.no.Importer\n  - name: bot.imp", "correct or remove"),
    ("risk.RiskDetector", "risk.RiskDetecter", "pipeline has 'bot.nlu.risk.RiskDetecter'"),
    ("nlu.risk.", "nlu.risks.", "pipeline has 'bot.nlu.risks.RiskDetector'"),
    ("nlu.risk.RiskDetector", "nlu.risk.RISK", "pipeline has 'bot.nlu.risk.RISK'"),
    ("bot.nlu.risk.RiskDetector", "RiskDetector", "pipeline lacks bot.nlu.risk.RiskDetector"),
    ("bot.nlu.risk.RiskDetector", ".RiskDetector", "pipeline has '.RiskDetector'"),
    ("- name: bot.nlu.signals.", "- bot.nlu.signals.", "pipeline, entry 6 has no name"),
    ("- name: bot.nlu.harms.HarmDetector", "- name: 5\n    x: ", "pipeline, entry 9"),
    ("pipeline:", "pipelines:", "pipeline lacks bot.nlu.language.SpacyLanguage"),
    ("safety.Safety", "safety.Safty", "policies has 'bot.dialogue.safety.SaftyPolicy'"),
    ("bot.dialogue.rules.IndexedRules", "RulePolicy", "policies lacks bot.dialogue.rules.Ind"),
    ("policies:", "polices:", "policies lacks bot.dialogue.safety.SafetyPolicy"),
    ("pipeline:", "pipeline: [", "not valid YAML"),
]


@pytest.mark.parametrize(("right", "wrong", "message"), CONFIG_WRONG)
def test_a_mistyped_part_stops_the_training_with_one_line(tmp_path, right, wrong, message):
    path = tmp_path / "config.yml"
    shutil.copy(ROOT / "config.yml", path)
    spoil(path, right, wrong)
    with pytest.raises(ConfigError, match=r"^config\.yml[^\n]*$") as error:
        check_config(path)
    assert message in str(error.value)


@pytest.mark.parametrize("part", [part for parts in REQUIRED.values() for part in parts])
def test_the_mend_of_a_mistyped_part_is_its_path(tmp_path, part):
    path = tmp_path / "config.yml"
    shutil.copy(ROOT / "config.yml", path)
    check_config(path)
    right = f"{part.__module__}.{part.__name__}"
    spoil(path, right, f"{right}r")
    with pytest.raises(ConfigError, match=rf"has '{right}r' \([^\n]+\); write {right}$"):
        check_config(path)


def test_every_part_of_ours_that_is_configured_is_required():
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    for section, parts in REQUIRED.items():
        ours = [e["name"] for e in config[section] if e["name"].startswith("bot.")]
        assert ours == [f"{part.__module__}.{part.__name__}" for part in parts]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("bot.importer.SidedoorImporter", "bot.importer.SidedoorImportr"),
        ("FallbackClassifier", "FallbackClasifier"),  # Rasa's own part: Rasa refuses it
    ],
)
def test_a_mistyped_part_stops_the_program_that_trains(project, right, wrong):
    spoil(project / "config.yml", right, wrong)
    (project / "models").unlink()
    done = sidedoor("train", project=project)
    assert_one_line(done, "config.yml: ", f"'{wrong}'")
    assert not list((project / "models").glob("*.tar.gz"))


@pytest.mark.parametrize("part", REQUIRED["pipeline"] + REQUIRED["policies"])
def test_a_model_without_a_part_of_ours_is_refused(loop, agent, monkeypatch, part):
    whole = agent.processor.graph_runner
    nodes = {
        name: node
        for name, node in whole._instantiated_nodes.items()
        if type(node._component) is not part
    }
    assert len(nodes) < len(whole._instantiated_nodes)
    without = (agent.processor.model_metadata, InOrderRunner(whole._schema, nodes))
    monkeypatch.setattr(Processor, "_load_model", lambda self, path: (path.name, *without))
    path = f"{part.__module__}.{part.__name__}"
    message = rf"^[^\n]+\.tar\.gz was trained without {path}; [^\n]+$"
    for load in (lambda: loop.run(load_our_agent()), load_processor):
        with pytest.raises(NotOurPartError, match=message):
            load()


def test_a_model_that_recognises_nothing_stops_the_program(project):
    """Rasa trains one where the importer is mistyped: it has rules and no recognition."""
    (project / "models").unlink()
    (project / "models").mkdir()
    model = newest_model()
    with tarfile.open(model) as trained:
        trained.extractall(project / "trained")
    metadata = project / "trained" / "metadata.json"
    held = json.loads(metadata.read_text(encoding="utf-8"))
    nodes = held["predict_schema"]["nodes"]
    for name in [name for name, node in nodes.items() if node["uses"].startswith("bot.nlu.")]:
        del nodes[name]
    held["nlu_target"] = None
    metadata.write_text(json.dumps(held), encoding="utf-8")
    with tarfile.open(project / "models" / model.name, "w:gz") as spoilt:
        spoilt.add(project / "trained", arcname="")
    for command in ("run", "chat", "parse"):
        done = sidedoor(command, project=project, SIDEDOOR_PORT=free_port())
        assert_one_line(done, model.name, "without bot.nlu.", "bot.nlu.risk.RiskDetector")


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_line(sidedoor("run", SIDEDOOR_PORT=port), "SIDEDOOR_PORT", port, "set another")


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "no-such-host.invalid", "x" * 300])
def test_an_address_of_another_machine_is_told(host):
    chosen = read_settings({"SIDEDOOR_HOST": host, "SIDEDOOR_PORT": free_port()})
    with pytest.raises(SettingsError, match=r"^SIDEDOOR_HOST is [^\n]+$"):
        serve(chosen)


def test_no_model_is_told(tmp_path):
    with pytest.raises(NotOurPartError, match=r"^there is no trained model; run `make train`$"):
        newest_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_damaged_model_is_told(loop, tmp_path, content):
    model = tmp_path / "damaged.tar.gz"
    model.write_bytes(content)
    message = r"^damaged\.tar\.gz cannot be loaded \([^\n]*\); delete it .* `make train`$"
    for load in (lambda: loop.run(load_our_agent(model)), lambda: load_processor(model)):
        with pytest.raises(NotOurPartError, match=message):
            load()


def test_a_program_without_a_model_says_so(project):
    (project / "models").unlink()
    (project / "models").mkdir()
    for command in ("run", "parse", "chat"):
        done = sidedoor(command, project=project, SIDEDOOR_PORT=free_port())
        assert_one_line(done, "there is no trained model; run `make train`")


def test_the_parts_that_run_are_ours(agent):
    assert type(agent.tracker_store) is EphemeralTrackerStore
    assert agent.processor.tracker_store is agent.tracker_store


# ------------------------------------------------------------------ imports


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (
            "bot.cli bot.settings bot.deanery bot.content bot.dialogue.replies bot.environment",
            "rasa rasa_sdk spacy tensorflow numpy sklearn sanic",
        ),
        ("actions.*", "rasa spacy tensorflow numpy sklearn tokenizers"),
    ],
)
def test_what_is_light_imports_nothing_heavy(modules, forbidden):
    names = modules.split()
    if names == ["actions.*"]:
        names = ["actions", *(f"actions.{p.stem}" for p in (ROOT / "actions").glob("[a-z]*.py"))]
    script = f"import sys, {', '.join(names)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, cwd=ROOT, env=environment()
    )
    assert done.returncode == 0, done.stderr
    imported = {name.split(".")[0] for name in done.stdout.decode().split()}
    assert imported & set(forbidden.split()) == set()


def test_settings_of_this_process_are_valid():
    assert settings().port

"""The documents say what the code is: settings, slots, actions, intents, targets and paths."""

import re
from pathlib import Path

import pytest
import yaml

from bot.governance.documents import FOLDER, is_awaited
from bot.paths import DOMAIN, ROOT
from bot.settings import SETTINGS, read_settings

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]

SUFFIXES = {
    ".py",
    ".yml",
    ".md",
    ".toml",
    ".json",
    ".jsonl",
    ".txt",
    ".in",
    ".lock",
    ".safetensors",
}
"""Endings by which a name without a folder is taken for a path."""

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def in_domain(file: str, key: str) -> list[str]:
    names = yaml.safe_load((DOMAIN / file).read_text(encoding="utf-8"))[key]
    return [name if isinstance(name, str) else next(iter(name)) for name in names]


def code_in(text: str) -> list[str]:
    """Return the fenced blocks' lines and the inline code of a Markdown text."""
    fenced = [line for block in FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return fenced + inline_code(text)


def inline_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", FENCE.sub("", text))


def section(text: str, title: str) -> str:
    """Return what stands under the heading `title`, up to the next heading."""
    return re.split(rf"^#+ {title}$", text, flags=re.MULTILINE)[1].split("\n#")[0]


def is_path(code: str) -> bool:
    """Whether inline code names a path of the repository, and not what git ignores."""
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", code):
        return False
    first = code.split("/")[0]
    ignored = {line.strip().strip("/") for line in read(".gitignore").splitlines()}
    if first in ignored:
        return False
    known_folder = "/" in code and (ROOT / first).is_dir()
    return known_folder or Path(code).suffix in SUFFIXES


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.variable)
def test_every_setting_is_in_the_readme_with_its_default_and_meaning(setting):
    default = f"`{setting.default}`" if setting.default else "empty"
    assert f"| `{setting.variable}` | {default} | {setting.help} |" in read("README.md")


def test_the_example_settings_are_the_settings():
    blocks = read(".env.example").split("\n\n")[1:]
    assert [block.strip() for block in blocks] == [
        f"# {setting.help}\n{setting.variable}={setting.default}" for setting in SETTINGS
    ]


def test_the_example_settings_are_the_defaults():
    lines = [line for line in read(".env.example").splitlines() if line and line[0] != "#"]
    values = dict(line.split("=", 1) for line in lines)
    assert read_settings(values) == read_settings({})


@pytest.mark.parametrize("key", ["slots", "actions"])
def test_every_slot_and_action_is_described_in_a_row_of_its_own(key):
    guide = read("docs/architecture.md")
    assert [name for name in in_domain("slots.yml", key) if f"\n| `{name}` | " not in guide] == []


def test_every_intent_is_defined_for_text_or_for_buttons():
    labelled = read("docs/labelling.md")
    buttons = section(read("docs/architecture.md"), "Buttons only")
    for intent in in_domain("intents.yml", "intents"):
        in_text, on_button = f"`{intent}`" in labelled, f"* `{intent}`:" in buttons
        assert in_text != on_button, f"{intent} must be in exactly one of the two"


def test_nothing_is_described_as_a_button_that_is_not_an_intent():
    buttons = section(read("docs/architecture.md"), "Buttons only")
    described = re.findall(r"^\* `(\w+)`:", buttons, re.MULTILINE)
    assert set(described) <= set(in_domain("intents.yml", "intents"))


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_make_target_that_is_named_exists(document):
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))
    named = {
        target
        for code in code_in(read(document))
        for words in re.findall(r"\bmake((?: [a-z-]+)+)", code)
        for target in words.split()
    }
    assert named
    assert named <= targets


def test_every_make_target_is_in_the_readme():
    helped = re.findall(r"^([a-z-]+):.*##", read("Makefile"), re.MULTILINE)
    assert [target for target in helped if f"| `make {target}` |" not in read("README.md")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.relative_to(ROOT).as_posix())
def test_every_path_that_is_named_exists(document):
    paths = [c for c in inline_code(document.read_text(encoding="utf-8")) if is_path(c)]
    missing = [path for path in paths if not (ROOT / path).exists()]
    governance = document.is_relative_to(FOLDER)
    assert [path for path in missing if not (governance and is_awaited(path))] == []

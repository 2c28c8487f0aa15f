"""The tests of the project by name, read from their source without importing anything."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from bot.paths import ROOT

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def every_test(root: Path = ROOT) -> frozenset[str]:
    """Return every test as `tests/file.py::test_name`, or with its class between the two."""
    return frozenset(name for path in (root / "tests").rglob("*.py") for name in _in(path, root))


def _in(path: Path, root: Path) -> Iterator[str]:
    file = path.relative_to(root).as_posix()
    for node in ast.parse(path.read_text(encoding="utf-8"), filename=file).body:
        if isinstance(node, FUNCTIONS) and node.name.startswith("test"):
            yield f"{file}::{node.name}"
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, FUNCTIONS) and method.name.startswith("test"):
                    yield f"{file}::{node.name}::{method.name}"

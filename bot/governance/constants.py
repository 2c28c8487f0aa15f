"""Values of constants, read from source without importing it: `NAME`, or `Class.NAME`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable
from pathlib import Path
from typing import Any

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}


class NoConstantError(LookupError):
    """There is no such constant, or it is more than numbers, texts and sums of them."""


def constant(path: Path, name: str) -> Any:
    """Return the value of the constant `name` in the module at `path`.

    Raises:
        NoConstantError: if it has none that can be read.
    """
    body: Iterable[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    names = _assigned(body)
    for part in name.split(".")[:-1]:
        classes = [n for n in body if isinstance(n, ast.ClassDef) and n.name == part]
        if not classes:
            raise NoConstantError(f"{path.name} has no class {part}")
        body = classes[0].body
    own = _assigned(body)
    last = name.split(".")[-1]
    if last not in own:
        raise NoConstantError(f"{path.name} has no {name}")
    return _value(own[last], names)


def literal(text: str) -> Any:
    """Return the value that `text` writes down.

    Raises:
        NoConstantError: if it is no number, text, or list of them.
    """
    try:
        return _value(ast.parse(text, mode="eval").body, {})
    except SyntaxError:
        raise NoConstantError(f"{text} is not a value") from None


def _assigned(body: Iterable[ast.stmt]) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    for node in body:
        if isinstance(node, ast.Assign):
            targets = [t for t in node.targets if isinstance(t, ast.Name)]
            found.update({target.id: node.value for target in targets})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            found[node.target.id] = node.value
    return found


def _value(node: ast.expr, names: dict[str, ast.expr]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in names:
        return _value(names[node.id], {k: v for k, v in names.items() if k != node.id})
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        return OPERATORS[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, names)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(_value(element, names) for element in node.elts)
    raise NoConstantError("only numbers, texts, lists and sums of them can be read")

"""Files that have to be a mapping in YAML, with one clear line for what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


def read_mapping(path: Path, of: str, fault: type[Exception]) -> dict[str, Any]:
    """Return the mapping in a file; `of` names what it maps ("parts").

    Raises:
        Exception: of the kind `fault`, if the file is missing or is no mapping in YAML.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise fault(f"{path.name}: the file is missing in {path.parent}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise fault(f"{path.name}{line}: not valid YAML; check indents and quotes") from None
    if not isinstance(found, dict):
        raise fault(f"{path.name}: must be a mapping of {of}; see the shipped file")
    return found

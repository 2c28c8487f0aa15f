"""Rasa without TensorFlow, which nothing that answers people uses.

Rasa imports it through one module (`LATE`) whose functions only the learnt components call that we
do not have, and spaCy's library looks whether it is there. It would cost every process some 350 MB
and seconds at the start. Training is Rasa's own and needs it: `bring_back`.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from types import ModuleType
from typing import Any

TENSORFLOW = "tensorflow"
LATE = "rasa.utils.train_utils"
"""Module that is executed only when something of it is asked for."""


class _LateModule(ModuleType):
    """Stands for a module until something is asked of it."""

    def __getattr__(self, name: str) -> Any:
        """Execute the module, and return what is asked for."""
        if name.startswith("__"):
            raise AttributeError(name)
        found = importlib.machinery.PathFinder.find_spec(
            self.__name__, sys.modules[self.__name__.rpartition(".")[0]].__path__
        )
        if found is None or found.loader is None:
            raise ModuleNotFoundError(f"no module {self.__name__}; is Rasa installed?")
        real = importlib.util.module_from_spec(found)
        found.loader.exec_module(real)
        self.__dict__.update(vars(real))
        return getattr(real, name)


class _Late(MetaPathFinder, Loader):
    """Finds `LATE`, and leaves it for later."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return what makes the module, if it is this one."""
        return importlib.machinery.ModuleSpec(fullname, self) if fullname == LATE else None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        """Return the module's stand-in."""
        return _LateModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Leave it empty."""


def leave_out() -> None:
    """Keep TensorFlow from being imported, unless it was already; safe to call twice."""
    if TENSORFLOW in sys.modules:
        return
    sys.modules[TENSORFLOW] = None  # type: ignore[assignment]
    sys.meta_path.insert(0, _Late())


def bring_back() -> None:
    """Let TensorFlow be imported, for training."""
    if sys.modules.get(TENSORFLOW, sys) is None:
        del sys.modules[TENSORFLOW]

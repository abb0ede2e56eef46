"""Public names of a room that are imported when they are first used (PEP 562).

Whoever imports one module of a room imports the room's `__init__` too. Where that would bring all other modules, with
libraries that take tens of megabytes, it names its public names here instead of importing them.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def imported_when_used(room: str, names: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of the package `room`. names: the public names of each of its modules.

    A name may not be that of a module of the room too: the import of the module would take its place. Raises
    ValueError where one is.
    """
    homes = {name: module for module, several in names.items() for name in several}
    taken = sorted(set(homes) & set(names))
    if taken:
        raise ValueError(f"names of modules of {room}: {', '.join(taken)}")

    def named(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{room}.{homes[name]}"), name)
        setattr(sys.modules[room], name, value)
        return value

    return named

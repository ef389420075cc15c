"""Modules that are imported when something of them is first asked for, instead of when the program starts.

What a start does not need costs it nothing so: libraries for signing in where nobody signs in, the some hundreds of
patterns that an answer is made with. To whoever reads or checks the program such a module is one like every other:

    if TYPE_CHECKING:
        from service.answers import following
    else:
        following = later("service.answers.following")

What is used by most who ask is marked as `soon`: `import_soon` has it imported once that holds nobody up.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_soon: dict[str, None] = {}


class Later:
    """A module as its importers hold it: each of its names is looked up when it is used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        # the import system has the lock: threads that ask at once import a module once
        return getattr(import_module(self._name), attribute)


def later(name: str, *, soon: bool = False) -> Later:
    """The module of this name, which is imported when it is first used; with `soon` by `import_soon` at the latest."""
    if soon:
        _soon[name] = None
    return Later(name)


def import_soon() -> None:
    """Import what was marked as `soon`, so that who asks first does not wait for it."""
    while _soon:  # what is imported may mark more
        import_module(_soon.popitem()[0])

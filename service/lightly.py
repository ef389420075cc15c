"""Libraries that bring more than a start needs → imported without that, as their own ways allow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# What structlog draws tracebacks with where it is there, and what uvicorn watches sources with: neither is used here,
# and both are a tenth of a start.
_EXTRAS = ("rich", "watchfiles")


def import_lightly() -> None:
    """Import what a start waits for most, before anything else of the service imports it otherwise."""
    with _hidden(_EXTRAS):
        import structlog  # noqa: F401, PLC0415
        import uvicorn  # noqa: F401, PLC0415
    with _built_later():
        import fastapi  # noqa: F401, PLC0415


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """As if these libraries were not installed, for who imports them meanwhile if they are; not those that are already
    imported."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # so the import system is told that there is none
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _built_later() -> Iterator[None]:
    """Models of pydantic that are defined meanwhile are built when they are first used: FastAPI has forty that only
    describe the API."""
    from pydantic import BaseModel  # noqa: PLC0415

    settings = BaseModel.model_config
    settings["defer_build"] = True
    try:
        yield
    finally:
        del settings["defer_build"]

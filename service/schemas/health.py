"""The shape of whether the service is ready."""

from __future__ import annotations

from typing import Literal

from service.schemas.shape import Shape


class ReadyOut(Shape):
    """`degraded` says what does not work as it should, while the rest is served."""

    status: Literal["ready", "degraded"]
    degraded: list[str]
    generation: int
    passages: int
    embedder: str

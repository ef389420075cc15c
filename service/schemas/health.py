"""The shape of whether the service is ready."""

from __future__ import annotations

from typing import Literal

from service.schemas.shape import Shape


class SharedStorageOut(Shape):
    """`newest` is the generation that was published last, `seconds_behind` since when one may be missing here."""

    newest: int | None
    seconds_behind: float


class ReadyOut(Shape):
    """`degraded` says what does not work as it should; the rest is served. Without one `shared_storage` is null."""

    status: Literal["ready", "degraded"]
    degraded: list[str]
    generation: int
    passages: int
    embedder: str
    shared_storage: SharedStorageOut | None = None

"""Is it alive, is it ready, what has it done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from index.later import later
from service.deps import State
from service.openapi import OPEN
from service.schemas.health import ReadyOut, SharedStorageOut
from service.telling import reasons_for_all, without_folders

if TYPE_CHECKING:
    from service import gauges
else:
    gauges = later("service.gauges", soon=True)

router = APIRouter(tags=["health"])


@router.get("/livez", openapi_extra=OPEN)
def livez() -> dict[str, str]:
    """The process answers. Depends on nothing else."""
    return {"status": "alive"}


@router.get("/readyz", openapi_extra=OPEN)
def readyz(state: State) -> ReadyOut:
    """A verified generation is served with the embedder that made it; 503 says why not."""
    index = state.serving.index(wait=False)  # who asks whether it is ready is told at once that it is not
    degraded = reasons_for_all(index)
    unreached = without_folders(state.reaching.problem() or "", state.library.data_dir)
    if unreached and unreached not in degraded:
        degraded.append(unreached)
    manifest = index.generation.manifest
    return ReadyOut(
        status="degraded" if degraded else "ready",
        degraded=degraded,
        generation=manifest.number,
        passages=manifest.passages,
        embedder=manifest.embedder,
        shared_storage=None
        if state.library.shared is None
        else SharedStorageOut(newest=state.following.newest, seconds_behind=round(state.following.seconds_behind(), 1)),
    )


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, state: State) -> Response:
    """Prometheus text."""
    return Response(
        request.app.state.metrics.exposed(gauges.installation_metrics(state)), media_type=CONTENT_TYPE_LATEST
    )

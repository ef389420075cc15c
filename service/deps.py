"""What endpoints are given."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from service.state import ServiceState


async def _state(request: Request) -> ServiceState:  # async: a plain function would be sent to another thread
    state: ServiceState = request.app.state.service
    return state


State = Annotated[ServiceState, Depends(_state)]

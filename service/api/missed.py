"""Searches in vain, for keys with the scope admin."""

from __future__ import annotations

from fastapi import APIRouter

from index.store.missed import list_missed
from service.access import Administrator
from service.deps import State
from service.openapi import ADMIN
from service.schemas import MissedSearchOut
from service.validation import StrictRoute

router = APIRouter(tags=["missed searches"], route_class=StrictRoute)


@router.get("/missed-searches", openapi_extra=ADMIN)
def missed_searches(state: State, caller: Administrator) -> list[MissedSearchOut]:
    """Searches that found nothing, the most frequent first; empty unless LECTURES_COUNT_MISSED_SEARCHES is set."""
    with state.library.database.reading() as connection:
        return [MissedSearchOut.model_validate(missed) for missed in list_missed(connection, caller.courses)]

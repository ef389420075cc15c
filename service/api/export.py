"""A whole course, as JSON lines: its catalogue, what its slides and videos say, and how they are aligned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from index.errors import IndexUnavailable
from index.store.catalogue import course_details, list_courses
from index.store.timeline import lecture_timeline
from service.access import Searcher
from service.deps import State
from service.links import source_url
from service.schemas import CourseSummaryOut, GapOut, LectureOut, TimelineOut, place_out
from service.schemas.export import (
    AlignmentRecord,
    CourseRecord,
    EndRecord,
    ExportRecord,
    LectureRecord,
    PassageRecord,
    Record,
)
from service.schemas.search import aligned_out
from service.state import ServiceState
from service.validation import StrictRoute

router = APIRouter(tags=["courses"], route_class=StrictRoute)

_LINES_AT_ONCE = 64  # sent together: a passage has some hundred bytes


class JsonLines(StreamingResponse):
    media_type = "application/x-ndjson"


_LINES = {
    "schema": {"type": "string", "description": "An ExportRecord in each line"},
    "x-lines": {"$ref": "#/components/schemas/ExportRecord"},  # what OpenAPI 3.1 has no word for
}


@router.get(
    "/export/{slug}",
    response_class=JsonLines,
    response_model=ExportRecord,
    responses={200: {"description": "The course", "content": {"application/x-ndjson": _LINES}}},
)
def export(state: State, caller: Searcher, slug: Annotated[str, Path(max_length=80)]) -> JsonLines:
    """A course as JSON lines: `course`, each `lecture` and its `alignment`, each `passage`, and at the end `end`."""
    records = _records(state, slug, caller.courses)
    first = next(records)  # what is wrong is said before anything is sent
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(slug, safe='')}.jsonl"}
    return JsonLines(_in_pieces(first, records), headers=named)


def _records(state: ServiceState, slug: str, readable: frozenset[str] | None) -> Iterator[Record]:
    with state.library.database.snapshot() as connection:  # the course may be taken up anew while it is sent
        details = course_details(connection, slug, readable)
        summary = next(item for item in list_courses(connection, readable) if item.slug == slug)
        timelines = [lecture_timeline(connection, lecture.id, 0.0) for lecture in details.lectures]
    index = state.index()
    shard = index.generation.shard(slug)
    if shard is None:
        raise IndexUnavailable(f"The course {slug!r:.80} is not served just now; try again, or see `lectures status`.")
    gaps = [GapOut.model_validate(gap) for gap in details.gaps]
    yield CourseRecord(course=CourseSummaryOut.model_validate(summary), gaps=gaps, generation=index.number)
    for lecture, timeline in zip(details.lectures, timelines, strict=True):
        yield LectureRecord(lecture=LectureOut.model_validate(lecture))
        yield AlignmentRecord(alignment=TimelineOut.model_validate(timeline))
    for number in range(len(shard.passages)):
        passage = shard.passages[number]
        yield PassageRecord(
            passage=place_out(passage),
            text=passage.text,
            language=passage.language,
            source_url=source_url(passage),
            aligned=aligned_out(slug, passage.aligned),
        )
    yield EndRecord(lectures=len(details.lectures), passages=len(shard.passages))


def _in_pieces(first: Record, records: Iterator[Record]) -> Iterator[str]:
    lines = [first.model_dump_json(by_alias=True)]
    for record in records:
        if len(lines) == _LINES_AT_ONCE:
            yield "\n".join(lines) + "\n"
            lines = []
        lines.append(record.model_dump_json(by_alias=True))
    yield "\n".join(lines) + "\n"

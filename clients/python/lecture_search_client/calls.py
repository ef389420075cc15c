"""What is asked of the service: a function for each route, which gives the request and how its answer is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NotRequired, TypedDict, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter

from lecture_search_client import shapes
from lecture_search_client.errors import ApiError
from lecture_search_client.sse import Event, EventReader

T = TypeVar("T")


class Turn(TypedDict):
    """A message of the conversation so far. With the citations of earlier answers their places keep their numbers."""

    role: Literal["user", "assistant"]
    content: str
    citations: NotRequired[Sequence[Mapping[str, object]]]


KindName = Literal["page", "segment", "programme"]
ModeName = Literal["hybrid", "lexical", "semantic"]


@dataclass(frozen=True)
class Call(Generic[T]):
    """`safe`: asking it twice does no more than asking it once, so that it may be tried again."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    safe: bool = True


@dataclass(frozen=True)
class Stream(Generic[T]):
    """A call whose answer comes in pieces: `reader` makes what each piece of its text holds."""

    call: Call[None]
    reader: Callable[[], Callable[[str], Iterator[T]]]
    ends_with: Callable[[T], bool] = lambda _: True  # whether all has come that should, by the last that came


def _json(kind: Any) -> Callable[[httpx.Response], Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return lambda response: adapter.validate_json(response.content)


def _nothing(_response: httpx.Response) -> None:
    return None


def _bytes(response: httpx.Response) -> bytes:
    return response.content


def _given(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _several(names: str | Sequence[str]) -> Sequence[str]:
    return [names] if isinstance(names, str) else names


def search(
    query: str,
    *,
    course: str | None = None,
    lecture: int | None = None,
    kinds: KindName | Sequence[KindName] = (),
    kind: KindName | Sequence[KindName] = (),
    mode: ModeName | None = None,
    limit: int = 10,
    offset: int = 0,
    explain: bool = False,
    literal: bool = False,
    text: bool = False,
) -> Call[shapes.SearchOut]:
    """The best places for a query; with `text` each with the whole text of its passage. `kind` is one kind or several,
    as the API calls it; `kinds` is the same."""
    chosen = ",".join([*_several(kind), *_several(kinds)])
    asked = _given(q=query, course=course, lecture=lecture, kind=chosen or None, mode=mode, limit=limit)
    asked |= {"offset": offset, "explain": explain, "literal": literal, "text": text}
    return Call("GET", "/api/search", _json(shapes.SearchOut), asked)


def suggest(query: str, *, course: str | None = None, limit: int = 8) -> Call[shapes.SuggestOut]:
    """Completions of what is being typed."""
    return Call("GET", "/api/suggest", _json(shapes.SuggestOut), _given(q=query, course=course, limit=limit))


def courses() -> Call[list[shapes.CourseSummaryOut]]:
    """The courses that may be read."""
    return Call("GET", "/api/courses", _json(list[shapes.CourseSummaryOut]))


def course(slug: str) -> Call[shapes.CourseOut]:
    """A course: its lectures in order, and what is missing from it."""
    return Call("GET", f"/api/courses/{_part(slug)}", _json(shapes.CourseOut))


def remove(slug: str) -> Call[None]:
    """Forget a course (scope admin). Not tried again: a second time it would be a course that is not there."""
    return Call("DELETE", f"/api/courses/{_part(slug)}", _nothing, safe=False)


def terms(slug: str) -> Call[shapes.TermsOut]:
    """The terms of a course in both languages, each with where it is first explained."""
    return Call("GET", f"/api/courses/{_part(slug)}/terms", _json(shapes.TermsOut))


def export(slug: str) -> Stream[shapes.ExportRecord]:
    """All of a course: its catalogue, its alignment, every passage, and at the end an EndRecord."""

    adapter: TypeAdapter[shapes.ExportRecord] = TypeAdapter(shapes.ExportRecord)

    def reader() -> Callable[[str], Iterator[shapes.ExportRecord]]:
        rest = ""

        def pieces(text: str) -> Iterator[shapes.ExportRecord]:
            nonlocal rest
            *lines, rest = (rest + text).split("\n")
            for line in lines:
                yield adapter.validate_json(line)

        return pieces

    call = Call("GET", f"/api/export/{_part(slug)}", _nothing)
    return Stream(call, reader, lambda last: isinstance(last, shapes.EndRecord))


def lecture(lecture_id: int) -> Call[shapes.LectureDetailsOut]:
    """A lecture."""
    return Call("GET", f"/api/lectures/{lecture_id}", _json(shapes.LectureDetailsOut))


def timeline(lecture_id: int, *, min_confidence: float | None = None) -> Call[shapes.TimelineOut]:
    """When each page of a lecture is discussed in its videos."""
    asked = _given(min_confidence=min_confidence)
    return Call("GET", f"/api/lectures/{lecture_id}/timeline", _json(shapes.TimelineOut), asked)


def deck(deck_id: int) -> Call[shapes.DeckOut]:
    """A deck with the text of its pages."""
    return Call("GET", f"/api/decks/{deck_id}", _json(shapes.DeckOut))


def deck_file(deck_id: int) -> Call[bytes]:
    """The original of a deck that is a PDF."""
    return Call("GET", f"/api/decks/{deck_id}/file.pdf", _bytes)


def deck_original(deck_id: int) -> Call[bytes]:
    """The original of a deck, whatever it is."""
    return Call("GET", f"/api/decks/{deck_id}/file", _bytes)


def page_picture(deck_id: int, page_number: int, *, width: int = 960) -> Call[bytes]:
    """A picture of a page, as WebP."""
    return Call("GET", f"/api/decks/{deck_id}/pages/{page_number}.webp", _bytes, {"width": width})


def captions(video_id: int) -> Call[str]:
    """The captions of a video, as WebVTT."""
    return Call("GET", f"/api/videos/{video_id}/captions.vtt", lambda response: response.content.decode())


def video_file(video_id: int, *, first_byte: int = 0, last_byte: int | None = None) -> Call[bytes]:
    """A recording that lies beside its course, or the bytes of it from the first to the last."""
    part = {"Range": f"bytes={first_byte}-{'' if last_byte is None else last_byte}"}
    return Call("GET", f"/api/videos/{video_id}/file", _bytes, headers=part)


def ask(question: str, *, course: str | None = None, history: Sequence[Turn] = ()) -> Call[shapes.AnswerOut]:
    """The whole answer to a question."""
    body = {"question": question, "course": course, "history": list(history), "stream": False}
    return Call("POST", "/api/answers", _json(shapes.AnswerOut), body=body)


def stream(
    question: str, *, course: str | None = None, history: Sequence[Turn] = ()
) -> Stream[shapes.SentenceOut | shapes.AnswerOut]:
    """Sentences as they are ready, and at the end the answer, which alone counts."""
    body = {"question": question, "course": course, "history": list(history), "stream": True}
    kinds: dict[str, type[shapes.SentenceOut] | type[shapes.AnswerOut]] = {
        "sentence": shapes.SentenceOut,
        "answer": shapes.AnswerOut,
    }
    return Stream(
        Call("POST", "/api/answers", _nothing, body=body),
        _events(lambda event: kinds[event.name].model_validate_json(event.data) if event.name in kinds else None),
        lambda last: isinstance(last, shapes.AnswerOut),
    )


def ingest(
    source: str,
    *,
    course: str | None = None,
    languages: Sequence[str] = (),
    linked_only: bool = False,
    dry_run: bool = False,
    idempotency_key: str | None = None,
) -> Call[shapes.IngestQueuedOut]:
    """Queue the ingest of a course (scope admin); with `dry_run` the job only says how it is understood. With an
    `idempotency_key` asking again is the same job."""
    options = {"languages": list(languages), "linked_only": linked_only, "dry_run": dry_run}
    body = {"source": source, "course": course, **options}
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    safe = idempotency_key is not None
    return Call("POST", "/api/ingests", _json(shapes.IngestQueuedOut), body=body, headers=headers, safe=safe)


def ingests(*, limit: int = 20) -> Call[list[shapes.IngestOut]]:
    """The newest ingests (scope admin)."""
    return Call("GET", "/api/ingests", _json(list[shapes.IngestOut]), {"limit": limit})


def ingest_state(job_id: str) -> Call[shapes.IngestOut]:
    """How far an ingest is, and how it ended (scope admin)."""
    return Call("GET", f"/api/ingests/{_part(job_id)}", _json(shapes.IngestOut))


def watch(job_id: str) -> Stream[shapes.IngestOut]:
    """An ingest at each change of it, until it is over (scope admin)."""

    def read(event: Event) -> shapes.IngestOut | None:
        if event.name == "problem":
            problem = json.loads(event.data)
            raise ApiError(str(problem["detail"]), str(problem["code"]))
        return shapes.IngestOut.model_validate_json(event.data) if event.name == "job" else None

    return Stream(
        Call("GET", f"/api/ingests/{_part(job_id)}/events", _nothing),
        _events(read),
        lambda last: last.state not in ("queued", "running"),
    )


def cancel(job_id: str) -> Call[shapes.IngestOut]:
    """Cancel an ingest (scope admin)."""
    return Call("DELETE", f"/api/ingests/{_part(job_id)}", _json(shapes.IngestOut))


def missed_searches() -> Call[list[shapes.MissedSearchOut]]:
    """Searches that found nothing, the most frequent first (scope admin)."""
    return Call("GET", "/api/missed-searches", _json(list[shapes.MissedSearchOut]))


def alive() -> Call[dict[str, str]]:
    """Whether the process answers."""
    return Call("GET", "/livez", _json(dict[str, str]))


def ready() -> Call[shapes.ReadyOut]:
    """What is served; Unavailable says why nothing is."""
    return Call("GET", "/readyz", _json(shapes.ReadyOut))


def _part(name: str) -> str:
    """A name as a part of a path: nothing that it holds leads to another one."""
    return quote(name, safe="") if name.strip(".") else name.replace(".", "%2E")


def _events(read: Callable[[Event], T | None]) -> Callable[[], Callable[[str], Iterator[T]]]:
    def reader() -> Callable[[str], Iterator[T]]:
        events = EventReader()

        def pieces(text: str) -> Iterator[T]:
            for event in events.read(text):
                found = read(event)
                if found is not None:
                    yield found

        return pieces

    return reader

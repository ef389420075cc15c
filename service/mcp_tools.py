"""What the MCP tools answer: passages, answers and catalogues of what the caller may read, with absolute addresses."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from pydantic import Field

from index.errors import NotFound
from index.later import later
from index.search.search import clean_query
from index.store.catalogue import course_details, list_courses
from index.types import DeckEntry, Filters, Hit, IndexedPassage, Kind, PagePlace, Query, TimePlace, VideoEntry
from service.answers.types import Citation
from service.base import LOCAL, served_at
from service.citing import cited_url
from service.links import absolute, course_url, hit_url, lecture_link
from service.mcp_mount import readable
from service.schemas import AnswerOut, CitationOut, answer_out
from service.schemas.shape import Shape
from service.state import ServiceState

if TYPE_CHECKING:
    from service.answers import answering
else:
    answering = later("service.answers.answering", soon=True)


class FoundOut(Shape):
    id: str = Field(description="For `fetch` and for the resources of a slide")
    title: str
    url: str
    kind: Kind
    snippet: str
    course: str = Field(description="Slug, for the argument `course`")
    lecture: str


class SearchOut(Shape):
    results: list[FoundOut]
    coverage: str = Field(description="explained, mentioned, listed (only the programme names it) or absent")
    unknown_words: list[str] = Field(description="Words of the query that the courses do not know")


class FetchOut(Shape):
    id: str
    title: str
    url: str
    text: str
    metadata: dict[str, str]


class CitedOut(CitationOut):
    url: str = Field(description="Opens the place with the quote marked")


class AskOut(AnswerOut):
    citations: list[CitedOut]  # type: ignore[assignment]  # each with its absolute address


class CourseItem(Shape):
    slug: str
    title: str
    language: str
    lectures: int
    url: str


class CoursesOut(Shape):
    courses: list[CourseItem]


class SlidesItem(Shape):
    title: str
    path: str
    pages: int
    problem: str | None = Field(description="Why it cannot be shown")


class VideoItem(Shape):
    title: str
    transcript: str | None = Field(description="The resource that holds what is said")
    problem: str | None


class LectureItem(Shape):
    position: int
    section: str
    title: str
    programme: str
    url: str
    slides: list[SlidesItem]
    videos: list[VideoItem]


class LecturesOut(Shape):
    course: str
    title: str
    lectures: list[LectureItem]


def search(state: ServiceState, query: str, course: str | None, kind: Kind | None, limit: int) -> SearchOut:
    """The best passages."""
    filters = Filters(course, None, frozenset({kind}) if kind else None, readable.get())
    found = state.find(Query(clean_query(query), filters))
    base = _base(state)
    results = [_found(hit, base) for hit in found.hits(limit)]
    return SearchOut(results=results, coverage=found.coverage.value, unknown_words=list(found.unknown_words))


def passage_of(state: ServiceState, passage_id: str) -> IndexedPassage:
    """A passage that the caller may read; NotFound else."""
    passage = state.index().generation.find(passage_id)
    allowed = readable.get()
    if passage is None or (allowed is not None and passage.course_slug not in allowed):
        raise NotFound(f"There is no passage {passage_id!r:.60}; the tool search gives the ids of those there are.")
    return passage


def fetch(state: ServiceState, passage_id: str) -> FetchOut:
    """A passage whole, with where it stands."""
    passage = passage_of(state, passage_id)
    metadata = {"course": passage.course_title, "course_slug": passage.course_slug, "lecture": passage.lecture_title}
    match passage.place:
        case PagePlace() as page:
            metadata |= {"deck": page.deck, "page": str(page.page_number), "unit": page.unit.value}
            if page.is_pictured:
                metadata["picture"] = f"lectures://slides/{passage.id}/picture"
        case TimePlace() as time:
            metadata |= {
                "video": time.video,
                "start_seconds": str(time.start_seconds),
                "at_seconds": str(time.at_seconds),
                "transcript": f"lectures://videos/{time.video_id}/transcript",
            }
    url = absolute(hit_url(passage), _base(state))
    return FetchOut(id=passage.id, title=_title(passage), url=url, text=passage.text, metadata=metadata)


def ask(state: ServiceState, question: str, course: str | None) -> AskOut:
    """An answer whose every sentence can be checked."""
    started = perf_counter()
    filters = Filters(course=course, courses=readable.get())
    found = answering.last_answer(state.answering(clean_query(question), filters, ()))
    base = _base(state)
    out = answer_out(found, (perf_counter() - started) * 1000)
    cited = [
        CitedOut(**dict(citation), url=_cited(state, own, base))
        for citation, own in zip(out.citations, found.citations, strict=True)
    ]
    return AskOut(**{**dict(out), "citations": cited})


def courses(state: ServiceState) -> CoursesOut:
    """The courses that the caller may read."""
    base = _base(state)
    with state.library.database.reading() as connection:
        found = list_courses(connection, readable.get())
    return CoursesOut(
        courses=[
            CourseItem(
                slug=item.slug,
                title=item.title,
                language=item.language,
                lectures=item.lectures,
                url=absolute(course_url(item.slug), base),
            )
            for item in found
        ]
    )


def lectures(state: ServiceState, course: str) -> LecturesOut:
    """The lectures of a course in their order."""
    base = _base(state)
    with state.library.database.reading() as connection:
        found = course_details(connection, course, readable.get())
    return LecturesOut(
        course=found.slug,
        title=found.title,
        lectures=[
            LectureItem(
                position=lecture.position,
                section=lecture.section,
                title=lecture.title,
                programme=lecture.programme,
                url=absolute(lecture_link(found.slug, lecture), base),
                slides=[_slides(deck) for deck in (*lecture.decks, *lecture.notes)],
                videos=[_video(video) for video in lecture.videos],
            )
            for lecture in found.lectures
        ],
    )


def _base(state: ServiceState) -> str:
    """Where the service is reached by whoever asks."""
    return served_at.get() or state.settings.public_url or LOCAL


def _cited(state: ServiceState, citation: Citation, base: str) -> str:
    """Where a quote is read. Where our pages are not known to be there, a video on YouTube is at least seen there."""
    elsewhere = hit_url(citation.hit.passage)
    if elsewhere.startswith("/") or served_at.get() or state.settings.public_url:
        return cited_url(citation, base)
    return elsewhere


def _found(hit: Hit, base: str) -> FoundOut:
    passage = hit.passage
    return FoundOut(
        id=passage.id,
        title=_title(passage),
        url=absolute(hit_url(passage), base),
        kind=passage.kind,
        snippet=hit.snippet.text,
        course=passage.course_slug,
        lecture=passage.lecture_title,
    )


def _title(passage: IndexedPassage) -> str:
    return passage.title or passage.lecture_title


def _slides(deck: DeckEntry) -> SlidesItem:
    problem = deck.problem.detail if deck.problem else None
    return SlidesItem(title=deck.title, path=deck.path, pages=deck.page_count, problem=problem)


def _video(video: VideoEntry) -> VideoItem:
    uri = f"lectures://videos/{video.id}/transcript" if video.transcript else None
    problem = video.problem.detail if video.problem else None
    return VideoItem(title=video.label or video.video, transcript=uri, problem=problem)

"""What is looked at beside a list: a slide with its neighbours, or a second of a video with the words around it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from index.errors import Gone
from index.marks import address_name
from index.store.catalogue import deck_details, deck_page, video_details, video_segments
from index.store.places import MomentAt, PageAt, find_moment, find_page, moment_mark, page_marks, segment_marks
from index.store.timeline import page_moment, sure_moments
from index.types import DeckEntry, Host, Page, Readable, Segment, VideoEntry
from service.links import moment_url, page_url
from service.web.place import Address, FormerMoment, FormerPage, MomentAddress, PageAddress, Place

_FROM_BEFORE = (
    "This address is from before, and its file has changed since: nobody can say what it led to; search for it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A page of a deck, large; `moment` is the second at which it is discussed, where that is sure."""

    deck: DeckEntry
    page: Page
    url: str
    previous: str | None
    next: str | None
    moment: float | None
    moment_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A segment of a transcript; `slide` is the page that is discussed there, where that is sure."""

    start_seconds: float
    text: str
    url: str
    slide: int | None
    slide_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A video at a second, and what is said in it; `now` is the segment at that second."""

    video: VideoEntry
    seconds: int
    segments: list[Spoken]
    now: int

    @property
    def local(self) -> bool:
        return self.video.host is Host.FILE


@dataclass(frozen=True, slots=True)
class Found:
    """Where an address leads now, and the address that says so; `moved` if that is another one."""

    at: PageAt | MomentAt
    url: str
    moved: bool = True


def find(connection: Connection, readable: Readable, address: Address) -> Found:
    """Where an address leads now. NotFound or Gone if that is nowhere, or cannot be told."""
    match address:
        case PageAddress(slug, name, number, mark):
            page = find_page(connection, slug, name, number, mark, readable)
            same = (address_name(page.deck), page.page_number, page.mark) == (name, number, mark)
            return Found(page, page_url(slug, page.deck, page.page_number, page.mark), not same)
        case MomentAddress(slug, name, seconds, mark):
            moment = find_moment(connection, slug, name, seconds or 0, mark, readable)
            same = (address_name(moment.video), moment.seconds, moment.mark) == (name, seconds, mark)
            return Found(moment, moment_url(slug, moment.video, moment.seconds, moment.mark), not same)
        case FormerPage(deck_id, page_number):
            deck = deck_details(connection, deck_id, readable)
            if not deck.is_as_numbered:
                raise Gone(_FROM_BEFORE)
            known = page_marks(connection, deck.id).get(page_number, "")
            url = page_url(deck.course.slug, deck.path, page_number, known)
            return Found(PageAt(deck.id, deck.path, page_number, known), url)
        case FormerMoment(video_id, at):
            video = video_details(connection, video_id, readable)
            if not video.is_as_numbered:
                raise Gone(_FROM_BEFORE)
            known = moment_mark(connection, video_id, at)
            url = moment_url(video.course.slug, video.video, at, known)
            return Found(MomentAt(video_id, video.video, at, known), url)


def look_at(connection: Connection, readable: Readable, found: Found, place: Place) -> Slide | Moment:
    """What the panel shows. NotFound if it is not there, or not the caller's to read."""
    if isinstance(found.at, PageAt):
        return _slide(connection, readable, found.at, place)
    return _moment(connection, readable, found.at, place)


def _slide(connection: Connection, readable: Readable, at: PageAt, place: Place) -> Slide:
    deck = deck_details(connection, at.deck_id, readable)
    moment = page_moment(connection, at.deck_id, at.page_number)
    marks = page_marks(connection, at.deck_id)

    def address(number: int) -> str:
        return page_url(deck.course.slug, deck.path, number, marks[number])

    def neighbour(number: int) -> str | None:
        return place.look(address(number)) if number in marks else None

    page = deck_page(connection, deck, at.page_number)
    second = None if moment is None else moment.jump_seconds
    spoken = None
    if moment is not None:
        mark = moment_mark(connection, moment.video_id, moment.jump_seconds)
        spoken = place.look(moment_url(deck.course.slug, moment.video, moment.jump_seconds, mark))
    return Slide(
        deck=deck,
        page=page,
        url=address(at.page_number),
        previous=neighbour(at.page_number - 1),
        next=neighbour(at.page_number + 1),
        moment=second,
        moment_url=spoken,
    )


def _moment(connection: Connection, readable: Readable, at: MomentAt, place: Place) -> Moment:
    video = video_details(connection, at.video_id, readable)
    segments = video_segments(connection, video)
    now = max((i for i, segment in enumerate(segments) if segment.start_seconds < at.seconds + 1), default=0)
    return Moment(
        video=video,
        seconds=at.seconds,
        segments=spoken_of(connection, video, segments, place),
        now=now,
    )


def spoken_of(connection: Connection, video: VideoEntry, segments: list[Segment], place: Place) -> list[Spoken]:
    """The segments of a video with their addresses and the slides that are discussed in them."""
    slides = [moment for moment in sure_moments(connection, video.lecture.id) if moment.video_id == video.id]
    marks = {deck_id: page_marks(connection, deck_id) for deck_id in {slide.deck_id for slide in slides}}
    slug, spoken = video.course.slug, []
    for segment, mark in zip(segments, segment_marks(connection, video.id), strict=True):
        slide = next((m for m in slides if segment.start_seconds <= m.jump_seconds < segment.end_seconds), None)
        shown = None
        if slide is not None:
            page_mark = marks[slide.deck_id].get(slide.page_number, "")
            shown = place.look(page_url(slug, slide.deck, slide.page_number, page_mark))
        spoken.append(
            Spoken(
                start_seconds=segment.start_seconds,
                text=segment.text,
                url=place.look(moment_url(slug, video.video, segment.start_seconds, mark)),
                slide=None if slide is None else slide.page_number,
                slide_url=shown,
            )
        )
    return spoken

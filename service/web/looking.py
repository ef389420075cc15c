"""What is looked at beside a list: a slide with its neighbours, or a second of a video with the words around it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from index.store.catalogue import deck_details, deck_page, video_details, video_segments
from index.store.timeline import page_moment, sure_moments
from index.types import DeckEntry, Host, Page, Readable, VideoEntry
from service.web.place import PageSpot, Place, Spot, TimeSpot, open_page, open_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """A page of a deck, large; `moment` is the second at which it is discussed, where that is sure."""

    deck: DeckEntry
    page: Page
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
    local: bool
    seconds: int
    segments: list[Spoken]
    now: int


def look_at(connection: Connection, readable: Readable, spot: Spot, place: Place) -> Slide | Moment:
    """What the panel shows. NotFound if it is not there, or not the caller's to read."""
    return (
        _slide(connection, readable, spot, place)
        if isinstance(spot, PageSpot)
        else _moment(connection, readable, spot, place)
    )


def _slide(connection: Connection, readable: Readable, spot: PageSpot, place: Place) -> Slide:
    deck = deck_details(connection, spot.deck_id, readable)
    moment = page_moment(connection, spot.deck_id, spot.page_number)

    def neighbour(number: int) -> str | None:
        there = 1 <= number <= deck.page_count
        return place.url(open=open_page(spot.deck_id, number)) if there else None

    return Slide(
        deck=deck,
        page=deck_page(connection, deck, spot.page_number),
        previous=neighbour(spot.page_number - 1),
        next=neighbour(spot.page_number + 1),
        moment=None if moment is None else moment.jump_seconds,
        moment_url=None if moment is None else place.url(open=open_time(moment.video_id, moment.jump_seconds)),
    )


def _moment(connection: Connection, readable: Readable, spot: TimeSpot, place: Place) -> Moment:
    video = video_details(connection, spot.video_id, readable)
    segments = video_segments(connection, video)
    slides = [m for m in sure_moments(connection, video.lecture.id) if m.video_id == spot.video_id]
    spoken = []
    for segment in segments:
        slide = next((m for m in slides if segment.start_seconds <= m.jump_seconds < segment.end_seconds), None)
        spoken.append(
            Spoken(
                start_seconds=segment.start_seconds,
                text=segment.text,
                url=place.url(open=open_time(spot.video_id, segment.start_seconds)),
                slide=None if slide is None else slide.page_number,
                slide_url=None if slide is None else place.url(open=open_page(slide.deck_id, slide.page_number)),
            )
        )
    now = max((i for i, segment in enumerate(segments) if segment.start_seconds < spot.seconds + 1), default=0)
    return Moment(video=video, local=video.host is Host.FILE, seconds=spot.seconds, segments=spoken, now=now)

"""What is looked at beside a list: a slide with its neighbours, or a second of a video with the words around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from index.store.catalogue import deck_page, video_row, video_segments
from index.store.timeline import page_moment, sure_moments
from index.types import Host
from service.access import Caller
from service.web.place import PageSpot, Place, Spot, TimeSpot, open_page, open_time


@dataclass(frozen=True, slots=True)
class Slide:
    """A page, large; `moment` is the second at which it is discussed, where that is sure."""

    page: Any
    previous: str | None
    next: str | None
    moment: float | None
    moment_url: str | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """A segment of a transcript; `slide` is the page that is discussed there, where that is sure."""

    start_seconds: float
    text: str
    url: str
    slide: int | None
    slide_url: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """A video at a second, and what is said in it; `now` is the segment at that second."""

    video: Any
    local: bool
    seconds: int
    segments: list[Spoken]
    now: int


def look_at(connection: Connection, caller: Caller, spot: Spot, place: Place) -> Slide | Moment:
    """What the panel shows. NotFound if it is not there, or not the caller's to read."""
    return (
        _slide(connection, caller, spot, place)
        if isinstance(spot, PageSpot)
        else _moment(connection, caller, spot, place)
    )


def _slide(connection: Connection, caller: Caller, spot: PageSpot, place: Place) -> Slide:
    row = deck_page(connection, spot.deck_id, spot.page_number)
    caller.check(row.slug, f"There is no page {spot.page_number} in deck {spot.deck_id}.")
    moment = page_moment(connection, spot.deck_id, spot.page_number)

    def neighbour(number: int) -> str | None:
        there = 1 <= number <= row.page_count
        return place.url(open=open_page(spot.deck_id, number)) if there else None

    return Slide(
        row,
        neighbour(spot.page_number - 1),
        neighbour(spot.page_number + 1),
        None if moment is None else moment.jump_seconds,
        None if moment is None else place.url(open=open_time(moment.video_id, moment.jump_seconds)),
    )


def _moment(connection: Connection, caller: Caller, spot: TimeSpot, place: Place) -> Moment:
    row = video_row(connection, spot.video_id)
    caller.check(row.slug, f"There is no video {spot.video_id}.")
    segments = video_segments(connection, row.transcript_id) if row.transcript_id else []
    slides = [m for m in sure_moments(connection, row.lecture_id) if m.video_id == spot.video_id]
    spoken = []
    for segment in segments:
        slide = next((m for m in slides if segment.start_seconds <= m.jump_seconds < segment.end_seconds), None)
        spoken.append(
            Spoken(
                segment.start_seconds,
                segment.text,
                place.url(open=open_time(spot.video_id, segment.start_seconds)),
                None if slide is None else slide.page_number,
                None if slide is None else place.url(open=open_page(slide.deck_id, slide.page_number)),
            )
        )
    now = max((i for i, segment in enumerate(segments) if segment.start_seconds < spot.seconds + 1), default=0)
    return Moment(row, row.host == Host.FILE, spot.seconds, spoken, now)

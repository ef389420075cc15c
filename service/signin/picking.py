"""What a lecturer may insert into a course of a platform: courses, their lectures, slides and seconds."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from index.errors import NotFound
from index.store.catalogue import course_details, deck_pages, lecture_details, list_courses, video_segments
from index.store.places import page_marks, segment_marks
from index.types import DeckEntry, Page, Readable, VideoEntry
from service.links import course_url, lecture_link, moment_url, page_url
from service.web.card import card_place, place_of_address


def shown_choices(connection: Connection, readable: Readable, slug: str, lecture_id: int) -> dict[str, object]:
    """The courses; of one its lectures; of a lecture its slides and what is said in its videos, with addresses."""
    if lecture_id:
        lecture = lecture_details(connection, lecture_id, readable)
        decks = [(deck, _pages(connection, deck)) for deck in lecture.decks + lecture.notes]
        talks = [(video, _seconds(connection, video)) for video in lecture.videos]
        link = lecture_link(lecture.course.slug, lecture)
        return {"lecture": lecture, "link": link, "decks": decks, "talks": talks}
    if slug:
        course = course_details(connection, slug, readable)
        return {"course": course, "link": course_url(slug)}
    return {"courses": list_courses(connection, readable)}


def shown_choice(connection: Connection, readable: Readable, chosen: str, own: str) -> tuple[str, str]:
    """The title and the address of what was chosen, or pasted as a full address. NotFound if the lecturer may not read
    it."""
    if not chosen.startswith("/"):
        chosen = place_of_address(chosen.strip(), own)
    elif chosen.startswith("//"):
        raise NotFound(f"{chosen!r:.80} is no address of this service.")
    return card_place(connection, readable, chosen)


def _pages(connection: Connection, deck: DeckEntry) -> list[tuple[Page, str]]:
    """The pages of a deck, each with its address."""
    marks = page_marks(connection, deck.id)
    return [
        (page, page_url(deck.course.slug, deck.path, page.page_number, marks.get(page.page_number, "")))
        for page in deck_pages(connection, deck)
    ]


def _seconds(connection: Connection, video: VideoEntry) -> list[tuple[float, str, str]]:
    """(second, what is said, address) for each stretch of a video."""
    segments = video_segments(connection, video)
    return [
        (
            segment.start_seconds,
            segment.text,
            moment_url(video.course.slug, video.video, segment.start_seconds, mark),
        )
        for segment, mark in zip(segments, segment_marks(connection, video.id), strict=True)
    ]

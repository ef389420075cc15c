"""The address of a slide or of a second → where it leads now, and the study view there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from index.errors import Gone
from index.marks import address_name
from index.store.catalogue import deck_details, video_details
from index.store.places import MomentAt, PageAt, find_moment, find_page, moment_mark, page_marks
from index.types import Readable
from service.links import moment_url, page_url
from service.web.place import Address, FormerMoment, FormerPage, MomentAddress, PageAddress, Place
from service.web.study import Study, study_lecture

_FROM_BEFORE = (
    "This address is from before, and its file has changed since: nobody can say what it led to; search for it."
)


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


def look_at(connection: Connection, readable: Readable, found: Found, place: Place) -> Study:
    """The study view of the lecture that a place belongs to, at that place. NotFound if it is not there, or not the
    caller's to read."""
    match found.at:
        case PageAt() as page:
            lecture = deck_details(connection, page.deck_id, readable).lecture
        case MomentAt() as moment:
            lecture = video_details(connection, moment.video_id, readable).lecture
    return study_lecture(connection, readable, lecture.id, found.at, place)

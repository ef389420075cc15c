"""Locator → URL: every address that a response holds is made here."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from index.types import Host, IndexedPassage, PagePlace, Place, TimePlace


def hit_url(passage: IndexedPassage) -> str:
    """Where a click on a hit goes: the page in our viewer, the second of the video, or the lecture."""
    return f"/lectures/{passage.lecture_id}" if passage.place is None else place_url(passage.place)


def place_url(place: Place) -> str:
    """A page in our viewer, or a second of a video."""
    match place:
        case PagePlace():
            return page_url(place.deck_id, place.page_number)
        case TimePlace():
            return moment_url(place.video, place.video_id, place.host, place.at_seconds)


def source_url(passage: IndexedPassage) -> str | None:
    """The page in the lecturer's own file, if the course says where it is published."""
    page = passage.page
    if page is None:
        return None
    if page.source_url:
        return f"{page.source_url}#page={page.page_number}"
    base = passage.course_source_url
    if not base or urlsplit(base).scheme not in ("http", "https"):
        return None
    if _is_repository(base):
        base = f"{base.rstrip('/').removesuffix('.git')}/blob/HEAD"
    elif "/tree/" in base:  # a folder of a repository
        base = base.replace("/tree/", "/blob/", 1)
    return f"{base.rstrip('/')}/{quote(page.deck)}#page={page.page_number}"


def image_url(place: Place | None) -> str | None:
    """The picture of a page; None for what is no page."""
    return page_image_url(place.deck_id, place.page_number) if isinstance(place, PagePlace) else None


def page_image_url(deck_id: int, page_number: int) -> str:
    return f"/api/decks/{deck_id}/pages/{page_number}.webp"


def page_url(deck_id: int, page_number: int) -> str:
    return f"/decks/{deck_id}#page={page_number}"


def moment_url(video: str, video_id: int, host: Host, seconds: float) -> str:
    """A second of a video."""
    if host is Host.YOUTUBE:
        return f"https://youtu.be/{quote(video)}?t={int(seconds)}"
    return f"/videos/{video_id}#t={int(seconds)}"


def absolute(url: str, base: str) -> str:
    """An address for those who are not on our pages: `base` is where the service is reached."""
    return f"{base.rstrip('/')}{url}" if url.startswith("/") else url


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _is_repository(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == "github.com" and len([piece for piece in parts.path.split("/") if piece]) == 2

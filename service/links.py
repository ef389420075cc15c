"""Locator → URL: every address that a response holds is made here."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from index.types import Host, IndexedPassage, Kind


def hit_url(passage: IndexedPassage) -> str:
    """Where a click on a hit goes: the page in our viewer, the second of the video, or the lecture."""
    if passage.kind is Kind.PAGE:
        return f"/decks/{passage.deck_id}#page={passage.page_number}"
    if passage.kind is Kind.SEGMENT and passage.video is not None:
        seconds = int(passage.start_seconds or 0)
        if passage.video_host is Host.YOUTUBE:
            return f"https://youtu.be/{quote(passage.video)}?t={seconds}"
        return f"/videos/{passage.video_id}#t={seconds}"
    return f"/lectures/{passage.lecture_id}"


def source_url(passage: IndexedPassage) -> str | None:
    """The page in the lecturer's own file, if the course says where it is published."""
    if passage.kind is not Kind.PAGE or passage.deck is None:
        return None
    if passage.deck_source_url:
        return f"{passage.deck_source_url}#page={passage.page_number}"
    base = passage.course_source_url
    if not base or urlsplit(base).scheme not in ("http", "https"):
        return None
    middle = "/blob/HEAD" if _is_repository(base) else ""
    return f"{base.rstrip('/')}{middle}/{quote(passage.deck)}#page={passage.page_number}"


def image_url(passage: IndexedPassage) -> str | None:
    """The picture of a page."""
    if passage.kind is not Kind.PAGE:
        return None
    return f"/api/decks/{passage.deck_id}/pages/{passage.page_number}.webp"


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

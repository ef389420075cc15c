"""Locator → URL: every address that a response holds is made here."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from index.types import Aligned, Host, IndexedPassage, Kind


def hit_url(passage: IndexedPassage) -> str:
    """Where a click on a hit goes: the page in our viewer, the second of the video, or the lecture."""
    if passage.kind is Kind.PAGE:
        return page_url(passage.deck_id or 0, passage.page_number or 1)
    if passage.kind is Kind.SEGMENT and passage.video is not None:
        host = passage.video_host or Host.FILE
        return moment_url(passage.video, passage.video_id or 0, host, passage.start_seconds or 0)
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
    if _is_repository(base):
        base = f"{base.rstrip('/').removesuffix('.git')}/blob/HEAD"
    elif "/tree/" in base:  # a folder of a repository
        base = base.replace("/tree/", "/blob/", 1)
    return f"{base.rstrip('/')}/{quote(passage.deck)}#page={passage.page_number}"


def image_url(passage: IndexedPassage) -> str | None:
    """The picture of a page."""
    if passage.kind is not Kind.PAGE or passage.deck_id is None:
        return None
    return page_image_url(passage.deck_id, passage.page_number or 1)


def page_image_url(deck_id: int, page_number: int) -> str:
    return f"/api/decks/{deck_id}/pages/{page_number}.webp"


def page_url(deck_id: int, page_number: int) -> str:
    return f"/decks/{deck_id}#page={page_number}"


def moment_url(video: str, video_id: int, host: Host, seconds: float) -> str:
    """A second of a video."""
    if host is Host.YOUTUBE:
        return f"https://youtu.be/{quote(video)}?t={int(seconds)}"
    return f"/videos/{video_id}#t={int(seconds)}"


def aligned_url(other: Aligned) -> str:
    """The other side of a page or of speech."""
    if other.deck_id is not None:
        return page_url(other.deck_id, other.page_number or 1)
    return moment_url(other.video or "", other.video_id or 0, other.video_host or Host.FILE, other.start_seconds or 0)


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

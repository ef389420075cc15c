"""Locator → URL: every address that a response holds is made here.

Addresses that people keep say what they lead to (the course's slug, the path, a mark of the content), never a number of
a row: those may mean something else tomorrow. `index/store/places.py` finds where such an address leads.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, urldefrag, urlencode, urlsplit

from index.addresses import is_web_address
from index.marks import address_name
from index.types import (
    DeckEntry,
    DeckKind,
    Host,
    IndexedPassage,
    LectureEntry,
    LectureRef,
    PagePlace,
    Place,
    TimePlace,
    VideoEntry,
)

_MARKDOWN = frozenset({".md", ".markdown", ".qmd", ".rmd"})
_HTML = frozenset({".html", ".htm"})
# Sites that show a file on a page of theirs, which knows nothing of its pages.
_VIEWERS = ("docs.google.com", "drive.google.com", "disk.yandex.ru", "disk.yandex.com", "yadi.sk", "disk.360.yandex.ru")


def hit_url(passage: IndexedPassage) -> str:
    """Where a click on a hit goes: the page in our viewer, the second of the video (on YouTube, if it is there), or the
    lecture."""
    if passage.place is None:
        return kept_url(passage)
    return place_url(passage.course_slug, passage.place)


def kept_url(passage: IndexedPassage) -> str:
    """The address of a passage on our own pages."""
    if passage.place is None:
        return lecture_url(passage.course_slug, passage.lecture_position, passage.lecture_mark)
    return place_address(passage.course_slug, passage.place)


def place_url(slug: str, place: Place) -> str:
    """Where a place is best seen: a video on YouTube there, all else on our own pages."""
    if isinstance(place, TimePlace) and place.host is Host.YOUTUBE:
        return youtube_url(place.video, place.at_seconds)
    return place_address(slug, place)


def place_address(slug: str, place: Place) -> str:
    """The address of a place on our own pages."""
    match place:
        case PagePlace():
            return page_url(slug, place.deck, place.page_number, place.mark)
        case TimePlace():
            return moment_url(slug, place.video, place.at_seconds, place.mark)


def course_url(slug: str) -> str:
    return f"/c/{_slug(slug)}"


def lecture_url(slug: str, position: int, mark: str) -> str:
    return f"/c/{_slug(slug)}/l/{position}{_marked(mark)}"


def lecture_link(slug: str, lecture: LectureEntry | LectureRef) -> str:
    """The address of a lecture of a course."""
    return lecture_url(slug, lecture.position, lecture.mark)


def deck_url(slug: str, deck: str, mark: str = "") -> str:
    return f"/c/{_slug(slug)}/d/{_name(deck)}{_marked(mark)}"


def page_url(slug: str, deck: str, page_number: int, mark: str) -> str:
    """A page of a deck; `mark` says which page was meant, wherever it is by then."""
    return f"/c/{_slug(slug)}/d/{_name(deck)}/{page_number}{_marked(mark)}"


def moment_url(slug: str, video: str, seconds: float, mark: str) -> str:
    """A second of a video on our own pages."""
    return f"/c/{_slug(slug)}/v/{_name(video)}/{int(seconds)}{_marked(mark)}"


def video_url(slug: str, video: str) -> str:
    """A video on our own pages, at whatever second stands after the #."""
    return f"/c/{_slug(slug)}/v/{_name(video)}"


def youtube_url(video: str, seconds: float) -> str:
    return f"https://youtu.be/{quote(video)}?t={int(seconds)}"


def watch_url(video: VideoEntry, seconds: float) -> str | None:
    """Where a video that is not here can be watched; None for one that is, and for what is no address of the web."""
    match video.host:
        case Host.YOUTUBE:
            return youtube_url(video.video, seconds)
        case Host.WEB:
            return video.video if is_web_address(video.video) else None
        case Host.FILE:
            return None


def source_url(passage: IndexedPassage) -> str | None:
    """The place in the lecturer's own file, if the course says where it is published: its page, heading or cell where
    the format and the site can open one, else the file."""
    page = passage.page
    if page is None:
        return None
    if page.source_url and is_web_address(page.source_url):
        host = urlsplit(page.source_url).hostname or ""
        if host.endswith(_VIEWERS):
            return page.source_url
        return f"{urldefrag(page.source_url).url}{_fragment(page, passage.title, page.source_url)}"
    base = passage.course_source_url
    if page.source_url or not base or not is_web_address(base):
        return None
    if _is_repository(base):
        base = f"{base.rstrip('/').removesuffix('.git')}/blob/HEAD"
    elif "/tree/" in base:  # a folder of a repository
        base = base.replace("/tree/", "/blob/", 1)
    return f"{base.rstrip('/')}/{quote(page.deck)}{_fragment(page, passage.title, base)}"


def image_url(place: Place | None) -> str | None:
    """The picture of a page; None for what is no page, or has no picture."""
    if not isinstance(place, PagePlace) or not place.is_pictured:
        return None
    return page_image_url(place.deck_id, place.page_number)


def deck_image_url(deck: DeckEntry, page_number: int) -> str | None:
    """The picture of a deck's page, if it can be had."""
    return page_image_url(deck.id, page_number) if deck.is_pictured else None


def page_image_url(deck_id: int, page_number: int) -> str:
    return f"/api/decks/{deck_id}/pages/{page_number}.webp"


def file_url(deck: DeckEntry, page_number: int = 0) -> str:
    """The original file, a PDF at a page."""
    if deck.suffix != ".pdf":
        return f"/api/decks/{deck.id}/file"
    return f"/api/decks/{deck.id}/file.pdf" + (f"#page={page_number}" if page_number else "")


def with_quote(url: str, named: str) -> str:
    """An address of a place that also names a quote, to be marked there."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({'quote': named})}" if named else url


def absolute(url: str, base: str) -> str:
    """An address for those who are not on our pages: `base` is where the service is reached."""
    return f"{base.rstrip('/')}{url}" if url.startswith("/") else url


def clock(seconds: float) -> str:
    """Seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@lru_cache(maxsize=1_000)  # courses and files that are shown most
def _slug(slug: str) -> str:
    return quote(slug)


@lru_cache(maxsize=1_000)
def _name(name: str) -> str:
    return quote(address_name(name), safe="/~")


def _marked(mark: str) -> str:
    return f"?m={mark}" if mark else ""


def _fragment(page: PagePlace, heading: str, where: str) -> str:
    """What opens a page within its published file, where its format and its site have such a thing."""
    host, on_repository = urlsplit(where).hostname or "", "/blob/" in where
    if page.suffix == ".pdf":
        return f"#page={page.page_number}"
    if page.suffix in _MARKDOWN and page.anchor and on_repository:
        return f"#{quote(page.anchor)}"
    if page.suffix in _HTML and heading and page.deck_kind is DeckKind.NOTES and not on_repository:
        # headings seldom have names, but browsers find their words; a hyphen would be read as a sign there
        return f"#:~:text={quote(heading, safe='').replace('-', '%2D')}"
    if page.suffix == ".ipynb" and heading and host.endswith("nbviewer.org"):
        return f"#{quote(heading.replace(' ', '-'))}"
    return ""


def _is_repository(url: str) -> bool:
    parts = urlsplit(url)
    return parts.hostname == "github.com" and len([piece for piece in parts.path.split("/") if piece]) == 2

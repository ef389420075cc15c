"""Pages, segments and programmes of a lecture → passages, the units that are indexed and cited."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator

from index.types import Kind, Lecture, Locator, Page, PageLocator, Passage, TimeLocator

# Part of a course's identity: change it when the same pages would give other passages.
PASSAGES = "passages-1"

# Long pages (notes) are split so that one passage is about one thing; slides have 50–1,000 characters.
_MAX_CHARS = 1_500
_PARAGRAPH_END = re.compile(r"[.!?:;»)]$")


def make_passages(course_slug: str, lecture: Lecture) -> Iterator[Passage]:
    """All passages of a lecture in its order. A passage never crosses a page; empty ones are not made."""
    ordinal = 0

    def make(kind: Kind, source: str, place: str, locator: Locator, title: str, text: str) -> Passage:
        nonlocal ordinal
        ordinal += 1
        return Passage(
            id=_passage_id(course_slug, kind, source, place),
            kind=kind,
            lecture_key=lecture.key,
            ordinal=ordinal,
            locator=locator,
            title=title,
            text=text,
            content_hash=hashlib.sha256(f"{title}\0{text}".encode()).hexdigest(),
        )

    # a lecture of which there is nothing yet is found at least by its title
    if lecture.programme or not (lecture.decks or lecture.videos):
        yield make(Kind.PROGRAMME, lecture.key, "", None, lecture.title, lecture.programme or lecture.title)
    for deck in lecture.decks:
        for page in deck.pages:
            locator = PageLocator(deck.path, page.page_number)
            for part, text in enumerate(split_page(page)):
                place = f"{page.page_number}.{part}" if part else str(page.page_number)
                yield make(Kind.PAGE, deck.path, place, locator, page.title, text)
    for video in lecture.videos:
        if video.transcript is None:
            continue
        for segment in video.transcript.segments:
            yield make(
                Kind.SEGMENT,
                video.video,
                f"{segment.start_seconds:.3f}",
                TimeLocator(video.video, segment.start_seconds, segment.end_seconds),
                "",
                segment.text,
            )


def split_page(page: Page) -> list[str]:
    """The page's text in pieces of at most about 1,500 characters, cut between paragraphs; none if empty."""
    if not page.text:
        return []
    if len(page.text) <= _MAX_CHARS:
        return [page.text]
    pieces: list[str] = []
    current: list[str] = []
    size = 0
    for line in _wrapped(page.text):
        full = size + len(line) > _MAX_CHARS
        at_paragraph = size > _MAX_CHARS // 2 and current and _PARAGRAPH_END.search(current[-1])
        if current and (full or (at_paragraph and line[:1].isupper() and size + len(line) > 0.8 * _MAX_CHARS)):
            pieces.append("\n".join(current))
            current, size = [], 0
        current.append(line)
        size += len(line) + 1
    pieces.append("\n".join(current))
    return pieces


def _wrapped(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        for start in range(0, len(line), _MAX_CHARS):
            yield line[start : start + _MAX_CHARS]


def _passage_id(course_slug: str, kind: Kind, source: str, place: str) -> str:
    """Stable across ingests as long as the place exists; says nothing about it to an outsider."""
    digest = hashlib.sha256("\0".join((course_slug, kind, source, place)).encode()).digest()
    return "p_" + base64.b32encode(digest[:15]).decode().lower()

"""Pages, segments and programmes of a lecture → passages, the units that are indexed and cited."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from index.types import Deck, DeckKind, Kind, Lecture, Locator, Page, PageLocator, Passage, TimeLocator
from ingest.cutting import cut_text
from ingest.furniture import NOTHING_REPEATED, Repeated, told_pages

# Part of a course's identity: change it when the same pages would give other passages.
PASSAGES = "passages-5"

# Long pages (notes) are split so that one passage is about one thing; slides have 50–1,000 characters.
_MAX_CHARS = 1_500
_PARAGRAPH_END = re.compile(r"[.!?:;»)]$")
# "2.1 Dropout . . . . . 14" or "Dropout 14": a line of a table of contents
_CONTENTS_LINE = re.compile(r"(?:\.\s?){3,}\s*\d{1,4}$|^\d+(?:\.\d+)*\.?\s+\S.{2,}\s\d{1,4}$")
_PAGE_NUMBER = re.compile(r"(?:\s*\.)*\s*\d{1,4}$")
_CONTENTS_HEADING = re.compile(r"^(?:содержание|оглавление|contents|table of contents)\W*\d*$", re.IGNORECASE)
_REFERENCES_HEADING = re.compile(
    r"^(?:\d+(?:\.\d+)*\.?\s+)?(?:список\s+(?:использованн\w+\s+)?(?:литературы|источников)(?:\s+и\s+литературы)?"
    r"|литература|библиография|источники|использованные источники|references|bibliography|works cited)\W*$",
    re.IGNORECASE,
)
_REFERENCES_FROM = 0.5  # a list of references stands in the second half of a text
_NUMBERING = re.compile(r"^(?:глава\s+|chapter\s+)?\d+(?:\.\d+)*\.?\s+", re.IGNORECASE)


def make_passages(course_slug: str, lecture: Lecture, repeated: Repeated = NOTHING_REPEATED) -> Iterator[Passage]:
    """All passages of a lecture in its order. A passage never crosses a page; empty ones are not made.

    `repeated` is what stands in many decks of the course, and is no content of any."""
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
        parts: dict[int, int] = {}
        for page in told_pages(deck, lecture.title, [*_searchable(deck)], repeated):
            locator = PageLocator(deck.path, page.page_number)
            for text in split_page(page):
                part = parts[page.page_number] = parts.get(page.page_number, -1) + 1
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
                TimeLocator(video.video, segment.start_seconds, segment.end_seconds, segment.times),
                "",
                segment.text,
            )


# --- notes -----------------------------------------------------------------------------------------------


def _searchable(deck: Deck) -> Iterator[Page]:
    """The pages as they are searched: those of notes without contents and references, cut at their sections."""
    if deck.kind is not DeckKind.NOTES:
        yield from deck.pages
        return
    section = ""
    printed = deck.suffix == ".pdf"  # with numbers of pages, which contents name
    headings = _headings(deck) if printed else {}
    for page in deck.pages:
        lines = [] if printed and _is_contents(page.text) else page.text.split("\n")
        late = page.page_number > _REFERENCES_FROM * len(deck.pages)
        end = next((i for i, line in enumerate(lines) if late and _REFERENCES_HEADING.match(line.strip())), None)
        # without any contents nobody knows how far a heading reaches: it is then that of its page
        own = headings or {_bare(page.title): page.title}
        for heading, part in _sections(lines[:end], own, section if headings else page.title):
            section = heading
            if part:
                yield replace(page, title=heading, text="\n".join(part))
        if end is not None:
            return


def _headings(deck: Deck) -> dict[str, str]:
    """The headings of notes by their bare letters: from the file's outline, else from the contents that are printed."""
    titles = [title for _, title in deck.outline]
    if not titles:
        lines = [line.strip() for page in deck.pages if _is_contents(page.text) for line in page.text.split("\n")]
        titles = [_PAGE_NUMBER.sub("", line) for line in lines if _CONTENTS_LINE.search(line)]
    return {_bare(title): title.strip() for title in titles if len(_bare(title)) > 2}


def _sections(lines: list[str], headings: dict[str, str], section: str) -> Iterator[tuple[str, list[str]]]:
    """(heading, lines) of each section on a page; the first goes on from the page before."""
    current, part = section, [] if lines else lines
    for i, line in enumerate(lines):
        # a heading may be broken over two lines
        pair = f"{line} {lines[i + 1]}" if i + 1 < len(lines) else line
        found = headings.get(_bare(line)) or headings.get(_bare(pair))
        if found and found != current:
            yield current, part
            current, part = found, []
        part.append(line)
    yield current, part


def _bare(heading: str) -> str:
    return "".join(c for c in _NUMBERING.sub("", heading.strip()).casefold() if c.isalnum())


def _is_contents(text: str) -> bool:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    entries = sum(bool(_CONTENTS_LINE.search(line)) for line in lines)
    headed = any(_CONTENTS_HEADING.match(line) for line in lines[:3])
    return entries >= 3 and entries >= (0.3 if headed else 0.6) * len(lines)


def split_page(page: Page) -> list[str]:
    """The page's text in pieces of at most about 1,500 characters, cut between paragraphs; none if empty."""
    return cut_text(page.text, _MAX_CHARS, _ends_paragraph) if page.text else []


def _ends_paragraph(before: str, line: str, size: int) -> bool:
    """Whether a piece of this size may end between two lines, though the second has room in it."""
    nearly_full = size > _MAX_CHARS // 2 and size + len(line) > 0.8 * _MAX_CHARS
    return nearly_full and line[:1].isupper() and _PARAGRAPH_END.search(before) is not None


def _passage_id(course_slug: str, kind: Kind, source: str, place: str) -> str:
    """Stable across ingests as long as the place exists; says nothing about it to an outsider."""
    digest = hashlib.sha256("\0".join((course_slug, kind, source, place)).encode()).digest()
    return "p_" + base64.b32encode(digest[:15]).decode().lower()

"""Lectures that nobody named → their titles as they stand on the first pages of their decks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

from index.errors import SourceFileError
from ingest.catalogue.blocks import Piece, tidy
from ingest.catalogue.titles import title_of
from ingest.catalogue.words import Role, aside_of, is_bare_label
from ingest.pages import clean_pages
from ingest.pdf import Line, PdfReader, RawDeck, RawPage
from ingest.places import MissingFile, find_file
from ingest.planned import PlannedLecture
from ingest.side_by_side import side_by_side

_SHARED = 0.4  # a line on so many first pages is the course, its lecturer or the university
_SHARED_FAR = 0.25  # in the whole course editions repeat the titles of lectures, but none fills a quarter
_FEW = 3
_ADDRESS = re.compile(r"\S@\S|https?://|www\.")
_DIGITS = re.compile(r"\d+")
_MAX_FILES = 1_000
_COVER_WORDS = 3
_PAGES = 3  # one page alone does not tell prose from slides


def with_first_pages(lectures: Sequence[PlannedLecture], root: Path) -> list[PlannedLecture]:
    """The lectures, those that only their decks name with the titles on their first pages."""
    wanted: dict[str, str] = {}
    for lecture in lectures:
        path = lecture.decks[0].path if lecture.title_from_deck and lecture.decks else ""
        if path.lower().endswith(".pdf") and "://" not in path:
            with suppress(MissingFile):  # it is named when the course is taken up
                find_file(path, root, "Deck")
                wanted[path] = lecture.title
    pages = _first_pages([*wanted][:_MAX_FILES], root)
    titles = titles_of_pages(pages)
    return [
        replace(lecture, title=titles[lecture.decks[0].path])
        if lecture.title_from_deck and lecture.decks and titles.get(lecture.decks[0].path)
        else lecture
        for lecture in lectures
    ]


def titles_of_pages(decks: dict[str, tuple[RawPage, ...]]) -> dict[str, str]:
    """The title on each first page, without the lines that those of other decks have too."""
    everywhere: Counter[str] = Counter()
    beside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    folders: Counter[str] = Counter()
    for path, pages in decks.items():
        folder = str(PurePosixPath(path).parent)
        page = pages[0]
        shapes = {_shape(line) for line in page.lines}
        everywhere.update(shapes)
        beside[folder].update(shapes)
        folders[folder] += 1
    found = {}
    for path, pages in decks.items():
        folder = str(PurePosixPath(path).parent)
        page = pages[0]

        def is_shared(line: Line, folder: str = folder) -> bool:
            shape = _shape(line)
            return (
                everywhere[shape] >= max(_FEW, _SHARED_FAR * len(decks))
                or beside[folder][shape] >= max(_FEW, _SHARED * folders[folder])
            )  # fmt: skip

        own = tuple(line for line in page.lines if not is_shared(line))
        cover = _title(own, pages)
        worded = tuple(line for line in own if not _ADDRESS.search(line.text) and not is_bare_label(line.text))
        found[path] = cover if says_homework(cover) else title_of((Piece(_title(worded, pages)),))[0]
    return found


def says_homework(title: str) -> bool:
    """Whether a cover says no more than that it is homework or an exam."""
    return len(title.split()) <= _COVER_WORDS and aside_of(title, whole=True) is Role.HOMEWORK


def _title(lines: tuple[Line, ...], pages: Sequence[RawPage]) -> str:
    return clean_pages([replace(pages[0], lines=lines), *pages[1:]])[0].title if lines else ""


def _shape(line: Line) -> str:
    return tidy(_DIGITS.sub(" ", line.text)).casefold()


def _first_pages(paths: Sequence[str], root: Path) -> dict[str, tuple[RawPage, ...]]:
    """The first pages of each file that can be read."""
    if not paths:
        return {}

    def read(path: str, reader: PdfReader) -> RawDeck | None:
        with suppress(SourceFileError):  # it is named when the course is taken up
            return reader.first_pages(root / path, _PAGES)
        return None

    with side_by_side(paths, PdfReader, read) as decks:
        return {path: deck.pages for path, deck in zip(paths, decks, strict=True) if deck and deck.pages}

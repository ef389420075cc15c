"""Raw pages of one deck → clean pages: no running heads, joined hyphens, a title, the printed number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from index.types import DeckKind, Page
from ingest.pdf import Line, RawPage
from ingest.symbols import repair, tidy

# Part of a deck's identity, like pdf.EXTRACTOR.
CLEANER = "pages-3"

_MARGIN = 0.12  # running heads and feet lie in the outer eighth of a page
_REPEATED_SHARE = 0.4  # a line that nearly half the pages share is furniture, not content
_MIN_REPEATS = 3
_TITLE_TOP = 0.22  # a slide's title starts in its upper fifth
_TITLE_MAX_CHARS = 160
_TITLE_LEADING = 0.13  # lines of one title lie closer than this share of the page
_TIGHT_LEADING = 1.45  # in heights of its letters
_DIVIDER_LINES = 4
_BULLET = re.compile(r"[•●▪◦▶►▸◆■□○✓➢➤–—*-]\s|\d+[.)]\s")
_LETTERS = re.compile(r"[^\W\d_]")
_LABEL = re.compile(
    r"(?:слайд|стр\.?|slide|page|p\.)\s*(\d{1,4})|(\d{1,4})\s*(?:слайд|slide|из\b|of\b|/)|(?<!\d)(\d{1,3})$",
    re.IGNORECASE,
)
_BARE_NUMBER = re.compile(r"^\W*(\d{1,4})\W*$")
_DIGITS = re.compile(r"\d+")
_FOOTNOTE_TOP = 0.6  # footnotes lie in the lower part of a page of prose, set smaller than what is above
_FOOTNOTE_HEIGHT = 0.9
_PROSE_LINES = 14  # a printed page of prose has 30 lines and more, a portrait slide a handful
_COVER_RATIO = 1.3  # the title of a cover page is set this much larger than what stands above it
_PROSE_COVER_RATIO = 1.1  # an essay has its university in small type above
_COVER_ALIKE = 0.8  # lines of a cover title may differ by this much: brackets and capitals have taller boxes
_HYPHENS = ("\ufffe", "\x02", "\u00ad")


def clean_pages(raw_pages: Sequence[RawPage]) -> tuple[Page, ...]:
    """One page for each raw page, in order, numbered from 1; a page without text has an empty `text`."""
    furniture = _furniture(raw_pages)
    prose = deck_kind(raw_pages) is DeckKind.NOTES
    return tuple(_clean_page(number, raw, furniture, prose) for number, raw in enumerate(raw_pages, 1))


def deck_kind(raw_pages: Sequence[RawPage]) -> DeckKind:
    """Notes are prose: upright pages full of lines. Slides are everything else."""
    portrait = sum(raw.portrait for raw in raw_pages) / max(1, len(raw_pages))
    lines_per_page = sum(len(raw.lines) for raw in raw_pages) / max(1, len(raw_pages))
    return DeckKind.NOTES if portrait > 0.5 and lines_per_page > _PROSE_LINES else DeckKind.SLIDES


def deck_title(pages: Sequence[Page], metadata_title: str | None, path: str) -> str:
    """The first page's title, else the file's own, else its name."""
    for page in pages[:1]:
        if page.title:
            return page.title
    if metadata_title and not re.search(r"\.(pptx?|docx?|tex|pdf)$|^(microsoft|untitled)", metadata_title, re.I):
        return tidy(metadata_title)[:_TITLE_MAX_CHARS]
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _in_margin(line: Line) -> bool:
    return line.top < _MARGIN or line.top > 1 - _MARGIN


def _shape(line: Line) -> str:
    """What stays the same when a page number or a date beside a running head changes, or is not there."""
    return tidy(_DIGITS.sub(" ", line.text)).casefold()


def _furniture(raw_pages: Sequence[RawPage]) -> frozenset[str]:
    pages_of_shape = Counter(
        shape for raw in raw_pages for shape in {_shape(line) for line in raw.lines if _in_margin(line)}
    )
    needed = max(_MIN_REPEATS, _REPEATED_SHARE * len(raw_pages))
    return frozenset(shape for shape, pages in pages_of_shape.items() if pages >= needed)


def _clean_page(number: int, raw: RawPage, furniture: frozenset[str], prose: bool) -> Page:
    label: str | None = None
    kept: list[Line] = []
    small = _FOOTNOTE_HEIGHT * _typical_height(raw.lines) if prose else 0.0
    for found in raw.lines:
        line = replace(found, text=repair(found.text))
        if prose and line.top > _FOOTNOTE_TOP and 0 < line.height < small:
            continue
        if _in_margin(line) and _shape(line) in furniture:
            label = label or _label_of(line.text)
        else:
            kept.append(line)
    title_lines = _title_lines(kept, raw, cover=number == 1, prose=prose)
    title = tidy(" ".join(_join_hyphens([line.text for line in title_lines])))
    rest = [line.text for line in kept if line not in title_lines]
    body = "\n".join(text for text in map(tidy, _join_hyphens(rest)) if text)
    if label is None and raw.label and raw.label != str(number):
        label = raw.label  # what the file calls the page, where nothing is printed on it
    text = f"{title}\n{body}" if title and body else title or body
    return Page(number, label, title, text, raw.ocr)


def _label_of(text: str) -> str | None:
    bare = _BARE_NUMBER.match(text)
    if bare:
        return bare.group(1)
    found = _LABEL.search(text)
    return next(filter(None, found.groups())) if found else None


def _title_lines(lines: list[Line], raw: RawPage, *, cover: bool, prose: bool) -> list[Line]:
    """The lines that make up a page's title. A page of prose has one only if a heading stands out on it."""
    worded = [line for line in lines if len(_LETTERS.findall(line.text)) > 1]
    typical = _typical_height(lines)
    candidates = [line for line in worded if line.top < _TITLE_TOP]
    if prose:
        candidates = [line for line in candidates if line.height > 1.15 * typical]
    if cover and worded:
        largest = max(worded, key=lambda line: line.height)
        ratio = _PROSE_COVER_RATIO if prose else _COVER_RATIO
        if not candidates or largest.height > ratio * min(line.height for line in candidates):
            candidates = [line for line in worded if line.height >= (0.95 if prose else _COVER_ALIKE) * largest.height]
    if not candidates and not prose and not raw.ocr and len(worded) <= _DIVIDER_LINES:
        # a page with a few words in its middle: what comes next is called so
        candidates = [line for line in worded if line.height >= _COVER_ALIKE * max(line.height for line in worded)]
        cover = True
    if not candidates:
        return []
    first = min(candidates, key=lambda line: (round(line.top, 2), line.left))
    if len(first.text) > _TITLE_MAX_CHARS:
        return []
    title = [first]
    # a line belongs to the title if it is set alike and follows at once; closer where the title does not stand out
    stands_out = first.height > 1.15 * typical or cover
    leading = _TITLE_LEADING if stands_out else _TIGHT_LEADING * first.height / max(raw.height, 1.0)
    start = lines.index(first) + 1
    for line in lines[start : start + 2]:
        follows = 0 < line.top - title[-1].top < leading
        if not follows or line.height < 0.92 * first.height or _BULLET.match(line.text):
            break
        title.append(line)
    if not stands_out and 2 * len(title) < len(lines):
        return [first]  # the lines below are what it is the title of
    return title if sum(len(line.text) for line in title) <= _TITLE_MAX_CHARS else [first]


def _typical_height(lines: Sequence[Line]) -> float:
    heights = sorted(line.height for line in lines if line.height > 0)
    return heights[len(heights) // 2] if heights else 0.0


def _join_hyphens(lines: list[str]) -> list[str]:
    """Words broken at a line's end become whole; pdfium marks such ends with U+FFFE."""
    joined: list[str] = []
    for line in lines:
        if joined and joined[-1].endswith(_HYPHENS):
            first, _, rest = line.lstrip().partition(" ")
            joined[-1] = joined[-1].rstrip("".join(_HYPHENS)) + first
            if rest:
                joined.append(rest)
        else:
            joined.append(line)
    return [_inner_hyphens(line) for line in joined]


def _inner_hyphens(line: str) -> str:
    for mark in _HYPHENS:
        line = line.replace(mark, "")
    return line

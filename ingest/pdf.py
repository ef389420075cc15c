"""PDF file → raw pages (lines with their places) and page pictures, through pdfium in a sandbox.

The only module that imports pdfium, and pypdf as a second opinion where pdfium's text looks garbled. `PdfReader` is the
parent's side; run as a program it is the child's.
"""

from __future__ import annotations

import io
import json
import re
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.errors import SourceFileError
from ingest.sandbox import Limits, Sandbox, serve

# Part of a deck's identity: change it when the same file would give other pages.
EXTRACTOR = "pdfium-2"

MAX_PAGES = 2_000  # the longest lecture notes seen have 600; a 10,000-page file is not a lecture
MAX_PAGE_CHARS = 20_000
MAX_CHARS = 8_000_000
_MAX_HEADINGS = 2_000
_SECOND_SECONDS = 10.0
_WORD = re.compile(r"\w+")
_OUTSIDE = 0.05  # share of the page; text further out is what a program parked there, nobody sees it
_UNSOUND = frozenset({"Co", "Cc", "Cn", "Cs"})  # private use, control, unassigned, surrogate
_SOUND = 0.8  # below this another extractor is asked
_LEGIBLE = 0.5  # below this nobody can read it


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text; `top` and `left` are fractions of the page from its upper left corner, `height` is in points."""

    text: str
    top: float
    left: float
    height: float


@dataclass(frozen=True, slots=True)
class RawPage:
    """What was read on one page, in reading order; `problem` says why there is nothing.

    `label` is the page's number as the file gives it; `ocr`: read off the picture; `height` is in points.
    """

    lines: tuple[Line, ...]
    portrait: bool = False
    problem: str | None = None
    label: str | None = None
    ocr: bool = False
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class RawDeck:
    """`page_count` is the file's own; `pages` may be fewer (see MAX_PAGES). `outline` is (page number, heading)."""

    pages: tuple[RawPage, ...]
    page_count: int
    title: str | None
    outline: tuple[tuple[int, str], ...] = ()


class PdfReader:
    """Reads PDFs in a child process; close it when done."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        self._sandbox = Sandbox("ingest.pdf", limits)

    def extract_pages(self, path: Path) -> RawDeck:
        """All pages of a file; SourceFileError if it is no readable PDF."""
        return self._extract(path, MAX_PAGES)

    def first_pages(self, path: Path, most: int) -> RawDeck:
        """The first `most` pages of a file, without its outline; SourceFileError if it is no readable PDF."""
        return self._extract(path, most)

    def _extract(self, path: Path, most: int) -> RawDeck:
        head, _ = self._sandbox.call({"do": "extract", "path": str(path), "most": most})
        pages = tuple(
            RawPage(
                tuple(Line(*line) for line in page["lines"]),
                page.get("portrait", False),
                page.get("problem"),
                page.get("label"),
                height=page.get("height", 0.0),
            )
            for page in head["pages"]
        )
        outline = tuple((int(number), str(title)) for number, title in head["outline"])
        return RawDeck(pages, head["page_count"], head["title"], outline)

    def render_page(self, path: Path, page_number: int, width: int, form: str = "WEBP") -> bytes:
        """One page as a picture (`WEBP` or `PNG`) `width` pixels wide; SourceFileError if it cannot be drawn."""
        request = {"do": "render", "path": str(path), "page_number": page_number, "width": width, "form": form}
        return self._sandbox.call(request)[1]

    def page_words(self, path: Path, page_number: int) -> bytes:
        """Where the words of a page stand, as JSON: `{"shape": height / width, "words": [[word, left, top, right,
        bottom]]}`, fractions of the page as it is seen; SourceFileError if it cannot be read."""
        return self._sandbox.call({"do": "words", "path": str(path), "page_number": page_number})[1]

    def close(self) -> None:
        self._sandbox.close()


# --- the child's side ---------------------------------------------------------------------------------


def _open(path: str) -> Any:
    import pypdfium2 as pdfium  # noqa: PLC0415

    with Path(path).open("rb") as file:
        start = file.read(1024)
    if not start:
        raise SourceFileError("The file is empty; export it again.", code="empty_file")
    if b"%PDF-" not in start:
        kind = "an HTML page" if b"<html" in start.lower() or b"<!doctype" in start.lower() else "something else"
        raise SourceFileError(f"It is named .pdf but is {kind}; put the real PDF in its place.", code="not_a_pdf")
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        # not by the library's word for it: it tells the reason of an earlier file where it has none for this one
        if b"/Encrypt" in Path(path).read_bytes():
            raise SourceFileError("It is encrypted; remove its password and ingest again.", code="encrypted") from error
        raise SourceFileError("It is damaged, or has no pages; export it again.", code="damaged") from error
    if len(document) == 0:
        raise SourceFileError("It has no pages; export it again.", code="no_pages")
    return document


def _extract(path: str, most: int = MAX_PAGES) -> tuple[dict[str, Any], bytes]:
    document = _open(path)
    count = len(document)
    pages: list[dict[str, Any]] = []
    second = _SecondOpinion(path)
    chars = 0
    for i in range(min(count, most)):
        page, size = _extract_page(document, i, second)
        chars += size
        if chars > MAX_CHARS:
            raise SourceFileError(f"It holds more than {MAX_CHARS:,} characters of text; split it.", code="too_large")
        pages.append(page)
    if all(page.get("problem") for page in pages):
        raise SourceFileError("None of its pages can be read; export it again.", code="damaged")
    title = (document.get_metadata_dict().get("Title") or "").strip() or None
    outline = _outline(document) if most == MAX_PAGES else []
    document.close()
    return {"pages": pages, "page_count": count, "title": title, "outline": outline}, b""


def _outline(document: Any) -> list[tuple[int, str]]:
    """(page number, heading) of the file's table of contents; none if it is broken."""
    import pypdfium2 as pdfium  # noqa: PLC0415

    found: list[tuple[int, str]] = []
    try:
        for bookmark in document.get_toc(max_depth=6):
            target = bookmark.get_dest()
            page = target.get_index() if target else None
            title = bookmark.get_title().strip()
            if page is not None and title:
                found.append((page + 1, title[:300]))
            if len(found) >= _MAX_HEADINGS:
                break
    except (pdfium.PdfiumError, ValueError, RecursionError):
        return []
    return found


class _SecondOpinion:
    """What pypdf reads on a page, for pages that pdfium garbles; it is sixteen times slower, so its time is counted."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._reader: Any = None
        self._left = _SECOND_SECONDS

    def lines(self, i: int) -> list[str]:
        if self._left <= 0:
            return []
        started = time.process_time()
        try:
            if self._reader is None:
                from pypdf import PdfReader as PypdfReader  # noqa: PLC0415

                self._reader = PypdfReader(self._path)
            text = self._reader.pages[i].extract_text()[:MAX_PAGE_CHARS]
        except Exception:  # it raises whatever a broken file makes it raise; pdfium's text stands
            text = ""
        self._left -= time.process_time() - started
        return [line.strip() for line in text.split("\n") if line.strip()]


def soundness(text: str) -> float:
    """Share of characters that are letters, digits or ordinary marks, 1 for an empty text; doubled letters count half.

    A page of symbol fonts without a mapping, of replacement marks or of letters printed twice has little of it.
    """
    visible = [c for c in text if not c.isspace()]
    if not visible:
        return 1.0
    bad = sum(c in "\ufffd\ufffe" or unicodedata.category(c) in _UNSOUND for c in visible)
    return (1 - bad / len(visible)) * (0.5 if is_doubled("".join(visible)) else 1.0)


def is_doubled(text: str) -> bool:
    """Whether nearly every letter stands twice ("ДДррооппаауутт"), as in type made bold by printing it twice."""
    pairs = sum(1 for first, second in zip(text[::2], text[1::2], strict=False) if first == second)
    return len(text) >= 8 and pairs >= 0.85 * (len(text) // 2)


def _extract_page(document: Any, i: int, second: _SecondOpinion) -> tuple[dict[str, Any], int]:
    import pypdfium2 as pdfium  # noqa: PLC0415

    try:
        page = document[i]
        textpage = page.get_textpage()
        text = textpage.get_text_range(0, min(textpage.count_chars(), MAX_PAGE_CHARS))
    except pdfium.PdfiumError:
        return {"lines": [], "problem": "unreadable"}, 0
    width, height = page.get_size()
    rotation = page.get_rotation()
    label = document.get_page_label(i) or None
    tall = width if rotation in (90, 270) else height
    found = {"portrait": height > width, "label": label[:16] if label else None, "height": round(tall, 1)}
    sound = soundness(text)
    if sound < _SOUND:
        other = second.lines(i)
        if other and soundness("".join(other)) > sound + 0.1:
            # pypdf tells no places: the lines are spread down the page, so that the first is its title
            places = [[line, round((n + 0.5) / len(other), 4), 0.1, 12.0] for n, line in enumerate(other)]
            return {"lines": places, **found}, sum(map(len, other))
    lines = []
    offset = 0
    for raw in text.split("\r\n"):
        stripped = raw.strip()
        if stripped:
            first = offset + raw.index(stripped[0])
            try:
                box = textpage.get_charbox(first, loose=True)
            except (pdfium.PdfiumError, IndexError):
                box = (0.0, 0.0, 0.0, 0.0)
            place = _place(box, width, height, rotation)
            if all(-_OUTSIDE <= at <= 1 + _OUTSIDE for at in place[:2]):
                lines.append([stripped, *place])
        offset += len(raw) + 2
    textpage.close()
    page.close()
    if lines and sound < _LEGIBLE:
        return {"lines": [], "problem": "garbled", **found}, len(text)
    return {"lines": lines, **found}, len(text)


def _place(box: tuple[float, ...], width: float, height: float, rotation: int) -> tuple[float, float, float]:
    """Fractions from the top and the left as the reader sees the page, and the height of a character."""
    left, bottom, right, top = box
    width, height = max(width, 1.0), max(height, 1.0)
    if rotation == 90:
        found = left / height, bottom / width, right - left
    elif rotation == 180:
        found = bottom / height, 1 - right / width, top - bottom
    elif rotation == 270:
        found = 1 - right / height, 1 - top / width, right - left
    else:
        found = 1 - top / height, left / width, top - bottom
    return round(found[0], 4), round(found[1], 4), round(found[2], 2)


def _render(path: str, page_number: int, width: int, form: str) -> tuple[dict[str, Any], bytes]:
    import pypdfium2 as pdfium  # noqa: PLC0415

    document = _open(path)
    try:
        page = document[page_number - 1]
        page_width, page_height = page.get_size()
        # a page of extreme shape must not ask for a picture of gigabytes
        scale = min(width / max(page_width, 1.0), 4 * width / max(page_height, 1.0))
        picture = page.render(scale=scale).to_pil()
    except (pdfium.PdfiumError, IndexError, ValueError) as error:
        raise SourceFileError(f"Page {page_number} cannot be drawn.", code="unreadable_page") from error
    buffer = io.BytesIO()
    picture.save(buffer, form, quality=75, method=4)
    return {}, buffer.getvalue()


def _words(path: str, page_number: int) -> tuple[dict[str, Any], bytes]:
    import pypdfium2 as pdfium  # noqa: PLC0415

    document = _open(path)
    try:
        page = document[page_number - 1]
        textpage = page.get_textpage()
        text = textpage.get_text_range(0, min(textpage.count_chars(), MAX_PAGE_CHARS))
        width, height = page.get_size()
        corner, turned = page.get_cropbox()[:2], page.get_rotation()
        words = []
        for word in _WORD.finditer(text):
            ends = [pdfium.raw.FPDFText_GetCharIndexFromTextIndex(textpage, i) for i in (word.start(), word.end() - 1)]
            boxes = [_seen(textpage.get_charbox(i, loose=True), corner, width, height, turned) for i in ends]
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            words.append([word.group(), min(lefts), min(tops), max(rights), max(bottoms)])
    except (pdfium.PdfiumError, IndexError, ValueError) as error:
        raise SourceFileError(f"Page {page_number} cannot be read.", code="unreadable_page") from error
    return {}, json.dumps({"shape": round(height / max(width, 1.0), 4), "words": words}).encode()


def _seen(
    box: tuple[float, ...], corner: tuple[float, ...], width: float, height: float, turned: int
) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a box of the file as fractions of the page as it is seen."""
    left, bottom, right, top = (at - corner[i % 2] for i, at in enumerate(box))
    width, height = max(width, 1.0), max(height, 1.0)
    match turned:
        case 90:
            found = bottom / width, left / height, top / width, right / height
        case 180:
            found = 1 - right / width, bottom / height, 1 - left / width, top / height
        case 270:
            found = 1 - top / width, 1 - right / height, 1 - bottom / width, 1 - left / height
        case _:
            found = left / width, 1 - top / height, right / width, 1 - bottom / height
    return round(found[0], 4), round(found[1], 4), round(found[2], 4), round(found[3], 4)


if __name__ == "__main__":
    serve({"extract": _extract, "render": _render, "words": _words})

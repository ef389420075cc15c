"""What a course says of a deck → the deck: its file found, its pages read, and what is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.errors import SourceFileError
from index.library import Library
from index.store.known import KnownDeck, find_fetched, known_pages
from index.types import Deck, DeckKind, Page, Problem, State
from ingest.documents import DOCUMENTS, SUFFIXES, Document, DocumentReader
from ingest.ocr import OCR, WIDTH, ocr_languages, read_picture
from ingest.office import draw_slides
from ingest.pages import CLEANER, clean_pages, deck_kind, deck_title
from ingest.pdf import EXTRACTOR, MAX_PAGES, Line, PdfReader, RawPage
from ingest.places import MissingFile, find_file
from ingest.planned import PlannedDeck
from ingest.side_by_side import side_by_side
from ingest.symbols import tidy
from ingest.web import FetchError

_EXTRACTOR = f"{EXTRACTOR}+{CLEANER}"
_OCR_BELOW_WORDS = 3  # pages with fewer words are pictures: reading those helped alignment by .04 to .13
_ALIKE = 0.03  # share of the page's height within which two readings are of one line
_MAX_OCR_PAGES = 300  # some five minutes on two cores


@dataclass(frozen=True, slots=True)
class DeckSource:
    """Where decks are looked for; `failed` says by address why some were not fetched.

    What the rows of course `distrusted` say was read before is read again.
    """

    root: Path
    library: Library
    language: str
    failed: Mapping[str, FetchError] = field(default_factory=dict)
    distrusted: str | None = None


@dataclass(frozen=True, slots=True)
class _Readers:
    """One of each for a thread."""

    pdf: PdfReader = field(default_factory=PdfReader)
    documents: DocumentReader = field(default_factory=DocumentReader)

    def close(self) -> None:
        self.pdf.close()
        self.documents.close()


# (done, total, what)
Told = Callable[[int, int, str], None]


def read_decks(planned: Sequence[PlannedDeck], source: DeckSource, told: Told) -> dict[PlannedDeck, Deck]:
    """Every deck, read side by side; a bad one is a deck with a problem."""
    distinct = list(dict.fromkeys(planned))
    found: dict[PlannedDeck, Deck] = {}
    with side_by_side(distinct, _Readers, lambda deck, own: _read_deck(deck, source, own)) as results:
        for done, (deck, result) in enumerate(zip(distinct, results, strict=True), 1):
            found[deck] = result
            told(done, len(distinct), deck.path)
    return found


def _read_deck(planned: PlannedDeck, source: DeckSource, readers: _Readers) -> Deck:
    sha256: str | None = None
    suffix = ".pdf"
    try:
        sha256, suffix = _obtain(planned.path, source)
        known = _known(sha256, suffix, source) or _extract(sha256, suffix, planned.path, source, readers)
        known = _with_pictures(known, sha256, suffix, source, readers) if suffix == ".pptx" else known
    except (FetchError, MissingFile) as error:
        return _deck(planned, State.MISSING, Problem(error.code, str(error)))
    except SourceFileError as error:
        problem = Problem(error.code, f"Deck {planned.path}: {error}")
        return replace(_deck(planned, State.BROKEN, problem), sha256=sha256, suffix=suffix)
    found = known.problem
    if found is not None:  # the same file may have been read under another name
        found = Problem(found.code, found.detail.replace(f"Deck {known.path}:", f"Deck {planned.path}:", 1))
    deck = _deck(planned, State.PARTIAL if found else State.READY, found)
    return replace(
        deck,
        kind=planned.kind or known.kind,
        title=known.title,
        sha256=sha256,
        extractor=_extractor(source.language, suffix),
        pages=known.pages,
        outline=known.outline,
        suffix=suffix,
        pictures_sha256=known.pictures_sha256,
    )


def _obtain(place: str, source: DeckSource) -> tuple[str, str]:
    """(the SHA-256 under which the file is kept, its suffix); one of another site was fetched before."""
    library = source.library
    if "://" not in place:
        suffix = Path(place).suffix.lower()
        suffix = suffix if suffix in SUFFIXES else ".pdf"
        return library.files.add(find_file(place, source.root, "Deck"), suffix), suffix
    with library.database.reading() as connection:
        known = find_fetched(connection, place)
    # what was fetched before is better than nothing, be it only what was read of it
    if known and (library.files.is_intact(known.sha256, known.suffix) or _known(known.sha256, known.suffix, source)):
        return known.sha256, known.suffix
    if place in source.failed:
        raise source.failed[place]
    raise MissingFile(
        f"Deck {place} lies on another site and was not fetched; ingest without --offline, or put the file into "
        "the course folder.",
        code="not_fetched",
    )


def _extractor(language: str, suffix: str) -> str:
    """Identity of how files are read here: with tesseract other pages have text, and its languages matter."""
    if suffix != ".pdf":
        return DOCUMENTS
    return f"{_EXTRACTOR}+{OCR}-{language}" if ocr_languages() else _EXTRACTOR


def _known(sha256: str, suffix: str, source: DeckSource) -> KnownDeck | None:
    with source.library.database.reading() as connection:
        return known_pages(connection, sha256, _extractor(source.language, suffix), source.distrusted)


def _extract(sha256: str, suffix: str, name: str, source: DeckSource, readers: _Readers) -> KnownDeck:
    path = source.library.files.path(sha256, suffix)
    if suffix != ".pdf":
        return _document(name, readers.documents.read(path, suffix))
    raw = readers.pdf.extract_pages(path)
    pages = with_ocr(raw.pages, path, source.language, readers.pdf)
    clean = clean_pages(pages)
    problem = _problem_of_pages(name, clean, pages, raw.page_count)
    return KnownDeck(name, deck_kind(pages), deck_title(clean, raw.title, name), clean, raw.outline, problem)


def _document(name: str, found: Document) -> KnownDeck:
    """Slides or notes that are no PDF: their text by slide, heading or cell."""
    pages = tuple(
        Page(number, None, tidy(page.title), "\n".join(filter(None, (tidy(page.title), page.text))))
        for number, page in enumerate(found.pages, 1)
    )
    problem = _too_many_pages(name) if found.is_cut else None
    kind = DeckKind.SLIDES if found.slides else DeckKind.NOTES
    return KnownDeck(name, kind, tidy(found.title) or Path(name).stem, pages, (), problem)


def _with_pictures(known: KnownDeck, sha256: str, suffix: str, source: DeckSource, readers: _Readers) -> KnownDeck:
    """Slides that are no PDF with the one that was made of them; what could not be drawn before is tried again."""
    files, kept = source.library.files, known.pictures_sha256
    if (kept and files.is_intact(kept, ".pdf")) or (known.problem and known.problem.code == "too_many_pages"):
        return known
    try:
        drawn = draw_slides(files.path(sha256, suffix), len(known.pages), source.library, readers.pdf)
    except SourceFileError as error:
        return known._replace(pictures_sha256=None, problem=Problem(error.code, f"Deck {known.path}: {error}"))
    return known._replace(pictures_sha256=drawn, problem=None)


def with_ocr(raw: Sequence[RawPage], path: Path, language: str, reader: PdfReader) -> list[RawPage]:
    """Pages that are pictures but for their running heads, or garbled, as tesseract reads them where it is there."""
    pages = list(raw)
    if not ocr_languages():
        return pages
    left = _MAX_OCR_PAGES
    known: dict[bytes, tuple[Line, ...]] = {}  # by picture: a page that is there many times is read once
    for i, (page, clean) in enumerate(zip(raw, clean_pages(raw), strict=True)):
        words = len(clean.text.split())
        if words >= _OCR_BELOW_WORDS or page.problem == "unreadable" or left == 0:
            continue
        left -= 1
        try:
            picture = reader.render_page(path, i + 1, WIDTH, "PNG")
        except SourceFileError:  # one page that cannot be drawn; the others can
            continue
        # what the file itself says of a line is better than what its picture looks like
        tops = [line.top for line in page.lines]
        digest = hashlib.sha256(picture).digest()
        if digest not in known:
            known[digest] = read_picture(picture, language)
        seen = [line for line in known[digest] if all(abs(line.top - top) > _ALIKE for top in tops)]
        if sum(len(line.text.split()) for line in seen) > words:
            lines = tuple(sorted([*page.lines, *seen], key=lambda line: (line.top, line.left)))
            pages[i] = replace(page, lines=lines, ocr=True, problem=None)
    return pages


def _deck(planned: PlannedDeck, state: State, problem: Problem | None) -> Deck:
    return Deck(
        path=planned.path,
        kind=planned.kind or DeckKind.SLIDES,
        title=planned.label or Path(planned.path).stem,
        remark=planned.remark,
        state=state,
        problem=problem,
        source_url=planned.path if "://" in planned.path else None,
        sha256=None,
        extractor=None,
        pages=(),
    )


def _too_many_pages(path: str) -> Problem:
    detail = f"Deck {path}: only its first {MAX_PAGES:,} pages were read; split it into files by lecture."
    return Problem("too_many_pages", detail)


def _problem_of_pages(path: str, pages: Sequence[Page], raw: Sequence[RawPage], page_count: int) -> Problem | None:
    if page_count > len(pages) == MAX_PAGES:
        return _too_many_pages(path)
    garbled = [number for number, page in enumerate(raw, 1) if page.problem == "garbled"]
    advice = "" if ocr_languages() else " Install tesseract (with its Russian) and ingest again to read pictures."
    if garbled:
        return Problem(
            "garbled_pages",
            f"Deck {path}: the text of {len(garbled)} of {len(pages)} pages is garbled ({_some(garbled)}); export the "
            f"PDF again with its fonts.{advice}",
        )
    empty = [page.page_number for page in pages if not page.text]
    if not empty:
        return None
    return Problem(
        "pages_without_text",
        f"Deck {path}: {len(empty)} of {len(pages)} pages have no text ({_some(empty)}); they can be opened but not "
        f"found.{advice}",
    )


def _some(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:8])) + (" …" if len(numbers) > 8 else "")

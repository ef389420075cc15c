"""Real PDFs, whole and broken, through the sandbox."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from support import EXAMPLES, write_pdf

from index.errors import SourceFileError
from ingest.pages import clean_pages
from ingest.pdf import MAX_PAGES, PdfReader
from ingest.sandbox import Limits


@pytest.fixture(scope="module")
def reader() -> Iterator[PdfReader]:
    opened = PdfReader()
    yield opened
    opened.close()


def test_titles_labels_and_texts_of_the_example_slides(reader: PdfReader) -> None:
    pages = clean_pages(reader.extract_pages(EXAMPLES / "slides" / "02_regularisation.pdf").pages)
    assert len(pages) == 12
    assert (pages[6].page_number, pages[6].page_label, pages[6].title) == (7, "7", "Dropout")
    assert "случайно обнуляем долю p" in pages[6].text
    assert not any("Нейросети на практике" in page.text for page in pages[1:])  # the running footer
    assert pages[0].title == "Переобучение и регуляризация"


def test_a_running_header_is_dropped_and_its_number_is_the_label(reader: PdfReader, tmp_path: Path) -> None:
    words = ("Loss", "Gradient", "Dropout", "Attention", "Padding", "Pooling", "Softmax")
    path = write_pdf(tmp_path / "deck.pdf", [f"Deep Learning, page {n}\n\n{w}\nbody" for n, w in enumerate(words, 11)])
    pages = clean_pages(reader.extract_pages(path).pages)
    assert [page.page_label for page in pages] == ["11", "12", "13", "14", "15", "16", "17"]
    assert [page.text.split() for page in pages][:2] == [["Loss", "body"], ["Gradient", "body"]]


def test_a_page_picture_is_webp_of_the_asked_width(reader: PdfReader) -> None:
    content = reader.render_page(EXAMPLES / "slides" / "02_regularisation.pdf", 7, 480)
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.width, picture.height) == ("WEBP", 480, 360)


def _encrypted(path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=write_pdf(path, ["Secret"]))
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(path)


def _no_pages(path: Path) -> None:
    pypdf.PdfWriter().write(path)


@pytest.mark.parametrize(
    ("make", "codes"),
    [
        (lambda path: path.write_bytes(b""), {"empty_file"}),
        (lambda path: path.write_bytes(b"garbage" * 100), {"not_a_pdf"}),
        (lambda path: path.write_text("<html><body>404</body></html>"), {"not_a_pdf"}),
        (lambda path: path.write_bytes(b"%PDF-1.7\n" + b"\x00\xff" * 500), {"damaged"}),
        (lambda path: path.write_bytes(write_pdf(path, ["A\nb"]).read_bytes()[:300]), {"damaged", "no_pages"}),
        (_encrypted, {"encrypted"}),
        (_no_pages, {"no_pages", "damaged"}),
    ],
)
def test_a_broken_pdf_is_refused_with_its_reason(
    reader: PdfReader, tmp_path: Path, make: object, codes: set[str]
) -> None:
    path = tmp_path / "bad.pdf"
    make(path)  # type: ignore[operator]
    with pytest.raises(SourceFileError) as caught:
        reader.extract_pages(path)
    assert caught.value.code in codes


def test_a_deck_of_ten_thousand_pages_is_read_as_far_as_is_allowed(reader: PdfReader, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter()
    for _ in range(10_000):
        writer.add_blank_page(100, 100)
    path = tmp_path / "huge.pdf"
    writer.write(path)
    deck = reader.extract_pages(path)
    assert (len(deck.pages), deck.page_count) == (MAX_PAGES, 10_000)


def test_a_parser_that_runs_too_long_is_stopped_and_the_next_file_is_read(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "deck.pdf", ["A\nb"])
    slow = PdfReader(Limits(seconds=0.0))
    with pytest.raises(SourceFileError, match="longer than"):
        slow.extract_pages(path)
    slow.close()
    fast = PdfReader()
    assert len(fast.extract_pages(path).pages) == 1
    fast.close()

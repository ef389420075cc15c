"""Slides and notes that are no PDF: their pages, and what broken ones end in."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Inches
from support import ingest

from index.errors import SourceFileError
from index.library import Library
from ingest.documents import DocumentPage, DocumentReader
from ingest.sandbox import Limits

NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["# Dropout\n", "A layer that drops *units*."]},
        {"cell_type": "code", "source": "net = Dropout(0.5)", "outputs": [{"text": "secret"}]},
        {"cell_type": "markdown", "source": "## In practice\n\n- scale at test time\n"},
    ],
}
REVEAL = """<html><head><title>t</title><style>p {}</style></head><body><div class="reveal"><div class="slides">
<section><h2>One</h2><p>first slide</p><aside class="notes">say hello</aside></section>
<section><section><h2>Two</h2><ul><li>a</li><li>b</li></ul></section><section>third</section></section>
</div></div><script>let x = 1</script></body></html>"""
REMARK = '<body><textarea id="source">\n# Intro\nwords\n---\n# Next\nmore <b>words</b>\n</textarea></body>'


@pytest.fixture(scope="module")
def reader() -> Iterator[DocumentReader]:
    found = DocumentReader(Limits(seconds=20.0))
    yield found
    found.close()


def write_pptx(path: Path) -> Path:
    """Two slides: text with notes, and a table beside a group."""
    made = Presentation()
    first = made.slides.add_slide(made.slide_layouts[1])
    assert first.shapes.title is not None
    first.shapes.title.text = "Gradient descent"
    first.placeholders[1].text = "Follow the slope\nSmall steps"
    assert first.notes_slide.notes_text_frame is not None
    first.notes_slide.notes_text_frame.text = "Mention momentum."
    second = made.slides.add_slide(made.slide_layouts[6])
    table = second.shapes.add_table(1, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    table.cell(0, 0).text, table.cell(0, 1).text = "rate", "0.1"
    box = second.shapes.add_group_shape().shapes.add_textbox(0, 0, 100, 100)
    box.text_frame.text = "grouped words"
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save(str(path))
    return path


def texts(pages: tuple[DocumentPage, ...]) -> list[tuple[str, str]]:
    return [(page.title, page.text) for page in pages]


def test_slides_of_powerpoint_with_their_notes_tables_and_groups(reader: DocumentReader, tmp_path: Path) -> None:
    found = reader.read(write_pptx(tmp_path / "a.pptx"), ".pptx")
    assert found.slides
    assert texts(found.pages) == [
        ("Gradient descent", "Follow the slope\nSmall steps\nMention momentum."),
        ("rate | 0.1", "rate | 0.1\ngrouped words"),
    ]


def test_a_notebook_has_a_page_a_cell_under_the_heading_above(reader: DocumentReader, tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    found = reader.read(tmp_path / "a.ipynb", ".ipynb")
    assert (found.title, found.slides) == ("Dropout", False)
    assert texts(found.pages) == [
        ("Dropout", "A layer that drops units."),
        ("Dropout", "```\nnet = Dropout(0.5)\n```"),
        ("In practice", "scale at test time"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "title", "slides", "pages"),
    [
        (
            "a.md",
            "---\ntitle: Loss\n---\nBefore.\n# One\ntext `code`\n\n| a | b |\n|--|--|\n| c | d |\n## Two\n```\nx = 1\n```\n",
            "Loss",
            False,
            [("", "Before."), ("One", "text code\na b\nc d"), ("Two", "```\nx = 1\n```")],
        ),
        (
            "a.html",
            "<title>T</title><h1>One</h1>a<p>b</p><h2>Two</h2><script>c</script>d",
            "One",
            False,
            [("One", "a\nb"), ("Two", "d")],
        ),
        ("r.html", REVEAL, "One", True, [("One", "first slide\nsay hello"), ("Two", "a\nb"), ("", "third")]),
        ("k.html", REMARK, "Intro", True, [("Intro", "words"), ("Next", "more words")]),
        ("m.md", "---\nmarp: true\n---\n# A\none\n\n---\n\n# B\ntwo\n", "A", True, [("A", "one"), ("B", "two")]),
        ("a.txt", "First paragraph.\n\nSecond.\n", "", False, [("", "First paragraph.\nSecond.")]),
    ],
)
def test_pages_are_headings_and_slides(
    reader: DocumentReader,
    tmp_path: Path,
    name: str,
    content: str,
    title: str,
    slides: bool,
    pages: list[tuple[str, str]],
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    found = reader.read(tmp_path / name, Path(name).suffix)
    assert (found.title, found.slides, texts(found.pages)) == (title, slides, pages)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.pptx", b"%PDF-1.4", "not_a_pptx"),
        ("a.pptx", b"", "empty_file"),
        ("a.ipynb", b'{"cells": 3}', "damaged"),
        ("a.ipynb", b"[" * 100_000, "damaged"),
        ("a.md", b"\n\n  \n", "no_pages"),
        ("a.html", b"<script>x</script>", "no_pages"),
    ],
)
def test_what_is_wrong_with_a_document_has_a_code(
    reader: DocumentReader, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceFileError) as caught:
        reader.read(tmp_path / name, Path(name).suffix)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("name", "head"), [("a.txt", ""), ("a.md", "# Title\n"), ("a.html", "<h1>Title</h1>"), ("b.txt", "x" * 50_000)]
)
def test_no_words_of_a_long_text_are_lost(reader: DocumentReader, tmp_path: Path, name: str, head: str) -> None:
    words = [f"word{number}" for number in range(20_000)]
    text = "".join(word + ("\n" if number % 9 == 0 else " ") for number, word in enumerate(words))
    (tmp_path / name).write_text(head + text)
    found = reader.read(tmp_path / name, Path(name).suffix)
    assert max(len(page.text) for page in found.pages) <= 20_000
    assert " ".join(page.text for page in found.pages).split()[-len(words) + 1 :] == words[1:]
    assert not found.is_cut


def test_a_document_of_too_many_pages_says_so(sqlite_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("".join(f"# Page {number}\nwords\n" for number in range(2_001)))
    (tmp_path / "README.md").write_text("# C\n- Lecture 1: [notes](a.md)\n")
    report = ingest(tmp_path, sqlite_library, None)
    assert "too_many_pages" in {gap["code"] for gap in report.gaps}


@pytest.mark.parametrize("suffix", [".pptx", ".ipynb", ".md", ".html"])
def test_mutated_files_end_in_text_or_a_named_problem(reader: DocumentReader, tmp_path: Path, suffix: str) -> None:
    contents = {
        ".pptx": write_pptx(tmp_path / "whole.pptx").read_bytes(),
        ".ipynb": json.dumps(NOTEBOOK).encode(),
        ".md": b"# One\n\n| a | b |\n|--|--|\n| c | [d](e.md) |\n\n- x\n  - y\n\n<details><summary>z</summary>\n",
        ".html": REVEAL.encode(),
    }
    chance = random.Random(7)
    for _ in range(50):
        content = bytearray(contents[suffix])
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(content))
            if chance.random() < 0.3:
                del content[at : at + chance.randint(1, 200)]
                content = content or bytearray(b"x")
            else:
                content[at] = chance.randrange(256)
        (tmp_path / f"a{suffix}").write_bytes(content)
        try:
            assert reader.read(tmp_path / f"a{suffix}", suffix).pages
        except SourceFileError as error:
            assert error.code in {"damaged", "no_pages", "not_a_pptx", "too_large", "empty_file"}  # noqa: PT017


def test_documents_of_a_course_are_found_by_slide_cell_and_heading(
    sqlite_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # with no LibreOffice on it
    folder = tmp_path / "course"
    write_pptx(folder / "slides.pptx")
    (folder / "notes.ipynb").write_text(json.dumps(NOTEBOOK), "utf-8")
    (folder / "page.md").write_text("# Batch norm\nShift and scale.\n", "utf-8")
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "AAAAAAAAAAA.txt").write_text("Said about entropy.\n", "utf-8")
    (folder / "README.md").write_text(
        "1. Slopes [slides](slides.pptx), [notes](notes.ipynb)\n"
        "2. [Norms](page.md), [video](https://youtu.be/AAAAAAAAAAA)\n3. Rest [video](https://vimeo.com/1)\n",
        "utf-8",
    )
    report = ingest(folder, sqlite_library, None)
    assert (report.decks, report.pages) == (4, 7)
    assert {gap["code"] for gap in report.gaps} == {"no_pictures", "no_transcript", "video_elsewhere"}

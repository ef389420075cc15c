"""The text side of ingestion (all but embedding and pictures) → pages a second, beside bare pdfium in the same run.

    python benchmarks/text_side.py FOLDER

Bare pdfium: the text of every page through the library alone, in one process. Ours: every PDF of FOLDER through the
sandboxes, cleaned and cut into passages, as an ingest does it, side by side.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pypdfium2 as pdfium

from index.library import Library
from index.types import Lecture
from ingest import decks as deck_reading
from ingest.decks import DeckSource, read_decks
from ingest.passages import make_passages
from ingest.planned import PlannedDeck


def bare(paths: list[Path]) -> tuple[int, float]:
    started, pages = time.perf_counter(), 0
    for path in paths:
        document = pdfium.PdfDocument(path)
        for page in document:
            page.get_textpage().get_text_range()
            pages += 1
        document.close()
    return pages, time.perf_counter() - started


def ours(folder: Path, paths: list[Path], data: Path) -> tuple[int, int, float]:
    library = Library(f"sqlite:///{data / 'lectures.db'}", data)
    library.database.migrate()
    planned = [PlannedDeck(path.relative_to(folder).as_posix()) for path in paths]
    started = time.perf_counter()
    found = read_decks(planned, DeckSource(folder, library, "ru"), lambda *_: None)
    lecture = Lecture("lecture", 1, "", "Lecture", "", (), tuple(found.values()), ())
    passages = list(make_passages("course", replace(lecture)))
    took = time.perf_counter() - started
    library.close()
    return sum(len(deck.pages) for deck in found.values()), len(passages), took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    vars(deck_reading)["ocr_languages"] = frozenset  # text, not pictures
    paths = sorted(options.folder.rglob("*.pdf"))
    print(f"{len(paths)} PDFs, {os.cpu_count()} cores")
    for _ in range(3):
        pages, alone = bare(paths)
        with tempfile.TemporaryDirectory() as data:
            taken, passages, took = ours(options.folder, paths, Path(data))
        print(
            f"bare pdfium {pages / alone:6.0f} pages/s · ours {taken / took:6.0f} pages/s, {passages} passages · "
            f"ratio {(taken / took) / (pages / alone):.2f}"
        )


if __name__ == "__main__":
    main()

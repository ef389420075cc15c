"""A course folder → seconds by stage, processor time and peak memory of its ingest in this process.

    python -m benchmarks.timed_ingest FOLDER              an ingest into the installation that the environment names
    python -m benchmarks.timed_ingest FOLDER --text       only the text of its PDFs: pdfium alone, and as an ingest does

Pdfium alone: the text of every page through the library, in one process. As an ingest does: every PDF through the
sandboxes, cleaned and cut into passages, side by side. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import pypdfium2 as pdfium

from benchmarks.processes import peak_mb
from index.embed.models import load_embedder
from index.library import Library
from index.types import Lecture
from ingest import decks as deck_reading
from ingest.course import read_course
from ingest.decks import DeckSource, read_decks
from ingest.gathering import Progress
from ingest.passages import make_passages
from ingest.pipeline import ingest_course
from ingest.planned import PlannedDeck
from service.settings import read_settings


def ingest(folder: Path) -> dict[str, object]:
    """The ingest as `lectures ingest` does it, but for the start of the program."""
    settings = read_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    embedder = load_embedder(settings.embedder)
    stages: Counter[str] = Counter()
    before, cpu = perf_counter(), _cpu_seconds()
    started = before

    def note(at: Progress) -> None:  # a step is told when a part of it is done
        nonlocal before
        stages[at.step] += (now := perf_counter()) - before  # type: ignore[assignment]  # a Counter may hold seconds
        before = now

    report = ingest_course(read_course(folder), folder, library, embedder, progress=note)
    took = perf_counter() - started
    library.close()
    return {
        "seconds": took,
        "cpu_seconds": _cpu_seconds() - cpu,
        "peak_mb": peak_mb(),
        "embedded": report.embedded,
        "passages": report.passages,
        "pages": report.pages,
        "stages": dict(stages),
    }


def text_side(folder: Path) -> dict[str, object]:
    """Pages, and pages a second of both."""
    paths = sorted(folder.rglob("*.pdf"))
    started, pages = perf_counter(), 0
    for path in paths:
        document = pdfium.PdfDocument(path)
        for page in document:
            page.get_textpage().get_text_range()
            pages += 1
        document.close()
    alone = perf_counter() - started
    vars(deck_reading)["ocr_languages"] = frozenset  # text, not pictures
    with tempfile.TemporaryDirectory() as data:
        library = Library(f"sqlite:///{Path(data) / 'lectures.db'}", Path(data))
        library.database.migrate()
        planned = [PlannedDeck(path.relative_to(folder).as_posix()) for path in paths]
        started = perf_counter()
        found = read_decks(planned, DeckSource(folder, library, "ru"), lambda *_: None)
        list(make_passages("course", Lecture("lecture", 1, "", "Lecture", "", (), tuple(found.values()), ())))
        took = perf_counter() - started
        library.close()
    return {"pages": pages, "pdfium_pages_per_second": pages / alone, "text_pages_per_second": pages / took}


def _cpu_seconds() -> float:
    """Of this process and of the readers that it started and that have ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--text", action="store_true")
    options = parser.parse_args()
    found = text_side(options.folder) if options.text else ingest(options.folder)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

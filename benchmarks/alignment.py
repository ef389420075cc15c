"""Folders with slides.pdf and transcript.* → predictions of when each page is discussed, and how long that took.

    python benchmarks/alignment.py LECTURES_DIR PREDICTIONS_DIR

Writes PREDICTIONS_DIR/<lecture>.json = {"spans": [{"page", "start", "end", "confidence"}], "jumps": {page: seconds}}.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from ingest.align import align
from ingest.captions import parse_captions
from ingest.decks import with_ocr
from ingest.pages import clean_pages
from ingest.pdf import PdfReader


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lectures", type=Path)
    parser.add_argument("predictions", type=Path)
    options = parser.parse_args()
    options.predictions.mkdir(parents=True, exist_ok=True)
    reader = PdfReader()
    for folder in sorted(path for path in options.lectures.iterdir() if path.is_dir()):
        raw = with_ocr(reader.extract_pages(folder / "slides.pdf").pages, folder / "slides.pdf", "en", reader)
        pages = clean_pages(raw)
        cues = parse_captions(next(folder.glob("transcript.*")).read_bytes())
        started = time.perf_counter()
        spans, moments = align([("slides.pdf", pages)], [("video", cues)])
        took = time.perf_counter() - started
        prediction = {
            "spans": [
                {"page": s.page_number, "start": s.start_seconds, "end": s.end_seconds, "confidence": s.confidence}
                for s in spans
            ],
            "jumps": {str(moment.page_number): moment.jump_seconds for moment in moments},
        }
        (options.predictions / f"{folder.name}.json").write_text(json.dumps(prediction, indent=1), "utf-8")
        print(f"{folder.name}: {len(pages)} pages, {cues[-1].end_seconds / 60:.0f} minutes, aligned in {took:.2f} s")
    reader.close()


if __name__ == "__main__":
    main()

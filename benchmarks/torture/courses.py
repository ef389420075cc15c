"""Small courses of our own that change from version to version: what the rows ingest, change and remove."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

MINUTES = 12


def write_spoken(folder: Path, slug: str, version: int, minutes: int = MINUTES) -> Path:
    """A course of captions alone, ingested in a tenth of a second. Every second minute is of this version."""
    transcripts = folder / "transcripts"
    transcripts.mkdir(parents=True, exist_ok=True)
    cues = []
    for minute in range(minutes + version % 7):
        start = f"{minute // 60:02d}:{minute % 60:02d}"
        own = version if minute % 2 else 0
        said = f"{slug} minute {minute} of version {own} about gradients and losses, number {minute}"
        cues.append(f"{start}:00.000 --> {start}:55.000\n{said}.\n")
    (transcripts / f"{slug:0>11}.en.vtt").write_text("WEBVTT\n\n" + "\n".join(cues), "utf-8")
    (folder / "course.yaml").write_text(
        f"title: {slug}\nlanguage: en\nlectures:\n  - title: Lecture of {slug}\n    programme: version {version}\n"
        f"    videos: [{{youtube: '{slug:0>11}'}}]\n",
        "utf-8",
    )
    return folder


def ingest_arguments(folder: Path, slug: str) -> list[str]:
    return ["ingest", str(folder), "--course", slug]


def write_shown(folder: Path, slug: str, pages: int = 4) -> Path:
    """A course with captions and a PDF, which needs fpdf2."""
    from fpdf import FPDF  # noqa: PLC0415  (only where PDFs are asked for)

    write_spoken(folder, slug, 0)
    pdf = FPDF("landscape", "mm", (190.5, 338.7))
    pdf.set_creation_date(dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.set_font("Helvetica", size=30)
        pdf.cell(w=0, h=18, text=f"Slide {number} of {slug}", new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", size=18)
        pdf.cell(w=0, h=10, text=f"Dropout number {number} zeroes activations while the network of {slug} is trained")
    pdf.output(str(folder / "deck.pdf"))
    with (folder / "course.yaml").open("a", encoding="utf-8") as file:
        file.write("    decks: [deck.pdf]\n")
    return folder

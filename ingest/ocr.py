"""Picture of a page → lines of text, by tesseract where it is installed.

Tesseract runs as a process of its own with limits: it reads pictures that were drawn from untrusted files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import lru_cache, partial

from ingest.pdf import Line
from ingest.sandbox import limit_process

# Part of a deck's identity, like pdf.EXTRACTOR.
OCR = "tesseract-1"

WIDTH = 1920  # pixels; letters of a slide are then some 30 pixels high, as tesseract likes them
_SECONDS = 60
_MEMORY_BYTES = 1 << 30
_LEAST_CONFIDENCE = 55.0  # percent; below that a "word" is mostly a piece of a drawing
_NAMES = {"ru": "rus", "en": "eng", "fr": "fra", "de": "deu", "es": "spa", "pt": "por", "it": "ita", "nl": "nld"}


@lru_cache(maxsize=1)
def ocr_languages() -> frozenset[str]:
    """What the installed tesseract can read, by its own names; empty if there is none."""
    if shutil.which("tesseract") is None:
        return frozenset()
    found = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, timeout=20, check=False)
    return frozenset(line.strip() for line in found.stdout.splitlines()[1:])


def read_picture(png: bytes, language: str) -> tuple[Line, ...]:
    """The lines on a picture of a page, places as of a PDF's lines; none if nothing can be read in time."""
    known = ocr_languages()
    wanted = [name for name in (_NAMES.get(language, ""), "eng") if name in known]
    if not wanted:
        return ()
    command = ["tesseract", "stdin", "stdout", "-l", "+".join(dict.fromkeys(wanted)), "tsv"]
    try:
        # one thread each: the decks of a course are read side by side already
        found = subprocess.run(
            command,
            input=png,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            preexec_fn=partial(limit_process, _MEMORY_BYTES, cpu_seconds=_SECONDS),
            env={"PATH": os.environ.get("PATH", ""), "OMP_THREAD_LIMIT": "1", "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        return ()
    return _lines(found.stdout.decode("utf-8", errors="replace"))


def _lines(tsv: str) -> tuple[Line, ...]:
    """Tesseract's table: level, page, block, paragraph, line, word, left, top, width, height, confidence, text."""
    rows = [row for row in (line.split("\t") for line in tsv.splitlines()[1:]) if len(row) == 12]
    whole = next((row for row in rows if row[0] == "1"), None)
    if whole is None:
        return ()
    width, height = max(1, int(whole[8])), max(1, int(whole[9]))
    lines: dict[tuple[str, str, str], list[list[str]]] = {}
    for row in rows:
        if row[0] == "5" and row[11].strip() and float(row[10]) >= _LEAST_CONFIDENCE:
            lines.setdefault((row[2], row[3], row[4]), []).append(row)
    found = []
    for words in lines.values():
        text = " ".join(word[11].strip() for word in words)
        if sum(c.isalnum() for c in text) < 2:
            continue
        top, left = min(int(word[7]) for word in words), min(int(word[6]) for word in words)
        tall = max(int(word[9]) for word in words)
        found.append(Line(text, round(top / height, 4), round(left / width, 4), round(tall * 540 / height, 2)))
    return tuple(found)

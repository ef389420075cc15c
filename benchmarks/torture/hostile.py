"""Row 8: mutated files of every kind that a course may hold, and bombs of each: every one ends in a course or in a
sentence, within limits, and a service beside answers every search.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from pathlib import Path

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import LANES, Result, in_lanes
from benchmarks.torture.searching import Searching
from benchmarks.torture.specimens import bombs, mutated, specimens
from benchmarks.torture.zygote import Zygote

_BATCH = 50  # files that one child reads
_SECONDS = 40.0  # for one file: the parsers' own limit is 30
_INGEST_SECONDS = 120.0
_MEMORY_MB = 1_600  # of the process that reads a course: its parsers have their own limit


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` mutated files, and a bomb for every fifty of them, at most all."""
    wrong: list[str] = []
    chosen = list(bombs())
    chosen = random.Random(seed).sample(chosen, min(len(chosen), size // 50))
    progress.expect(size + len(chosen))
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "good", "good", 0), "good"))
        with Searching(zygote, "gradients", pause_seconds=0.05) as searching:
            batches = [range(start, min(start + _BATCH, size)) for start in range(0, size, _BATCH)]
            lanes = min(LANES, len(batches))
            parts = in_lanes(
                lanes, lambda lane: _lane(zygote, batches[lane::lanes], seed, folder / f"mutated-{lane}", progress)
            )
            for name in chosen:
                faults = _set_off(zygote, name, folder / "bomb")
                wrong += [f"{name}: {fault}" for fault in faults]
                progress.add(bool(faults))
        wrong += searching.wrong
    endings: Counter[str] = Counter()
    for faults, found in parts:
        wrong += faults
        endings.update(found)
    figure = f"{len(chosen)} bombs; {searching.asked} searches meanwhile; {dict(endings.most_common(6))}"
    return Result(size + len(chosen), wrong, figure)


def _lane(
    zygote: Zygote, batches: list[range], seed: int, folder: Path, progress: Progress
) -> tuple[list[str], Counter[str]]:
    wrong: list[str] = []
    endings: Counter[str] = Counter()
    for batch in batches:
        child = zygote.start_call("benchmarks.torture.hostile:read_mutated", seed, batch.start, batch.stop, str(folder))
        ended = child.end(_SECONDS * len(batch))
        if ended.code:
            progress.add(1, len(batch))
            wrong.append(
                f"the reader of files {batch.start} to {batch.stop} ended with {ended.code}: {ended.err[-300:]}"
            )
            continue
        found = ended.json()
        progress.add(len(found["wrong"]), len(batch))
        wrong += found["wrong"]
        endings.update(found["endings"])
        if ended.peak_mb > _MEMORY_MB:
            wrong.append(f"the reader of files {batch.start} to {batch.stop} took {ended.peak_mb:.0f} MB")
    return wrong, endings


def _set_off(zygote: Zygote, name: str, folder: Path) -> list[str]:
    """Ingest a bomb; what was wrong with how it ended."""
    bombs()[name](folder)
    ended = zygote.start(["ingest", str(folder), "--course", "bomb"]).end(_INGEST_SECONDS)
    zygote.start(["remove", "bomb"]).end()
    shutil.rmtree(folder)
    wrong = []
    if ended.seconds >= _INGEST_SECONDS:
        wrong.append(f"it took more than {_INGEST_SECONDS:.0f} s")
    elif ended.code not in (0, 1) or "Traceback" in ended.err:
        wrong.append(f"it ended with {ended.code}: {ended.err[-300:]!r}")
    if ended.peak_mb > _MEMORY_MB:
        wrong.append(f"it took {ended.peak_mb:.0f} MB")
    return wrong


# --- in a child of the zygote -------------------------------------------------------------------------------


def read_mutated(seed: int, first: int, end: int, place: str) -> dict[str, object]:
    """How the mutated files of these numbers ended."""
    from index.errors import LecturesError, SourceFileError  # noqa: PLC0415

    whole = specimens()
    names = sorted(whole)
    folder = Path(place)
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []
    endings: Counter[str] = Counter()
    with _Readers(folder) as readers:
        for number in range(first, end):
            chance = random.Random(f"{seed} {number}")
            name = names[number % len(names)]
            path = folder / name
            path.write_bytes(mutated(whole[name], whole[chance.choice(names)], chance))
            started = time.monotonic()
            try:
                readers.read(path)
                endings["read"] += 1
            except SourceFileError as error:
                endings[error.code] += 1
            except LecturesError as error:
                endings[f"{error.code} (course)"] += 1
            except Exception as error:
                wrong.append(f"{name}, number {number} (seed {seed}): {type(error).__name__}: {str(error)[:200]}")
            if time.monotonic() - started > _SECONDS:
                wrong.append(f"{name}, number {number} (seed {seed}): took {time.monotonic() - started:.0f} s")
            path.unlink()
    return {"wrong": wrong, "endings": endings}


class _Readers:
    """What reads each kind of file, as an ingest does."""

    def __init__(self, folder: Path) -> None:
        from ingest.captions import CaptionReader  # noqa: PLC0415
        from ingest.documents import DocumentReader  # noqa: PLC0415
        from ingest.pdf import PdfReader  # noqa: PLC0415

        self._folder = folder
        self._captions, self._documents, self._pdfs = CaptionReader(), DocumentReader(), PdfReader()

    def __enter__(self) -> _Readers:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in (self._captions, self._documents, self._pdfs):
            reader.close()

    def read(self, path: Path) -> object:
        from ingest.course import read_course  # noqa: PLC0415
        from ingest.pages import clean_pages  # noqa: PLC0415
        from ingest.segments import merge_cues  # noqa: PLC0415
        from ingest.sources import SourceLimits, open_source  # noqa: PLC0415

        if path.name in ("README.md", "course.yaml"):
            return read_course(path.parent, slug="mutated")
        if path.suffix == ".zip":
            return open_source(str(path), self._folder / "cache", SourceLimits(bytes=64 << 20, seconds=20))
        if path.suffix == ".pdf":
            return clean_pages(self._pdfs.extract_pages(path).pages)
        if path.suffix in (".vtt", ".srt", ".sbv", ".json3"):
            return merge_cues(self._captions.read(path))
        return self._documents.read(path, path.suffix)

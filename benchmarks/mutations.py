"""Whole PDFs and caption files → thousands of broken ones; each must end in text or a recorded problem, in time.

    python benchmarks/mutations.py FOLDER [--count 1000] [--seed 1]

FOLDER holds PDFs and captions. Bytes are flipped, files cut, and pieces of one spliced into another. Reported: how each
ended by code, the slowest, and the largest child. Exit code 1 if one took longer than 30 s, the parent failed, or a
child grew past 1 GiB.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from index.errors import SourceFileError
from ingest.captions import SUFFIXES, CaptionReader
from ingest.pages import clean_pages
from ingest.pdf import PdfReader
from ingest.segments import merge_cues

_SECONDS = 30.0
_MEMORY_KIB = 1 << 20


def mutate(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """One of: some bytes changed, a piece cut out, the end cut off, a piece of another file put in."""
    data = bytearray(content)
    kind = chance.randrange(4)
    if kind == 0:
        for _ in range(chance.choice((1, 10, 100, 1000))):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 1:
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(1, 1 + len(data) // 4)]
    elif kind == 2:
        del data[chance.randrange(len(data)) :]
    else:
        start = chance.randrange(len(other))
        piece = other[start : start + chance.randrange(1, 1 + len(other) // 4)]
        place = chance.randrange(len(data))
        data[place : place + chance.randrange(len(piece) + 1)] = piece
    return bytes(data)


def run(name: str, originals: list[Path], count: int, chance: random.Random, read: Callable[[Path], object]) -> bool:
    contents = [path.read_bytes() for path in originals]
    endings: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mutated"
        for number in range(count):
            path.write_bytes(mutate(chance.choice(contents), chance.choice(contents), chance))
            started = time.monotonic()
            try:
                read(path)
                endings["read"] += 1
            except SourceFileError as error:
                endings[error.code] += 1
            slowest = max(slowest, time.monotonic() - started)
            if (number + 1) % 250 == 0:
                print(f"{name}: {number + 1} of {count}", file=sys.stderr)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"{name}: {count} from {len(originals)} files; {dict(endings.most_common())}")
    print(f"  slowest {slowest:.2f} s; largest child so far {largest >> 10} MiB")
    return slowest < _SECONDS and largest < _MEMORY_KIB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    files = sorted(path for path in options.folder.rglob("*") if path.is_file())
    captions = CaptionReader()
    pdfs = PdfReader()
    fine = run(
        "captions",
        [path for path in files if path.suffix in SUFFIXES],
        options.count,
        chance,
        lambda path: merge_cues(captions.read(path)),
    )
    captions.close()
    fine &= run(
        "PDFs",
        [path for path in files if path.suffix == ".pdf"],
        options.count,
        chance,
        lambda path: clean_pages(pdfs.extract_pages(path).pages),
    )
    pdfs.close()
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()

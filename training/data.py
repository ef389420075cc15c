"""The three data files → texts: aligned pairs, single sentences, dictionary entries, and the glossary of terms."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

FILES = ("pairs.jsonl.gz", "mono.jsonl.gz", "dict.jsonl.gz")
GLOSSARY = Path(__file__).parents[1] / "index" / "builtin" / "glossary.tsv"


@dataclass(frozen=True, slots=True)
class Data:
    """`pairs` are (English, Russian) texts; `single` are (text, language); `entries` are (English, Russian, gloss);
    `terms` are (English, Russian) names of one concept, every name with every other."""

    pairs: tuple[tuple[str, str], ...]
    single: tuple[tuple[str, str], ...]
    entries: tuple[tuple[str, str, str], ...]
    terms: tuple[tuple[str, str], ...]
    hashes: dict[str, str]


def read_data(folder: Path) -> Data:
    """All training texts. ValueError names what is missing or damaged."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise ValueError(f"The folder {folder} lacks {', '.join(missing)}; give the folder with the training data.")
    return Data(
        pairs=tuple((row["en"], row["ru"]) for row in _rows(folder / FILES[0])),
        single=tuple((row["t"], row["lang"]) for row in _rows(folder / FILES[1])),
        entries=tuple((row["en"], row["ru"], row.get("gl") or "") for row in _rows(folder / FILES[2])),
        terms=tuple(_terms()),
        hashes={path.name: _sha256(path) for path in [*(folder / name for name in FILES), GLOSSARY]},
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                yield json.loads(line)
            except ValueError as error:
                raise ValueError(f"Line {number} of {path} is no JSON: {error}.") from error


def _terms() -> Iterator[tuple[str, str]]:
    for line in GLOSSARY.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            english, russian = (side.split("|") for side in line.split("\t"))
            yield from product(english, russian)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

"""A pack file → concepts: their names, and how people describe them who do not know the name.

= dropout | дропаут
ru: случайно выключать часть нейронов во время обучения
en: randomly switch units off while training

Lecturers write such files by hand: docs/packs.md.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from index.engine.glossary import key_of
from index.errors import InvalidRequest
from index.text.analysis import fold, has_words, is_stop_word, stem, words

FOLDER = Path(__file__).parents[1] / "builtin" / "packs"
BUNDLED = ("ml", "stats", "cs")
_LANGUAGES = ("ru", "en")
_MAX_CHARS = 300  # of a line: what is longer describes nothing in particular
_FEW, _FEW_WORDS = 2, 3


@dataclass(frozen=True, slots=True)
class Concept:
    """What a course may teach, by all its names, the usual one first; `line` is where it stands in its file, from 1."""

    names: tuple[str, ...]
    descriptions: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Pack:
    """The concepts of one subject; `digest` identifies the text that was read."""

    name: str
    concepts: tuple[Concept, ...]
    digest: str


def read_pack(path: Path, known: str = "") -> Pack:
    """The pack in a file; InvalidRequest names the line that is wrong. Nothing is wrong with the text whose digest is
    `known`: it was read before, and is not looked through."""
    try:
        content = path.read_bytes()
        lines = content.decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The pack {path} cannot be read: {error}.") from error
    digest = hashlib.sha256(content).hexdigest()
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate((line.strip() for line in lines), 1):
        if not line or line.startswith("#"):
            continue
        wrong = _take_known(line, number, found) if digest == known else _take(line, number, found)
        if wrong:
            raise InvalidRequest(f"Line {number} of the pack {path} {wrong}.")
    concepts = tuple(Concept(tuple(names), tuple(said), number) for number, names, said in found)
    return Pack(path.stem, concepts, digest)


def _take(line: str, number: int, found: list[tuple[int, list[str], list[str]]]) -> str:
    """Add a line to what was found; what is wrong with it, if something is."""
    if len(line) > _MAX_CHARS:
        return f"has {len(line)} characters; at most {_MAX_CHARS} are read"
    if line.startswith("="):
        names = list(dict.fromkeys(name.strip() for name in line[1:].split("|") if key_of(name)))
        if not names:
            return "has no name; a concept begins with = and its names, such as = dropout | дропаут"
        found.append((number, names, []))
        return ""
    language, colon, said = line.partition(":")
    if not colon or language not in _LANGUAGES:
        return "begins neither with = (names) nor with ru: or en: (a description)"
    if not found:
        return "describes something before its names; put the line with = first"
    if not has_words(said):
        return "describes nothing; write a few words or leave it out"
    found[-1][2].append(said.strip())
    return ""


def _take_known(line: str, number: int, found: list[tuple[int, list[str], list[str]]]) -> str:
    """As `_take`, of a text with which nothing is wrong."""
    if line.startswith("="):
        names = [name.strip() for name in line[1:].split("|")]
        # of several words one does more than join, in any text for which `write_read` has kept what was read
        found.append((number, list(dict.fromkeys(name for name in names if " " in name or key_of(name))), []))
    else:
        found[-1][2].append(line.partition(":")[2].strip())
    return ""


def find_packs(chosen: Iterable[str]) -> list[Path]:
    """The files of packs that are named (`ml`) or given by path; InvalidRequest for one that is not there."""
    paths = []
    for item in chosen:
        path = FOLDER / f"{item}.txt" if item in BUNDLED else Path(item)
        if not path.is_file():
            names = ", ".join(BUNDLED)
            raise InvalidRequest(f"There is no pack {item!r:.200}: name one of {names}, or give the path of a file.")
        paths.append(path)
    return paths


def doubts(pack: Pack) -> list[str]:
    """What a lecturer should look at: a sentence for each line that is allowed but finds little or misleads."""
    found = []
    named = Counter(key_of(concept.names[0]) for concept in pack.concepts)
    for concept in pack.concepts:
        where = f"line {concept.line} ({concept.names[0]})"
        if named[key_of(concept.names[0])] > 1:
            found.append(f"{where}: another concept has the same first name; join them")
        if len(concept.descriptions) < _FEW:
            found.append(f"{where}: {len(concept.descriptions)} descriptions; write some more, in other words")
        keys = [key_of(name) for name in concept.names]
        for said in concept.descriptions:
            stems = _stems(said)
            if any(_holds(stems, key) for key in keys):
                found.append(f"{where}: “{said}” holds a name of the concept; describe it without")
            elif len(stems) < _FEW_WORDS:
                found.append(f"{where}: “{said}” is short; it may describe much else")
        found += [
            f"{where}: “{first}” is written twice"
            for first, other in combinations(concept.descriptions, 2)
            if first == other
        ]
    return found


def _stems(text: str) -> list[str]:
    return [stem(fold(word)) for word in words(text) if not is_stop_word(word)]


def _holds(stems: Sequence[str], key: Sequence[str]) -> bool:
    """Whether the stems of a name stand side by side."""
    return any(tuple(stems[i : i + len(key)]) == tuple(key) for i in range(len(stems) - len(key) + 1))

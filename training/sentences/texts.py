"""Files of texts → what the sentence model learns from, cut into pieces.

`asked.jsonl.gz` (passages of lectures with five questions each) and `described.txt.gz` (a pack: concepts and how people
describe them) were written for this project (MIT) by several writers who saw neither the sets of questions that the
search is measured on nor the courses. Sentences in two languages and in one come from the folder that
`training.data` reads, further concepts from the bundled packs.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from index.embed.pieces import END, Pieces
from index.engine.packs import BUNDLED, Concept, find_packs, read_pack
from training.data import Data

Numbers = list[int]
Item = TypeVar("Item")
ASKED = Path(__file__).parent / "asked.jsonl.gz"
DESCRIBED = Path(__file__).parent / "described.txt.gz"
QUESTIONS = 5  # of a passage
_QUERY_PIECES, MOST_PIECES = 120, 300  # the second as index/embed/sentences.py reads
_PAIRS, _SINGLE = 30_000, 34_000
_PAIR_CHARS, _SINGLE_CHARS = 700, 600
_FEWEST_DESCRIPTIONS = 4


@dataclass(frozen=True, slots=True)
class AskedPassage:
    """A passage of a lecture, and what five students asked that it answers: a description in everyday words, one in the
    other language, how or why, a student in trouble, a short query."""

    lecture: str
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The same, cut into pieces."""

    lecture: str
    passage: Numbers
    questions: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A concept: its names and descriptions as passages, and the descriptions as questions."""

    names: tuple[Numbers, ...]
    descriptions: tuple[Numbers, ...]
    asked: tuple[Numbers, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """`pairs` say the same in two languages; neighbours of `single` stood beside each other, each in its language;
    `prefix` is how many pieces stand before the own ones of a passage, with the mark of its beginning."""

    asked: tuple[Asked, ...]
    described: tuple[Described, ...]
    pairs: tuple[tuple[Numbers, Numbers], ...]
    single: tuple[Numbers, ...]
    languages: tuple[str, ...]
    prefix: int


@dataclass(frozen=True, slots=True)
class Texts:
    """All of it before it is cut, and the SHA-256 of each file by its name."""

    asked: tuple[AskedPassage, ...]
    concepts: tuple[Concept, ...]
    data: Data
    hashes: dict[str, str]


def read_texts(data: Data) -> Texts:
    """ValueError or InvalidRequest names what is damaged."""
    bundled = find_packs(BUNDLED)
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (ASKED, DESCRIBED, *bundled)}
    packs = [*(read_pack(path).concepts for path in bundled), read_described(DESCRIBED)]
    return Texts(read_asked(ASKED), _join(packs), data, data.hashes | hashes)


def read_asked(path: Path) -> tuple[AskedPassage, ...]:
    """ValueError names the line that has not five questions, or lacks what a passage needs."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                row = json.loads(line)
                passage = AskedPassage(row["lecture"], row["text"], tuple(row["questions"]))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"Line {number} of {path} is no passage ({type(error).__name__}: {error}).") from error
            texts = [passage.lecture, passage.text, *passage.questions]
            if len(passage.questions) != QUESTIONS or not all(text.strip() for text in texts):
                raise ValueError(f"Line {number} of {path} needs a lecture, a text and {QUESTIONS} questions.")
            found.append(passage)
    return tuple(found)


def read_described(path: Path) -> tuple[Concept, ...]:
    """The concepts of a compressed pack."""
    with tempfile.TemporaryDirectory() as folder:
        unpacked = Path(folder) / path.name.removesuffix(".gz")
        unpacked.write_bytes(gzip.decompress(path.read_bytes()))
        return read_pack(unpacked).concepts


def _join(packs: Iterable[Sequence[Concept]]) -> tuple[Concept, ...]:
    """Concepts with the same first name become one."""
    joined: dict[str, Concept] = {}
    for concept in (concept for pack in packs for concept in pack):
        known = joined.setdefault(concept.names[0].lower(), Concept((), (), concept.line))
        joined[concept.names[0].lower()] = Concept(
            tuple(dict.fromkeys((*known.names, *concept.names))),
            tuple(dict.fromkeys((*known.descriptions, *concept.descriptions))),
            known.line,
        )
    return tuple(joined.values())


def spoken_texts(texts: Texts) -> Iterator[str]:
    """Every text once, to see which pieces occur."""
    for english, russian in texts.data.pairs:
        yield english
        yield russian
    for text, _ in texts.data.single:
        yield text
    for english, russian, _ in texts.data.entries:
        yield english
        yield russian
    for concept in texts.concepts:
        yield from (*concept.names, *concept.descriptions)
    for passage in texts.asked:
        yield from (passage.text, *passage.questions)


def cut_texts(texts: Texts, pieces: Pieces, at_most: int) -> Material:
    """What is learned from: of each kind at most so many, evenly taken (of passages the first, so that lectures stay
    whole)."""
    passage, query = _cutter(pieces, "passage", MOST_PIECES), _cutter(pieces, "query", _QUERY_PIECES)
    order = random.Random(1)  # noqa: S311
    pairs = list(texts.data.pairs)
    order.shuffle(pairs)
    # a stretch from a place by chance: neighbours stay neighbours
    start = order.randrange(len(texts.data.single))
    single = _thin((*texts.data.single[start:], *texts.data.single[:start])[:_SINGLE], at_most)
    concepts = [concept for concept in texts.concepts if len(concept.descriptions) >= _FEWEST_DESCRIPTIONS]
    return Material(
        tuple(Asked(item.lecture, passage(item.text), _each(query, item.questions)) for item in texts.asked[:at_most]),
        tuple(
            Described(_each(passage, item.names), _each(passage, item.descriptions), _each(query, item.descriptions))
            for item in _thin(concepts, at_most)
        ),
        tuple(
            (passage(english[:_PAIR_CHARS]), passage(russian[:_PAIR_CHARS]))
            for english, russian in _thin(pairs[:_PAIRS], at_most)
        ),
        tuple(passage(text[:_SINGLE_CHARS]) for text, _ in single),
        tuple(language for _, language in single),
        len(pieces.numbers("passage:", MOST_PIECES)) - 1,
    )


def _cutter(pieces: Pieces, prefix: str, most: int) -> Callable[[str], Numbers]:
    return lambda text: pieces.numbers(f"{prefix}: {text}", most)


def _each(cut: Callable[[str], Numbers], texts: Iterable[str]) -> tuple[Numbers, ...]:
    return tuple(map(cut, texts))


def _thin(items: Sequence[Item], at_most: int) -> Sequence[Item]:
    return items[:: max(1, len(items) // at_most)][:at_most]


def join_passages(texts: Sequence[Numbers], prefix: int, most: int) -> Numbers:
    """One passage of several, of at most so many pieces with its marks: only the first keeps its prefix."""
    joined = list(texts[0][:-1])
    for text in texts[1:]:
        joined += text[prefix:-1]
    return [*joined[: most - 1], END]

"""Terms and their counterparts, by their words: those of a course, and the bundled ones.

Each pair is used in both directions when a query is read, and listed in the course's index of terms.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import chain, combinations
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.engine.container import Arrays, open_texts, pack_texts
from index.text.analysis import fold, is_stop_word, one_script, parts_of, stem, words
from index.text.hashing import Hashes, hash_text, hash_texts
from index.types import Reason


@dataclass(frozen=True, slots=True)
class Term:
    """A term and its counterpart as the course writes them most often; `rows` are passages that hold both together.

    `reason` is GLOSSARY for a translation, ABBREVIATION for a short form, SYNONYM for what no course says.
    """

    text: str
    counterpart: str
    reason: Reason
    count: int
    rows: tuple[int, ...] = ()

    @property
    def turned(self) -> Term:
        """The same read the other way."""
        return replace(self, text=self.counterpart, counterpart=self.text)


class ShardTerms:
    """The terms of one shard. Views of mapped arrays: entry i, by ascending hash of its words, is term `terms[i]`,
    read from the counterpart if `turned[i]`."""

    def __init__(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._records = open_texts(arrays, "glossary.terms")
        self.hashes: Hashes = arrays["glossary.hashes"]
        self._terms: NDArray[np.uint32] = arrays["glossary.entries"]
        self._turned: NDArray[np.bool_] = arrays["glossary.turned"]
        self.longest = int(arrays["glossary.longest"][0])

    def entry(self, place: int) -> Term:
        """The term of an entry, as it is looked up: by its `text`."""
        term = self._read(int(self._terms[place]))
        return term.turned if self._turned[place] else term

    def all(self) -> list[Term]:
        """Every term once, the frequent ones first."""
        return [self._read(number) for number in range(len(self._records))]

    def _read(self, number: int) -> Term:
        row = json.loads(self._records[number])
        return Term(**{**row, "reason": Reason(row["reason"]), "rows": tuple(row["rows"])})


def build_terms(terms: Sequence[Term]) -> Arrays:
    """The arrays of `ShardTerms`."""
    entries = [
        (key, number, turned)
        for number, term in enumerate(terms)
        for turned, key in ((False, key_of(term.text)), (True, key_of(term.counterpart)))
        if key and key_of(term.text) != key_of(term.counterpart)
    ]
    hashes = hash_texts(_joined(key) for key, _, _ in entries)
    order = np.argsort(hashes, kind="stable")
    return {
        **pack_texts("glossary.terms", [json.dumps(asdict(term), ensure_ascii=False) for term in terms]),
        "glossary.hashes": hashes[order],
        "glossary.entries": np.array([number for _, number, _ in entries], np.uint32)[order],
        "glossary.turned": np.array([turned for _, _, turned in entries], np.bool_)[order],
        "glossary.longest": np.array([max((len(key) for key, _, _ in entries), default=0)], np.uint32),
    }


def hash_key(stems: Sequence[str]) -> int:
    """The number by which the words of a term are looked up."""
    return hash_text(_joined(stems))


def _joined(stems: Sequence[str]) -> str:
    return "\n".join(stems)


def best_first(terms: Iterable[Term]) -> list[Term]:
    """Terms of the same words, each counterpart once, the frequent ones first."""
    counts: dict[tuple[str, str, Reason], int] = defaultdict(int)
    for term in terms:
        counts[term.text, term.counterpart, term.reason] += term.count
    found = [Term(text, other, reason, count) for (text, other, reason), count in counts.items()]
    return sorted(found, key=lambda term: (-term.count, term.counterpart))


# a name as it is written, and the stems by which it is looked up (`whole_key`)
Named = tuple[str, tuple[str, ...]]


def named_in(line: str) -> list[Named]:
    """The names of a line, which holds English names, a tab, Russian names; synonyms by |."""
    return [(name, whole_key(name)) for side in line.split("\t") for name in side.split("|")]


class GeneralGlossary:
    """The bundled terms of machine learning and computer science, for what a course does not write side by side."""

    def __init__(self, groups: Iterable[Sequence[Named]]) -> None:
        """Of each group every name is also each other."""
        self._by_key: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for names in groups:
            for first, second in combinations(names, 2):
                for (text, key), (other, another) in ((first, second), (second, first)):
                    if key and key != another:
                        self._by_key[key].append((text, other))
        self.longest = max(map(len, self._by_key), default=0)

    def find(self, stems: Sequence[str]) -> list[Term]:
        """The entries whose `text` is exactly these stems (`whole_key`)."""
        found = self._by_key.get(tuple(stems))
        if not found:
            return []
        return [Term(text, other, Reason.SYNONYM, 0) for text, other in sorted(found, key=itemgetter(1))]


@lru_cache(maxsize=1)
def general_glossary() -> GeneralGlossary:
    """The bundled terms, once for the process."""
    lines = (Path(__file__).parents[1] / "builtin" / "glossary.tsv").read_text("utf-8").splitlines()
    return GeneralGlossary(named_in(line) for line in lines if line[:1] != "#")


@lru_cache(maxsize=50_000)  # each stretch of a query is looked up: the same words again and again
def key_of(text: str) -> tuple[str, ...]:
    """The stems by which a term is looked up, without words that only join: "fine-tuning" is "fine tuning"."""
    return tuple(
        stem(one_script(fold(part))) for word in words(text) for part in parts_of(word) if not is_stop_word(part)
    )


def whole_key(*texts: str) -> tuple[str, ...]:
    """The stems by which a name is looked up in a general glossary: as `key_of`, but where one word alone would be left
    of several, those that only join stay. "О-большое" is not each "большое", nor a "sample mean" each sample.

    A name may be given in pieces: the stretches of a query are many, its words few.
    """
    key = tuple(chain.from_iterable(map(key_of, texts)))
    if len(key) > 1:
        return key
    parts = tuple(chain.from_iterable(map(_stems_of, texts)))
    return key if len(parts) == 1 else parts


@lru_cache(maxsize=50_000)
def _stems_of(text: str) -> tuple[str, ...]:
    """The stems of all its words, those that only join included."""
    return tuple(stem(one_script(fold(part))) for word in words(text) for part in parts_of(word))

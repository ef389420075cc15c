"""The shards that a generation lists, open side by side: passages numbered through, and which shard knows a word.

Passages of shard s have the rows `starts[s]` to `starts[s + 1]`. What is put together over all of them, some thirty
bytes a passage and twenty a word of each course, is mapped too (`joined`), or kept in memory.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from operator import is_
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from index.engine.directory import Directory
from index.engine.joined import Joined, columns_of, glossary_directory, open_joined
from index.engine.lists import Lists
from index.engine.manifest import GenerationManifest, ListedShard, data_path
from index.engine.passages import KINDS
from index.engine.postings import Held
from index.engine.shard import Shard, open_shard
from index.engine.vectors import Sketches
from index.engine.verified import IsKnownFile
from index.engine.vocabulary import Vocabulary
from index.errors import CorruptIndex
from index.remember import Remembered
from index.types import IndexedPassage, Kind

_REMEMBERED_NAMES = 20_000  # of concepts, some 200 bytes each
_REMEMBERED_TITLES = 500  # of courses, some 10 KB each
_REMEMBERED_LANGUAGES = 1_000  # of courses that are searched alone
_REMEMBERED_PASSAGES = 2_000  # the places that are looked at most, some 2 KB each
_OTHER_FILES = 4_096  # connections of clients, the database, pictures
_REMEMBERED_POSTINGS_BYTES = 64 << 20
# Words of courses that are searched alone, and of sets of courses that callers may read: 5 MB for 50,000 words
_REMEMBERED_WORDS_BYTES = 128 << 20


# (shard, number in it) of passages → these
ReadPassages = Callable[[Sequence[tuple[Shard, int]]], list[IndexedPassage]]


class Generation:
    """Read-only, safe to share between threads. `damaged` says by course why its shard cannot be served."""

    def __init__(
        self,
        manifest: GenerationManifest,
        shards: Sequence[Shard],
        damaged: Mapping[str, str],
        read: ReadPassages | None = None,
        joined: Joined | None = None,
    ) -> None:
        """`read` reads passages where the shards do not have them themselves; `joined` is what is put together over
        all of them, where there is a file of it."""
        self.manifest = manifest
        self.shards = tuple(shards)
        self.damaged = dict(damaged)
        self._read = read
        self.number_of = {shard.course: number for number, shard in enumerate(self.shards)}
        counts = [len(shard.passages) for shard in self.shards]
        self.starts: NDArray[np.int64] = np.cumsum([0, *counts])
        self.count = int(self.starts[-1])
        self.languages = tuple(dict.fromkeys(["en", *(own for s in self.shards for own in s.manifest.languages)]))
        self.longest_term = max((shard.terms.longest for shard in self.shards), default=0)
        self.joined = joined
        own = columns_of(self.shards) if joined is None else joined.arrays
        self.kind_of: NDArray[np.uint8] = own["kinds"]
        self.lecture_of: NDArray[np.int64] = own["lectures"]
        self.notes: NDArray[np.bool_] = own["notes"]
        self.outline: NDArray[np.bool_] = own["outline"]
        self.title_terms: NDArray[np.uint16] = own["title_terms"]
        self.previous: NDArray[np.int32] = own["previous"]
        self.next: NDArray[np.int32] = own["next"]
        self.twin: NDArray[np.int32] = own["twin"]
        self.terms = Directory.from_arrays(own, "terms")
        self.held: NDArray[np.uint32] = own["terms.held"]
        self.said: NDArray[np.uint32] = own["terms.said"]
        self.first_posting: NDArray[np.uint32] = own["terms.first"]
        # of all shards, as searches over all of them ask for the same words again and again
        self.postings: Remembered[str, Held] = Remembered(_REMEMBERED_POSTINGS_BYTES, lambda held: held.size)
        self._passages: Remembered[int, IndexedPassage] = Remembered(_REMEMBERED_PASSAGES)
        self._parts: Remembered[tuple[tuple[int, ...], int | None], Vocabulary] = Remembered(
            _REMEMBERED_WORDS_BYTES, lambda words: words.part_bytes
        )
        self._putting_together, self._sketching = Lock(), Lock()

    @cached_property
    def lists(self) -> Lists:
        """The postings of all shards."""
        return Lists([shard.postings for shard in self.shards], self.starts)

    @cached_property
    def together(self) -> Remembered[tuple[tuple[int, ...], tuple[str, ...]], bool]:
        """Whether one passage of some shards holds some terms, as far as that was asked."""
        return Remembered(_REMEMBERED_NAMES)

    @cached_property
    def titled(self) -> Remembered[int, dict[tuple[str, ...], tuple[int, ...]]]:
        """The first rows of the lectures of each shard, by the words of their titles, as far as that was asked."""
        return Remembered(_REMEMBERED_TITLES)

    @cached_property
    def spoken(self) -> Remembered[tuple[tuple[int, ...], str], bool]:
        """Whether the passages of some shards are in a language, as far as that was asked."""
        return Remembered(_REMEMBERED_LANGUAGES)

    def shards_of(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n,) the number of the shard that each row is in."""
        numbers: NDArray[np.int64] = np.searchsorted(self.starts, rows, side="right") - 1
        return numbers

    def passages(self, rows: Sequence[int]) -> list[IndexedPassage]:
        """The passages of these rows, in their order."""
        if self._read is not None and len(rows):
            numbers = self.shards_of(np.array(rows)).tolist()
            places = [(self.shards[s], int(row) - int(self.starts[s])) for s, row in zip(numbers, rows, strict=True)]
            return self._read(places)
        return [self._passages.get(int(row), self._read_passage) for row in rows]

    def find(self, passage_id: str) -> IndexedPassage | None:
        """The passage with this id, if it is in a shard."""
        for shard in self.shards:
            number = shard.passages.find(passage_id)
            if number is not None:
                return shard.passages[number]
        return None

    def without(self, damaged: Mapping[str, str]) -> Generation:
        """The same without some courses, by the reason why they cannot be served."""
        kept = [shard for shard in self.shards if shard.course not in damaged]
        return Generation(self.manifest, kept, {**self.damaged, **damaged}, self._read)

    def forget(self) -> None:
        """Forget what was remembered of searches: it is not served any more, though somebody may hold it."""
        self.postings.forget()
        self._passages.forget()
        self._parts.forget()

    def shows_the_same_as(self, other: Generation) -> bool:
        """Whether both show the same, from the same files."""
        same = len(self.shards) == len(other.shards) and all(map(is_, self.shards, other.shards))
        mapped = (self.joined is None) == (other.joined is None)
        return same and mapped and self.manifest == other.manifest and self.damaged.keys() == other.damaged.keys()

    def shard(self, course: str) -> Shard | None:
        """The shard of a course, if it can be served."""
        number = self.number_of.get(course)
        return None if number is None else self.shards[number]

    @cached_property
    def programme(self) -> NDArray[np.bool_]:
        """(rows,) which passages are lines of a programme."""
        programme: NDArray[np.bool_] = self.kind_of == KINDS.index(Kind.PROGRAMME)
        return programme

    @cached_property
    def promised(self) -> NDArray[np.bool_]:
        """(rows,) which lines of a programme are of lectures that have nothing else."""
        promised: NDArray[np.bool_] = self.programme & ~np.isin(self.lecture_of, self.lecture_of[~self.programme])
        return promised

    @cached_property
    def glossary(self) -> Directory:
        """Which shards write a term side by side with another."""
        if self.joined is not None:
            return Directory.from_arrays(self.joined.arrays, "glossary")
        return glossary_directory(self.shards)

    def vocabulary(self, readable: tuple[int, ...], only: int | None = None) -> Vocabulary:
        """The written words of some shards; with `only` those that are forms of a word of that one."""
        alone = None if readable == (only,) else only
        if alone is None and len(readable) == len(self.shards):
            with self._putting_together:  # held for long by the first only, whom others wait for
                return self._all_words
        return self._parts.get((readable, alone), self._some_words)

    @cached_property
    def _all_words(self) -> Vocabulary:
        if self.joined is not None:
            return self.joined.words
        return Vocabulary.of([shard.words for shard in self.shards])

    def _some_words(self, wanted: tuple[tuple[int, ...], int | None]) -> Vocabulary:
        readable, only = wanted
        if only is not None:
            return self.vocabulary(readable).part(self.shards[only].postings.hashes)
        everything = self.vocabulary(tuple(range(len(self.shards))))
        return everything.of_some([self.shards[number].words for number in readable])

    @property
    def sketches(self) -> Sketches | None:
        """Sketches of the vectors of all passages; None where there are no vectors."""
        with self._sketching:  # held for long by the first only, whom others wait for
            return self._sketches

    @cached_property
    def _sketches(self) -> Sketches | None:
        vectors = [shard.vectors for shard in self.shards]
        known = [own for own in vectors if own is not None]
        if not known or len(known) < len(vectors):
            return None
        return Sketches([own.sketches for own in known], known[0].dimension)

    def _read_passage(self, row: int) -> IndexedPassage:
        number = int(self.shards_of(np.array([row]))[0])
        return self.shards[number].passages[row - int(self.starts[number])]


def open_generation(
    root: Path,
    manifest: GenerationManifest,
    known: Mapping[str, Shard] | None = None,
    is_known: IsKnownFile | None = None,
) -> Generation:
    """The generation with every shard that can be trusted; `known` are shards that are open already, by name.

    Every byte is hashed before it is served, by a few threads: hashing releases the interpreter; but for files of which
    `is_known` says that those that look so were hashed before. For who gives it, what is put together over many courses
    is kept in a file too (`joined`). A shard that is damaged takes down its course only.
    """
    there = known or {}
    _allow_open_files(len(manifest.shards))

    def opened(listed: ListedShard) -> Shard | str:
        try:
            shard = there.get(listed.name)
            # the same course, removed and taken up again, has its shard of before and other rows
            if shard is not None and shard.passages.ids == listed.ids:
                return shard
            if is_known is None:
                return open_shard(root, listed)
            return open_shard(root, listed, partial(is_known, data_path(listed.name), listed.manifest_sha256))
        except CorruptIndex as error:
            return str(error)

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        found = list(pool.map(opened, manifest.shards))
    damaged = {
        listed.course: shard for listed, shard in zip(manifest.shards, found, strict=True) if isinstance(shard, str)
    }
    shards = [shard for shard in found if isinstance(shard, Shard)]
    joined = None if is_known is None else open_joined(root, manifest, shards, is_known)
    return Generation(manifest, shards, damaged, joined=joined)


def _allow_open_files(shards: int) -> None:
    """Let the process hold a file for each shard: the usual limit of 1,024 would end at some 900 courses."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = shards + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

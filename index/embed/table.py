"""Text → unit vectors by the built-in table: the sum of what its words mean, with nothing to download.

A word is the row of its stem plus the mean of the rows of its sound's n-grams (Bojanowski et al. 2017, over sounds
instead of letters): words never seen in training, misspellings and transliterations land near their like. How the table
is made: `training/`, docs/builtin-embedder.md.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation, look_up, make_adaptation
from index.embed.protocol import VIEWS_VERSION, Vectors, normalise
from index.errors import EmbedderError
from index.remember import MadeOnce
from index.text.analysis import stem
from index.text.phonetics import sounds

VERSION = "v1"
FOLDER = Path(__file__).parents[1] / "builtin"
_WORD = re.compile(r"[a-z]+|[а-я]+")
_MAX_STEMS = 400  # a text longer than this says nothing new to a sum of words
_GRAM_LENGTHS = (3, 4)
_MAX_REMEMBERED = 20_000  # words, a kilobyte each


def table_stems(text: str) -> list[str]:
    """The stems of a text that the table may know, in order."""
    return [_stem(word) for word in _WORD.findall(text.lower().replace("ё", "е"))[:_MAX_STEMS]]


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return stem(word)


def table_grams(stem: str, buckets: int) -> list[int]:
    """The buckets of the n-grams of a stem's sound, and of its whole sound; without repeats."""
    grams: dict[int, None] = {}
    for sound in sounds(stem):
        code = f"<{sound.coarse}>"
        for length in _GRAM_LENGTHS:
            for start in range(len(code) - length + 1):
                grams[zlib.crc32(code[start : start + length].encode()) % buckets] = None
        grams[zlib.crc32(b"=" + code.encode()) % buckets] = None
    return list(grams)


@dataclass(frozen=True, slots=True)
class Table:
    """The bundled rows: `row_of[stem]` is a stem's, the rest are those of the buckets of grams."""

    rows: Vectors
    row_of: dict[str, int]
    digest: str


def _open_table() -> Table:
    from safetensors.numpy import load  # noqa: PLC0415

    blob = (FOLDER / f"table-{VERSION}.safetensors").read_bytes()
    arrays = load(blob)
    names = (FOLDER / f"table-{VERSION}.terms.txt").read_text("utf-8").split("\n")
    rows: Vectors = arrays["vectors"].astype(np.float32) * arrays["scales"][:, None]
    row_of = {name: row for row, name in enumerate(names) if name}
    if len(row_of) >= len(rows):
        raise EmbedderError(
            f"The built-in table has {len(rows)} rows but {len(row_of)} terms; reinstall the application."
        )
    return Table(rows, row_of, hashlib.sha256(blob).hexdigest()[:12])


class TableEmbedder:
    """The bundled table, alone or adapted to a course (`adapt`). Immutable after opening."""

    splits_passages = True
    learns = True

    def __init__(self, adaptation: Adaptation | None = None, base: TableEmbedder | None = None) -> None:
        self._table: Table = base._table if base else _open_table()
        self.dimension = int(self._table.rows.shape[1])
        self.adaptation = adaptation
        self.name = f"builtin-{VERSION}:{self._table.digest}:{self.dimension}:{VIEWS_VERSION}"
        # an adapted table weighs the same bare words: they are remembered once for all courses
        self._bare: dict[str, Vectors] = base._bare if base else {}
        self._words: dict[str, Vectors] = {}

    @property
    def row_of(self) -> Mapping[str, int]:
        """The row of each stem that has one of its own."""
        return self._table.row_of

    @property
    def stems(self) -> list[str]:
        """Every stem that has a row of its own, in the order of the rows."""
        return list(self._table.row_of)

    @property
    def fingerprint(self) -> str:
        return self.name + (f"+{self.adaptation.digest}" if self.adaptation else "")

    def adapted_to(self, texts: Sequence[str], basis: NDArray[np.uint64]) -> TableEmbedder:
        """This table with the weights and meanings that words have in these texts."""
        return self.with_adaptation(adapt(self, texts, basis))

    def with_adaptation(self, adaptation: Adaptation | None) -> TableEmbedder:
        """This table with the weights and meanings that words have in one course."""
        return TableEmbedder(adaptation, self)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32, unit rows (zero if a text has no word); row i embeds texts[i]."""
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for i, text in enumerate(texts):
            known = self._words
            found = [known[stem] if stem in known else self._word(stem) for stem in table_stems(text)]
            if found:
                np.sum(found, axis=0, out=vectors[i])
        return normalise(vectors)

    def embed_query(self, text: str) -> Vectors:
        """(d,) float32, unit or zero."""
        vector: Vectors = self.embed_query_in(text, [self.adaptation])[0]
        return vector

    def embed_query_in(self, text: str, adaptations: Sequence[Adaptation | None]) -> Vectors:
        """(n, d) float32: row i is the query as a course with `adaptations[i]` reads it."""
        counts = Counter(table_stems(text))
        if len(adaptations) == 1:
            return normalise(self._read_by(adaptations[0], counts)[None, :])
        vectors = np.zeros((len(adaptations), self.dimension), np.float32)
        unseen = np.array([1.0 if own is None else own.unseen_weight for own in adaptations], np.float32)
        for (word, count), held in zip(counts.items(), look_up(adaptations, counts), strict=True):
            if len(held.numbers) < len(adaptations):
                weights = unseen.copy()
                weights[held.numbers] = 0
                vectors += (count * weights)[:, None] * self._bare_word(word)
            if held.numbers:
                vectors[held.numbers] += held.codes * (held.scales * count)[:, None]
        return normalise(vectors)

    def _read_by(self, own: Adaptation | None, counts: Mapping[str, int]) -> Vectors:
        """(d,) the sum of words as one course reads them: the words that it holds are looked up together."""
        places = [own.find(word) if own else None for word in counts]
        unseen = np.float32(1.0 if own is None else own.unseen_weight)
        rows = np.zeros((len(counts), self.dimension), np.float32)
        for i, (word, count) in enumerate(counts.items()):
            if places[i] is None:
                rows[i] = (count * unseen) * self._bare_word(word)
        held = [i for i, place in enumerate(places) if place is not None]
        if own and held:
            known = [place for place in places if place is not None]
            times = np.array([*counts.values()])[held]
            rows[held] = own.vectors[known] * (own.scales[known] * times.astype(np.float32))[:, None]
        vector: Vectors = rows.sum(axis=0)
        return vector

    def word_vector(self, stem: str) -> Vectors:
        """(d,) what a stem adds to a text, before adaptation; its length is its weight."""
        rows, row_of = self._table.rows, self._table.row_of
        first = len(row_of)
        grams = table_grams(stem, len(rows) - first)
        vector = rows[[first + gram for gram in grams]].mean(axis=0) if grams else np.zeros(self.dimension, np.float32)
        row = row_of.get(stem)
        result: Vectors = vector if row is None else vector + rows[row]
        return result

    def _bare_word(self, stem: str) -> Vectors:
        vector = self._bare.get(stem)
        if vector is None:
            vector = self.word_vector(stem)
            if len(self._bare) >= _MAX_REMEMBERED:
                self._bare.clear()  # hostile queries must not fill the memory
            self._bare[stem] = vector
        return vector

    def _word(self, stem: str) -> Vectors:
        """What a stem adds to a passage; remembered while passages are embedded."""
        vector = self._words.get(stem)
        if vector is None:
            vector = self.adaptation.vector(stem) if self.adaptation else None
            if vector is None:
                weight = self.adaptation.unseen_weight if self.adaptation else 1.0
                vector = self._bare_word(stem) * np.float32(weight)
            if len(self._words) >= _MAX_REMEMBERED:
                self._words = {}
            self._words[stem] = vector
        return vector


def bundled_table() -> TableEmbedder:
    """The table as it is bundled, once for the process."""
    return _bundled(VERSION)


@MadeOnce
def _bundled(_version: str) -> TableEmbedder:
    return TableEmbedder()


def has_vector(word: str) -> bool:
    """Whether the bundled table knows what a folded word means: others have vectors put together from their letters."""
    stems = table_stems(word)
    return len(stems) == 1 and stems[0] in bundled_table().row_of


def pair_similarities(left: Sequence[str], right: Sequence[str]) -> list[float]:
    """How far left[i] and right[i], in either language, mean the same: cosines by the bundled table, whatever embedder
    is set."""
    table = bundled_table()
    cosines: list[float] = (table.embed_passages(left) * table.embed_passages(right)).sum(axis=1).tolist()
    return cosines


# --- adapting ------------------------------------------------------------------------------------------------

# Chosen on the averages of development questions (docs/builtin-embedder.md).
_CONTEXT_SHARE, _RARITY_POWER, _MIN_PASSAGES, _HALF_TRUST = 0.5, 1.4, 2, 2.0


def adapt(table: TableEmbedder, texts: Iterable[str], basis: NDArray[np.uint64]) -> Adaptation:
    """What words weigh and mean in the texts of a course: their rarity there, and a share of the company they keep.

    A word's vector is drawn to the mean of the texts that hold it and of those beside them (one step of what latent
    semantic analysis does, Deerwester et al. 1990), the more the more texts hold it, and scaled by its inverse document
    frequency. `texts` stand in the order of the course; nothing else is known of other courses or of earlier ingests.
    """
    documents = [Counter(table_stems(text)) for text in texts]
    passages = Counter(stem for document in documents for stem in document)
    stems = sorted(stem for stem, count in passages.items() if count >= _MIN_PASSAGES)
    number = {stem: i for i, stem in enumerate(stems)}
    base = (
        np.stack([table.word_vector(stem) for stem in stems]) if stems else np.zeros((0, table.dimension), np.float32)
    )
    count = len(documents)
    held = np.array([passages[stem] for stem in stems], np.float32)
    rarity = np.log(1 + (count - held + 0.5) / (held + 0.5)) ** _RARITY_POWER
    weighted = base * rarity[:, None]
    rows = [np.array([number[s] for s in document if s in number], np.int64) for document in documents]
    shares = [np.sqrt(np.array([n for s, n in document.items() if s in number], np.float32)) for document in documents]
    means = np.zeros((count, table.dimension), np.float32)
    for i, (row, share) in enumerate(zip(rows, shares, strict=True)):
        means[i] = share @ weighted[row]
    means = normalise(means)
    around = means.copy()
    around[1:] += means[:-1]
    around[:-1] += means[1:]
    means = normalise(around)
    means -= means.mean(axis=0) if count else 0
    company = np.zeros_like(base)
    for i, (row, share) in enumerate(zip(rows, shares, strict=True)):
        company[row] += share[:, None] * means[i]
    company = normalise(company)
    lengths = np.linalg.norm(base, axis=1)
    trust = _CONTEXT_SHARE * held / (held + _HALF_TRUST) * lengths
    vectors = (base + trust[:, None] * company) * rarity[:, None]
    unseen = float(np.log(1 + (count + 0.5) / 0.5) ** _RARITY_POWER) if count else 1.0
    return make_adaptation(basis, stems, vectors, unseen)

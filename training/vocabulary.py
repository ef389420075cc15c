"""Texts → rows of the table: which stems get a row of their own, and which rows their sounds share.

A word is its stem's row (if frequent enough) plus the rows of the n-grams of its sound (`index.text.phonetics`), hashed
into a fixed number of buckets (Bojanowski et al. 2017, "Enriching word vectors with subword information"). Sounds
instead of letters, so that a transliteration shares the n-grams of its original and words never seen have a vector too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.embed.table import table_grams, table_stems

MIN_COUNT = 3


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`stems[i]` has row i; `counts[i]` is how often it occurs; `grams` further rows follow."""

    stems: tuple[str, ...]
    counts: NDArray[np.int64]
    grams: int

    @property
    def rows(self) -> int:
        return len(self.stems) + self.grams


def build_vocabulary(texts: Iterable[str], always: Iterable[str], grams: int, limit: int) -> Vocabulary:
    """The most frequent stems of the texts, and those of `always` whatever their frequency."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(table_stems(text))
    kept = {stem for text in always for stem in table_stems(text)}
    frequent = [stem for stem, count in counts.most_common() if count >= MIN_COUNT and stem not in kept]
    stems = sorted([*kept, *frequent[: max(0, limit - len(kept))]], key=lambda stem: (-counts[stem], stem))
    return Vocabulary(tuple(stems), np.array([max(counts[stem], 1) for stem in stems], np.int64), grams)


class Coder:
    """Texts → stem numbers, gram rows of stems: what the trainer looks up."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._number: dict[str, int] = {stem: i for i, stem in enumerate(vocabulary.stems)}
        self._known = len(vocabulary.stems)
        self._grams = vocabulary.grams
        self.gram_rows: list[list[int]] = []  # of every stem seen, known or not, by its number here
        self.table_row: list[int] = []  # its row in the table, or -1
        self._own: dict[str, int] = {}

    def encode(self, text: str) -> list[int]:
        """Numbers of the text's stems, in `gram_rows` and `table_row`."""
        return [self._stem(stem) for stem in table_stems(text)]

    def _stem(self, stem: str) -> int:
        number = self._own.get(stem)
        if number is None:
            number = self._own[stem] = len(self.gram_rows)
            self.table_row.append(self._number.get(stem, -1))
            self.gram_rows.append([self._known + gram for gram in table_grams(stem, self._grams)])
        return number

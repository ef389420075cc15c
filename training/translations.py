"""The built-in table → words of the other alphabet that mean the same, as the application reads them.

A stem's neighbours in the space that both languages share (Mikolov et al. 2013, "Exploiting similarities among
languages for machine translation"), each written as the most frequent word that has the stem.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.table import TableEmbedder, table_stems
from index.embed.translations import FILE, LEAST
from index.text.language import word_frequencies

_MOST = 12  # of a stem: a course says few of them
_BLOCK = 1_000


def write_translations(embedder: TableEmbedder, path: Path = FILE) -> int:
    """Write a line for each stem that has translations, `stem`, a tab, `word:cosine` …, the nearest first; how many."""
    stems = embedder.stems
    vectors = np.stack([embedder.word_vector(stem) for stem in stems])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    cyrillic = np.array([stem[0] > "\u0400" for stem in stems])
    words = _words_of()
    # a stem that no word of the lists has stands for itself, unless reading it would cut it once more
    written = [words.get(stem) or (stem if table_stems(stem) == [stem] else "") for stem in stems]
    lines = []
    for first in range(0, len(stems), _BLOCK):
        likeness = vectors[first : first + _BLOCK] @ vectors.T
        likeness[cyrillic[first : first + _BLOCK, None] == cyrillic[None, :]] = -1
        for stem, row in zip(stems[first : first + _BLOCK], likeness, strict=True):
            found = [f"{written[i]}:{row[i]:.2f}" for i in _nearest(row) if written[i]]
            if found:
                lines.append(f"{stem}\t{' '.join(found)}\n")
    path.write_text("".join(sorted(lines)), "utf-8")
    return len(lines)


def _nearest(row: NDArray[np.float32]) -> list[int]:
    likely = np.flatnonzero(row >= LEAST)
    nearest: list[int] = likely[np.argsort(-row[likely], kind="stable")][:_MOST].tolist()
    return nearest


def _words_of() -> dict[str, str]:
    """The most frequent word of each stem."""
    words: dict[str, str] = {}
    for language in ("en", "ru"):
        frequencies = word_frequencies(language)
        for word in sorted(frequencies, key=lambda word: (-frequencies[word], word)):
            if len(found := table_stems(word)) == 1:
                words.setdefault(found[0], word)
    return words

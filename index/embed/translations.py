"""A word → words of the other alphabet that mean the same, for what no glossary knows.

They are neighbours in the built-in table, made once (`training/translations.py`): English words for a Russian one and
the other way round. The list is bundled, so that they are the same whatever embedder a course is read with.
"""

from __future__ import annotations

from functools import lru_cache

from index.embed.table import FOLDER, VERSION, table_stems

FILE = FOLDER / f"translations-{VERSION}.tsv"
LEAST = 0.5  # the cosine from which a word means the same, or nearly


def translations_of(word: str) -> list[tuple[str, float]]:
    """(word, cosine) the nearest first; none for a word that the table does not know, or of several parts."""
    stems = table_stems(word)
    if len(stems) != 1:
        return []
    found = (entry.rpartition(":") for entry in _lines().get(stems[0], "").split())
    return [(other, float(cosine)) for other, _, cosine in found]


@lru_cache(maxsize=1)
def _lines() -> dict[str, str]:
    """The written translations of each stem: read when a word is looked up, as most are never asked for."""
    lines = (line.partition("\t") for line in FILE.read_text("utf-8").splitlines())
    return {stem: written for stem, _, written in lines}

"""The bundled translations: words of the other alphabet, as the bundled table says."""

from __future__ import annotations

import numpy as np
import pytest

from index.embed.table import TableEmbedder, table_stems
from index.embed.translations import FILE, LEAST, translations_of


@pytest.mark.parametrize(
    ("word", "meant"),
    [("преступности", "crime"), ("shadow", "тень"), ("здоровье", "health"), ("parents", "родителей")],
)
def test_a_word_is_known_in_any_form_by_what_means_the_same(word: str, meant: str) -> None:
    found = translations_of(word)
    assert table_stems(meant)[0] in [table_stems(other)[0] for other, _ in found]
    assert sorted((cosine for _, cosine in found), reverse=True) == [cosine for _, cosine in found]
    assert found[-1][1] >= LEAST


def test_what_the_table_does_not_know_and_compounds_have_none() -> None:
    assert translations_of("бармаглотик") == []
    assert translations_of("U-Net") == []
    assert translations_of("") == []


def test_the_bundled_list_is_what_the_bundled_table_says() -> None:
    """Each twentieth line: cosines are written with two digits."""
    table = TableEmbedder()
    for line in FILE.read_text("utf-8").splitlines()[::20]:
        stem, _, entries = line.partition("\t")
        own = table.word_vector(stem)
        for entry in entries.split():
            word, _, cosine = entry.rpartition(":")
            assert (stem[0] > "\u0400") != (word[0] > "\u0400")
            other = table.word_vector(table_stems(word)[0])
            assert float(own @ other / np.linalg.norm(own) / np.linalg.norm(other)) == pytest.approx(
                float(cosine), abs=0.006
            )

"""Words of languages for programs are named in queries, and found, though they only join others elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import make_generation, passage

from index.search.search import SearchIndex
from index.types import Query

_TEXTS = (
    "a loop is run again and again, for years or for ever; a loop of loops",
    "while true, a loop goes on",
    "this clause is about having a holiday",
)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("while loop", {"while"}),
        ("how to write a while loop", {"while"}),
        ("цикл while", {"while"}),
        ("wait while it is a loop", set()),
        ("a loop for years", set()),
        ("having clause", {"having"}),
    ],
)
def test_a_word_that_joins_others_is_looked_for_where_it_is_named(tmp_path: Path, query: str, named: set[str]) -> None:
    pages = [passage(text, row, language="en") for row, text in enumerate(_TEXTS)]
    found = SearchIndex(make_generation(tmp_path, {"c": pages}), None).find(Query(query))
    joining = {"while", "for", "having", "have"}
    weights = {word.text: word.weight for phrase in found.words.phrases for word in phrase.words}
    assert {word for word, weight in weights.items() if word in joining and weight > 0.5} == named
    assert ("while" in found.weights) is ("while" in named)

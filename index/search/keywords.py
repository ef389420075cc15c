"""Words of a query → those that only join others elsewhere, and here are named: "while loop", "цикл for"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

# Words of languages for programs, and what they are words of, which stands behind them in English, before in Russian.
KEYWORD = re.compile(r"while|for|if|else|do|with|where|having|not|or|and")
_KEYWORD_OF = re.compile(r"loops?|statements?|clauses?|keywords?|operators?")
_OF_KEYWORD = re.compile(r"цикл\w{0,3}|оператор\w{0,3}|услови[еяю]|конструкци\w{1,2}|инструкци\w{1,2}|keyword")
KEYWORD_WEIGHT = 0.7  # they are common all the same


def keywords_named(said: Sequence[str]) -> set[int]:
    """The places of such words among folded ones."""
    found = set[int]()
    for place, (word, following) in enumerate(pairwise(said)):
        if KEYWORD.fullmatch(word) and _KEYWORD_OF.fullmatch(following):
            found.add(place)
        if _OF_KEYWORD.fullmatch(word) and KEYWORD.fullmatch(following):
            found.add(place + 1)
    return found

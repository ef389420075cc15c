"""Text → numbers of the pieces that a sentence model reads: the likeliest way to cut each word (Kudo 2018, unigram)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

BEGIN, END, UNKNOWN = 0, 2, 3
_SPACE = "▁"  # before the first piece of a word
_APART = re.compile(r"[\s\x00-\x1f\x7f]+")
_UNKNOWN_BELOW = 10.0  # an unknown letter is so much less likely (in logarithms) than the rarest piece
_LONGEST_WORD = 200  # letters: what is longer is no word, and is cut
_REMEMBERED = 50_000  # words


class Pieces:
    """`pieces` by their numbers, the first four of which stand for no text; `scores` are logarithms of how likely."""

    def __init__(self, pieces: Sequence[str], scores: Sequence[float]) -> None:
        own = zip(pieces[UNKNOWN + 1 :], scores[UNKNOWN + 1 :], strict=True)
        self._known = {piece: (number, float(score)) for number, (piece, score) in enumerate(own, UNKNOWN + 1)}
        self._longest = max(map(len, self._known))
        self._unknown = min(score for _, score in self._known.values()) - _UNKNOWN_BELOW
        self._of_word = lru_cache(_REMEMBERED)(self._cut)

    def numbers(self, text: str, most: int) -> list[int]:
        """The first `most` pieces of a text between the marks of its beginning and its end."""
        found: list[int] = []
        for word in _APART.split(unicodedata.normalize("NFKC", text)):
            if word:
                found += self._of_word(_SPACE + word[:_LONGEST_WORD])
            if len(found) >= most:
                break
        return [BEGIN, *found[:most], END]

    def _cut(self, word: str) -> list[int]:
        """The pieces of one word whose scores have the highest sum (Viterbi)."""
        best = [0.0] + [float("-inf")] * len(word)
        # (number, where it begins) of the piece that ends at each letter
        last: list[tuple[int, int]] = [(0, 0)] * (len(word) + 1)
        for start in range(len(word)):
            for end in range(start + 1, min(len(word), start + self._longest) + 1):
                number, score = self._known.get(word[start:end], (UNKNOWN, self._unknown))
                if (number != UNKNOWN or end == start + 1) and best[start] + score > best[end]:
                    best[end], last[end] = best[start] + score, (number, start)
        found: list[int] = []
        end = len(word)
        while end:
            number, end = last[end]
            found.append(number)
        return found[::-1]

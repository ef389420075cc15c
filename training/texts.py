"""What the teacher is asked: every English text of the data once, in one fixed order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from training.data import Data

_WORD = re.compile(r"[a-z]+")
_MIN_WORD, _MIN_BIGRAM = 3, 40


def teacher_texts(data: Data) -> list[str]:
    """Sentences, dictionary headwords, terms, and frequent words and pairs of words."""
    words: Counter[str] = Counter()
    bigrams: Counter[str] = Counter()
    sentences = [english for english, _ in data.pairs] + [text for text, language in data.single if language == "en"]
    for sentence in sentences:
        found = _WORD.findall(sentence.lower())
        words.update(found)
        bigrams.update(map(" ".join, pairwise(found)))
    frequent = [word for word, count in words.most_common() if count >= _MIN_WORD and len(word) > 1]
    common_pairs = [pair for pair, count in bigrams.most_common() if count >= _MIN_BIGRAM]
    headwords = [english for english, _, _ in data.entries]
    names = [english for english, _ in data.terms]
    return list(dict.fromkeys([*sentences, *headwords, *names, *frequent, *common_pairs]))


def all_texts(data: Data) -> Iterator[str]:
    """Every text of the data, for counting words."""
    for pair in data.pairs:
        yield from pair
    for text, _ in data.single:
        yield text
    for english, russian, _ in data.entries:
        yield english
        yield russian

"""A question's vector by the encoder → how far each passage stands out for it, beside what words and the table say.

Cosines of such models differ little, and by the question: what counts is by how many standard deviations a passage is
above what is usual for it. They also grow where question and passage are in one alphabet, whatever they say: what is
usual is a line over the share of Latin letters.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from index.embed.encoder import Asked, Encoder
from index.embed.protocol import Vectors
from index.engine.encoded import who_encoded
from index.search.meaning import EXACT_PASSAGES, runs
from index.search.scope import Rows, Scope
from index.text.language import latin_share

Floats = NDArray[np.float32]

_SAMPLE = 1_000  # passages that tell what is usual, where not all are looked at
_RESEMBLANCE = 0.1  # a cosine further above or below what is usual says no more
# Log-odds that no lecture answers it: below the first they say nothing (36 in 1,000 questions of lectures lie above),
# so much above it no more: a course on buses is asked about buses.
_OUTSIDE_FROM, _OUTSIDE_MOST = 1.0, 2.5
# Log-odds that lectures answer it, and how near the ten nearest passages are: from nothing to all that they can say.
# Chosen on one half of the questions of docs/encoder.md, confirmed on the other.
_WITHIN_FROM, _WITHIN_MOST = 1.0, 3.0
_NEAREST, _NEAR_FROM, _NEAR_MOST = 10, 0.22, 0.32
_LEAST_SPREAD = 1e-4  # of cosines that differ, and of shares of Latin letters
# By most models a question in other letters is hardly understood on passages in Latin ones: there they say nothing
# (docs/encoder.md).
_OTHER_LETTERS, _LATIN = 0.5, 0.7


_WITHOUT = "searched without it"


def is_of_encoder(reason: str) -> bool:
    """Whether a reason why a search is degraded is that the second opinion is missing: the rest of it is whole."""
    return reason.startswith("the encoder ")


def stays_so(reason: str) -> bool:
    """Whether what is missing of a second opinion stays so as long as this generation is served."""
    return is_of_encoder(reason) and reason.endswith(_WITHOUT)


def ask_encoder(scope: Scope, encoder: Encoder | None, text: str) -> tuple[Asked | None, str]:
    """(the encoder, asked; why it is not, if that is degraded). Only where it has read all that is searched: else
    passages that it has not read would stand behind the others for that alone. None without a reason for languages that
    it does not read."""
    if encoder is None or not scope.shards:
        return None, ""
    shards = [scope.generation.shards[number] for number in scope.shards]
    if encoder.reads and not all(encoder.reads.issuperset(own.manifest.languages) for own in shards):
        return None, ""
    unread = sum(len(own.passages) > 0 and who_encoded(own.manifest.encoder) != encoder.fingerprint for own in shards)
    if unread:
        return None, f"the encoder has not read {unread} of {len(shards)} courses yet: {_WITHOUT}"
    return encoder.ask(text), ""


class Opinion:
    """What the encoder says of the passages of a scope, which is waited for when it is first needed. Where it does not
    answer nothing stands out.

    It reads a question in a thread of its own, for longer than most of a search takes: it is asked as soon as anything
    is known of what is meant, and once more where that turns out to be something else.
    """

    def __init__(self, scope: Scope, text: str, encoder: Encoder | None) -> None:
        """`text` is the question as it was typed."""
        self._scope, self._encoder = scope, encoder
        self._asked: Asked | None = None
        self._asked_of: str | None = None
        self.unread = ""  # why it is not asked, if that is degraded
        self._understood = latin_share(text) >= _OTHER_LETTERS or (encoder is not None and encoder.across_alphabets)

    def ask(self, meant: str) -> None:
        """Ask it of a text instead of another one; go on meanwhile."""
        if meant != self._asked_of:
            if self._asked is not None:
                self._asked.future.cancel()
            self._asked_of = meant
            self._asked, self.unread = ask_encoder(self._scope, self._encoder, meant)

    @property
    def is_given(self) -> bool:
        """Whether it has answered."""
        return self._query is not None

    @property
    def problem(self) -> str:
        """Why it has not, though it was asked."""
        return self._answer[1]

    @property
    def _query(self) -> Vectors | None:
        return self._answer[0]

    @cached_property
    def _answer(self) -> tuple[Vectors | None, str]:
        return self._asked.answer() if self._asked else (None, "")

    def nearest(self, count: int) -> Rows:
        """Ascending rows of the `count` passages that stand out most; none over many passages, where only what words
        and the table found is judged."""
        scope = self._scope
        if self._query is None or scope.last - scope.first > EXACT_PASSAGES:
            return np.zeros(0, np.int64)
        rows = self._sample
        if len(rows) <= count:
            return rows
        return np.sort(rows[np.argpartition(-self._of_sample, count)[:count]])

    def at(self, rows: Rows) -> Floats:
        """(n,) by how many standard deviations each of these ascending rows stands out; 0 if it does not."""
        if self._query is None or not len(rows):
            return np.zeros(len(rows), np.float32)
        scope = self._scope
        if scope.last - scope.first > EXACT_PASSAGES:
            return self._above(*self._look(rows))
        return self._of_sample[np.searchsorted(self._sample, rows)]

    def cosines(self, rows: Rows) -> Floats:
        """(n,) how near each of these ascending rows is to the question; none where the encoder does not say."""
        return np.zeros(0, np.float32) if self._query is None else self._look(rows)[0]

    def resemblance(self, cosines: Floats) -> float | None:
        """How much nearer the nearest of some passages is (`cosines`) than what is neither alike nor unlike, at most .1
        either way; None where the encoder does not say."""
        usual = self._asked.encoder.usual if self._asked is not None else None
        if usual is None or not len(cosines):
            return None
        nearest = float(cosines.max())
        return max(-_RESEMBLANCE, min(_RESEMBLANCE, nearest - usual))

    @property
    def outside(self) -> float:
        """How surely no lecture of any subject answers the question, 0 to 2.5; 0 where the encoder does not say."""
        return min(_OUTSIDE_MOST, max(0.0, self._odds_outside - _OUTSIDE_FROM))

    def fitting(self, cosines: Floats) -> float:
        """How surely the question is of the kind that lectures answer, and several passages are near to it (`cosines`),
        0 to 1; 0 where the encoder does not say."""
        within = _share(-self._odds_outside, _WITHIN_FROM, _WITHIN_MOST)
        if not within or not len(cosines):
            return 0.0
        nearest = np.sort(cosines)[-_NEAREST:]
        return within * _share(float(nearest.mean()), _NEAR_FROM, _NEAR_MOST)

    @cached_property
    def _odds_outside(self) -> float:
        tells = self._asked.encoder.outside if self._asked is not None else None
        return tells.odds(self._query) if tells is not None and self._query is not None else 0.0

    @cached_property
    def _sample(self) -> Rows:
        """Ascending rows that may be found: all of few, some of many."""
        scope = self._scope
        size = scope.last - scope.first
        if size > EXACT_PASSAGES:
            return np.unique(np.linspace(scope.first, scope.last - 1, _SAMPLE).astype(np.int64))
        return scope.first + (np.arange(size) if scope.mask is None else np.flatnonzero(scope.mask))

    @cached_property
    def _of_sample(self) -> Floats:
        """By how much each row of the sample stands out."""
        return self._above(*self._looked_at)

    @cached_property
    def _looked_at(self) -> tuple[Floats, Floats]:
        return self._look(self._sample)

    @cached_property
    def _usual(self) -> tuple[float, float, float]:
        """(cosine of what has no Latin letters, by how much more of those raise it, standard deviation around that)."""
        cosines, latin = self._looked_at
        mean = latin.mean()
        spread = float(((latin - mean) ** 2).mean())
        slope = float(((latin - mean) * cosines).mean()) / spread if spread > _LEAST_SPREAD else 0.0
        level = float(cosines.mean() - slope * mean)
        return level, slope, max(float((cosines - level - slope * latin).std()), _LEAST_SPREAD)

    def _above(self, cosines: Floats, latin: Floats) -> Floats:
        """By how many standard deviations what has these cosines and shares of Latin letters stands out, at least 0."""
        level, slope, spread = self._usual
        above = (cosines - level - slope * latin) / spread
        if not self._understood:
            above[latin > _LATIN] = 0
        found: Floats = np.maximum(above, 0).astype(np.float32)
        return found

    def _look(self, rows: Rows) -> tuple[Floats, Floats]:
        """(cosines of these ascending rows with the question, shares of Latin letters)."""
        cosines, latin = np.zeros(len(rows), np.float32), np.zeros(len(rows), np.float32)
        generation = self._scope.generation
        for shard, first, last in runs(generation.shards_of(rows)):
            encoded = generation.shards[shard].encoded
            # one of which nothing could be read has no vectors as long as the question's
            if self._query is not None and encoded is not None and encoded.vectors.shape[1:] == self._query.shape:
                own = rows[first:last] - generation.starts[shard]
                # all of a shard are looked at where they lie
                here = slice(None) if len(own) == len(encoded.latin) else own
                cosines[first:last] = encoded.vectors[here] @ self._query
                latin[first:last] = encoded.latin[here]
        return cosines, latin


def _share(value: float, start: float, end: float) -> float:
    """How far a value lies on the way from one to another, 0 to 1."""
    return min(1.0, max(0.0, (value - start) / (end - start)))

"""An embedder as a second opinion beside the first: asked within a deadline, in a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as LateError
from dataclasses import dataclass
from threading import Lock
from time import monotonic

import numpy as np

from index.embed.e5 import E5Embedder
from index.embed.models import SentenceTransformerEmbedder, in_a_line
from index.embed.outside import Outside, read_outside
from index.embed.protocol import Embedder, Vectors, passage_views
from index.embed.sentences import SentenceEmbedder
from index.errors import EmbedderError
from index.types import Kept, Kind

_PLAIN = ("Mean", "The mean of some numbers is their sum, divided by how many they are.")
# Of the bundled model: a closest passage with this cosine speaks neither for nor against that it is what was asked. As
# it was measured for courses in the languages that it reads (docs/encoder.md).
_USUAL, _READS = 0.34, frozenset({"en", "ru"})
# Passages that are read in some two seconds: 60 to 100 a second of the bundled model, twenty of e5 (docs/encoder.md).
_LITTLE, _LITTLE_OF_E5 = 128, 32
# By this the vectors of encoders are told from those of embedders, which belong to the shards that list them.
PREFIX = "encoder:"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that the encoder was asked."""

    encoder: Encoder
    future: Future[Vectors]
    until: float

    def answer(self) -> tuple[Vectors | None, str]:
        """(the question's vector or None, why there is none), at the latest when its deadline ends."""
        try:
            return self.future.result(max(0.0, self.until - monotonic())), ""
        except LateError:
            self.future.cancel()  # one that has not begun yet need not hold up the next
            return None, f"the encoder did not answer within {self.encoder.deadline_seconds * 1000:.0f} ms"
        except Exception as error:  # whatever a model raises, the search is answered without it
            return None, f"the encoder failed ({type(error).__name__}: {in_a_line(error)})"


class Encoder:
    """`fingerprint` identifies its vectors, which are of whole passages alone. `across_alphabets` says whether it
    understands a question in other letters than those of a passage. By `usual` a cosine is judged in itself; None:
    cosines say only which passage is nearer. `outside` tells what no lecture answers, where that was learned. Only
    where all courses are in the languages of `reads` is it asked; empty: everywhere. It reads `at_once` passages, and
    is then asked whether to go on; up to `little` of a course it reads before that is published."""

    verb = "encoding"
    kinds = frozenset(Kind)

    def __init__(
        self,
        embedder: Embedder,
        deadline_seconds: float,
        *,
        across_alphabets: bool = False,
        usual: float | None = None,
        outside: Outside | None = None,
        reads: frozenset[str] = frozenset(),
        at_once: int = 16,
        little: int = 0,
    ) -> None:
        self._embedder = embedder
        self.across_alphabets, self.usual, self.outside = across_alphabets, usual, outside
        self.reads, self.at_once, self.little = reads, at_once, little
        self.deadline_seconds = deadline_seconds
        self.fingerprint = PREFIX + embedder.fingerprint
        self._pool: tuple[int, ThreadPoolExecutor] | None = None
        self._lock = Lock()

    def ask(self, text: str) -> Asked:
        """Ask it, and go on meanwhile."""
        return Asked(self, self._threads().submit(self._query, text), monotonic() + self.deadline_seconds)

    def wake(self) -> Future[Vectors]:
        """Have its model loaded in this process; what goes wrong is said where it is asked."""
        return self._threads().submit(self._query, _PLAIN[1])

    def read(self, contents: Sequence[tuple[str, str]]) -> Vectors:
        """(n, d) float32, unit rows: row i is the whole of the passage contents[i], a title and a text."""
        whole = [passage_views(title, text, split=False)[0][1] for title, text in contents]
        return self._checked(self._embedder.embed_passages(whole), (len(whole), self._embedder.dimension))

    def make(self, contents: Sequence[tuple[str, str]]) -> list[Kept]:
        """The vectors as they are kept, little-endian. EmbedderError if it cannot read anything."""
        try:
            return [Kept(vector.tobytes()) for vector in self.read(contents).astype("<f4")]
        except Exception as error:  # whatever a model raises: it may be of one passage
            return self._one_by_one(contents, error)

    def _one_by_one(self, contents: Sequence[tuple[str, str]], error: Exception) -> list[Kept]:
        """What `make` gives where that failed for all together: those on which it fails alone are refused, as long as
        it reads any other, or a plain sentence."""
        made = [self._alone(content) for content in contents]
        if all(own.refused for own in made) and self._alone(_PLAIN).refused:
            raise EmbedderError(
                f"The encoder {self.fingerprint} reads nothing ({type(error).__name__}: {in_a_line(error)}); see "
                "whether it has the memory that it needs, or choose another."
            ) from error
        return made

    def _alone(self, content: tuple[str, str]) -> Kept:
        try:
            return Kept(self.read([content]).astype("<f4").tobytes())
        except Exception as error:
            return Kept(b"", f"the encoder failed ({type(error).__name__}: {in_a_line(error)})")

    def _query(self, text: str) -> Vectors:
        return self._checked(self._embedder.embed_query(text), (self._embedder.dimension,))

    def _checked(self, vectors: Vectors, shape: tuple[int, ...]) -> Vectors:
        if vectors.shape != shape or not np.isfinite(vectors).all():
            raise EmbedderError(f"The encoder {self.fingerprint} gave unusable vectors; choose another.")
        return vectors

    def _threads(self) -> ThreadPoolExecutor:
        """One thread, of this process: those of a process do not live on in one that it forks."""
        with self._lock:
            if self._pool is None or self._pool[0] != os.getpid():
                self._pool = os.getpid(), ThreadPoolExecutor(1, thread_name_prefix="encoder")
            return self._pool[1]


def load_encoder(name: str, deadline_ms: int) -> Encoder | None:
    """The encoder that a setting names: none for an empty one, `builtin`, `e5`, or a sentence-transformers model.
    EmbedderError if it cannot be loaded."""
    if not name:
        return None
    if name == "builtin":
        model = SentenceEmbedder()
        return Encoder(
            model,
            deadline_ms / 1000,
            across_alphabets=True,
            usual=_USUAL,
            outside=read_outside(model.fingerprint),
            reads=_READS,
            at_once=64,
            little=_LITTLE,
        )
    if name == "e5":
        return Encoder(E5Embedder(), deadline_ms / 1000, little=_LITTLE_OF_E5)
    return Encoder(SentenceTransformerEmbedder(name), deadline_ms / 1000)  # how fast it is, nobody knows

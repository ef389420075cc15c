"""Of the ten places nearest in meaning over all courses, how many the search looks at, against looking at every vector.

    python -m benchmarks.recall DATA [--questions N]

An installation of made courses (benchmarks.installation), or any other with the built-in embedder. By kind of question:
what the sketches find alone, and with the passages that the words of the question found.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.made_courses import made_questions
from index.search.lexicon import Lexicon
from index.search.meaning import Meaning
from index.search.query import QueryReader, meaning_of
from index.search.scope import Rows, make_scope
from index.search.search import SearchIndex
from index.search.words import WordScores
from index.types import Filters
from service.opening import open_index

_NEAREST, _CANDIDATES = 10, 200
_KINDS = ("named", "unknown words")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    os.environ["LECTURES_DATA_DIR"] = str(options.data)
    index = open_index()
    courses = range(len(index.generation.shards))
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for question in made_questions(options.questions, courses):
        kind, *shares = measure(index, question)
        found[str(kind)].append((float(shares[0]), float(shares[1]), float(shares[2])))
    sys.stdout.write(f"{index.generation.count} passages of {len(courses)} courses\n")
    for kind in _KINDS:
        rows = np.array(found[kind] or [(np.nan,) * 3])
        cells, both, took = rows.mean(axis=0)
        sys.stdout.write(
            f"{kind:14} {len(found[kind]):4} questions  sketches {cells:.3f}  with words {both:.3f}  {took:.1f} ms\n"
        )


def measure(index: SearchIndex, question: str) -> tuple[str, float, float, float]:
    """(kind, recall of the nearest by sketches, with what the words found, milliseconds)."""
    scope = make_scope(index.generation, Filters())
    phrases = QueryReader(Lexicon(scope)).read(question)
    text = meaning_of(phrases, scope.frequency)
    meaning = Meaning(scope, index.embedder, text)
    started = perf_counter()
    near = meaning.nearest(_CANDIDATES)
    took = (perf_counter() - started) * 1000
    similarities = meaning.at(np.arange(index.generation.count))
    best = np.argsort(-similarities, kind="stable")[:_NEAREST]
    best = best[similarities[best] > 0]
    named = np.union1d(near, WordScores(phrases, scope).best(_CANDIDATES))
    known = all(any(scope.knows(reading) for reading in word.readings) for phrase in phrases for word in phrase.words)
    return _KINDS[0] if known else _KINDS[1], _share(best, near), _share(best, named), took


def _share(wanted: Rows, found: Rows) -> float:
    return float(np.isin(wanted, found).mean()) if len(wanted) else 1.0


if __name__ == "__main__":
    main()

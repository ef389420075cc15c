"""What reading, fusing and judging cost beside plain BM25, and completions: p50 and p95 in one run, and their ratio.

LECTURES_DATA_DIR=… python benchmarks/speed.py GOLD.jsonl [--course SLUG] [--rounds 5]

Plain: the words as typed, scored, sorted, and ten hits read and cut to snippets. Full: the search as it is served. Both
are warm: every question was asked once before.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.opened import open_as_served
from index.search.scope import make_scope
from index.search.search import SearchIndex
from index.search.words import WordScores
from index.text.analysis import terms
from index.text.snippet import make_snippet
from index.types import Filters, Phrase, Query, Reading, Reason, Word
from service.evaluation import percentile, read_gold


def plain(index: SearchIndex, query: str, course: str | None) -> None:
    """BM25 alone, with everything that a hit needs."""
    generation = index.generation
    words = dict.fromkeys(terms(query))
    phrases = [Phrase((Word(t, 1.0, (Reading(((t, 1.0),), 1.0, Reason.TYPED, t),)),)) for t in words]
    scores = WordScores(phrases, make_scope(generation, Filters(course=course)))
    best = np.sort(scores.best(10))
    best = best[np.argsort(-scores.at(best).scores, kind="stable")]
    weights = dict.fromkeys(words, 1.0)
    for passage in generation.passages(best.tolist()):
        make_snippet(passage.text, 0, weights)


def timed(call: Callable[[str], object], texts: Sequence[str], rounds: int) -> list[float]:
    """Milliseconds of each call."""
    for text in texts:
        call(text)
    times = []
    for _ in range(rounds):
        for text in texts:
            started = perf_counter()
            call(text)
            times.append((perf_counter() - started) * 1000)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--course")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    index = open_as_served()
    queries = [question.query for question in read_gold(options.gold)]
    prefixes = [query[:length] for query in queries for length in (3, 5, 9, 14) if len(query) > length]
    filters = Filters(course=options.course)
    runs = {
        "plain BM25": timed(lambda q: plain(index, q, options.course), queries, options.rounds),
        "full search": timed(lambda q: index.find(Query(q, filters)).hits(), queries, options.rounds),
        "suggest": timed(lambda p: index.suggest(p, 8, filters) if p.strip() else None, prefixes, options.rounds),
    }
    base = percentile(runs["plain BM25"], 0.5)
    for name, times in runs.items():
        p50 = percentile(times, 0.5)
        print(
            f"{name:12} p50 {p50:6.2f} ms   p95 {percentile(times, 0.95):6.2f} ms   max {max(times):6.2f} ms   "
            f"{p50 - base:+6.2f} ms   {p50 / base:5.1f} times"
        )


if __name__ == "__main__":
    main()

"""What coverage is said of answerable and of off-topic questions, and the fit behind it.

LECTURES_DATA_DIR=… python benchmarks/coverage.py --answerable GOLD … [--off-topic GOLD …] [--course SLUG] [--fit]

Off-topic questions of our own lie in benchmarks/offtopic.txt. --fit prints the coefficients that a logistic regression
gives on these questions, beside those in use (index/search/coverage.py): both kinds weigh the same, a small ridge holds
them.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from index.embed.models import load_embedder
from index.library import Library, open_served
from index.search import coverage, search
from index.search.coverage import Evidence
from index.search.search import SearchIndex
from index.types import Coverage, Filters, Query
from service.evaluation import read_gold
from service.settings import read_settings

_OWN = Path(__file__).with_name("offtopic.txt")
_RIDGE = 0.3


def ask(index: SearchIndex, query: str, course: str | None) -> tuple[Evidence | None, Coverage]:
    """The evidence and the coverage of one question."""
    seen: list[Evidence | None] = []

    def judge(evidence: Evidence | None) -> Coverage:
        seen.append(evidence)
        return coverage.judge_coverage(evidence)

    with patch.object(search, "judge_coverage", judge):
        found = index.find(Query(query, Filters(course=course)))
    return seen[0], found.coverage


def report(name: str, index: SearchIndex, queries: Iterable[tuple[str, str]], course: str | None) -> list[Evidence]:
    """Print a line for each kind of questions; the evidence of all."""
    by_kind: dict[str, Counter[Coverage]] = {}
    gathered = []
    for kind, query in queries:
        evidence, said = ask(index, query, course)
        by_kind.setdefault(kind, Counter())[said] += 1
        if evidence is not None:
            gathered.append(evidence)
    for kind, counts in by_kind.items():
        total = sum(counts.values())
        shares = "  ".join(f"{said.value} {counts[said] / total:.2f}" for said in Coverage)
        print(f"{name:14} {kind:14} {total:4}   {shares}")
    return gathered


def fit(answerable: Sequence[Evidence], off_topic: Sequence[Evidence]) -> NDArray[np.float64]:
    """(6,) coefficients of said, meant, near, subject, title and the constant: Newton's method."""
    rows = [*answerable, *off_topic]
    signs = np.array([(e.said, e.meant, e.near, e.subject, e.title) for e in rows])
    spread = signs.std(axis=0) + 1e-9
    matrix = np.column_stack([signs / spread, np.ones(len(rows))])
    wanted = np.array([1.0] * len(answerable) + [0.0] * len(off_topic))
    weights = np.where(wanted == 1, 1 / len(answerable), 1 / len(off_topic)) * len(rows) / 2
    ridge = _RIDGE * np.diag([1.0] * 5 + [0.0])
    found = np.zeros(6)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-matrix @ found))
        slope = matrix.T @ (weights * (chance - wanted)) + ridge @ found
        curve = (matrix.T * (weights * chance * (1 - chance))) @ matrix + ridge
        found -= np.linalg.solve(curve, slope)
    result: NDArray[np.float64] = found / np.append(spread, 1.0)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--course")
    parser.add_argument("--answerable", type=Path, nargs="+", required=True)
    parser.add_argument("--off-topic", type=Path, nargs="*", default=[])
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder(settings.embedder)
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    library.close()
    answerable: list[Evidence] = []
    for path in options.answerable:
        questions = [(path.stem[:14], q.query) for q in read_gold(path)]
        answerable += report("answerable", index, questions, options.course)
    off_topic: list[Evidence] = []
    for path in options.off_topic:
        off_topic += report("off topic", index, [(q.kind, q.query) for q in read_gold(path)], options.course)
    own = [line for line in _OWN.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    off_topic += report("off topic", index, [("our own", query) for query in own], options.course)
    if options.fit:
        names = ("said", "meant", "near", "subject", "title", "constant")
        in_use = (*coverage._WEIGHTS, coverage._CONSTANT)
        for name, value, used in zip(names, fit(answerable, off_topic), in_use, strict=True):
            print(f"{name:10} {value:7.2f}   in use {used:7.2f}")


if __name__ == "__main__":
    main()

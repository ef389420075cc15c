"""What coverage is said of answerable and of off-topic questions, by course and kind: none of them was fitted on.

LECTURES_DATA_DIR=… python benchmarks/coverage.py --course SLUG [--answerable GOLD …] [--off-topic GOLD …]

Beside the judged questions that are given it asks benchmarks/offtopic.txt, and names of things that the course's texts
do not have: those of training/coverage_negatives.tsv and the bundled glossary that training/coverage.py holds back.
The coefficients are printed by `python -m training.coverage`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from benchmarks.opened import open_as_served, warn_of
from index.search.search import SearchIndex
from index.types import Coverage, Filters, Mode, Query
from service.evaluation import read_gold
from training.coverage import Said, passages_of, unknown_terms

_OWN = Path(__file__).with_name("offtopic.txt")


def report(name: str, index: SearchIndex, queries: Iterable[tuple[str, str]], course: str, mode: Mode) -> None:
    """Print a line for each kind of questions."""
    by_kind: dict[str, Counter[Coverage]] = {}
    for kind, query in queries:
        found = index.find(Query(query, Filters(course=course), mode))
        warn_of(found.degraded)
        by_kind.setdefault(kind, Counter())[found.coverage] += 1
    for kind, counts in by_kind.items():
        total = sum(counts.values())
        shares = "  ".join(f"{said.value} {counts[said] / total:.2f}" for said in Coverage)
        print(f"{course:20} {name:11} {kind:14} {total:4}   {shares}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--course", required=True)
    parser.add_argument("--answerable", type=Path, nargs="*", default=[])
    parser.add_argument("--off-topic", type=Path, nargs="*", default=[])
    parser.add_argument("--mode", type=Mode, default=Mode.HYBRID)
    options = parser.parse_args()
    index = open_as_served()
    course, mode = options.course, options.mode
    for path in options.answerable:
        report("answerable", index, [(path.stem[:14], q.query) for q in read_gold(path)], course, mode)
    for path in options.off_topic:
        report("off topic", index, [(q.kind, q.query) for q in read_gold(path)], course, mode)
    own = [line for line in _OWN.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    languages = [("our own, ru" if any("а" <= c <= "я" for c in line.lower()) else "our own, en", line) for line in own]
    report("off topic", index, languages, course, mode)
    said = Said(passages_of(index.generation, course))
    absent = [(example.kind, example.query) for example in unknown_terms(course, said, held_back=True)]
    report("off topic", index, absent, course, mode)


if __name__ == "__main__":
    main()

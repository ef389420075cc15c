"""Words, vectors and both on judged questions: nDCG@10 by kind, a row for each.

LECTURES_DATA_DIR=… python benchmarks/ranking.py GOLD.jsonl [--course SLUG]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from index.embed import load_embedder
from index.library import Library, open_served
from index.search import SearchIndex
from index.types import Filters, Mode, Results
from service.evaluation import evaluate, read_gold, summarise
from service.settings import read_settings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", type=Path)
    parser.add_argument("--course")
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder(settings.embedder)
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    questions = read_gold(options.gold)
    filters = Filters(course=options.course)
    for mode in Mode:

        def search(query: str, limit: int, mode: Mode = mode) -> Results:
            return index.search(query, filters=filters, mode=mode, limit=limit)

        rows = summarise(evaluate(questions, search))
        if mode is Mode.HYBRID:
            print(f"{'':10}" + "".join(f"{row.kind[:12]:>13}" for row in rows))
        print(f"{mode.value:10}" + "".join(f"{row.ndcg:13.3f}" for row in rows))


if __name__ == "__main__":
    main()

"""Judged questions → how well the table finds alone (cosines only) and within the full search, by kind.

Asks the index that LECTURES_DATA_DIR holds: ingest the judged course first, with the table that is to be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.embed.models import load_embedder
from index.engine.passages import KINDS
from index.library import Library
from index.search.search import SearchIndex, clean_query
from index.served import open_served
from index.store.catalogue import courses_of_places
from index.types import Coverage, Filters, Hit, Kind, Snippet
from service.evaluation import evaluate, judged_places, read_gold, search_of, summarise
from service.settings import read_settings


def evaluate_files(gold: Sequence[Path], *, full: bool) -> None:
    """Print a row for each file, method and kind."""
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder("builtin")
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    for path in gold:
        questions = read_gold(path)
        with library.database.reading() as connection:
            held = courses_of_places(connection, *judged_places(questions))
        course = held.pop() if len(held) == 1 else None

        def alone(query: str, limit: int, course: str | None = course) -> tuple[Sequence[Hit], Coverage]:
            return by_cosine(index, query, limit, course), Coverage.ABSENT

        whole = search_of(index.find, Filters(course=course))
        for name, search in (("alone", alone), ("full", whole)) if full else (("alone", alone),):
            for row in summarise(evaluate(questions, search)):
                print(
                    f"{path.stem:18} {name:6} {row.kind:14} "
                    f"nDCG@10 {row.ndcg:.3f}  MRR {row.mrr:.3f}  hit@5 {row.hit5:.3f}"
                )
    library.close()


def by_cosine(index: SearchIndex, query: str, limit: int, course: str | None) -> tuple[Hit, ...]:
    """The slides and minutes of a course by nothing but the similarity of their vectors to the query as typed."""
    shard = index.generation.shard(course) if course else None
    if index.embedder is None or shard is None or shard.vectors is None:
        raise ValueError("Ingest the course that the questions were judged on, with LECTURES_EMBEDDER=builtin.")
    material = (shard.passages.kinds != KINDS.index(Kind.PROGRAMME)) & ~shard.passages.notes
    rows = np.flatnonzero(material)
    vector = index.embedder.with_adaptation(shard.adaptation).embed_query(clean_query(query))
    scores = shard.vectors.similarities(vector, rows)
    best = np.argsort(-scores, kind="stable")[:limit]
    return tuple(
        Hit(shard.passages[row], float(score), Snippet("", ()))
        for row, score in zip(rows[best].tolist(), scores[best], strict=True)
    )

"""Judged questions → how well the table finds alone (cosines only) and within the full search, by kind.

Asks the index that LECTURES_DATA_DIR holds: ingest the judged course first, with the table that is to be measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from index.embed.models import load_embedder
from index.library import Library, open_served
from index.search.search import SearchIndex, clean_query
from index.store.catalogue import courses_of_places
from index.types import Coverage, Filters, Hit, Kind, Mode, Results, Snippet
from service.evaluation import evaluate, judged_places, read_gold, summarise
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

        def alone(query: str, limit: int, course: str | None = course) -> Results:
            return by_cosine(index, query, limit, course)

        def whole(query: str, limit: int, course: str | None = course) -> Results:
            return index.search(query, filters=Filters(course=course), limit=limit)

        for name, search in (("alone", alone), ("full", whole)) if full else (("alone", alone),):
            for row in summarise(evaluate(questions, search)):
                print(
                    f"{path.stem:18} {name:6} {row.kind:14} "
                    f"nDCG@10 {row.ndcg:.3f}  MRR {row.mrr:.3f}  hit@5 {row.hit5:.3f}"
                )
    library.close()


def by_cosine(index: SearchIndex, query: str, limit: int, course: str | None) -> Results:
    """The slides and minutes of a course by nothing but the similarity of their vectors to the query as typed."""
    generation = index.generation
    embedder = index.embedders[generation.courses.index(course)] if course else None
    if embedder is None or generation.vectors is None:
        raise ValueError("Ingest the course that the questions were judged on, with LECTURES_EMBEDDER=builtin.")
    material = (generation.kind_of != generation.kind_number(Kind.PROGRAMME)) & ~generation.notes
    rows = np.flatnonzero(material & (generation.course_of == generation.courses.index(course)))
    scores = generation.vectors.similarities(embedder.embed_query(clean_query(query)), rows)
    best = np.argsort(-scores, kind="stable")[:limit]
    hits = tuple(
        Hit(passage, float(score), Snippet("", ()))
        for passage, score in zip(generation.passages(rows[best].tolist()), scores[best], strict=True)
    )
    return Results(query, (), Coverage.ABSENT, Mode.SEMANTIC, (), index.number, len(hits), hits)

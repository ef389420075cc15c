"""Our BM25F arrays beside tantivy on the same analysed passages: nDCG@10 and time of the lexical step alone.

LECTURES_DATA_DIR=… python benchmarks/lexical_engines.py GOLD.jsonl      needs `pip install tantivy`
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import tantivy

from index.embed.models import load_embedder
from index.engine.generation import Generation
from index.library import Library
from index.search.scope import make_scope
from index.search.words import WordScores
from index.served import open_served
from index.text.analysis import terms
from index.types import Coverage, Filters, Hit, Phrase, Reading, Reason, Snippet, Word
from service.evaluation import evaluate, percentile, read_gold, summarise
from service.settings import read_settings

_FIELDS = ("title", "body", "context")
_BOOSTS = {"title": 3.0, "body": 1.0, "context": 0.15}
Rank = Callable[[str, int], list[int]]


def ours(generation: Generation) -> Rank:
    def rank(query: str, limit: int) -> list[int]:
        scores = WordScores(_as_typed(query), make_scope(generation, Filters()))
        best = np.sort(scores.best(limit))
        return [int(row) for row in best[np.argsort(-scores.at(best).scores, kind="stable")]]

    return rank


def _as_typed(query: str) -> list[Phrase]:
    """Each term of a query as a word of its own, read in no other way."""
    return [
        Phrase((Word(term, 1.0, (Reading(((term, 1.0),), 1.0, Reason.TYPED, term),)),))
        for term in dict.fromkeys(terms(query))
    ]


def theirs(generation: Generation) -> Rank:
    """Each field is scored by BM25 on its own, and the boosted scores are summed: the library has no BM25F."""
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True)
    for field in _FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace")
    schema = builder.build()
    index = tantivy.Index(schema)
    writer = index.writer(heap_size=50_000_000, num_threads=1)
    for row in range(generation.count):
        passage = generation.passages([row])[0]
        body = passage.text.removeprefix(passage.title)
        texts = (passage.title, body, f"{passage.lecture_title} {passage.section}")
        document = {field: " ".join(terms(text)) for field, text in zip(_FIELDS, texts, strict=True)}
        writer.add_document(tantivy.Document(row=row, **document))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def rank(query: str, limit: int) -> list[int]:
        clauses = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, term), _BOOSTS[field]),
            )
            for term in dict.fromkeys(terms(query))
            for field in _FIELDS
        ]
        found = searcher.search(tantivy.Query.boolean_query(clauses), limit)
        return [int(searcher.doc(address)["row"][0]) for _, address in found.hits]

    return rank


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("gold", type=Path)
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    generation, _ = open_served(library, load_embedder(settings.embedder))
    questions = read_gold(options.gold)
    for name, rank in (("ours", ours(generation)), ("tantivy", theirs(generation))):

        def search(query: str, limit: int, rank: Rank = rank) -> tuple[list[Hit], Coverage]:
            passages = generation.passages(rank(query, limit))
            return [Hit(passage, 0.0, Snippet("", ())) for passage in passages], Coverage.EXPLAINED

        row = summarise(evaluate(questions, search))[-1]
        times = []
        for _ in range(20):
            for question in questions:
                started = perf_counter()
                rank(question.query, 200)
                times.append((perf_counter() - started) * 1000)
        figures = {"ndcg": round(row.ndcg, 3), "hit5": round(row.hit5, 3), "p50_ms": round(percentile(times, 0.5), 3)}
        print(json.dumps({"engine": name, **figures}))


if __name__ == "__main__":
    main()

"""What each step of the search gains: nDCG@10 (or MRR and hit@5 of videos) by kind, a row for each step switched on.

LECTURES_DATA_DIR=… python benchmarks/ranking.py GOLD.jsonl … [--course SLUG]

The last row but one has the encoder as well, unless LECTURES_ENCODER is empty; the courses must have been read by it.
The course of a gold file is the one that holds its judged places, as for `lectures eval`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

from benchmarks.opened import PATIENCE_MS
from index.embed.encoder import Encoder, load_encoder
from index.embed.models import load_embedder
from index.engine.dictionary import Dictionary, load_dictionary
from index.library import Library
from index.search import ranking, windows
from index.search.lexicon import Lexicon
from index.search.rewrite import Rewriter
from index.search.search import SearchIndex
from index.served import open_served
from index.store.catalogue import courses_of_places
from index.types import Filters, Kind, Mode
from service.evaluation import Row, evaluate, judged_places, read_gold, search_of, summarise
from service.settings import listed, read_settings

Change = Callable[[], Any]
PACKS, ENCODER = "+ packs (all)", "+ encoder"


def without(method: str) -> Change:
    """The search without the terms of one of the glossaries."""
    return lambda: patch.object(Lexicon, method, lambda _lexicon, _stems: [])


def constant(name: str, value: object, module: ModuleType = ranking) -> Change:
    """A constant of the ranking with another value."""
    return lambda: patch.object(module, name, value)


def literal() -> Any:
    """Every word as it was typed."""
    return patch.multiple(Rewriter, relayout=lambda *_: None, candidates=lambda *_, **__: [], together=lambda *_: [])


def steps(encoder: Encoder | None = None) -> list[tuple[str, Mode, list[Change]]]:
    """(name, mode, what is switched off still): every row has one step more than the row above it."""
    off: list[tuple[str, list[Change]]] = [
        ("+ rewriting", [literal]),
        ("+ glossary of the course", [without("own_terms")]),
        ("+ bundled glossary", [without("general_terms")]),
        ("+ kinds of passages", [constant("_KIND_FACTOR", dict.fromkeys(Kind, 1.0)), constant("_NOTES_FACTOR", 1.0)]),
        ("+ lists count less", [constant("_OUTLINE_FACTOR", 1.0)]),
        ("+ neighbours", [constant("_CONTEXT_SHARE", dict.fromkeys(Kind, 0.0))]),
        ("+ minutes near better ones", [constant("_NEAR_SHARE", 1.0)]),
        ("+ titles named whole", [constant("_TITLE_SHARES", dict.fromkeys(Mode, 0.0))]),
        ("+ minutes around", [constant("_WINDOW_SHARE", 0.0, windows), constant("_LATER_SHARE", 1.0)]),
    ]
    plain = [change for _, changes in off for change in changes]
    rows: list[tuple[str, Mode, list[Change]]] = [("words as typed", Mode.LEXICAL, plain)]
    for number, (name, _) in enumerate(off):
        rows.append((name, Mode.LEXICAL, [change for _, changes in off[number + 1 :] for change in changes]))
    even = [
        constant("_MEANING", {Kind.PAGE: 0.3, Kind.SEGMENT: 0.1, Kind.PROGRAMME: 0.3}),
        constant("_MEANING_LOOSE", 0.0),
    ]
    return [
        *rows,
        ("+ vectors", Mode.HYBRID, even),
        ("+ more of them in doubt", Mode.HYBRID, []),
        (PACKS, Mode.HYBRID, []),
        *([(ENCODER, Mode.HYBRID, list[Change]())] if encoder else []),
        ("vectors alone", Mode.SEMANTIC, []),
    ]


@contextmanager
def changed(
    index: SearchIndex, changes: Sequence[Change], dictionary: Dictionary | None, encoder: Encoder | None = None
) -> Iterator[SearchIndex]:
    """A search with these changes."""
    with ExitStack() as stack:
        for change in changes:
            stack.enter_context(change())
        yield SearchIndex(index.generation, index.embedder, dictionary=dictionary, encoder=encoder)


def figures(rows: Sequence[Row], *, video: bool) -> str:
    """A line of the table."""
    if video:
        return "".join(f"{row.mrr:7.3f}/{row.hit5:.2f}" for row in rows)
    return "".join(f"{row.ndcg:12.3f}" for row in rows) + f"{rows[-1].hit5:12.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("gold", type=Path, nargs="+")
    parser.add_argument("--course")
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder(settings.embedder)
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    dictionary = load_dictionary(listed(settings.packs))
    encoder = load_encoder(settings.encoder, PATIENCE_MS)
    for path in options.gold:
        questions = read_gold(path)
        decks, videos = judged_places(questions)
        with library.database.reading() as connection:
            held = courses_of_places(connection, decks, videos)
        filters = Filters(course=options.course or (held.pop() if len(held) == 1 else None))
        for number, (name, mode, changes) in enumerate(steps(encoder)):
            described = dictionary if name in (PACKS, ENCODER) else None
            with changed(index, changes, described, encoder if name == ENCODER else None) as changed_index:
                rows = summarise(evaluate(questions, search_of(changed_index.find, filters, mode)))
            if number == 0:
                print(
                    f"\n{path.stem} of {filters.course}: " + ("MRR/hit@5" if videos else "nDCG@10, last column hit@5")
                )
                print(
                    f"{'':26}" + "".join(f"{row.kind[:11]:>12}" for row in rows) + ("" if videos else f"{'hit@5':>12}")
                )
            print(f"{name:26}{figures(rows, video=bool(videos))}")
    library.close()


if __name__ == "__main__":
    main()

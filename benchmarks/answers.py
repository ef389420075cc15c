"""How often an answer cites a page that was judged relevant, and how often an off-topic question gets no answer.

LECTURES_DATA_DIR=… python benchmarks/answers.py --course SLUG --exam GOLD.jsonl … [--off-topic GOLD.jsonl …]

No language model: the extractive answer. Also its time from question to first byte, as p50 and p95.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from time import perf_counter

from index.embed.models import load_embedder
from index.library import Library, open_served
from index.search.search import SearchIndex
from index.types import Filters
from service.answers.answering import last_answer, stream_answer
from service.answers.types import Answer
from service.evaluation import holds, percentile, read_gold
from service.settings import read_settings


def answer_of(index: SearchIndex, question: str, filters: Filters) -> Answer:
    """The extractive answer to a question."""
    return last_answer(stream_answer(index, index.find, question, filters=filters))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--course")
    parser.add_argument("--exam", type=Path, nargs="+", required=True)
    parser.add_argument("--off-topic", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder(settings.embedder)
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    index.warm_up()
    library.close()
    filters = Filters(course=options.course)
    times: list[float] = []
    for path in options.exam:
        counts: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for question in read_gold(path):
            started = perf_counter()
            answer = answer_of(index, question.query, filters)
            times.append((perf_counter() - started) * 1000)
            cited = any(holds(item, citation.hit) for citation in answer.citations for item in question.relevant)
            counts[question.kind].append((cited, bool(answer.sentences)))
        for kind, found in counts.items():
            cited_share = sum(cited for cited, _ in found) / len(found)
            answered = sum(answered for _, answered in found) / len(found)
            print(f"{path.stem:18} {kind:14} {len(found):3}  cites relevant {cited_share:.2f}  answered {answered:.2f}")
    for path in options.off_topic:
        silent: dict[str, list[bool]] = defaultdict(list)
        for question in read_gold(path):
            silent[question.kind].append(not answer_of(index, question.query, filters).sentences)
        for kind, quiet in silent.items():
            print(f"{path.stem:18} {kind:14} {len(quiet):3}  no answer {sum(quiet) / len(quiet):.2f}")
    print(f"extractive answer p50 {percentile(times, 0.5):.1f} ms, p95 {percentile(times, 0.95):.1f} ms (in process)")


if __name__ == "__main__":
    main()

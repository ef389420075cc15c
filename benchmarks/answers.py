"""How often an answer cites a page that was judged relevant, and how often an off-topic question gets no answer.

LECTURES_DATA_DIR=… python benchmarks/answers.py --course SLUG [--exam GOLD.jsonl …] [--off-topic GOLD.jsonl …]
    [--facts FACTS.jsonl …] [--show]

A line of a facts file is {"query", "kind", "facts": [regular expressions]}: its quotes hold them if they match each.
A question without facts must get no quote. benchmarks/example_answers.jsonl asks of the example course. --show prints
the answers, for reading.

No language model: the extractive answer. Also its time from question to first byte, as p50 and p95.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from pathlib import Path
from time import perf_counter

from benchmarks.opened import open_as_served, warn_of
from index.search.search import SearchIndex
from index.types import Filters
from service.answers.answering import last_answer, stream_answer
from service.answers.types import Answer
from service.evaluation import holds, percentile, read_gold


def answer_of(index: SearchIndex, question: str, filters: Filters) -> Answer:
    """The extractive answer to a question."""
    answer = last_answer(stream_answer(index, index.find, question, filters=filters))
    warn_of(answer.degraded)
    return answer


def report_facts(index: SearchIndex, path: Path, filters: Filters, *, show: bool) -> list[float]:
    """Print by kind how often quotes hold the facts, and the first quote alone; the milliseconds of each answer."""
    counts: dict[str, list[tuple[bool, bool, bool]]] = defaultdict(list)
    times: list[float] = []
    for line in path.read_text("utf-8").splitlines():
        asked = json.loads(line)
        started = perf_counter()
        answer = answer_of(index, asked["query"], filters)
        times.append((perf_counter() - started) * 1000)
        quotes = [citation.quote for citation in answer.citations]
        whole, first = (_hold(asked["facts"], " ".join(some)) for some in (quotes, quotes[:1]))
        counts[asked["kind"]].append((whole, first, bool(quotes)))
        if show:
            print(f"{'+' if whole else '-'} {asked['query']} [{answer.outcome.value}] {answer.note}")
            for citation in answer.citations:
                print(f"    {citation.number} ({citation.hit.passage.title}) {' '.join(citation.quote.split())}")
    everything = [found for kind, own in counts.items() if kind != "none" for found in own]
    for kind, found in [*counts.items(), ("all but none", everything)]:
        shares = [sum(values) / len(found) for values in zip(*found, strict=True)]
        print(
            f"{path.stem:18} {kind:14} {len(found):3}  facts {shares[0]:.2f}  in the first quote {shares[1]:.2f}  "
            f"quoted {shares[2]:.2f}"
        )
    return times


def _hold(facts: list[str], text: str) -> bool:
    return bool(text) and all(re.search(fact, text, re.IGNORECASE) for fact in facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--course")
    parser.add_argument("--exam", type=Path, nargs="*", default=[])
    parser.add_argument("--facts", type=Path, nargs="*", default=[])
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--off-topic", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    index = open_as_served()
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
    for path in options.facts:
        times += report_facts(index, path, filters, show=options.show)
    print(f"extractive answer p50 {percentile(times, 0.5):.1f} ms, p95 {percentile(times, 0.95):.1f} ms (in process)")


if __name__ == "__main__":
    main()

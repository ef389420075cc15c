"""Questions → milliseconds of each search in this process, with nothing around it.

    python -m benchmarks.timed_search QUESTIONS.json COURSE --rounds 3

QUESTIONS.json is an object: the questions of each run by its name, such as `one.hybrid` (over COURSE) or `all.lexical`.
Its questions are asked in rounds, between those of the other runs, so that what else the machine does meets all alike;
the first tenth of a round warms up and is not counted. The environment names the installation. Prints one JSON object:
of each run the quickest of its rounds, and with how much of its mean time which stage took.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.installation import Search, open_search
from benchmarks.processes import peak_mb, quickest
from benchmarks.stages import measured
from service.evaluation import percentile


def timed(search: Search, questions: list[str], course: str | None, mode: str) -> dict[str, Any]:
    """Milliseconds, and processor time of all threads."""
    warm = max(1, len(questions) // 10)
    for question in questions[:warm]:
        search(question, course, mode)
    times, cpu = [], process_time()
    with measured() as stages:
        for question in questions[warm:]:
            started = perf_counter()
            search(question, course, mode)
            times.append((perf_counter() - started) * 1000)
    took = {stage: 1000 * seconds / len(times) for stage, seconds in stages.seconds.items() if seconds}
    took["other"] = sum(times) / len(times) - sum(took.values())
    shares = {name: percentile(times, share) for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))}
    return {**shares, "cpu": 1000 * (process_time() - cpu) / len(times), "stages": took}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("questions", type=Path)
    parser.add_argument("course")
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    questions = json.loads(options.questions.read_text("utf-8"))
    started = perf_counter()
    search = open_search()
    opened = {"seconds": perf_counter() - started}
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in questions}
    for turn in range(options.rounds):
        for name, asked in questions.items():
            scope, _, mode = name.partition(".")
            course = options.course if scope == "one" else None
            rounds[name].append(timed(search, asked[turn :: options.rounds], course, mode))
    found = {name: quickest(times, "p50") for name, times in rounds.items()}
    sys.stdout.write(json.dumps({"open": opened | {"peak_mb": peak_mb()}, "runs": found}) + "\n")


if __name__ == "__main__":
    main()

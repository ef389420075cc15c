"""Installations of made courses of several sizes → unit costs: one JSON file for the simulator, and tables.

    python -m benchmarks.installation DATA COURSES 2304          for each size, once
    python -m benchmarks.scaling.costs DATA [DATA …] --json benchmarks/scaling/costs.json
    python -m benchmarks.scaling.costs --show benchmarks/scaling/costs.json

Each installation is measured in a child of its own (`measure.py`), and then as a service, with one to three processes.
Sizes that the file holds and that are not measured now stay in it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import quote

from benchmarks import service_runs
from benchmarks.made_courses import made_questions
from benchmarks.processes import report_of, shared_out_mb, tree_of
from benchmarks.scaling.tables import table
from benchmarks.scaling.unit_costs import Costs, read_costs, rounded

_HTTP_QUESTIONS, _HTTP_RUNS = 30, 3
_SEARCHES_OF_WORKER = 150


def measure_service(data: Path, courses: int) -> dict[str, Any]:
    """Milliseconds of the processor for a request over HTTP; memory of the first process and of a further one."""
    middle = f"&course=made-{courses // 2:04d}"
    count = (_HTTP_RUNS + 2) * _HTTP_QUESTIONS
    asked = {
        "one": [f"/api/search?q={quote(q)}{middle}" for q in made_questions(count, [courses // 2])],
        "all": [f"/api/search?q={quote(q)}" for q in made_questions(count, range(courses))],
    }
    found: dict[str, Any] = {}
    with service_runs.running(data) as service:
        found["ready_seconds"] = service.ready_seconds
        for name, paths in asked.items():
            first, *turns = [paths[turn :: _HTTP_RUNS + 2] for turn in range(_HTTP_RUNS + 1)]
            service_runs.load(service, first, 1)  # the first ones load what all need
            found[name] = min(service_runs.load(service, own, 1)["cpu"] for own in turns)
        found["livez"] = min(service_runs.load(service, ["/livez"] * 500, 1)["cpu"] for _ in range(_HTTP_RUNS))
        found |= _answers(service.port, asked["all"][:_HTTP_QUESTIONS])
    two, three = (_memory_mb(data, courses, workers) for workers in (2, 3))
    found["further_mb"] = three - two
    found["process_mb"] = two - found["further_mb"]  # with what minds them all
    return found


def _memory_mb(data: Path, courses: int, workers: int) -> float:
    """Of all processes of a service that has answered some searches, mapped files left out."""
    with service_runs.running(data, workers) as service:
        questions = made_questions(_SEARCHES_OF_WORKER * workers, range(courses))
        service_runs.load(service, [f"/api/search?q={quote(question)}" for question in questions], 8)
        return sum(map(shared_out_mb, tree_of(service.pid)))


def _answers(port: int, paths: list[str]) -> dict[str, float]:
    """Bytes of an answer of ten hits, and milliseconds to read it, which is what merging costs for each node."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    bodies = []
    for path in paths:
        connection.request("GET", path)
        bodies.append(connection.getresponse().read())
    connection.close()
    started = process_time()
    for body in bodies:
        sorted(json.loads(body)["hits"], key=lambda hit: float(hit["score"]))
    return {
        "answer_bytes": statistics.mean(map(len, bodies)),
        "merge_ms": 1000 * (process_time() - started) / len(bodies),
    }


def least(runs: Sequence[Any], *, most: bool = False) -> Any:
    """Of several runs over the same questions the least of each number: what else a machine does only ever adds."""
    first = runs[0]
    if isinstance(first, dict):
        return {name: least([run[name] for run in runs], most=name == "hash_bytes_per_second") for name in first}
    if isinstance(first, list):
        return [least(own) for own in zip(*runs, strict=True)]
    return (max if most else min)(runs)


def measure_all(folders: list[Path], questions: int, runs: int) -> dict[str, Any]:
    sizes = []
    for folder in folders:
        tried = [report_of("scaling.measure", ["--questions", questions], folder) for _ in range(runs)]
        found = least(tried)
        # how one question differs from time to time is no longer seen in the least of several times
        found["noise"] = min((run["noise"] for run in tried), key=statistics.pstdev)
        found["service"] = measure_service(folder, found["shards"])
        sizes.append(found)
        sys.stderr.write(f"{folder}: measured\n")
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load": os.getloadavg()[0],
        "processor": _processor(),
    }
    return {"machine": machine, "sizes": sizes}


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def show(costs: Costs) -> str:
    """The tables of docs/scaling.md."""
    sizes = costs.sizes
    heads = ["", *(f"{size.passages:,}" for size in sizes)]
    largest = sizes[-1]
    groups = sorted(largest.shard_bytes, key=lambda name: -largest.shard_bytes[name])
    by_passage = [
        *([name, *(f"{size.shard_bytes[name] / size.passages:,.0f}" for size in sizes)] for name in groups),
        ["a shard in all", *(f"{size.mapped_bytes / size.passages:,.0f}" for size in sizes)],
        ["database", *(f"{size.database_bytes / size.passages:,.0f}" for size in sizes)],
        ["manifest, by shard", *(f"{size.manifest_bytes / size.shards:,.0f}" for size in sizes)],
    ]
    memory = [
        ["not mapped, opened and warm, MB", *(f"{size.heap_mb:,.0f}" for size in sizes)],
        [
            "a service after some hundred searches: the first process, MB",
            *(f"{size.process_mb:,.0f}" for size in sizes),
        ],
        ["each further process, MB", *(f"{size.further_mb:,.0f}" for size in sizes)],
        ["a new generation, nothing of it changed, s", *(f"{size.swap_seconds:.2f}" for size in sizes)],
        ["opened and verified, from memory, s", *(f"{size.open_seconds:.1f}" for size in sizes)],
    ]
    times: list[list[str]] = []
    for name, of in (("over one course", "one"), ("over all", "all")):
        for share, percent in ((0.5, "p50"), (0.95, "p95"), (0.99, "p99")):
            times.append([f"{name}, {percent}", *(f"{size.quantile(of, share):.1f}" for size in sizes)])
    for name, words in STEPS.items():
        times.append([words, *(f"{size.steps_ms[name]:.2f}" if name in size.steps_ms else "–" for size in sizes)])
    others = [
        ["a request over HTTP beside its search, ms", *(f"{size.http_ms:.2f}" for size in sizes)],
        ["`/livez`, ms", *(f"{size.livez_ms:.2f}" for size in sizes)],
        ["reading an answer of ten hits, ms", *(f"{size.merge_ms:.2f}" for size in sizes)],
        ["an answer of ten hits, bytes", *(f"{size.answer_bytes:,.0f}" for size in sizes)],
        ["places of the files that a search over one course reads", *(f"{size.touched_one:,.0f}" for size in sizes)],
        ["the same over all", *(f"{size.touched_all:,.0f}" for size in sizes)],
        ["taking a course up, ms by passage", *(f"{size.building_ms['taken']:.2f}" for size in sizes)],
        ["of that its vectors", *(f"{size.building_ms['embedded']:.2f}" for size in sizes)],
        ["its shard anew from rows and stored vectors", *(f"{size.building_ms['rebuilt']:.2f}" for size in sizes)],
        ["verifying, GB/s", *(f"{size.hash_bytes_per_second / 1e9:.2f}" for size in sizes)],
    ]
    return "\n\n".join(
        [
            table(["bytes by passage", *heads[1:]], by_passage),
            table(["memory, and what a publication costs", *heads[1:]], memory),
            table(["ms of the processor", *heads[1:]], times),
            table(["what else", *heads[1:]], others),
        ]
    )


# What the steps of a search over all are called in the tables.
STEPS = {
    "read": "of that: reading the query, words like its own",
    "counted": "how many passages hold its words",
    "words": "the passages that hold them",
    "near": "the nearest in meaning",
    "scan": "of that the scan of sketches",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="*")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("costs.json"))
    parser.add_argument("--show", type=Path, help="only the tables of what was measured before")
    options = parser.parse_args()
    if not options.data and not options.show:
        parser.error("name installations to measure, or a file with --show")
    if options.data:
        # as `lectures serve` has it: requests run in threads already
        os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        found = measure_all([folder.absolute() for folder in options.data], options.questions, options.runs)
        known = json.loads(options.json.read_text("utf-8"))["sizes"] if options.json.exists() else []
        measured = {size["passages"] for size in found["sizes"]}
        found["sizes"] += [size for size in known if size["passages"] not in measured]
        found["sizes"].sort(key=lambda size: size["passages"])
        options.json.write_text(json.dumps(rounded(found), separators=(",", ":")) + "\n", "utf-8")
    sys.stdout.write(show(read_costs(options.show or options.json)) + "\n")


if __name__ == "__main__":
    main()

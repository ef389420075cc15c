"""How fast and how large: ingest, search, HTTP, start and memory at one size → one table, and JSON.

    make bench SIZE=1000                                      1000, 100000 or 1000000 passages
    python -m benchmarks.bench --existing DATA --questions GOLD.jsonl --course SLUG

Made courses (made_courses.py) of at most 2,304 passages are published once into a folder that is kept. Each figure is
taken in a process of its own that does nothing else, and the quickest of several runs counts, since what else a machine
does only ever adds (`load` says how many programs wanted the processor at the start: it should be near 0). Questions
are asked for the first time, unless they come from a file. A cold disk is not measured: files lie in the page cache. An
existing installation is only read: the measurements that ingest into it are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks import service_runs
from benchmarks.made_courses import made_course, made_questions, write_folder
from benchmarks.processes import lectures, quickest, report_of
from service.evaluation import read_gold

_LARGEST_COURSE = 2_304  # the course that every measurement of this project ingests
_PDF_COURSE = 2  # is in English, so that its PDFs need no font
_WORKERS = 2
_SEARCHES = tuple(f"{scope}.{mode}" for scope in ("one", "all") for mode in ("hybrid", "lexical", "semantic"))
PARTS = ("ingest", "search", "http", "start")

# What each figure is; the table shows it in these words, JSON under its name.
FIGURES = {
    "ingest.pdf.stages": "course of PDFs, by stage",
    "ingest.pdf.speed": "text of the same PDFs",
    "ingest.pdf.ratio": "as a ratio to pdfium alone",
    "ingest.first": "course as the first",
    "ingest.among": "the same course into all others",
    "ingest.ratio": "among all others ÷ first",
    "ingest.unchanged": "`lectures ingest` again, unchanged",
    "ingest.remove": "`lectures remove` among all others",
    **{f"search.{name}": f"search over {name.replace('.', ', ')}" for name in _SEARCHES},
    **{f"search.{scope}.stages": f"over {scope}, hybrid, mean by stage" for scope in ("one", "all")},
    "search.open": "opening the index",
    "search.ratio": "one course, among all ÷ alone",
    "http.livez": "/livez, 1 client",
    "http.generator": "the load generator itself",
    "http.one.1": "search over one, 1 client",
    "http.all.1": "search over all, 1 client",
    "http.one.8": "search over one, 8 clients",
    "http.all.8": "search over all, 8 clients",
    "http.workers.one.8": f"over one, 8 clients, {_WORKERS} workers",
    "http.workers.all.8": f"over all, 8 clients, {_WORKERS} workers",
    "start.ready": "`lectures serve` until ready",
    "start.help": "`lectures --help`",
    "memory.process": "memory of one process",
    "memory.worker": "memory that a worker shares with nobody",
}


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    unit: str
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class Bench:
    """`courses` made ones of `passages` each in `data`, or one that exists (0 courses)."""

    data: Path
    courses: int
    passages: int
    course: str
    questions: tuple[str, ...]
    runs: int
    asked: int
    pdfs: Path | None

    def some_questions(self, count: int, scope: str) -> list[str]:
        """Of the course that is searched alone, or of all."""
        if self.questions:
            return [self.questions[i % len(self.questions)] for i in range(count)]
        return made_questions(count, [0] if scope == "one" else range(self.courses))


# --- ingest ----------------------------------------------------------------------------------------------


def measure_ingest(bench: Bench, scratch: Path) -> list[Figure]:
    return [*_pdf_figures(bench, scratch), *(_course_figures(bench, scratch) if bench.courses else [])]


def _pdf_figures(bench: Bench, scratch: Path) -> list[Figure]:
    folder = bench.pdfs or write_folder(_PDF_COURSE, min(bench.passages, 600), scratch / "pdf", decks=True)
    texts = [report_of("timed_ingest", [folder, "--text"], scratch) for _ in range(bench.runs)]
    whole = [report_of("timed_ingest", [folder], scratch / f"pdf-{run}") for run in range(bench.runs)]
    chosen = quickest(whole, "seconds")
    alone, text = (max(found[f"{name}_pages_per_second"] for found in texts) for name in ("pdfium", "text"))
    return [
        Figure("ingest.pdf.stages", "s", {"whole": chosen["seconds"], **chosen["stages"]}),
        Figure("ingest.pdf.speed", "pages/s", {"pdfium": alone, "text": text}),
        Figure("ingest.pdf.ratio", "", {"text": text / alone, "whole": chosen["pages"] / chosen["seconds"] / alone}),
    ]


def _course_figures(bench: Bench, scratch: Path) -> list[Figure]:
    """The same course into nothing and into all others, and out again."""
    number = bench.courses  # the first that is not among them
    folder = write_folder(number, bench.passages, scratch / "course")
    slug = made_course(number, 1)[0].slug
    first, among, unchanged, embedded, removed = [], [], [], 0, []
    for run in range(bench.runs):
        first.append(report_of("timed_ingest", [folder], scratch / f"first-{run}"))
        among.append(report_of("timed_ingest", [folder], bench.data))
        took, said = lectures(["ingest", str(folder), "--course", slug, "--json"], bench.data)
        unchanged.append(took)
        embedded += json.loads(said)["embedded"]
        removed.append(lectures(["remove", slug], bench.data)[0])
    keys = ("seconds", "cpu_seconds", "peak_mb")
    figures = {
        name: {key: quickest(found, "seconds")[key] for key in keys}
        for name, found in (("first", first), ("among", among))
    }
    ratio = {key: figures["among"][key] / figures["first"][key] for key in figures["first"]}
    return [
        *(Figure(f"ingest.{name}", "s, MB", values) for name, values in figures.items()),
        Figure("ingest.ratio", "", {"seconds": ratio["seconds"], "peak": ratio["peak_mb"]}),
        Figure("ingest.unchanged", "s", {"seconds": min(unchanged), "embedded": embedded}),
        Figure("ingest.remove", "s", {"seconds": min(removed)}),
    ]


# --- search ----------------------------------------------------------------------------------------------


def measure_search(bench: Bench, scratch: Path) -> list[Figure]:
    found = _timed_search(bench, scratch, bench.data, _SEARCHES)
    stages = {name: values.pop("stages") for name, values in found["runs"].items()}
    figures = [Figure(f"search.{name}", "ms", values) for name, values in found["runs"].items()]
    figures += [Figure(f"search.{scope}.stages", "ms", stages[f"{scope}.hybrid"]) for scope in ("one", "all")]
    figures.append(Figure("search.open", "s, MB", found["open"]))
    if bench.courses:
        lone = scratch / "alone"
        report_of("installation", [lone, 1, bench.passages], lone)
        # in turns, so that what else the machine does meets both alike
        pairs = [
            [_timed_search(bench, scratch, data, ["one.hybrid"])["runs"]["one.hybrid"] for data in (lone, bench.data)]
            for _ in range(bench.runs)
        ]
        alone, among = (min(pair[i]["p50"] for pair in pairs) for i in (0, 1))
        figures.append(Figure("search.ratio", "", {"p50": among / alone, "alone": alone, "among": among}))
    return figures


def _timed_search(bench: Bench, scratch: Path, data: Path, names: Sequence[str]) -> dict[str, Any]:
    count = len(names) * bench.asked * bench.runs
    asked = {scope: bench.some_questions(count, scope) for scope in ("one", "all")}
    runs = {name: asked[name.partition(".")[0]][turn :: len(names)] for turn, name in enumerate(names)}
    file = scratch / "questions.json"
    file.write_text(json.dumps(runs), "utf-8")
    return report_of("timed_search", [file, bench.course, "--rounds", bench.runs], data)


# --- over HTTP, start, memory ----------------------------------------------------------------------------


def measure_http(bench: Bench, _scratch: Path) -> list[Figure]:
    """Times, cost, and the memory that is held after all these searches."""
    with service_runs.running(bench.data) as service:
        livez = service_runs.load(service, ["/livez"] * 20 * bench.asked, 1)
        found = _loads(service, bench, (1, 8))
        held = service_runs.memory(service)
    return [
        Figure("http.livez", "ms", _picked(livez)),
        Figure("http.generator", "ms of CPU/request", {"cpu": livez["own_cpu_ms"]}),
        *(Figure(f"http.{name}", "ms", _picked(values)) for name, values in found.items()),
        *(_worker_figures(bench) if service_runs.knows_workers() else []),
        Figure("memory.process", "MB", held),
    ]


def _worker_figures(bench: Bench) -> list[Figure]:
    with service_runs.running(bench.data, _WORKERS) as service:
        found = _loads(service, bench, (8,))
        own = service_runs.workers_memory(service, _WORKERS)
    return [
        *(
            Figure(f"http.workers.{name}", "ms", _picked(load) | {"busiest": load["busiest_share"]})
            for name, load in found.items()
        ),
        Figure("memory.worker", "MB", {"least": min(own), "most": max(own)}),
    ]


def _loads(service: service_runs.Service, bench: Bench, clients: Sequence[int]) -> dict[str, dict[str, float]]:
    """Of each `scope.clients` the quickest of several runs, each run with questions of its own, in turns."""
    found: dict[str, list[dict[str, float]]] = {}
    turns = 1 + bench.runs * len(clients)
    for turn in range(turns):
        for scope, course in (("one", f"&course={quote(bench.course)}"), ("all", "")):
            asked = bench.some_questions(turns * bench.asked, scope)[turn::turns]
            paths = [f"/api/search?q={quote(question)}{course}" for question in asked]
            if turn == 0:  # the others are not the first that this process answers
                service_runs.load(service, paths[: max(16, bench.asked // 3)], 8)
            else:
                number = clients[(turn - 1) % len(clients)]
                found.setdefault(f"{scope}.{number}", []).append(service_runs.load(service, paths, number))
    return {name: quickest(runs, "p50") for name, runs in found.items()}


def _picked(load: dict[str, float]) -> dict[str, float]:
    picked = {name: load[name] for name in ("p50", "p95", "p99", "cpu")}
    return picked | {"per_second": load["requests"] / load["seconds"]}


def measure_start(bench: Bench, _scratch: Path) -> list[Figure]:
    ready = []
    for _ in range(bench.runs):
        with service_runs.running(bench.data) as service:
            ready.append(service.ready_seconds)
    helped = [lectures(["--help"], bench.data)[0] for _ in range(bench.runs)]
    return [
        Figure("start.ready", "s", {"seconds": min(ready)}),
        Figure("start.help", "s", {"seconds": min(helped)}),
    ]


# --- the whole -------------------------------------------------------------------------------------------


def show(figure: Figure) -> None:
    values = "  ".join(f"{key.replace('_', ' ')} {_number(value)}" for key, value in figure.values.items())
    sys.stdout.write(f"{figure.name.partition('.')[0]:7} {FIGURES[figure.name]:36} {values}  {figure.unit}\n")
    sys.stdout.flush()


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def prepare(options: argparse.Namespace) -> Bench:
    """The installation that is measured; made now as far as it is not there."""
    runs, asked = (1, 10) if options.quick else (3, 300)
    if options.existing:
        questions = tuple(question.query for question in read_gold(options.questions))
        return Bench(options.existing, 0, _LARGEST_COURSE, options.course, questions, runs, asked, options.pdfs)
    courses = max(2, round(options.passages / _LARGEST_COURSE))
    passages = min(_LARGEST_COURSE, max(1, options.passages // courses))
    report_of("installation", [options.data, courses, passages], options.data)
    return Bench(options.data, courses, passages, made_course(0, 1)[0].slug, (), runs, asked, options.pdfs)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--passages", type=int, default=1_000, help="how many in all")
    parser.add_argument("--data", type=Path, help="where the installation is kept; default: a folder for this run")
    parser.add_argument("--pdfs", type=Path, help="a course folder whose PDFs are ingested by stage, not made ones")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}, by comma")
    parser.add_argument("--quick", action="store_true", help="one run and few questions: whether it works at all")
    parser.add_argument("--existing", type=Path, help="measure this installation instead of a made one")
    parser.add_argument("--questions", type=Path, help="with --existing: a gold file")
    parser.add_argument("--course", help="with --existing: the course that is searched alone")
    options = parser.parse_args()
    if options.existing and not (options.questions and options.course):
        parser.error("--existing needs --questions and --course")
    if set(options.only.split(",")) - set(PARTS):
        parser.error(f"--only knows {', '.join(PARTS)}")
    return options


def main() -> None:
    options = read_options()
    measures = {"ingest": measure_ingest, "search": measure_search, "http": measure_http, "start": measure_start}
    found: list[Figure] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a server that was started is stopped on the way out
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        options.data = (options.data or scratch / "data").absolute()
        bench = prepare(options)
        size = {"courses": bench.courses, "passages": bench.courses * bench.passages}
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]}
        sys.stdout.write(f"{json.dumps(machine | size)}\n")
        for part in options.only.split(","):
            figures = measures[part](bench, scratch)
            for figure in figures:
                show(figure)
            found += figures
    if options.json:
        content = {figure.name: {"unit": figure.unit, **figure.values} for figure in found}
        options.json.write_text(json.dumps({"machine": machine, "size": size, "figures": content}, indent=1), "utf-8")


if __name__ == "__main__":
    main()

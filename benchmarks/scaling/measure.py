"""An installation of made courses → what it costs: bytes and milliseconds, measured in this process.

    python -m benchmarks.scaling.measure --questions 200

The environment names the installation. Times are processor time of the thread that works: other programs on the same
machine lengthen what the clock says, and that hardly. Prints one JSON object; `costs.py` starts this in a child.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import mmap
import os
import resource
import shutil
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, process_time, thread_time
from typing import Any

from benchmarks.installation import install
from benchmarks.made_courses import made_course, made_questions
from benchmarks.processes import anonymous_mb
from index.engine.generation import open_generation
from index.engine.manifest import DATA, generation_file, shard_folder
from index.engine.shard import open_shard
from index.library import Library
from index.plan import embed_missing, plan_course
from index.publish import reindex
from index.search.lexicon import Lexicon
from index.search.meaning import Meaning
from index.search.query import QueryReader, meaning_of
from index.search.scope import make_scope
from index.search.search import SearchIndex
from index.search.words import WordScores
from index.types import Filters, Query
from service.opening import open_index, open_library

_REPEATED, _ASKED_AGAIN = 20, 5  # questions, and how often each
_LOOKED_AFTER = 30  # questions whose places in the files are counted
_DONTNEED = 4  # of madvise(2): the next read of these bytes goes to the page cache or the disk again
# Arrays of a shard by what they are for; all others are small.
_GROUPS = {
    "passages.records": "records",
    "passages.records.starts": "records",
    "vectors.faiss": "vectors",
    "vectors.sketches": "sketches",
}
_BY_START = {"postings": "postings", "terms": "postings", "words": "words", "sounds": "words"}


def bytes_by_group(path: Path) -> Counter[str]:
    """Bytes of the arrays of a shard's file, from its header."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    found: Counter[str] = Counter()
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            found[_GROUPS.get(name) or _BY_START.get(name.partition(".")[0], "other")] += last - first
    return found


def measure_bytes(library: Library, index: SearchIndex) -> dict[str, Any]:
    """Bytes of the shards by group, of the manifest, and of the database."""
    groups: Counter[str] = Counter()
    for shard in index.generation.shards:
        groups += bytes_by_group(shard_folder(library.index_root, shard.name) / DATA)
    database = library.data_dir / "lectures.db"
    return {
        "shards": dict(groups),
        "manifest": generation_file(library.index_root, index.number).stat().st_size,
        "database": database.stat().st_size if database.exists() else 0,
    }


def measure_search(index: SearchIndex, questions: Sequence[str], course: str | None) -> dict[str, list[float]]:
    """Milliseconds of questions that were not asked before, by the processor's time and by the clock."""
    cpu, clock = [], []
    for question in questions:
        started, began = thread_time(), perf_counter()
        index.find(Query(question, Filters(course=course))).hits()
        cpu.append(1000 * (thread_time() - started))
        clock.append(1000 * (perf_counter() - began))
    return {"cpu": cpu, "clock": clock}


def measure_noise(index: SearchIndex, questions: Sequence[str]) -> list[float]:
    """How one and the same question differs from time to time: each time as a share of its median."""
    found = []
    for question in questions:
        own = [measure_search(index, [question], None)["cpu"][0] for _ in range(_ASKED_AGAIN + 1)][1:]
        found += [took / statistics.median(own) for took in own]
    return found


def measure_steps(index: SearchIndex, questions: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of what a search over all is made of; each question once, and none that was asked before.

    `read`: the query and the words like its own; `counted`: how many passages hold each of its words, by itself;
    `words`: the passages that hold them; `scan`: the nearest sketches; `near`: those and the vectors behind them.
    """
    generation, found = index.generation, dict[str, list[float]]()

    def timed(name: str, step: Callable[[], Any]) -> Any:
        started = thread_time()
        result = step()
        found.setdefault(name, []).append(1000 * (thread_time() - started))
        return result

    for question in questions:
        scope = make_scope(generation, Filters())
        phrases = timed("read", lambda: QueryReader(Lexicon(scope)).read(question))  # noqa: B023  (called at once)
        terms = {t for phrase in phrases for word in phrase.words for r in word.readings for t, _ in r.terms}
        fresh = make_scope(generation, Filters())
        timed("counted", lambda: [fresh.frequency(term) for term in terms])  # noqa: B023
        timed("words", lambda: WordScores(phrases, scope).best(200))  # noqa: B023
        meaning = Meaning(scope, index.embedder, meaning_of(phrases, scope.frequency))
        timed("near", lambda: meaning.nearest(200))  # noqa: B023
        sketches = generation.sketches
        if sketches is not None and index.embedder is not None:
            vector = index.embedder.embed_query_in(question, [None])[0]
            timed("scan", lambda: sketches.nearest(vector, 2_000))  # noqa: B023
    return found


def measure_touched(index: SearchIndex, questions: Sequence[str], course: str | None) -> float:
    """The median number of places of the mapped files that a question reads, once none of them is mapped in.

    A place is what the system maps in at one fault: up to 64 KB around the byte that was asked for.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    found = []
    for question in questions:
        for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
            if "/shards/" in line:
                first, last = (int(place, 16) for place in line.split(maxsplit=1)[0].split("-"))
                libc.madvise(first, last - first, _DONTNEED)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        index.find(Query(question, Filters(course=course))).hits()
        touched = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        # what the search itself takes in memory faults too: the same question again, with everything mapped in
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        index.find(Query(question, Filters(course=course))).hits()
        found.append(touched - (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before))
    return max(0.0, statistics.median(found))


def measure_swap(library: Library, index: SearchIndex) -> float:
    """Seconds of the processor to serve a new generation of which every shard is open already."""
    known = {shard.name: shard for shard in index.generation.shards}
    started = process_time()
    generation = open_generation(library.index_root, index.generation.manifest, known)
    SearchIndex(generation, index.embedder, (), None, index.dictionary).warm_up()
    return process_time() - started


def measure_hashing(library: Library, index: SearchIndex) -> float:
    """Bytes a second of the processor at which a shard is opened and verified: the best of ten shards."""
    rates = []
    for listed in index.generation.manifest.shards[:10]:
        size = (shard_folder(library.index_root, listed.name) / DATA).stat().st_size
        started = thread_time()
        open_shard(library.index_root, listed)
        rates.append(size / (thread_time() - started))
    return max(rates)


def measure_building(index: SearchIndex, number: int, passages: int) -> dict[str, float]:
    """Milliseconds of the processor by passage: taking a course up, its vectors alone, its shard anew from rows."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        library = Library(f"sqlite:///{Path(folder) / 'lectures.db'}", Path(folder))
        other = Library(f"sqlite:///{Path(folder) / 'other.db'}", Path(folder) / "other")
        library.database.migrate()
        other.database.migrate()
        course, made = made_course(number, passages)
        plan = plan_course(other, index.embedder, course.slug, made)

        def rebuild() -> None:
            shutil.rmtree(library.index_root / "shards")  # what is there and whole would be taken as it is
            with library.writer():
                reindex(library, index.embedder)

        steps: dict[str, Callable[[], object]] = {
            "embedded": lambda: embed_missing(other, plan),
            "taken": lambda: install(library, index.embedder, course, made),
            "rebuilt": rebuild,
        }
        for name, step in steps.items():
            started = process_time()
            step()
            found[name] = 1000 * (process_time() - started) / passages
        library.close()
        other.close()
    return found


def measure(questions: int) -> dict[str, Any]:
    """Everything, in an order in which nothing was asked before that is asked for the first time."""
    pid = os.getpid()
    _, library = open_library()
    gc.collect()
    empty = anonymous_mb(pid)
    started, began = process_time(), perf_counter()
    index = open_index()
    opened = {"cpu": process_time() - started, "clock": perf_counter() - began}
    gc.collect()
    generation = index.generation
    heap = anonymous_mb(pid) - empty
    courses, count = len(generation.shards), generation.count
    middle = generation.shards[courses // 2].course
    over_all = made_questions(2 * questions + _REPEATED + _LOOKED_AFTER, range(courses))
    over_one = made_questions(questions + _LOOKED_AFTER, [courses // 2])
    warm = questions // 10
    measure_search(index, over_all[:warm], None)
    measure_search(index, over_one[:warm], middle)
    found = {
        "passages": count,
        "shards": courses,
        "vectors": sum(shard.manifest.vectors for shard in generation.shards),
        "terms": sum(shard.manifest.terms for shard in generation.shards),
        "bytes": measure_bytes(library, index),
        "heap_mb": heap,
        "empty_mb": empty,
        "page_bytes": mmap.PAGESIZE,
        "open_seconds": opened,
        "all": measure_search(index, over_all[warm:questions], None),
        "one": measure_search(index, over_one[warm:questions], middle),
        "steps": measure_steps(index, over_all[questions : 2 * questions]),
        "noise": measure_noise(index, over_all[2 * questions : -_LOOKED_AFTER]),
        "after_mb": anonymous_mb(pid) - empty,
        "touched_all": measure_touched(index, over_all[-_LOOKED_AFTER:], None),
        "touched_one": measure_touched(index, over_one[-_LOOKED_AFTER:], middle),
        "swap_seconds": min(measure_swap(library, index) for _ in range(3)),
        "hash_bytes_per_second": measure_hashing(library, index),
        "building_ms": measure_building(index, courses // 2, count // courses),
    }
    library.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=200)
    options = parser.parse_args()
    sys.stdout.write(json.dumps(measure(options.questions)) + "\n")


if __name__ == "__main__":
    main()

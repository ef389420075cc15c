"""kill -9 at random moments of ingest, change, removal and reindex: nothing is lost, doubled or left over.

    python -m benchmarks.kills [--times 50] [--seed 1]

Two courses of captions in a folder of their own; each round changes, removes or re-indexes one of them in a child that
is killed after a random time. Then what the index holds must be the old or the new state of the rows, whole, and the
same command run to its end must give the new state, with nothing left over. Ends with status 1 if it is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from index.library import Library, find_damage, open_served
from index.store.embeddings import embedded_fingerprints

_ROOT = Path(__file__).resolve().parents[1]
_SLUGS = ("first", "second")
_PAGES = 40


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    faults: list[str] = []
    outcomes = {"killed": 0, "over before": 0}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for slug in _SLUGS:
            _write_course(place / slug, slug, 0)
            _run(place, ["ingest", str(place / slug), "--course", slug])
        usual = _seconds(place)
        for number in range(1, options.times + 1):
            slug = chance.choice(_SLUGS)
            command = _change(place, slug, number, chance)
            killed = _run_and_kill(place, command, chance.uniform(0.05, 1.1) * usual)
            outcomes["killed" if killed else "over before"] += 1
            faults += [
                f"round {number}, {command[0]}, after the kill: {fault}" for fault in _faults(place, strict=False)
            ]
            _run(place, command)
            faults += [
                f"round {number}, {command[0]}, after the rerun: {fault}" for fault in _faults(place, strict=True)
            ]
            if command[0] == "remove":
                _run(place, ["ingest", str(place / slug), "--course", slug])
    print(json.dumps({**outcomes, "faults": faults}, indent=1))
    return 1 if faults else 0


def _write_course(folder: Path, slug: str, version: int) -> None:
    """A course whose every second page is of this version, one page more than in the version before."""
    transcripts = folder / "transcripts"
    transcripts.mkdir(parents=True, exist_ok=True)
    minutes = []
    for page in range(_PAGES + version % 7):
        words = (
            f"{slug} minute {page} of version {version if page % 2 else 0} about gradients and losses, number {page}"
        )
        start = 60 * page
        times = (
            f"{start // 3600:02d}:{start // 60 % 60:02d}:00.000 --> {start // 3600:02d}:{start // 60 % 60:02d}:55.000"
        )
        minutes.append(f"{times}\n{words}.\n")
    (transcripts / f"{slug:0>11}.en.vtt").write_text("WEBVTT\n\n" + "\n".join(minutes), "utf-8")
    (folder / "course.yaml").write_text(
        f"title: {slug}\nlanguage: en\nlectures:\n  - title: Lecture of {slug}\n    programme: version {version}\n"
        f"    videos: [{{youtube: '{slug:0>11}'}}]\n",
        "utf-8",
    )


def _change(place: Path, slug: str, number: int, chance: random.Random) -> list[str]:
    what = chance.choice(["change", "change", "remove", "reindex"])
    if what == "reindex":
        return ["reindex"]
    if what == "remove":
        return ["remove", slug]
    _write_course(place / slug, slug, number)
    return ["ingest", str(place / slug), "--course", slug]


def _environment(place: Path) -> dict[str, str]:
    return {**os.environ, "LECTURES_DATA_DIR": str(place / "data"), "LECTURES_OFFLINE": "true"}


def _seconds(place: Path) -> float:
    started = time.perf_counter()
    _write_course(place / _SLUGS[0], _SLUGS[0], 1)
    _run(place, ["ingest", str(place / _SLUGS[0]), "--course", _SLUGS[0]])
    return time.perf_counter() - started


def _run(place: Path, command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", *command],
        cwd=_ROOT, env=_environment(place), capture_output=True, text=True, check=False,
    )  # fmt: skip
    # a removal that was finished before the kill has nothing left to remove
    if done.returncode and "There is no course" not in done.stderr:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr[-800:]}")


def _run_and_kill(place: Path, command: list[str], seconds: float) -> bool:
    child = subprocess.Popen(
        [sys.executable, "-m", "service.cli", *command],
        cwd=_ROOT, env=_environment(place), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
        child.wait()
        return True
    return False


def _faults(place: Path, *, strict: bool) -> list[str]:
    """What is wrong; with `strict` also what is left over, and a pointer that the next writer would move."""
    from index.embed.models import load_embedder  # noqa: PLC0415

    data = place / "data"
    library = Library(f"sqlite:///{data / 'lectures.db'}", data)
    embedder = load_embedder("builtin")
    try:
        found = find_damage(library, embedder)
        if not strict:
            library.recover()
            found = find_damage(library, embedder)
        generation, degraded = open_served(library, embedder)
        found += degraded
        found += _differences(library, generation)
        if strict:
            found += _leftovers(library, generation)
        return found
    finally:
        library.close()


def _differences(library: Library, generation: Any) -> list[str]:
    """Passages that are only in the rows, only in the index, or twice in one of them."""
    with library.database.reading() as connection:
        rows = sorted(row[0] for row in connection.exec_driver_sql("SELECT id FROM passages"))
    held = sorted(generation.passages([row])[0].id for row in range(generation.count))
    return [] if rows == held == sorted(set(held)) else [f"{len(rows)} rows but {len(held)} passages in the index"]


def _leftovers(library: Library, generation: Any) -> list[str]:
    listed = {shard.name for shard in generation.shards}
    kept = {path.name for path in (library.index_root / "shards").iterdir()}
    with library.database.reading() as connection:
        made = set(embedded_fingerprints(connection))
    wanted = {shard.manifest.fingerprint for shard in generation.shards}
    found = []
    if not listed <= kept or len(kept) > 2 * len(_SLUGS) + 1:
        found.append(f"{len(kept)} shards for {len(listed)} courses")
    if made - wanted:
        found.append(f"vectors of {len(made - wanted)} states that are gone")
    if (library.data_dir / "unfinished").exists() or list(library.index_root.rglob(".building-*")):
        found.append("leftovers of a writer")
    return found


if __name__ == "__main__":
    sys.exit(main())

"""Row 5: changed bytes and truncations in every file of an installation: detected before anything of it is served, or
harmless; and the command that mends gives the same top ten.

A byte of the index or of an original is damaged: `verify` or the search says so, or all is as it was. A byte of the
database is damaged: `verify` says so, or an index that is made anew from it gives the very same answers.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.torture.courses import ingest_arguments, write_shown, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, in_lanes, lanes_for
from benchmarks.torture.zygote import Zygote

_MEND_EVERY = 4  # mending costs as much as four looks
_PROBE = "benchmarks.torture.checks:probe"
# what share of the trials each kind of file gets
_KINDS = ("shard", "shard", "shard manifest", "generation", "pointer", "original", "database", "database")


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    lanes = lanes_for(size)
    parts = in_lanes(lanes, lambda lane: _lane(range(lane, size, lanes), seed, folder / str(lane), progress))
    wrong = [fault for faults, _ in parts for fault in faults]
    ends = sum((ended for _, ended in parts), Counter[str]())
    return Result(size, wrong, ", ".join(f"{count} {how}" for how, count in sorted(ends.items())))


def _lane(numbers: range, seed: int, folder: Path, progress: Progress) -> tuple[list[str], Counter[str]]:
    wrong: list[str] = []
    ends: Counter[str] = Counter()
    with Zygote(folder / "data") as zygote:
        for slug, write in (("shown", write_shown), ("spoken", lambda path, slug: write_spoken(path, slug, 0))):
            zygote.lectures(*ingest_arguments(write(folder / slug, slug), slug))
        # in one file, so that its copy is the whole of it
        zygote.call("benchmarks.torture.checks:checkpoint", str(zygote.data))
        shutil.copytree(zygote.data, folder / "base")
        expected = zygote.call(_PROBE, str(zygote.data))
        for number in numbers:
            chance = random.Random(f"{seed} {number}")
            kind = _KINDS[number % len(_KINDS)]
            what = _damage(zygote.data, kind, chance)
            ended, faults = _look(zygote, kind, expected, folder, mend=number // len(_KINDS) % _MEND_EVERY == 0)
            ends[f"{kind} {ended}"] += 1
            wrong += [f"{what} (trial {number}, seed {seed}): {fault}" for fault in faults]
            progress.add(bool(faults))
            shutil.rmtree(zygote.data)
            shutil.copytree(folder / "base", zygote.data)
    return wrong, ends


def _damage(data: Path, kind: str, chance: random.Random) -> str:
    """Damage one file of this kind; what was done to it."""
    patterns = {
        "shard": "index/shards/*/shard.safetensors",
        "shard manifest": "index/shards/*/manifest.json",
        "generation": "index/gen-*.json",
        "pointer": "index/CURRENT",
        "original": "files/??/*",
        "database": "lectures.db",
    }
    found = sorted(data.glob(patterns[kind]))
    # of generations the newest: nobody reads the other while that is whole
    path = found[-1] if kind == "generation" else chance.choice(found)
    what = damage(path, chance)
    return f"{kind} {path.name}: {what}"


def damage(path: Path, chance: random.Random) -> str:
    """Change, cut or empty a file; what was done."""
    content = bytearray(path.read_bytes())
    how = chance.choice(("byte", "byte", "bytes", "block", "cut", "empty"))
    place = chance.randrange(len(content))
    if how == "byte":
        content[place] ^= chance.randrange(1, 256)
    elif how == "bytes":
        for _ in range(16):
            content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    elif how == "block":
        content[place : place + 512] = bytes(len(content[place : place + 512]))
    else:
        del content[0 if how == "empty" else place :]
    path.write_bytes(content)
    return f"{how} at {place}"


def _look(zygote: Zygote, kind: str, expected: dict[str, Any], folder: Path, *, mend: bool) -> tuple[str, list[str]]:
    """How the damage was met, and what was wrong with that."""
    found = zygote.call(_PROBE, str(zygote.data))
    wrong = list(found["untyped"])
    said = bool(found["verify"])
    if found["top"] != expected["top"] and not found["refused"]:
        wrong.append("other hits were served, and nothing was said")
    if not said and found["refused"]:
        wrong.append(f"verify found nothing, and a search says: {found['refused'][:200]}")
    if kind == "original" and not said:
        wrong.append("verify found nothing")
    if kind == "database" and not said:
        wrong += _made_anew(zygote, expected)
    if said and mend and kind != "database":
        wrong += _mended(zygote, kind, expected, folder)
    return "detected" if said or found["refused"] else "harmless", wrong


def _made_anew(zygote: Zygote, expected: dict[str, Any]) -> list[str]:
    """Whether an index that is made from a database in which nothing was found gives the same answers."""
    ended = zygote.start(["reindex"]).end()
    if "Traceback" in ended.err:
        return [f"reindex ended in an error that is none of ours: {ended.err[-200:]!r}"]
    if ended.code:
        return [f"verify found nothing, and reindex says: {ended.err[:200]!r}"]
    same = zygote.call(_PROBE, str(zygote.data))["top"] == expected["top"]
    return [] if same else ["verify found nothing, and an index that was made anew gives other hits"]


def _mended(zygote: Zygote, kind: str, expected: dict[str, Any], folder: Path) -> list[str]:
    commands = (
        [ingest_arguments(folder / slug, slug) for slug in ("shown", "spoken")] if kind == "original" else [["reindex"]]
    )
    for command in commands:
        ended = zygote.start(command).end()
        if ended.code:
            return [f"mending by {command[0]} ended with {ended.code}: {ended.err[-200:]!r}"]
    found = zygote.call(_PROBE, str(zygote.data))
    if found["verify"] or found["refused"] or found["untyped"]:
        return [f"after {commands[0][0]}: {[*found['verify'], found['refused'], *found['untyped']][:2]}"]
    return [] if found["top"] == expected["top"] else [f"after {commands[0][0]} other hits are served"]

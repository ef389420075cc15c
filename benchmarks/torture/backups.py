"""Row 17: backups while writers write, restored elsewhere: each is one state that was, whole, and verifies."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.zygote import DAMAGE, HELD, Ended, Zygote

_SLUG = "changed"


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` backups and restores, and as many backups that are cut or changed."""
    progress.expect(2 * size)
    wrong: list[str] = []
    chance = random.Random(seed)
    states: list[Any] = []
    stop = threading.Event()
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "other", "other", 0), "other"))
        _write(zygote, folder, 1, states)
        writer = threading.Thread(target=_write_on, args=(zygote, folder, states, stop, wrong), daemon=True)
        writer.start()
        files = []
        for number in range(size):
            files.append(folder / f"{number}.backup")
            ended = zygote.start(["backup", str(files[-1])]).end()
            progress.reach(number + 1, len(wrong))
            if ended.code:
                wrong.append(f"backup {number} ended with {ended.code}: {ended.err[-300:]}")
        stop.set()
        writer.join(60)
        for number, file in enumerate(files):
            faults = _restored(zygote, file, folder / f"restored-{number}", states)
            faults += refused(zygote, file, folder / f"refused-{number}", states, chance)
            wrong += [f"backup {number}: {fault}" for fault in faults]
            progress.reach(size + number + 1, len(wrong))
    return Result(2 * size, wrong, f"{len(states)} states were written meanwhile")


def _write_on(zygote: Zygote, folder: Path, states: list[Any], stop: threading.Event, wrong: list[str]) -> None:
    version = 1
    while not stop.is_set():
        version += 1
        try:
            _write(zygote, folder, version, states)
        except RuntimeError as error:
            wrong.append(str(error))


def _write(zygote: Zygote, folder: Path, version: int, states: list[Any]) -> None:
    write_spoken(folder / _SLUG, _SLUG, version)
    zygote.lectures(*ingest_arguments(folder / _SLUG, _SLUG))
    states.append(zygote.call(HELD, str(zygote.data))["rows"])


def _restored(zygote: Zygote, file: Path, data: Path, states: list[Any]) -> list[str]:
    """What is wrong with what comes out of a backup."""
    ended = _restore(zygote, file, data)
    if ended.code:
        return [f"restoring it ended with {ended.code}: {ended.err[-300:]}"]
    return _no_state(zygote, data, states)


def _restore(zygote: Zygote, file: Path, data: Path) -> Ended:
    return zygote.start(["restore", str(file)], extra={"LECTURES_DATA_DIR": str(data)}).end()


def _no_state(zygote: Zygote, data: Path, states: list[Any]) -> list[str]:
    """What is wrong with what was restored: damage, or that it is no state that ever was."""
    held = zygote.call(HELD, str(data))
    wrong = [*held["wrong"], *zygote.call(DAMAGE, str(data))]
    if held["rows"] not in states or held["served"] != held["rows"]:
        wrong.append("what was restored is no state that ever was")
    return wrong


def refused(zygote: Zygote, file: Path, data: Path, states: list[Any], chance: random.Random) -> list[str]:
    """Whether a backup that is cut or changed is noticed, or what it held comes back all the same."""
    content = bytearray(file.read_bytes())
    place = chance.randrange(len(content))
    if chance.random() < 0.5:
        del content[place:]
    else:
        content[place] ^= chance.randrange(1, 256)
    broken = file.with_suffix(".broken")
    broken.write_bytes(content)
    ended = _restore(zygote, broken, data)
    if "Traceback" in ended.err:
        return [f"changed at {place}: an error that is none of ours: {ended.err[-200:]!r}"]
    found = [] if ended.code else _no_state(zygote, data, states)
    return [f"changed at {place}, and restored: {fault}" for fault in found]

"""Row 18: mixed traffic for so many seconds: searches, pages, pictures, answers, ingests, streams cut off. Nothing
fails, and memory and descriptors stay what they were.
"""

from __future__ import annotations

import random
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from benchmarks.processes import anonymous_mb
from benchmarks.torture.courses import ingest_arguments, write_shown, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import ask_fully, search_path, start_service
from benchmarks.torture.zygote import Zygote

_CLIENTS = 6
_WARM_SHARE = 0.3  # of the time: then memory is looked at for the first time
_GROWTH_MB = 40.0
_GROWTH_FILES = 20
# a seventh of a core: the other rows run beside it, and for half an hour little traffic is much
_ASK_SECONDS = 0.4  # between two requests of a client
_INGEST_SECONDS = 10.0  # between two ingests
_PUT_OFF_SHARE = 0.01  # of the requests, with Retry-After: a row beside may want all of the machine for a moment

_PUT_OFF, _CUT = "put off", "cut by us"
_RIGHT = ("200", _PUT_OFF, _CUT)


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` seconds."""
    wrong: list[str] = []
    answers: Counter[str] = Counter()
    stop = threading.Event()
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_shown(folder / "shown", "shown"), "shown"))
        child, port = start_service(zygote)
        threads = [
            threading.Thread(target=_ask_on, args=(port, random.Random(f"{seed} {number}"), stop, answers), daemon=True)
            for number in range(_CLIENTS)
        ]
        for thread in threads:
            thread.start()
        started, version, first = time.monotonic(), 0, None
        while time.monotonic() - started < size:
            version += 1
            write_spoken(folder / "changed", "changed", version)
            ended = zygote.start(ingest_arguments(folder / "changed", "changed")).end()
            if ended.code:
                wrong.append(f"an ingest ended with {ended.code}: {ended.err[-200:]}")
            if first is None and time.monotonic() - started > _WARM_SHARE * size:
                first = _held(child.pid)
            progress.reach(time.monotonic() - started, len(wrong))
            time.sleep(min(_INGEST_SECONDS, size / 4))
        last = _held(child.pid)
        stop.set()
        for thread in threads:
            thread.join(30)
        child.signal(signal.SIGTERM)
        ended = child.end(30)
    first = first or last
    wrong += _unanswered(answers)
    if last[0] - first[0] > _GROWTH_MB:
        wrong.append(f"the service grew from {first[0]:.0f} to {last[0]:.0f} MB")
    if last[1] - first[1] > _GROWTH_FILES:
        wrong.append(f"the service held {first[1]} descriptors, then {last[1]}")
    if "Traceback" in ended.err:
        wrong.append(f"the service wrote a traceback: {ended.err[-300:]}")
    figure = f"{size} s, {version} ingests, {answers[_PUT_OFF]} put off; "
    figure += f"{first[0]:.0f} → {last[0]:.0f} MB, {first[1]} → {last[1]} descriptors"
    return Result(sum(answers.values()), wrong, figure)


def _unanswered(answers: Counter[str]) -> list[str]:
    """What was answered otherwise than promised."""
    wrong = [f"{count} requests: {what}" for what, count in answers.items() if what not in _RIGHT]
    most = _PUT_OFF_SHARE * sum(answers.values())
    return wrong if answers[_PUT_OFF] <= most else [*wrong, f"{answers[_PUT_OFF]} requests were put off"]


def _held(pid: int) -> tuple[float, int]:
    """(memory in MB, descriptors) of a process."""
    return anonymous_mb(pid), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _ask_on(port: int, chance: random.Random, stop: threading.Event, answers: Counter[str]) -> None:
    while not stop.is_set():
        word = chance.choice(("gradients", "dropout", "losses", "nothing of this", f"number {chance.randrange(12)}"))
        path = chance.choice(
            (
                search_path(word),
                search_path(word, course="shown"),
                f"/?q={word.replace(' ', '+')}",
                f"/api/suggest?q={word[:4]}",
                "/c/shown",
                "/c/shown/d/deck.pdf/1",
                "/api/courses/shown",
                "/api/courses/shown/terms",
                f"/api/decks/1/pages/{chance.randrange(1, 5)}.webp?width=320",
                "answer",
                "cut",
            )
        )
        if path == "cut":
            what = _cut_off(port)
        elif path == "answer":
            what = _ask_one(port, "/api/answers", {"question": f"what is {word}?"})
        else:
            what = _ask_one(port, path)
        answers[what] += 1
        stop.wait(_ASK_SECONDS)


def _ask_one(port: int, path: str, body: object = None) -> str:
    status, headers, said = ask_fully(port, path, body)
    if status == 503 and "retry-after" in headers:
        return _PUT_OFF
    # an address without its mark leads to the one with it
    return "200" if status in (200, 302) else f"{path} was answered {status}: {said[:100]!r}"


def _cut_off(port: int) -> str:
    """Begin to read a stream and go away."""
    body = b'{"question": "what is dropout?", "stream": true}'
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(
            b"POST /api/answers HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        connection.recv(40)
    return _CUT

"""Row 13: SIGTERM under load: what was taken is answered whole, and the service ends in time, also if a client never
sends the rest of its request.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import socket
import threading
import time
from collections import Counter
from pathlib import Path

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import search_path, start_service
from benchmarks.torture.zygote import Zygote

_CLIENTS = 8
_END_SECONDS = 15.0  # ten are given to requests that run


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """The service is told to stop `size` times."""
    chance = random.Random(seed)
    wrong: list[str] = []
    answers: Counter[str] = Counter()
    slowest = 0.0
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "good", "good", 0), "good"))
        for number in range(size):
            child, port = start_service(zygote)
            stop = threading.Event()
            threads = [
                threading.Thread(target=_ask_on, args=(port, stop, answers), daemon=True) for _ in range(_CLIENTS)
            ]
            for thread in threads:
                thread.start()
            half = _half_sent(port) if number % 2 else None
            time.sleep(0.3 + chance.random())
            started = time.monotonic()
            child.signal(signal.SIGTERM)
            ended = child.end(_END_SECONDS)
            slowest = max(slowest, time.monotonic() - started)
            stop.set()
            for thread in threads:
                thread.join(30)
            if half is not None:
                half.close()
            if ended.code not in (0, -signal.SIGTERM):
                after = "with a half-sent body" if half else "under load"
                wrong.append(f"stop {number}, {after}: ended with {ended.code} after {ended.seconds:.0f} s")
            progress.reach(number + 1, len(wrong))
    wrong += [f"{count} requests: {what}" for what, count in answers.items() if what not in ("200", "not taken")]
    figure = f"{answers['200']} answered, {answers['not taken']} not taken any more; the slowest end {slowest:.1f} s"
    return Result(size, wrong, figure)


def _ask_on(port: int, stop: threading.Event, answers: Counter[str]) -> None:
    """Ask on one connection after the other, as a proxy does that opens one for each request."""
    while not stop.is_set():
        what = _ask_once(port)
        answers[what] += 1  # threads of one interpreter: an increment may be lost, a kind of answer may not
        if what == "not taken":
            return


def _ask_once(port: int) -> str:
    """The status; `not taken` if no connection was made; else how the answer was cut."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.connect()
    except OSError:
        return "not taken"
    try:
        connection.request("GET", search_path("gradients"))
        answer = connection.getresponse()
        json.loads(answer.read())
        return str(answer.status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        connection.close()


def _half_sent(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection.sendall(b"POST /api/answers HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{")
    return connection

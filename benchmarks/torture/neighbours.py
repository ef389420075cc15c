"""Row 11: what the service leans on is down, slow, lying or half closed: the model, YouTube, the database, the index.

Searches are answered all the same, each failure is said where it is met, and no request takes longer than its deadline.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import yaml

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import Searching, ask, start_service
from benchmarks.torture.stubs import model_stub, youtube_stub
from benchmarks.torture.zygote import Zygote

_DEADLINE_SECONDS = 4.0  # for the model, by a setting
_GRACE_SECONDS = 6.0  # what a busy machine may add
_MODEL: dict[str, model_stub.Behave] = {
    "is silent": model_stub.hangs,
    "drips": model_stub.drips,
    "is cut off": model_stub.is_cut,
    "talks junk": model_stub.is_junk,
    "does not stop": model_stub.is_huge,
    "says 500": lambda reply: reply.status(500),
    "says 429": lambda reply: reply.status(429),
    "says 200 and nothing": lambda reply: reply.status(200, b""),
    "cites what is not there": model_stub.says("Gradients are bananas [99]. They fly [7]."),
    "leads elsewhere": model_stub.says("See ![x](http://evil.example/p) [1] and http://evil.example [1]."),
}
# what these say is taken, as far as it can be shown to be of the course
_LIARS = ("cites what is not there", "leads elsewhere")
_YOUTUBE = ("429", "captcha", "500", "hang", "cut", "drip")


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:  # noqa: ARG001  (nothing here is left to chance)
    """So many questions to each kind of broken model, and each other neighbour once."""
    wrong: list[str] = []
    tried = 0
    progress.expect(len(_MODEL) * size + len(_YOUTUBE) + len(_BROKEN))
    with Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / "good", "good", 0), "good"))
        for name, behave in _MODEL.items():
            tried += size
            wrong += [f"a model that {name}: {fault}" for fault in _ask_model(zygote, name, behave, size)]
            progress.reach(tried, len(wrong))
        tried += len(_YOUTUBE)
        wrong += _ask_youtube(zygote, folder)
        made = zygote.lectures("keys", "create", "admin", "--json", "--scope", "admin").out
        key = str(json.loads(made)["key"])
        with Searching(zygote, "gradients", clients=2) as searching:
            for name, broken in _BROKEN.items():
                tried += 1
                with broken(zygote.data):
                    wrong += [f"{name}: {fault}" for fault in ask_service(searching.port, key)]
                progress.reach(tried, len(wrong))
        tried += searching.asked
        # what was open goes on; it may say that something is missing
        wrong += [fault for fault in searching.wrong if not fault.startswith("a search was degraded")]
    return Result(tried, wrong, f"{len(_MODEL)} models, {len(_YOUTUBE)} YouTubes, {len(_BROKEN)} stores")


def _ask_model(zygote: Zygote, name: str, behave: model_stub.Behave, size: int) -> Iterator[str]:
    with model_stub.model_server(behave) as (address, seen):
        extra = {"LECTURES_LLM_URL": address, "LECTURES_LLM_MODEL": "stub", "LECTURES_LLM_KEY": "key"}
        extra |= {"LECTURES_LLM_DEADLINE_SECONDS": str(_DEADLINE_SECONDS), "LECTURES_LLM_FIRST_TOKEN_SECONDS": "2"}
        child, port = start_service(zygote, extra)
        for number in range(size):
            started = time.monotonic()
            status, body = ask(
                port, "/api/answers", {"question": f"what do gradients and losses do at minute {number}?"}
            )
            took = time.monotonic() - started
            found = json.loads(body) if status == 200 else {}
            if status != 200:
                yield f"the answer was {status}: {body[:200]!r}"
            elif "evil.example" in json.dumps([sentence["text"] for sentence in found["sentences"]]):
                yield "an address of the model's was passed on"
            elif any(number > len(found["citations"]) for own in found["sentences"] for number in own["citations"]):
                yield "a citation leads nowhere"
            elif name not in _LIARS and (found["mode"] != "extractive" or not found["degraded"]):
                yield f"the answer came as {found['mode']}, degraded {found['degraded']}"
            if took > _DEADLINE_SECONDS + _GRACE_SECONDS:
                yield f"the answer took {took:.1f} s"
        if not seen:
            yield "it was never asked"
        child.end(0)


def _ask_youtube(zygote: Zygote, folder: Path) -> list[str]:
    """A course whose captions YouTube does not give is there all the same, and says what is missing."""
    wrong = []
    for number, answer in enumerate(_YOUTUBE):
        slug = f"video{number}"
        lecture = {"title": "One", "programme": "x", "videos": [{"youtube": "abcdefghijk"}]}
        course = {"title": slug, "language": "en", "lectures": [lecture]}
        (folder / slug).mkdir()
        (folder / slug / "course.yaml").write_text(yaml.safe_dump(course), "utf-8")
        with youtube_stub.youtube_stub() as stub:
            stub.answers["abcdefghijk"] = answer
            extra = {"LECTURES_YOUTUBE_URL": stub.home, "LECTURES_OFFLINE": "false"}
            extra |= {"LECTURES_YOUTUBE_TIMEOUT_SECONDS": "1", "LECTURES_YOUTUBE_PAUSE_SECONDS": "0"}
            ended = zygote.start([*ingest_arguments(folder / slug, slug), "--json"], extra=extra).end(60)
        if ended.code or not json.loads(ended.out)["gaps"]:
            wrong.append(f"YouTube answers {answer!r}: ended with {ended.code}: {(ended.err or ended.out)[-200:]!r}")
        elif ended.seconds > 30:
            wrong.append(f"YouTube answers {answer!r}: took {ended.seconds:.0f} s")
    return wrong


# what may be answered, and within how many seconds
_HEALTH: dict[str, tuple[set[int], float]] = {
    "/livez": ({200}, _GRACE_SECONDS),
    "/readyz": ({200, 503}, _GRACE_SECONDS),
    "/api/courses": ({200, 503}, 20.0),
    "/metrics": ({200}, 20.0),
}
_WRITE_SECONDS = 30.0 + _GRACE_SECONDS  # half a minute is how long the database is waited for
_ORDER = {"source": "https://github.com/owner/course"}  # which no worker takes


def ask_service(port: int, key: str) -> list[str]:
    """What the health checks and a writing request say; none of it may hang or be an error that is none of ours."""
    wrong = []
    for path, (allowed, seconds) in _HEALTH.items():
        wrong += _ask_one(port, path, allowed, seconds)
    return wrong + _ask_one(port, "/api/ingests", {202, 503}, _WRITE_SECONDS, key, _ORDER)


def _ask_one(port: int, path: str, allowed: set[int], seconds: float, key: str = "", body: object = None) -> list[str]:
    started = time.monotonic()
    status, content = ask(port, path, body, key=key, seconds=seconds)
    took = time.monotonic() - started
    wrong = [] if status in allowed else [f"{path} was answered {status}: {content[:200]!r}"]
    return wrong if took <= seconds else [*wrong, f"{path} took {took:.1f} s"]


@contextmanager
def _moved(data: Path, name: str) -> Iterator[None]:
    (data / name).rename(data / f"{name}.away")
    time.sleep(1.5)
    yield
    if (data / name).is_dir():
        shutil.rmtree(data / name)
    (data / f"{name}.away").replace(data / name)
    time.sleep(1)


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    connection = sqlite3.connect(data / "lectures.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(0.5)
    yield
    connection.execute("ROLLBACK")
    connection.close()


_BROKEN: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "another writes for long": _locked,
    "the index is moved away": lambda data: _moved(data, "index"),
    "the originals are moved away": lambda data: _moved(data, "files"),
}

"""Row 16: secrets that can be told apart (keys, the model's key, a proxy's password, what was asked) through every path
and failure: none of them is found in the log, the metrics, the rows, the files, or in an answer to somebody else.
"""

from __future__ import annotations

import json
import random
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import ask_fully, search_path, start_service
from benchmarks.torture.stubs import model_stub
from benchmarks.torture.zygote import Zygote

_COURSE = "told"


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` requests, each with secrets of its own somewhere."""
    chance = random.Random(seed)
    hidden = {name: f"canary{secrets.token_hex(12)}" for name in ("model key", "proxy password", "source password")}
    wrong: list[str] = []
    with model_stub.model_server(_complains) as (model, _), Zygote(folder / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(folder / _COURSE, _COURSE, 0), _COURSE))
        keys = {
            scope: json.loads(zygote.lectures("keys", "create", scope, "--scope", scope, "--json").out)["key"]
            for scope in ("search", "answer", "admin")
        }
        settings = {
            "LECTURES_LLM_URL": model,
            "LECTURES_LLM_MODEL": "stub",
            "LECTURES_LLM_KEY": hidden["model key"],
            "LECTURES_YOUTUBE_PROXY": f"http://user:{hidden['proxy password']}@127.0.0.1:9",
            "LECTURES_API_KEYS_REQUIRED": "true",
            "LECTURES_COUNT_MISSED_SEARCHES": "false",
            "LECTURES_LOG_LEVEL": "debug",
        }
        child, port = start_service(zygote, settings)
        said = _ask_everything(port, keys, hidden, size, chance, progress)
        metrics = ask_fully(port, "/metrics", key=keys["admin"])[2]
        child.end(0)
        log = child.err
        worker = zygote.start(["worker", "--once"], extra={**settings, "LECTURES_OFFLINE": "false"}).end()
        rows = zygote.call("benchmarks.torture.canaries:rows", str(zygote.data))
    places = {
        "the log of the service": log.encode(),
        "the log of the worker": f"{worker.out}{worker.err}".encode(),
        "the metrics": metrics,
        "the rows": rows.encode(),
        "the answers to others": b"\n".join(content for _, content in said["answers"]),
    }
    for name, secret in {**{f"the {scope} key": key for scope, key in keys.items()}, **hidden}.items():
        wrong += [f"{name} is in {place}" for place, content in places.items() if secret.encode() in content]
    for text in said["questions"]:
        for place in ("the log of the service", "the metrics", "the rows"):
            if text.encode() in places[place]:
                wrong.append(f"a question is in {place}: {text}")
    wrong += [f"{path} was answered {status}" for path, status in said["failed"]]
    files = _in_files(folder / "data", [*keys.values(), *hidden.values()])
    figure = f"{size} requests, {len(keys) + len(hidden)} secrets and {len(said['questions'])} questions looked for"
    return Result(size, wrong + files, figure)


def _complains(reply: model_stub.Reply) -> None:
    """A model that tells the key that it was given back in its error."""
    given = reply.handler.headers.get("Authorization", "")
    reply.status(401, json.dumps({"error": {"message": f"bad key {given}", "code": given}}).encode())


def _ask_everything(
    port: int, keys: dict[str, str], hidden: dict[str, str], size: int, chance: random.Random, progress: Progress
) -> Any:
    """Requests of every kind, right and wrong, with secrets in every part of them."""
    questions, answers, failed = [], [], []
    for number in range(size):
        text = f"canary{secrets.token_hex(12)}"
        questions.append(text)
        key = chance.choice([*keys.values(), f"lk_{text}", ""])
        path, body = _request(number, text, hidden)
        status, headers, content = ask_fully(port, path, body, key=key)
        # what was asked is told to who asked; the other secrets are told to nobody
        answers.append((path, content.replace(text.encode(), b"") + json.dumps(headers).encode()))
        if status in (0, 500):
            failed.append((path, status))
        progress.reach(number + 1, len(failed))
    return {"questions": questions, "answers": answers, "failed": failed}


def _request(number: int, text: str, hidden: dict[str, str]) -> tuple[str, Any]:
    asked = {"question": f"what is {text}?"}
    source = f"https://user:{hidden['source password']}@127.0.0.1/course.git"
    choices: list[tuple[str, Any]] = [
        (search_path(f"{text} gradients"), None),
        (search_path(text, course=text), None),
        (f"/?q={text}", None),
        (f"/api/suggest?q={text}", None),
        ("/api/answers", asked),
        ("/api/answers", {**asked, "stream": True}),
        ("/api/answers", {"question": ["a", text], "history": text}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": text}]}),
        ("/v1/chat/completions", {"model": text, "messages": text}),
        ("/api/ingests", {"source": source, "course": "elsewhere"}),
        (f"/api/ingests?key={text}", {"source": 7}),
        (f"/nothing/{text}?q={quote(text)}", None),
        (f"/api/decks/{text}/file.pdf", None),
    ]
    return choices[number % len(choices)]


def _in_files(data: Path, looked_for: list[str]) -> list[str]:
    pattern = re.compile("|".join(looked_for).encode())
    return [
        f"a secret is in the file {path.relative_to(data)}"
        for path in data.rglob("*")
        if path.is_file() and pattern.search(path.read_bytes())
    ]


# --- in a child of the zygote -------------------------------------------------------------------------------


def rows(data: str) -> str:
    """Everything that the database holds, as text."""
    from benchmarks.torture.checks import opened  # noqa: PLC0415
    from index.store.tables import metadata  # noqa: PLC0415

    with opened(data) as library, library.database.reading() as connection:
        return "\n".join(
            str(tuple(row)) for table in metadata.sorted_tables for row in connection.execute(table.select())
        )

"""Row 15: markup in every field of a course and of a request, looked for as live markup in everything that comes back:
pages, frames, answers, streams, chat, error pages.

An element that none of our pages has, a handler, a script, an address of the attacker's, in what a parser of HTML makes
of it (and for chat of Markdown), is an execution. Where Debian's chromium is installed a browser opens a part of the
pages too, and nothing may run or be asked of another host.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import yaml
from lxml import html as parser
from markdown_it import MarkdownIt

from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from benchmarks.torture.searching import ask_fully, search_path, start_service
from benchmarks.torture.zygote import Zygote

_SLUG = "marked"
_BROWSED = 25  # of so many pages one is opened in a browser
_ADDRESSES = frozenset("href src action formaction data poster srcset background xlink:href".split())
_LIVE = (
    "<x-evil>", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
    "<b onclick=alert(1)>x", "<iframe src=//evil.example></iframe>", "<a href=javascript:alert(1)>x</a>",
    "<form action=//evil.example><input>",
    "<base href=//evil.example>", "<link rel=stylesheet href=//evil.example/x>",
    "<style>@import '//evil.example'</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<object data=//evil.example>", "<math><x-evil></math>",
    "<video poster=//evil.example/x>", "<template><x-evil></template>", "<noscript><x-evil></noscript>",
    "<!--><x-evil>-->",
    "![x](http://evil.example/x.png)", "[x](http://evil.example)", "[x](javascript:alert(1))", "<http://evil.example>",
    "[x]: http://evil.example", "{{7*7}}<x-evil>", "${alert(1)}<x-evil>",
)  # fmt: skip
_AROUND = (
    "%s", "\"'>%s", "</title>%s", "</script>%s", "</textarea>%s", "--><!-- %s", "]]>%s", "&lt;%s", "\\u003c%s", "`%s",
    "\n\n%s\n\n",
    "dropout %s dropout", "%s" * 3, "{%s}", "<scr<script>ipt>%s", "**%s**", "$%s$", "%%3C%s", "\u202e%s", "<%s",
)  # fmt: skip


def payloads(size: int, seed: int) -> list[str]:
    every = [around.replace("%s", live).replace("%%", "%") for live in _LIVE for around in _AROUND]
    return random.Random(seed).sample(every, min(size, len(every)))


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:
    """`size` strings."""
    strings = payloads(size, seed)
    with Zygote(folder / "data") as zygote:
        lectures = _write(folder / "course", strings)
        zygote.lectures("ingest", str(folder / "course"), "--course", _SLUG)
        child, port = start_service(zygote)
        wrong: list[str] = []
        asked = 0
        paths = list(_paths(strings, lectures))
        progress.expect(len(paths))
        for path, body in paths:
            asked += 1
            wrong += [f"{path}: {fault}" for fault in _look(port, path, body)]
            progress.reach(asked, len(wrong))
        opened = _browse(port, [path for path, body in paths if body is None and "/api/" not in path][::_BROWSED])
        child.end(0)
    if opened is not None:
        wrong += opened
    figure = f"{len(strings)} strings, {asked} answers read, " + (
        "no browser here" if opened is None else f"{len(paths[::_BROWSED])} opened in a browser"
    )
    return Result(len(strings), wrong[:200], figure)


def _write(folder: Path, strings: list[str]) -> int:
    """A course with each string in a title, a programme, a page, a caption, a remark; how many lectures it has."""
    (folder / "transcripts").mkdir(parents=True)
    lectures: list[dict[str, Any]] = []
    for number, text in enumerate(strings):
        deck, video = f"notes-{number}.md", f"v{number:0>10}"
        (folder / deck).write_text(f"# {text}\n\ndropout number {number} is explained: {text}\n", "utf-8")
        said = " ".join(text.split()).replace("-->", "->")
        (folder / "transcripts" / f"{video}.en.vtt").write_text(
            f"WEBVTT\n\n00:00.000 --> 00:09.000\nmomentum number {number} is {unescape(said)}\n", "utf-8"
        )
        lectures.append(
            {
                "title": f"{text} lecture {number}",
                "programme": f"overview {number}: {text}",
                "decks": [{"path": deck, "remark": text}],
                "videos": [{"youtube": video}],
            }
        )
    course = {"title": f"Marked {strings[0]}", "language": "en", "lectures": lectures}
    (folder / "course.yaml").write_text(yaml.safe_dump(course, allow_unicode=True), "utf-8")
    return len(lectures)


def _paths(strings: list[str], lectures: int) -> Iterator[tuple[str, Any]]:
    """What is asked: a path, and the body of a POST."""
    yield from ((path, None) for path in ("/", "/docs", "/teach", f"/c/{_SLUG}", f"/c/{_SLUG}/terms", "/api/courses"))
    for number in range(lectures):
        yield f"/c/{_SLUG}/l/{number + 1}", None
        yield f"/c/{_SLUG}/d/notes-{number}.md/1", None
        yield f"/c/{_SLUG}/v/v{number:0>10}/1", None
        yield f"/card?open={quote(f'/c/{_SLUG}/l/{number + 1}')}", None
        yield f"/?q={quote(f'dropout number {number}')}&course={_SLUG}", None
    for number, text in enumerate(strings):
        typed = quote(text, safe="")
        yield f"/?q={typed}", None
        yield search_path(text), None
        yield f"/c/{typed}", None
        yield f"/nothing/{typed}", None
        yield f"/api/oembed?url={typed}", None
        yield f"/?q=dropout&course={typed}&lang={typed[:2]}", None
        question = f"what is dropout number {number}? {text}"
        yield "/api/answers", {"question": question, "stream": number % 2 == 0}
        yield "/v1/chat/completions", {"messages": [{"role": "user", "content": question}]}


def _look(port: int, path: str, body: Any) -> list[str]:
    """What of the answer would run, or lead to the attacker."""
    status, headers, content = ask_fully(port, path, body)
    kind = headers.get("content-type", "").partition(";")[0]
    text = content.decode("utf-8", "replace")
    if status == 0 or status >= 500:
        return [f"was answered {status}: {text[:200]}"]
    if kind == "text/html":
        missing = [] if "default-src 'none'" in headers.get("content-security-policy", "") else ["has no policy"]
        return missing + live_markup(text)
    if kind in ("application/json", "application/problem+json"):
        sniffed = [] if headers.get("x-content-type-options") == "nosniff" else ["may be taken for HTML"]
        return sniffed + _in_json(json.loads(text), path)
    if kind == "text/event-stream":
        for line in text.splitlines():
            if line.startswith("data: ") and line != "data: [DONE]":
                json.loads(line[6:])  # a text that breaks out of its line is no JSON any more
        return []
    return [] if status in (302, 303, 307, 308) and _leads_home(headers.get("location", "")) else [f"came as {kind!r}"]


def _leads_home(location: str) -> bool:
    return not urlsplit(location).netloc or "evil" not in urlsplit(location).netloc


def _in_json(found: Any, path: str) -> list[str]:
    """HTML that is given to be put into a page, and Markdown that is given to be rendered."""
    if path.startswith("/api/oembed"):
        return live_markup(found.get("html", "")) if isinstance(found, dict) else []
    if path == "/v1/chat/completions" and "choices" in found:
        said = found["choices"][0]["message"]["content"]
        return live_markup(MarkdownIt("commonmark", {"html": True}).enable("table").render(said))
    return []


def live_markup(text: str) -> list[str]:
    """What a browser would make of a text that is no text any more."""
    if not text.strip():
        return []
    wrong = []
    for element in parser.document_fromstring(text).iter():
        if not isinstance(element.tag, str):
            continue
        if element.tag == "x-evil":
            wrong.append("holds an element of the attacker's")
        if element.tag == "script" and not _is_ours(element):
            wrong.append(f"holds a script: {parser.tostring(element)[:100]!r}")
        if element.tag in ("base", "object", "embed") or element.get("http-equiv", "").lower() == "refresh":
            wrong.append(f"holds {element.tag}")
        for name, value in element.attrib.items():
            if name.lower().startswith("on"):
                wrong.append(f"holds a handler: {name}={value[:60]!r}")
            elif name in _ADDRESSES and _is_evil(value):
                wrong.append(f"leads to {value[:80]!r}")
    return wrong


def _is_ours(script: Any) -> bool:
    data_only = script.get("type") == "application/json"
    return data_only or (script.get("src", "").startswith("/static/") and not (script.text or "").strip())


def _is_evil(address: str) -> bool:
    plain = "".join(address.split()).lower()
    if plain.startswith(("javascript:", "vbscript:", "data:text")):
        return True
    try:
        return "evil.example" in urlsplit(plain).netloc
    except ValueError:
        return True


def _browse(port: int, paths: list[str]) -> list[str] | None:
    """What ran in a real browser; None if there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        return None
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    home = f"http://127.0.0.1:{port}"
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()

        def dismissed(dialog: Any) -> None:
            wrong.append(f"{page.url}: {dialog.message}")
            dialog.dismiss()

        def asked(request: Any) -> None:
            if not request.url.startswith((home, "data:", "about:")):
                wrong.append(f"asked {request.url}")

        page.on("dialog", dismissed)
        page.on("request", asked)
        for path in paths:
            page.goto(home + path, wait_until="load")
            if page.locator("x-evil").count():
                wrong.append(f"{path}: the browser shows an element of the attacker's")
        browser.close()
    return wrong

"""A local server that answers as YouTube does when captions are asked for, its failures included."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WATCH = '<html><script>ytcfg.set({"INNERTUBE_API_KEY": "key"})</script></html>'
CAPTCHA = '<html><form><div class="g-recaptcha"></div></form></html>'
SPOKEN = (
    '<?xml version="1.0" encoding="utf-8" ?><transcript>'
    '<text start="0.5" dur="6">Today we talk about &amp;quot;momentum&amp;quot;.</text>'
    '<text start="4" dur="6">It rolls downhill like a ball.</text></transcript>'
)
TRANSLATED = '<transcript><text start="0" dur="5">a machine translation</text></transcript>'


def track(language: str, *, generated: bool = False, url: str = "/captions") -> dict[str, Any]:
    """A caption track as the player's answer lists it."""
    found = {
        "baseUrl": f"{{home}}{url}?lang={language}{'&kind=asr' if generated else ''}",
        "name": {"runs": [{"text": language}]},
        "languageCode": language,
        "isTranslatable": True,
    }
    return {**found, "kind": "asr"} if generated else found


def playable(*tracks: dict[str, Any]) -> dict[str, Any]:
    captions = {
        "captionTracks": list(tracks),
        "translationLanguages": [{"languageName": {"runs": [{"text": "Russian"}]}, "languageCode": "ru"}],
    }
    return {"playabilityStatus": {"status": "OK"}, "captions": {"playerCaptionsTracklistRenderer": captions}}


def unplayable(status: str, reason: str) -> dict[str, Any]:
    return {"playabilityStatus": {"status": status, "reason": reason}}


class Stub:
    """`answers` maps a video id to what the player says of it, `playlists` a playlist to its page or a status; `asked`
    are the videos in the order they were asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.playlists: dict[str, str | int] = {}
        self.asked: list[str] = []
        self.home = ""


class _Handler(BaseHTTPRequestHandler):
    stub: Stub

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        if parts.path == "/watch":
            video = query["v"][0]
            self.stub.asked.append(video)
            answer = self.stub.answers[video]
            if answer == "429":
                self._send("", status=429)
            elif answer == "captcha":
                self._send(CAPTCHA)
            elif answer == "500":
                self._send("", status=500)
            elif answer == "hang":
                time.sleep(3)
            elif answer == "drip":
                self._drip()
            elif answer == "cut":
                self.send_response(200)
                self.send_header("Content-Length", "100000")
                self.end_headers()
                self.wfile.write(b"<html>")
                self.connection.close()
            else:
                self._send(WATCH)
        elif parts.path == "/playlist":
            page = self.stub.playlists[query["list"][0]]
            self._send(page) if isinstance(page, str) else self._send("", status=page)
        elif parts.path == "/captions":
            self._send(TRANSLATED if "tlang" in query else SPOKEN)
        elif parts.path == "/empty":
            self._send("")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        answer = self.stub.answers[body["videoId"]]
        text = answer if isinstance(answer, str) else json.dumps(answer).replace("{home}", self.stub.home)
        self._send(text)

    def _send(self, text: str, status: int = 200) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(60):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def youtube_stub() -> Iterator[Stub]:
    stub = Stub()
    handler = type("Handler", (_Handler,), {"stub": stub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    stub.home = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)

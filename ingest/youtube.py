"""YouTube video id → its captions as json3, or why there are none; a playlist → its public page.

The only module that imports youtube-transcript-api, and the requests session that it works with.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, Queue
from typing import Any, TypeVar
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import requests
from requests.adapters import HTTPAdapter
from youtube_transcript_api import (
    AgeRestricted,
    CouldNotRetrieveTranscript,
    InvalidVideoId,
    NoTranscriptFound,
    PoTokenRequired,
    RequestBlocked,
    Transcript,
    TranscriptsDisabled,
    VideoUnavailable,
    VideoUnplayable,
    YouTubeRequestFailed,
    YouTubeTranscriptApi,
)
from youtube_transcript_api.proxies import GenericProxyConfig

from ingest.web import FetchError

_HOME = "https://www.youtube.com"
Answer = TypeVar("Answer")
_MAX_BYTES = 32 << 20
# what malformed answers make the library raise; none of these is an exception of its own
_UNREADABLE = (ParseError, ValueError, KeyError, IndexError, AttributeError, TypeError)

_BY_HAND = "put a caption file into transcripts/{video}.{language}.vtt"
# code → what to say, and whether trying later may help; in the order in which an exception is looked up
_FAILURES: tuple[tuple[type[Exception], str, bool, str], ...] = (
    (
        PoTokenRequired,
        "captions_protected",
        False,
        "YouTube gives the captions of {video} only to its own player; " + _BY_HAND + ".",
    ),
    (
        RequestBlocked,
        "youtube_blocked",
        True,
        "YouTube refuses to answer this address for now; wait some hours and ingest again (what was fetched is kept), "
        "or set LECTURES_YOUTUBE_PROXY.",
    ),
    (
        AgeRestricted,
        "age_restricted",
        False,
        "YouTube shows {video} only to signed-in adults; " + _BY_HAND + ".",
    ),
    (
        InvalidVideoId,
        "video_gone",
        False,
        "{video} is no id of a YouTube video; correct the link and ingest again.",
    ),
    (
        VideoUnavailable,
        "video_gone",
        False,
        "YouTube has no video {video} any more; correct the link, or " + _BY_HAND + ".",
    ),
    (
        VideoUnplayable,
        "video_unplayable",
        False,
        "YouTube does not play {video} to everybody (private, for members, or not begun); " + _BY_HAND + ".",
    ),
    (
        TranscriptsDisabled,
        "captions_disabled",
        False,
        "The captions of {video} are switched off; switch them on in YouTube Studio, or " + _BY_HAND + ".",
    ),
    (
        NoTranscriptFound,
        "no_captions",
        False,
        "YouTube has no captions for {video} yet; ingest again in a day, or " + _BY_HAND + ".",
    ),
    (
        requests.ConnectTimeout,
        "youtube_unreachable",
        True,
        "YouTube cannot be reached from here; ingest again when the network is back, or " + _BY_HAND + ".",
    ),
    (
        requests.Timeout,
        "youtube_timeout",
        True,
        "YouTube did not answer in time for {video}; ingest again later.",
    ),
    (
        requests.ConnectionError,
        "youtube_unreachable",
        True,
        "YouTube cannot be reached from here; ingest again when the network is back, or " + _BY_HAND + ".",
    ),
    (
        YouTubeRequestFailed,
        "youtube_failed",
        True,
        "YouTube answered with an error for {video}; ingest again later.",
    ),
)
_UNREADABLE_SAYS = (
    "YouTube's answer for {video} was empty or could not be read; ingest again later, or " + _BY_HAND + "."
)
FAILURE_CODES = frozenset({"captions_unreadable", *(code for _, code, _, _ in _FAILURES)})
# after these nothing more is asked in this run, nor after two that timed out one after the other
_STOPPING = frozenset({"youtube_blocked", "youtube_unreachable"})
_MAX_TIMEOUTS = 2
_REQUESTS = 4  # that one video takes at most: its page, consent, the list, the captions


class CaptionsProblem(FetchError):
    """Why a video has no captions from YouTube."""


@dataclass(frozen=True, slots=True)
class YouTubeSettings:
    """`url` is where YouTube is asked (a mirror may stand in); `proxy` is an http(s) address or empty."""

    url: str = _HOME
    proxy: str = ""
    seconds: float = 20.0
    pause_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class FetchedCaptions:
    """`content` is json3; `language` as YouTube names it; `generated` by its speech recognition."""

    content: bytes
    language: str
    generated: bool


class YouTube:
    """Asks one video at a time, with pauses; once it is refused, it asks no more."""

    def __init__(self, settings: YouTubeSettings) -> None:
        self._settings = settings
        self._stopped = ""  # the code of what stopped the queue
        self._timeouts = 0
        self._asked = False
        session = _Session(settings.url)
        session.mount("https://", _Adapter(settings.seconds))
        session.mount("http://", _Adapter(settings.seconds))
        proxy = GenericProxyConfig(settings.proxy, settings.proxy) if settings.proxy else None
        self._session = session
        self._api = YouTubeTranscriptApi(proxy_config=proxy, http_client=session)

    def captions(self, video: str, languages: Sequence[str]) -> FetchedCaptions:
        """Captions in the best language there is; CaptionsProblem says why there are none."""
        if self._stopped:
            raise _problem_of(self._stopped, video, languages)
        if self._asked:
            # no sleep of the event loop: ingest runs in a process or thread of its own
            time.sleep(self._settings.pause_seconds * (1 + random.random()))  # noqa: S311
        self._asked = True
        for again in (True, False):
            try:
                found = self._in_time(lambda: self._fetch(video, languages))
                self._timeouts = 0
                return found
            except (*_UNREADABLE, CouldNotRetrieveTranscript, requests.RequestException) as error:
                # a ValueError of requests (bad JSON) is told apart by its place in the table
                problem = _problem(error, video, languages)
                if problem.code == "captions_unreadable" and again:
                    continue
                self._timeouts = self._timeouts + 1 if problem.code == "youtube_timeout" else 0
                if problem.code in _STOPPING or self._timeouts == _MAX_TIMEOUTS:
                    self._stopped = problem.code
                raise problem from error
        raise AssertionError("unreachable")

    def playlist_page(self, playlist: str) -> str:
        """The public page of a playlist, in HTML; FetchError says why it cannot be had."""
        code = self._stopped
        if not code:
            try:
                return self._in_time(lambda: self._page(playlist))
            except requests.RequestException as error:
                code = _problem(error, playlist, ()).code
                self._stopped = code if code in _STOPPING else ""
        raise FetchError("YouTube could not be asked, or gave no page", code=code, passing=True)

    def _page(self, playlist: str) -> str:
        answer = self._session.get(f"{_HOME}/playlist", params={"list": playlist, "hl": "en"})
        answer.raise_for_status()
        return answer.text

    def _in_time(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` gives, or its error. A byte now and then would satisfy the time-outs of every single read."""
        ended: Queue[Answer | Exception] = Queue(1)

        def run() -> None:
            try:
                ended.put(ask())
            except Exception as error:  # raised again below, where somebody waits for it
                ended.put(error)

        threading.Thread(target=run, name="youtube", daemon=True).start()
        try:
            found = ended.get(timeout=_REQUESTS * self._settings.seconds)
        except Empty:
            raise requests.exceptions.ReadTimeout("the answers came too slowly") from None
        if isinstance(found, Exception):
            raise found
        return found

    def _fetch(self, video: str, languages: Sequence[str]) -> FetchedCaptions:
        tracks = list(self._api.list(video))
        chosen = choose_track(tracks, languages)
        if chosen is None:
            raise NoTranscriptFound(video, languages, tracks)  # only shown in its message
        found = chosen.fetch()
        events = [
            {
                "tStartMs": round(snippet.start * 1000),
                "dDurationMs": round(snippet.duration * 1000),
                "segs": [{"utf8": snippet.text}],
            }
            for snippet in found
        ]
        if not events:
            raise ValueError("no captions in the answer")
        content = json.dumps({"events": events}, ensure_ascii=False).encode()
        return FetchedCaptions(content, chosen.language_code, chosen.is_generated)


def choose_track(tracks: Sequence[Transcript], languages: Sequence[str]) -> Transcript | None:
    """By language: written by people, then generated; at last in the language that is spoken. Never a translation."""
    for language in languages:
        for generated in (False, True):
            for track in tracks:
                if track.is_generated == generated and _base(track.language_code) == _base(language):
                    return track
    spoken = next((track for track in tracks if track.is_generated), None)
    if spoken is not None:
        same = (t for t in tracks if not t.is_generated and _base(t.language_code) == _base(spoken.language_code))
        return next(same, spoken)
    return next(iter(tracks), None)


def _base(language: str) -> str:
    return language.split("-", maxsplit=1)[0].lower()


def _problem(error: Exception, video: str, languages: Sequence[str]) -> CaptionsProblem:
    known = next((code for kind, code, _, _ in _FAILURES if isinstance(error, kind)), None)
    if (
        known is None
        and isinstance(error, requests.RequestException)
        and not isinstance(error, requests.JSONDecodeError)
    ):
        known = "youtube_failed"  # cut off in the middle: neither a time-out nor a refused connection
    return _problem_of(known or "captions_unreadable", video, languages)


def _problem_of(code: str, video: str, languages: Sequence[str]) -> CaptionsProblem:
    passing, says = next(
        ((later, sentence) for _, known, later, sentence in _FAILURES if known == code), (True, _UNREADABLE_SAYS)
    )
    says = says.format(video=video, language=languages[0] if languages else "en")
    return CaptionsProblem(says, code=code, passing=passing)


class _Session(requests.Session):
    """Asks another address in YouTube's place where one is set."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._home = url.rstrip("/")

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if self._home != _HOME and urlsplit(url).hostname == "www.youtube.com":
            url = self._home + url.removeprefix(_HOME)
        return super().request(method, url, *args, **kwargs)


class _Adapter(HTTPAdapter):
    """The library sets no time-out; this sets one for every request, and a limit on what comes back."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: Any, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        kwargs["timeout"] = (min(10.0, self._seconds), self._seconds)
        stream, kwargs["stream"] = kwargs.get("stream"), True
        response = super().send(request, **kwargs)
        if not stream:
            _read_bounded(response, self._seconds)
        return response


def _read_bounded(response: requests.Response, seconds: float) -> None:
    """Read the body within a total of time and bytes."""
    deadline = time.monotonic() + 3 * seconds
    body = bytearray()
    for block in response.iter_content(1 << 16):
        body += block
        if len(body) > _MAX_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too large")
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("the answer came too slowly")
    response._content = bytes(body)

"""Caption files (vtt, srt, sbv, YouTube json3, recogniser logs) → cues; cues → WebVTT.

The only module that imports pysubs2.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pysubs2

from index.errors import SourceFileError
from ingest.sandbox import Limits, Sandbox, serve

# Part of a transcript's identity: change it when the same file would give other cues or segments.
PARSER = "captions-3"

SUFFIXES = (".vtt", ".srt", ".sbv", ".json3")
_MAX_BYTES = 32 << 20  # ten hours of word-by-word captions are under 5 MB
# a caption that follows within this time may roll: it shows what was there and more
_ROLLING_SECONDS = 1.0
_LEAST_REPEATED = 3  # words; people do say a word or two twice
_LONG_WORD = 8
_TAG = re.compile(r"<[^<>]{0,200}>|\{\\[^{}]{0,200}\}")
_SPACES = re.compile(r"\s+")
# [00:00:06.160 --> 00:00:06.760] Welcome: what speech recognisers print, often saved as .srt
_LOG_LINE = re.compile(
    r"^\[(?:(\d{1,3}):)?(\d{1,2}):(\d{2})\.(\d{1,3}) --> (?:(\d{1,3}):)?(\d{1,2}):(\d{2})\.(\d{1,3})\][ \t]?(.*)$",
    re.MULTILINE,
)
_VTT_LINE = re.compile(
    r"^[ \t]*(?:(\d{1,3}):)?(\d\d?):(\d\d)[.,](\d{1,3})[ \t]*-->[ \t]*(?:(\d{1,3}):)?(\d\d?):(\d\d)[.,](\d{1,3})"
)
_WORD_TIME = re.compile(r"<(?:(\d{1,3}):)?(\d\d?):(\d\d)\.(\d{3})>")
_TIME_LINE = re.compile(r"^[ \t]*(?:\d+:)?\d\d?:\d\d[.,]\d+[ \t]*(?:-->|,)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption; seconds from the start of the video, `end_seconds` ≥ `start_seconds`.

    `words` are (character of the text, second) of the words after the first, where captions have their times.
    """

    start_seconds: float
    end_seconds: float
    text: str
    words: tuple[tuple[int, float], ...] = ()


def parse_captions(content: bytes) -> tuple[Cue, ...]:
    """The cues of a caption file in order of time, whatever its name says it is.

    SourceFileError if there is not one cue in it.
    """
    if len(content) > _MAX_BYTES:
        raise SourceFileError(
            f"The captions are larger than {_MAX_BYTES >> 20} MB; put one video's captions in.",
            code="too_large",
        )
    text = decode(content)
    if not text.strip():
        raise SourceFileError("The captions file is empty; export the captions again.", code="empty_file")
    if text.lstrip().startswith("{"):
        cues = _parse_json3(text)
    elif _LOG_LINE.search(text):
        cues = _parse_log(text)
    else:
        cues = _parse_with_library(text)
    cleaned = _clean(cues)
    if not cleaned:
        raise SourceFileError(
            "No captions could be read from it; expected WebVTT, SRT, SBV or YouTube json3.",
            code="no_captions",
        )
    return cleaned


def decode(content: bytes) -> str:
    """Text of a file whose encoding nobody declared: a byte-order mark, UTF-8, else Windows-1251 (Russian)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    bad = content.decode("utf-8", errors="replace").count("\ufffd")
    if bad * 50 < len(content):  # a few broken bytes in a UTF-8 file, not another encoding
        return content.decode("utf-8", errors="replace")
    return content.decode("cp1251", errors="replace")


def to_vtt(cues: Iterable[Cue]) -> str:
    """The cues as WebVTT, text escaped."""
    blocks = [
        f"{_clock(cue.start_seconds)} --> {_clock(cue.end_seconds)}\n{html.escape(cue.text, quote=False)}\n"
        for cue in cues
    ]
    return "WEBVTT\n\n" + "\n".join(blocks)


def _clock(seconds: float) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"


def _parse_json3(text: str) -> list[Cue]:
    try:
        events = json.loads(text)["events"]
        cues = []
        for event in events:
            start = float(event["tStartMs"]) / 1000
            words = "".join(_with_time(segment, start) for segment in event.get("segs") or [])
            cues.append(Cue(start, start + float(event.get("dDurationMs", 0)) / 1000, words))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise SourceFileError(
            "It starts like YouTube json3 captions but is damaged; download them again.", code="no_captions"
        ) from error
    return cues


def _with_time(segment: dict[str, Any], start: float) -> str:
    """A word of a json3 caption as WebVTT writes it: behind its time, if it has one."""
    word, offset = str(segment.get("utf8", "")), segment.get("tOffsetMs")
    return word if not offset else f"<{_clock(start + float(offset) / 1000)}>{word}"


def _parse_vtt(text: str) -> list[Cue]:
    """WebVTT as it is written by players and sites: a line with only a space in a caption does not end it."""
    cues: list[Cue] = []
    lines: list[str] | None = None
    for line in text.split("\n"):
        found = _VTT_LINE.match(line)
        if found is not None:
            if lines is not None:
                cues[-1] = Cue(cues[-1].start_seconds, cues[-1].end_seconds, "\n".join(lines))
            lines = []
            cues.append(Cue(_seconds(*found.groups()[0:4]), _seconds(*found.groups()[4:8]), ""))
        elif lines is not None:
            if line:
                lines.append(line)
                continue
            cues[-1] = Cue(cues[-1].start_seconds, cues[-1].end_seconds, "\n".join(lines))
            lines = None
    if lines is not None:
        cues[-1] = Cue(cues[-1].start_seconds, cues[-1].end_seconds, "\n".join(lines))
    return cues


def _seconds(hours: str | None, minutes: str, whole: str, fraction: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{fraction}")


def _parse_log(text: str) -> list[Cue]:
    return [
        Cue(_seconds(*found.groups()[0:4]), _seconds(*found.groups()[4:8]), found.group(9))
        for found in _LOG_LINE.finditer(text)
    ]


def _parse_with_library(text: str) -> list[Cue]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip().startswith("WEBVTT"):
        return _parse_vtt(text)
    if not _TIME_LINE.search(text):
        return []
    try:
        # the library's srt reader takes sbv's time lines too
        subtitles = pysubs2.SSAFile.from_string(text, format_="srt")
    except (pysubs2.exceptions.Pysubs2Error, ValueError, IndexError, OverflowError) as error:
        raise SourceFileError(
            f"The captions look like srt but are damaged ({type(error).__name__}); export them again.",
            code="no_captions",
        ) from error
    return [Cue(event.start / 1000, event.end / 1000, event.text.replace("\\N", "\n")) for event in subtitles]


def _clean(cues: list[Cue]) -> tuple[Cue, ...]:
    """Plain text, sane times, in order; an end after the next start (YouTube's) is cut back to it."""
    plain = []
    for cue in cues:
        text, words = _plain(cue)
        if text and 0 <= cue.start_seconds < 360_000:
            plain.append(Cue(cue.start_seconds, min(cue.end_seconds, 360_000.0), text, words))
    plain.sort(key=lambda cue: cue.start_seconds)
    cleaned = []
    for cue, following in zip_longest(plain, plain[1:]):
        end = max(cue.end_seconds, cue.start_seconds)
        if following is not None and following.start_seconds > cue.start_seconds:
            end = min(end, following.start_seconds)
        cleaned.append(Cue(cue.start_seconds, end, cue.text, cue.words))
    return tuple(_without_rolling(cleaned))


def _plain(cue: Cue) -> tuple[str, tuple[tuple[int, float], ...]]:
    """A caption's text without markup, and where in it words begin whose time is written there; times that are out of
    order or outside the caption are not believed."""
    pieces = _WORD_TIME.split(cue.text)
    text = _SPACES.sub(" ", html.unescape(_TAG.sub("", pieces[0]))).replace("\x00", "").lstrip()
    words: list[tuple[int, float]] = []
    last = cue.start_seconds
    for i in range(1, len(pieces), 5):
        more = _SPACES.sub(" ", html.unescape(_TAG.sub("", pieces[i + 4]))).replace("\x00", "")
        if not text or text.endswith(" "):
            more = more.lstrip()
        second = _seconds(*pieces[i : i + 4])
        if more.strip() and last <= second <= max(cue.end_seconds, cue.start_seconds):
            words.append((len(text) + len(more) - len(more.lstrip()), second))
            last = second
        text += more
    return text.rstrip(), tuple(words)


def _without_rolling(cues: list[Cue]) -> list[Cue]:
    """Automatic captions show the last line again above each new one; keep only what is new."""
    kept: list[Cue] = []
    shown: list[str] = []  # the words that the cue before put on the screen
    until = 0.0
    for cue in cues:
        words = cue.text.split(" ")
        again = _repeated(shown, words) if kept and cue.start_seconds - until < _ROLLING_SECONDS else 0
        if again < len(words):
            kept.append(_without_words(cue, words, again))
        else:
            kept[-1] = replace(kept[-1], end_seconds=max(kept[-1].end_seconds, cue.end_seconds))
        shown, until = words, cue.end_seconds
    return kept


def _without_words(cue: Cue, words: list[str], count: int) -> Cue:
    """A caption without its first words, which were on the screen before."""
    gone = sum(len(word) + 1 for word in words[:count])
    times = tuple((char - gone, second) for char, second in cue.words if char >= gone)
    return Cue(cue.start_seconds, cue.end_seconds, " ".join(words[count:]), times)


def _repeated(shown: list[str], words: list[str]) -> int:
    """How many words at the start of a caption stood at the end of the one before: all of it, or at least three."""
    for count in range(min(len(shown), len(words)), 0, -1):
        if shown[-count:] == words[:count]:
            whole = count == len(shown) and (count > 1 or len(shown[0]) > _LONG_WORD)
            return count if whole or count >= _LEAST_REPEATED else 0
    return 0


# --- reading untrusted files in a process of their own ---------------------------------------------------


class CaptionReader:
    """Reads caption files in a child process; close it when done."""

    def __init__(self, limits: Limits = Limits(seconds=30, cpu_seconds=30, memory_bytes=1 << 30)) -> None:  # noqa: B008
        self._sandbox = Sandbox("ingest.captions", limits)

    def read(self, path: Path) -> tuple[Cue, ...]:
        """The cues of a caption file; SourceFileError if there is not one in it."""
        head, _ = self._sandbox.call({"do": "parse", "path": str(path)})
        return tuple(
            Cue(start, end, text, tuple((char, second) for char, second in words))
            for start, end, text, words in head["cues"]
        )

    def close(self) -> None:
        self._sandbox.close()


def _parse(path: str) -> tuple[dict[str, Any], bytes]:
    with Path(path).open("rb") as file:
        cues = parse_captions(file.read(_MAX_BYTES + 1))
    return {"cues": [astuple(cue) for cue in cues]}, b""


if __name__ == "__main__":
    serve({"parse": _parse})

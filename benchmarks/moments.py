"""How soon after the second that a hit opens the asked word is spoken: questions made from transcripts with word times.

LECTURES_DATA_DIR=… python benchmarks/moments.py TRANSCRIPT … [--course SLUG] [--questions 40]

A transcript says the time of each word (YouTube's json3, WebVTT with inline times, or a recogniser's log of one word a
line). Asked are words that a transcript says one to five times, alone and with the word of the kind before them, in
turn. The first hit of a search in its recording counts: right is one after whose opened second the word is spoken
within five seconds. A recording is known by the words of its transcript, whatever it is called.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.opened import open_as_served
from index.search.search import SearchIndex
from index.text.analysis import fold, is_stop_word, terms_of
from index.text.language import zipf
from index.types import Filters, Kind, Query
from ingest.captions import parse_captions
from service.evaluation import percentile

_SOON_SECONDS = 5.0
_MOST_SAID = 5
_RARE_ZIPF = 4.5  # words rarer than that are asked for


def spoken_words(path: Path) -> list[tuple[str, float]]:
    """(word, second) of a transcript; empty if it has no times of words."""
    found: list[tuple[str, float]] = []
    timed = 0
    for cue in parse_captions(path.read_bytes()):
        starts = [(0, cue.start_seconds), *cue.words]
        ends = [char for char, _ in starts[1:]] + [len(cue.text)]
        for (char, second), end in zip(starts, ends, strict=True):
            words = cue.text[char:end].split()
            timed += len(words) == 1
            found += [(word.strip(".,;:!?\"'()"), second) for word in words]
    return found if timed >= 0.8 * len(found) else []


def questions(words: Sequence[tuple[str, float]], count: int) -> Iterator[tuple[str, str]]:
    """(query, word that must be heard), spread over the recording."""
    said = Counter(fold(word) for word, _ in words)
    asked: dict[str, int] = {}
    for i, (word, _) in enumerate(words):
        folded = fold(word)
        if len(folded) > 3 and folded.isalpha() and said[folded] <= _MOST_SAID and _is_rare(folded):
            asked.setdefault(folded, i)
    places = sorted(asked.values())
    for number in np.linspace(0, len(places) - 1, min(count, len(places))).astype(int).tolist():
        i = places[number]
        before = fold(words[i - 1][0]) if i else ""
        pair = number % 2 == 1 and len(before) > 3 and not is_stop_word(before)
        yield f"{before} {fold(words[i][0])}" if pair else fold(words[i][0]), fold(words[i][0])


def _is_rare(word: str) -> bool:
    return not is_stop_word(word) and max(zipf(word, "en"), zipf(word, "ru")) < _RARE_ZIPF


def _video_of(index: SearchIndex, words: Sequence[tuple[str, float]], course: str | None) -> int | None:
    """The recording whose speech holds these words."""
    votes: Counter[int] = Counter()
    for at in range(50, len(words) - 30, max(1, len(words) // 12)):
        text = " ".join(word for word, _ in words[at : at + 12])
        query = Query(text, Filters(course=course, kinds=frozenset({Kind.SEGMENT})))
        votes.update(hit.passage.time.video_id for hit in index.find(query).hits(1) if hit.passage.time)
    return votes.most_common(1)[0][0] if votes else None


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("transcripts", type=Path, nargs="+")
    parser.add_argument("--course")
    parser.add_argument("--questions", type=int, default=40)
    options = parser.parse_args()
    index = open_as_served()
    waits: list[float] = []
    for path in options.transcripts:
        words = spoken_words(path)
        video = _video_of(index, words, options.course) if words else None
        if video is None:
            print(f"{path.parent.name}/{path.name}: no times of words, or not in the index")
            continue
        own = _waits(index, words, video, options.course, options.questions)
        _report(f"{path.parent.name}/{path.name}", own)
        waits += own
    _report("all", waits)


def _waits(
    index: SearchIndex, words: Sequence[tuple[str, float]], video: int, course: str | None, count: int
) -> list[float]:
    """For each question whose first hit is in its recording: seconds until the word; infinite if never again."""
    spoken: dict[str, list[float]] = defaultdict(list)
    for word, second in words:
        for term in terms_of(word)[:1]:
            spoken[term].append(second)
    found = []
    for query, word in questions(words, count):
        hits = index.find(Query(query, Filters(course=course, kinds=frozenset({Kind.SEGMENT})))).hits(5)
        hit = next((hit for hit in hits if hit.passage.time and hit.passage.time.video_id == video), None)
        if hit is None or hit.passage.time is None:
            continue
        seconds = spoken[terms_of(word)[0]]
        opened = getattr(hit.passage.time, "at_seconds", hit.passage.time.start_seconds)
        after = bisect_left(seconds, opened - 0.1)
        found.append(seconds[after] - opened if after < len(seconds) else float("inf"))
    return found


def _report(name: str, waits: Sequence[float]) -> None:
    if waits:
        soon = sum(wait <= _SOON_SECONDS for wait in waits) / len(waits)
        print(
            f"{name:44} {len(waits):4} hits   within {_SOON_SECONDS:.0f} s {soon:.2f}   "
            f"median {percentile(waits, 0.5):5.1f} s   p90 {percentile(waits, 0.9):5.1f} s"
        )


if __name__ == "__main__":
    main()

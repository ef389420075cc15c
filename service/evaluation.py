"""Judged questions → how well the search answers them, by kind. The measures of `lectures eval`."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from index.errors import InvalidRequest
from index.search.found import Find
from index.types import Coverage, Filters, Hit, Mode, PagePlace, Place, Query, TimePlace

DEPTH = 10
_SAMPLES, _SEED = 2_000, 1
_EARLY_SECONDS = 30.0  # a hit that starts this long before the span still lands on it
# (query, limit) → hits, best first, and how far the courses cover it
Search = Callable[[str, int], tuple[Sequence[Hit], Coverage]]
_OFF_TOPIC = frozenset({"plain", "near_ml", "admin"})


@dataclass(frozen=True, slots=True)
class JudgedPage:
    """A page that somebody judged; the higher the grade, the better it answers."""

    deck: str
    page_number: int
    grade: float


@dataclass(frozen=True, slots=True)
class JudgedStretch:
    """A stretch of a video that somebody judged, in seconds from its start."""

    video: str
    start_seconds: float
    end_seconds: float
    grade: float


JudgedPlace = JudgedPage | JudgedStretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question without `relevant` and of an off-topic kind should be recognised as such."""

    id: str
    query: str
    kind: str
    relevant: tuple[JudgedPlace, ...]
    borderline: tuple[JudgedPlace, ...]

    @property
    def off_topic(self) -> bool:
        return not self.relevant and self.kind in _OFF_TOPIC


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One question's measures; `first` is the rank of the first relevant hit, or None."""

    question: Question
    ndcg: float
    first: int | None
    coverage: Coverage
    took_ms: float

    @property
    def recognised(self) -> bool:
        """An off-topic question is right if the course is not said to explain it."""
        return self.coverage is not Coverage.EXPLAINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The means over one kind (or all); nine in ten bootstrap samples have a mean nDCG from `low` to `high`."""

    kind: str
    questions: int
    ndcg: float
    low: float
    high: float
    mrr: float
    hit1: float
    hit5: float
    absent: float


def read_gold(path: Path) -> list[Question]:
    """The questions of a gold file; InvalidRequest names the line that is wrong."""
    questions = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The gold file {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            questions.append(
                Question(
                    id=str(data.get("id", number)),
                    query=str(data["query"]),
                    kind=str(data.get("kind") or "all"),
                    relevant=tuple(_read_place(place) for place in data.get("relevant") or ()),
                    borderline=tuple(_read_place(place) for place in data.get("borderline") or ()),
                )
            )
        except KeyError as error:
            raise InvalidRequest(f"Line {number} of {path} is no question: it has no {error.args[0]!r}.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidRequest(f"Line {number} of {path} is no question ({error}).") from error
    if not questions:
        raise InvalidRequest(f"The gold file {path} has no questions.")
    return questions


def _read_place(written: Mapping[str, str | float]) -> JudgedPlace:
    """A place as the gold file writes it; KeyError if it lacks what makes it one."""
    grade = float(written.get("grade", 1))
    if "deck" in written:
        return JudgedPage(str(written["deck"]), int(written["page"]), grade)
    start, end = float(written["start_seconds"]), float(written["end_seconds"])
    return JudgedStretch(str(written["video"]), start, end, grade)


def judged_places(questions: Iterable[Question]) -> tuple[set[str], set[str]]:
    """(paths of decks, ids of videos) that the questions' relevant places name."""
    places = [place for question in questions for place in question.relevant]
    decks = {place.deck for place in places if isinstance(place, JudgedPage)}
    return decks, {place.video for place in places if isinstance(place, JudgedStretch)}


def doubts(questions: Iterable[Question], places: Iterable[Place]) -> list[str]:
    """What makes measures lower than they should be, a sentence each: questions of a subject without a right place, and
    right places that are not among those of the course."""
    pages, videos = set(), set()
    for place in places:
        if isinstance(place, PagePlace):
            pages.add((place.deck, place.page_number))
        else:
            videos.add(place.video)
    found = []
    for question in questions:
        if not question.relevant and not question.off_topic:
            found.append(
                f"Question {question.id} has no right place (`relevant`), and counts as one that finds nothing."
            )
        for judged in question.relevant:
            if isinstance(judged, JudgedPage) and (judged.deck, judged.page_number) not in pages:
                found.append(f"Question {question.id}: the course has no page {judged.page_number} of {judged.deck}.")
            elif isinstance(judged, JudgedStretch) and judged.video not in videos:
                found.append(f"Question {question.id}: the course has no words of the video {judged.video}.")
    return found


def search_of(find: Find, filters: Filters, mode: Mode = Mode.HYBRID) -> Search:
    """The search that is measured: hits and coverage of a query."""

    def search(query: str, limit: int) -> tuple[Sequence[Hit], Coverage]:
        found = find(Query(query, filters, mode))
        return found.hits(limit), found.coverage

    return search


def evaluate(questions: Iterable[Question], search: Search) -> list[Measured]:
    """Ask every question; `search(query, limit)` answers it with hits and coverage."""
    outcomes = []
    for question in questions:
        started = perf_counter()
        hits, coverage = search(question.query, DEPTH * 3)
        took_ms = (perf_counter() - started) * 1000
        ndcg, first = _measure(question, hits)
        outcomes.append(Measured(question=question, ndcg=ndcg, first=first, coverage=coverage, took_ms=took_ms))
    return outcomes


def summarise(outcomes: Sequence[Measured]) -> list[Row]:
    """A row for each kind in the order of the file, and one for all that have something relevant."""
    by_kind: dict[str, list[Measured]] = defaultdict(list)
    for outcome in outcomes:
        by_kind[outcome.question.kind].append(outcome)
    rows = [_row(kind, found) for kind, found in by_kind.items()]
    relevant = [outcome for outcome in outcomes if outcome.question.relevant]
    if relevant and len(by_kind) > 1:
        rows.append(_row("all", relevant))
    return rows


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def _row(kind: str, outcomes: Sequence[Measured]) -> Row:
    n = len(outcomes)
    firsts = [outcome.first for outcome in outcomes]
    low, high = _interval([outcome.ndcg for outcome in outcomes])
    return Row(
        kind=kind,
        questions=n,
        ndcg=sum(outcome.ndcg for outcome in outcomes) / n,
        low=low,
        high=high,
        mrr=sum(1 / first for first in firsts if first) / n,
        hit1=sum(first == 1 for first in firsts) / n,
        hit5=sum(first is not None and first <= 5 for first in firsts) / n,
        absent=sum(outcome.coverage is Coverage.ABSENT for outcome in outcomes) / n,
    )


def _interval(values: Sequence[float]) -> tuple[float, float]:
    """Where the mean would lie with other questions of the same kind (percentile bootstrap, Efron 1979)."""
    chance = np.random.default_rng(_SEED)
    means = chance.choice(np.asarray(values), (_SAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.05, 0.95)).tolist()
    return low, high


def _measure(question: Question, hits: Sequence[Hit]) -> tuple[float, int | None]:
    """(nDCG@10, rank of the first relevant hit). Borderline places are removed first; a place counts once."""
    remaining = list(question.relevant)
    gains: list[float] = []
    first: int | None = None
    seen: set[tuple[str, int]] = set()
    for hit in hits:
        if page := hit.passage.page:
            if (page.deck, page.page_number) in seen:
                continue  # another part of a page that was shown already
            seen.add((page.deck, page.page_number))
        if any(holds(item, hit) for item in question.borderline):
            continue
        found = next((item for item in remaining if holds(item, hit)), None)
        if found is not None:
            remaining.remove(found)
        gains.append(_gain(found) if found else 0.0)
        if first is None and any(holds(item, hit) for item in question.relevant):
            first = len(gains)
    ideal = sorted((_gain(item) for item in question.relevant), reverse=True)
    best = _dcg(ideal)
    return (_dcg(gains) / best if best else 0.0), (first if first and first <= DEPTH else None)


def _gain(place: JudgedPlace) -> float:
    return float(2**place.grade - 1)


def _dcg(gains: Sequence[float]) -> float:
    """Järvelin and Kekäläinen 2002, with exponential gains, cut at ten."""
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains[:DEPTH], 1))


def holds(judged: JudgedPlace, hit: Hit) -> bool:
    """Whether a hit lies at a judged place."""
    match judged, hit.passage.place:
        case JudgedPage(), PagePlace() as page:
            return (page.deck, page.page_number) == (judged.deck, judged.page_number)
        case JudgedStretch(), TimePlace() as time:
            start = judged.start_seconds - _EARLY_SECONDS
            return time.video == judged.video and start <= time.start_seconds < judged.end_seconds
        case _:
            return False

"""Passages → how they stand to each other: which one goes before, and which shows the same slide in a newer edition."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from index.text.analysis import fold
from index.types import IndexedPassage, Kind, PagePlace, TimePlace

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_OLD = re.compile(r"\b(?:стар\w*|прошл\w*|устар\w*|old\w*|previous|outdated|archive\w*)\b", re.IGNORECASE)
_CONTINUED = re.compile(
    r"^[\W\d]*(?:продолжение|continued|cont\.?d?|suite|fortsetzung|continua\w*)?[\W\d]*$|"
    r"\((?:продолжение|continued|cont\.?|suite|fortsetzung|continua\w*)\)\s*$",
    re.IGNORECASE,
)
_OUTLINE = re.compile(
    r"^\W*(?:план|содержание|оглавление|литература|ссылки|источники|список литературы|что почитать|"
    r"outline|agenda|contents|table of contents|references|bibliography|further reading|readings?|links|"
    r"plan|sommaire|références|inhalt|gliederung|literatur|contenido|índice|referencias|conteúdo|referências|indice)\b"
    r".{0,25}$",
    re.IGNORECASE,
)
_SKETCH = 12  # rarest words of a page by which its twins are looked for
_MIN_SHARED = 6
# Pages of two editions share this much of their words (Jaccard): below, one of them was rewritten.
_TWIN_OVERLAP = 0.6
_SAME_TITLE = 0.15  # less will do under the same title
_MIN_WORDS, _MAX_HOLDERS = 6, 40


def source_of(passage: IndexedPassage) -> tuple[str, int] | None:
    """The deck or the video that a passage is from; None for a line of the programme."""
    match passage.place:
        case PagePlace(deck_id=deck_id):
            return "deck", deck_id
        case TimePlace(video_id=video_id):
            return "video", video_id
        case None:
            return None


def previous_rows(passages: Sequence[IndexedPassage]) -> NDArray[np.int64]:
    """(n,) for each passage the row of the one before it in its deck or video, or -1."""
    rows = np.full(len(passages), -1, np.int64)
    for row in range(1, len(passages)):
        before, passage = passages[row - 1], passages[row]
        same_source = source_of(passage) is not None and source_of(before) == source_of(passage)
        if before.kind is passage.kind and before.lecture_id == passage.lecture_id and same_source:
            rows[row] = row - 1
    return rows


def continued_titles(passages: Sequence[IndexedPassage], previous: NDArray[np.int64]) -> list[str]:
    """For each slide that goes on with the one before it, the title that both share; else an empty text."""
    titles = [passage.title for passage in passages]
    common = [""] * len(passages)
    for row, passage in enumerate(passages):
        before = int(previous[row])
        if before >= 0 and passage.kind is Kind.PAGE and not passage.is_notes and _CONTINUED.search(passage.title):
            common[row] = common[before] or titles[before]
    return common


def is_outline(passage: IndexedPassage) -> bool:
    """Whether a page lists what others explain: a plan of the lecture, a list of references."""
    return passage.kind is Kind.PAGE and bool(_OUTLINE.search(passage.title))


def twin_rows(passages: Sequence[IndexedPassage], terms: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """(n,) for each slide the row of the same slide in the newest edition of its course, or -1 if it is that itself.

    `terms[i]` are the terms of passage i. Two slides of different decks are one if they share most of their words; the
    newer is the one whose path or remark says so, else the one that the course names first.
    """
    slides = [i for i, p in enumerate(passages) if p.kind is Kind.PAGE and not p.is_notes]
    sets = {i: frozenset(terms[i]) for i in slides}
    alike = []
    for left, right in _candidate_pairs(passages, sets):
        overlap = len(sets[left] & sets[right]) / len(sets[left] | sets[right])
        same_title = fold(passages[left].title) == fold(passages[right].title)
        if not same_title and _opens(passages[left]) and _opens(passages[right]):
            continue  # covers of two lectures share who holds them, and where
        if overlap >= _TWIN_OVERLAP - (_SAME_TITLE if same_title else 0):
            alike.append((-overlap, left, right))
    newest = np.full(len(passages), -1, np.int64)
    for _, left, right in sorted(alike):
        older, newer = (right, left) if _edition(passages[left]) >= _edition(passages[right]) else (left, right)
        if newest[older] == -1 and newest[newer] == -1:
            newest[older] = newer
    # what was found newer may since have been found older than a third; it goes one way, so there is an end
    while len(chained := np.flatnonzero((newest >= 0) & (newest[newest] >= 0))):
        newest[chained] = newest[newest[chained]]
    return newest


def _candidate_pairs(
    passages: Sequence[IndexedPassage], sets: Mapping[int, frozenset[str]]
) -> Iterator[tuple[int, int]]:
    """Slides of different decks of a course that share many of their rarest words, so that few pairs are compared."""
    holders = Counter(term for own in sets.values() for term in own)
    by_term: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, own in sets.items():
        shared = [term for term in own if 2 <= holders[term] <= _MAX_HOLDERS]
        for term in sorted(shared, key=lambda term: (holders[term], term))[:_SKETCH]:
            by_term[passages[i].course_slug, term].append(i)
    pairs: Counter[tuple[int, int]] = Counter()
    for rows in by_term.values():
        pairs.update(
            pair for pair in combinations(rows, 2) if source_of(passages[pair[0]]) != source_of(passages[pair[1]])
        )
    for (left, right), common in pairs.items():
        smaller = min(len(sets[left]), len(sets[right]))
        if smaller >= _MIN_WORDS and common >= min(_MIN_SHARED, smaller // 2):
            yield left, right


def _opens(passage: IndexedPassage) -> bool:
    """Whether it is the first page of its deck."""
    return passage.page is not None and passage.page.page_number == 1


def _edition(passage: IndexedPassage) -> tuple[int, int, int]:
    """Greater for newer: not called old, a later year in the path, named earlier by the course."""
    years = [int(year) for year in _YEAR.findall(passage.page.deck)] if passage.page else []
    old = bool(passage.remark and _OLD.search(passage.remark))
    return (0 if old else 1, years[0] if years else 0, -passage.lecture_position)

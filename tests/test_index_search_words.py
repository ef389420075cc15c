"""How well the words of a query are held: by hand, and over several courses as one index over all would say."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from support import make_generation, passage, word

from index.engine.generation import Generation
from index.search import chosen as chosen_module
from index.search import words as words_module
from index.search.chosen import Chosen
from index.search.scope import Scope, make_scope
from index.search.words import WordScores
from index.text.analysis import terms
from index.types import Filters, IndexedPassage, Kind, Phrase, Reading, Reason, TimePlace, Word
from index.types.course import Host

Floats = NDArray[np.float64]


def _scope(folder: Path, *texts: str) -> Scope:
    """A course with these passages; what is before a bar is the title."""
    split = [text.rpartition("|") for text in texts]
    pages = [passage(body, row, title=title, place=None) for row, (title, _, body) in enumerate(split)]
    return make_scope(make_generation(folder, {"c": pages}), Filters())


def _scores(scope: Scope, *phrases: Phrase) -> list[float]:
    return [float(score) for score in WordScores(phrases, scope).at(np.arange(scope.first, scope.last)).scores]


def test_a_score_is_rarity_times_impact(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "dropout|zero kernel", "dropout loss loss loss", "gradient")
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    first = 3.0 / (1 - 0.3 + 0.3 * 1 / 4.26)
    second = 1.0 / (1 - 0.6 + 0.6 * 4 / 111.0)
    expected = [idf * f * 2.2 / (1.2 + f) for f in (first, second)]
    scores = WordScores([word("dropout")], scope)
    np.testing.assert_allclose(scores.at(np.arange(3)).scores, [*expected, 0.0], rtol=1e-5)
    assert scores.importance == pytest.approx(idf)
    both = WordScores([word("dropout"), word("loss")], scope)
    explained = both.explain(1)
    assert sum(match.contribution for match in explained) == pytest.approx(
        float(both.at(np.array([1])).scores[0]), rel=1e-5
    )
    assert [(match.term, match.fields) for match in explained] == [("loss", ("body",)), ("dropout", ("body",))]


def test_scores_say_the_same_when_they_kept_their_sums_alone(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "dropout|zero kernel", "dropout loss loss loss", "gradient")
    scores = WordScores([word("dropout"), word("loss")], scope)
    rows = np.arange(3)
    before = scores.size, scores.at(rows).scores.tolist(), scores.spoken(rows).tolist()
    scores.let_go()
    assert scores.size < before[0]
    assert (scores.at(rows).scores.tolist(), scores.spoken(rows).tolist()) == before[1:]


def test_the_best_reading_of_a_word_counts_in_each_passage(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "dropout", "reprise", "loss")
    other = Reading((("repris", 1.0),), 0.5, Reason.GLOSSARY, "reprise")
    alone, both = _scores(scope, word("dropout")), _scores(scope, word("dropout", other))
    assert both[0] == pytest.approx(alone[0])
    assert both[1] == pytest.approx(0.5 * alone[0])
    assert both[2] == 0


def test_a_phrase_counts_by_its_words_or_as_a_whole_whichever_says_more(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "alpha", "alpha omega", "sigma", "loss")
    whole = Reading((("sigma", 1.0),), 0.7, Reason.GLOSSARY, "sigma")
    (first,), (second,) = word("alpha").words, word("omega").words
    bare = _scores(scope, Phrase((first, second)))
    both = _scores(scope, Phrase((first, second), (whole,)))
    assert both[:2] == pytest.approx(bare[:2])
    assert bare[2] == 0 < both[2]
    assert both[3] == 0


def test_how_much_of_a_title_a_query_names(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "gate|", "forget gate|", "gate")
    assert WordScores([word("gate")], scope).title_shares(np.arange(3)).tolist() == [1.0, 0.5, 0.0]


# --- over several courses as over one -------------------------------------------------------------------------

_WORDS = ("alpha", "beta", "gamma", "delta", "omega", "sigma", "lambda", "kappa")
_FIELDS = ((3.0, 0.3, 4.26), (1.0, 0.6, 111.0), (0.15, 0.0, 1.0))
_TEXT = st.lists(st.sampled_from(_WORDS), max_size=6).map(" ".join)
_PASSAGE = st.tuples(
    _TEXT, st.lists(st.sampled_from(_WORDS), max_size=3).map(" ".join), st.sampled_from([*Kind]), st.integers(0, 1)
)
_COURSES = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]), st.lists(_PASSAGE, max_size=6), min_size=1, max_size=4
)


def _terms_of(text: str) -> tuple[tuple[str, float], ...]:
    return tuple((term, 1.0) for term in terms(text))


_READING = st.builds(
    lambda text, weight: Reading(_terms_of(text), weight, Reason.GLOSSARY, text),
    st.sampled_from([*_WORDS, "alpha beta", "omega sigma", "nowhere"]),
    st.sampled_from([0.5, 0.7, 1.0]),
)
_WORD = st.builds(
    lambda text, weight, others: Word(text, weight, (Reading(_terms_of(text), 1.0, Reason.TYPED, text), *others)),
    st.sampled_from([*_WORDS, "nowhere"]),
    st.sampled_from([0.05, 0.4, 1.0]),
    st.lists(_READING, max_size=1),
)
_PHRASE = st.builds(
    lambda words, readings: Phrase(tuple(words), tuple(readings)),
    st.lists(_WORD, min_size=1, max_size=2),
    st.lists(_READING, max_size=1),
)
_FILTERS = st.builds(
    Filters,
    st.none() | st.sampled_from(["a", "b", "c"]),
    st.none() | st.integers(0, 7),
    st.none() | st.frozensets(st.sampled_from([*Kind]), min_size=1),
    st.none() | st.frozensets(st.sampled_from(["a", "b", "c", "d"]), min_size=1),
)


def _passages(courses: Mapping[str, Sequence[tuple[str, str, Kind, int]]]) -> dict[str, list[IndexedPassage]]:
    """Each course has two lectures of its own."""
    found: dict[str, list[IndexedPassage]] = {}
    for slug in sorted(courses):
        first = 2 * "abcd".index(slug)
        found[slug] = [
            passage(
                text,
                row,
                course=slug,
                title=title,
                kind=kind,
                lecture_id=first + lecture,
                lecture_title=f"{_WORDS[lecture]} {_WORDS[first % 8]}",
                language="en",
                place=TimePlace(1, "v", Host.FILE, row, row + 1) if kind is Kind.SEGMENT else None,
            )
            for row, (text, title, kind, lecture) in enumerate(courses[slug])
        ]
    return found


class Brute:
    """BM25F from the formula, over all passages that a search may find, in dictionaries: no index, no shards."""

    def __init__(self, passages: Sequence[IndexedPassage], allowed: Sequence[bool]) -> None:
        self.allowed = np.array(allowed, np.bool_)
        self._texts = [
            [
                terms(own.title, "en"),
                terms(own.text.removeprefix(own.title), "en"),
                terms(f"{own.lecture_title} {own.section}", "en"),
            ]
            for own in passages
        ]
        self._counts = [[Counter(field) for field in fields] for fields in self._texts]

    def impacts(self, term: str) -> Floats:
        found = []
        for fields, counts in zip(self._texts, self._counts, strict=True):
            weighted = sum(
                weight * count[term] / (1 - b + b * len(field) / usual)
                for (weight, b, usual), field, count in zip(_FIELDS, fields, counts, strict=True)
                if count[term]
            )
            found.append(weighted * 2.2 / (1.2 + weighted))
        return np.where(self.allowed, np.array(found, np.float64), 0.0)

    def idf(self, term: str) -> float:
        said = sum(
            bool(own[0][term] or own[1][term]) for own, free in zip(self._counts, self.allowed, strict=True) if free
        )
        return math.log(1 + (int(self.allowed.sum()) - said + 0.5) / (said + 0.5))

    def knows(self, reading: Reading) -> bool:
        return any(self.impacts(term).any() for term, _ in reading.terms)

    def importance(self, asked: Word) -> float:
        typed = [reading for reading in asked.readings if reading.reason is Reason.TYPED]
        others = [reading for reading in asked.readings if reading.reason is not Reason.TYPED]
        chosen = typed if any(map(self.knows, typed)) or not others else others
        return asked.weight * max(self.idf(term) for reading in chosen for term, _ in reading.terms)

    def worth(self, phrase: Phrase) -> float:
        if phrase.readings and not any(self.knows(own) for typed in phrase.words for own in typed.readings):
            return max(sum(self.idf(term) for term, _ in reading.terms) for reading in phrase.readings)
        return sum(map(self.importance, phrase.words))

    def reading(self, reading: Reading, importance: float) -> tuple[Floats, Floats]:
        rarities = [self.idf(term) for term, _ in reading.terms]
        factor = math.sqrt(importance * min(importance, sum(rarities))) * reading.weight / sum(rarities)
        impacts = np.array([self.impacts(term) for term, _ in reading.terms])
        values = (np.array(rarities) * factor)[:, None]
        return (values * impacts).sum(axis=0), (values * np.minimum(impacts, 1)).sum(axis=0)

    def scores(self, phrases: Sequence[Phrase]) -> tuple[Floats, Floats]:
        """(scores, share of the query that is held)."""
        total = np.zeros(len(self.allowed)), np.zeros(len(self.allowed))
        for phrase in phrases:
            by_words = np.zeros((2, len(self.allowed)))
            for typed in phrase.words:
                own = [self.reading(reading, self.importance(typed)) for reading in typed.readings]
                by_words += np.max(np.array(own), axis=0)
            whole = [np.array(self.reading(reading, self.worth(phrase))) for reading in phrase.readings]
            best = np.max([by_words, *whole], axis=0)
            total = total[0] + best[0], total[1] + best[1]
        importance = sum(map(self.worth, phrases))
        return total[0], total[1] / importance if importance else total[1]

    def title_shares(self, phrases: Sequence[Phrase]) -> Floats:
        named = {
            term
            for phrase in phrases
            for own in (*phrase.readings, *(reading for typed in phrase.words for reading in typed.readings))
            for term, _ in own.terms
        }
        return np.array([len(named & set(own[0])) / max(len(set(own[0])), 1) for own in self._texts])


@contextmanager
def _form(*, sparse: bool) -> Iterator[None]:
    """Scored passage by passage, or by chosen ones, where every word with postings at all is one to look up later."""
    if not sparse:
        yield
        return
    with (
        patch.object(words_module, "_DENSE_ROWS", 0),
        patch.object(words_module, "_LONG", 1e-9),
        patch.object(chosen_module, "_FEW", 0),
    ):
        yield


def _allowed(generation: Generation, filters: Filters) -> list[bool]:
    return [
        (filters.course is None or own.course_slug == filters.course)
        and (filters.courses is None or own.course_slug in filters.courses)
        and (filters.lecture is None or own.lecture_id == filters.lecture)
        and (filters.kinds is None or own.kind in filters.kinds)
        for own in generation.passages(range(generation.count))
    ]


@pytest.mark.parametrize("sparse", [False, True])
@given(_COURSES, st.lists(_PHRASE, min_size=1, max_size=4, unique=True), _FILTERS, st.integers(1, 8))
@settings(max_examples=150, deadline=None)
def test_a_search_over_several_courses_is_one_over_all_their_passages(
    sparse: bool,
    courses: Mapping[str, Sequence[tuple[str, str, Kind, int]]],
    phrases: list[Phrase],
    filters: Filters,
    count: int,
) -> None:
    with TemporaryDirectory() as folder, _form(sparse=sparse):
        generation = make_generation(Path(folder), _passages(courses))
        allowed = _allowed(generation, filters)
        brute = Brute(generation.passages(range(generation.count)), allowed)
        scores, matched = brute.scores(phrases) if generation.count else (np.zeros(0), np.zeros(0))
        scope = make_scope(generation, filters)
        found = WordScores(phrases, scope)
        late = sparse and bool(found._later())
        if late:
            event("some phrases were looked up later")
        rows = np.flatnonzero(allowed)
        own = found.at(rows)
        np.testing.assert_allclose(own.scores, scores[rows], atol=1e-5, rtol=1e-5)
        np.testing.assert_allclose(own.matched, matched[rows], atol=1e-5, rtol=1e-5)
        if any(allowed):
            assert found.importance == pytest.approx(sum(map(brute.worth, phrases)), rel=1e-6)
        best = found.best(count)
        assert len(set(best.tolist())) == len(best)
        assert all(allowed[row] for row in best)
        assert (scores[best] > 0).all()
        # what is looked up later is less of the query than a hit must hold: a passage that has only that is none
        certain = (matched >= words_module.MIN_MATCHED if late else scores > 0) & (scores > 0)
        left_out = np.setdiff1d(np.flatnonzero(certain), best)
        assert len(best) == count or not len(left_out)
        assert scores[left_out].max(initial=0) <= scores[best].min(initial=np.inf) + 1e-5
        for kind in Kind:
            wanted = np.array([own.kind is kind for own in generation.passages(range(generation.count))], np.bool_)
            most = float(np.max(matched, where=wanted, initial=0))
            if not late or most >= words_module.MIN_MATCHED:
                assert found.most_matched(wanted) == pytest.approx(most, abs=1e-5), kind
        if generation.count and any(allowed):
            np.testing.assert_allclose(found.title_shares(rows), brute.title_shares(phrases)[rows], atol=1e-6)


@pytest.mark.parametrize("sparse", [False, True])
def test_what_is_looked_up_later_can_still_change_who_is_the_best(tmp_path: Path, *, sparse: bool) -> None:
    scope = _scope(tmp_path, "alpha", "alpha beta gamma", "beta", "gamma", "delta")
    phrases = [word("alpha"), word("beta", weight=0.1)]
    with _form(sparse=sparse):
        found = WordScores(phrases, scope)
        assert isinstance(found._sums, Chosen) is sparse
        assert found._later() == {phrases[1]}
        alone = WordScores(phrases[:1], scope).at(np.arange(2)).scores
        assert alone[0] > alone[1]  # by the first word alone
        assert found.best(1).tolist() == [1]
        assert found.at(np.arange(2)).scores[1] > found.at(np.arange(2)).scores[0]
        wanted = np.array([True, True, False, False, False])
        assert found.most_matched(wanted) == pytest.approx(float(found.at(np.arange(2)).matched.max()))


def _arrays(kept: object, seen: set[int]) -> int:
    """Bytes of the arrays that can be reached from an object, but for those of its generation."""
    if id(kept) in seen or isinstance(kept, Generation):
        return 0
    seen.add(id(kept))
    if isinstance(kept, np.ndarray):
        return kept.nbytes if kept.base is None else _arrays(kept.base, seen)
    if isinstance(kept, dict):
        return sum(_arrays(value, seen) for value in kept.values())
    if isinstance(kept, list | tuple):
        return sum(_arrays(value, seen) for value in kept)
    names = getattr(kept, "__slots__", ()) or vars(kept) if type(kept).__module__.startswith("index.") else ()
    return sum(_arrays(getattr(kept, name), seen) for name in names)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(
    "filters", [Filters(), Filters(course="a"), Filters(kinds=frozenset({Kind.PAGE}))], ids=["all", "course", "kinds"]
)
def test_scores_count_every_byte_that_they_keep(tmp_path: Path, filters: Filters, *, sparse: bool) -> None:
    courses = {slug: [passage(f"dropout loss n{row}", row) for row in range(300)] for slug in ("a", "b")}
    generation = make_generation(tmp_path, courses)
    with _form(sparse=sparse):
        found = WordScores([word("n7"), word("dropout")], make_scope(generation, filters))
        rows = np.sort(found.best(5))
        found.title_shares(rows)
    shared = {id(array) for held, _ in generation.postings._known.values() for array in (held.rows, held.impacts)}
    shared |= {id(held.fields) for held, _ in generation.postings._known.values()}
    assert 0 < _arrays(found, shared) <= found.size + len(generation.shards)  # which of the shards are searched
    found.let_go()
    # what is kept of a search over everything is small, however many passages there are
    assert not sparse or filters != Filters() or found.size == 0

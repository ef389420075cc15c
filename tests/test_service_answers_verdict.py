"""What was chosen to be quoted, and what coverage says, judged together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import Mock, create_autospec

import numpy as np
import pytest
from fastapi.testclient import TestClient

from index.search import search
from index.search.coverage import Evidence
from index.search.search import SearchIndex
from index.types import Coverage, Hit, IndexedPassage, Kind, PagePlace, Snippet
from index.types.course import DeckKind
from service.answers import answering
from service.answers.answering import quoted_answer
from service.answers.scoring import Scored
from service.answers.searching import Searched
from service.answers.types import Answer, Outcome
from service.answers.units import Unit, units_of
from service.answers.verdict import Judged, in_order, judge, odds_of
from service.chat.writing import Writer

_WEIGHTS = {"фраз": 1.0}
_SAID = (
    "фраза нормируется на свою длину, и потому лучи сравнимы",
    "лучшая фраза выбирается поиском по словарю с весами",
    "самая редкая фраза переводится словами соседнего языка",
    "каждая фраза кончается особым знаком, который модель выучила",
)


def _slide(text: str, stands_out: float = 0.0, page: int = 5, score: float = 1.0) -> Hit:
    place = PagePlace(1, "a.pdf", DeckKind.SLIDES, page)
    passage = IndexedPassage(
        f"p{page}", Kind.PAGE, "Перевод", f"Перевод\n{text}", "0", "c", "C", None, "ru", 1, 1, "L", "", None, place
    )
    return Hit(passage, score, Snippet("", ()), stands_out=stands_out)


def _units(stand_out: Sequence[float]) -> list[Unit]:
    hits = [_slide(text, out, page) for page, (text, out) in enumerate(zip(_SAID, stand_out, strict=False), 5)]
    return [unit for rank, hit in enumerate(hits) for unit in units_of(hit, rank)]


def _scored(worth: Sequence[float], alike: Sequence[float] | None = None) -> Scored:
    size = len(worth)
    return Scored(
        np.array(worth),
        np.zeros(size),
        np.ones(size, np.bool_),
        np.zeros(size),
        np.array(alike if alike is not None else [0.0] * size),
    )


def test_of_what_was_chosen_the_passage_that_stands_out_is_read_first() -> None:
    assert in_order(_units([1.0, 4.0, 3.0]), _scored([1.9, 1.6, 1.7]), [0, 2, 1]) == [1, 2, 0]
    assert in_order(_units([3.0, 3.0]), _scored([1.7, 1.65], [0.1, 0.9]), [0, 1]) == [1, 0]


def test_behind_a_quote_that_stands_out_what_is_far_from_it_and_worth_less_is_filler() -> None:
    units = _units([4.0, 2.0, 2.0, 3.5])
    assert in_order(units, _scored([2.0, 1.4, 1.9, 1.4]), [0, 1, 2, 3]) == [0, 2, 3]


def test_without_the_encoder_the_order_stays_and_nothing_is_judged() -> None:
    units, scored = _units([0.0, 0.0]), _scored([1.0, 1.9], [0.0, 0.9])
    assert in_order(units, scored, [0, 1]) == [0, 1]
    assert odds_of(units, scored, 0) is None
    assert judge(Outcome.MENTIONED, None, 9.0, written=False) == (Outcome.MENTIONED, None)
    assert in_order(units, scored, []) == []


def test_the_more_a_quote_is_worth_and_its_passage_stands_out_the_more_surely_it_answers() -> None:
    odds = [odds_of(_units([out]), _scored([worth]), 0) for out, worth in ((1.0, 1.2), (4.0, 1.2), (4.0, 2.0))]
    assert odds[0] is not None
    assert odds[1] is not None
    assert odds[2] is not None
    assert odds[0] < odds[1] < odds[2]


@pytest.mark.parametrize(
    ("coverage", "odds", "on_subject", "written", "judged"),
    [
        (Outcome.MENTIONED, 1.0, 4.0, False, (Outcome.ANSWERED, None)),
        (Outcome.MENTIONED, 1.0, 0.3, False, (Outcome.MENTIONED, None)),  # hardly on the subject at all
        (Outcome.MENTIONED, 0.0, 4.0, False, (Outcome.MENTIONED, None)),
        (Outcome.MENTIONED, -2.0, 4.0, False, (Outcome.MENTIONED, 1)),
        (Outcome.ANSWERED, 0.0, 4.0, False, (Outcome.ANSWERED, None)),
        (Outcome.ANSWERED, 0.3, 1.0, False, (Outcome.ANSWERED, None)),
        (Outcome.ANSWERED, -2.0, 4.0, False, (Outcome.MENTIONED, 1)),
        (Outcome.ANSWERED, -2.0, 4.0, True, (Outcome.ANSWERED, None)),  # a model reads the passages itself
        (Outcome.MENTIONED, 1.0, 4.0, True, (Outcome.ANSWERED, None)),
        (Outcome.ABSENT, 5.0, 9.0, False, (Outcome.ABSENT, None)),
        (Outcome.LISTED, 5.0, 9.0, False, (Outcome.LISTED, None)),
    ],
)
def test_quotes_and_coverage_are_judged_together(
    coverage: Outcome, odds: float, on_subject: float, written: bool, judged: tuple[Outcome, int | None]
) -> None:
    assert judge(coverage, odds, on_subject, written=written) == judged


def _answered(coverage: Coverage, stands_out: float, *, on_subject: float = 4.0, likeness: float = 0.5) -> Answer:
    hits = tuple(_slide(text, stands_out, page) for page, text in enumerate(_SAID, 5))
    found = Mock(
        query="какая фраза стоит",
        coverage=coverage,
        degraded=(),
        weights=_WEIGHTS,
        unknown_words=(),
        on_subject=on_subject,
        words=Mock(phrases=()),
    )
    found.hits.return_value = hits
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [likeness] * len(texts)
    return quoted_answer(index, "какая фраза стоит", Searched(found))


def test_a_mention_whose_quotes_surely_answer_is_an_answer_and_no_note_says_otherwise() -> None:
    answer = _answered(Coverage.MENTIONED, 5.0)
    assert (answer.outcome, answer.note, len(answer.citations) > 1) == (Outcome.ANSWERED, "", True)
    assert answer.coverage is Coverage.MENTIONED  # what the search said of it
    unsure = _answered(Coverage.MENTIONED, 5.0, on_subject=0.5)
    assert unsure.outcome is Outcome.MENTIONED
    assert "только упоминается" in unsure.note


def test_quotes_that_hardly_answer_are_a_mention_with_one_of_them() -> None:
    answer = _answered(Coverage.EXPLAINED, 0.2)
    assert (answer.outcome, len(answer.citations), len(answer.sentences)) == (Outcome.MENTIONED, 1, 1)
    assert "только упоминается" in answer.note
    assert len(_answered(Coverage.MENTIONED, 0.2).citations) == 1


def test_where_the_encoder_said_nothing_coverage_has_the_word() -> None:
    for coverage, outcome in ((Coverage.EXPLAINED, Outcome.ANSWERED), (Coverage.MENTIONED, Outcome.MENTIONED)):
        answer = _answered(coverage, 0.0)
        assert (answer.outcome, len(answer.citations) > 1) == (outcome, True)


def test_what_is_absent_stays_so_whatever_stands_out() -> None:
    answer = _answered(Coverage.ABSENT, 6.0)
    assert (answer.outcome, answer.citations) == (Outcome.ABSENT, ())


def test_a_question_that_names_another_thing_is_not_surely_on_the_subject() -> None:
    evidence = Evidence(1.0, 0.0, 0.5, 0.8, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    assert evidence.on_subject == evidence.total > 0
    assert replace(evidence, strange=0.5).on_subject == 0


def test_a_chat_is_told_that_what_is_quoted_is_only_a_mention() -> None:
    for stands_out, is_noted in ((0.2, True), (5.0, False)):
        writer = Writer("http://service.example", russian=True)
        writer.answer(_answered(Coverage.MENTIONED, stands_out))
        assert ("только упоминается" in writer.text) is is_noted
        assert "фраза" in writer.text


@pytest.mark.parametrize(
    ("judged", "is_answered"), [(Judged(Outcome.ANSWERED), True), (Judged(Outcome.MENTIONED, 1), False)]
)
def test_over_an_answer_the_page_does_not_say_that_it_is_only_mentioned(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, judged: Judged, is_answered: bool
) -> None:
    monkeypatch.setattr(search, "coverage_of", lambda *_: Coverage.MENTIONED)
    monkeypatch.setattr(answering, "judge", lambda *_, **__: judged)
    page = client.get("/", params={"q": f"зачем же тут нужен dropout, {is_answered}?", "lang": "ru"}).text
    assert ('id="answer"' in page) is is_answered
    assert ("без подробного объяснения" in page) is not is_answered

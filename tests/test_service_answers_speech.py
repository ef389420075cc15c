"""Answers on speech: of the best explanation several minutes are read, each as much as the one that was found."""

from __future__ import annotations

from pathlib import Path

from support import CountingEmbedder, ingest, open_index, time_of
from test_index_search_ranking import _speech

from index.library import Library
from index.text.moments import hear, second_of
from index.types import Filters, Kind, Query
from service.answers.answering import last_answer, stream_answer
from service.answers.extractive import quotable

_SHOWN = "Momentum momentum momentum and more momentum, with momentum we turn momentum up and down as we like it"
_DEFINED = "Now to the thing itself. Momentum is the habit of a heavy ball to go on rolling where it rolled before"
_MINUTES = ["hello everybody", _SHOWN, "Momentum again is turned up in this other figure", _DEFINED, "goodbye now"]


def test_a_definition_is_quoted_from_another_minute_than_the_best(tmp_path: Path, sqlite_library: Library) -> None:
    embedder = CountingEmbedder()
    ingest(_speech(tmp_path / "talk", _MINUTES), sqlite_library, embedder)
    index = open_index(sqlite_library, embedder)
    question = "what is momentum?"
    hit = index.find(Query(question)).hits()[0]
    assert hit.passage.kind is Kind.SEGMENT
    assert _DEFINED not in hit.passage.text
    answer = last_answer(stream_answer(index, index.find, question, filters=Filters()))
    assert answer.hits[0].passage == hit.passage
    (cited,) = (citation for citation in answer.citations if "heavy ball" in citation.quote)
    passage = cited.hit.passage
    assert cited.quote in passage.text
    assert cited.hit.snippet.text in passage.text
    times, _ = hear(passage.text, passage.times, 180.0)
    said = second_of(passage.text.index(cited.quote), times)
    assert max(180.0, said - 1) <= time_of(cited.hit).at_seconds <= said


def test_minutes_of_the_best_explanation_are_read_once_and_count_as_it_does(
    tmp_path: Path, sqlite_library: Library
) -> None:
    embedder = CountingEmbedder()
    ingest(_speech(tmp_path / "talk", _MINUTES), sqlite_library, embedder)
    best, *others = open_index(sqlite_library, embedder).find(Query("momentum")).hits(beside=1)
    assert len(others) == 2
    assert {hit.passage.id for hit in others} == {hit.passage.id for hit in best.beside}
    assert all(hit.score < best.score for hit in others)
    read = quotable([best, *others[:1]])  # as if no more hits were asked for
    assert [hit.passage.id for hit in read[:2]] == [best.passage.id, others[0].passage.id]
    assert sorted(hit.passage.id for hit in read) == sorted(hit.passage.id for hit in (best, *others))
    assert {hit.score for hit in read} == {best.score}

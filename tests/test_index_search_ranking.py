"""One order from words and vectors: neighbours, runs of speech, twins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import CountingEmbedder, ingest, open_index, page_of, time_of, write_pdf

from index.engine.generation import Generation
from index.engine.passages import KINDS
from index.library import Library
from index.search.numbered import put_first
from index.search.ranking import Ranked, _Beside, _meaning_shares, rank, settle
from index.search.search import SearchIndex
from index.types import Kind, Mode, Query


def _index(folder: Path, library: Library) -> SearchIndex:
    embedder = CountingEmbedder()
    ingest(folder, library, embedder)
    return open_index(library, embedder)


def test_the_older_edition_stands_behind_the_newer(editions: Path, sqlite_library: Library) -> None:
    found = _index(editions, sqlite_library).find(Query("dropout"))
    newer, older = found.hits(2, explain=True)
    assert (page_of(newer).deck, page_of(older).deck) == ("2022/new.pdf", "2020/old.pdf")
    assert (newer.twin_of, older.twin_of) == (None, newer.passage.id)
    assert newer.score >= older.score
    assert newer.explanation is not None
    assert newer.explanation.lift > 0


def _speech(folder: Path, minutes: list[str]) -> Path:
    folder.mkdir(parents=True)
    (folder / "course.yaml").write_text(
        "title: Talk\nlanguage: en\nlectures: [{title: One, videos: [{youtube: abcdefghijk}]}]\n", "utf-8"
    )
    cues = [
        f"{i // 60:02d}:{i % 60:02d}:00.000 --> {i // 60:02d}:{i % 60:02d}:59.000\n{text}."
        for i, text in enumerate(minutes)
    ]
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text("WEBVTT\n\n" + "\n\n".join(cues) + "\n", "utf-8")
    return folder


def test_each_minute_of_an_explanation_is_a_hit_that_can_be_opened(tmp_path: Path, sqlite_library: Library) -> None:
    minutes = ["hello everybody", *["momentum is said again and again"] * 12, "goodbye now"]
    index = _index(_speech(tmp_path / "talk", minutes), sqlite_library)
    hits = index.find(Query("momentum")).hits(20)
    assert sorted(time_of(hit).start_seconds for hit in hits) == [60.0 * minute for minute in range(1, 13)]
    assert {time_of(hit).end_seconds - time_of(hit).start_seconds for hit in hits} == {59.0}


def _ranked(scores: dict[int, float], speech: Generation) -> Ranked:
    """Rows with these scores, best first, as `rank` gives them."""
    rows = np.array(sorted(scores, key=lambda row: -scores[row]))
    own, no = np.array([scores[row] for row in rows.tolist()], np.float32), np.zeros(len(rows), np.float32)
    alone = np.full((len(rows), 3), -1)
    assert len(rows) <= speech.count
    return Ranked(rows, own, own, no, no, no, no + 1, no, no, no, no, opinion=no, beside=alone)


def test_minutes_near_a_better_one_stand_behind_what_is_said_elsewhere(tmp_path: Path, sqlite_library: Library) -> None:
    talk = _speech(tmp_path / "talk", [f"thing number {number}" for number in range(9)])
    # a second lecture, whose recording has two minutes
    described = (talk / "course.yaml").read_text("utf-8")
    (talk / "course.yaml").write_text(
        described.replace("]}]", "]}, {title: Two, videos: [{youtube: bbcdefghijk}]}]"), "utf-8"
    )
    first = (talk / "transcripts" / "abcdefghijk.en.vtt").read_text("utf-8")
    (talk / "transcripts" / "bbcdefghijk.en.vtt").write_text("\n\n".join(first.split("\n\n")[:3]) + "\n", "utf-8")
    generation = _index(talk, sqlite_library).generation
    assert generation.count == 11
    settled = settle(generation, _ranked({1: 1.0, 2: 0.96, 3: 0.94, 7: 0.86, 9: 0.8, 10: 0.78}, generation))
    # minute 7 is far enough from those that are better: another place of their lecture
    assert settled.rows.tolist() == [1, 9, 7, 2, 3, 10]
    assert settled.scores == pytest.approx([1.0, 0.8, 0.86 * 0.9, 0.96 * 0.75, 0.94 * 0.75, 0.78 * 0.75])
    assert settled.factor == pytest.approx([1.0, 1.0, 0.9, 0.75, 0.75, 0.75])
    assert settled.beside[:3].tolist() == [[2, 3, -1], [10, -1, -1], [-1, -1, -1]]


def test_words_of_pages_count_by_a_curve_and_those_of_minutes_evenly(tmp_path: Path, sqlite_library: Library) -> None:
    talk = _speech(tmp_path / "talk", ["one", "two"])
    write_pdf(talk / "a.pdf", ["Three\nkernel", "Four\npooling"])
    generation = _index(talk, sqlite_library).generation
    speech = np.flatnonzero(generation.kind_of == KINDS.index(Kind.SEGMENT))
    assert (len(speech), generation.count) == (2, 4)
    no, half = np.zeros(4, np.float32), np.full(4, 0.25, np.float32)
    ranked = rank(generation, np.arange(4), half, no, no, no, 1.0, no + 1, Mode.LEXICAL, half)
    own = ranked.lexical[np.argsort(ranked.rows)]
    assert own[speech] == pytest.approx([0.25, 0.25])
    assert np.delete(own, speech) == pytest.approx([0.25**0.7, 0.25**0.7])


def test_both_neighbours_of_a_minute_count_as_far_as_they_are_candidates(
    tmp_path: Path, sqlite_library: Library
) -> None:
    generation = _index(_speech(tmp_path / "talk", ["one", "two", "three", "four", "five"]), sqlite_library).generation
    beside = _Beside(generation, np.array([0, 1, 2, 4]))
    assert beside.sum_of(np.array([1, 2, 4, 8], np.float32)).tolist() == [2, 5, 2, 0]


def test_other_minutes_of_an_explanation_are_kept_beside_its_hit(tmp_path: Path, sqlite_library: Library) -> None:
    minutes = [f"momentum is thing number {number}" for number in range(7)]
    found = _index(_speech(tmp_path / "talk", minutes), sqlite_library).find(Query("momentum"))
    shown, read = found.hits()[0], found.hits(beside=1)[0]
    assert (shown.beside, replace(read, beside=())) == ((), shown)
    assert len(read.beside) == 3
    assert not {minute.passage.text for minute in read.beside} & {shown.passage.text}
    for minute in read.beside:
        time = time_of(minute)
        assert minute.passage.text == minutes[int(time.start_seconds // 60)] + "."
        assert minute.snippet.text in minute.passage.text
    numbered = put_first(found.ranked, np.array([0]))
    assert numbered.beside.tolist()[0] == [-1, -1, -1]


def test_a_page_between_two_that_answer_is_better_than_one_alone(tmp_path: Path, sqlite_library: Library) -> None:
    folder = tmp_path / "course"
    write_pdf(folder / "a.pdf", ["Alpha\nkernel size", "Beta\nkernel size", "Gamma\nkernel size"])
    write_pdf(folder / "b.pdf", ["Delta\nanother thing", "Omega\nkernel size", "Sigma\nyet another thing"])
    found = _index(folder, sqlite_library).find(Query("kernel size")).hits(explain=True)
    assert found[0].passage.title == "Beta"
    assert found[0].explanation is not None
    assert found[0].explanation.context_part > 0


def test_a_page_whose_title_is_the_question_comes_before_those_that_use_it(
    tmp_path: Path, sqlite_library: Library
) -> None:
    folder = tmp_path / "course"
    write_pdf(
        folder / "a.pdf",
        [
            "Momentum in practice with many other settings\nmomentum",
            "Other\nnothing",
            "Momentum\na ball rolls downhill",
        ],
    )
    assert page_of(_index(folder, sqlite_library).find(Query("momentum")).hits()[0]).page_number == 3


def test_a_lecture_without_slides_stands_first_if_the_query_is_its_title(
    tmp_path: Path, sqlite_library: Library
) -> None:
    folder = tmp_path / "course"
    write_pdf(
        folder / "one.pdf", ["Generative nets\ngenerative models of pictures", "Models\ngenerative models once more"]
    )
    (folder / "course.yaml").write_text(
        "title: Nets\nlanguage: en\nlectures:\n  - {title: One, decks: [one.pdf]}\n"
        "  - {title: Generative models, programme: Autoencoders. Adversarial nets.}\n",
        "utf-8",
    )
    index = _index(folder, sqlite_library)
    assert index.find(Query("generative models")).hits(1)[0].passage.kind is Kind.PROGRAMME
    assert index.find(Query("models of pictures")).hits(1)[0].passage.kind is Kind.PAGE


def test_the_less_a_page_holds_of_a_question_the_more_its_meaning_counts() -> None:
    kinds = np.full(2, KINDS.index(Kind.PAGE), np.uint8)
    loose = _meaning_shares(kinds, np.array([0.2, 0.1], np.float32), Mode.HYBRID)
    held = _meaning_shares(kinds, np.array([1.0, 0.1], np.float32), Mode.HYBRID)
    assert loose.tolist() == pytest.approx([0.64, 0.64])
    assert held.tolist() == pytest.approx([0.4, 0.4])
    assert _meaning_shares(kinds, held, Mode.LEXICAL).tolist() == [0, 0]
    assert _meaning_shares(kinds, held, Mode.SEMANTIC).tolist() == [1, 1]


def test_windows_do_not_lift_speech_over_slides(tmp_path: Path, sqlite_library: Library) -> None:
    folder = _speech(tmp_path / "talk", ["we speak of pooling here", "and of something else"] * 8)
    write_pdf(folder / "one.pdf", ["Pooling\npooling takes the largest number of a window"])
    (folder / "course.yaml").write_text(
        "title: Talk\nlanguage: en\nlectures:\n  - {title: One, decks: [one.pdf], videos: [{youtube: abcdefghijk}]}\n",
        "utf-8",
    )
    hits = _index(folder, sqlite_library).find(Query("pooling")).hits(2)
    assert [hit.passage.kind for hit in hits] == [Kind.PAGE, Kind.SEGMENT]

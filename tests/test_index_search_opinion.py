"""A question's vector by the encoder → how far each passage stands out, whatever its alphabet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support import CountingEmbedder, made_by, passage

from index.embed.encoder import Encoder
from index.embed.outside import Outside
from index.embed.protocol import Vectors
from index.engine.build import build_shard
from index.engine.dictionary import Dictionary
from index.engine.generation import Generation, open_generation
from index.engine.manifest import read_generation, write_generation
from index.engine.packs import read_pack
from index.search import opinion
from index.search.opinion import Opinion, ask_encoder, is_of_encoder, stays_so
from index.search.scope import Scope, make_scope
from index.search.search import SearchIndex
from index.text.analysis import ANALYSIS_VERSION
from index.types import Coverage, Filters, IndexedPassage, Query

_PASSAGES = 40


class Cosines(CountingEmbedder):
    """The passage "… 17" has the cosine cosines[17] with every question."""

    def __init__(self, cosines: Sequence[float]) -> None:
        super().__init__()
        self._cosines = np.array(cosines, np.float32)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        own = self._cosines[[int(text.split()[-1]) for text in texts]]
        return np.stack([own, np.sqrt(1 - own**2), 0 * own, 0 * own], axis=1)

    def embed_query(self, text: str) -> Vectors:  # noqa: ARG002
        return np.array([1, 0, 0, 0], np.float32)


def _scope(root: Path, encoder: Encoder, passages: Sequence[IndexedPassage]) -> Scope:
    vectors = encoder.read([(own.title, own.text) for own in passages]).astype("<f4")
    encoded = {own.content_hash: row.tobytes() for own, row in zip(passages, vectors, strict=True)}
    made = replace(made_by(CountingEmbedder(), passages), encoder=encoder.fingerprint, encoded=encoded)
    write_generation(root, 1, ANALYSIS_VERSION, "counting:4", [build_shard(root, "c", passages, made)])
    return make_scope(_open(root), Filters())


def _open(root: Path) -> Generation:
    return open_generation(root, read_generation(root, 1)[0])


def _opinion(scope: Scope, encoder: Encoder | None, text: str) -> Opinion:
    found = Opinion(scope, text, encoder)
    found.ask(text)
    assert found.unread == ""
    return found


def test_what_stands_out_is_told_by_standard_deviations(tmp_path: Path) -> None:
    cosines = [0.80, 0.82] * (_PASSAGES // 2)
    cosines[7] = 0.95
    encoder = Encoder(Cosines(cosines), 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"слайд {row}", row) for row in range(_PASSAGES)])
    found = _opinion(scope, encoder, "вопрос")
    values = found.at(np.arange(_PASSAGES))
    expected = np.maximum((np.array(cosines) - np.mean(cosines)) / np.std(cosines), 0)
    assert np.allclose(values, expected, atol=1e-3)
    assert values[7] > 5
    assert found.nearest(1).tolist() == [7]
    assert len(found.nearest(100)) == _PASSAGES


def test_an_alphabet_alone_does_not_stand_out(tmp_path: Path) -> None:
    # Latin ones are all nearer to a Latin question, and one in each alphabet says what was asked
    cosines = [0.9 + 0.01 * (row % 4 == 0) if row % 2 else 0.8 + 0.01 * (row % 4 == 0) for row in range(_PASSAGES)]
    cosines[6] += 0.05
    cosines[9] += 0.05
    encoder = Encoder(Cosines(cosines), 60.0)
    texts = [f"{'slide' if row % 2 else 'слайд'} {row}" for row in range(_PASSAGES)]
    scope = _scope(tmp_path, encoder, [passage(text, row) for row, text in enumerate(texts)])
    assert _opinion(scope, encoder, "question").nearest(2).tolist() == [6, 9]
    # a question in other letters is not understood on Latin ones
    russian = _opinion(scope, encoder, "вопрос").at(np.arange(_PASSAGES))
    assert russian[6] > 3
    assert not russian[1::2].any()


def test_over_many_passages_only_what_was_found_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cosines = [0.80, 0.82] * (_PASSAGES // 2)
    cosines[7] = 0.95
    encoder = Encoder(Cosines(cosines), 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"слайд {row}", row) for row in range(_PASSAGES)])
    monkeypatch.setattr(opinion, "EXACT_PASSAGES", 10)
    monkeypatch.setattr(opinion, "_SAMPLE", 20)
    found = _opinion(scope, encoder, "вопрос")
    assert found.nearest(5).tolist() == []
    assert found.at(np.array([7, 8])).tolist()[0] > 5


class Read(Cosines):
    """Remembers the questions that it was asked; "other" is far from every passage."""

    def __init__(self) -> None:
        super().__init__([0.8] * _PASSAGES)
        self.questions: list[str] = []

    def embed_query(self, text: str) -> Vectors:
        self.questions.append(text)
        return np.array([0, 0, 0, 1], np.float32) if text == "other" else super().embed_query(text)


def test_the_encoder_is_asked_again_only_where_something_else_is_meant(tmp_path: Path) -> None:
    read = Read()
    encoder = Encoder(read, 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"слайд {row}", row) for row in range(_PASSAGES)])
    found = Opinion(scope, "first", encoder)
    found.ask("other")
    encoder.wake().result()  # it has read what it was asked before
    found.ask("first")
    found.ask("first")
    assert found.cosines(np.arange(2)) == pytest.approx([0.8, 0.8])
    assert [text for text in read.questions if text in {"other", "first"}] == ["other", "first"]


def test_a_search_believes_what_the_encoder_says_of_all_that_is_meant(tmp_path: Path) -> None:
    read = Read()
    encoder = Encoder(read, 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"dropout слайд {row}", row) for row in range(_PASSAGES)])
    index = SearchIndex(scope.generation, CountingEmbedder(), encoder=encoder)
    index.find(Query("слайд"))
    assert read.questions == ["слайд"]  # once, as early as it may be
    index.find(Query("дропаут слайд"))
    assert read.questions[-1] == "дропаут dropout слайд"


def test_what_a_question_describes_is_asked_too(tmp_path: Path) -> None:
    (tmp_path / "own.txt").write_text(
        "= dropout\nen: randomly switch off some units during training\n= batch\nen: several examples at once\n",
        "utf-8",
    )
    read = Read()
    encoder = Encoder(read, 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"dropout slide {row}", row) for row in range(_PASSAGES)])
    dictionary = Dictionary([read_pack(tmp_path / "own.txt")])
    index = SearchIndex(scope.generation, CountingEmbedder(), dictionary=dictionary, encoder=encoder)
    described = "which trick will randomly switch off some hidden units during every training step"
    index.find(Query(described))
    assert read.questions[-1] == f"{described} dropout"


def test_without_an_encoder_nothing_stands_out(tmp_path: Path) -> None:
    encoder = Encoder(Cosines([0.8] * _PASSAGES), 60.0)
    scope = _scope(tmp_path, encoder, [passage(f"слайд {row}", row) for row in range(_PASSAGES)])
    assert ask_encoder(scope, None, "вопрос") == (None, "")
    none = Opinion(scope, "вопрос", None)
    assert (none.is_given, none.problem, none.nearest(5).tolist()) == (False, "", [])
    assert none.at(np.array([1, 2])).tolist() == [0, 0]
    # all alike: nothing is above what is usual
    assert not _opinion(scope, encoder, "вопрос").at(np.arange(_PASSAGES)).any()


def test_a_cosine_is_judged_in_itself_by_models_for_which_that_was_measured(tmp_path: Path) -> None:
    passages = [passage(f"слайд {row}", row) for row in range(_PASSAGES)]
    cosines = [0.2] * _PASSAGES
    cosines[7] = 0.38
    encoder = Encoder(Cosines(cosines), 60.0, usual=0.34)
    found = _opinion(_scope(tmp_path, encoder, passages), encoder, "вопрос")
    own = found.cosines(np.arange(_PASSAGES))
    assert own == pytest.approx(np.array(cosines), abs=1e-3)
    assert found.resemblance(own) == pytest.approx(0.04, abs=1e-3)
    assert found.resemblance(own[:7]) == pytest.approx(-0.1)  # no further than that
    assert found.resemblance(own[:0]) is None
    unsure = Encoder(Cosines(cosines), 60.0)
    assert _opinion(_scope(tmp_path, unsure, passages), unsure, "вопрос").resemblance(own) is None
    silent = _opinion(_scope(tmp_path, unsure, passages), None, "вопрос")
    assert silent.resemblance(silent.cosines(np.arange(_PASSAGES))) is None


def test_the_question_itself_may_be_one_that_no_lecture_answers(tmp_path: Path) -> None:
    passages = [passage(f"слайд {row}", row) for row in range(_PASSAGES)]
    cosines = [0.2] * _PASSAGES

    def outside(tells: Outside | None) -> float:
        encoder = Encoder(Cosines(cosines), 60.0, outside=tells)
        return _opinion(_scope(tmp_path / str(tells), encoder, passages), encoder, "вопрос").outside

    query = Cosines(cosines).embed_query("вопрос")
    assert outside(Outside(query, 1.5)) == pytest.approx(1.5)  # a unit vector with itself, and the constant, from 1 on
    assert outside(Outside(query, 5.0)) == 2.5
    assert outside(Outside(query, -1.5)) == 0  # what a lecture may answer is no sign that this one does
    assert outside(None) == 0


def test_a_question_for_lectures_fits_those_of_which_several_passages_are_near(tmp_path: Path) -> None:
    passages = [passage(f"слайд {row}", row) for row in range(_PASSAGES)]

    def fitting(near: int, odds: float | None, rows: int = _PASSAGES) -> float:
        cosines = [0.32] * near + [0.1] * (_PASSAGES - near)
        tells = None if odds is None else Outside(Cosines(cosines).embed_query("вопрос"), odds - 1)
        encoder = Encoder(Cosines(cosines), 60.0, outside=tells)
        scope = _scope(tmp_path / f"{near} {odds}", encoder, passages)
        found = _opinion(scope, encoder, "вопрос")
        return found.fitting(found.cosines(np.arange(rows)))

    assert fitting(10, -3.0) == pytest.approx(1, abs=0.02)
    assert fitting(10, -2.0) == pytest.approx(0.5, abs=0.02)  # less surely for lectures
    assert fitting(8, -4.0) == pytest.approx(0.56, abs=0.02)  # the mean of ten counts: one alone is near by chance
    assert fitting(1, -4.0) == fitting(10, -1.0) == fitting(10, 2.0) == fitting(10, None) == fitting(10, -4.0, 0) == 0


def test_what_fits_is_a_description_that_the_course_may_explain_but_no_term_that_it_does_not_have(
    tmp_path: Path,
) -> None:
    cosines = [0.34] * _PASSAGES
    cosines[7] = 0.6  # what stands out is shown
    encoder = Encoder(Cosines(cosines), 60.0, outside=Outside(Cosines(cosines).embed_query("вопрос"), -4.0))
    scope = _scope(tmp_path, encoder, [passage(f"слайд о скорости спуска {row}", row) for row in range(_PASSAGES)])
    index = SearchIndex(scope.generation, CountingEmbedder(), encoder=encoder)

    def covered(query: str) -> Coverage:
        return index.find(Query(query)).coverage

    assert covered("шарик под горку набирает скорость и не мечется между стенками") is Coverage.MENTIONED
    assert covered("что такое альбедо") is Coverage.ABSENT


def test_a_model_is_not_asked_about_courses_in_languages_that_it_does_not_read(tmp_path: Path) -> None:
    cosines = [0.8] * _PASSAGES
    for language, asked in (("en", True), ("de", False)):
        encoder = Encoder(Cosines(cosines), 60.0, reads=frozenset({"en", "ru"}))
        passages = [passage(f"slide {row}", row, language=language) for row in range(_PASSAGES)]
        found, problem = ask_encoder(_scope(tmp_path / language, encoder, passages), encoder, "question")
        assert (found is not None, problem) == (asked, "")


def test_what_is_not_read_yet_stays_so_and_what_came_late_does_not() -> None:
    unread = "the encoder has not read 1 of 2 courses yet: searched without it"
    late = "the encoder did not answer within 200 ms"
    assert [is_of_encoder(reason) for reason in (unread, late, "the index is behind")] == [True, True, False]
    assert [stays_so(reason) for reason in (unread, late, "the index is behind")] == [True, False, False]


def test_a_model_that_reads_across_alphabets_is_asked_across_them(tmp_path: Path) -> None:
    cosines = [0.80, 0.82] * (_PASSAGES // 2)
    cosines[7] = 0.95
    texts = [passage(f"slide {row}", row) for row in range(_PASSAGES)]
    for across, stands_out in ((False, False), (True, True)):
        encoder = Encoder(Cosines(cosines), 60.0, across_alphabets=across)
        values = _opinion(_scope(tmp_path, encoder, texts), encoder, "вопрос").at(np.arange(_PASSAGES))
        assert bool(values[7] > 5) is stands_out

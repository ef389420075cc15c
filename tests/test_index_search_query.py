"""Queries → phrases with their readings, and what a search makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, make_generation, open_index, page_of, passage, write_pdf

from index.engine.generation import Generation
from index.engine.glossary import GeneralGlossary, ShardTerms, Term, build_terms, named_in
from index.library import Library
from index.search.lexicon import Lexicon
from index.search.query import QueryReader, as_typed, meaning_of
from index.search.rewritten import rewrites_of
from index.search.scope import make_scope
from index.text.analysis import STOP_WEIGHT
from index.text.language import zipf
from index.types import Filters, Query, Reason

_TEXT = "ранний останов early stopping dropout lstm ячейка свёртка ядро обучение сети"
_PAIR = Term("ранний останов", "Early Stopping", Reason.GLOSSARY, 3, (0,))


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    """A course that says these words and knows a term, and one that has neither."""
    courses = {"c": [passage(_TEXT)], "other": [passage("нечто иное про ранний завтрак и останов", course="other")]}
    made = make_generation(tmp_path, courses)
    made.shards[0].terms = ShardTerms(build_terms([_PAIR]))
    return made


def _reader(generation: Generation, course: str = "c") -> QueryReader:
    return QueryReader(Lexicon(make_scope(generation, Filters(course=course))))


@pytest.fixture
def reader(generation: Generation) -> QueryReader:
    return _reader(generation)


@pytest.fixture
def frequency(generation: Generation) -> Callable[[str], int]:
    return make_scope(generation, Filters(course="c")).frequency


def test_what_is_meant_is_said_at_once_where_all_words_are_known(
    reader: QueryReader, frequency: Callable[[str], int]
) -> None:
    said: list[str] = []
    phrases = reader.read("ранний останов LSTM-ячейка", say_meant=said.append)
    assert said == ["ранний останов LSTM ячейка"] == [meaning_of(phrases, frequency)]
    phrases = reader.read("ранний дропаут", say_meant=said.append)  # a slip, or another word: that takes longer
    assert len(said) == 1
    assert meaning_of(phrases, frequency) == "ранний дропаут dropout"
    reader.read("ранний дропаут", literal=True, say_meant=said.append)
    assert said[1:] == ["ранний дропаут"]


def test_words_that_join_weigh_little_and_everyday_words_less(reader: QueryReader) -> None:
    (what, said, dropout) = reader.read("что использовать dropout")
    assert zipf("использовать", "ru") > 4.5
    assert what.words[0].weight == STOP_WEIGHT < said.words[0].weight < dropout.words[0].weight == 1.0


def test_a_term_of_the_glossary_is_also_read_in_the_other_language(reader: QueryReader) -> None:
    (phrase,) = reader.read("раннего останова")
    assert [word.text for word in phrase.words] == ["раннего", "останова"]
    assert [(reading.text, reading.reason) for reading in phrase.readings] == [("Early Stopping", Reason.GLOSSARY)]
    (general,) = reader.read("convolution")
    assert [(reading.text, reading.reason) for reading in general.readings] == [("свёртка", Reason.SYNONYM)]


def test_a_counterpart_that_the_course_lacks_is_no_reading(generation: Generation) -> None:
    (first, second) = _reader(generation, "other").read("ранний останов")
    assert not first.readings
    assert not second.readings


def test_of_many_counterparts_those_are_read_that_the_course_has(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("архитектуры свёрточных сетей")]})
    (cnn,) = _reader(generation).read("CNN")  # it is also called by four other names, which come first
    assert [reading.text for reading in cnn.readings] == ["свёрточная сеть"]


def test_a_word_that_no_glossary_knows_is_read_as_its_translations_that_the_course_says(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("crime fell when abortion became legal")]})
    (phrase,) = _reader(generation).read("преступность")
    assert [(r.text, r.reason) for r in phrase.words[0].readings[1:]] == [("crime", Reason.TRANSLATION)]
    assert 0.5 < phrase.words[0].readings[1].weight < 0.8
    (known,) = _reader(generation).read("crime")  # what is there is not translated
    assert [reading.reason for reading in known.words[0].readings] == [Reason.TYPED]


def test_of_several_translations_of_a_word_that_is_shown_which_most_passages_say(tmp_path: Path) -> None:
    texts = ["a strange land", "poor countries", "rich countries"]
    generation = make_generation(tmp_path, {"c": [passage(text, at) for at, text in enumerate(texts)]})
    phrases = _reader(generation).read("странам")
    assert {reading.text for reading in phrases[0].words[0].readings} == {"странам", "country", "strange", "land"}
    assert [(r.target, r.reason) for r in rewrites_of(phrases)] == [("country", Reason.TRANSLATION)]


def test_terms_of_other_courses_are_not_read(generation: Generation) -> None:
    """Both courses hold the counterpart; only one writes it beside the term."""
    term = ShardTerms(build_terms([Term("ядро", "lstm", Reason.GLOSSARY, 3, (0,))]))
    generation.shards[1].terms = term
    assert "lstm" not in [reading.text for phrase in _reader(generation).read("ядро") for reading in phrase.readings]
    both = QueryReader(Lexicon(make_scope(generation, Filters())))
    assert "lstm" in [reading.text for phrase in both.read("ядро") for reading in phrase.readings]


def test_what_was_typed_is_never_replaced(reader: QueryReader, frequency: Callable[[str], int]) -> None:
    (phrase,) = reader.read("дропаут")
    typed, *others = phrase.words[0].readings
    assert (typed.text, typed.reason, typed.weight) == ("дропаут", Reason.TYPED, 1.0)
    assert [(reading.text, reading.reason) for reading in others] == [("dropout", Reason.TRANSLITERATION)]
    rewrite = rewrites_of([phrase])[0]
    assert (rewrite.source, rewrite.target, rewrite.reason) == ("дропаут", "dropout", Reason.TRANSLITERATION)
    assert meaning_of([phrase], frequency) == "дропаут dropout"


def test_a_compound_that_the_course_does_not_write_is_its_parts(reader: QueryReader) -> None:
    assert [phrase.words[0].text for phrase in reader.read("LSTM-ячейка")] == ["LSTM", "ячейка"]


def test_the_other_layout_is_read_as_what_was_meant(reader: QueryReader) -> None:
    (phrase,) = reader.read("cdthnrf")
    assert phrase.words[0].readings[0].reason is Reason.LAYOUT
    assert rewrites_of([phrase])[0].target == "свертка"


def test_a_literal_query_keeps_to_the_layout_that_was_used(reader: QueryReader) -> None:
    (phrase,) = as_typed(reader.read("cdthnrf", literal=True))
    assert [(reading.text, reading.reason) for reading in phrase.words[0].readings] == [("cdthnrf", Reason.TYPED)]
    assert rewrites_of([phrase]) == ()


def test_a_pasted_text_is_read_at_all(reader: QueryReader) -> None:
    assert len(reader.read("незнакомоеслово " * 60)) == 60


def test_a_french_course_is_found_in_french(tmp_path: Path, sqlite_library: Library) -> None:
    folder = tmp_path / "cours"
    write_pdf(
        folder / "un.pdf",
        [
            "Reseaux de neurones\nLes reseaux sont composes de couches et sont utiles pour tout",
            "Descente de gradient\nElle suit la pente pour trouver le minimum avec un pas",
        ],
    )
    (folder / "course.yaml").write_text(
        "title: Apprentissage\nlanguage: fr\nlectures: [{title: Introduction, decks: [un.pdf]}]\n", "utf-8"
    )
    embedder = CountingEmbedder()
    ingest(folder, sqlite_library, embedder)
    index = open_index(sqlite_library, embedder)
    assert index.generation.languages == ("en", "fr")
    for query, page in (("réseau de neurone", 1), ("couche", 1), ("les descentes du gradient", 2)):
        hit = index.find(Query(query)).hits()[0]
        assert page_of(hit).page_number == page, query
    assert index.find(Query("couche")).hits()[0].snippet.highlights
    # no English word, that Americans would write with a z
    reader = QueryReader(Lexicon(make_scope(index.generation, Filters())))
    assert reader.read("grise")[0].words[0].text == "grise"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("картинок", "картинка"), ("столбец", "столбцов"), ("ошибки", "ошибок"), ("ячеек", "ячейка"), ("меток", "метка")],
)
def test_a_word_is_found_in_the_numbers_and_cases_in_which_a_vowel_comes_or_goes(
    tmp_path: Path, typed: str, said: str
) -> None:
    generation = make_generation(tmp_path, {"c": [passage(f"{said} и ещё раз {said}"), passage("метод labels", 1)]})
    scope = make_scope(generation, Filters(course="c"))
    (phrase,) = _reader(generation).read(typed)
    (word,) = phrase.words
    assert any(scope.knows(reading) for reading in word.readings)
    assert rewrites_of((phrase,)) == ()
    assert as_typed((phrase,))[0].words[0].readings == word.readings[:1]
    (as_said,) = _reader(generation).read(said)[0].words
    assert scope.importance(word) / word.weight == scope.importance(as_said) / as_said.weight


def test_a_piece_of_a_compound_and_another_word_are_no_form_of_a_word(tmp_path: Path) -> None:
    texts = ["LSTM-точка", "много точек", "игрок", "игрек"]
    generation = make_generation(tmp_path, {"c": [passage(text, number) for number, text in enumerate(texts)]})
    for typed in ("LSTM-точка", "игрок"):
        (phrase,) = _reader(generation).read(typed)
        assert not any(reading.is_form for word in phrase.words for reading in word.readings)


def test_a_word_is_found_as_it_is_spelled_on_the_other_side_of_the_atlantic(tmp_path: Path) -> None:
    texts = ["color channels of a picture", "normalization", "an optimizer takes steps", "another optimiser"]
    passages = [passage(text, page) for page, text in enumerate(texts, 1)]
    reader = QueryReader(Lexicon(make_scope(make_generation(tmp_path, {"c": passages}), Filters())))
    (color,), (optimiser,) = (phrase.words for phrase in reader.read("colour optimiser"))
    assert (color.text, [reading.text for reading in color.readings]) == ("color", ["color"])
    assert [reading.text for reading in optimiser.readings] == ["optimiser", "optimizer"]
    assert all(reading.reason is Reason.TYPED for reading in optimiser.readings)
    # where the course says neither, it is read as glossaries write it
    assert reader.read("regularisation")[0].words[0].text == "regularization"
    # in a French question it is a French word
    assert reader.read("les couches de normalisation")[3].words[0].text == "normalisation"


def test_of_several_of_an_abbreviation_the_glossary_is_asked_for_one(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("CNN и свёрточная нейронная сеть")]})
    (several,), (one,) = _reader(generation).read("CNNs"), _reader(generation).read("CNN")
    assert several.readings == one.readings != ()
    assert several.words == one.words


def test_names_are_not_translated_and_nothing_is_into_words_that_join_others(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("в какой мере мы это знаем")]})
    for name in ("IoU", "mIoU"):
        (phrase,) = _reader(generation).read(name)
        assert [reading.reason for reading in phrase.words[0].readings] == [Reason.TYPED]


def test_an_everyday_word_that_the_course_says_is_no_name_of_a_concept(tmp_path: Path) -> None:
    names = GeneralGlossary([named_in("ReAct|agent that reasons and acts")])
    said = "the agent that reasons and acts did react"
    generation = make_generation(tmp_path, {"c": [passage(said)], "d": [passage(said[:-6], course="d")]})
    for course, typed, read in (("c", "react", False), ("c", "ReAct", True), ("d", "react", True)):
        reader = QueryReader(Lexicon(make_scope(generation, Filters(course=course)), names))
        assert bool(reader.read(typed)[0].readings) is read, (course, typed)


def test_a_verb_that_nobody_says_is_read_as_the_noun_that_is_said(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("инициализация весов, нормализовать, нормализация")]})
    reader = _reader(generation)
    unsaid, said = reader.read("инициализировать"), reader.read("нормализовать")
    assert [reading.terms[0][0] for reading in unsaid[0].words[0].readings][1:2] == ["инициализац"]
    assert [reading.terms[0][0] for reading in said[0].words[0].readings] == ["нормализова"]

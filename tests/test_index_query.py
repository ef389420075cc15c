"""Queries → phrases with their readings, and what a search makes of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, page_of, write_pdf
from test_index_rewrite import _passage

from index.engine.glossary import Glossary, Term
from index.library import Library, open_served
from index.search.query import Reader, meaning_of, rewrites_of
from index.search.rewrite import Rewriter, build_vocabulary, open_vocabulary
from index.search.search import SearchIndex
from index.text.analysis import STOP_WEIGHT, terms_of
from index.text.language import zipf
from index.types import Phrase, Reason

_TEXT = "ранний останов early stopping dropout lstm ячейка свёртка ядро обучение сети"
_PAIR = Term("ранний останов", "Early Stopping", Reason.GLOSSARY, 3, "c", (0,))


@pytest.fixture(scope="module")
def reader() -> Reader:
    rewriter = Rewriter(open_vocabulary(*build_vocabulary([_passage(_TEXT)])))
    general = Glossary([Term("convolution", "свёртка", Reason.GLOSSARY, 0, "", ())])
    return Reader(rewriter, Glossary([_PAIR]), general, ("en",))


@pytest.fixture(scope="module")
def frequency() -> Callable[[str], int]:
    held = {term for word in _TEXT.split() for term in terms_of(word)}
    return lambda term: int(term in held)


def _read(reader: Reader, frequency: Callable[[str], int], query: str) -> tuple[Phrase, ...]:
    return reader.read(query, frequency)


def test_words_that_join_weigh_little_and_everyday_words_less(reader: Reader, frequency: Callable[[str], int]) -> None:
    (what, said, dropout) = _read(reader, frequency, "что использовать dropout")
    assert zipf("использовать", "ru") > 4.5
    assert what.words[0].weight == STOP_WEIGHT < said.words[0].weight < dropout.words[0].weight == 1.0


def test_a_term_of_the_glossary_is_also_read_in_the_other_language(
    reader: Reader, frequency: Callable[[str], int]
) -> None:
    (phrase,) = _read(reader, frequency, "раннего останова")
    assert [word.text for word in phrase.words] == ["раннего", "останова"]
    assert [(reading.text, reading.reason) for reading in phrase.readings] == [("Early Stopping", Reason.GLOSSARY)]
    (general,) = _read(reader, frequency, "convolution")
    assert [reading.text for reading in general.readings] == ["свёртка"]


def test_a_counterpart_that_the_course_lacks_is_no_reading(reader: Reader) -> None:
    (first, second) = _read(reader, lambda term: int(term in {"ран", "останов"}), "ранний останов")
    assert not first.readings
    assert not second.readings


def test_terms_of_other_courses_are_not_read(reader: Reader, frequency: Callable[[str], int]) -> None:
    phrases = reader.read("ранний останов", frequency, frozenset({"another"}))
    assert not any(phrase.readings for phrase in phrases)


def test_what_was_typed_is_never_replaced(reader: Reader, frequency: Callable[[str], int]) -> None:
    (phrase,) = _read(reader, frequency, "дропаут")
    typed, *others = phrase.words[0].readings
    assert (typed.text, typed.reason, typed.weight) == ("дропаут", Reason.TYPED, 1.0)
    assert [(reading.text, reading.reason) for reading in others] == [("dropout", Reason.TRANSLITERATION)]
    rewrite = rewrites_of([phrase])[0]
    assert (rewrite.source, rewrite.target, rewrite.reason) == ("дропаут", "dropout", Reason.TRANSLITERATION)
    assert meaning_of([phrase], frequency) == "дропаут dropout"


def test_a_compound_that_the_course_does_not_write_is_its_parts(
    reader: Reader, frequency: Callable[[str], int]
) -> None:
    assert [phrase.words[0].text for phrase in _read(reader, frequency, "LSTM-ячейка")] == ["LSTM", "ячейка"]


def test_the_other_layout_is_read_as_what_was_meant(reader: Reader, frequency: Callable[[str], int]) -> None:
    (phrase,) = _read(reader, frequency, "cdthnrf")
    assert phrase.words[0].readings[0].reason is Reason.LAYOUT
    assert rewrites_of([phrase])[0].target == "свертка"


def test_a_pasted_text_is_read_at_all(reader: Reader, frequency: Callable[[str], int]) -> None:
    assert len(_read(reader, frequency, "незнакомоеслово " * 60)) == 60


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
    index = SearchIndex(open_served(sqlite_library, embedder)[0], embedder)
    assert index.generation.manifest.languages == ["en", "fr"]
    for query, page in (("réseau de neurone", 1), ("couche", 1), ("les descentes du gradient", 2)):
        hit = index.search(query).hits[0]
        assert page_of(hit).page_number == page, query
    assert index.search("couche").hits[0].snippet.highlights

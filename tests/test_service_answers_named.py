"""What bears the name that is asked for: titles, speech that names it late, and words that only have its stem."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import numpy as np
import pytest
from test_service_answers_units import _slide

from index.search.search import SearchIndex
from index.text.analysis import find_terms
from index.types import Hit, TimePlace
from index.types.course import Host
from service.answers.compared import _is_set_against
from service.answers.definitions import comes_late
from service.answers.identifiers import names_of_code
from service.answers.kinds import ranks
from service.answers.named import name_in, other_words
from service.answers.scoring import _at_most, _kind, _Question, _read_pieces, _worth, score_units
from service.answers.types import Asked
from service.answers.units import Unit, units_of


def _scored(query: str, weights: dict[str, float], hits: list[Hit], asked: Asked = Asked.DEFINITION) -> list[Unit]:
    """The pieces of hits, best first."""
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    units = [unit for rank, hit in enumerate(hits) for unit in units_of(hit, rank)]
    scored = score_units(index, query, asked, units, weights)
    return [units[i] for i in np.argsort(-scored.worth, kind="stable") if scored.speaks[i]]


def _minute(text: str, start: float = 60.0) -> Hit:
    place = TimePlace(1, "v", Host.YOUTUBE, start, start + 60)
    hit = _slide(text)
    return replace(hit, passage=replace(hit.passage, title="", place=place, language="en"))


@pytest.mark.parametrize(
    ("title", "share"),
    [
        ("Dropout", 1.0),
        ("Dropout (2014)", 1.0),
        ("Выбрасывание нейронов (Dropout)", 1.0),
        ("Dropout = Zeroing", 1.0),
        ("Dropout: как работает", 0.8),
        ("Dropout – случайное обнуление", 0.8),
        ("Минутка кода: Dropout", 0.5),
        ("Inverted Dropout", 0.0),
        ("Dropout в свёрточных сетях", 0.0),
        ("Сеть без нейронов", 0.0),
    ],
)
def test_a_title_is_the_name_where_no_other_thing_stands_in_it(title: str, share: float) -> None:
    assert name_in("что такое dropout", {"dropout": 3.0}).titles(title, "en") == share


def test_a_title_in_other_words_is_the_name_too_and_one_word_of_several_is_not() -> None:
    weights = {"трансформер": 3.8, "transform": 2.2}
    assert name_in("что такое трансформер", weights).titles("Transformer", "en") == 1.0
    pair = {"batch": 3.0, "normal": 3.0}
    assert name_in("what is batch normalization", pair).titles("Batch Normalization", "en") == 1.0
    assert name_in("what is batch normalization", pair).titles("Normalization", "en") == 0.0


def test_of_a_slip_the_best_reading_that_is_like_it_is_a_part_of_the_name() -> None:
    weights = {"reparameter": 2.0, "trick": 3.5, "reparameteris": 5.0}
    assert name_in("the reparametrization trick", weights).own == {"trick", "reparameteris"}
    assert name_in("the reparametrization trick", weights).whole == 8.5
    # what is not like it is another word's
    assert name_in("the kangaroo trick", weights).own == {"trick"}
    assert name_in("какая-то штука", weights).whole == sum(weights.values())


def test_another_word_of_the_same_stem_is_told_from_the_one_that_was_typed() -> None:
    text = "transformers, not an affine transformation; a transformer-based net"
    weights = {"transform": 2.0}
    tokens = find_terms(text, weights)
    others = other_words("what is a transformer", weights, {0: (text, tokens)})
    assert [text[start:].split(";", maxsplit=1)[0] for start in others[0]] == ["transformation"]
    # where nothing has the word itself, all stand for it
    alone = "an affine transformation"
    assert other_words("transformer", weights, {0: (alone, find_terms(alone, weights))}) == {0: frozenset()}
    # and Russian words have many forms
    russian = "трансформера и трансформеры"
    stems = {"трансформер": 2.0}
    assert other_words("трансформер", stems, {0: (russian, find_terms(russian, stems))}) == {0: frozenset()}


@pytest.mark.parametrize(
    ("word", "written"), [("memory", "memories"), ("loss", "losses"), ("auto-encoder", "Autoencoder"), ("RNNs", "RNN")]
)
def test_both_numbers_and_spellings_of_a_word_are_that_word(word: str, written: str) -> None:
    text = f"{written} and {word}"
    weights = dict.fromkeys(("memori", "loss", "autoencod", "auto-encod", "rnn"), 1.0)
    assert other_words(word, weights, {0: (text, find_terms(text, weights))}) == {0: frozenset()}


def test_a_title_that_is_the_name_beats_one_that_holds_it_and_what_says_it_in_passing() -> None:
    weights = {"alexnet": 4.8}
    beside = _slide("SqueezeNet – маленькая сеть с качеством AlexNet\nсеть без полносвязных слоёв", "SqueezeNet", 40)
    beside = replace(beside, passage=replace(beside.passage, title="SqueezeNet – маленькая сеть с качеством AlexNet"))
    passing = _slide("Итог\nсамая известная сеть тут AlexNet, а дальше другие", "Итог", 50)
    own = replace(_slide("AlexNet (2012)\nпять свёрток и три полносвязных слоя", "AlexNet (2012)", 4), score=0.9)
    assert _scored("что такое AlexNet", weights, [beside, passing, own])[0].hit is own
    # who asks something else of it is not asking for that page
    assert _scored("какой бывает AlexNet", weights, [beside, passing, own], Asked.FACT)[0].hit is not own


def test_of_pages_under_one_name_the_first_says_what_it_is() -> None:
    later = replace(_slide("Dropout\nвсе модели делят параметры между собой", "Dropout", 21), score=0.98)
    other = replace(_slide("Итог\nтут был dropout и многое другое", "Итог", 30), score=0.9)
    first = _slide("Dropout\nслучайное обнуление активаций нейронов", "Dropout", 20)
    pieces = _scored("что такое dropout", {"dropout": 3.3}, [later, other, first])
    assert [unit.hit.passage.page and unit.hit.passage.page.page_number for unit in pieces[:2]] == [20, 21]


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("A camera obscura is a dark room. Here is one.", False),
        ("Here is a dark room of the kind that they had. The camera obscura was known.", True),
        ("Here is a dark room with a tiny hole in it. It is called a camera obscura.", False),
        ("Here is a dark room. The camera was known.", False),
    ],
)
def test_speech_that_names_late_what_it_should_define_is_told(text: str, late: bool) -> None:
    weights = {"camera": 2.7, "obscura": 5.2}
    assert comes_late(text, find_terms(text, weights), weights, 7.9, text.index(".") + 1) is late


def test_a_definition_in_speech_opens_with_the_sentence_that_names_it() -> None:
    said = (
        "And the light comes in and makes an image of what is outside on the other side of this very dark room. "
        "So here's an example of the camera obscura where an entirely dark room is lit through this tiny hole. "
        "Of course the aperture is so small and there is so little light that comes into the room that you see next to nothing of it."
    )
    best = _scored("what is a camera obscura", {"camera": 2.7, "obscura": 5.2}, [_minute(said)])[0]
    assert best.text.startswith("So here's an example of the camera obscura")


def test_a_definition_quotes_the_word_as_it_was_typed() -> None:
    other = _minute("Then we have the last affine transformation, which is the final one of all that we have here now.")
    own = replace(
        _minute("So the big nets of today use transformers for nearly all that they do with a text."), score=0.9
    )
    assert _scored("what is a transformer", {"transform": 2.6}, [other, own])[0].hit is own
    assert _scored("where do I use a transformer", {"transform": 2.6}, [other, own], Asked.FACT)[0].hit is other


def test_no_definition_is_worth_more_than_was_thought_possible() -> None:
    hits = [
        _slide("Dropout\n– случайное обнуление активаций нейронов\nнужен против переобучения", "Dropout", 20),
        _slide("Итог\nDropout – случайное обнуление активаций нейронов", "Итог", 30),
        _minute("A dropout is a way to switch off neurons at random, so that none of them is relied upon."),
    ]
    weights = {"dropout": 3.3}
    units = [unit for rank, hit in enumerate(hits) for unit in units_of(hit, rank)]
    query = "что такое dropout"
    name = name_in(query, weights)
    question = _Question(query, Asked.DEFINITION, weights, 3.3, name, names_of_code(query), True, name.own)
    pieces = [piece for piece in _read_pieces(question, units) if piece is not None]
    assert len(pieces) == len(units)
    assert all(_worth(question, piece, _kind(question, piece)) <= _at_most(question, piece) for piece in pieces)
    assert any(piece.is_name for piece in pieces)


@pytest.mark.parametrize("text", ["GRU считается быстрее, LSTM мощнее", "an LSTM is slower", "it outperforms a GRU"])
def test_what_is_better_is_told(text: str) -> None:
    assert ranks(text)
    assert not ranks("GRU и LSTM – рекуррентные блоки, and both are nets")


def test_what_is_better_of_two_names_compares_them_and_says_nothing_of_one() -> None:
    (unit,) = units_of(_slide("Блоки\nGRU считается быстрее, LSTM мощнее (но это условно)", "Блоки"), 0)
    assert _is_set_against(unit, (0, 3), (23, 27))
    assert not _is_set_against(unit, (0, 3), (0, 3))


def test_a_sentence_that_is_put_as_a_definition_is_worth_more_than_better_hits_that_use_the_word() -> None:
    use = _slide(
        "Training\nWe train for longer since dropout switches off neurons in each of the layers", "Training", 20
    )
    points = _slide("Next\nWe will learn more about dropout in the next session of the course", "Next", 30)
    what = _slide("Nets\nDropout is a technique that prevents overfitting by switching off neurons", "Nets", 40)
    assert _scored("what is dropout", {"dropout": 3.3}, [points, use, what], Asked.DEFINITION)[0].hit is what
    assert _scored("what is dropout", {"dropout": 3.3}, [points, use, what], Asked.DEFINITION)[-1].hit is points

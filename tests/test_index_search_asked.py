"""From a query to the words of the term that it surely asks for."""

from __future__ import annotations

import pytest

from index.search.asked import is_bare, words_of_term
from index.text.analysis import word_weight, words
from index.types import Phrase, Reading, Reason, Word


def _read(query: str) -> tuple[Phrase, ...]:
    return tuple(
        Phrase((Word(word, word_weight(word), (Reading(((word, 1.0),), 1.0, Reason.TYPED, word),)),))
        for word in words(query)
    )


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("what is beam search", "beam search"),
        ("What's a Beam Search?", "Beam Search"),
        ("how does beam search work", "beam search"),
        ("explain chain of thought", "chain of thought"),
        ("why do we need dropout", "dropout"),
        ("I don't understand label smoothing", "label smoothing"),
        ("что такое лучевой поиск", "лучевой поиск"),
        ("а как работает лучевой поиск?", "лучевой поиск"),
        ("Объясни мне, что такое это", ""),
        ("зачем нужен дропаут", "дропаут"),
        ("какие бывают оптимизаторы", "оптимизаторы"),
        ("beam search", ""),
        ("как бороться с переобучением", ""),
        ("how to fight overfitting", ""),
        ("what is the reason that my validation loss goes up again", ""),
        ("whatever", ""),
        ("объясни простыми словами, что такое дропаут", "дропаут"),
        ("explain beam search to me in simple words", "beam search"),
        ("что мы проходили про лучевой поиск?", "лучевой поиск"),
        ("на какой лекции был лучевой поиск", "лучевой поиск"),
        ("какую задачу решает лучевой поиск", "лучевой поиск"),
        ("лучевой поиск — что это?", "лучевой поиск"),
        ("как применять лучевой поиск на практике", "лучевой поиск"),
        ("what is the intuition behind beam search", "beam search"),
        ("which lecture talks about beam search?", "beam search"),
        ("is beam search mentioned anywhere", "beam search"),
        ("how to implement beam search", "beam search"),
        ("beam search definition", "beam search"),
        ("what does the lecturer say about beam search", "beam search"),
        ("что в курсе сказано о лучевом поиске?", "лучевом поиске"),
        ("where is beam search taught", "beam search"),
        ("что такое определение", "определение"),
        ("что такое определитель", "определитель"),
        ("зачем нужно предложение", "предложение"),
        ("как работает обучение по одному примеру", "обучение по одному примеру"),
        ("what is step size", "step size"),
        ("какие функции немонотонные", ""),
        ("какие активации используются в LSTM", ""),
        ("кто выиграл чемпионат мира", ""),
        ("why does my loss go up", ""),
        ("how can I stop my network from memorizing", ""),
        ("properties of natural signals", ""),
        ("cbow vs skip-gram что лучше", ""),
        ("что такое эпоха и надо ли мешать данные", ""),
        ("чем можно заполнять края при паддинге", ""),
        ("что такое кратковременная память", "кратковременная память"),
        ("способы аугментации картинок", "аугментации картинок"),
        ("способы оценить модель", ""),
        ("что такое устранение шума", "устранение шума"),
        ("что такое эпоха или итерация", ""),
        ("what is the logical or operator", "logical or operator"),
        ("объясни как пятилетнему что такое дропаут", "дропаут"),
        ("какие есть способы борьбы с переобучением", "переобучением"),
        ("что такое выборка сравнить модели", ""),
        ("что такое обычная нейросеть", "обычная нейросеть"),
        ("что такое правило двадцать", "правило двадцать"),
        ("can u give an example of beam search pls", "beam search"),
        ("что такое лучевой поиск и как его запустить для своей программы", "лучевой поиск"),
        ("what is beam search and how do we run it on a model with attention", "beam search"),
        ("как запустить поиск и как его остановить в своей программе", ""),
    ],
)
def test_the_term_is_what_follows_the_question(query: str, term: str) -> None:
    assert " ".join(word.text for word in words_of_term(_read(query))) == term


@pytest.mark.parametrize(
    ("query", "bare"),
    [("beam search", True), ("gradient of softmax", False), ("dog training tips", True), ("один два три слова", False)],
)
def test_a_few_words_that_each_say_something_are_bare(query: str, bare: bool) -> None:
    assert is_bare([word for phrase in _read(query) for word in phrase.words]) is bare


def test_a_hostile_query_takes_no_time() -> None:
    assert words_of_term(_read("а и ну " * 20_000 + "что")) == ()

"""A sentence that is put as a definition: the name is its subject, or stands where something has been described."""

from __future__ import annotations

import pytest

from index.text.analysis import find_terms, terms_of
from service.answers.stated import points_elsewhere, states, subject_terms


def _weights(name: str) -> dict[str, float]:
    return {terms_of(word)[0]: 1.0 for word in name.split()}


def _states(sentence: str, name: str) -> bool:
    weights = _weights(name)
    return states(sentence, find_terms(sentence, weights), weights, weights.keys())


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("Dropout is a technique that prevents overfitting.", "dropout"),
        ("So a latent variable is an extra variable of the model.", "latent variable"),
        ("The LSP (Language Server Protocol) is the way in which editors ask.", "LSP"),
        ("CRISP, which stands for a Cross-Industry Standard, is an open process.", "CRISP"),
        ("TSan: Detects data races in programmes with many threads.", "TSan"),
        ("Softmax refers to the exponentials divided by their sum.", "softmax"),
        ('Where we are now is a special reference called "HEAD".', "head"),
        ("This transformation to numbers is known as one-hot encoding.", "one-hot encoding"),
        ("Backpropagation is a method that computes the gradient in the previous layer first.", "backpropagation"),
        ("Momentum is a technique that reuses the gradient in the previous step.", "momentum"),
        ("A skip connection is a way to add the input to the output in a later layer.", "skip connection"),
        ("Teacher forcing is a way to give the true word to the network in the next step.", "teacher forcing"),
        ("A page table entry is a record that says whether this page is in memory.", "page table entry"),
        ("A cookie is a value by which a server knows the user of this session.", "cookie"),
        ("Перплексия — это экспонента средней ошибки модели.", "перплексия"),
        ("Эмбеддинг – векторное представление слова.", "эмбеддинг"),
        ("Под эмбеддингом понимают вектор слова или его части.", "эмбеддинг"),
        ("Такое обнуление активаций называется дропаутом.", "дропаут"),
    ],
)
def test_a_sentence_that_says_what_bears_the_name(sentence: str, name: str) -> None:
    assert _states(sentence, name)


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("We train longer since dropout is in the network.", "dropout"),
        ("Dropout is not used at test time, as was said.", "dropout"),
        ("A latent space is an extra thing of the model.", "latent variable"),
        ("A decision tree with a depth of 1 is called a decision stump.", "decision tree"),
        ("Dropout is a very good idea.", "dropout"),
        ("In this section we see what dropout is, and dropout is a technique.", "dropout"),
        ("Перплексия не меняется от длины текста.", "перплексия"),
        ("Previous: Dropout", "dropout"),
    ],
)
def test_a_sentence_that_only_uses_the_name(sentence: str, name: str) -> None:
    assert not _states(sentence, name)


def test_what_only_points_to_another_place() -> None:
    assert points_elsewhere("We'll learn more about it in Session 3.")
    assert points_elsewhere("This video was about training a model.")
    assert points_elsewhere("In this module you train a model.")
    assert points_elsewhere("This section describes how dropout is trained.")
    assert points_elsewhere("Dropout is a technique of which more is said in the next lecture.")
    assert points_elsewhere("The previous session was about dropout.")
    assert points_elsewhere("Подробнее об этом в следующей лекции.")
    assert not points_elsewhere("We learn the weights by gradient descent.")


def test_what_stands_behind_in_says_in_which_field_and_is_no_part_of_the_name() -> None:
    weights = _weights("head git")
    assert subject_terms("what is HEAD in git?", weights, weights.keys()) == {"head"}
    assert subject_terms("what is HEAD?", weights, weights.keys()) == weights.keys()

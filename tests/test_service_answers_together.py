"""An attribute of a thing: what is quoted is about both, in one place; else the place of the thing is named."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.answers.qualified import Qualified, qualified
from service.answers.questions import what_is_asked
from service.answers.types import Asked


def _ask(client: TestClient, question: str) -> dict[str, Any]:
    response = client.post("/api/answers", json={"question": question})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize(
    ("question", "attribute", "thing"),
    [
        ("what is the loss of a VAE?", "loss", "a VAE"),
        ("the hidden state of an LSTM", "hidden state", "an LSTM"),
        ("learning rate of Adam", "learning rate", "Adam"),
        ("which activation does an LSTM use?", "activation", "an LSTM"),
        ("how many parameters does LeNet have", "parameters", "LeNet"),
        ("какая функция потерь у GAN?", "функция потерь", "GAN"),
        ("а градиент у LSTM?", "градиент", "LSTM"),
        ("какая функция потерь автокодировщика", "функция потерь", "автокодировщика"),
        ("сколько параметров VGG", "параметров", "VGG"),
        ("сколько параметров у VGG и сколько времени его обучали?", "параметров", "VGG"),
        ("what is the depth of LeNet and how was it trained", "depth", "LeNet"),
        ("list the fields of a header with their sizes", "fields", "a header"),
    ],
)
def test_an_attribute_is_told_from_the_thing_that_has_it(question: str, attribute: str, thing: str) -> None:
    assert qualified(question) == Qualified(attribute, thing, owned=True)


@pytest.mark.parametrize(
    ("question", "thing"),
    [("какая функция активации в LSTM", "LSTM"), ("what is attention in transformers", "transformers")],
)
def test_what_is_met_somewhere_is_told_from_what_belongs_to_it(question: str, thing: str) -> None:
    found = qualified(question)
    assert found is not None
    assert (found.thing, found.owned) == (thing, False)


@pytest.mark.parametrize(
    "question",
    [
        "что такое dropout",
        "bag of words",
        "curse of dimensionality",
        "какие слои бывают",
        "какая функция лучше",
        "dropout",
    ],
)
def test_a_term_is_no_attribute_of_a_thing(question: str) -> None:
    assert qualified(question) is None


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("what is the formula of the F1 score", ""),
        ("число слоёв в VGG", "слоёв"),
        ("kernel size in a ResNet", "kernel"),
        ("which two gates does a GRU have", "gates"),
        ("which three things does an EfficientNet have", ""),
        ("какие три шага входят в метод опорных векторов", ""),
        ("В чём состоит правило 3-2-1 для копий", "В чём состоит правило 3-2-1"),
    ],
)
def test_a_measure_or_a_kind_of_answer_need_not_be_said(question: str, said: str) -> None:
    found = qualified(question)
    assert found is not None
    assert found.said == said


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("what are the stages of the CRISP-DM methodology", "CRISP-DM"),
        ("какие шаги входят в методологию CRISP-DM", "CRISP-DM"),
        ("what is the loss of the language model", "the language model"),
    ],
)
def test_of_which_kind_a_thing_is_need_not_be_said_beside_its_name(question: str, name: str) -> None:
    found = qualified(question)
    assert found is not None
    assert found.name.removeprefix("the ") == name.removeprefix("the ")


def test_how_many_asks_for_a_fact() -> None:
    assert what_is_asked("how many layers does GPT have") is Asked.FACT
    assert what_is_asked("how does GPT work") is Asked.STEPS


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("какой размер батча у SGD?", "Стохастический градиентный спуск (SGD)"),
        ("what is the threshold of the ROC curve?", "ROC curve and AUC"),
    ],
)
def test_what_is_quoted_is_about_the_thing_and_the_attribute(client: TestClient, question: str, title: str) -> None:
    found = _ask(client, question)
    assert found["outcome"] == "answered"
    assert found["citations"][0]["hit"]["title"] == title


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("what is the learning rate of GPT?", "«Внимание и трансформеры» (4), page 11"),
        ("какой темп обучения у BERT?", "«Внимание и трансформеры» (4), страница 11"),
    ],
)
def test_an_attribute_of_another_thing_is_no_answer(client: TestClient, question: str, page: str) -> None:
    found = _ask(client, question)
    assert (found["outcome"], found["citations"]) == ("place", [])
    assert page in found["note"]


def test_a_phrase_for_an_attribute_is_answered_only_from_its_place(client: TestClient) -> None:
    found = _ask(client, "threshold of the ROC curve")
    assert found["outcome"] == "answered"
    assert found["citations"][0]["hit"]["title"] == "ROC curve and AUC"
    assert _ask(client, "threshold of the learning rate")["outcome"] == "no_question"


def test_the_page_answers_such_a_phrase_too(client: TestClient) -> None:
    assert 'id="answer-title"' in client.get("/", params={"q": "threshold of the ROC curve"}).text
    assert 'id="answer-title"' not in client.get("/", params={"q": "threshold of the learning rate"}).text


@pytest.mark.parametrize(
    "question",
    [
        "Перечислите изменения в обучении, которые отличают одну сеть от другой; изменилась ли архитектура",
        "what are the steps of a training loop in a framework (forward, loss, zero grad)",
    ],
)
def test_a_long_clause_is_no_thing_of_which_something_is_asked(question: str) -> None:
    assert qualified(question) is None


def test_an_imperative_is_no_part_of_what_is_asked_for() -> None:
    found = qualified("Перечислите стадии в обратном распространении")
    assert found is not None
    assert (found.attribute, found.said) == ("стадии", "")

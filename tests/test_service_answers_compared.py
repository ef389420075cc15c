"""Comparisons: both sides are searched and quoted, a side that the course does not have is named, nothing is made up."""

from __future__ import annotations

from typing import Any

import pytest
from model_stub import model_server, says
from starlette.testclient import TestClient

from service.answers.questions import what_is_asked
from service.answers.searching import named_sides
from service.answers.sides import sides_of
from service.answers.types import Asked
from service.app import create_app
from service.settings import Settings


def _ask(client: TestClient, question: str, **more: Any) -> dict[str, Any]:
    response = client.post("/api/answers", json={"question": question, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _titles(found: dict[str, Any]) -> list[str]:
    return [citation["hit"]["title"] for citation in found["citations"]]


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("чем отличается LSTM от GRU?", ("LSTM", "GRU")),
        ("а чем dropout отличается от weight decay?", ("dropout", "weight decay")),
        ("чем Adam лучше, чем SGD", ("Adam", "SGD")),
        ("в чём разница между L1 и L2", ("L1", "L2")),
        ("какое отличие сигмоиды от ReLU", ("сигмоиды", "ReLU")),
        ("сравни word2vec и GloVe", ("word2vec", "GloVe")),
        ("что лучше: Adam или SGD?", ("Adam", "SGD")),
        ("Adam или SGD: что лучше", ("Adam", "SGD")),
        ("Inception против VGG, в чём разница?", ("Inception", "VGG")),
        ("BERT vs. GPT", ("BERT", "GPT")),
        ("What's the difference between a CNN and an RNN?", ("CNN", "RNN")),
        ("how is an LSTM different from a vanilla RNN", ("LSTM", "RNN")),
        ("how do energy models differ from probabilistic ones", ("energy models", "probabilistic ones")),
        ("compare precision with recall", ("precision", "recall")),
        ("is Adam better than SGD?", ("Adam", "SGD")),
        ("which is faster, Adam or SGD", ("Adam", "SGD")),
        ("precision or recall, which is better?", ("precision", "recall")),
        ("BERT vs GPT — what tells them apart?", ("BERT", "GPT")),
        ("filter or wrapper methods — which are faster", ("filter", "wrapper methods")),
        ("quelle est la différence entre un RNN et un LSTM ?", ("RNN", "LSTM")),
    ],
)
def test_both_sides_of_a_comparison_are_read(question: str, sides: tuple[str, str]) -> None:
    assert sides_of(question) == sides
    assert what_is_asked(question) is Asked.COMPARISON


@pytest.mark.parametrize(
    "question",
    [
        "что такое dropout",
        "чем отличается SGD",
        "bias and variance: what are they",
        "max or average pooling",
        "что за память, где запрос сравнивают с адресами и читают содержимое?",
        "what is the memory that they compare with addresses and read from?",
    ],
)
def test_what_names_no_two_sides_compares_nothing(question: str) -> None:
    assert sides_of(question) is None


def test_a_noun_that_both_sides_share_is_read_with_each() -> None:
    assert named_sides("L1 или L2 регуляризация: что лучше") == ("L1 регуляризация", "L2 регуляризация")
    assert named_sides("semantic vs instance segmentation") == ("semantic segmentation", "instance segmentation")
    assert named_sides("dropout vs batch normalization") == ("dropout", "batch normalization")


def test_it_is_no_name_of_a_side() -> None:
    assert named_sides("how is it different from dropout?") == ()


@pytest.mark.parametrize(
    ("question", "first", "second"),
    [
        ("чем RMSProp отличается от Adam?", "RMSProp", "Adam"),
        ("what is the difference between early stopping and dropout?", "Ранняя остановка (early stopping)", "Dropout"),
        ("Dropout vs batch normalization", "Dropout", "Нормализация по батчу (batch normalization)"),
    ],
)
def test_each_side_is_quoted_from_its_own_page(client: TestClient, question: str, first: str, second: str) -> None:
    found = _ask(client, question)
    assert (found["outcome"], found["note"]) == ("answered", "")
    assert _titles(found)[:2] == [first, second]


def test_behind_both_sides_stands_what_else_is_said_of_one_of_them(client: TestClient) -> None:
    found = _ask(client, "Dropout vs batch normalization")
    assert 2 < len(found["citations"]) <= 4
    assert set(_titles(found)[2:]) <= set(_titles(found)[:2])
    quotes = [citation["quote"] for citation in found["citations"]]
    assert len(set(quotes)) == len(quotes)


def test_a_page_that_sets_both_against_each_other_is_quoted_first(client: TestClient) -> None:
    found = _ask(client, "чем BERT отличается от GPT?")
    assert _titles(found)[0] == "BERT и GPT"
    assert "только кодировщик" in found["citations"][0]["quote"]
    assert "только декодер" in found["citations"][0]["quote"]


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("чем Mamba отличается от dropout?", "В курсе нет того, что названо «Mamba»."),
        ("what is the difference between XGBoost and dropout?", "The course does not cover “XGBoost”."),
        ("чем GAN отличается от dropout?", "«GAN» есть только в программе"),
    ],
)
def test_a_side_that_the_course_does_not_have_is_named_and_the_other_quoted(
    client: TestClient, question: str, note: str
) -> None:
    found = _ask(client, question)
    assert (found["outcome"], found["coverage"]) == ("one_side", "mentioned")
    assert note in found["note"]
    assert _titles(found) == ["Dropout"]
    assert found["citations"][0]["quote"].startswith("Во время обучения случайно обнуляем")


def test_two_things_that_the_course_does_not_have_are_absent(client: TestClient) -> None:
    found = _ask(client, "чем Mamba отличается от XGBoost?")
    assert (found["outcome"], found["coverage"], found["citations"]) == ("absent", "absent", [])


def test_a_model_does_not_compare_with_what_the_course_does_not_have(example_settings: Settings) -> None:
    with model_server(says("Mamba is faster than dropout [1].")) as (url, seen):
        chosen = example_settings.model_copy(update={"llm_url": url, "llm_model": "stub"})
        with TestClient(create_app(chosen), raise_server_exceptions=False) as client:
            found = _ask(client, "чем Mamba отличается от dropout?")
            page = client.get("/", params={"q": "чем Mamba отличается от dropout?"}).text
    assert seen == []
    assert (found["mode"], found["outcome"]) == ("extractive", "one_side")
    assert "data-written" not in page


def test_a_model_reads_the_best_pages_of_both_sides(example_settings: Settings) -> None:
    with model_server(says("Both are optimizers [1].")) as (url, seen):
        chosen = example_settings.model_copy(update={"llm_url": url, "llm_model": "stub"})
        with TestClient(create_app(chosen), raise_server_exceptions=False) as client:
            found = _ask(client, "чем ранняя остановка отличается от self-attention?")
    assert found["mode"] == "generated"
    read = seen[0][-1]["content"]
    assert "Ранняя остановка (early stopping)" in read
    assert "Самовнимание (self-attention)" in read


def test_the_page_and_the_chat_say_which_side_is_missing(client: TestClient) -> None:
    question = "чем Mamba отличается от dropout?"
    page = client.get("/", params={"q": question}).text
    assert "В курсе нет того, что названо «Mamba»" in page
    assert "случайно обнуляем" in page
    messages = [{"role": "user", "content": question}]
    whole = client.post("/v1/chat/completions", json={"messages": messages}).json()["choices"][0]["message"]["content"]
    assert whole.startswith("В курсе нет того, что названо «Mamba».")
    assert "случайно обнуляем" in whole


def test_a_name_of_a_side_stays_text_on_the_page(client: TestClient) -> None:
    page = client.get("/", params={"q": "чем <img src=x onerror=alert(1)> отличается от dropout?"}).text
    assert "<img src=x" not in page

"""Two questions in one: what is there is answered, what is not is named."""

from __future__ import annotations

from time import process_time

import pytest
from starlette.testclient import TestClient

from service.answers.parts import two_questions


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("что такое git и зачем нужны dotfiles", ("что такое git", "зачем нужны dotfiles")),
        ("что такое dropout, и что такое протокол TCP?", ("что такое dropout", "что такое протокол TCP?")),
        ("What is tmux and how does a shell work?", ("What is tmux", "how does a shell work?")),
        ("what is a pod and what is a node", ("what is a pod", "what is a node")),
    ],
)
def test_two_questions_are_cut_where_the_second_asks(question: str, parts: tuple[str, str]) -> None:
    assert two_questions(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "what is tmux and how do I use it",  # the second needs the first
        "что такое CTC и зачем там пустой символ",
        "что такое RSA и как он работает",
        "bias and variance",
        "tmux and what is it",
        "what is X and what is Y and what is Z",
        "what is the difference between precision and recall",
    ],
)
def test_one_question_stays_one(question: str) -> None:
    assert two_questions(question) is None


@pytest.mark.parametrize(
    ("question", "note"),
    [
        ("что такое Mamba и зачем нужен dropout?", "В курсе нет того, что названо «Mamba»."),
        ("what is dropout and what is label smoothing?", "The course does not cover “label smoothing”."),
    ],
)
def test_of_two_things_the_one_that_is_there_is_quoted_and_the_other_named(
    client: TestClient, question: str, note: str
) -> None:
    found = client.post("/api/answers", json={"question": question}).json()
    assert (found["outcome"], found["coverage"], found["note"]) == ("answered", "explained", note)
    assert found["citations"][0]["hit"]["title"] == "Dropout"
    assert found["unknown_words"][0] in note


@pytest.mark.parametrize("second", ["what types exist", "which variants are used", "what tricks exist"])
def test_what_is_asked_of_the_first_thing_again_is_no_thing_that_is_missing(client: TestClient, second: str) -> None:
    found = client.post("/api/answers", json={"question": f"what is dropout and {second}"}).json()
    assert (found["outcome"], found["note"]) == ("answered", "")
    assert found["citations"][0]["hit"]["title"] == "Dropout"


def test_two_things_that_are_not_there_are_absent(client: TestClient) -> None:
    found = client.post("/api/answers", json={"question": "что такое Mamba и зачем нужен XGBoost?"}).json()
    assert (found["outcome"], found["citations"]) == ("absent", [])


def test_a_question_is_cut_in_time_that_grows_with_its_blanks() -> None:
    begun = process_time()
    assert two_questions("what is" + " " * 20_000 + "x") is None
    assert process_time() - begun < 1

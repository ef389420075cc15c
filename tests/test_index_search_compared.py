"""What a question is about or compares, and what of it the course does not know."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from index.search.compared import leading, sides_of
from index.text.analysis import word_weight, words
from index.types import Phrase, Reading, Reason, Word


def _read(query: str) -> tuple[Phrase, ...]:
    return tuple(
        Phrase((Word(word, word_weight(word), (Reading(((word, 1.0),), 1.0, Reason.TYPED, word),)),))
        for word in words(query)
    )


@pytest.mark.parametrize(
    ("query", "sides"),
    [
        ("zsh vs bash", ["zsh", "bash"]),
        ("is proof of stake better than mining", ["proof of stake", "mining"]),
        ("is nushell better than zsh or fish?", ["nushell", "zsh", "fish"]),
        ("Should I use GraphQL or a plain REST API?", ["GraphQL", "REST API"]),
        ("Чем zellij отличается от tmux?", ["zellij", "tmux"]),
        ("в чём разница между Gerrit и коммитами", ["Gerrit", "коммитами"]),
        ("Celery или обычный Redis — что лучше для очереди", ["Celery", "Redis"]),
        ("чем хорош attention по сравнению с обычным seq2seq", ["attention", "seq2seq"]),
        ("compare attention with gated pooling", ["attention", "gated pooling"]),
        ("как связаны энтропия и расхождение", ["энтропия", "расхождение"]),
        ("how does tmux use sessions and windows", []),
        ("what is better for a queue", []),
        ("more layers of the network", []),
    ],
)
def test_the_sides_of_a_comparison_are_the_names_beside_what_compares(query: str, sides: list[str]) -> None:
    assert [" ".join(word.text for word in side) for side in sides_of(_read(query))] == sides


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("How does SELinux label files?", 2),
        ("nmap сканирование портов как сделать", 0),
        ("on my RTX 4090 how does dropout behave", None),
        ("nmap port scan", None),  # nothing is asked: all of it is the subject
    ],
)
def test_a_question_is_about_what_it_begins_with_unless_that_sets_the_scene(query: str, place: int | None) -> None:
    assert leading(_read(query)) == place


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("Zellijo или обычный dropout — что лучше против переобучения нейронной сети", "Zellijo"),
        ("is nushell better than dropout or batch normalization against overfitting", "nushell"),
        ("в чём разница между Gerrit и ранней остановкой при обучении нейронной сети", "Gerrit"),
        ("Celery or dropout?", "Celery"),
        ("How does SELinux label dropout and batch normalization", "SELinux"),
        ("label smoothing versus dropout with early stopping and batch normalization", "label smoothing"),
    ],
)
def test_a_course_that_has_one_side_or_what_is_done_to_it_does_not_answer(
    client: TestClient, query: str, unknown: str
) -> None:
    found = client.get("/api/search", params={"q": query}).json()
    assert found["coverage"] == "absent"
    assert unknown in found["unknown_words"]


@pytest.mark.parametrize(
    "query",
    [
        "dropout или ранняя остановка",
        "дропаут против early stopping",
        "is dropout better than batch normalization",
        "чем дропаут отличается от ранней остановки",
        "On my Quillon 4090 how does dropout change the training of a neural network",
    ],
)
def test_sides_that_are_there_and_the_scene_are_nothing_against_a_question(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] != "absent"


def test_many_sides_take_no_time(client: TestClient) -> None:
    assert client.get("/api/search", params={"q": "dropout or " * 90 + "dropout"}).status_code == 200

"""Queries of polite people, and of people who say how they want an answer → what they ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, open_index

from index.library import Library
from index.search.courtesy import without_courtesies
from index.search.tasks import without_tasks
from index.types import Coverage, Query


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Добрый день! Подскажите, пожалуйста, что такое dropout?", "что такое dropout?"),
        ("Здравствуйте, а где рассказывают про BERT?", "а где рассказывают про BERT?"),
        ("как работает внимание? Заранее большое спасибо!", "как работает внимание?"),
        ("объясни, пожалуйста, свёртку", "объясни, свёртку"),
        ("что такое LSTM? Ответь кратко, в двух предложениях.", "что такое LSTM?"),
        ("чем отличается VGG от ResNet? напиши в виде таблицы", "чем отличается VGG от ResNet?"),
        ("What is batch normalization? Please answer briefly.", "What is batch normalization?"),
        ("hi! can you help me? how does attention work", "how does attention work"),
        ("what is attention? Use at most 100 words and bullet points.", "what is attention?"),
        ("Good morning professor, what is a GAN?", "what is a GAN?"),
        ("please explain batch normalization", "explain batch normalization"),
    ],
)
def test_what_is_only_polite_or_of_the_form_of_an_answer_is_left_out(written: str, asked: str) -> None:
    assert without_courtesies(written) == asked


@pytest.mark.parametrize(
    "query",
    [
        "привет",
        "Спасибо!",
        "help",
        "json",
        "no free lunch theorem",
        "in context learning, few shot",
        "question, answer pairs",
        "list comprehension, json",
        "nn.Conv2d(1, 20, 5)",
        "softmax(QK^T/√d)",
        "max(0, z)",
        "no, a[0, 1] = 2",
        "learning in one step",
        "hello world",
    ],
)
def test_what_may_be_the_subject_stays(query: str) -> None:
    assert without_courtesies(query) == query


def test_a_polite_question_is_covered_as_the_same_without_and_shown_as_it_was_typed(
    course_folder: Path, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    index = open_index(sqlite_library, embedder)
    plain, polite = (
        index.find(Query(q)) for q in ("what is dropout?", "Hello! What is dropout? Please answer briefly.")
    )
    assert polite.coverage is plain.coverage is not Coverage.ABSENT
    assert polite.unknown_words == plain.unknown_words
    assert polite.query == "Hello! What is dropout? Please answer briefly."
    assert polite.ranked.rows.tolist() == plain.ranked.rows.tolist()


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("Опишите устройство LSTM: какие в ней гейты?", "устройство LSTM: какие в ней гейты?"),
        ("Dropout. Кратко поясните, зачем он нужен при обучении", "Dropout. зачем он нужен при обучении"),
        ("перечисли виды регуляризации и сравни, что они меняют", "виды регуляризации и что они меняют"),
        ("Докажите, что сигмоида монотонна на всей прямой", "что сигмоида монотонна на всей прямой"),
        ("Опишите батч-нормализацию", "что такое батч-нормализацию"),
        ("explain group dropout", "what is group dropout"),
        ("Describe how attention works, and list the kinds of it", "how attention works, and the kinds of it"),
        ("Give two reasons why residual blocks help", "two reasons why residual blocks help"),
    ],
)
def test_verbs_that_set_a_task_are_no_part_of_what_is_asked(written: str, asked: str) -> None:
    assert without_tasks(written) == asked


@pytest.mark.parametrize(
    "query",
    ["опишите", "state space models", "list comprehension", "show attend and tell", "найти минимум", "name entity"],
)
def test_verbs_that_may_be_the_subject_stay(query: str) -> None:
    assert without_tasks(query) == query


def test_a_task_finds_what_its_subject_finds(
    course_folder: Path, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    ingest(course_folder, sqlite_library, embedder)
    index = open_index(sqlite_library, embedder)
    plain, task = (index.find(Query(q)) for q in ("что такое dropout", "Охарактеризуйте dropout"))
    assert plain.coverage is task.coverage is not Coverage.ABSENT
    assert task.unknown_words == ()
    assert task.ranked.rows.tolist() == plain.ranked.rows.tolist()

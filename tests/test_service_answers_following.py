"""Follow-ups are completed from the conversation, small talk is told from questions, a course that is named is a scope."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from service.answers.following import standalone
from service.answers.named_course import course_named, readable_titles
from service.answers.questions import speaks_russian
from service.answers.small_talk import Talk, in_russian, small_talk, without_opening
from service.answers.types import Turn


def _meant(*talk: str) -> str:
    return standalone(talk[-1], [Turn("user", question) for question in talk[:-1]])


@pytest.mark.parametrize(
    ("talk", "meant"),
    [
        # without a subject of its own: that of the conversation
        (("что такое dropout?", "приведи формулу"), "формула dropout"),
        (("что такое dropout?", "приведи пример"), "пример dropout"),
        (("что такое dropout?", "а пример?"), "пример dropout"),
        (("что такое dropout?", "не понял, объясни попроще"), "dropout"),
        (("что такое dropout?", "а где это объясняется?"), "dropout"),
        (("что такое RNN?", "на каком слайде?"), "RNN"),
        (("что такое dropout?", "почему?"), "почему dropout"),
        (("что такое RMSProp?", "а чем он отличается от adam?", "и зачем это нужно?"), "зачем нужно RMSProp"),
        (("what is dropout?", "how?"), "how does dropout work"),
        (("what is momentum?", "give an example"), "example of momentum"),
        (("what is momentum?", "show me the code"), "code of momentum"),
        (("what is backprop?", "give me an intuition"), "intuition of backprop"),
        (("что такое ROC-кривая", "покажи код"), "код ROC-кривая"),
        # where and when, and whether it does something
        (("what is a hash function", "where is it used?"), "where is hash function used"),
        (("what is transfer learning", "when should I use it?"), "when should i use transfer learning"),
        (("что такое dotfiles?", "а где их хранить?"), "где хранить dotfiles"),
        (("механизм внимания", "где используется?"), "где используется механизм внимания"),
        (("what is gunicorn", "will that work on windows?"), "will gunicorn work on windows?"),
        (("what is a hash function", "where is this explained?"), "hash function"),
        # another one of the same kind
        (("what is grep", "is there something faster?"), "faster alternative to grep"),
        (("what is Flask", "is there anything better for production?"), "better alternative to Flask for production"),
        (("что такое Adam", "а есть что-то лучше?"), "лучше альтернатива Adam"),
        (("what is awk", "what about sed?"), "what is sed"),
        (("what is tmux?", "and how do I split the window into panes?", "what about screen?"), "what is screen"),
        # a word of a language for programs that joins others in ours
        (("how to write a for loop in bash", "and while?"), "while loop in bash"),
        (("цикл for в питоне", "а while?"), "цикл while в питоне"),
        (("what is random forest", "which parameters should I tune?"), "parameters of random forest"),
        (("what is ReLU?", "formula please"), "formula of ReLU"),
        (("what is a GAN?", "any disadvantages?"), "disadvantages of GAN"),
        (("tell me about word2vec", "more details please"), "word2vec"),
        (("что такое momentum?", "спасибо", "а формула?"), "формула momentum"),
        # what stands for it
        (("what is BERT?", "how was it trained?"), "how was BERT trained?"),
        (("what is masking?", "why does BERT need this?"), "why does BERT need masking?"),
        (("расскажи про ResNet", "сколько там слоёв?"), "сколько в ResNet слоёв?"),
        (("что такое dropout?", "а в каком слое его ставят?"), "в каком слое dropout ставят?"),
        (("explain LSTM", "what's its cell state for?"), "what's LSTM cell state for?"),
        (("что такое VAE?", "какая у него функция потерь?"), "какая функция потерь у VAE"),
        (("what is a GAN?", "what are its problems in training?"), "what are problems of GAN in training?"),
        (
            ("what is a variational autoencoder?", "how does it differ from a plain one?"),
            "how does variational autoencoder differ from a plain autoencoder?",
        ),
        (("what is a convolution?", "and a transposed one?"), "what is a transposed convolution?"),
        # both things
        (("что такое LSTM?", "а GRU?", "какая из них проще?"), "что проще: LSTM или GRU"),
        (("что такое SGD?", "а Adam?", "сравни их"), "чем SGD отличается от Adam"),
        (("explain LSTM", "and GRU?", "which of the two is simpler?"), "which is simpler, LSTM or GRU"),
        (("explain LSTM", "and GRU?", "what do they have in common?"), "what do LSTM and GRU have in common?"),
        (("расскажи про ResNet", "а DenseNet чем отличается?"), "чем DenseNet отличается от ResNet"),
        # going on
        (("зачем нужен dropout?", "а BatchNorm?"), "зачем нужен BatchNorm?"),
        (("what is attention?", "and in pytorch?"), "attention in pytorch"),
        (("what is the loss of a VAE?", "and of a GAN?"), "loss of GAN"),
    ],
)
def test_a_follow_up_takes_what_it_leaves_out_from_the_conversation(talk: tuple[str, ...], meant: str) -> None:
    assert _meant(*talk) == meant


@pytest.mark.parametrize(
    "question",
    [
        "что такое dropout и зачем он нужен?",
        "что такое обучение с учителем?",
        "what is learning rate?",
        "what is one-hot encoding?",
        "how does Adam adapt its learning rate?",
        "what is the loss that a GAN minimizes?",
        "is it true that a deep network needs batch normalization?",
        "есть ли связь между размером батча и темпом обучения?",
    ],
)
def test_a_question_with_a_subject_of_its_own_is_left_alone(question: str) -> None:
    assert _meant("what is momentum?", question) == question


@pytest.mark.parametrize(
    ("text", "talk"),
    [
        ("привет", Talk.GREETING),
        ("Добрый день!", Talk.GREETING),
        ("hey, how are you?", Talk.GREETING),
        ("спасибо большое, всё понятно", Talk.THANKS),
        ("ok thanks, bye", Talk.THANKS),
        ("Привет! Что ты умеешь?", Talk.ABOUT),
        ("о чём тебя можно спросить?", Talk.ABOUT),
        ("чем ты можешь мне помочь", Talk.ABOUT),
        ("what can I ask you?", Talk.ABOUT),
        ("are you a bot?", Talk.ABOUT),
        ("thanks, in english please", Talk.LANGUAGE),
        ("а можно на русском?", Talk.LANGUAGE),
        ("привет, что такое dropout?", None),
        ("спасибо, а формула?", None),
        ("что ты можешь сказать о dropout?", None),
        ("what can you do with a GAN?", None),
        ("what are you minimizing in a VAE?", None),
        ("как обучать на русском языке", None),
        ("hello world program", None),
        ("how does this work?", None),
    ],
)
def test_small_talk_is_told_from_questions(text: str, talk: Talk | None) -> None:
    assert small_talk(text) is talk


def test_a_greeting_before_a_question_is_no_part_of_it() -> None:
    assert without_opening("Добрый день! Что такое dropout?") == "Что такое dropout?"
    assert without_opening("thanks, and why?") == "and why?"
    assert without_opening("спасибо") == "спасибо"


def test_a_wish_for_a_language_holds_until_another_one() -> None:
    assert in_russian("что такое dropout?", [])
    assert not in_russian("что такое dropout?", ["in english please", "а формула?"])
    assert in_russian("why?", ["in english please", "теперь по-русски"])


def _answered(client: TestClient, question: str, *before: str) -> dict[str, Any]:
    history = [{"role": "user", "content": text} for text in before]
    response = client.post("/api/answers", json={"question": question, "history": history})
    found: dict[str, Any] = response.json()
    return found


def test_small_talk_is_answered_in_one_sentence_and_nothing_is_searched(client: TestClient) -> None:
    greeted = _answered(client, "привет")
    assert (greeted["outcome"], greeted["hits"], greeted["citations"]) == ("talk", [], [])
    assert greeted["note"].startswith("Здравствуйте!")
    assert _answered(client, "who are you?")["note"].startswith("Here the lectures answer questions")
    chat = client.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "thanks!"}]}).json()
    assert chat["choices"][0]["message"]["content"] == "You are welcome! Ask on about the lectures."


def test_what_is_said_is_in_the_language_that_was_wished_for(client: TestClient) -> None:
    question = "что такое квантовая хромодинамика?"
    assert _answered(client, question)["note"].startswith("В курсе этого нет.")
    assert _answered(client, question, "in english please")["note"].startswith("The course does not cover this.")


def test_a_formula_that_is_asked_for_without_its_thing_is_that_of_the_conversation(client: TestClient) -> None:
    found = _answered(client, "приведи формулу", "что такое F1 score?")
    assert [citation["hit"]["title"] for citation in found["citations"] if citation["pictured"]] == ["F1 score"]


_TITLES = {"nyu-dlsp20": "Deep Learning", "dyakonov-dl": "Глубокое обучение (Дьяконов)", "nyu-ml": "Machine Learning"}


@pytest.mark.parametrize(
    ("question", "rest", "course"),
    [
        ("what is attention in the dlsp20 course?", "what is attention?", "nyu-dlsp20"),
        ("what is attention in nyu-dlsp20?", "what is attention?", "nyu-dlsp20"),
        ("что такое внимание в курсе Дьяконова?", "что такое внимание?", "dyakonov-dl"),
        ("in the deep learning course, what is attention?", "what is attention?", "nyu-dlsp20"),
        # several, none, no place at all
        ("what is attention in the NYU course?", "what is attention in the NYU course?", None),
        ("what is it in another course?", "what is it in another course?", None),
        ("where is dropout in the course?", "where is dropout in the course?", None),
        ("what is overfitting in machine learning?", "what is overfitting in machine learning?", None),
    ],
)
def test_a_course_is_named_as_the_place_to_look_in(question: str, rest: str, course: str | None) -> None:
    assert course_named(question, lambda: _TITLES) == (rest, course)


def test_a_course_that_the_caller_may_not_read_is_no_place_to_look_in(client: TestClient) -> None:
    index = client.app.state.service.index()  # type: ignore[attr-defined]
    assert list(readable_titles(index, None)) == ["neural-networks"]
    assert readable_titles(index, frozenset()) == {}
    found = _answered(client, "что такое ранняя остановка в курсе neural networks?")
    assert found["question"] == "что такое ранняя остановка?"


@pytest.mark.parametrize(
    ("question", "russian"),
    [
        ("а от DropConnect?", True),
        ("what does слой mean?", False),
        ("batch normalization зачем", True),
        ("dropout", False),
    ],
)
def test_the_language_of_a_question_is_that_of_the_words_that_join_others(question: str, russian: bool) -> None:
    assert speaks_russian(question) is russian

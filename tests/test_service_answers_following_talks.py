"""Talks, and what is searched for the last question of each: what people say next, once they were told something."""

from __future__ import annotations

import pytest

from service.answers.following import standalone
from service.answers.sides import sides_of
from service.answers.types import Turn


def _meant(*talk: str) -> str:
    return standalone(talk[-1], [Turn("user", question) for question in talk[:-1]])


@pytest.mark.parametrize(
    ("talk", "meant"),
    [
        (("что такое RNN?", "а теперь подробнее про backprop"), "подробнее про backprop"),
        (("что такое VAE?", "а теперь про GAN"), "про GAN"),
        (("what is an RNN?", "and now about attention"), "about attention"),
        # still comparisons
        (("what is SGD?", "is Adam better?"), "how is Adam different from SGD"),
        (("что такое LSTM?", "а GRU быстрее?"), "чем GRU отличается от LSTM"),
        (("что такое RNN?", "LSTM мощнее?"), "чем LSTM отличается от RNN"),
        (("what is an RNN?", "more powerful than LSTM?"), "how is LSTM different from RNN"),
        (("explain LSTM", "and GRU?", "which is more efficient?"), "which is more efficient, LSTM or GRU"),
    ],
)
def test_more_about_another_thing_is_no_comparison(talk: tuple[str, ...], meant: str) -> None:
    assert _meant(*talk) == meant


@pytest.mark.parametrize(
    "question",
    [
        "расскажи подробнее про attention",
        "подробнее про LSTM",
        "tell me more about attention",
        "more details on Adam",
        "more examples of regularization",
        "дальше про GAN",
        "what else does BERT do?",
        "расскажи больше про LSTM",
        "в последнее время используют attention?",
        "чаще всего используют LSTM?",
        "more advanced methods like Adam?",
    ],
)
def test_more_about_a_thing_is_asked_about_that_thing_alone(question: str) -> None:
    assert _meant("что такое RNN?", question) == question
    assert _meant("what is SGD?", question) == question


@pytest.mark.parametrize(
    ("talk", "meant"),
    [
        (("что такое ResNet?", "сколько слоёв?"), "сколько слоёв у ResNet"),
        (("что такое ResNet?", "сколько параметров?"), "сколько параметров у ResNet"),
        (("what is an RNN?", "how many parameters?"), "how many parameters does RNN have"),
        (("what is a transformer?", "and how many heads?"), "how many heads does transformer have"),
        (("что такое ResNet?", "кто автор?"), "кто автор ResNet"),
        (("what is an RNN?", "author?"), "who is the author of RNN"),
        (("что такое VGG?", "автор?"), "кто автор VGG"),
        (("что такое ResNet?", "какой год?"), "в каком году ResNet"),
        (("what is LeNet?", "what year?"), "in what year LeNet"),
        (("кто придумал ResNet?", "а AlexNet?", "в каком году?"), "в каком году AlexNet"),
        (("что такое AlexNet?", "кто автор?", "когда?"), "когда AlexNet"),
        (("что такое AlexNet?", "кто автор?", "когда?", "а VGG?"), "когда VGG"),
        (
            ("что такое AlexNet?", "кто автор?", "когда?", "а VGG?", "что у них общего?"),
            "что у AlexNet и VGG общего?",
        ),
        (("что такое VAE?", "напиши loss"), "loss у VAE"),
        (("что такое VAE?", "выпиши функцию потерь"), "функцию потерь у VAE"),
        (("what is an RNN?", "write down the loss"), "loss of RNN"),
        (("what is an RNN?", "loss function?"), "loss function of RNN"),
        (("what is an RNN?", "what is the loss?"), "what is the loss of RNN"),
        (("что такое Adam?", "псевдокод"), "псевдокод у Adam"),
        (("что такое dropout?", "пример на лекции?"), "пример dropout"),
        (("что такое dropout?", "сколько лекций?"), "dropout"),
        (("что такое Adam?", "код на pytorch"), "код Adam на pytorch"),
        (("what is Adam?", "show me code in pytorch"), "code of Adam in pytorch"),
        (("что такое Adam?", "значения по умолчанию?"), "значения по умолчанию у Adam"),
        (("что такое VAE?", "зачем нужен второй член?"), "зачем нужен второй член vae"),
        (("what is Adam?", "any drawbacks?"), "drawbacks of Adam"),
        (("what is Adam?", "why are there limitations?"), "why are there limitations of Adam"),
        (("что такое Adam?", "а зачем там код?"), "зачем код Adam"),
        (("what is Adam?", "is there no example?"), "example of Adam"),
        (("what is Adam?", "is there something faster?"), "faster alternative to Adam"),
        (("what is Adam?", "is there something other?"), "alternative to Adam"),
        (("what is Adam?", "is there anything else?"), "alternative to Adam"),
        (("what is Adam?", "is there something number two?"), "is there something number two?"),
        (("what is a while loop?", "and until?"), "until loop"),
        (("what is tmux?", "and from?"), "tmux"),
        (("what is Adam?", "is there something better for sparse data?"), "better alternative to Adam for sparse data"),
        (("what is Adam?", "pros and cons"), "pros and cons of Adam"),
        (("what is backprop?", "what happens at the first layer?"), "first layer of backprop"),
        (("what is a GAN?", "why do we need the loss?"), "why do we need the loss of GAN"),
        (("что такое VGG?", "а слои?"), "слои у VGG"),
        (("что такое RNN?", "а какой learning rate?"), "какой learning rate RNN"),
        (("what is a GAN?", "in which paper?"), "GAN"),
        (("что такое Adam?", "плюсы и минусы?"), "плюсы и минусы у Adam"),
        (("что такое VAE?", "напиши loss", "подробнее про negative sampling"), "подробнее про negative sampling"),
    ],
)
def test_an_attribute_alone_is_that_of_the_thing_spoken_of_last(talk: tuple[str, ...], meant: str) -> None:
    assert _meant(*talk).casefold() == meant.casefold()


@pytest.mark.parametrize(
    ("talk", "meant"),
    [
        (
            ("чё такое трансформер", "зачем там позиционное кодирование?"),
            "зачем в трансформер позиционное кодирование?",
        ),
        (
            ("чё такое трансформер", "зачем там позиционное кодирование?", "а сколько голов?"),
            "сколько голов у трансформер",
        ),
        (
            ("что такое трансформер?", "зачем там позиционное кодирование?", "а сколько голов?", "а у BERT?"),
            "сколько голов у BERT",
        ),
        (("чо такое lstm", "а формула?"), "формула lstm"),
        (("what is k-means?", "is it a latent variable model?", "how do you train it?"), "how do you train k-means?"),
        (("what is k-means?", "is it a latent variable model?", "compare it with PCA"), "compare k-means with PCA"),
        (("can a CNN process audio?", "how does it work?"), "how does CNN work"),
        (("does dropout help at test time?", "why?"), "why dropout"),
        (("loss functions", "give an example"), "example of loss functions"),
        (("what is attention?", "and multi-head attention?", "formula?"), "formula of multi-head attention"),
        (("what is linear temporal logic?", "what does the third one mean?", "and U?"), "linear temporal logic U"),
        (("what is dropout?", "how does this work?"), "how does dropout work"),
        (("what is dropout?", "why is it so in there?"), "why is dropout so in there"),
        (("что такое VAE?", "спасибо! а теперь про GAN", "а формула?"), "формула GAN"),
        (("what about momentum?", "show the formula"), "formula of momentum"),
        (
            ("what is the conjugate gradient method?", "what about its convergence?", "and preconditioning?"),
            "conjugate gradient method preconditioning",
        ),
    ],
)
def test_a_thing_is_taken_on_without_what_was_asked_of_it(talk: tuple[str, ...], meant: str) -> None:
    assert _meant(*talk) == meant


@pytest.mark.parametrize(
    ("talk", "meant"),
    [
        (("explain SGD and Adam", "when should I use the first one?"), "when should I use SGD?"),
        (("compare orthographic and perspective projection", "and the second one?"), "perspective projection"),
        (("сравни LSTM и GRU", "а второй?"), "GRU"),
        (("сравни LSTM и GRU", "расскажи подробнее про первый"), "расскажи подробнее про LSTM"),
        (("сравни LSTM и GRU", "расскажи подробнее про первый", "а второй?"), "расскажи подробнее про GRU?"),
        (("сравни LSTM и GRU", "сколько параметров у второго?"), "сколько параметров у GRU?"),
        (("how is SGD different from Adam?", "what about the latter?"), "Adam"),
        (
            ("что такое word2vec?", "а чем skip-gram отличается от cbow?", "какой из них лучше для редких слов?"),
            "что лучше: skip-gram или cbow, для редких слов",
        ),
        (("сравни LSTM и GRU", "как они обучаются?"), "как LSTM и GRU обучаются?"),
        (
            ("what is the difference between energy and loss?", "how do they relate?"),
            "how do energy and loss relate?",
        ),
        (("compare SGD and Adam", "are they faster than RMSprop?"), "are SGD and Adam faster than RMSprop?"),
        (("explain SGD and Adam", "and the learning rate?"), "the learning rate"),
        (
            ("compare SGD and Adam", "which one is better in high dimensions?"),
            "which is better, SGD or Adam, in high dimensions",
        ),
    ],
)
def test_the_first_and_the_second_are_those_of_the_last_two(talk: tuple[str, ...], meant: str) -> None:
    assert _meant(*talk).rstrip("?") == meant.rstrip("?")


@pytest.mark.parametrize(
    "talk",
    [
        # whole questions, though they go on
        ("что такое word2vec?", "а чем skip-gram отличается от cbow?"),
        ("что такое word2vec?", "а в чем разница между skip-gram и cbow?"),
        ("what is an autoencoder?", "so what is the difference between energy and loss?"),
        ("что такое BatchNorm?", "а зачем нужен dropout?"),
        ("what is SGD?", "so why do we need regularization?"),
        ("что такое VAE?", "а как обучать GAN?"),
        # whole questions with the words of an attribute
        ("что такое RNN?", "что такое функция потерь?"),
        ("что такое RNN?", "какие бывают слои?"),
        ("what is SGD?", "what is a loss function?"),
        ("what is SGD?", "what is a hyperparameter?"),
        ("что такое RNN?", "сколько параметров у GRU?"),
        ("what is SGD?", "how many layers does VGG have?"),
        ("что такое RNN?", "кто автор Adam?"),
        ("что такое RNN?", "в каком году появился AlexNet?"),
        ("what is SGD?", "what is the value function?"),
        ("что такое RNN?", "сколько весит bert?"),
        ("что такое RNN?", "а для чего нужен attention?"),
        ("что такое RNN?", "код attention на pytorch"),
        ("что такое RNN?", "attention код на pytorch"),
        ("compare SGD and Adam", "what does the third one mean?"),
        ("what is SGD?", "loss of a GAN"),
        # "first" and "second" of something, and of no two things
        ("compare SGD and Adam", "what is the first law of thermodynamics?"),
        ("сравни LSTM и GRU", "что такое вторая производная функции двух переменных?"),
        ("what is linear temporal logic?", "what does the third one mean?"),
        ("что такое LSTM?", "а второй?"),
        # what is no follow-up at all
        ("что такое RNN?", "спасибо"),
        ("what is SGD?", "thanks a lot"),
        ("что такое RNN?", "сравни VGG и ResNet"),
        ("what is SGD?", "what is attention and how does it work?"),
    ],
)
def test_a_whole_question_is_left_as_it_is(talk: tuple[str, ...]) -> None:
    assert _meant(*talk) == talk[-1]


@pytest.mark.parametrize(
    ("question", "sides"),
    [
        ("compare supply and demand and cap and trade", ("supply and demand", "cap and trade")),
        ("difference between gradient descent and forward and backward", ("gradient descent", "forward and backward")),
        ("difference between exploration and exploitation and SGD?", ("exploration and exploitation", "SGD")),
        ("difference between precision and recall and accuracy", ("precision", "recall and accuracy")),  # not told
        ("сравни LSTM и GRU и расскажи про VGG", ("LSTM", "GRU и расскажи про VGG")),
        ("compare LSTM and GRU", ("LSTM", "GRU")),
    ],
)
def test_of_several_words_and_that_is_taken_which_parts_two_names(question: str, sides: tuple[str, str]) -> None:
    assert sides_of(question) == sides

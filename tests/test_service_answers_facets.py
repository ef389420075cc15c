"""An example, the code, the place or the time that is asked for chooses what is quoted; what was told last comes later."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest

from index.search.search import SearchIndex
from index.types import Hit, IndexedPassage, Kind, PagePlace, Snippet
from index.types.course import DeckKind
from service.answers.extractive import extract_answer
from service.answers.facets import facet_of, says
from service.answers.numbers import Numbers
from service.answers.types import Asked

_LINES = (
    "hashing maps any data to a digest of fixed length",
    "hashing is good, for example a password of ten letters gives forty digits",
    "hashing is used in version control to name each commit",
    "hashing has a problem: two texts may collide however seldom",
    "hashing is fine when nobody needs to read the text again",
)


def _hits() -> list[Hit]:
    found = []
    for row, line in enumerate(_LINES):
        place = PagePlace(1, "a.pdf", DeckKind.SLIDES, row + 1)
        passage = IndexedPassage(
            f"p{row}", Kind.PAGE, "", line, str(row), "c", "C", None, "en", 1, 1, "L", "", None, place
        )
        found.append(Hit(passage, 1.0 - row / 100, Snippet("", ())))
    return found


def _first(question: str, said: str = "") -> str:
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    _, citations, _ = extract_answer(index, question, Asked.FACT, _hits(), {"hash": 3.0}, Numbers(()), said=said)
    return citations[0].quote


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("example of hashing", 1),
        ("where is hashing used", 2),
        ("drawbacks of hashing", 3),
        ("when should I use hashing", 4),
        ("пример hashing", 1),
    ],
)
def test_what_is_asked_of_a_thing_chooses_the_sentence(question: str, line: int) -> None:
    assert _first(question) == _LINES[line]


def test_what_was_told_last_is_not_told_first_again() -> None:
    first = _first("tell about hashing")
    assert _first("tell about hashing", said=f"{first} [1]") != first


@pytest.mark.parametrize(
    "text",
    [
        "It takes place on 12 May.",
        "It ends on 03.12.2025.",
        "It begins at 10:30.",
        "It came up in 1986.",
        "Занятие 5 марта.",
    ],
)
def test_a_date_says_when(text: str) -> None:
    facet = facet_of("when does the exam take place")
    assert facet is not None
    assert says(facet, text, is_code=False)
    assert not says(facet, "The exam has 12 separate tasks of 0.25 points.", is_code=False)


@pytest.mark.parametrize(
    "question",
    [
        "what is hashing",
        "where is hashing explained",
        "как работает hashing",
        "what does the code of ethics say",
        "what does an exit code of 1 say",
        "что делает код Хэмминга",
        "что показывает реализация случайной величины",
    ],
)
def test_other_questions_ask_for_nothing_of_it(question: str) -> None:
    assert facet_of(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "my training loss is nan after two epochs",
        "git refuses to push my branch",
        "веса не учатся, хотя слои в списке",
        "после permute делаю view(-1) и он ругается на размер",
        "ValueError: Expected more than 1 value per channel when training",
        "i projected the points and all of them are negative, what did I forget",
    ],
)
@pytest.mark.parametrize(
    "remedy",
    [
        "Make sure that the learning rate is small.",
        "Use nn.ModuleList instead of a list.",
        "This comes from a bug, because of a missing batch.",
        "Следует уменьшить шаг.",
        "Веса не видны из-за списка.",
    ],
)
def test_of_a_trouble_the_remedy_or_the_cause_is_asked(question: str, remedy: str) -> None:
    facet = facet_of(question)
    assert facet is not None
    assert says(facet, remedy, is_code=False) == 1.0
    assert says(facet, "The loss has three terms.", is_code=False) == 0.0


@pytest.mark.parametrize("question", ["what is a learning rate", "which layers has AlexNet", "сколько слоёв у VGG"])
def test_who_suffers_nothing_asks_for_no_remedy(question: str) -> None:
    assert facet_of(question) is None

"""Who made something, and when: what is quoted names somebody, or a year, beside that very thing."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import pytest
from starlette.testclient import TestClient
from test_service_answers_units import _slide

from index.search.search import SearchIndex
from index.types import Hit, Kind, TimePlace
from index.types.course import Host
from service.answers.extractive import extract_answer
from service.answers.held import Wanted
from service.answers.numbers import Numbers
from service.answers.people import cited_in, credited_in, years_in
from service.answers.questions import what_is_asked
from service.answers.told import Told, thing_told_of
from service.answers.types import Asked

_WEIGHTS = {"zoneout": 2.0}
_ZONEOUT = (Wanted("zoneout", "zoneout", (frozenset({"zoneout"}),), 2.0),)


def _quoted(asked: Asked, *hits: Hit) -> list[str]:
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    told = Told(asked, _ZONEOUT, _WEIGHTS, made=True)
    _, citations, _ = extract_answer(index, "кто предложил zoneout", asked, hits, _WEIGHTS, Numbers(()), told)
    return [citation.quote for citation in citations]


def _spoken(text: str) -> Hit:
    place = TimePlace(1, "v", Host.YOUTUBE, 0.0, 60.0)
    return replace(_slide("", ""), passage=replace(_slide(text).passage, kind=Kind.SEGMENT, place=place))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Adagrad [Duchi и др., 2011]", ["Duchi и др"]),
        ("(Simonyan and Zisserman, 2014)", ["Simonyan and Zisserman, 2014"]),
        ("He, Zhang, Ren, Sun, CVPR 2016", ["He, Zhang, Ren, Sun, CVPR 2016"]),
        ("Andrew G. Howard et. al. «MobileNets»", ["Andrew G.", "G. Howard", "Howard et. al"]),
        ("[Mikolov Т.", ["Mikolov Т."]),
        ("GPT – Generative Pre-Training (OpenAI)", ["OpenAI"]),
        ("Spatial Dropout – выбрасываем каналы, а не нейроны", []),
        ("Rectified Adam (RAdam, 2019)", []),
        ("(December 2016) LeNet, 1998", []),
    ],
)
def test_authors_of_publications_are_told_from_other_names(text: str, named: list[str]) -> None:
    assert sorted({text[start:end] for start, end in cited_in(text)}) == sorted(named)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("this was invented by two scientists Bruno Olshausen and David Field", ["Bruno Olshausen", "David Field"]),
        ("the module was proposed by Rosenblatt", ["Rosenblatt"]),
        ("an application of Chain Rule, and the idea of a chain rule is old", []),
        ("we walked with Bruno Olshausen through the park", []),
    ],
)
def test_a_sentence_names_who_made_something(text: str, named: list[str]) -> None:
    assert [text[start:end] for start, end in credited_in(text)] == named


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("in 1997 and in the 60's", ["1997", "60's"]),
        ("в 1990-х и в 1958 году", ["1990-х", "1958"]),
        ("2048 neurons, 1920×1080 pixels, 1600x1200, v.2014", []),
    ],
)
def test_years_are_told_from_other_numbers(text: str, years: list[str]) -> None:
    assert [text[start:end] for start, end in years_in(text)] == years


def test_the_title_of_a_slide_that_holds_the_year_is_quoted() -> None:
    titled = _slide("ZoneOut (2012)\nслучайно сохраняем прошлое состояние сети", "ZoneOut (2012)")
    beside = _slide("Обзор\nпосле этого метод ZoneOut долго сравнивали, 2017", "Обзор", 6)
    assert _quoted(Asked.WHEN, beside, titled) == ["ZoneOut (2012)"]


def test_who_proposed_something_narrower_is_no_answer() -> None:
    narrower = _slide(
        "Особенности регуляризации: ZoneOut\nPietro Morerio «Curriculum ZoneOut» // arXiv",
        "Особенности регуляризации: ZoneOut",
    )
    other = _slide("Рекуррентные сети\nMing Hua «Curriculum ZoneOut of Networks» // arXiv", "Рекуррентные сети", 6)
    own = _slide("ZoneOut\nсостояние сети случайно сохраняем\n[Srivastava, 2014]", "ZoneOut", 7)
    assert _quoted(Asked.PERSON, narrower, other) == []
    assert all("Srivastava" in quoted for quoted in _quoted(Asked.PERSON, narrower, other, own))


def test_a_publication_is_quoted_without_its_address() -> None:
    cited = "[Kingma, Ba, 2014 https://arxiv.org/abs/1412.6980]"
    hit = _slide(f"Ещё методы\nZoneOut = сохраняем состояние\n{cited}", "Ещё методы")
    assert _quoted(Asked.PERSON, hit) == ["Kingma, Ba, 2014"]


def test_speech_that_names_who_proposed_another_thing_is_no_answer() -> None:
    other = "So this module called GRU was proposed by Kyunghyun Cho who is professor here and it works well. "
    thing = "People then used zoneout for many years with other networks and got better results with it. "
    assert _quoted(Asked.PERSON, _spoken(other + "And so on and so forth with many layers. " * 4 + thing)) == []
    (quoted,) = _quoted(Asked.PERSON, _spoken(other.replace("GRU", "zoneout")))
    assert "Kyunghyun Cho" in quoted


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("когда появилась AlexNet?", Asked.WHEN),
        ("в каком году предложен ResNet?", Asked.WHEN),
        ("when did convolutional nets appear?", Asked.WHEN),
        ("when does a recurrent generator stop", Asked.FACT),
        ("когда применяют dropout", Asked.FACT),
    ],
)
def test_when_something_happened_is_told_from_under_which_condition(question: str, asked: Asked) -> None:
    assert what_is_asked(question) is asked


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("кто авторы архитектуры Transformer?", "Transformer"),
        ("who invented convolutional networks?", "convolutional networks"),
        ("в каком году придумали LSTM и какую проблему хотели решить", "LSTM"),
        ("what is dropout", ""),
        ("как написать резюме", ""),
        ("как создать свою функцию потерь", ""),
        ("how to build and develop an app", ""),
    ],
)
def test_what_somebody_made_is_searched_alone_too(question: str, thing: str) -> None:
    assert thing_told_of(question) == thing


@pytest.mark.parametrize("question", ["когда придумали dropout?", "who invented early stopping"])
def test_where_nobody_is_named_the_place_of_the_thing_is_shown(client: TestClient, question: str) -> None:
    found = client.post("/api/answers", json={"question": question}).json()
    assert (found["outcome"], found["citations"]) == ("place", [])
    assert found["note"].startswith(("Лучше всего это объяснено здесь", "This is explained best here"))

"""How long a quote is: the lines around a piece of a page, the next sentences of the first one of speech."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.types import DeckKind, Hit, Host, IndexedPassage, Kind, PagePlace, Snippet, TimePlace
from service.answers.lengths import at_length
from service.answers.units import Unit, units_of

_TITLE = "Настройка GPT"
_FIRST, _SECOND, _THIRD = (
    "Пропускаем предложение через весь трансформер.",
    "Используем скрытое состояние последнего токена.",
    "Над ним учим один линейный слой.",
)

_NAMES = "альфа бета гамма дельта дзета йота каппа лямбда омега сигма тета фита хита пси ро тау мю ню кси эта".split()
_LINES = [f"{n.capitalize()} есть {n}ик, {n}ами {n}уют {n}ушку {n}ового {n}иста вместо {n}ений." for n in _NAMES]


def _slide(text: str, title: str = "") -> Hit:
    place = PagePlace(1, "a.pdf", DeckKind.SLIDES, 5)
    passage = IndexedPassage("p", Kind.PAGE, title, text, "0", "c", "C", None, "ru", 1, 1, "L", "", None, place)
    return Hit(passage, 1.0, Snippet("", ()))


def _unit(hit: Hit, begins: str) -> Unit:
    """The piece that begins with these words, cut to its first line."""
    unit = next(unit for unit in units_of(hit, 0) if unit.text.startswith(begins))
    return replace(unit, piece=replace(unit.piece, text=unit.text[: unit.piece.first]))


def _page(*lines: str) -> Hit:
    return _slide("\n".join((_TITLE, *lines)), _TITLE)


@pytest.mark.parametrize("begins", [_FIRST, _SECOND, _THIRD])
def test_a_short_run_of_lines_is_quoted_whole_whichever_of_them_was_chosen(begins: str) -> None:
    (quoted,) = at_length([_unit(_page(_FIRST, _SECOND, _THIRD), begins)])
    assert quoted.text == f"{_FIRST}\n{_SECOND}\n{_THIRD}"
    assert quoted.hit.passage.text[quoted.start :].startswith(_FIRST)


@pytest.mark.parametrize("between", ["∑ x y = z / 2 ∂ w", "https://example.org/gpt", "Vaswani et al. // NeurIPS 2017"])
def test_formulas_addresses_and_publications_end_a_quote(between: str) -> None:
    (quoted,) = at_length([_unit(_page(_FIRST, _SECOND, between, _THIRD), _FIRST)])
    assert quoted.text == f"{_FIRST}\n{_SECOND}"


def test_a_quote_ends_with_no_heading() -> None:
    (quoted,) = at_length([_unit(_page(_FIRST, _SECOND, "Что ещё меняют:"), _FIRST)])
    assert quoted.text == f"{_FIRST}\n{_SECOND}"


def test_of_a_long_run_the_next_lines_are_quoted() -> None:
    lines = _LINES
    (quoted,) = at_length([_unit(_page(*lines), lines[7])])
    assert quoted.text.startswith(f"{lines[7]}\n{lines[8]}\n")
    assert 400 < len(quoted.text) <= 480


def test_what_another_quote_has_grown_over_is_left_out_and_quotes_do_not_overlap() -> None:
    page = _page(_FIRST, _SECOND, _THIRD)
    assert len(at_length([_unit(page, _FIRST), _unit(page, _THIRD)])) == 1
    lines = _LINES
    long = _page(*lines)
    first, second = at_length([_unit(long, lines[9]), _unit(long, lines[0])])
    assert second.text.startswith(lines[0])
    assert second.piece.end <= first.start


def test_no_quote_takes_in_a_part_of_another_one() -> None:
    page = _page(*_LINES)
    two = _unit(page, _LINES[9])
    text = f"{_LINES[9]}\n{_LINES[10]}"
    two = replace(two, piece=replace(two.piece, text=text))
    # the first one has room for the first line of the second, and not for both
    first = _unit(page, _LINES[10 - 480 // (len(_LINES[0]) + 1)])
    (quoted,) = at_length([first, two])
    assert text in quoted.text


def test_two_quotes_of_a_page_with_little_between_them_are_one() -> None:
    page = _page(*_LINES)
    early, late = _unit(page, _LINES[2]), _unit(page, _LINES[8])
    (quoted,) = at_length([late, early])
    assert quoted.text.startswith(_LINES[2])
    assert _LINES[8] in quoted.text


@pytest.mark.parametrize("between", ["∑ x y = z / 2 ∂ w", "https://example.org/gpt"])
def test_two_quotes_with_a_formula_or_an_address_between_them_stay_two(between: str) -> None:
    page = _page(_FIRST, _SECOND, between, _THIRD)
    assert [unit.text for unit in at_length([_unit(page, _THIRD), _unit(page, _FIRST)])] == [
        _THIRD,
        f"{_FIRST}\n{_SECOND}",
    ]


def test_quotes_of_different_places_stay_as_they_are() -> None:
    page = _page(_FIRST, _SECOND, _THIRD)
    other = replace(_unit(page, _THIRD), rank=1)
    assert len(at_length([_unit(page, _FIRST), other])) == 2


def test_code_and_labels_of_a_picture_stay_as_they_are() -> None:
    code = _slide("Дообучение\nnet.fc = nn.Linear(512, 10)\nnet.train()", "Дообучение")
    (unit,) = (unit for unit in units_of(code, 0, code=True) if unit.piece.is_code)
    assert at_length([unit]) == [unit]
    strewn = _page(_FIRST, "слой слой слой слой вход вход вход вход выход выход выход выход слой вход слой вход")
    assert at_length([_unit(strewn, _FIRST)])[0].text == _FIRST


def _speech(said: str) -> Hit:
    place = TimePlace(1, "v", Host.YOUTUBE, 0.0, 60.0)
    return replace(_slide("", ""), passage=replace(_slide(said).passage, kind=Kind.SEGMENT, place=place))


_ONE, _TWO = "One layer is not enough for this. ", "Two layers are enough for everything. "


def test_the_first_quote_of_speech_is_longer() -> None:
    spoken = _speech(_ONE * 12 + _TWO * 12)
    first, *others = units_of(spoken, 0)
    assert len(first.text) < len(at_length([first])[0].text) <= 640
    later = next(unit for unit in others if unit.start >= first.piece.end)
    (quoted,) = at_length([first, later])
    assert (quoted.start, quoted.piece.end) == (first.start, later.piece.end)


def test_what_another_person_says_parts_two_quotes_of_speech() -> None:
    spoken = _speech(f"{_ONE * 4}AUDIENCE MEMBER Why? {_TWO * 4}")
    units = units_of(spoken, 0)
    first, later = units[0], next(unit for unit in units if unit.text.startswith("Two"))
    assert at_length([first, later]) == [first, later]


def test_two_quotes_of_speech_that_are_far_apart_stay_two() -> None:
    spoken = _speech(_ONE * 20 + _TWO * 40)
    first, *_, last = units_of(spoken, 0)
    quoted, second = at_length([first, last])
    assert quoted.piece.end <= second.start
    assert second == last

"""What is cut out of a page or of speech: a sentence without the address below it, no half of one, no furniture."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
from test_service_answers_units import _slide

from index.types import Hit, Kind, TimePlace
from index.types.course import Host
from service.answers.extractive import read_units
from service.answers.lengths import at_length
from service.answers.lines import is_reference
from service.answers.pieces import pieces_of
from service.answers.types import Asked
from service.answers.units import units_of

_FORMULA = "w (t+1) = w (t) − η∇L (t) w (t)"


def _quoted(text: str, title: str = "Nadam", *, names: bool = False) -> list[str]:
    return [unit.quote for unit in units_of(_slide(f"{title}\n{text}", title), 0, names=names)]


def _spoken(said: str) -> Hit:
    place = TimePlace(1, "v", Host.YOUTUBE, 0.0, 60.0)
    return replace(_slide("", ""), passage=replace(_slide(said).passage, kind=Kind.SEGMENT, place=place))


@pytest.mark.parametrize(
    ("page", "quoted"),
    [
        (
            "Зануление отдельных весов, а не нейронов\nhttps://cs.nyu.edu/~wanli/dropc/",
            ["Зануление отдельных весов, а не нейронов"],
        ),
        (
            "Здесь есть много готовых и обученных моделей,\nсм. https://pytorch.org/vision/stable/models.html",
            ["Здесь есть много готовых и обученных моделей"],
        ),
        (
            "https://github.com/a-very-long/name-of-a-project/that/is/long\nхорошо расписаны тонкости всех методов",
            ["хорошо расписаны тонкости всех методов"],
        ),
        # what an address leads to is named above it; what is quoted elsewhere may be an example
        ("«An overview of gradient descent» 2015\nhttps://arxiv.org/pdf/1", []),
        ("шаг сглаживает инерция\n«The river was deep and cold»", None),
        # the title of a publication goes on up to its address
        ("Хорошее объяснение есть в «A guide to the arithmetic\nfor deep learning» https://arxiv.org/pdf/1", []),
    ],
)
def test_an_address_takes_no_sentence_beside_it_away(page: str, quoted: list[str] | None) -> None:
    assert _quoted(page) == quoted if quoted is not None else _quoted(page)[0] == page


@pytest.mark.parametrize(
    ("title", "line", "asked", "is_quoted"),
    [
        ("FractalNet: Ultra-Deep Networks", "Обучение со случайным выбрасыванием связей", Asked.DEFINITION, True),
        ("FractalNet", "Обучение со случайным выбрасыванием связей", Asked.STEPS, True),
        # of another thing, or of more
        ("Fractal of FractalNet", "Обучение со случайным выбрасыванием связей", Asked.DEFINITION, False),
        ("Обзор", "Обучение со случайным выбрасыванием связей", Asked.DEFINITION, False),
        # what stands under a picture names the thing again, or says what is drawn
        ("FractalNet", "Обучение сети FractalNet со случайным шагом", Asked.DEFINITION, False),
        ("FractalNet", "Ошибка на отложенной выборке во время обучения", Asked.DEFINITION, False),
        ("FractalNet", "Случайные связи", Asked.DEFINITION, False),
    ],
)
def test_under_its_name_a_noun_phrase_says_what_a_thing_is(
    title: str, line: str, asked: Asked, is_quoted: bool
) -> None:
    units = read_units([_slide(f"{title}\n{line}", title)], asked, {"fractalnet": 1.0})
    assert [unit.text for unit in units] == ([line] if is_quoted else [])


def test_only_the_first_noun_phrase_under_a_name_says_what_it_is() -> None:
    page = f"FractalNet\nОбучение со случайным выбрасыванием связей\n{_FORMULA}\nСвёртка со случайным обнулением весов"
    units = read_units([_slide(page, "FractalNet")], Asked.DEFINITION, {"fractalnet": 1.0})
    assert [unit.text for unit in units] == ["Обучение со случайным выбрасыванием связей"]


@pytest.mark.parametrize(
    ("page", "quoted"),
    [
        (f"Во время обучения выход нейрона умножается\n{_FORMULA}", []),
        (f"Возьмём в качестве\n{_FORMULA}", []),
        ("Итоговая формула для весов выглядит следующим образом:\nw\n" + _FORMULA, []),
        (f"Шаг сглажен по инерции.\nОн вычисляется по формуле\n{_FORMULA}", ["Шаг сглажен по инерции."]),
        (f"The output of a neuron is multiplied by\n{_FORMULA}", []),
        (f"{_FORMULA}\n(а это моделирует сеть) нормальное распределение", []),
        (f"{_FORMULA}\n(например, свёртка слоя)\nШаг сглаживает инерция", ["Шаг сглаживает инерция"]),
        (f"{_FORMULA}\nNtc,\n– выборка негативных примеров\nШаг сглаживает инерция", ["Шаг сглаживает инерция"]),
        (f"{_FORMULA}\nгде эта – величина шага", []),
        ("Во время обучения выход нейрона умножается на\n1\n1− p\nШаг сглаживает инерция", ["Шаг сглаживает инерция"]),
        ("(в обычном варианте – умножаем на\np\nво время теста)\nШаг сглаживает инерция", ["Шаг сглаживает инерция"]),
        (f"{_FORMULA}\nа) шаг сглаживает инерция", ["а) шаг сглаживает инерция"]),
        # rows of numbers are a table's
        ("12 34 56 78\n(в обычном варианте) шаг сглаживает инерция", ["(в обычном варианте) шаг сглаживает инерция"]),
        # no formula stands there
        ("Во время обучения выход нейрона умножается", ["Во время обучения выход нейрона умножается"]),
        ("(а это моделирует сеть) нормальное распределение", ["(а это моделирует сеть) нормальное распределение"]),
        # several bullets
        (f"{_FORMULA}\n– не зависит от величины шага\n– помнит инерцию спуска", None),
        (f"{_FORMULA}\nячейка помнит состояние долго", ["ячейка помнит состояние долго"]),
        (f"ячейка помнит состояние долго\n{_FORMULA}", ["ячейка помнит состояние долго"]),
    ],
)
def test_half_a_sentence_beside_a_formula_is_no_quote(page: str, quoted: list[str] | None) -> None:
    found = _quoted(page)
    assert found == quoted if quoted is not None else len(found) == 2


def test_footers_are_no_part_of_a_quote() -> None:
    footer = "Prof. Dr.-Ing. habil. Anna Muster | Pattern Lab | Engineering II"
    assert _quoted(f"Шаг сглаживает инерция\n{footer}") == ["Шаг сглаживает инерция"]
    licence = "All rights reserved. This content is excluded from our\nCreative Commons license. For more information"
    assert _quoted(f"Шаг сглаживает инерция\n{licence}") == ["Шаг сглаживает инерция"]
    assert _quoted("Большие модели требуют меньше данных!\nstateofai 2020") == ["Большие модели требуют меньше данных!"]


@pytest.mark.parametrize(
    ("said", "quotes"),
    [
        (
            "That is the total by the whole track. JANE EXAMPLE Yeah. AUDIENCE 3 But in terms of population it is less.",
            ["That is the total by the whole track.", "But in terms of population it is less."],
        ),
        ("How do you interpret that? AUDIENCE MEMBER 2 It means that it fails.", ["It means that it fails."]),
        ("You are not going to help me here. PROFESSOR JANE EXAMPLE", ["You are not going to help me here."]),
        (
            "You only have two free parameters 0:12:04.700 and when you change one the other changes too.",
            ["You only have two free parameters", "and when you change one the other changes too."],
        ),
        ("This is what networks do. CNN LSTM models are used here.", None),
    ],
)
def test_who_speaks_next_and_time_codes_are_cut_out_of_speech(said: str, quotes: list[str] | None) -> None:
    found = [unit.text for unit in units_of(_spoken(said), 0)]
    assert (
        found[0] == said
        if quotes is None
        else [quote for quote in found if len(quote) > 20 and "?" not in quote] == quotes
    )
    assert all(quote in said for quote in found)


def test_the_first_quote_of_speech_grows_up_to_who_speaks_next() -> None:
    said = "One layer is not enough for this. " * 15 + "JANE EXAMPLE Two layers are. " * 2
    first = units_of(_spoken(said), 0)[0]
    assert at_length([first])[0].text == ("One layer is not enough for this. " * 15).strip()


@pytest.mark.parametrize(
    "page",
    [
        "D. Muster, K. Example, Y. Other. Neural Translation by Jointly Learning to Align and\nTranslate. ICLR 2015",
        "Muster. Variational learning of inducing variables in sparse Gaussian processes, AISTATS, 2009.",
        "Root Mean Squared Propagation (RMSprop)",
        "Rectified Adam (RAdam, 2019)",
    ],
)
def test_the_title_of_a_publication_and_a_name_alone_say_nothing(page: str) -> None:
    assert _quoted(page) == []


def test_a_name_is_the_heading_of_what_is_said_below_it() -> None:
    page = "Rectified Adam (RAdam, 2019)\nсначала шаги малы, потому что дисперсия велика"
    assert _quoted(page)[0] == page
    assert _quoted("Rectified Adam (RAdam, 2019)", names=True) == ["Rectified Adam (RAdam, 2019)"]


def test_a_sentence_that_ends_with_a_contest_and_its_year_is_no_publication() -> None:
    assert not is_reference("Сеть победила в конкурсе, ILSVRC 2012")
    assert not is_reference("It was the best of the contest, ILSVRC 2012.")
    assert is_reference("Variational learning of inducing variables, AISTATS, 2009.")


def test_two_strokes_part_a_title_from_where_it_was_published_but_not_two_words() -> None:
    assert is_reference("Deep sums // Proceedings")
    assert is_reference("An example of a method // 2016")
    assert not is_reference("Деление нацело пишут как a//b в этом языке")


_NOTES = """Temporary files should be cleaned up when a script exits, so:
```
cleanup() {
    rm -f /tmp/mytemp.*
}
trap cleanup EXIT
```
The trap is called whatever the reason of the exit is.
```
numpy
flask
```
The packages are listed in a file of their own."""


def test_what_stands_between_fences_is_code_line_by_line_and_no_prose() -> None:
    units = units_of(_slide(f"Traps\n{_NOTES}", "Traps"), 0, code=True)
    assert [unit.quote for unit in units if unit.piece.is_code] == [
        "cleanup() {\n    rm -f /tmp/mytemp.*\n}\ntrap cleanup EXIT"
    ]
    assert [unit.quote for unit in units if not unit.piece.is_code] == [
        "The trap is called whatever the reason of the exit is.",
        "The packages are listed in a file of their own.",
    ]


def test_lines_of_settings_between_fences_are_code_as_they_begin() -> None:
    settings = "Host vm\n    User foobar\n- name: x"
    units = units_of(_slide(f"Hosts\n```\n{settings}\n```", "Hosts"), 0, code=True)
    assert [(unit.quote, unit.piece.is_code) for unit in units] == [(settings, True)]
    assert not units_of(_slide(f"Hosts\n```\n{settings}\n```", "Hosts"), 0)


def test_a_quote_of_prose_does_not_grow_over_code() -> None:
    hit = _slide(f"Traps\n{_NOTES}", "Traps")
    units = [unit for unit in units_of(hit, 0) if not unit.piece.is_code]
    assert [unit.quote for unit in at_length(units)] == [unit.quote for unit in units]


def test_a_line_of_code_is_read_in_time_that_grows_with_it() -> None:
    passage = _slide("Rules\n```\n" + "- " * 20_000 + "\n```", "Rules").passage
    begun = process_time()
    assert pieces_of(passage, code=True) == ()
    assert process_time() - begun < 2

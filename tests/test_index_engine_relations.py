"""How passages stand to each other: neighbours, continuations, twins of older editions, pages that only list."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import passage

from index.engine.relations import continued_titles, is_outline, previous_rows, twin_rows
from index.text.analysis import terms
from index.types import DeckKind, IndexedPassage, PagePlace


def _slide(row: int, deck: str, page: int, title: str, body: str, remark: str | None = None) -> IndexedPassage:
    return replace(
        passage(f"{title}\n{body}", row),
        title=title,
        place=PagePlace(sum(map(ord, deck)), deck, DeckKind.SLIDES, page),
        remark=remark,
    )


_BODY = "во время обучения случайно обнуляем долю активаций сеть учится запасным признакам"


def test_neighbours_are_in_the_same_deck() -> None:
    slides = [_slide(0, "a.pdf", 1, "A", ""), _slide(1, "a.pdf", 2, "B", ""), _slide(2, "b.pdf", 1, "C", "")]
    assert previous_rows(slides).tolist() == [-1, 0, -1]


@pytest.mark.parametrize("title", ["", "(продолжение)", "…", "Dropout (continued)", "2"])
def test_a_slide_that_goes_on_has_the_title_of_the_first(title: str) -> None:
    slides = [_slide(0, "a.pdf", 1, "Dropout", ""), _slide(1, "a.pdf", 2, title, ""), _slide(2, "a.pdf", 3, "Loss", "")]
    assert continued_titles(slides, previous_rows(slides)) == ["", "Dropout", ""]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (_slide(0, "2020/a.pdf", 7, "Dropout", _BODY), _slide(1, "2022/b.pdf", 8, "Dropout", f"{_BODY} всегда")),
        (_slide(0, "a.pdf", 7, "Dropout", _BODY, "старая версия слайдов"), _slide(1, "b.pdf", 8, "Dropout", _BODY)),
    ],
)
def test_the_older_edition_of_a_slide_points_at_the_newer(first: IndexedPassage, second: IndexedPassage) -> None:
    slides = [first, second, _slide(2, "2022/b.pdf", 9, "Loss", "функция потерь говорит насколько ответы далеки")]
    assert twin_rows(slides, [terms(slide.text) for slide in slides]).tolist() == [1, -1, -1]


def test_of_many_editions_all_older_ones_point_at_the_newest() -> None:
    # each year a little is added, so that neighbouring years are most alike, the first and the last the least
    words = [f"word{number}" for number in range(22)]
    said = [words[: 16 + 2 * year] for year in range(4)]
    years = [_slide(i, f"{2020 + i}/a.pdf", 7, "Dropout", " ".join(own)) for i, own in enumerate(said)]
    assert twin_rows(years, said).tolist() == [3, 3, 3, -1]


def test_slides_of_one_deck_or_of_other_contents_are_no_twins() -> None:
    same = [_slide(0, "a.pdf", 7, "Dropout", _BODY), _slide(1, "a.pdf", 8, "Dropout", _BODY)]
    other = [_slide(0, "a.pdf", 7, "Dropout", _BODY), _slide(1, "b.pdf", 7, "Dropout", "совсем другие слова на слайде")]
    for slides in (same, other):
        assert twin_rows(slides, [terms(slide.text) for slide in slides]).tolist() == [-1, -1]


@pytest.mark.parametrize(
    ("title", "outline"),
    [("План лекции", True), ("References", True), ("Литература", True), ("Planning", False), ("Dropout", False)],
)
def test_pages_that_only_list_are_known_by_their_titles(title: str, outline: bool) -> None:
    assert is_outline(_slide(0, "a.pdf", 1, title, "")) is outline


def test_covers_of_lectures_with_other_titles_are_no_editions_of_one_slide() -> None:
    held = "course of machine learning, held by A. Teacher at the university of the town, spring"

    def twins(*pages: int) -> list[int]:
        titles = ("Neural networks", "Convolutional networks")
        slides = [_slide(i, f"{i}.pdf", page, titles[i], f"{titles[i]} {held}") for i, page in enumerate(pages)]
        newest: list[int] = twin_rows(slides, [terms(slide.text) for slide in slides]).tolist()
        return newest

    assert twins(1, 1) == [-1, -1]
    assert twins(2, 2) == [-1, 0]

"""README files as lecturers write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import write_pdf

from ingest.catalogue.blocks import walk
from ingest.catalogue.folder import Target, locate, open_folder
from ingest.catalogue.markdown import read_markdown
from ingest.course import read_course
from ingest.planned import PlannedCourse, PlannedLecture


def course_of(folder: Path, readme: str) -> PlannedCourse:
    (folder / "README.md").write_text(readme, "utf-8")
    return read_course(folder, linked_only=True)


def told(lecture: PlannedLecture) -> tuple[str, list[str], list[str]]:
    return lecture.title, [deck.path for deck in lecture.decks], [video.video for video in lecture.videos]


def test_a_numbered_list_with_dates(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "1. [Введение](a.pdf) (11.02.2019)\n2. [Градиент](b.pdf), [видео](https://youtu.be/AAAAAAAAAAA)\n3. GAN\n",
    )
    assert [(x.title, x.remarks, len(x.decks), len(x.videos)) for x in course.lectures] == [
        ("Введение", ("11.02.2019",), 1, 0),
        ("Градиент", (), 1, 1),
        ("GAN", (), 0, 0),  # nothing yet: a gap that everybody sees
    ]


def test_lecture_numbers_before_a_link_are_not_the_title(tmp_path: Path) -> None:
    course = course_of(tmp_path, "- Лекция 1: [Введение](a.pdf)\n- Лекция 2. [слайды](b.pdf) Градиентный спуск\n")
    assert [x.title for x in course.lectures] == ["Введение", "Градиентный спуск"]


def test_a_list_with_materials_below_each_lecture(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "- Introduction\n  - [slides](a.pdf)\n  - [video](https://youtu.be/AAAAAAAAAAA)\n- Loss\n  - [slides](b.pdf)\n",
    )
    assert [told(x) for x in course.lectures] == [
        ("Introduction", ["a.pdf"], ["AAAAAAAAAAA"]),
        ("Loss", ["b.pdf"], []),
    ]


def test_a_list_of_weeks_with_lectures_below(tmp_path: Path) -> None:
    course = course_of(
        tmp_path, "- Week 1\n  - [Introduction](a.pdf)\n  - [Loss](b.pdf)\n- Week 2\n  - [Attention](c.pdf)\n"
    )
    assert [(x.section, x.title) for x in course.lectures] == [
        ("Week 1", "Introduction"),
        ("Week 1", "Loss"),
        ("Week 2", "Attention"),
    ]


def test_group_bullets_without_links_are_sections_beside_lectures(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "## Программа\n* Введение ([лекция 1](1.pdf), [семинар 1](s.ipynb))\n* Основы\n"
        "  - Градиент ([лекция 2](2.pdf))\n  - Свёртка ([лекция 3](3.pdf))\n* Гость ([слайды](g.pdf))\n",
    )
    assert [(x.section, x.title) for x in course.lectures] == [
        ("Программа", "Введение"),
        ("Основы", "Градиент"),
        ("Основы", "Свёртка"),
        ("Программа", "Гость"),
    ]
    assert course.lectures[0].links == (("семинар 1", "s.ipynb"),)


def test_a_heading_a_lecture_and_its_reading_list_is_nobodys_slides(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "# Nets\n## Schedule\n### Lecture 1: Introduction\n[Slides](1.pdf) | [Video](https://youtu.be/AAAAAAAAAAA)\n\n"
        "Reading:\n- [A famous paper](https://arxiv.org/pdf/1)\n- [Another](papers/b.pdf)\n\n### Lecture 2: CNNs\n"
        "[Slides](2.pdf)\n\n**Suggested readings**\n- [AlexNet](http://example.org/a.pdf)\n\n### Lecture 3: Loss\nsoon\n",
    )
    assert [told(x) for x in course.lectures] == [
        ("Introduction", ["1.pdf"], ["AAAAAAAAAAA"]),
        ("CNNs", ["2.pdf"], []),
        ("Loss", [], []),
    ]
    assert [label for label, _ in course.lectures[0].links] == ["A famous paper", "Another"]


def test_link_texts_that_are_roles_are_no_titles(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "| № | Тема | Материалы |\n|--|--|--|\n| 1 | Анализ данных | [Запись лекции](https://youtu.be/AAAAAAAAAAA), "
        "[Презентация](1.pdf) |\n| 2 | Соседи | [Запись лекции](https://youtu.be/BBBBBBBBBBB) |\n",
    )
    assert [told(x) for x in course.lectures] == [
        ("Анализ данных", ["1.pdf"], ["AAAAAAAAAAA"]),
        ("Соседи", [], ["BBBBBBBBBBB"]),
    ]


def test_columns_say_what_a_link_is(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "| Week | Date | Topic | Slides | Recording | Homework |\n|--|--|--|--|--|--|\n"
        "| 1 | 03.09 | Trees | [pdf](1.pdf) | [here](https://disk.yandex.ru/i/abc) | [HW1](hw1.pdf) |\n"
        "| 2 | 10.09 | Boosting | [pdf](2.pdf) | [Vimeo](https://vimeo.com/123) | |\n| 3 | 17.09 | Bagging | TBA | | |\n",
    )
    assert [told(x) for x in course.lectures] == [
        ("Trees", ["1.pdf"], ["https://disk.yandex.ru/i/abc"]),
        ("Boosting", ["2.pdf"], ["https://vimeo.com/123"]),
        ("Bagging", [], []),
    ]
    assert course.lectures[0].links == (("HW1", "hw1.pdf"),)
    assert {video.host for x in course.lectures for video in x.videos} == {"web"}


@pytest.mark.parametrize(
    "text",
    [
        "**Лекция 1. Деревья** ([слайды](a.pdf))\n\n**Лекция 2. Леса** ([слайды](b.pdf))\n",
        "Лекция 1 Деревья [слайды](a.pdf) <br>\nЛекция 2 Леса [слайды](b.pdf)\n",
        "Лекция 1: Деревья [[слайды]](a.pdf)\n\nЛекция 2: Леса [[слайды]](b.pdf)\n",
    ],
)
def test_bold_paragraphs_and_lines_broken_by_hand(tmp_path: Path, text: str) -> None:
    assert [told(x) for x in course_of(tmp_path, text).lectures] == [
        ("Деревья", ["a.pdf"], []),
        ("Леса", ["b.pdf"], []),
    ]


def test_editions_in_details_are_sections(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "<h1 align=center>Курс</h1>\n<details><summary>2022</summary>\n\n1. [Intro](2022/1.pdf)\n2. [SGD](2022/2.pdf)\n\n"
        "</details>\n<details open><summary><b>2023</b></summary>\n\n1. [Intro](2023/1.pdf)\n2. [SGD](2023/2.pdf)\n\n"
        "</details>\n",
    )
    assert course.title == "Курс"
    assert [(x.section, x.title) for x in course.lectures] == [
        ("2022", "Intro"),
        ("2022", "SGD"),
        ("2023", "Intro"),
        ("2023", "SGD"),
    ]


def test_a_list_of_slides_and_a_list_of_videos_are_one_list_of_lectures(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "# C\n## Slides\n1. [Intro](1.pdf)\n2. [SGD](2.pdf)\n3. [Adam](3.pdf)\n## Videos\n"
        "1. [Intro](https://youtu.be/AAAAAAAAAAA)\n2. [SGD](https://youtu.be/BBBBBBBBBBB)\n",
    )
    assert [told(x) for x in course.lectures] == [
        ("Intro", ["1.pdf"], ["AAAAAAAAAAA"]),
        ("SGD", ["2.pdf"], ["BBBBBBBBBBB"]),
        ("Adam", ["3.pdf"], []),
    ]


def test_a_programme_without_any_material_is_kept(tmp_path: Path) -> None:
    course = course_of(tmp_path, "# Курс\n## Программа\n1. Введение\n2. Деревья\n## Литература\n1. Bishop\n")
    assert [(x.section, x.title) for x in course.lectures] == [("Программа", "Введение"), ("Программа", "Деревья")]


def test_words_about_the_material_are_remarks_and_what_is_crossed_out_too(tmp_path: Path) -> None:
    course = course_of(
        tmp_path, "- ~~старое~~ GAN [x] [слайды](a.pdf)\n- VAE (пока без слайдов)\n- RNN [слайды](b.pdf)\n"
    )
    assert [(x.title, x.remarks) for x in course.lectures] == [
        ("GAN", ("старое",)),
        ("VAE", ("пока без слайдов",)),
        ("RNN", ()),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "- laptop\n- [Python](https://www.python.org)\n- patience\n",
        "## Install\n1. Open https://example.org and sign in\n2. [Docker](docker.md)\n3. Run it\n",
    ],
)
def test_a_list_of_plain_words_or_steps_is_no_course(tmp_path: Path, text: str) -> None:
    with pytest.raises(Exception, match="No lectures were found"):
        course_of(tmp_path, text)


HTML = """## 2023
<table>
<tr><th>Week</th><th>Topic</th><th>Slides</th><th>Video</th></tr>
<tr><td rowspan="2">1</td><td><b>Introduction</b></td><td><a href="a.pdf">📄</a></td>
<td><a href="https://youtu.be/AAAAAAAAAAA">▶️</a></td></tr>
<tr><td rowspan="2"><a href="b.pdf">📄</a> Optimisation &amp; SGD</td><td></td><td></td></tr>
<tr><td>2</td><td><a href="c.pdf">part 2</a></td><td></td></tr>
</table>

After the table.
"""


def test_html_tables_with_spans_and_emoji_links(tmp_path: Path) -> None:
    course = course_of(tmp_path, HTML)
    assert [(x.section, *told(x)) for x in course.lectures] == [
        ("2023", "Introduction", ["a.pdf"], ["AAAAAAAAAAA"]),
        ("2023", "Optimisation & SGD", ["b.pdf", "c.pdf"], []),
    ]


def test_tables_of_several_years_a_stray_pipe_and_reference_links(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "# Course\n## 2021\n| topic | program |\n|--|--|\n| [Loss][l] | p(x | y) and more |\n"
        "## 2022\n| week | topic | program |\n|--|--|--|\n| 1 | [Loss](new.pdf) | better |\n\n[l]: old.pdf\n",
    )
    assert [(x.section, x.title, x.decks[0].path, x.programme) for x in course.lectures] == [
        ("2021", "Loss", "old.pdf", "p(x | y) and more"),
        ("2022", "Loss", "new.pdf", "better"),
    ]


def test_a_bare_address_is_a_link(tmp_path: Path) -> None:
    course = course_of(tmp_path, "| topic | video |\n|--|--|\n| Loss | https://youtu.be/AAAAAAAAAAA |\n")
    assert [(v.video, v.label) for v in course.lectures[0].videos] == [("AAAAAAAAAAA", "")]


def test_playlists_question_banks_and_folders_of_notes(tmp_path: Path) -> None:
    for name in ("essays/b.pdf", "essays/a.pdf", "one.pdf"):
        write_pdf(tmp_path / name, ["Title\ntext"])
    course = course_of(
        tmp_path,
        "Playlist: https://www.youtube.com/playlist?list=PL0\n\n## Essays\nhttps://github.com/o/r/tree/master/essays\n\n"
        "[Bank](https://example.org/bank.pdf)\n\n## Lectures\n1. [One](one.pdf)\n",
    )
    assert course.links == (("https://www.youtube.com/playlist?list=PL0",) * 2,)
    assert sorted((x.section, x.decks[0].path) for x in course.lectures) == [
        ("Essays", "essays/a.pdf"),
        ("Essays", "essays/b.pdf"),
        ("Essays", "https://example.org/bank.pdf"),
        ("Lectures", "one.pdf"),
    ]


def test_an_address_in_a_repository_is_the_file_here_or_what_to_fetch(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a b.pdf", ["Title\ntext"])
    course = course_of(
        tmp_path,
        "1. [Near](https://github.com/o/r/blob/main/a%20b.pdf)\n2. [Far](https://github.com/o/r/blob/main/c%2B.pdf)\n",
    )
    assert [x.decks[0].path for x in course.lectures] == ["a b.pdf", "https://github.com/o/r/raw/main/c%2B.pdf"]


def test_students_and_their_addresses_are_not_taken_up(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        "# C\n## Лекции\n1. [Введение](1.pdf). Вопросы: lecturer@example.org\n2. [Регрессия](2.pdf)\n"
        "## Студенты\n| ФИО | почта | доклад |\n|--|--|--|\n| Иванов | i@example.org | [слайды](i.pdf) |\n",
    )
    assert [x.title for x in course.lectures] == ["Введение", "Регрессия"]
    assert not any("@" in x.programme for x in course.lectures)
    assert [place for _, place, _ in course.left_out] == ["i.pdf"]


EVERYTHING = """# Course
[badge](https://example.org/badge) [Syllabus](#syllabus)

- Lecturer: [A. Person](https://example.org/person)

## Lectures
| Topic | Slides |
|--|--|
| [One](1.pdf) [blog](https://example.org/blog) | [pdf](1b.pdf) |
| Two | [pdf](2.pdf), [paper](https://arxiv.org/abs/1) |

## Homework
- [First](hw1.pdf)

## Links
1. [Book](https://example.org/book.pdf)
   - [Errata](https://example.org/errata)

<p><a href="https://t.me/course">chat</a></p>
"""


def test_every_link_is_material_a_link_of_a_lecture_or_left_out_with_a_reason(tmp_path: Path) -> None:
    course = course_of(tmp_path, EVERYTHING)
    folder = open_folder(tmp_path)
    held = {deck.path for x in course.lectures for deck in x.decks} | {
        url for x in course.lectures for _, url in x.links
    }
    out = {place: reason for _, place, reason in course.left_out}
    for block in walk(read_markdown(EVERYTHING)):
        for piece in [*block.line, *(piece for cell in block.cells for piece in cell.pieces)]:
            place = locate(folder, "README.md", piece.href) if piece.href else None
            if place is not None and place.target is not Target.ANCHOR:
                assert place.place in held or out.get(place.place, "").endswith("."), place
    assert "homework" in out["hw1.pdf"]
    assert "reading list" in out["https://example.org/book.pdf"]


def test_what_was_chosen_is_explained(tmp_path: Path) -> None:
    course = course_of(
        tmp_path, "## Module 1\n- 1.1 [Loss](a.pdf)\n- 1.2 [Step](b.pdf)\n## Module 2\n- 2.1 [Batch](c.pdf)\n"
    )
    assert any("list items" in sentence and "are lectures" in sentence for sentence in course.why)


@pytest.mark.parametrize(
    "text",
    [
        "<table><tr><td rowspan='99999999'>" * 50,
        "| a |\n|--|\n" + "| x " * 5000,
        "- " * 900,
        "<div>" * 20_000,
        "<a href=x>" * 5_000,
        "<details>" * 9_000,
        "[" * 10_000,
        "<!--" * 9_000,
    ],
)
def test_hostile_files_are_read_in_bounded_time(text: str) -> None:
    read_markdown(text)

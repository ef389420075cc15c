"""Links whose label, line or folder says what they are, in courses of several languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import write_pdf

from index.errors import CourseError
from ingest.catalogue.words import Rank, Role, aside_of, aside_path, is_no_lecture, mark_of
from ingest.course import read_course
from ingest.planned import PlannedCourse


def course_of(folder: Path, files: dict[str, str]) -> PlannedCourse:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".pdf"):
            write_pdf(folder / name, [text or "Title\ntext"])
        else:
            (folder / name).write_text(text or json.dumps({"cells": []}), "utf-8")
    return read_course(folder)


def held(course: PlannedCourse) -> list[tuple[str, list[str], list[str]]]:
    return [(x.title, [d.path for d in x.decks], [v.video for v in x.videos]) for x in course.lectures]


def test_what_is_called_slides_or_video_and_nothing_else_is_that_whatever_its_address(tmp_path: Path) -> None:
    items = "".join(
        f"{n}. Heat {n} [[slides](https://talks.example/{n}.slide) | [video](https://media.example/play?id={n})"
        f" | [site](https://example.org/{n}) | [slides](https://github.com/a/b)]\n    - Topic\n"
        for n in (1, 2, 3)
    )
    course = course_of(tmp_path, {"README.md": f"# Heat\n\n## Content\n\n{items}"})
    assert held(course) == [
        (f"Heat {n}", [f"https://talks.example/{n}.slide"], [f"https://media.example/play?id={n}"]) for n in (1, 2, 3)
    ]


def test_notebooks_of_a_linked_folder_belong_to_its_lecture(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Python\n- [__s1__](./s1) Loops\n- [__s2__](./s2) Functions\n- [__s3__](./s3_sets) Sets\n"
            "- [__s4__](./s4) Numbers\n",
            "s1/a.ipynb": "",
            "s1/b.ipynb": "",
            "s1/a_solution.ipynb": "",
            "s2/c.ipynb": "",
            "s2/c.pdf": "",
            "s4/README.md": "* [tasks](https://contest.example/4)\n",
            "s4/d.ipynb": "",
        },
    )
    assert held(course) == [
        ("Loops", ["s1/a.ipynb", "s1/b.ipynb"], []),
        ("Functions", ["s2/c.pdf", "s2/c.ipynb"], []),
        ("Sets", [], []),  # its folder is not there: a gap, as where there is nothing yet
        ("Numbers", ["s4/d.ipynb"], []),
    ]


def test_a_sentence_that_speaks_of_anothers_file_makes_no_lecture(tmp_path: Path) -> None:
    manual = "https://github.com/else/where/raw/main/install.pdf"
    lectures = "".join(f"- [Heat {n}](h{n}.pdf)\n" for n in (1, 2, 3))
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Heat\n\nBefore the first lecture install it as [the manual]({manual}) says.\n\n{lectures}",
            "h1.pdf": "",
            "h2.pdf": "",
            "h3.pdf": "",
        },
    )
    assert [x.title for x in course.lectures] == ["Heat 1", "Heat 2", "Heat 3"]
    assert course.links == (("the manual", manual),)


@pytest.mark.parametrize(
    ("path", "aside"),
    [
        ("04-image-processing/knn.pdf", ""),
        ("w4/images/knn.pdf", "images"),
        ("report/bad_plots/grid.pdf", "report"),
        ("style/bad_plots/grid.pdf", "bad_plots"),
        ("Tasks/T1/task1.pdf", "Tasks"),
        ("Proyecto/Entrega 1/e.pdf", "Proyecto"),
        ("Guias/g.pdf", "Guias"),
        ("Slides/01 - Motivacion.pdf", ""),
    ],
)
def test_folders_of_pictures_and_of_work_are_told_from_those_of_subjects(path: str, aside: str) -> None:
    assert aside_path(path) == aside


@pytest.mark.parametrize(
    ("section", "role"),
    [
        ("Profesores", Role.ABOUT),
        ("Equipo", Role.ABOUT),
        ("Exercícios", Role.HOMEWORK),
        ("Übungen", Role.HOMEWORK),
        ("Evaluaciones", Role.HOMEWORK),
        ("Redes de Petri", None),
        ("Aulas", None),
    ],
)
def test_sections_are_told_apart_in_spanish_portuguese_and_german(section: str, role: Role | None) -> None:
    assert aside_of(section) is role


def test_classes_are_numbered_in_spanish_portuguese_and_german() -> None:
    assert [mark_of(text)[0].rank for text in ("Aula 03 - Tiling", "Lección 2: Calor", "Sitzung 4. Wärme")] == [
        Rank.LECTURE
    ] * 3
    assert mark_of("Kapitel 2: Wärme")[0].rank is Rank.MODULE
    assert is_no_lecture("No hay clases")
    assert is_no_lecture("Feriado")


def test_a_programme_without_links_has_the_decks_that_are_called_like_its_weeks(tmp_path: Path) -> None:
    weeks = (
        "Introducción",
        "Álgebra relacional",
        "SQL",
        "Índices y archivos",
        "Lógica en la BD",
        "NoSQL",
        "Privacidad",
    )
    rows = "".join(f"#{number} | {title} |\n" for number, title in enumerate(weeks, 1))
    decks = (
        "01 - Motivacion.pdf",
        "02 - Algebra Relacional.pdf",
        "02.5 - Repaso.pdf",
        "03 - SQL.pdf",
        "05 - Lógica en la base de datos.pdf",
        "07 - NoSQL.pdf",
    )
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Bases\n\n## Contenidos\n\nSemana | Contenido | Ayudantía\n--|--|--\n{rows}\n"
            "## Fechas\n\nFecha | Evaluación\n--|--\n21/03 | C1\n23/03 | C2\n24/03 | C3\n25/03 | C4\n26/03 | C5\n27/03 | C6\n",
            **{f"Slides/{name}": "" for name in decks},
            "Guias/Guía 03 - SQL.pdf": "",
        },
    )
    assert held(course) == [
        ("Introducción", ["Slides/01 - Motivacion.pdf"], []),
        ("Álgebra relacional", ["Slides/02 - Algebra Relacional.pdf"], []),
        ("SQL", ["Slides/03 - SQL.pdf"], []),
        ("Índices y archivos", [], []),
        ("Lógica en la BD", ["Slides/05 - Lógica en la base de datos.pdf"], []),
        ("NoSQL", ["Slides/07 - NoSQL.pdf"], []),
        ("Privacidad", [], []),
        ("Repaso", ["Slides/02.5 - Repaso.pdf"], []),
    ]


def test_decks_that_are_called_like_no_lecture_of_a_programme_stay_lectures_of_their_own(tmp_path: Path) -> None:
    rows = "".join(f"| {n} | Topic {w} |\n" for n, w in enumerate(("heat", "work", "gas", "steam", "cold", "ice"), 1))
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Heat\n\n| Week | Topic |\n|--|--|\n{rows}",
            "slides/01-motors.pdf": "",
            "slides/02-pumps.pdf": "",
            "slides/03-gas.pdf": "",
        },
    )
    assert [(title, decks) for title, decks, _ in held(course) if decks] == [
        ("motors", ["slides/01-motors.pdf"]),
        ("pumps", ["slides/02-pumps.pdf"]),
        ("gas", ["slides/03-gas.pdf"]),
    ]


def test_notebooks_that_a_site_shows_are_those_of_the_course_and_topics_may_stand_below_how_to_install(
    tmp_path: Path,
) -> None:
    shown = "https://nbviewer.jupyter.org/github/a/b/blob/master/classes/w{0}/{1}.ipynb"
    weeks = "".join(
        f"* Week {n}\n    * [Heat {n}]({shown.format(n, 'h')})\n    * [Work {n}]({shown.format(n, 'w')})\n"
        for n in (1, 2)
    )
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Physics\n\n## Installing\n\nRun it.\n\n### Topics and links\n\n{weeks}",
            **{f"classes/w{n}/{name}.ipynb": "" for n in (1, 2) for name in ("h", "w")},
        },
    )
    assert held(course) == [
        (f"{title} {n}", [f"classes/w{n}/{name}.ipynb"], [])
        for n in (1, 2)
        for title, name in (("Heat", "h"), ("Work", "w"))
    ]


def test_lectures_of_a_chinese_table_have_their_numbers_titles_and_slides(tmp_path: Path) -> None:
    rows = "".join(
        f"| 第0{n}讲：09/1{n} | [热学{n}](https://www.bilibili.com/video/BV{n}) | [课件](./m/{n}.pdf) | [问答](./m/q{n}.pdf) |\n"
        for n in (1, 2, 3)
    )
    course = course_of(
        tmp_path,
        {
            "README.md": "# 热\n\n## 大纲\n\n| 直播时间 | 回放视频 (B 站) | 课件 | 作业分享 |\n|--|--|--|--|\n"
            f"{rows}| 第04讲：09/20 | 冷却 | 课件 | |\n",
            **{f"m/{name}{n}.pdf": "" for n in (1, 2, 3) for name in ("", "q")},
        },
    )
    assert held(course)[:4] == [
        *((f"热学{n}", [f"m/{n}.pdf"], [f"https://www.bilibili.com/video/BV{n}"]) for n in (1, 2, 3)),
        ("冷却", [], []),
    ]
    assert [mark_of(text)[0].rank for text in ("第一讲 绪论", "第3周：力", "제2강 열", "3주차 열", "第2章 光")] == [
        Rank.LECTURE,
        Rank.WEEK,
        Rank.LECTURE,
        Rank.WEEK,
        Rank.MODULE,
    ]


def test_numbered_headings_without_topics_are_called_by_their_first_handout_else_by_themselves(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Numbers\n\n### Lecture 1 (Feb 6)\n\n* [pset 1](psets/p1.pdf) and accompanying [notebook](p.ipynb), due soon.\n"
            "* notes on the accuracy of [sums](notes/s.pdf)\n\nOverview of the field.\n\n"
            '**Further reading:** the book of [Smith](https://x.example/book.pdf) says more.\n\n### Lecture 2 (Feb 8 — a "Monday")\n\n'
            "* [Norms](notes/n.pdf)\n\n### Lecture 3 (Feb 11)\n\nRelated errors to errors, and what is more to other errors. Showed that.\n\n"
            "### Lecture 4 (Feb 13)\n\n* [Roots](notes/r.pdf)\n",
            "psets/p1.pdf": "",
            "notes/s.pdf": "",
            "notes/n.pdf": "",
            "notes/r.pdf": "",
        },
    )
    assert held(course) == [
        ("notes on the accuracy of sums", ["notes/s.pdf"], []),
        ("Norms", ["notes/n.pdf"], []),
        ("Lecture 3 (Feb 11)", [], []),
        ("Roots", ["notes/r.pdf"], []),
    ]


def test_folders_that_are_numbers_are_called_as_their_decks(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {f"lectures/0{n}/slides/CS-{name}.pdf": "" for n, name in enumerate(("Threads", "Paging", "Files"), 1)},
    )
    assert [x.title for x in course.lectures] == ["CS Threads", "CS Paging", "CS Files"]


def test_a_page_in_a_folder_that_nobody_links_tells_of_its_decks_where_the_readme_names_few(tmp_path: Path) -> None:
    decks = [f"{number}{letter}" for number in (1, 2, 3, 4) for letter in "ab"]
    old = "".join(f"###### Topic {n}\n* [Day 0{n}: A](d{n}a.pdf)\n* [Day 0{n}: B](d{n}b.pdf)\n\n" for n in (1, 2, 3, 4))
    new = "".join(f"- [Heat {n}](new/h{n}.pdf)\n" for n in (1, 2, 3))
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Heat\n\n## Lectures\n\n{new}",
            **{f"new/h{n}.pdf": "" for n in (1, 2, 3)},
            "2020/index.md": f"# Slides of 2020\n\n{old}",
            **{f"2020/d{name}.pdf": "" for name in decks},
            **{f"2020/more/x{n}.pdf": "" for n in range(4)},
        },
    )
    assert [x.title for x in course.lectures if x.section.startswith("2020") or "2020" in x.section][:1] != []
    assert [x.title for x in course.lectures][:3] == ["Heat 1", "Heat 2", "Heat 3"]
    assert {path for x in course.lectures for path in (d.path for d in x.decks)} >= {
        f"2020/d{name}.pdf" for name in decks
    }


def test_a_course_without_lectures_says_what_was_left_out_of_it(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match=r"left out: 2; the first, “Site” \(https://x\.example/\): It is no slides"):
        course_of(
            tmp_path, {"README.md": "# Heat\n\nSee the [Site](https://x.example/) and [that](https://y.example/).\n"}
        )


def test_a_linked_folder_in_which_only_a_page_lies_gives_that_page(tmp_path: Path) -> None:
    items = "".join(f"* [Семинар {n} | Тема {n}](seminars/s{n})\n" for n in (1, 2, 3))
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Алгоритмы\n\n# Семинары\n\n{items}",
            **{f"seminars/s{n}/README.md": "# Деревья\n\nТекст.\n" for n in (1, 2, 3)},
        },
    )
    assert [[d.path for d in x.decks] for x in course.lectures] == [[f"seminars/s{n}/README.md"] for n in (1, 2, 3)]


def test_a_day_on_which_a_lecture_goes_on_is_no_lecture(tmp_path: Path) -> None:
    rows = "".join(f"| {n} | [Heat {n}](h{n}.pdf) |\n| {n} | Cont. |\n" for n in (1, 2, 3))
    course = course_of(
        tmp_path,
        {"README.md": f"# Heat\n\n| Week | Topic |\n|--|--|\n{rows}", **{f"h{n}.pdf": "" for n in (1, 2, 3)}},
    )
    assert [x.title for x in course.lectures] == ["Heat 1", "Heat 2", "Heat 3"]

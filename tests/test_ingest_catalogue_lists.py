"""Course folders: programmes and lists that name less than they mean, and what stands beside them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_ingest_catalogue import course_of, held

from ingest.catalogue.blocks import Piece
from ingest.catalogue.titles import title_of
from ingest.catalogue.words import aside_of, aside_path, is_course_paper, is_no_lecture
from ingest.course import read_course
from ingest.course_yaml import write_yaml


@pytest.mark.parametrize("line", ["Break", "Week 7: Break", "Перерыв", "Pausa", "Lunch break"])
def test_a_day_that_is_called_a_break_has_no_lecture(line: str) -> None:
    assert is_no_lecture(line)


@pytest.mark.parametrize("line", ["Break the cipher", "Pause and resume of processes", "How caches break"])
def test_a_break_within_a_title_is_its_subject(line: str) -> None:
    assert not is_no_lecture(line)


@pytest.mark.parametrize("label", ["Syllabus", "syllabus here", "Programa do curso", "Программа курса (pdf)"])
def test_a_label_says_that_it_is_the_paper_of_a_course(label: str) -> None:
    assert is_course_paper(label)


def test_the_syllabus_in_a_sentence_is_a_link_of_the_course_and_stays_one(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\nSee the [syllabus here](info.pdf) and [notes on heaps](heaps.pdf).\n\n"
            "| Week | Topic |\n|---|---|\n| [Week 1](w1) | Roots |\n| Week 2 | Break |\n| [Week 3](w3) | Leaves |\n",
            "info.pdf": "",
            "heaps.pdf": "",
            "w1/a.pdf": "",
            "w3/b.pdf": "",
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots", "Leaves", "notes on heaps"]
    assert course.links == (("syllabus here", "info.pdf"),)
    (tmp_path / "course.yaml").write_text(write_yaml(course), "utf-8")
    again = read_course(tmp_path)
    assert (again.lectures, again.links) == (course.lectures, course.links)


def test_one_page_in_a_list_of_materials_is_no_lecture_beside_lists_of_slides(tmp_path: Path) -> None:
    slides = "".join(f"{n}. [{name}](s/{n}.pdf)\n" for n, name in enumerate(("Roots", "Stems", "Leaves"), 1))
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Trees\n\n## Slides\n\n{slides}\n## Materials\n\n- [Saw and axe](m/saw.md)\n- [Exam advice](m/exam.md)\n",
            **{f"s/{n}.pdf": "" for n in (1, 2, 3)},
            "m/saw.md": "# Saw\n\nText.\n",
            "m/exam.md": "# Exam\n\nText.\n",
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots", "Stems", "Leaves"]
    assert [place for _, place, reason in course.left_out if "stands alone" in reason] == ["m/saw.md"]


def test_empty_headings_between_lectures_are_lectures_that_have_nothing_yet(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# School\n\n## Monday\n\n### Roots, A. Tree\n\n### Stems, B. Bush\n- [Slides](b.pdf)\n\n"
            "### Leaves, C. Fern\n- [Slides](c.pdf)\n\n## Tuesday\n\n### Bark, D. Moss\n- [Slides](d.pdf)\n\n### Sap, E. Weed\n"
            "### Fruit, F. Reed\n- [Slides](e.pdf)\n\n## How to come\n\n### By train\n\nTake a train.\n",
            **{f"{n}.pdf": "" for n in "bcde"},
        },
    )
    assert [(section, title) for section, title, *_ in held(course)] == [
        ("Monday", "Roots, A. Tree"),
        ("Monday", "Stems, B. Bush"),
        ("Monday", "Leaves, C. Fern"),
        ("Tuesday", "Bark, D. Moss"),
        ("Tuesday", "Sap, E. Weed"),
        ("Tuesday", "Fruit, F. Reed"),
    ]


def test_exercises_in_the_folder_of_one_lecture_are_parts_of_it(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# School\n\n## Monday\n\n### Roots\n* All of it is [here](roots)\n\n### Stems\n* [Slides](b.pdf)\n\n"
            "### Leaves\n* [Slides](c.pdf)\n",
            "roots/README.md": "# Roots\n\n* [Deep](deep.ipynb)\n* [Wide](wide.ipynb)\n* [Dry](dry.ipynb)\n",
            **{f"roots/{name}.ipynb": "{}" for name in ("deep", "wide", "dry")},
            **{f"{n}.pdf": "" for n in "bc"},
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots", "Stems", "Leaves"]


def test_a_programme_without_links_has_the_decks_that_are_numbered_as_its_rows(tmp_path: Path) -> None:
    """The news link them, the programme only names them, in another language than their files."""
    news = "".join(f"* (0{n}.02) [лекция](lectures/lecture0{n}-{name}.pdf) и [семинар](seminars/seminar0{n}_{name}.pdf)\n"
                   for n, name in ((1, "roots"), (2, "stems"), (3, "leaves")))  # fmt: skip
    rows = (
        "| 01 | 01.02 | Корни | Вода |\n| 02 | 02.02 | Стебли | Соки |\n| 03 | 03.02 | Листья | |\n| 04 | 04.02 | | |\n"
    )
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Деревья\n\n## Новости\n{news}* [задание](assignments/a1.pdf)\n\n## Программа курса\n"
            f"| Номер | Дата | Лекция | Семинар |\n|---|---|---|---|\n{rows}",
            "assignments/a1.pdf": "",
            **{f"lectures/lecture0{n}-{name}.pdf": "" for n, name in ((1, "roots"), (2, "stems"), (3, "leaves"))},
            **{f"seminars/seminar0{n}_{name}.pdf": "" for n, name in ((1, "roots"), (2, "stems"), (3, "leaves"))},
        },
    )
    assert [(title, decks) for _, title, decks, _ in held(course)] == [
        ("Корни", ["lectures/lecture01-roots.pdf", "seminars/seminar01_roots.pdf"]),
        ("Стебли", ["lectures/lecture02-stems.pdf", "seminars/seminar02_stems.pdf"]),
        ("Листья", ["lectures/lecture03-leaves.pdf", "seminars/seminar03_leaves.pdf"]),
    ]


def test_laboratories_between_numbered_titles_stand_for_themselves(tmp_path: Path) -> None:
    week = "### Week {0}\n\nLecture {0}: **Wood {0}**\n\n[Slides](l{0}.pdf)\n\nLab {0}: **Cutting {0}**\n\n[Material](b{0}.pdf)\n\n"
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\n" + "".join(week.format(n) for n in (1, 2, 3)),
            **{f"{name}{n}.pdf": "" for n in (1, 2, 3) for name in "lb"},
        },
    )
    assert [(title, decks) for _, title, decks, _ in held(course)] == [
        found for n in (1, 2, 3) for found in ((f"Wood {n}", [f"l{n}.pdf"]), (f"Cutting {n}", [f"b{n}.pdf"]))
    ]


@pytest.mark.parametrize("head", ["", "| | | |\n|---|---|---|\n"])
def test_a_table_without_a_head_whose_cells_are_decks_is_a_grid_of_lectures(tmp_path: Path, head: str) -> None:
    names = ("Roots", "Stems", "Bark", "Leaves", "Moss")
    cells = [f"[{name}]({name}.pdf)" for name in names]
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Trees\n\n## The wood\n\n{head}| {' | '.join(cells[:3])} |\n| {' | '.join(cells[3:])} |\n\nText.\n",
            **{f"{name}.pdf": "" for name in names},
        },
    )
    assert [(title, decks) for _, title, decks, _ in held(course)] == [(name, [f"{name}.pdf"]) for name in names]


def test_a_table_without_a_head_has_slides_and_recording_in_one_row(tmp_path: Path) -> None:
    rows = "".join(
        f"| {name} | [slides]({name}.pdf) | [recording](https://youtu.be/{name}aaaaaaa) |\n"
        for name in ("Root", "Bark")
    )
    course = course_of(tmp_path, {"README.md": f"# Trees\n\n{rows}", "Root.pdf": "", "Bark.pdf": ""})
    assert held(course) == [("", name, [f"{name}.pdf"], [f"{name}aaaaaaa"]) for name in ("Root", "Bark")]


@pytest.mark.parametrize(
    "path", ["2_class/PS1/ps1.pdf", "ps3.pdf", "data/table.pdf", "raw data/table.pdf", "datasets/a.pdf"]
)
def test_problem_sets_and_data_are_no_lectures_by_their_place(path: str) -> None:
    assert aside_path(path)


@pytest.mark.parametrize("path", ["seminars/data-base/a.pdf", "data structures/a.pdf", "big_data/a.pdf"])
def test_data_that_a_lecture_is_about_is_no_place_of_data(path: str) -> None:
    assert not aside_path(path)


def test_intermediate_exams_are_homework() -> None:
    assert aside_of("Рубежные контроли", whole=True) is not None


def test_a_heading_over_one_line_of_links_is_a_lecture_among_headings_over_several(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Notes\n\n## Roots\n\n- [notes](r.md), [slides](r.pdf)\n\n## Stems\n\n- [notes](s.md), [slides](s.pdf)\n\n"
            "## Wood\n\n1. Bark ([notes](b.md), [slides](b.pdf))\n2. Moss ([notes](m.md))\n3. Sap ([notes](p.md))\n\n"
            "## Green\n\n1. [Leaves](l.md)\n2. [Needles](n.md)\n3. [Grass](g.md)\n\n## Talk\n\n- [Notes](t.md)\n- [Slides](t.pdf)\n",
            **{f"{name}.md": f"# Growing {name}\n\nText.\n" for name in "rsbmplngt"},
            **{f"{name}.pdf": "" for name in "rsbt"},
        },
    )
    assert [(title, decks) for _, title, decks, _ in held(course)] == [
        ("Roots", ["r.pdf", "r.md"]),
        ("Stems", ["s.pdf", "s.md"]),
        ("Bark", ["b.pdf", "b.md"]),
        ("Moss", ["m.md"]),
        ("Sap", ["p.md"]),
        ("Leaves", ["l.md"]),
        ("Needles", ["n.md"]),
        ("Grass", ["g.md"]),
        ("Talk", ["t.pdf", "t.md"]),
    ]


def test_weeks_in_a_list_go_on_where_there_is_nothing_yet(tmp_path: Path) -> None:
    week = "- Week {0} (Feb. {0}).\n  - Lecture {0} (Feb. {0}): {1}{2}\n  - Lab {0}: cutting\n\n"
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\n# Content\n\n"
            + "".join(week.format(n, name, f" [[slides]](l{n}.pdf)") for n, name in enumerate(("Roots", "Bark"), 1))
            + "- Week 3 (Feb. 3).\n  - Lecture 3 (Feb. 3): Moss\n",
            "l1.pdf": "",
            "l2.pdf": "",
        },
    )
    assert [title for _, title, *_ in held(course) if title != "cutting"] == ["Roots", "Bark", "Moss"]


def test_rows_in_bold_between_rows_that_are_not_name_the_sections_of_a_table(tmp_path: Path) -> None:
    rows = "| | **Wood** | |\n| 1/1 | Roots | [s](a.pdf) |\n| 2/1 | Bark | |\n| | **Green** | |\n| 3/1 | Leaves | [s](b.pdf) |\n| | Frost | |\n"
    course = course_of(
        tmp_path,
        {"README.md": f"# Trees\n\n| Date | Topic | Slides |\n|---|---|---|\n{rows}", "a.pdf": "", "b.pdf": ""},
    )
    assert [(section, title) for section, title, *_ in held(course)] == [
        ("Wood", "Roots"),
        ("Wood", "Bark"),
        ("Green", "Leaves"),
        ("Green", "Frost"),
    ]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("Week 4 - Neural Networks SLIDES", "Neural Networks"),
        ("Week 1 - Introduction - Slides plus links", "Introduction"),
        ("WRITING GOOD SLIDES", "WRITING GOOD SLIDES"),
        ("How to make slides", "How to make slides"),
    ],
)
def test_a_role_in_capitals_after_a_title_is_no_part_of_it(line: str, title: str) -> None:
    assert title_of((Piece(line, "a.pdf"),))[0] == title

"""Links whose label, line or folder says what they are, in courses of several languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import write_pdf

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
            "README.md": f"# Heat\n\nInstall it: see [the manual]({manual}).\n\n{lectures}",
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

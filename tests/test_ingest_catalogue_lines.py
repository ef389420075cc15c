"""Course folders: lines broken by hand, links to places that are told in other ways, words that are subjects."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_ingest_catalogue import course_of, held

from ingest.catalogue.blocks import Piece
from ingest.catalogue.titles import title_of
from ingest.catalogue.words import aside_of, aside_path, role_of


def test_links_in_the_line_below_a_numbered_title_are_of_that_lecture(tmp_path: Path) -> None:
    lectures = "".join(
        f"Лекция {n}. {name}  \nhttps://youtu.be/video{n}aaaaa  \n\n" for n, name in ((1, "Корни"), (2, "Листья"))
    )
    course = course_of(
        tmp_path,
        {"README.md": f"# Деревья\n\nПилы https://example.org/saw\n\n# Лекции\n{lectures}# Ссылки\n\nТекст.\n"},
    )
    assert held(course) == [
        ("Лекции", "Корни", [], ["video1aaaaa"]),
        ("Лекции", "Листья", [], ["video2aaaaa"]),
    ]


def test_paragraphs_and_lists_after_a_numbered_title_are_of_that_lecture(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\nLecture 1: **Roots**\n\nWhat is below.\n\n[slides](a.pdf) and [video](https://youtu.be/aaaaaaaaaaa)\n\n"
            "Lecture 2: **Leaves**\n\n* [slides](b.pdf)\n* [homework](hw/b.pdf)\n\nLecture 3: **Bark**\n\nSoon.\n\n## Books\n\nOne.\n",
            **dict.fromkeys(("a.pdf", "b.pdf", "hw/b.pdf"), ""),
        },
    )
    assert held(course) == [
        ("", "Roots", ["a.pdf"], ["aaaaaaaaaaa"]),
        ("", "Leaves", ["b.pdf"], []),
        ("", "Bark", [], []),
    ]
    assert course.lectures[0].programme == "What is below."


def test_bold_within_a_word_is_no_title() -> None:
    line = (Piece("Zusatz"), Piece("online", bold=True), Piece("veranstaltung: Setup"))
    assert title_of(line)[0] == "Zusatzonlineveranstaltung: Setup"


def test_addresses_from_the_top_of_a_site_are_found_in_the_folder_of_the_course(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Bäume\n\n| Datum | Thema | Material |\n|---|---|---|\n| 15.10. | Wurzeln | [Folien](/lehre/24/baum/folien/w.pdf) |\n"
            "| 16.10. | Blätter | [Folien](/lehre/24/baum/folien/b.pdf), [Skript](baum/blatt.html) |\n",
            "baum/folien/w.pdf": "",
            "baum/folien/b.pdf": "",
            "baum/blatt.md": "# Blatt\n\nText.\n",
        },
    )
    assert [(title, decks) for _, title, decks, _ in held(course)] == [
        ("Wurzeln", ["baum/folien/w.pdf"]),
        ("Blätter", ["baum/folien/b.pdf", "baum/blatt.md"]),
    ]


def test_recordings_in_a_list_have_the_slides_of_the_folders_with_their_numbers(tmp_path: Path) -> None:
    names = ("roots", "stems", "leaves", "bark")
    course = course_of(
        tmp_path,
        {
            "README.md": "# Деревья\n\n# Темы\n\n"
            + "".join(f"{n}. {title}. Записи: [лекция](https://disk.yandex.ru/i/l{n}), [семинар](https://disk.yandex.ru/i/s{n})\n"
                      for n, title in enumerate(("Корни", "Стебли", "Листья", "Кора"), 1)),
            **{f"week0{n}_{name}/lecture{n}.pdf": "" for n, name in enumerate(names, 1)},
            **{f"week0{n}_{name}/seminar{n}.ipynb": "{}" for n, name in enumerate(names, 1)},
            "2020/lectures/week4_moss.pdf": "",
        },
    )  # fmt: skip
    assert [(section, title, decks) for section, title, decks, _ in held(course)] == [
        *(("Темы", title, [f"week0{n}_{names[n - 1]}/lecture{n}.pdf"])
          for n, title in enumerate(("Корни", "Стебли", "Листья", "Кора"), 1)),
        ("Other materials", "moss", ["2020/lectures/week4_moss.pdf"]),
    ]  # fmt: skip


def test_what_is_listed_below_recordings_on_one_host_are_recordings(tmp_path: Path) -> None:
    viewer = "https://media.uni.example/{}.html?d={}"
    handouts = "".join(f"- [Chapter {n}]({viewer.format('file', n)})\n" for n in (1, 2, 3))
    videos = "".join(
        f"- [2024-04-0{n} {name}]({viewer.format('video', n)})\n"
        for n, name in ((1, "Roots"), (2, "Bark"), (3, "Moss"))
    )
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Trees\n\n### Lecture handouts\n{handouts}- [Solutions of homework]({viewer.format('file', 9)})\n\n"
            f"### Video recordings\n{videos}\n### Videos by others\n\n- [A](https://a.example/1)\n- [B](https://b.example/1)\n- [C](https://c.example/1)\n",
        },
    )  # fmt: skip
    assert held(course) == [
        *(("Lecture handouts", f"Chapter {n}", [viewer.format("file", n)], []) for n in (1, 2, 3)),
        ("Video recordings", "Roots", [], [viewer.format("video", 1)]),
        ("Video recordings", "Bark", [], [viewer.format("video", 2)]),
        ("Video recordings", "Moss", [], [viewer.format("video", 3)]),
    ]


def test_questions_and_the_syllabus_in_the_contents_of_a_site_are_no_lectures(tmp_path: Path) -> None:
    pages = [f"w{week}/{name}.md" for week in (1, 2) for name in ("roots", "bark", "faqs")]
    listed = "".join(
        f"* [Week {week}](w{week}/README.md)\n"
        + "".join(f"  * [{title} {week}](w{week}/{title.lower()}.md)\n" for title in ("Roots", "Bark"))
        + f"  * [FAQs](w{week}/faqs.md)\n"
        for week in (1, 2)
    )
    course = course_of(
        tmp_path,
        {
            "SUMMARY.md": f"# Contents\n\n## Course Information\n\n* [Syllabus](README.md)\n\n## Schedule\n\n{listed}",
            "README.md": "# Syllabus\n\nA course.\n",
            **{page: f"# {page}\n\nText.\n" for page in [*pages, "w1/README.md", "w2/README.md"]},
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots 1", "Bark 1", "Roots 2", "Bark 2"]


def test_a_folder_called_slides_has_the_title_of_what_is_in_it(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\n## Spring 2019\n* [Roots](a.pdf)\n* [Bark](b.pdf)\n\n## [Spring 2018](slides18)\n",
            "slides18/README.md": "* [Leaves and needles](leaves.pdf)\n",
            **dict.fromkeys(("a.pdf", "b.pdf", "slides18/leaves.pdf"), ""),
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots", "Bark", "Leaves and needles"]


def test_words_that_are_subjects_here_and_roles_there() -> None:
    assert aside_of("5. Reference, initialization, namespaces", whole=True) is None
    assert aside_of("References", whole=True) is not None
    assert aside_of("FAQs", whole=True) is not None
    assert title_of((Piece("7. Objects - I"),))[0] == "Objects - I"
    assert role_of("Заметки") is not None
    assert aside_path("slides/Lecture3(course_project1).pdf")


@pytest.mark.parametrize("column", ["Video", "Recording"])
def test_a_link_called_link_is_what_its_column_says(tmp_path: Path, column: str) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": f"# Trees\n\n| Topic | {column} |\n|---|---|\n| Roots | [Link](https://media.uni.example/play/1) |\n"
            "| Bark | [Link](https://media.uni.example/play/2) |\n",
        },
    )
    assert [videos for *_, videos in held(course)] == [[f"https://media.uni.example/play/{n}"] for n in (1, 2)]


def test_a_syllabus_that_lists_the_lectures_is_read(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\n- [Syllabus](syllabus.md)\n- [Rules](rules.md)\n",
            "syllabus.md": "# Syllabus\n\n- Lecture 1: [Roots](a.pdf)\n- Lecture 2: [Bark](b.pdf)\n- Lecture 3: [Moss](c.pdf)\n",
            "rules.md": "# Rules\n\nNone.\n",
            **{f"{name}.pdf": "" for name in "abc"},
        },
    )
    assert [title for _, title, *_ in held(course)] == ["Roots", "Bark", "Moss"]


def test_a_list_after_a_link_to_the_lesson_elsewhere_is_of_that_lesson(tmp_path: Path) -> None:
    lesson = "[Урок {0} Лекция: {1}](https://school.example/lessons/{0})\n- [Презентация](s{0}.pdf)\n- [Видеозапись](https://cdn.example/v{0}.mp4)\n\n"
    course = course_of(
        tmp_path,
        {
            "README.md": "## Деревья\n" + lesson.format(1, "Корни") + lesson.format(2, "Кора"),
            "s1.pdf": "",
            "s2.pdf": "",
        },
    )
    assert held(course) == [
        ("Деревья", title, [f"s{n}.pdf"], [f"https://cdn.example/v{n}.mp4"]) for n, title in ((1, "Корни"), (2, "Кора"))
    ]


def test_headings_numbered_as_lectures_are_a_programme_where_nothing_has_material(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Trees\n\n## Lectures\n\n## Lecture 1: Roots\n\nOf roots.\n\n* [Log](https://code.example/1)\n\n### Lecture 2: Bark\n\n"
            "### Lecture 3: Moss\n\n* Using an axe\n\n## Reference\n\n### Saws\n\n1. Take it\n2. Pull it\n",
        },
    )
    assert [(section, title) for section, title, *_ in held(course)] == [("", "Roots"), ("", "Bark"), ("", "Moss")]
    assert course.lectures[0].links == (("Log", "https://code.example/1"),)


def test_a_quiz_beside_the_slides_does_not_name_the_lecture() -> None:
    line = (Piece("Лекция 1", "a.pdf"), Piece(", "), Piece("Quiz для лекции 1, решение", "q.c"))
    assert title_of(line)[0] == ""
    assert title_of((Piece("Quiz theory", "a.pdf"),))[0] == "Quiz theory"


def test_presentations_on_prezi_are_slides(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {"README.md": "# T\n\n- [Roots](https://prezi.com/abc/roots/)\n- [Bark](https://prezi.com/abd/bark/)\n"},
    )
    assert [decks for _, _, decks, _ in held(course)] == [
        ["https://prezi.com/abc/roots/"],
        ["https://prezi.com/abd/bark/"],
    ]

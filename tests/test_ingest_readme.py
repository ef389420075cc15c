"""README files as lecturers write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import write_pdf

from ingest.course import read_course
from ingest.planned import PlannedCourse
from ingest.readme import read_readme


def course_of(folder: Path, readme: str) -> PlannedCourse:
    (folder / "README.md").write_text(readme, "utf-8")
    return read_course(folder, linked_only=True)


def titles(text: str) -> list[str]:
    return [lecture.title for lecture in read_readme(text).lectures]


def test_a_numbered_list_with_dates() -> None:
    readme = read_readme(
        "1. [Введение](a.pdf) (11.02.2019)\n2. [Градиент](b.pdf), [видео](https://youtu.be/AAAAAAAAAAA)\n3. GAN\n"
    )
    assert [(item.title, item.remarks, len(item.decks), len(item.videos)) for item in readme.lectures] == [
        ("Введение", ["11.02.2019"], 1, 0),
        ("Градиент", [], 1, 1),
        ("GAN", [], 0, 0),  # nothing yet: a gap that everybody sees
    ]


def test_lecture_numbers_before_a_link_are_not_the_title() -> None:
    assert titles("- Лекция 1: [Введение](a.pdf)\n- Лекция 2. [слайды](b.pdf) Градиентный спуск\n") == [
        "Введение",
        "Градиентный спуск",
    ]


def test_a_list_with_materials_below_each_lecture() -> None:
    readme = read_readme(
        "- Introduction\n  - [slides](a.pdf)\n  - [video](https://youtu.be/AAAAAAAAAAA)\n- Loss\n  - [slides](b.pdf)\n"
    )
    assert [(x.title, len(x.decks), len(x.videos)) for x in readme.lectures] == [("Introduction", 1, 1), ("Loss", 1, 0)]


def test_a_list_of_weeks_with_lectures_below() -> None:
    readme = read_readme("- Week 1\n  - [Introduction](a.pdf)\n  - [Loss](b.pdf)\n- Week 2\n  - [Attention](c.pdf)\n")
    assert [(x.section, x.title) for x in readme.lectures] == [
        ("Week 1", "Introduction"),
        ("Week 1", "Loss"),
        ("Week 2", "Attention"),
    ]


def test_a_list_of_plain_words_is_no_course() -> None:
    assert titles("- laptop\n- [Python](https://www.python.org)\n- patience\n") == []


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


def test_html_tables_with_spans_and_emoji_links() -> None:
    readme = read_readme(HTML)
    assert [(x.section, x.title, [d.link.place for d in x.decks], len(x.videos)) for x in readme.lectures] == [
        ("2023", "Introduction", ["a.pdf"], 1),
        ("2023", "Optimisation & SGD", ["b.pdf", "c.pdf"], 0),
    ]


def test_tables_of_several_years_a_stray_pipe_and_reference_links() -> None:
    readme = read_readme(
        "# Course\n## 2021\n| topic | program |\n|--|--|\n| [Loss][l] | p(x | y) and more |\n"
        "## 2022\n| week | topic | program |\n|--|--|--|\n| 1 | [Loss](new.pdf) | better |\n\n[l]: old.pdf\n"
    )
    assert [(x.section, x.title, x.decks[0].link.place, x.programme) for x in readme.lectures] == [
        ("2021", "Loss", "old.pdf", "p(x | y) and more"),
        ("2022", "Loss", "new.pdf", "better"),
    ]


def test_a_bare_address_is_a_link() -> None:
    readme = read_readme("| topic | video |\n|--|--|\n| Loss | https://youtu.be/AAAAAAAAAAA |\n")
    assert [(v.link.place, v.link.label) for v in readme.lectures[0].videos] == [("AAAAAAAAAAA", "")]


def test_playlists_question_banks_and_folders_of_notes(tmp_path: Path) -> None:
    for name in ("essays/b.pdf", "essays/a.pdf", "one.pdf"):
        write_pdf(tmp_path / name, ["Title\ntext"])
    course = course_of(
        tmp_path,
        "Playlist: https://www.youtube.com/playlist?list=PL0\n\n## Essays\nhttps://github.com/o/r/tree/master/essays\n\n"
        "[Questions](https://example.org/questions.pdf)\n\n## Lectures\n1. [One](one.pdf)\n",
    )
    assert course.links == (("https://www.youtube.com/playlist?list=PL0",) * 2,)
    found = [(x.section, x.title, x.decks[0].path, x.decks[0].kind) for x in course.lectures]
    assert found == [
        ("Lectures", "One", "one.pdf", None),
        ("Essays", "Questions", "https://example.org/questions.pdf", "notes"),
        ("Essays", "a", "essays/a.pdf", "notes"),
        ("Essays", "b", "essays/b.pdf", "notes"),
    ]


def test_an_address_in_a_repository_is_the_file_here_or_what_to_fetch(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a b.pdf", ["Title\ntext"])
    course = course_of(
        tmp_path,
        "1. [Here](https://github.com/o/r/blob/main/a%20b.pdf)\n2. [There](https://github.com/o/r/blob/main/c%2B.pdf)\n",
    )
    assert [x.decks[0].path for x in course.lectures] == ["a b.pdf", "https://github.com/o/r/raw/main/c%2B.pdf"]


@pytest.mark.parametrize(
    "text", ["<table><tr><td rowspan='99999999'>" * 50, "| a |\n|--|\n" + "| x " * 5000, "- " * 900]
)
def test_hostile_files_are_read_in_bounded_time(text: str) -> None:
    read_readme(text)

"""Reading a course: README tables, course.yaml, and what is wrong with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support import EXAMPLES, write_pdf

from index.errors import CourseError
from index.types import Host
from ingest.course import make_slug, read_course
from ingest.course_yaml import write_yaml
from ingest.planned import PlannedLecture

README = """# Глубокое обучение

## Лекции

| тема | видео | программа |
|---|---|---|
| **[Введение в DL](2022/intro%20v2.pdf)** | [**часть 1**](https://youtu.be/AAAAAAAAAAA?t=3), [**часть2**](https://www.youtube.com/watch?v=BBBBBBBBBBB&list=x) | История. Перцептрон. |
| **Свёрточные сети: [слайды](cnn.pdf), [C++](c++.pdf)** (*старая версия слайдов*) | [видео](https://youtube.com/live/CCCCCCCCCCC) (*только первой части*) | Свёртка a \\| b. |

## пока без слайдов

| тема | программа |
|---|---|
| GAN | Генератор и дискриминатор |
"""


@pytest.fixture
def lectures(tmp_path: Path) -> tuple[PlannedLecture, ...]:
    (tmp_path / "README.md").write_text(README, "utf-8")
    for name in ("cnn.pdf", "c++.pdf", "extra.pdf"):
        write_pdf(tmp_path / name, ["Title\ntext"])
    return read_course(tmp_path).lectures


def test_lectures_come_in_order_with_plain_titles(lectures: tuple[PlannedLecture, ...]) -> None:
    assert [lecture.title for lecture in lectures[:3]] == ["Введение в DL", "Свёрточные сети", "GAN"]


def test_sections_say_what_is_missing(lectures: tuple[PlannedLecture, ...]) -> None:
    assert [lecture.section for lecture in lectures[:3]] == ["Лекции", "Лекции", "пока без слайдов"]


def test_youtube_links_in_all_forms_keep_their_labels(lectures: tuple[PlannedLecture, ...]) -> None:
    found = [(video.video, video.label) for lecture in lectures for video in lecture.videos]
    assert found == [("AAAAAAAAAAA", "часть 1"), ("BBBBBBBBBBB", "часть2"), ("CCCCCCCCCCC", "видео")]


def test_percent_encoded_and_plus_names_survive(lectures: tuple[PlannedLecture, ...]) -> None:
    assert [deck.path for lecture in lectures[:3] for deck in lecture.decks] == [
        "2022/intro v2.pdf",
        "cnn.pdf",
        "c++.pdf",
    ]


def test_remarks_are_kept_beside_what_they_speak_of(lectures: tuple[PlannedLecture, ...]) -> None:
    cnn = lectures[1]
    assert {deck.remark for deck in cnn.decks} == {"старая версия слайдов"} or "старая версия слайдов" in cnn.remarks
    assert cnn.videos[0].remark == "только первой части"


def test_programmes_are_kept_and_a_lecture_without_anything_too(lectures: tuple[PlannedLecture, ...]) -> None:
    assert lectures[0].programme == "История. Перцептрон."
    assert "a | b" in lectures[1].programme
    assert (lectures[2].decks, lectures[2].videos) == ((), ())
    assert lectures[2].programme == "Генератор и дискриминатор"


def test_pdfs_that_no_lecture_names_become_other_materials(
    lectures: tuple[PlannedLecture, ...], tmp_path: Path
) -> None:
    assert [(item.section, item.decks[0].path) for item in lectures[3:]] == [("Other materials", "extra.pdf")]
    assert len(read_course(tmp_path, linked_only=True).lectures) == 3


def test_the_example_course_has_its_five_lectures() -> None:
    course = read_course(EXAMPLES)
    assert [lecture.title for lecture in course.lectures] == [
        "Градиентный спуск и оптимизаторы",
        "Переобучение и регуляризация",
        "Evaluating Classifiers",
        "Внимание и трансформеры",
        "Генеративные модели",
    ]
    assert course.language == "ru"
    assert course.lectures[0].videos[0].host is Host.FILE


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("course.yaml", "title: x\nlectures:\n  - title: [\n", "line 4"),
        ("course.yaml", "lectures: 3\n", "should be a list"),
        ("course.yaml", "lectures:\n  - programme: x\n", "lecture 1 has no title"),
        ("course.yaml", "lectures:\n  - titel: x\n", r"lecture 1 has no title, but a key 'titel' \(is title meant\?\)"),
        ("README.md", "# Nothing here\n\nJust words.\n", "No lectures were found"),
        ("course.yaml", "title: x\nlectures: []\n", r"course\.yaml lists none"),
    ],
)
def test_a_wrong_course_is_refused_with_the_place(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(CourseError, match=message):
        read_course(tmp_path)


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="There is no folder"):
        read_course(tmp_path / "nowhere")
    with pytest.raises(CourseError, match="No lectures were found"):
        read_course(tmp_path)


def test_slugs_are_latin() -> None:
    assert make_slug("Глубокое обучение (2022)") == "glubokoe-obuchenie-2022"
    assert make_slug("???") == "course"


def test_a_deck_of_course_yaml_may_lie_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text(
        "lectures: [{title: x, decks: ['https://example.org/a b.pdf', {path: 'https://example.org/c.pdf'}]}]\n", "utf-8"
    )
    assert [deck.path for deck in read_course(tmp_path).lectures[0].decks] == [
        "https://example.org/a b.pdf",
        "https://example.org/c.pdf",
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("decks: [../../etc/passwd, a.pdf]", "should be a path inside the course folder"),
        ("decks: [a.pdf], videos: [{youtube: nonsense}]", "no YouTube id"),
        ("decks: [a.pdf], videos: [{url: nonsense}]", "no address"),
        ("decks: [a.pdf], videos: [7]", "should be a mapping"),
        ("decks: [a.pdf], links: [{url: 'javascript:alert(1)'}]", "no http or https address"),
    ],
)
def test_one_bad_line_of_course_yaml_loads_the_rest(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "course.yaml").write_text(f"lectures:\n  - {{title: x, {line}}}\n  - title: y\n", "utf-8")
    course = read_course(tmp_path)
    assert [(x.title, [deck.path for deck in x.decks], x.videos) for x in course.lectures] == [
        ("x", ["a.pdf"], ()),
        ("y", [], ()),
    ]
    assert [lecture for lecture, detail in course.problems if problem in detail] == ["x"]


def test_keys_of_course_yaml_that_nothing_reads_are_named(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text(
        "lang: en\nlectures:\n  - {title: x, deck: a.pdf, decks: [{path: b.pdf, lable: B}]}\n"
        "  - {title: y, videos: [{youtube: abcdefghijk, start: 3}]}\n",
        "utf-8",
    )
    course = read_course(tmp_path)
    assert [(title, detail.partition(", which")[0]) for title, detail in course.problems] == [
        ("course.yaml", "course.yaml: the course has a key 'lang'"),
        ("x", "course.yaml: 'x' has a key 'deck'"),
        ("x", "course.yaml: a deck of 'x' has a key 'lable'"),
        ("y", "course.yaml: a video of 'y' has a key 'start'"),
    ]
    assert "there are path, label, remark." in course.problems[2][1]
    assert [deck.path for deck in course.lectures[0].decks] == ["b.pdf"]


def test_what_was_understood_can_be_written_down_and_reads_the_same(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(README + "\n[Old](https://example.org/list)\n", "utf-8")
    for name in ("cnn.pdf", "c++.pdf", "extra.pdf", "homework/hw1.pdf"):
        write_pdf(tmp_path / name, ["Title\ntext"])
    first = read_course(tmp_path)
    (tmp_path / "course.yaml").write_text(write_yaml(first), "utf-8")
    second = read_course(tmp_path)
    assert [replace(x, title_from_deck=False) for x in second.lectures] == [
        replace(x, title_from_deck=False) for x in first.lectures
    ]
    assert (second.title, second.language, second.links) == (first.title, first.language, first.links)
    assert second.leave_out == ("homework/hw1.pdf",)


def test_what_was_left_out_stands_in_the_written_course_to_be_taken_from_there(tmp_path: Path) -> None:
    """As comments, which a label of several lines cannot leave."""
    (tmp_path / "README.md").write_text(
        "# C\n\n- Lecture 1: [Roots](a.pdf)\n- Lecture 2: [Bark](b.pdf)\n\n## Literature\n\n- [A book](https://books.example/1)\n",
        "utf-8",
    )
    for name in ("a.pdf", "b.pdf"):
        write_pdf(tmp_path / name, ["Title\ntext"])
    course = read_course(tmp_path)
    written = write_yaml(replace(course, left_out=(*course.left_out, ("x\ntitle: y\x85z", "https://x.example", "why"))))
    assert "\n#   https://books.example/1  (A book: It is in a reading list" in written
    assert written.endswith("#   https://x.example  (xtitle: yz: why)\n")
    (tmp_path / "course.yaml").write_text(written, "utf-8")
    assert read_course(tmp_path).lectures == course.lectures


def test_a_course_without_lectures_can_be_written_down_to_be_filled(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# C\n\nWatch [this](https://video.example/1).\n", "utf-8")
    with pytest.raises(CourseError, match=r"--write-yaml course\.yaml"):
        read_course(tmp_path)
    course = read_course(tmp_path, even_empty=True)
    assert course.lectures == ()
    assert "#   https://video.example/1" in write_yaml(course)


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://x/y", "http:x"]
)
def test_a_course_is_published_only_at_an_address_of_the_web(tmp_path: Path, address: str) -> None:
    (tmp_path / "course.yaml").write_text(f"title: C\nsource_url: '{address}'\nlectures: [{{title: x}}]\n", "utf-8")
    course = read_course(tmp_path)
    assert course.source_url is None
    assert [lecture for lecture, detail in course.problems if "no http or https address" in detail] == ["C"]
    with pytest.raises(CourseError, match="no http or https address"):
        read_course(tmp_path, source_url=address)
    assert read_course(tmp_path, found_at="git@github.com:someone/course").source_url is None
    assert read_course(tmp_path, source_url="https://example.org/c").source_url == "https://example.org/c"


def test_the_key_that_was_meant_is_named(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("lectures: [{title: One, deck: [a.pdf], zzz: 1, slides: []}]\n", "utf-8")
    said = [detail for _, detail in read_course(tmp_path).problems]
    assert "has a key 'deck', which is not read (is decks meant?); there are title," in said[0]
    assert "has a key 'zzz', which is not read; there are title," in said[1]
    assert "has a key 'slides', which is not read (is decks meant?); there are title," in said[2]

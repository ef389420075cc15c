"""Course folders: what the README links, what nobody links, what is no lecture."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from support import write_pdf

from ingest.catalogue.blocks import Piece
from ingest.catalogue.first_pages import titles_of_pages
from ingest.catalogue.markdown import read_markdown
from ingest.catalogue.titles import title_of, title_of_path
from ingest.catalogue.words import Rank, aside_of, aside_path, is_bare_label, mark_of, without_addresses
from ingest.course import lecture_keys, read_course
from ingest.course_yaml import write_yaml
from ingest.pdf import Line, RawPage
from ingest.planned import PlannedCourse


def course_of(folder: Path, files: dict[str, str]) -> PlannedCourse:
    """The course in a folder with these texts; a name that ends in .pdf is a deck of one page."""
    for name, text in files.items():
        if name.endswith(".pdf"):
            write_pdf(folder / name, [text or "Title\ntext"])
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, "utf-8")
    return read_course(folder)


def held(course: PlannedCourse) -> list[tuple[str, str, list[str], list[str]]]:
    return [(x.section, x.title, [d.path for d in x.decks], [v.video for v in x.videos]) for x in course.lectures]


WEEK = "### Materials\n- [Lecture slides](https://drive.google.com/file/d/1{}/view)\n- Our videos: [lecture](https://disk.yandex.ru/i/{})\n### Papers\n- [P](https://arxiv.org/abs/1)\n"


def test_a_week_folder_that_the_syllabus_links_belongs_to_its_week(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# NLP\n# Syllabus\n- [__week01__](./w1) __Word vectors__\n  - Lecture: counting. GloVe.\n"
            "- [__week02__](./w2) __Attention__\n- [week03](./w%5B3%5D) Models\n",
            "w1/README.md": WEEK.format("aaaaaaaaaaaaaaaaaaaa", "v1"),
            "w2/README.md": "Slides are here.\n",
            "w2/lecture.pdf": "",
            "w[3]/README.md": WEEK.format("bbbbbbbbbbbbbbbbbbbb", "v3"),
            "w[3]/scheme.pdf": "",
        },
    )
    drive = "https://drive.google.com/file/d/1{}/view"
    assert held(course) == [
        ("Syllabus", "Word vectors", [drive.format("a" * 20)], ["https://disk.yandex.ru/i/v1"]),
        ("Syllabus", "Attention", ["w2/lecture.pdf"], []),
        ("Syllabus", "Models", [drive.format("b" * 20)], ["https://disk.yandex.ru/i/v3"]),
    ]
    assert course.lectures[0].programme == "Lecture: counting. GloVe."
    assert course.lectures[0].links == (("P", "https://arxiv.org/abs/1"),)
    assert [place for _, place, _ in course.left_out] == ["w[3]/scheme.pdf"]


def test_module_folders_whose_pages_are_lessons(tmp_path: Path) -> None:
    lesson = "## {} {}\n\n<a href='https://www.youtube.com/watch?v={}'><img src='t.jpg'></a>\n\n[Slides](https://speakerdeck.com/x/{})\n\n- Next: [on](../m1/02-b.md)\n"
    files = {
        "README.md": "# Camp\n## Syllabus\n### [Module 1: Basics](m1/)\nAbout it.\n- one\n### [Module 2: More](m2/)\n",
        "m1/README.md": "## 1. Basics\n- 1.1 [Regression](01-a.md)\n- 1.2 [Summary](02-b.md)\n- 1.3 [Homework](homework.md)\n",
        "m2/README.md": "## 2. More\n- 2.1 [Trees](01-c.md)\n- (Outdated) 2.2 [Forests](02-d.md)\n",
        "m1/homework.md": "Do it.\n",
    }
    for name, number, title, video in (
        ("m1/01-a", "1.1", "Regression", "AAAAAAAAAAA"),
        ("m1/02-b", "1.2", "Summary", "BBBBBBBBBBB"),
        ("m2/01-c", "2.1", "Trees", "CCCCCCCCCCC"),
        ("m2/02-d", "2.2", "Forests", "DDDDDDDDDDD"),
    ):
        files[f"{name}.md"] = lesson.format(number, title, video, number)
    deck = "https://speakerdeck.com/x/{}"
    assert held(course_of(tmp_path, files)) == [
        ("1. Basics", "Regression", [deck.format("1.1"), "m1/01-a.md"], ["AAAAAAAAAAA"]),
        ("1. Basics", "Summary", [deck.format("1.2"), "m1/02-b.md"], ["BBBBBBBBBBB"]),
        ("2. More", "Trees", [deck.format("2.1"), "m2/01-c.md"], ["CCCCCCCCCCC"]),
        ("2. More", "Forests", [deck.format("2.2"), "m2/02-d.md"], ["DDDDDDDDDDD"]),
    ]


def test_a_folder_beside_the_linked_ones_that_the_readme_forgot_is_read(tmp_path: Path) -> None:
    files = {f"week{n}/README.md": f"# Topic {w}\n[slides](s.pdf)\n" for n, w in ((1, "one"), (2, "two"), (3, "three"))}
    files |= {f"week{n}/s.pdf": "" for n in (1, 2, 3, 4)}
    files["week4/README.md"] = "# Forgotten\n[slides](s.pdf)\n"
    files["README.md"] = "- [week 1](week1) Loss\n- [week 2](week2) Step\n- [week 3](week3) Batch\n"
    course = course_of(tmp_path, files)
    assert [x.decks[0].path for x in course.lectures] == [f"week{n}/s.pdf" for n in (1, 2, 3, 4)]


def test_editions_in_folders_are_read_through_their_readmes(tmp_path: Path) -> None:
    files = {"README.md": "# Course\nSee the folders.\n"}
    for year in ("2019-fall", "2020-fall"):
        files[f"{year}/README.md"] = (
            f"# Course {year}\n## Programme\n* Intro ([lecture 1](lectures/{year}-1.pdf))\n* Loss ([lecture 2](lectures/2.pdf))\n"
            "* Step ([lecture 3](lectures/3.pdf))\n## All slides\n[here](lectures)\n"
        )
        files |= {f"{year}/lectures/{name}.pdf": "" for name in (f"{year}-1", "2", "3")}
    course = course_of(tmp_path, files)
    assert [(x.section, x.title) for x in course.lectures] == [
        (f"{year} › Programme", title) for year in ("2019-fall", "2020-fall") for title in ("Intro", "Loss", "Step")
    ]


def test_files_without_any_page_take_their_titles_from_their_first_pages(tmp_path: Path) -> None:
    cover = "Deep Learning\nLecture {}\n{}\nA. Lecturer\nlecturer@example.org"
    files = {
        f"2023/lectures/lecture{n:02}-x.pdf": cover.format(n, title)
        for n, title in ((1, "Gradient descent"), (2, "Convolutions"), (10, "Attention"))
    }
    files["2023/midterm.pdf"] = "Problems"
    files["2023/variant.pdf"] = "Homework 2\nProve it."
    course = course_of(tmp_path, {**files, "README.md": "# Deep Learning\nTaught since 2023.\n"})
    assert [(x.section, x.title) for x in course.lectures] == [
        ("2023", "Gradient descent"),
        ("2023", "Convolutions"),
        ("2023", "Attention"),
    ]


def test_lines_that_most_first_pages_share_are_no_titles() -> None:
    def page(*texts: str) -> tuple[RawPage, ...]:
        return (RawPage(tuple(Line(text, 0.1 + 0.1 * i, 0.1, 20.0) for i, text in enumerate(texts)), height=540.0),)

    decks = {
        f"{n}.pdf": page("The Course", f"Lecture {n}", title, "Dr. Who")
        for n, title in enumerate(("One", "Two", "Three"))
    }
    assert titles_of_pages(decks) == {"0.pdf": "One", "1.pdf": "Two", "2.pdf": "Three"}


def test_slides_and_notes_of_one_number_are_one_lecture(tmp_path: Path) -> None:
    files = {
        f"{n:02}-{name}__{kind}.pdf": ""
        for n, name in ((1, "knn"), (2, "trees"), (3, "cv"))
        for kind in ("notes", "slides")
    }
    course = course_of(tmp_path, files)
    assert [[(deck.path, deck.kind) for deck in x.decks] for x in course.lectures][:1] == [
        [("01-knn__slides.pdf", None), ("01-knn__notes.pdf", "notes")]
    ]
    assert len(course.lectures) == 3


def test_pages_with_front_matter_are_lessons_in_the_order_of_their_dates(tmp_path: Path) -> None:
    page = '---\nlayout: lecture\ntitle: "{}"\ndate: 2024-01-{}\nvideo:\n  aspect: 56\n  id: {}\n---\n# Motivation\nWords.\n'
    course = course_of(
        tmp_path,
        {
            "README.md": "# Site\nRun it with [a tool](https://example.org).\n",
            "_2024/b.md": page.format("The Shell", "13", "AAAAAAAAAAA"),
            "_2024/a.md": page.format("Q&A", "27", "BBBBBBBBBBB"),
            "_2024/c.md": page.format("Editors", "20", "CCCCCCCCCCC"),
            "_2024/index.md": "---\nlayout: page\ntitle: All\n---\n{% for %}\n",
            "about.md": "---\ntitle: About\n---\nUs.\n",
        },
    )
    assert held(course) == [
        ("2024", "The Shell", ["_2024/b.md"], ["AAAAAAAAAAA"]),
        ("2024", "Editors", ["_2024/c.md"], ["CCCCCCCCCCC"]),
        ("2024", "Q&A", ["_2024/a.md"], ["BBBBBBBBBBB"]),
    ]


def test_addresses_of_the_courses_own_site_are_its_pages_and_translations_are_left(tmp_path: Path) -> None:
    index = "## Theme 1: Basics\n" + "".join(
        f" * [{title}](https://me.github.io/COURSE/en/week0{n}/0{n}-1/) [🎥](https://youtu.be/{letter * 11})\n"
        for n, title, letter in ((1, "Loss", "A"), (2, "Step", "B"), (3, "Batch", "C"))
    )
    files = {"README.md": "# Course\nSee the [site](https://me.github.io/COURSE/).\n", "docs/index.md": index}
    for language in ("en", "fr"):
        files |= {f"docs/{language}/week0{n}/0{n}-1.md": f"---\ntitle: {language}{n}\n---\nText.\n" for n in (1, 2, 3)}
    course = course_of(tmp_path, files)
    assert [(x.title, [d.path for d in x.decks]) for x in course.lectures] == [
        ("Loss", ["docs/en/week01/01-1.md"]),
        ("Step", ["docs/en/week02/02-1.md"]),
        ("Batch", ["docs/en/week03/03-1.md"]),
    ]


def test_what_programs_and_drafts_leave_behind_is_no_course(tmp_path: Path) -> None:
    names = [".hidden/a.pdf", "node_modules/b.pdf", "homework/c.pdf", "L1/code/images/d.pdf", "_drafts/e.pdf", "f.pdf"]
    course = course_of(tmp_path, dict.fromkeys(names, ""))
    assert [deck.path for x in course.lectures for deck in x.decks] == ["f.pdf"]


def test_folders_that_link_one_another_without_end_are_read(tmp_path: Path) -> None:
    files = {f"f{n}/README.md": f"- [Deeper {n}](../f{n + 1})\n- [Deck](a.pdf)\n" for n in range(300)}
    course = course_of(tmp_path, {**files, "README.md": "- [Deeper](f0)\n", "f0/a.pdf": ""})
    assert course.lectures


def test_a_readme_that_names_few_of_the_decks_is_not_the_catalogue(tmp_path: Path) -> None:
    talks = "".join(
        f"- [Talk {word}](https://youtu.be/{letter * 11})\n"
        for word, letter in (("a b", "A"), ("c d", "B"), ("e f", "C"))
    )
    names = [f"{year}/lectures/lecture{n:02}.pdf" for year in (2021, 2022) for n in range(1, 7)]
    course = course_of(tmp_path, {"README.md": f"# C\nSome talks:\n{talks}", **dict.fromkeys(names, "")})
    assert [x.decks[0].path for x in course.lectures if x.section.startswith("20")] == names
    assert len(course.lectures) == len(names) + 3


def test_a_page_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes(b"x" * (5 << 20))
    write_pdf(tmp_path / "a.pdf", ["Title\ntext"])
    course = read_course(tmp_path)
    assert "larger than 4 MB" in course.left_out[0][2]
    assert len(course.lectures) == 1


def test_a_page_that_lists_the_lectures_is_read_where_the_readme_only_links_it(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n[Syllabus](syllabus.md) [Policies](policies.md)\n",
            "syllabus.md": "# Syllabus\n1. [Intro](l/1.pdf)\n2. [Trees](l/2.pdf)\n3. [Nets](l/3.pdf)\n",
            "policies.md": "Be kind.\n",
            **dict.fromkeys(("l/1.pdf", "l/2.pdf", "l/3.pdf"), ""),
        },
    )
    assert [(x.section, x.title, x.decks[0].path) for x in course.lectures] == [
        ("Syllabus", "Intro", "l/1.pdf"),
        ("Syllabus", "Trees", "l/2.pdf"),
        ("Syllabus", "Nets", "l/3.pdf"),
    ]


@pytest.mark.parametrize(
    ("text", "rank", "number", "rest"),
    [
        ("Лекция 2. Градиент", Rank.LECTURE, "2", "Градиент"),
        ("week09 (extra)", Rank.WEEK, "09", ""),
        ("Module 1: Introduction", Rank.MODULE, "1", "Introduction"),
        ("(Outdated) 9.3 Lambda", Rank.BARE, "9.3", "Lambda"),
        ("12.02 Введение", Rank.BARE, "12.02", "Введение"),
        ("2D convolutions", Rank.NONE, "", "2D convolutions"),
        ("Lectures", Rank.NONE, "", "Lectures"),
    ],
)
def test_how_a_line_is_numbered(text: str, rank: Rank, number: str, rest: str) -> None:
    mark, left = mark_of(text)
    assert (mark.rank, mark.number, left) == (rank, number, rest)


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("[__week01_intro__](./w) Introduction", "Introduction"),
        ("[__recap_nets__](./w) - a recap of nets", "a recap of nets"),
        ("**Сети: [слайды](a.pdf), [C++](c.pdf)** (*старая версия*)", "Сети"),
        ("1.10 [Summary](a.md)", "Summary"),
        ("Slides - [here](x)", ""),
        ("[Lecture 01](L01): Overview", "Overview"),
        ("[Трансформеры++ (эффективные)](a.pdf)", "Трансформеры++ (эффективные)"),
        ("(лекция 3: [слайды](a), [видео](b); [семинар](c)) Обучение", "Обучение"),
    ],
)
def test_a_title_is_what_remains(line: str, title: str) -> None:
    assert title_of(read_markdown(line).children[0].line)[0] == title


def test_names_of_files_and_folders_tell_titles_and_roles() -> None:
    assert title_of_path("a/03-conv_nets__slides.pdf")[0] == "conv nets"
    assert is_bare_label("Запись лекции")
    assert not is_bare_label("Введение")
    assert [aside_path(path) for path in ("a/problem_set.pdf", "L5/images/x.pdf", "2020/DL_031cnn.pdf")] == [
        "problem_set",
        "images",
        "",
    ]


def test_the_plan_is_plain_json(tmp_path: Path) -> None:
    found = json.loads(json.dumps(asdict(course_of(tmp_path, {"README.md": "- [One](1.pdf)\n- [Two](2.pdf)\n"}))))
    assert {"lectures", "links", "why", "left_out", "problems"} <= found.keys()


@pytest.mark.parametrize(
    "text",
    ["lecture" + "_" * 100_000 + "!", "_" * 100_000 + "!", "1" * 100_000, "(" * 100_000, "1. " * 50_000, "a@" * 50_000],
)
def test_hostile_lines_are_read_in_bounded_time(text: str) -> None:
    started = time.monotonic()
    title_of((Piece(text),))
    without_addresses(text)
    is_bare_label(text)
    assert time.monotonic() - started < 2.0


def test_folders_of_subjects_with_short_names_are_no_translations(tmp_path: Path) -> None:
    names = [
        f"{topic}/{what}" for topic in ("cv", "rl", "ml") for what in ("slides1.pdf", "slides2.pdf", "slides3.pdf")
    ]
    course = course_of(tmp_path, dict.fromkeys(names, ""))
    assert {deck.path for lecture in course.lectures for deck in lecture.decks} == set(names)


def test_a_translation_is_told_among_what_was_left_out(tmp_path: Path) -> None:
    pages = {f"{language}/lesson{n}.md": f"# L{n}\nWords.\n" for language in ("en", "fr") for n in (1, 2, 3)}
    course = course_of(tmp_path, pages)
    assert [deck.path for lecture in course.lectures for deck in lecture.decks] == [
        f"en/lesson{n}.md" for n in (1, 2, 3)
    ]
    assert [place for _, place, _ in course.left_out] == ["fr/"]


def test_a_folder_of_recordings_alone_is_a_course(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (tmp_path / f"lecture{number}.mp4").write_bytes(b"x")
    course = read_course(tmp_path)
    assert [video.video for x in course.lectures for video in x.videos] == [f"lecture{n}.mp4" for n in (1, 2, 3)]
    assert len(set(lecture_keys(course.lectures))) == 3


def test_a_link_without_a_scheme_is_another_site_and_never_a_file_of_this_machine(tmp_path: Path) -> None:
    outside, folder = tmp_path / "secret.pdf", tmp_path / "course"
    folder.mkdir()
    write_pdf(outside, ["The secret title\ntext"])
    links = "".join(f"- Lecture {n} [slides](/{outside}) [video](https://youtu.be/{'abc'[n] * 11})\n" for n in range(3))
    course = course_of(folder, {"README.md": f"# C\n{links}"})
    assert {deck.path for x in course.lectures for deck in x.decks} == {f"https:/{outside}"}
    assert not any("secret" in lecture.title for lecture in course.lectures)


@pytest.mark.parametrize(("prefix", "end"), [("> ", "\n"), ("", "\r"), ("", "\r\n")])
def test_rows_are_read_in_quoted_tables_and_with_every_kind_of_line_end(tmp_path: Path, prefix: str, end: str) -> None:
    rows = ["| T | B | S |", "|---|---|---|", *(f"| {x} | words | [s]({x}.pdf) |" for x in ("Loss", "Step", "Batch"))]
    (tmp_path / "README.md").write_bytes("".join(f"{prefix}{row}{end}" for row in rows).encode())
    course = read_course(tmp_path)
    assert [x.title for x in course.lectures] == ["Loss", "Step", "Batch"]


def test_lectures_that_share_a_row_are_lectures_of_their_own(tmp_path: Path) -> None:
    """Each in a line of one cell, with its material or its number; deadlines and holidays are none."""
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n| Date | Topic |\n|---|---|\n"
            "| May 1 | Lecture 1: [Trees](a.pdf) [[video](https://youtu.be/aaaaaaaaaaa)]<br>Lecture 2: [Forests](b.pdf) |\n"
            "| May 8 | [3] <[Boosting](https://youtu.be/bbbbbbbbbbb)> <br> [4] Stacking |\n"
            "| May 9 | Deadline for the project |\n| May 15 | _Spring break - no class_ | |\n",
            "a.pdf": "",
            "b.pdf": "",
        },
    )
    assert held(course) == [
        ("", "Trees", ["a.pdf"], ["aaaaaaaaaaa"]),
        ("", "Forests", ["b.pdf"], []),
        ("", "Boosting", [], ["bbbbbbbbbbb"]),
        ("", "Stacking", [], []),
    ]


def test_topics_in_one_cell_beside_one_deck_stay_one_lecture(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n| Topic | Slides |\n|---|---|\n| 1. Trees <br> 2. Forests | [pdf](a.pdf) |\n"
            "| 3. Boosting | [pdf](b.pdf) |\n",
            "a.pdf": "",
            "b.pdf": "",
        },
    )
    assert [lecture[2] for lecture in held(course)] == [["a.pdf"], ["b.pdf"]]


def test_numbered_groups_in_which_each_item_has_its_own_slides_are_sections(tmp_path: Path) -> None:
    topics = ["Regression", "Trees", "Forests", "Kernels", "Clusters", "Boosting"]
    items = [f"    * {topic}. [[slides]]({n}.pdf)\n\n" for n, topic in enumerate(topics)]
    readme = f"# C\n\n1. **Basics.**\nWhat all need.\n\n{''.join(items[:3])}2. **More.**\n\n{''.join(items[3:])}"
    course = course_of(tmp_path, {"README.md": readme, **{f"{n}.pdf": "" for n in range(6)}})
    assert [(section, title) for section, title, *_ in held(course)] == [
        *[("Basics", topic) for topic in topics[:3]],
        *[("More", topic) for topic in topics[3:]],
    ]


def test_a_unit_whose_items_are_numbered_lectures_is_a_section(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\nSee [the units](sequence.md).\n",
            "sequence.md": "# Contents\n\n"
            + "".join(
                f"* Unit {n}: Group {name}\n    * Lecture {n + 1}: About {name} [[pdf]]({n}.pdf)\n"
                f"    * [Demo {n}: A look](demo{n}.ipynb)\n    * Homework {n} [[pdf]](hw/h{n}.pdf)\n"
                for n, name in enumerate(["trees", "kernels", "chains"])
            ),
            **{f"{n}.pdf": "" for n in range(3)},
            **{f"hw/h{n}.pdf": "" for n in range(3)},
            **{f"demo{n}.ipynb": "{}" for n in range(3)},
        },
    )
    found = [lecture for lecture in held(course) if lecture[2]]
    assert [(title, decks) for _, title, decks, _ in found if decks[0].endswith(".pdf")] == [
        ("About trees", ["0.pdf"]),
        ("About kernels", ["1.pdf"]),
        ("About chains", ["2.pdf"]),
    ]


def test_numbered_lists_go_on_where_there_is_nothing_yet(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n## Slides\n\n### Unit 1: Words\n\n1. [Counting](a.pdf)\n2. Guessing\n3. Weighing\n4. Cutting\n\n"
            "### Unit 2: Networks\n\n5. Layers\n6. Attention\n\n## Other courses\n\n1. [NLP](https://example.org/nlp)\n",
            "a.pdf": "",
        },
    )
    titles = ["Counting", "Guessing", "Weighing", "Cutting", "Layers", "Attention"]
    assert [title for _, title, *_ in held(course)] == titles
    assert [section for section, *_ in held(course)][3:5] == ["Unit 1: Words", "Unit 2: Networks"]


@pytest.mark.parametrize(
    "subject",
    [
        "Policy gradients",
        "Рекомендательные системы",
        "Ассоциативные правила",
        "Оценки максимального правдоподобия",
        "Image registration",
        "Community detection",
        "Learning from human feedback",
        "Проектирование баз данных",
    ],
)
def test_a_subject_is_not_taken_for_a_section_about_the_course(subject: str) -> None:
    assert aside_of(subject) is None
    assert aside_of(subject, whole=True) is None


@pytest.mark.parametrize(
    "section",
    ["Late policy", "Course policies", "Оценки", "Итоговая оценка", "Система оценивания", "Рекомендуемая литература",
     "Useful links", "Further reading", "Literature", "Literatur", "Bibliografía", "Дополнительные материалы", "Feedback", "Installation", "Проекты"],
)  # fmt: skip
def test_a_section_about_the_course_holds_no_lectures(section: str) -> None:
    assert aside_of(section) is not None


def test_names_of_pictures_blanks_in_paths_and_brackets_are_read_as_they_are_meant(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n## Week one\n\n:pencil2: Lec1-A(Trees) / [슬라이드](one a.pdf) / [비디오](https://youtu.be/aaaaaaaaaaa)\n\n"
            ":pencil2: Lec1-B / [슬라이드](b.pdf) / [비디오](https://youtu.be/bbbbbbbbbbb)\n\n"
            ":bar_chart: Lab1 / [실습 코드](lab.ipynb)\n",
            "one a.pdf": "",
            "b.pdf": "",
            "lab.ipynb": "{}",
        },
    )
    assert held(course)[:2] == [
        ("Week one", "Trees", ["one a.pdf"], ["aaaaaaaaaaa"]),
        ("Week one", "Lec1-B", ["b.pdf"], ["bbbbbbbbbbb"]),
    ]


def test_what_lies_on_the_pages_of_the_repository_is_the_file_in_the_course(tmp_path: Path) -> None:
    """The slides of a course are linked as its site shows them; HTML in a folder of slides is slides."""
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n- Lecture 1: Trees [[PDF](https://some.github.io/repo/pdf/l1.pdf)]\n"
            "- Lecture 2: Forests [[PDF](https://example.org/repo/pdf/l1.pdf)]\n"
            "- Lecture 3: [Boosting](https://some.github.io/repo/slides/03/boosting.html)\n",
            "pdf/l1.pdf": "",
        },
    )
    assert [decks for _, _, decks, _ in held(course)] == [
        ["pdf/l1.pdf"],
        ["https://example.org/repo/pdf/l1.pdf"],
        ["https://some.github.io/repo/slides/03/boosting.html"],
    ]


def test_projects_graded_work_and_reading_columns_give_no_decks(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n| Artifact | Grade Weight | Due date |\n|---|---|---|\n| [Trees](projects/t.pdf) | 10% | May |\n\n"
            "| Topic | Slides | Reading |\n|---|---|---|\n| Trees | [Slides](a.pdf) | [A paper on trees](read/p.pdf) |\n"
            "| Forests | [Slides](b.pdf) | [Talk](https://example.org/talk.mp3) |\n\n"
            "- [Boosting](c.pdf) (slides)\n- (*[Boosting project](projects/t.pdf)*)\n- [Chains](d.pdf) (slides)\n",
            **{f"{name}.pdf": "" for name in ("a", "b", "c", "d", "projects/t", "read/p")},
        },
    )
    assert [(title, decks, videos) for _, title, decks, videos in held(course) if title != "p"] == [
        ("Trees", ["a.pdf"], []),
        ("Forests", ["b.pdf"], []),
        ("Boosting", ["c.pdf"], []),
        ("Chains", ["d.pdf"], []),
    ]


def test_files_that_differ_by_their_number_are_not_one_lecture(tmp_path: Path) -> None:
    files = {f"slides/BDA_lecture_{n}.pdf": text for n, text in ((1, "Priors"), (2, "Chains"), (3, "Models"))}
    course = course_of(tmp_path, {"README.md": "# C\n\n- [Slides](slides)\n", **files})
    assert [decks for _, _, decks, _ in held(course)] == [[path] for path in files]


def test_a_written_course_is_read_as_it_was_understood(tmp_path: Path) -> None:
    """Files of the repository and recordings of others are links; what is of no web at all is left out."""
    course = course_of(
        tmp_path,
        {
            "README.md": "# C\n\n- Lecture 1: Trees [slides](a.pdf) ([source](a.tex)) [set](chrome://settings)\n"
            "  - Reading:\n    - [a talk](https://youtu.be/aaaaaaaaaaa)\n- Lecture 2: Forests [slides](b.pdf)\n",
            **dict.fromkeys(("a.pdf", "b.pdf", "a.tex"), ""),
        },
    )
    assert course.lectures[0].links == (("source", "a.tex"), ("a talk", "https://youtu.be/aaaaaaaaaaa"))
    assert [place for _, place, _ in course.left_out] == ["chrome://settings"]
    (tmp_path / "course.yaml").write_text(write_yaml(course), "utf-8")
    again = read_course(tmp_path)
    assert (again.lectures, again.links, again.problems) == (course.lectures, course.links, ())

"""Courses that are the source of a site: contents files, weeks of dated definitions, links as their builder writes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import write_pdf

from ingest.catalogue.markdown import without_liquid
from ingest.course import read_course
from ingest.planned import PlannedCourse
from ingest.yaml_data import read_yaml_data


def course_of(folder: Path, files: dict[str, str]) -> PlannedCourse:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".pdf"):
            write_pdf(folder / name, [text or "Title\ntext"])
        else:
            (folder / name).write_text(text, "utf-8")
    return read_course(folder)


def held(course: PlannedCourse) -> list[tuple[str, str, list[str]]]:
    return [(x.section, x.title, [d.path for d in x.decks]) for x in course.lectures]


def test_the_nav_of_mkdocs_names_the_lectures_and_what_is_beside_its_groups_is_about_the_course(tmp_path: Path) -> None:
    pages = {f"material/aulas/a{n}/index.md": "## Objetivo\n\nTexto.\n" for n in range(1, 5)}
    course = course_of(
        tmp_path,
        {
            **pages,
            "mkdocs.yml": "site_name: Calor\ndocs_dir: material\nnav:\n  - Home: index.md\n  - Sobre: sobre.md\n  - Aulas:\n"
            + "".join(f'      - "Aula 0{n} - {t}": aulas/a{n}/index.md\n' for n, t in enumerate(TOPICS, 1))
            + "  - Exercícios:\n      - Lista 1: ex/l1.md\n"
            + "markdown_extensions:\n  - pymdownx.emoji:\n      index: !!python/name:pymdownx.emoji.to_svg\n",
            "material/index.md": "# Bem-vindo\n",
            "material/sobre.md": "# Notas\n",
            "material/ex/l1.md": "# Lista 1\n",
            "material/aulas/a1/index_old.md": "# Antigo\n",
        },
    )
    assert held(course) == [("Aulas", t, [f"material/aulas/a{n}/index.md"]) for n, t in enumerate(TOPICS, 1)]
    assert course.title == "Calor"
    reasons = {place: reason for _, place, reason in course.left_out}
    assert reasons["material/sobre.md"].startswith("In mkdocs.yml it stands beside the groups of pages")
    assert reasons["material/ex/l1.md"].startswith("It is homework")


TOPICS = ("Condução", "Convecção", "Radiação", "Trocadores")


def test_the_contents_of_a_jupyter_book_give_order_sections_and_the_titles_of_their_pages(tmp_path: Path) -> None:
    page = "---\njupytext:\n  format_name: myst\n---\n\n({0})=\n# {1}\n\n## Overview\n\nText.\n"
    course = course_of(
        tmp_path,
        {
            "README.md": "# Notes\nIdeas:\n1. Growth (existing lecture)\n2. Prices\n3. Trade\n",
            "book/_toc.yml": "format: jb-book\nroot: intro\nparts:\n- caption: Data\n  chapters:\n  - file: zz\n  - file: aa\n"
            '- caption: "Models: small"\n  chapters:\n  - file: mm\n    sections:\n    - file: nn.ipynb\n    - file: gone\n',
            "book/intro.md": "# A first course\n",
            "book/zz.md": page.format("zz", "Growth in the long run"),
            "book/aa.md": page.format("aa", "Inequality"),
            "book/mm.md": page.format("mm", "Cobwebs"),
            "book/nn.ipynb": "{}",
        },
    )
    assert held(course)[:2] == [
        ("Data", "Growth in the long run", ["book/zz.md"]),
        ("Data", "Inequality", ["book/aa.md"]),
    ]
    assert held(course)[2][:2] == ("Models: small", "Cobwebs")
    assert "book/_toc.yml lists the pages of the course, and the README does not." in course.why


def test_a_sidebar_is_read_where_the_readme_has_no_lectures(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "readme.md": "# Wärme\n\n## Überblick\n\nText.\n",
            "_sidebar.md": "- [Start](readme.md)\n- **Unterlagen**\n  - **Grundlagen**\n    - [W1: Leitung](v/w1.md)\n"
            "    - [W2: Strahlung](v/w2.md)\n  - **Geräte**\n    - [G1: Kessel](v/g1.md)\n    - [G2: Pumpen](v/g2.md)\n"
            "- **Übungen**\n  - [Blatt 1](b/1.md)\n",
            **{f"v/{n}.md": f"# Seite {n}\n\n[VL](https://youtu.be/{n}aaaaaaaaa)\n" for n in ("w1", "w2", "g1", "g2")},
            "b/1.md": "# Blatt\n",
        },
    )
    assert [(x.section, x.title, [v.video for v in x.videos]) for x in course.lectures] == [
        ("Grundlagen", "W1: Leitung", ["w1aaaaaaaaa"]),
        ("Grundlagen", "W2: Strahlung", ["w2aaaaaaaaa"]),
        ("Geräte", "G1: Kessel", ["g1aaaaaaaaa"]),
        ("Geräte", "G2: Pumpen", ["g2aaaaaaaaa"]),
    ]


def test_contents_that_cannot_be_read_are_told_and_the_rest_is_read(tmp_path: Path) -> None:
    course = course_of(tmp_path, {"mkdocs.yml": "nav: [a: b: c\n", "1-heat.pdf": "", "2-work.pdf": ""})
    assert [x.title for x in course.lectures] == ["heat", "work"]
    assert [place for _, place, reason in course.left_out if "cannot be read" in reason] == ["mkdocs.yml"]


def test_the_tags_of_other_programs_are_left_out_of_data_only_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    file.write_text("a: !!python/object/apply:os.getcwd []\nb: !ENV {x: 1}\nc: !x y\n", "utf-8")
    assert read_yaml_data(file, any_tags=True) == {"a": [], "b": {"x": 1}, "c": "y"}
    with pytest.raises(Exception, match="malformed"):
        read_yaml_data(file)


def test_weeks_of_dated_definitions_are_groups_and_each_day_is_a_lecture(tmp_path: Path) -> None:
    week = (
        "---\ntitle: Week {0}\n---\n\nMar {0}\n: **Lecture**{{: .label .label-blue }}[Heat {0}](/sp23/assets/h{0}.pdf)\n"
        "    : **Read**{{: .label .label-green}}[Ch{0}](https://book.example/ch{0}.pdf)\n"
        ": **Lab out**{{: .label }} [Lab](https://lab.example/1)\n\nMar 1{0}\n"
        ": **Lecture**{{: .label .label-blue }}[Work {0}]()\n    : **Read**{{: .l}}[Ch](https://book.example/x{0}.pdf)\n"
    )
    course = course_of(
        tmp_path,
        {
            "README.md": "# The site of the course\n- _modules/ : the weeks\n",
            **{f"_modules/week-0{n}.md": week.format(n) for n in (1, 2, 3)},
            **{f"assets/h{n}.pdf": "" for n in (1, 2, 3)},
        },
    )
    assert held(course) == [
        entry
        for n in (1, 2, 3)
        for entry in (
            (f"modules › Week {n}", f"Heat {n}", [f"assets/h{n}.pdf"]),
            (f"modules › Week {n}", f"Work {n}", []),
        )
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("[S]({{ site.baseurl }}{% link _lessons/a.pdf %})", "[S](/_lessons/a.pdf)"),
        ("[S]({{ '/slides/a.pdf' | relative_url }})", "[S](/slides/a.pdf)"),
        ("**Quiz**{: .label .label-red }[Q](q)", "**Quiz**[Q](q)"),
        ("{% for x in y %}{{ x.title }}{% endfor %}", "{% for x in y %}{{ x.title }}{% endfor %}"),
    ],
)
def test_links_of_a_site_are_as_its_builder_writes_them(text: str, read: str) -> None:
    assert without_liquid(text) == read


def test_data_of_which_a_template_writes_the_list_of_lectures_is_that_list(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "index.html": "---\nlayout: null\n---\n<h1>Trees</h1><ul>{% for l in site.data.lectures %}"
            '<li><a href="{{site.baseurl}}/{{l.folder}}/">{{l.title}}</a></li>{% endfor %}</ul>',
            "_data/lectures.yml": "- title: Parsimony\n  folder: l1\n  notes_folder: n1\n  lecturer: A\n"
            "- title: Clocks\n  folder: l2\n  recording: https://media.example/2\n  readings:\n    Paper: https://x.example/p.pdf\n"
            "- break: Reading week\n- title: Coalescent\n  slides: decks/c\n- title: Review\n  folder: gone\n",
            "l1/index.html": "<section><h2>Overview</h2></section>",
            "l2/index.html": "<section><h2>Overview</h2></section>",
            "n1/index.md": "# Parsimony\n",
            "decks/c.pdf": "",
            "common/images/tree.pdf": "",
        },
    )
    assert [(x.title, [d.path for d in x.decks], [v.video for v in x.videos]) for x in course.lectures] == [
        ("Parsimony", ["l1/index.html", "n1/index.md"], []),
        ("Clocks", ["l2/index.html"], ["https://media.example/2"]),
        ("Coalescent", ["decks/c.pdf"], []),
        ("Review", [], []),
    ]
    assert course.lectures[1].links == (("Paper", "https://x.example/p.pdf"),)


def test_long_values_of_front_matter_may_stand_below_their_keys(tmp_path: Path) -> None:
    page = "---\nnumber: {0}\ndate: 2024-09-0{0}\ntitle: Keys {0}\nfiles:\n  slides:\n    https://talks.example/{0}\n  code:\n---\n"
    course = course_of(tmp_path, {f"_lectures/0{n}.md": page.format(n) for n in (1, 2, 3)})
    assert held(course) == [("", f"Keys {n}", [f"https://talks.example/{n}", f"_lectures/0{n}.md"]) for n in (1, 2, 3)]


def test_a_timetable_on_a_page_that_is_linked_keeps_its_days_without_slides(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Genomes\nThe course is [here](index.md).\n",
            "index.md": "# Genomes 2024\n\nText.\n\n## Schedule\n\n| Time | Session (Teacher) |\n|--|--|\n| **Mon 28 Oct** |\n"
            "| 09.15 - 09.30 | [Reads](a.pdf) |\n| 09.30 - 12.00 | Cells |\n| 12.00 - 13.15 | Lunch break |\n"
            "| 13.15 - 14.00 | [Sequences](b.pdf) |\n| **Tue 29 Oct** |\n| 09.15 - 10.00 | [Formats](c.pdf) |\n| 10.15 - 12.00 | Libraries |\n",
            "a.pdf": "",
            "b.pdf": "",
            "c.pdf": "",
        },
    )
    assert [x.title for x in course.lectures] == ["Reads", "Cells", "Sequences", "Formats", "Libraries"]


def test_pages_of_weeks_that_lead_to_lectures_of_another_folder_are_no_lectures(tmp_path: Path) -> None:
    course = course_of(
        tmp_path,
        {
            "README.md": "# Data\n\nA course.\n",
            **{f"slides/lecture0{n}-x.qmd": f'---\ntitle: "Heat {n}"\n---\n\n## A\n' for n in (1, 2, 3)},
            **{
                f"weeks/week0{n}.qmd": f'---\ntitle: "Week {n} Information"\n---\n\n- [Heat](../slides/lecture0{n}-x.qmd)\n'
                for n in (1, 2, 3)
            },
        },
    )
    assert held(course) == [("", f"Heat {n}", [f"slides/lecture0{n}-x.qmd"]) for n in (1, 2, 3)]
    assert [place for _, place, reason in course.left_out if reason.startswith("It leads to pages")] == [
        f"weeks/week0{n}.qmd" for n in (1, 2, 3)
    ]


def test_topics_that_list_days_are_groups_and_each_day_is_a_lecture_with_its_page(tmp_path: Path) -> None:
    topic = (
        "---\ntitle: Topic 0{0} - Part {0}\n---\n\n## {{{{ page.title }}}}\n{{: .text-gamma }}\n\n0{0} Dez\n"
        ": [**Types {0}**]({{{{ site.baseurl }}}}{{% link _lessons/types-{0}/a.md %}}),\n  : [Lecture](https://youtu.be/type{0}aaaaaa)\n\n"
        "1{0} Dez\n: [**Scopes {0}**]({{{{ site.baseurl }}}}{{% link _lessons/scopes-{0}/a.md %}})\n"
    )
    course = course_of(
        tmp_path,
        {
            **{f"_modules/topic-0{n}.md": topic.format(n) for n in (1, 2, 3)},
            **{f"_lessons/{name}-{n}/a.md": "# Notes\n\nText.\n" for n in (1, 2, 3) for name in ("types", "scopes")},
        },
    )
    assert [(x.title, [d.path for d in x.decks], [v.video for v in x.videos]) for x in course.lectures] == [
        found
        for n in (1, 2, 3)
        for found in (
            (f"Types {n}", [f"_lessons/types-{n}/a.md"], [f"type{n}aaaaaa"]),
            (f"Scopes {n}", [f"_lessons/scopes-{n}/a.md"], []),
        )
    ]
    assert not any("{{" in x.section for x in course.lectures)

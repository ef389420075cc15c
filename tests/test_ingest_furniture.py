"""What stands in many decks of a course is content of none; sections are called by what they are about."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from support import CountingEmbedder, ingest

from index.library import Library
from index.store.tables import pages, passages
from index.types import Deck, DeckKind, Lecture, Page, State
from ingest.furniture import find_repeated
from ingest.passages import make_passages

FOOTER = "These notes are written by the community.\n\n[Notes from Jane Roe](http://a.b/c)\n"
TOPICS = ("Trees", "Forests", "Hedges", "Lawns", "Ponds", "Paths")


def write_course(folder: Path, footers: int = len(TOPICS)) -> None:
    """Six lectures with a heading of their own, notes below it, and neighbours; the first ones have a footer."""
    folder.mkdir(exist_ok=True)
    lines = ["# Gardens"]
    for number, topic in enumerate(TOPICS, 1):
        following = TOPICS[number % len(TOPICS)]
        (folder / f"{number}.md").write_text(
            f"## 1.{number} {topic}\n\n[Slides](http://a.b/{number})\n\n## Notes\n\n{topic} are what this is about.\n\n"
            f"{FOOTER if number <= footers else ''}\n## Links\n\nA book on {topic}\n\n"
            f"## Navigation\n\n* [Gardens](../)\n* Next: [{following}]({number % len(TOPICS) + 1}.md)\n",
            "utf-8",
        )
        lines.append(f"{number}. {topic}: [notes]({number}.md)")
    (folder / "README.md").write_text("\n".join(lines) + "\n", "utf-8")


def rows(library: Library) -> dict[str, tuple[str, str]]:
    with library.database.reading() as connection:
        return {row.id: (row.title, row.text) for row in connection.execute(sa.select(passages))}


def told(library: Library) -> list[tuple[int, str, str]]:
    """(page number, title, text) of the passages of pages."""
    with library.database.reading() as connection:
        found = connection.execute(sa.select(passages).where(passages.c.kind == "page").order_by(passages.c.id))
        return sorted((row.page_number, row.title, row.text) for row in found)


def test_footers_and_neighbours_are_no_content_and_pages_keep_their_numbers(
    sqlite_library: Library, tmp_path: Path
) -> None:
    write_course(tmp_path / "c")
    ingest(tmp_path / "c", sqlite_library, None)
    assert told(sqlite_library) == [
        *sorted((2, topic, f"{topic}\n{topic} are what this is about.") for topic in TOPICS),
        *sorted((3, "Links", f"Links\nA book on {topic}") for topic in TOPICS),
    ]
    with sqlite_library.database.reading() as connection:
        titles = connection.scalars(sa.select(pages.c.title).where(pages.c.page_number == 2))
        assert set(titles) == {"Notes"}  # by which a link to the file opens the section


def test_a_course_that_changed_gives_what_it_gives_anew(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = tmp_path / "c"
    write_course(folder, footers=4)
    ingest(folder, sqlite_library, embedder)
    assert sum("community" in text for _, text in rows(sqlite_library).values()) == 4
    write_course(folder, footers=5)  # with the fifth deck the line is furniture of all
    ingest(folder, sqlite_library, embedder)
    after = rows(sqlite_library)
    assert not any("community" in text for _, text in after.values())
    embedded = len(embedder.embedded)
    assert ingest(folder, sqlite_library, embedder).embedded == 0
    write_course(folder, footers=4)  # and content again where it stands in four
    ingest(folder, sqlite_library, embedder)
    assert sum("community" in text for _, text in rows(sqlite_library).values()) == 4
    assert len(embedder.embedded) - embedded <= 2 * 4  # the four passages that say it again
    write_course(folder, footers=5)
    ingest(folder, sqlite_library, embedder)
    assert rows(sqlite_library) == after


def deck(name: str, *sections: tuple[str, str], title: str = "", kind: DeckKind = DeckKind.NOTES) -> Deck:
    made = [
        Page(number, None, heading, "\n".join(filter(None, (heading, text))))
        for number, (heading, text) in enumerate(sections, 1)
    ]
    return Deck(name, kind, title or name, None, State.READY, None, None, name, "x", tuple(made), suffix=".md")


def made(*decks: Deck) -> list[list[tuple[str, str]]]:
    """(title, text) of the passages of each deck."""
    lectures = [Lecture(d.path, n, "", d.title, "", (), (d,), ()) for n, d in enumerate(decks, 1)]
    repeated = find_repeated(lectures)
    return [[(found.title, found.text) for found in make_passages("c", lecture, repeated)] for lecture in lectures]


def test_code_formulas_and_what_announces_something_are_no_furniture() -> None:
    shared = "For example:\n```\nimport numpy as np\n```\n$y = wx + b$"
    decks = [deck(f"{n}", (f"Head {n}", f"{shared}\nOwn words of {n}")) for n in range(6)]
    assert made(*decks)[0] == [("Head 0", f"Head 0\n{shared}\nOwn words of 0")]


def test_what_decks_share_among_their_own_text_is_content() -> None:
    inside = "Model {0} has these parts:\nLinear regression\nthe accuracy\nand then {0} goes on\nWritten by all of us"
    shared = [deck(f"{n}", (f"Head {n}", inside.format(n))) for n in range(5)]
    others = [deck(f"o{n}", (f"Other {n}", f"Own words of {n}")) for n in range(7)]
    kept = inside.format(0).removesuffix("\nWritten by all of us")
    assert made(*shared, *others)[0] == [("Head 0", f"Head 0\n{kept}")]
    linked = [deck(f"{n}", (f"H {n}", f"Over {n}\nSee www.example.org/all\nunder {n}")) for n in range(5)]
    assert made(*linked, *others)[0] == [("H 0", "H 0\nOver 0\nunder 0")]
    most = [deck(f"{n}", (f"H {n}", f"Over {n}\nWritten by all of us\nunder {n}")) for n in range(8)]
    assert made(*most, *others)[0] == [("H 0", "H 0\nOver 0\nunder 0")]


def test_a_heading_without_text_is_given_to_the_section_below_it() -> None:
    (found,) = made(deck("n", ("Checks", ""), ("Of memory", "finds leaks"), ("Of threads", "finds races")))
    assert found == [("Checks: Of memory", "Checks: Of memory\nfinds leaks"), ("Of threads", "Of threads\nfinds races")]
    (found,) = made(deck("n", ("A", ""), ("B", ""), ("C", "text"), title="Nets"))
    assert found == [("A", "A"), ("B: C", "B: C\ntext")]
    (found,) = made(deck("n", ("Nets", ""), ("C", "text"), ("Questions?", ""), title="Nets"))
    assert found == [("C", "C\ntext"), ("Questions?", "Questions?")]


def test_slides_lose_furniture_and_keep_their_titles() -> None:
    decks = [
        deck(f"{n}", ("Divider", ""), ("Notes", f"Own {n} words\nJane Roe, 2024"), kind=DeckKind.SLIDES)
        for n in range(6)
    ]
    assert made(*decks)[3] == [("Divider", "Divider"), ("Notes", "Notes\nOwn 3 words")]


def test_titles_of_other_lectures_are_no_content() -> None:
    decks = [
        deck("Trees", ("Trees", "about trees"), ("More", "Previous: Hedges\nForests")),
        deck("Forests", ("Forests", "about forests")),
        deck("Hedges", ("Hedges", "about hedges"), ("More", "Forests are bigger")),
    ]
    assert [[title for title, _ in own] for own in made(*decks)] == [["Trees"], ["Forests"], ["Hedges", "More"]]


def test_a_heading_that_stands_over_the_text_of_many_decks_gives_way_to_what_a_deck_is_about() -> None:
    notes = [
        deck(f"{n}.md", (f"2.{n} Trees {n}", ""), ("Notes", f"Text {n}"), title=f"2.{n} Trees {n}") for n in range(5)
    ]
    found = made(
        *notes,
        deck("5.md", ("Hedges", "An opening."), ("Notes", "Text 5"), title="Hedges"),
        deck("6.md", ("", "An opening."), ("Notes", "Text 6"), title="6"),
    )
    assert found[3] == [("Trees 3", "Trees 3\nText 3")]
    assert [title for title, _ in found[5]] == ["Hedges", "Hedges: Notes"]
    assert [title for title, _ in found[6]] == ["6", "6: Notes"]  # by its lecture: its own is that of the file


def test_other_headings_of_many_decks_keep_their_names_and_take_no_searches_away() -> None:
    decks = [deck(f"{n}.md", ("", f"Opening {n}"), ("Exercises", f"Do {n}"), title=f"Trees {n}") for n in range(5)] + [
        deck("5.md", ("Homework", ""), ("Exercises", "Do 5"), title="Tasks")
    ]
    found = made(*decks)
    assert found[3] == [("Trees 3", "Trees 3\nOpening 3"), ("Exercises", "Exercises\nDo 3")]
    assert [title for title, _ in found[5]] == ["Homework: Exercises"]

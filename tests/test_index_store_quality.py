"""How well a course could be read, from its rows, on both databases."""

from __future__ import annotations

from pathlib import Path

from support import ingest

from index.library import Library
from index.store.catalogue import course_details, material_lengths
from index.store.quality import course_quality
from index.types import DeckQuality, LectureQuality, MadeBy, SpeechQuality


def test_what_was_read_of_each_lecture_is_counted(library: Library, course_folder: Path) -> None:
    ingest(course_folder, library, None)
    with library.database.reading() as connection:
        first, second = course_details(connection, "course", None).lectures
        found = course_quality(connection, "course")
    said = "Today we talk about momentum. It rolls downhill like a ball."
    speech = SpeechQuality(
        video="abcdefghijk",
        label="",
        made_by=MadeBy.FILE,
        words=len(said.split()),
        seconds=9.0,
        is_aligned=False,
    )
    read = DeckQuality(path="one.pdf", pages=3, empty=0, recognised=0, timed=0, is_garbled=False)
    lost = DeckQuality(path="missing.pdf", pages=0, empty=0, recognised=0, timed=0, is_garbled=False)
    assert found == {first.id: LectureQuality((speech,), (read,)), second.id: LectureQuality((), (lost,))}
    with library.database.reading() as connection:
        assert course_quality(connection, "elsewhere") == {}


def test_lengths_are_those_of_the_lectures_that_are_named(library: Library, course_folder: Path) -> None:
    ingest(course_folder, library, None)
    with library.database.reading() as connection:
        first, second = course_details(connection, "course", None).lectures
        lengths = {("page", first.decks[0].id): 3, ("time", first.videos[0].id): 9.0}
        assert material_lengths(connection, [first.id]) == lengths
        assert material_lengths(connection, [second.id]) == {("page", second.decks[0].id): 0}
        assert material_lengths(connection, [first.id, second.id]) == {**lengths, ("page", second.decks[0].id): 0}

"""What `verify` finds, ingesting the course again mends: originals, captions, what was fetched, rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support import CountingEmbedder, flip, ingest
from web_stub import web_site

from index.damage import find_damage
from index.library import Library
from ingest.course import read_course
from ingest.fetching import Fetching
from ingest.pipeline import ingest_course
from ingest.web import WebLimits

_DAMAGE: dict[str, Callable[[Path], object]] = {
    "changed": flip,
    "empty": lambda path: path.write_bytes(b""),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "gone": Path.unlink,
}


@pytest.mark.parametrize("damage", _DAMAGE)
def test_stored_files_that_are_damaged_or_gone_are_put_back_by_ingesting_again(
    sqlite_library: Library, course_folder: Path, embedder: CountingEmbedder, damage: str
) -> None:
    captions = course_folder / "transcripts" / "abcdefghijk.en.vtt"
    captions.rename(captions.with_suffix(".srt")).write_text(
        "1\n00:00:01,000 --> 00:00:04,000\nToday we talk about momentum.\n", "utf-8"
    )
    ingest(course_folder, sqlite_library, embedder)
    stored = {path: path.read_bytes() for path in (sqlite_library.data_dir / "files").glob("??/*")}
    # the deck, the captions, and the WebVTT that is made of them
    assert sorted(path.suffix for path in stored) == [".pdf", ".srt", ".vtt"]
    for path in stored:
        _DAMAGE[damage](path)
    assert len(find_damage(sqlite_library, embedder)) == len(stored)
    embedder.embedded.clear()
    report = ingest(course_folder, sqlite_library, embedder)
    assert (report.changed, embedder.embedded) == (False, [])
    assert find_damage(sqlite_library, embedder) == []
    assert {path: path.read_bytes() for path in stored} == stored


@pytest.mark.parametrize("damage", _DAMAGE)
def test_a_deck_that_was_fetched_is_fetched_again_if_its_file_is_damaged(
    sqlite_library: Library, course_folder: Path, tmp_path: Path, embedder: CountingEmbedder, damage: str
) -> None:
    pdf = (course_folder / "one.pdf").read_bytes()
    fetching = Fetching(web=WebLimits(private=True))
    with web_site() as site:
        site.pages["/a.pdf"] = (200, {}, pdf)
        folder = tmp_path / "far"
        folder.mkdir()
        (folder / "course.yaml").write_text(
            f"title: Far\nlanguage: en\nlectures: [{{title: One, decks: ['{site.home}/a.pdf']}}]\n", "utf-8"
        )

        def take_up() -> None:
            ingest_course(read_course(folder), folder, sqlite_library, embedder, fetching=fetching)

        take_up()
        take_up()
        assert site.asked == ["/a.pdf"]
        (stored,) = (sqlite_library.data_dir / "files").glob("??/*.pdf")
        _DAMAGE[damage](stored)
        take_up()
        assert site.asked == ["/a.pdf", "/a.pdf"]
        assert stored.read_bytes() == pdf
        # where it cannot be had again, what was read of it goes on being found, and the file is named
        _DAMAGE[damage](stored)
        site.pages.clear()
        for unreachable in (fetching, Fetching()):
            report = ingest_course(read_course(folder), folder, sqlite_library, embedder, fetching=unreachable)
            assert (report.pages, report.gaps) == (3, [])
        slug, path = folder.name, f"{site.home}/a.pdf"
        assert find_damage(sqlite_library, embedder) == [
            f"The stored file {stored.stem} ({path} of course {slug}) is missing or damaged; ingest {slug} again."
        ]

"""A course gives the same shard wherever and whenever it is taken up; what a hit names is still that of the rows there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import CountingEmbedder, ingest, make_shards, own_database, passage, write_course, write_pdf

from index.damage import find_damage
from index.embed.table import bundled_table
from index.engine.generation import Generation, open_generation
from index.engine.manifest import ListedShard, read_generation, shard_folder, write_generation
from index.engine.rowids import dump_ids, load_ids
from index.engine.shard import open_shard
from index.errors import CorruptIndex
from index.library import Library
from index.publish import forget_course, reindex
from index.store.passages import read_passages
from index.types import Aligned, DeckKind, Host, IndexedPassage, PagePlace, TimePlace

_SPOKEN = (
    "dropout randomly zeroes activations so that no unit relies on another one",
    "momentum lets the gradient roll downhill like a heavy ball that keeps its speed",
    "attention weighs all words of a sentence by how much they matter to each other",
)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Two lectures with slides, a third of speech: pages and speech that say the same are aligned."""
    folder = tmp_path / "networks"
    pages = [f"Slide {number}\n{words}" for number, words in enumerate(_SPOKEN)]
    write_pdf(folder / "one.pdf", pages)
    write_pdf(folder / "two.pdf", ["Loss\nloss function", "Sums\nsum of squares"])
    cues = "".join(f"00:0{minute}:00.000 --> 00:0{minute}:50.000\n{words}.\n\n" for minute, words in enumerate(_SPOKEN))
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(f"WEBVTT\n\n{cues}", "utf-8")
    (folder / "course.yaml").write_text(
        "title: Networks\nlanguage: en\nlectures:\n"
        "  - {title: Training, programme: 'Dropout, attention', decks: [one.pdf], videos: [{youtube: abcdefghijk}]}\n"
        "  - {title: Loss, decks: [two.pdf]}\n  - {title: Sums, programme: 'Sums, squares'}\n",
        "utf-8",
    )
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Library]:
    """Another installation, which has two other courses."""
    opened = Library(own_database(tmp_path / "elsewhere"), tmp_path / "elsewhere")
    opened.database.migrate()
    for name in ("first", "second"):
        ingest(write_course(tmp_path / name, name, ["Trees\nleaves", "Roots\nof trees"]), opened, bundled_table())
    yield opened
    opened.close()


def _listed(library: Library, slug: str = "networks") -> ListedShard:
    found = read_generation(library.index_root, library.served_number() or 0)[0].shard_of(slug)
    assert found is not None
    return found


def _bytes(library: Library) -> dict[str, bytes]:
    return {own.name: own.read_bytes() for own in shard_folder(library.index_root, _listed(library).name).iterdir()}


def _open(library: Library, known: Generation | None = None) -> Generation:
    manifest, _ = read_generation(library.index_root, library.served_number() or 0)
    return open_generation(library.index_root, manifest, {own.name: own for own in known.shards} if known else None)


def _rows(library: Library, slug: str = "networks") -> list[IndexedPassage]:
    with library.database.reading() as connection:
        return list(read_passages(connection, slug))


def _shown(generation: Generation, slug: str = "networks") -> list[IndexedPassage]:
    start = int(generation.starts[generation.number_of[slug]])
    shard = generation.shard(slug)
    assert shard is not None
    return generation.passages(range(start, start + len(shard.passages)))


def test_a_course_has_the_same_shard_whichever_was_taken_up_before_it(
    library: Library, elsewhere: Library, course: Path
) -> None:
    for house in (library, elsewhere):
        ingest(course, house, bundled_table())
    here, there = _listed(library), _listed(elsewhere)
    assert (here.name, here.manifest_sha256) == (there.name, there.manifest_sha256)
    assert _bytes(library) == _bytes(elsewhere)
    assert here.ids != there.ids
    for house in (library, elsewhere):
        rows = _rows(house)
        assert any(own.aligned for own in rows)
        assert _shown(_open(house)) == rows
        assert find_damage(house, bundled_table()) == []


def test_a_course_that_is_removed_and_taken_up_again_has_the_shard_of_before_and_shows_its_new_rows(
    elsewhere: Library, course: Path, tmp_path: Path
) -> None:
    ingest(course, elsewhere, bundled_table())
    before, listed, content = _open(elsewhere), _listed(elsewhere), _bytes(elsewhere)
    forget_course(elsewhere, bundled_table(), "networks")
    ingest(write_course(tmp_path / "third", "third", ["Bark\nof trees"]), elsewhere, bundled_table())
    ingest(course, elsewhere, bundled_table())
    assert _listed(elsewhere).name == listed.name
    assert _listed(elsewhere).ids != listed.ids
    assert _bytes(elsewhere) == content
    # whoever served it before opens the shard by the ids that it has now
    assert _shown(_open(elsewhere, before)) == _rows(elsewhere)
    assert _open(elsewhere, before).lecture_of.tolist() == _open(elsewhere).lecture_of.tolist()
    assert _open(elsewhere, _open(elsewhere)).passages(range(3)) == _open(elsewhere).passages(range(3))


def test_a_course_that_is_built_anew_from_its_rows_has_the_shard_of_before(elsewhere: Library, course: Path) -> None:
    ingest(course, elsewhere, bundled_table())
    listed, content = _listed(elsewhere), _bytes(elsewhere)
    with elsewhere.writer():
        reindex(elsewhere, bundled_table())
    assert _listed(elsewhere) == listed
    assert _bytes(elsewhere) == content


def test_two_courses_of_the_same_content_have_a_shard_each(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    for name in ("one", "two"):
        ingest(write_course(tmp_path / name, "Alike", ["Loss\nloss function"]), sqlite_library, embedder)
    assert _listed(sqlite_library, "one").name != _listed(sqlite_library, "two").name
    assert [own.course_slug for own in _shown(_open(sqlite_library), "two")] == ["two"]


def test_ids_that_are_not_those_of_the_rows_are_damage_and_too_few_take_the_course_down(
    elsewhere: Library, course: Path
) -> None:
    ingest(course, elsewhere, bundled_table())
    number = elsewhere.served_number() or 0
    manifest, _ = read_generation(elsewhere.index_root, number)

    def listing(decks: str) -> Generation:
        shards = [replace(own, decks=decks) if own.course == "networks" else own for own in manifest.shards]
        write_generation(elsewhere.index_root, number, manifest.analysis, manifest.embedder, shards)
        return _open(elsewhere)

    assert listing("1-2").damaged == {}
    said = find_damage(elsewhere, bundled_table())
    assert "What is served of course networks is not what its rows say; run `lectures reindex`." in said
    for decks, why in (("3", "other lectures, decks or videos are listed"), ("3-1", "'3-1' is no run of ids")):
        found = listing(decks)
        assert found.damaged == {
            "networks": f"The index of course networks cannot be used ({why}); run `lectures reindex`."
        }


def _two_lectures(lecture: int, deck: int, video: int, *, other: int) -> Sequence[IndexedPassage]:
    page = PagePlace(deck, "d", DeckKind.SLIDES, 1)
    speech = TimePlace(video, "v", Host.YOUTUBE, 1.0, 2.0)
    return [
        passage("dropout", 0, lecture_id=lecture, place=page, aligned=Aligned(0.5, speech)),
        passage("gradient", 1, lecture_id=lecture, place=replace(page, deck_id=other, page_number=2)),
        passage("attention", 2, lecture_id=other, place=speech, aligned=Aligned(0.5, page)),
    ]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 2**31), min_size=4, max_size=4, unique=True))
def test_a_shard_is_the_same_whatever_ids_its_rows_have(
    tmp_path_factory: pytest.TempPathFactory, ids: list[int]
) -> None:
    lecture, deck, video, other = ids
    root, embedder = tmp_path_factory.mktemp("root"), CountingEmbedder()
    plain = make_shards(root, {"c": _two_lectures(1, 2, 3, other=4)}, embedder)[0]
    passages = _two_lectures(lecture, deck, video, other=other)
    listed = make_shards(root, {"c": passages}, embedder)[0]
    assert (listed.name, listed.manifest_sha256) == (plain.name, plain.manifest_sha256)
    shard = open_shard(root, listed)
    assert [shard.passages[row] for row in range(3)] == passages
    assert shard.passages.lectures.tolist() == [lecture, lecture, other]
    mixed = make_shards(root, {"c": _two_lectures(1, 2, 3, other=2)}, embedder)[0]
    assert mixed.name != plain.name  # the second page is of the same deck there


@given(st.lists(st.integers(0, 2**60)) | st.integers(1, 2**40).map(lambda first: [*range(first, first + 50), first]))
def test_ids_are_read_back_as_they_were_written(ids: list[int]) -> None:
    assert load_ids(dump_ids(ids)) == tuple(ids)


def test_ids_that_were_taken_up_at_once_are_short_and_what_is_no_list_of_ids_is_refused() -> None:
    assert dump_ids([7, 8, 9, 4, 6, 5, 6]) == "7-9 4 6 5-6"
    for text in ("1-", "-1", "a", "3-2", "1,2", "1-2-3", "1-99999999", "٣"):
        with pytest.raises(ValueError, match="no run of ids"):
            load_ids(text)
    bad = ListedShard(course="c", name="n", fingerprint="e", passages=1, manifest_sha256="0", lectures="x")
    with pytest.raises(CorruptIndex, match=r"The index of course c cannot be used .*; run `lectures reindex`"):
        _ = bad.ids

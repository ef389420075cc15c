"""The built-in table: words never seen, transliterations, adaptation to a course."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import page_of, write_pdf

from index.embed.table import (
    TableEmbedder,
    adapt,
    basis_of,
    is_near,
    quantise,
    read_adaptation,
    table_grams,
    table_stems,
)
from index.errors import EmbedderError
from index.library import Library, open_served, plan_index
from index.search.search import SearchIndex
from ingest.course import read_course
from ingest.pipeline import ingest_course

_TEXTS = [
    "dropout обнуляет активации случайно",
    "dropout и переобучение сети",
    "градиентный спуск и темп обучения",
    "темп обучения слишком большой",
    "свёртка изображения с ядром",
]


@pytest.fixture(scope="module")
def table() -> TableEmbedder:
    return TableEmbedder()


def test_a_word_never_seen_lies_near_what_it_sounds_like(table: TableEmbedder) -> None:
    typed, meant, other = table.embed_passages(["дропаутом", "dropout", "kernel"])
    assert float(typed @ meant) > float(typed @ other) + 0.2
    slip, right = table.embed_passages(["регуляризатция", "регуляризация"])
    assert float(slip @ right) > float(slip @ other) + 0.2


def test_the_sounds_of_a_transliteration_are_those_of_its_original() -> None:
    assert set(table_grams("дропаут", 10_000)) & set(table_grams("dropout", 10_000))
    assert table_stems("Ёлки и networks 42") == ["елк", "и", "network"]


def test_an_adaptation_weighs_words_by_their_rarity_in_the_course(table: TableEmbedder) -> None:
    adapted = table.with_adaptation(adapt(table, _TEXTS, basis_of([])))
    vector = adapted.adaptation
    assert vector is not None
    for stem in ("dropout", "темп"):
        found = vector.vector(stem)
        assert found is not None
        # twice in five texts: heavier than in the table, where it may be anywhere
        assert np.linalg.norm(found) > 0.5 * np.linalg.norm(table.word_vector(stem))
    assert vector.vector("свертк") is None  # once only: it keeps its own meaning
    assert adapted.fingerprint.startswith(table.fingerprint + "+")
    words = adapted.embed_passages(["dropout", "темп обучения"])
    assert np.allclose(np.linalg.norm(words, axis=1), 1)


def test_an_adaptation_is_stored_and_read_back(table: TableEmbedder) -> None:
    learned = adapt(table, _TEXTS, basis_of(["ab" * 32]))
    again = read_adaptation(learned.blob, table.dimension)
    assert again.digest == learned.digest
    np.testing.assert_array_equal(again.vectors, learned.vectors)
    assert again.basis.tolist() == [int("ab" * 8, 16)]
    with pytest.raises(EmbedderError, match="reindex"):
        read_adaptation(b"junk", table.dimension)
    with pytest.raises(EmbedderError, match="another table"):
        read_adaptation(learned.blob, 3)


def test_little_change_keeps_what_was_learned() -> None:
    hashes = [f"{i:064x}"[::-1] for i in range(100)]
    assert is_near(basis_of(hashes), basis_of(hashes[:90]), 0.2)
    assert not is_near(basis_of(hashes), basis_of(hashes[:70]), 0.2)


def test_one_byte_a_number_is_near_enough() -> None:
    vectors = np.random.default_rng(1).standard_normal((5, 16)).astype(np.float32)
    codes, scales = quantise(vectors)
    np.testing.assert_allclose(codes * scales[:, None], vectors, atol=float(scales.max()))


_NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet")


def _pages(subject: str, text: str, count: int) -> list[str]:
    """Pages that differ in more than a number: what repeats would be taken for a running head."""
    return [f"{subject} {name}\n{name} {text} {name[::-1]}" for name in _NAMES[:count]]


def _course(folder: Path, title: str, pages: list[str]) -> Path:
    write_pdf(folder / "deck.pdf", pages)
    (folder / "course.yaml").write_text(
        f"title: {title}\nlanguage: en\nlectures: [{{title: {title}, decks: [deck.pdf]}}]\n", "utf-8"
    )
    return folder


def _ingest(folder: Path, library: Library, table: TableEmbedder) -> int:
    return ingest_course(read_course(folder), folder, library, table).embedded


def test_the_order_of_ingests_does_not_matter(tmp_path: Path, table: TableEmbedder) -> None:
    first = _course(tmp_path / "first", "First", _pages("Dropout", "zero activations network", 6))
    second = _course(tmp_path / "second", "Second", _pages("Convolution", "kernel stride padding", 6))
    vectors = []
    for name, order in (("a", (first, second)), ("b", (second, first))):
        library = Library(f"sqlite:///{tmp_path / name}.db", tmp_path / name)
        library.database.migrate()
        for folder in order:
            assert _ingest(folder, library, table) == 6
        index = SearchIndex(open_served(library, table)[0], table)
        found = index.search("kernel padding", explain=True)
        vectors.append([(hit.passage.course_slug, page_of(hit).page_number, hit.score) for hit in found.hits])
        library.close()
    assert vectors[0] == vectors[1]


def test_an_unchanged_course_embeds_nothing_and_a_much_changed_one_learns_anew(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder
) -> None:
    pages = _pages("Dropout", "zero activations network", 10)
    folder = _course(tmp_path / "course", "Course", pages)
    assert _ingest(folder, sqlite_library, table) == 10
    assert _ingest(folder, sqlite_library, table) == 0
    _course(folder, "Course", [*pages, "One more\nabout loss"])
    assert _ingest(folder, sqlite_library, table) == 1
    _course(folder, "Course", [*pages[:3], *_pages("Loss", "function of errors", 9)])
    assert _ingest(folder, sqlite_library, table) == 12


def test_an_index_made_with_another_table_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from index.errors import IndexMismatch  # noqa: PLC0415

    _ingest(_course(tmp_path / "course", "Course", ["Dropout\nzero"]), sqlite_library, table)
    monkeypatch.setattr("index.embed.table.VERSION", "v0")
    monkeypatch.setattr("index.embed.table._open_table", lambda: table._table)
    with pytest.raises(IndexMismatch, match="lectures reindex"):
        open_served(sqlite_library, TableEmbedder())


def test_a_plan_holds_the_other_courses_as_they_are(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder
) -> None:
    _ingest(_course(tmp_path / "one", "One", ["Dropout\nzero"]), sqlite_library, table)
    plan = plan_index(sqlite_library, table, "two", [])
    assert set(plan.contents) == {"one"}
    assert plan.embedders["one"].fingerprint != table.fingerprint

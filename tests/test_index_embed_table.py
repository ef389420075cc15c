"""The built-in table: words never seen, transliterations, adaptation to a course."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import ingest, open_index, own_database, page_of, write_course

from index.embed.adaptation import basis_of
from index.embed.table import TableEmbedder, adapt, table_grams, table_stems
from index.errors import IndexMismatch
from index.library import Library
from index.plan import plan_course
from index.served import open_served
from index.types import Query

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


def test_a_query_is_read_by_each_course_as_its_own_embedder_reads_it(table: TableEmbedder) -> None:
    learned = adapt(table, _TEXTS, basis_of([]))
    queries = table.embed_query_in("темп и dropout на неизвестномслове", [learned, None])
    for alone, adaptation in zip(queries, [learned, None], strict=True):
        assert table.embed_query_in("темп и dropout на неизвестномслове", [adaptation])[0].tolist() == alone.tolist()
    own = table.with_adaptation(learned)
    np.testing.assert_allclose(queries[0], own.embed_query("темп и dropout на неизвестномслове"), atol=1e-6)
    np.testing.assert_allclose(queries[1], table.embed_query("темп и dropout на неизвестномслове"), atol=1e-6)
    np.testing.assert_allclose(queries[0], own.embed_passages(["темп и dropout на неизвестномслове"])[0], atol=1e-6)
    assert not np.allclose(queries[0], queries[1], atol=0.05)


_NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet")


def _pages(subject: str, text: str, count: int) -> list[str]:
    """Pages that differ in more than a number: what repeats would be taken for a running head."""
    return [f"{subject} {name}\n{name} {text} {name[::-1]}" for name in _NAMES[:count]]


def _ingest(folder: Path, library: Library, table: TableEmbedder) -> int:
    return ingest(folder, library, table).embedded


def test_the_order_of_ingests_does_not_matter(tmp_path: Path, table: TableEmbedder) -> None:
    first = write_course(tmp_path / "first", "First", _pages("Dropout", "zero activations network", 6))
    second = write_course(tmp_path / "second", "Second", _pages("Convolution", "kernel stride padding", 6))
    vectors = []
    for name, order in (("a", (first, second)), ("b", (second, first))):
        library = Library(own_database(tmp_path / name), tmp_path / name)
        library.database.migrate()
        for folder in order:
            assert _ingest(folder, library, table) == 6
        found = open_index(library, table).find(Query("kernel padding"))
        vectors.append([(hit.passage.course_slug, page_of(hit).page_number, hit.score) for hit in found.hits()])
        library.close()
    assert vectors[0] == vectors[1]


def test_an_unchanged_course_embeds_nothing_and_a_much_changed_one_learns_anew(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder
) -> None:
    pages = _pages("Dropout", "zero activations network", 10)
    folder = write_course(tmp_path / "course", "Course", pages)
    assert _ingest(folder, sqlite_library, table) == 10
    assert _ingest(folder, sqlite_library, table) == 0
    write_course(folder, "Course", [*pages, "One more\nabout loss"])
    assert _ingest(folder, sqlite_library, table) == 1
    write_course(folder, "Course", [*pages[:3], *_pages("Loss", "function of errors", 9)])
    assert _ingest(folder, sqlite_library, table) == 12


def test_an_index_made_with_another_table_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ingest(write_course(tmp_path / "course", "Course", ["Dropout\nzero"]), sqlite_library, table)
    monkeypatch.setattr("index.embed.table.VERSION", "v0")
    monkeypatch.setattr("index.embed.table._open_table", lambda: table._table)
    with pytest.raises(IndexMismatch, match="lectures reindex"):
        open_served(sqlite_library, TableEmbedder())


def test_a_plan_is_of_one_course_as_the_embedder_reads_it(
    tmp_path: Path, sqlite_library: Library, table: TableEmbedder
) -> None:
    folder = write_course(tmp_path / "one", "One", _pages("Dropout", "zero activations network", 6))
    _ingest(folder, sqlite_library, table)
    generation, _ = open_served(sqlite_library, table)
    passages = [generation.shards[0].passages[row] for row in range(6)]
    plan = plan_course(sqlite_library, table, "one", passages)
    assert (plan.course, list(plan.contents)) == ("one", [own.content_hash for own in passages])
    assert plan.embedder is not None
    # what was learned before is kept
    assert plan.embedder.fingerprint == generation.shards[0].manifest.fingerprint != table.fingerprint
    assert plan_course(sqlite_library, table, "two", []).embedder is table

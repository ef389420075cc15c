"""Passages and vectors → an immutable folder `gen-000042/`, and back: build, publish, verify, open.

A generation holds all that a search needs, so that searching goes on while the database is down. Order of a publish:
files, fsync, rename, fsync, reopen and check, commit of the SQL transaction that describes it, pointer.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from index.engine.glossary import Glossary, dump_terms, general_glossary, load_terms, mine_terms
from index.engine.lexical import FieldTerms, LexicalIndex, build_lexical
from index.engine.relations import continued_titles, is_outline, previous_rows, twin_rows
from index.engine.suggest import Suggester, build_suggestions
from index.engine.vectors import FaissIndex, build_vectors, open_vectors
from index.errors import CorruptIndex, IndexUnavailable, StorageError
from index.files import fsync_folder, write_durably
from index.search.query import Reader
from index.search.rewrite import Rewriter, build_vocabulary, open_vocabulary
from index.text.analysis import ANALYSIS_VERSION, latin, terms
from index.text.language import detect_language
from index.types import Aligned, DeckKind, Host, IndexedPassage, Kind, PagePlace, Place, TimePlace

FORMAT = 2
_KEEP = 2
_FILES = (
    "passages.db",
    "lexical.safetensors",
    "lexical.terms.txt",
    "vectors.faiss",
    "vectors.rows.safetensors",
    "suggest.json",
    "words.txt",
    "words.safetensors",
    "glossary.json",
    "relations.safetensors",
    "adaptations.safetensors",
)
_PASSAGES, _LEXICAL, _TERMS, _VECTORS, _ROWS, _SUGGEST, _WORDS, _WORD_ARRAYS, _GLOSSARY, _RELATIONS, _ADAPTATIONS = (
    _FILES
)
_KINDS = tuple(Kind)
# (texts, texts) → how far each pair means the same, 0 to 1
Similarity = Callable[[Sequence[str], Sequence[str]], Sequence[float]]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself; `files` maps a name to its size and SHA-256.

    `languages` are those by whose rules its Latin words are stemmed, English first.
    """

    format: int
    number: int
    created_at: str
    analysis: str
    fingerprint: str
    dimension: int
    passages: int
    vectors: int
    terms: int
    languages: list[str]
    files: dict[str, dict[str, Any]]


class Generation:
    """An open generation: read-only, safe to share between threads."""

    def __init__(self, folder: Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
        self.manifest = manifest
        self._database = folder / _PASSAGES
        self._local = threading.local()
        self._passage = lru_cache(maxsize=1_000)(self._read_passage)  # the places that students ask for again
        try:
            lexical = load_arrays(contents[_LEXICAL])
            rows = load_arrays(contents[_ROWS])
            relations = load_arrays(contents[_RELATIONS])
            word_arrays = load_arrays(contents[_WORD_ARRAYS])
        except SafetensorError as error:
            raise CorruptIndex(f"Generation {manifest.number} holds an unreadable array file.") from error
        vocabulary = contents[_TERMS].decode("utf-8").split("\n") if contents[_TERMS] else []
        self.lexical = LexicalIndex(vocabulary, lexical, manifest.passages)
        self.vectors: FaissIndex | None = None
        if manifest.dimension:
            content = np.frombuffer(contents[_VECTORS], np.uint8)
            self.vectors = open_vectors(content, rows["passage"], rows["role"], manifest.passages)
        # rows of the passage before and after each in its deck or video, of its newest edition (-1: none), and whether
        # it only lists what others explain
        self.previous = relations["previous"].astype(np.int64)
        self.next = np.full(manifest.passages, -1, np.int64)
        self.next[self.previous[self.previous >= 0]] = np.flatnonzero(self.previous >= 0)
        self.twin = relations["twin"].astype(np.int64)
        self.outline = relations["outline"].astype(np.bool_)
        self.adaptations = {slug: blob.tobytes() for slug, blob in load_arrays(contents[_ADAPTATIONS]).items()}
        self.glossary = Glossary(load_terms(contents[_GLOSSARY]))
        vocabulary_of_words = open_vocabulary(contents[_WORDS].decode("utf-8"), word_arrays)
        self.reader = Reader(
            Rewriter(vocabulary_of_words), self.glossary, general_glossary(), tuple(manifest.languages)
        )
        self.suggester = Suggester(json.loads(contents[_SUGGEST]))
        self._load_columns()

    def _load_columns(self) -> None:
        rows = self._connection().execute("SELECT course, lecture, kind, notes FROM passages ORDER BY row").fetchall()
        if len(rows) != self.manifest.passages:
            raise CorruptIndex(f"Generation {self.manifest.number} has {len(rows)} passages, not as its manifest says.")
        self.courses = list(dict.fromkeys(row[0] for row in rows))  # in the order of their passages
        numbers = {slug: number for number, slug in enumerate(self.courses)}
        self.course_of = np.array([numbers[row[0]] for row in rows], np.int32)
        # passages lie by course: those of course i are rows course_start[i] to course_start[i + 1]
        self.course_start = np.searchsorted(self.course_of, np.arange(len(self.courses) + 1))
        self.lecture_of = np.array([row[1] for row in rows], np.int64)
        self.kind_of = np.array([_KINDS.index(Kind(row[2])) for row in rows], np.int8)
        self.notes = np.array([bool(row[3]) for row in rows], np.bool_)

    def kind_number(self, kind: Kind) -> int:
        return _KINDS.index(kind)

    def passages(self, rows: Sequence[int]) -> list[IndexedPassage]:
        """The passages of these rows, in their order."""
        return [self._passage(int(row)) for row in rows]

    def find(self, passage_id: str) -> IndexedPassage | None:
        """The passage with this id, or None."""
        found = self._connection().execute("SELECT data FROM passages WHERE id = ?", (passage_id,)).fetchone()
        return None if found is None else _load_passage(found[0])

    def _read_passage(self, row: int) -> IndexedPassage:
        found = self._connection().execute("SELECT data FROM passages WHERE row = ?", (row,)).fetchone()
        return _load_passage(found[0])

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            # immutable: no locks, no journal, nothing is ever written beside it
            address = f"{self._database.absolute().as_uri()}?mode=ro&immutable=1"
            connection = self._local.connection = sqlite3.connect(address, uri=True)
        return connection


# --- building --------------------------------------------------------------------------------------------


def build_generation(
    root: Path,
    number: int,
    passages: Iterable[IndexedPassage],
    embeddings: Mapping[str, Mapping[str, tuple[bytes, bytes]]],
    fingerprint: str,
    dimension: int,
    adaptations: Mapping[str, bytes] = MappingProxyType({}),
    similarity: Similarity | None = None,
) -> Manifest:
    """Build, make durable, reopen and check generation `number`; it is not yet pointed at.

    `embeddings` maps a course and a content hash to (roles, vectors) as stored; with dimension 0 there are none.
    `adaptations` is what the embedder learned of each course; `similarity` judges the pairs of the glossary.
    """
    root.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        contents = list(passages)
        counts, languages = _write_files(temporary, contents, embeddings, dimension, similarity)
        blobs = {slug: np.frombuffer(blob, np.uint8) for slug, blob in adaptations.items()}
        (temporary / _ADAPTATIONS).write_bytes(save_arrays(blobs))
        manifest = Manifest(
            FORMAT,
            number,
            dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            ANALYSIS_VERSION,
            fingerprint,
            dimension,
            *counts,
            languages,
            {name: _describe(temporary / name) for name in _FILES},
        )
        (temporary / "manifest.json").write_text(json.dumps(asdict(manifest), indent=1), "utf-8")
        for path in temporary.iterdir():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        temporary.chmod(0o755)
        fsync_folder(temporary)
        folder = folder_of(root, number)
        shutil.rmtree(folder, ignore_errors=True)  # left by a crash before its commit
        temporary.rename(folder)
        fsync_folder(root)
    except (OSError, sqlite3.Error) as error:
        raise StorageError(
            f"The index could not be written ({error}); free some space and run `lectures reindex`. "
            "The previous one is still served."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _check_canaries(open_generation(root, number))
    return manifest


def _write_files(
    folder: Path,
    passages: Sequence[IndexedPassage],
    embeddings: Mapping[str, Mapping[str, tuple[bytes, bytes]]],
    dimension: int,
    similarity: Similarity | None,
) -> tuple[tuple[int, int, int], list[str]]:
    row_passage: list[int] = []
    row_role: list[int] = []
    blobs: list[NDArray[np.float32]] = []
    database = sqlite3.connect(folder / _PASSAGES)
    database.execute("PRAGMA journal_mode=OFF")
    database.execute(
        "CREATE TABLE passages (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, course TEXT NOT NULL, "
        "lecture INTEGER NOT NULL, kind TEXT NOT NULL, notes INTEGER NOT NULL, data TEXT NOT NULL)"
    )
    for row, passage in enumerate(passages):
        notes = passage.is_notes
        values = (row, passage.id, passage.course_slug, passage.lecture_id, passage.kind, notes, _dump_passage(passage))
        database.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        if dimension:
            roles, vectors = embeddings[passage.course_slug][passage.content_hash]
            blobs.append(np.frombuffer(vectors, "<f4").reshape(len(roles), dimension))
            row_role.extend(roles)
            row_passage.extend([row] * len(roles))
    database.commit()
    database.close()
    previous = previous_rows(passages)
    continued = continued_titles(passages, previous)
    documents = [_field_terms(passage, title) for passage, title in zip(passages, continued, strict=True)]
    twins = twin_rows(passages, [[*document.title, *document.body] for document in documents])
    outline = np.array([is_outline(passage) for passage in passages], np.uint8)
    relations = {"previous": previous.astype(np.int32), "twin": twins.astype(np.int32), "outline": outline}
    (folder / _RELATIONS).write_bytes(save_arrays(relations))
    vocabulary, arrays, count = build_lexical(documents)
    (folder / _LEXICAL).write_bytes(save_arrays(arrays))
    (folder / _TERMS).write_text("\n".join(vocabulary), "utf-8")
    matrix = np.concatenate(blobs) if blobs else np.zeros((0, max(dimension, 1)), np.float32)
    (folder / _VECTORS).write_bytes(build_vectors(matrix).tobytes() if dimension else b"")
    rows = {"passage": np.array(row_passage, np.uint32), "role": np.array(row_role, np.uint8)}
    (folder / _ROWS).write_bytes(save_arrays(rows))
    words, word_arrays = build_vocabulary(passages)
    (folder / _WORDS).write_text(words, "utf-8")
    (folder / _WORD_ARRAYS).write_bytes(save_arrays(word_arrays))
    glossary = mine_terms(passages, similarity)
    (folder / _GLOSSARY).write_bytes(dump_terms(glossary))
    (folder / _SUGGEST).write_text(json.dumps(build_suggestions(passages, glossary), ensure_ascii=False), "utf-8")
    languages = {latin(passage.language) for passage in passages} - {"en"}
    return (count, len(row_passage), len(vocabulary)), ["en", *sorted(languages)]


def latin_language(passage: IndexedPassage) -> str:
    """By whose rules a passage's Latin words are stemmed: its course's language, or English where it is in English."""
    own = latin(passage.language)
    return "en" if own == "en" else detect_language(f"{passage.title}\n{passage.text}", (own, "en"))


def _field_terms(passage: IndexedPassage, continued: str) -> FieldTerms:
    """`continued` is the title of the slide that this one goes on with."""
    text = passage.text.removeprefix(passage.title) if passage.title else passage.text
    context = f"{passage.lecture_title} {passage.section}"
    language = latin_language(passage)
    return FieldTerms(terms(f"{passage.title} {continued}", language), terms(text, language), terms(context, language))


def _dump_passage(passage: IndexedPassage) -> str:
    return json.dumps(asdict(passage), ensure_ascii=False)


def _load_place(values: dict[str, Any] | None) -> Place | None:
    if values is None:
        return None
    if "deck_id" in values:
        return PagePlace(**{**values, "deck_kind": DeckKind(values["deck_kind"])})
    return TimePlace(**{**values, "host": Host(values["host"])})


def _load_passage(data: str) -> IndexedPassage:
    values = json.loads(data)
    other = values["aligned"]
    place = _load_place(other["place"]) if other else None
    aligned = Aligned(other["confidence"], place) if place else None
    return IndexedPassage(
        **{**values, "kind": Kind(values["kind"]), "place": _load_place(values["place"]), "aligned": aligned}
    )


def _describe(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_canaries(generation: Generation) -> None:
    """Ask the reopened index for what it must know: some passages by their own words and their own vectors."""
    count = generation.manifest.passages
    for row in sorted({0, count // 3, 2 * count // 3, count - 1}) if count else []:
        passage = generation.passages([row])[0]
        words = terms(f"{passage.title} {passage.text}", latin_language(passage))
        if words and not generation.lexical.holds(row, words[0]):
            raise CorruptIndex(f"Passage {passage.id} is not found by its own words; run `lectures reindex`.")
        if generation.vectors is not None:
            similarity = generation.vectors.similarities(
                generation.vectors.row_vector(generation.vectors.first_row(row)), np.array([row])
            )
            if not np.isfinite(similarity).all():
                raise CorruptIndex(f"Passage {passage.id} has an unusable vector; run `lectures reindex`.")


# --- the pointer, opening, sweeping ----------------------------------------------------------------------


def folder_of(root: Path, number: int) -> Path:
    return root / f"gen-{number:06d}"


def point_to(root: Path, number: int) -> None:
    """Make readers use this generation from now on."""
    write_durably(root / "CURRENT", f"{number}\n".encode())


def current_number(root: Path) -> int | None:
    """The generation that readers use, or None if there is none yet."""
    try:
        return int((root / "CURRENT").read_text("ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, UnicodeDecodeError) as error:
        raise CorruptIndex(f"The pointer {root / 'CURRENT'} is damaged; run `lectures reindex`.") from error


def generation_numbers(root: Path) -> list[int]:
    """Numbers of the generations on disk, oldest first."""
    return sorted(int(path.name[4:]) for path in root.glob("gen-??????*") if path.name[4:].isdigit())


def sweep(root: Path, committed: int) -> None:
    """Remove leftovers of crashes, generations that were never committed, and all but the newest two."""
    for path in root.glob(".building-*"):
        shutil.rmtree(path, ignore_errors=True)
    numbers = generation_numbers(root)
    keep = {number for number in numbers if number <= committed}
    for number in numbers:
        if number not in sorted(keep)[-_KEEP:]:
            shutil.rmtree(folder_of(root, number), ignore_errors=True)


def read_manifest(root: Path, number: int) -> tuple[Manifest, str]:
    """A generation's manifest and the SHA-256 of its file."""
    path = folder_of(root, number) / "manifest.json"
    try:
        content = path.read_bytes()
        return Manifest(**json.loads(content)), hashlib.sha256(content).hexdigest()
    except FileNotFoundError as error:
        raise IndexUnavailable(f"Generation {number} is not on disk; run `lectures reindex`.") from error
    except (ValueError, TypeError) as error:
        raise CorruptIndex(f"The manifest {path} is damaged; run `lectures reindex`.") from error


def open_generation(root: Path, number: int) -> Generation:
    """Hash every file, compare with the manifest, and open. CorruptIndex names the first file that differs."""
    manifest, _ = read_manifest(root, number)
    folder = folder_of(root, number)
    if manifest.format != FORMAT:
        raise CorruptIndex(f"Generation {number} has format {manifest.format}, not {FORMAT}; run `lectures reindex`.")
    contents: dict[str, bytes] = {}
    for name in _FILES:
        expected = manifest.files.get(name)
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise CorruptIndex(f"{name} of generation {number} cannot be read; run `lectures reindex`.") from error
        if expected is None or hashlib.sha256(content).hexdigest() != expected["sha256"]:
            raise CorruptIndex(f"{name} of generation {number} differs from its manifest; run `lectures reindex`.")
        contents[name] = content
    return Generation(folder, manifest, contents)

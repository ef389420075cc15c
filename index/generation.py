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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from index.analysis import ANALYSIS_VERSION, terms
from index.errors import CorruptIndex, IndexUnavailable, StorageError
from index.files import fsync_folder, write_durably
from index.lexical import FieldTerms, LexicalIndex, build_lexical
from index.suggest import Suggester, build_suggestions
from index.types import DeckKind, Host, IndexedPassage, Kind
from index.vectors import FaissIndex, build_vectors, open_vectors

FORMAT = 1
_KEEP = 2
_PASSAGES, _LEXICAL, _TERMS, _VECTORS, _ROWS, _SUGGEST = (
    "passages.db",
    "lexical.safetensors",
    "lexical.terms.txt",
    "vectors.faiss",
    "vectors.rows.safetensors",
    "suggest.json",
)
_FILES = (_PASSAGES, _LEXICAL, _TERMS, _VECTORS, _ROWS, _SUGGEST)
_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation says of itself; `files` maps a name to its size and SHA-256."""

    format: int
    number: int
    created_at: str
    analysis: str
    fingerprint: str
    dimension: int
    passages: int
    vectors: int
    terms: int
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
        except SafetensorError as error:
            raise CorruptIndex(f"Generation {manifest.number} holds an unreadable array file.") from error
        vocabulary = contents[_TERMS].decode("utf-8").split("\n") if contents[_TERMS] else []
        self.lexical = LexicalIndex(vocabulary, lexical, manifest.passages)
        self.vectors: FaissIndex | None = None
        if manifest.dimension:
            content = np.frombuffer(contents[_VECTORS], np.uint8)
            self.vectors = open_vectors(content, rows["passage"], rows["role"], manifest.passages)
        self.suggester = Suggester(json.loads(contents[_SUGGEST]))
        self._load_columns()

    def _load_columns(self) -> None:
        rows = self._connection().execute("SELECT course, lecture, kind, notes FROM passages ORDER BY row").fetchall()
        if len(rows) != self.manifest.passages:
            raise CorruptIndex(f"Generation {self.manifest.number} has {len(rows)} passages, not as its manifest says.")
        self.courses = sorted({row[0] for row in rows})
        numbers = {slug: number for number, slug in enumerate(self.courses)}
        self.course_of = np.array([numbers[row[0]] for row in rows], np.int32)
        self.lecture_of = np.array([row[1] for row in rows], np.int64)
        self.kind_of = np.array([_KINDS.index(Kind(row[2])) for row in rows], np.int8)
        self.notes = np.array([bool(row[3]) for row in rows], np.bool_)

    def kind_number(self, kind: Kind) -> int:
        return _KINDS.index(kind)

    def passages(self, rows: Sequence[int]) -> list[IndexedPassage]:
        """The passages of these rows, in their order."""
        return [self._passage(int(row)) for row in rows]

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
    embeddings: Mapping[str, tuple[bytes, bytes]],
    fingerprint: str,
    dimension: int,
) -> Manifest:
    """Build, make durable, reopen and check generation `number`; it is not yet pointed at.

    `embeddings` maps a content hash to (roles, vectors) as stored; with dimension 0 there are none.
    """
    root.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=root))
    try:
        counts = _write_files(temporary, passages, embeddings, dimension)
        manifest = Manifest(
            FORMAT,
            number,
            dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            ANALYSIS_VERSION,
            fingerprint,
            dimension,
            *counts,
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
    passages: Iterable[IndexedPassage],
    embeddings: Mapping[str, tuple[bytes, bytes]],
    dimension: int,
) -> tuple[int, int, int]:
    documents: list[FieldTerms] = []
    row_passage: list[int] = []
    row_role: list[int] = []
    blobs: list[NDArray[np.float32]] = []
    suggested: list[IndexedPassage] = []
    database = sqlite3.connect(folder / _PASSAGES)
    database.execute("PRAGMA journal_mode=OFF")
    database.execute(
        "CREATE TABLE passages (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, course TEXT NOT NULL, "
        "lecture INTEGER NOT NULL, kind TEXT NOT NULL, notes INTEGER NOT NULL, data TEXT NOT NULL)"
    )
    for row, passage in enumerate(passages):
        notes = passage.deck_kind is DeckKind.NOTES
        values = (row, passage.id, passage.course_slug, passage.lecture_id, passage.kind, notes, _dump_passage(passage))
        database.execute("INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?)", values)
        documents.append(_field_terms(passage))
        suggested.append(passage)
        if dimension:
            roles, vectors = embeddings[passage.content_hash]
            blobs.append(np.frombuffer(vectors, "<f4").reshape(len(roles), dimension))
            row_role.extend(roles)
            row_passage.extend([row] * len(roles))
    database.commit()
    database.close()
    vocabulary, arrays, count = build_lexical(documents)
    (folder / _LEXICAL).write_bytes(save_arrays(arrays))
    (folder / _TERMS).write_text("\n".join(vocabulary), "utf-8")
    matrix = np.concatenate(blobs) if blobs else np.zeros((0, max(dimension, 1)), np.float32)
    (folder / _VECTORS).write_bytes(build_vectors(matrix).tobytes() if dimension else b"")
    rows = {"passage": np.array(row_passage, np.uint32), "role": np.array(row_role, np.uint8)}
    (folder / _ROWS).write_bytes(save_arrays(rows))
    (folder / _SUGGEST).write_text(json.dumps(build_suggestions(suggested), ensure_ascii=False), "utf-8")
    return count, len(row_passage), len(vocabulary)


def _field_terms(passage: IndexedPassage) -> FieldTerms:
    text = passage.text.removeprefix(passage.title) if passage.title else passage.text
    context = f"{passage.lecture_title} {passage.section}"
    return FieldTerms(terms(passage.title), terms(text), terms(context))


def _dump_passage(passage: IndexedPassage) -> str:
    return json.dumps(asdict(passage), ensure_ascii=False)


def _load_passage(data: str) -> IndexedPassage:
    values = json.loads(data)
    values["kind"] = Kind(values["kind"])
    for name, kind in (("deck_kind", DeckKind), ("video_host", Host)):
        if values[name] is not None:
            values[name] = kind(values[name])
    return IndexedPassage(**values)


def _describe(path: Path) -> dict[str, Any]:
    content = path.read_bytes()
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _check_canaries(generation: Generation) -> None:
    """Ask the reopened index for what it must know: some passages by their own words and their own vectors."""
    count = generation.manifest.passages
    for row in sorted({0, count // 3, 2 * count // 3, count - 1}) if count else []:
        passage = generation.passages([row])[0]
        words = dict.fromkeys(terms(f"{passage.title} {passage.text}"), 1.0)
        if words and generation.lexical.score(words).scores[row] <= 0:
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

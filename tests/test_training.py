"""The built-in table from its data to the file: deterministic, complete, and readable by the application."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from index.embed.table import TableEmbedder
from training.data import Data, read_data
from training.export import export
from training.teacher import project, teach
from training.texts import all_texts, teacher_texts
from training.train import Options, train
from training.vocabulary import build_vocabulary

_OPTIONS = Options(dimension=8, stems=500, grams=64, passes=3, batch=4)
_SUBJECTS = [("network", "сеть"), ("gradient", "градиент"), ("loss", "потери"), ("layer", "слой"), ("kernel", "ядро")]


def _write(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    pairs = [
        {"src": "x", "en": f"the {en} of step {name} is good", "ru": f"{ru} на шаге {name} хороша"}
        for en, ru in _SUBJECTS
        for name in ("one", "two", "three")
    ]
    mono = [{"src": "x", "lang": "en", "t": f"a {en} is trained with care and much data"} for en, _ in _SUBJECTS]
    entries = [{"src": "x", "en": en, "ru": ru, "gl": "a thing"} for en, ru in _SUBJECTS]
    for name, rows in (("pairs", pairs), ("mono", mono), ("dict", entries)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return read_data(_write(tmp_path_factory.mktemp("data")))


def _targets(data: Data) -> dict[str, np.ndarray]:
    """Stand for the teacher: fixed random directions, one a text."""
    texts = teacher_texts(data)
    random = np.random.default_rng(5)
    vectors = random.standard_normal((len(texts), 12)).astype(np.float32)
    return dict(zip(texts, project(vectors, _OPTIONS.dimension), strict=True))


class _Teacher:
    """In the place of the model: a fixed direction for each text."""

    max_seq_length = 0

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def bfloat16(self) -> _Teacher:
        return self

    def encode(self, texts: list[str], **_: object) -> torch.Tensor:
        return torch.stack([torch.rand(384, generator=torch.Generator().manual_seed(len(text))) for text in texts])


def test_what_the_teacher_said_is_the_same_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sentence_transformers.SentenceTransformer", _Teacher)
    monkeypatch.setattr("training.teacher._model_folder", lambda: "")
    asked = ["a loss", "a layer of it", "gradient"]
    said = teach(asked, tmp_path)
    monkeypatch.delattr("sentence_transformers.SentenceTransformer")
    np.testing.assert_array_equal(teach(asked, tmp_path), said)
    np.testing.assert_allclose(np.linalg.norm(said, axis=1), 1, atol=1e-3)


def test_the_same_seed_gives_the_same_table_and_another_file_never(data: Data, tmp_path: Path) -> None:
    vocabulary = build_vocabulary(all_texts(data), [name for pair in data.terms for name in pair], 64, 500)
    first, second = (train(data, vocabulary, _targets(data), _OPTIONS)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert first.shape == (vocabulary.rows, 8)
    paths = [export(rows, vocabulary, data, _OPTIONS, tmp_path / name) for name, rows in (("a", first), ("b", second))]
    assert paths[0].read_bytes() == paths[1].read_bytes()
    record = json.loads((tmp_path / "a" / "table-v1.json").read_text("utf-8"))
    assert set(record["data_sha256"]) == {"pairs.jsonl.gz", "mono.jsonl.gz", "dict.jsonl.gz", "glossary.tsv"}
    assert record["options"]["seed"] == 1


def test_training_draws_the_two_sides_of_a_pair_together(
    data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vocabulary = build_vocabulary(all_texts(data), [name for pair in data.terms for name in pair], 64, 500)
    rows, _ = train(data, vocabulary, _targets(data), Options(dimension=8, grams=64, passes=40, batch=8))
    export(rows, vocabulary, data, _OPTIONS, tmp_path)
    monkeypatch.setattr("index.embed.table.FOLDER", tmp_path)
    table = TableEmbedder()
    english, russian = (table.embed_passages(list(side)) for side in zip(*data.pairs, strict=True))
    similar = english @ russian.T
    own, others = np.diag(similar).mean(), (similar.sum() - np.trace(similar)) / (similar.size - len(similar))
    assert own > others + 0.1


def test_missing_and_damaged_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"lacks pairs\.jsonl\.gz, mono\.jsonl\.gz, dict\.jsonl\.gz"):
        read_data(tmp_path)
    folder = _write(tmp_path / "data")
    with gzip.open(folder / "mono.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write('{"t": "fine", "lang": "en"}\nnot json\n')
    with pytest.raises(ValueError, match=r"Line 2 of .*mono"):
        read_data(folder)


def test_the_service_does_not_import_what_only_training_needs() -> None:
    root = Path(__file__).parents[1]
    sources = [path for room in ("index", "ingest", "service") for path in (root / room).rglob("*.py")]
    assert not [path for path in sources if "import training" in path.read_text("utf-8")]
    assert not [path for path in sources if "from training" in path.read_text("utf-8")]


def test_the_bundled_table_is_the_one_that_its_record_describes() -> None:
    import hashlib  # noqa: PLC0415

    from index.embed.table import FOLDER, VERSION  # noqa: PLC0415

    record = json.loads((FOLDER / f"table-{VERSION}.json").read_text("utf-8"))
    table = (FOLDER / f"table-{VERSION}.safetensors").read_bytes()
    assert hashlib.sha256(table).hexdigest() == record["table_sha256"]
    glossary = (FOLDER / "glossary.tsv").read_bytes()
    assert hashlib.sha256(glossary).hexdigest() == record["data_sha256"]["glossary.tsv"]
    assert sum(path.stat().st_size for path in FOLDER.glob("table-*")) < 15_000_000

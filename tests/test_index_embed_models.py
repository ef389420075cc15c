"""The embedder that a setting names: the built-in table, or a model from a folder with its prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support import open_index, page_of, write_pdf

from index.embed.models import load_embedder
from index.errors import EmbedderError
from index.library import Library
from index.types import Query
from ingest.course import read_course
from ingest.pipeline import ingest_course


def _tiny_model(folder: Path) -> Path:
    """A model of five words: word i has the i-th axis; its prompts are words of the vocabulary too."""
    import torch  # noqa: PLC0415
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding  # noqa: PLC0415
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415

    vocabulary = {"[UNK]": 0, "dropout": 1, "gradient": 2, "ask": 3, "tell": 4}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    module = StaticEmbedding(tokenizer, embedding_weights=torch.eye(5))
    SentenceTransformer(modules=[module], prompts={"query": "ask ", "passage": "tell "}).save(str(folder))
    return folder


def test_a_model_from_a_folder_is_used_with_its_own_prompts(tmp_path: Path, sqlite_library: Library) -> None:
    embedder = load_embedder(str(_tiny_model(tmp_path / "tiny")))
    assert embedder is not None
    assert (embedder.dimension, embedder.fingerprint.split(":")[0]) == (5, "tiny")
    half = np.sqrt(0.5)
    np.testing.assert_allclose(embedder.embed_query("dropout"), [0, half, 0, half, 0], atol=1e-6)
    np.testing.assert_allclose(embedder.embed_passages(["gradient"]), [[0, 0, half, 0, half]], atol=1e-6)
    folder = write_pdf(tmp_path / "course" / "deck.pdf", ["dropout\ndropout", "gradient\ngradient"]).parent
    ingest_course(read_course(folder), folder, sqlite_library, embedder)
    found = open_index(sqlite_library, embedder).find(Query("gradient"))
    assert page_of(found.hits()[0]).page_number == 2


def test_a_model_that_is_not_there_is_said() -> None:
    with pytest.raises(EmbedderError, match="could not be loaded"):
        load_embedder("./no-such-model-folder")


def test_the_builtin_table_knows_what_words_mean_in_both_languages() -> None:
    builtin = load_embedder("builtin")
    assert builtin is not None
    network, same, other = builtin.embed_passages(["нейронная сеть", "neural network", "рецепт борща"])
    assert float(network @ same) > 0.5 > float(network @ other) + 0.2
    assert not builtin.embed_query("🙂").any()
    assert np.array_equal(builtin.embed_query("neural network"), same)


def test_no_embedder_is_none() -> None:
    assert load_embedder("none") is None


def test_an_embedder_that_learns_nothing_reads_a_query_alike_in_every_course(tmp_path: Path) -> None:
    embedder = load_embedder(str(_tiny_model(tmp_path / "tiny")))
    assert embedder is not None
    assert embedder.adaptation is None
    assert embedder.adapted_to(["dropout"], np.zeros(0, np.uint64)) is embedder
    queries = embedder.embed_query_in("dropout", [None, None])
    np.testing.assert_array_equal(queries, np.stack([embedder.embed_query("dropout")] * 2))

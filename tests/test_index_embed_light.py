"""Without the libraries for models: the default works, and a setting that names a model says what to install."""

from __future__ import annotations

import sys

import pytest

from index.embed.models import load_embedder
from index.embed.rerank import load_reranker
from index.errors import EmbedderError


@pytest.fixture
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)


@pytest.mark.usefixtures("no_models")
def test_the_built_in_embedder_needs_no_models() -> None:
    embedder = load_embedder("builtin")
    assert embedder is not None
    assert embedder.embed_query("dropout").any()


@pytest.mark.usefixtures("no_models")
def test_an_embedder_that_is_a_model_says_what_to_install() -> None:
    with pytest.raises(EmbedderError, match=r"pip install '\.\[models\]'"):
        load_embedder("intfloat/multilingual-e5-small")


@pytest.mark.usefixtures("no_models")
def test_a_reranker_says_what_to_install() -> None:
    with pytest.raises(EmbedderError, match=r"pip install '\.\[models\]'"):
        load_reranker("BAAI/bge-reranker-v2-m3", 300)

"""A cross-encoder from a folder: what it judges is added, what it did not come to is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, open_index

from index.embed.rerank import Reranker, load_reranker
from index.errors import EmbedderError
from index.library import Library
from index.types import Query


def _cross_encoder(folder: Path, favourite: str) -> Path:
    """A real cross-encoder, as small as can be: the more often the favourite word occurs, the better."""
    import torch  # noqa: PLC0415
    from tokenizers import Tokenizer, models, pre_tokenizers, processors  # noqa: PLC0415
    from transformers import (  # noqa: PLC0415
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
    )

    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, favourite: 4}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    config = BertConfig(vocab_size=5, hidden_size=8, num_hidden_layers=1, num_attention_heads=1, intermediate_size=8)
    config.num_labels = 1
    torch.manual_seed(1)
    model = BertForSequenceClassification(config)
    model.save_pretrained(folder)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    return folder


def test_a_reranker_from_a_folder_adds_what_it_judges(
    tmp_path: Path, editions: Path, sqlite_library: Library, embedder: CountingEmbedder
) -> None:
    reranker = load_reranker(str(_cross_encoder(tmp_path / "model", "kernel")), 60_000)
    assert reranker is not None
    judged = reranker.judge("kernel", ["kernel kernel", "nothing"])
    assert judged.shape == (2,)
    assert ((judged > 0) & (judged < 1)).all()
    ingest(editions, sqlite_library, embedder)
    found = open_index(sqlite_library, embedder, reranker=reranker).find(Query("dropout kernel"))
    assert found.degraded == ()
    for hit in found.hits(explain=True):
        why = hit.explanation
        assert why is not None
        assert 0 < why.rerank_part < 1
        parts = why.lexical_part + why.semantic_part + why.context_part + why.title_part
        assert hit.score == pytest.approx(parts * why.kind_factor + why.rerank_part + why.lift, abs=5e-4)


def test_what_a_reranker_has_not_judged_in_time_is_said(
    tmp_path: Path,
    editions: Path,
    sqlite_library: Library,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("index.embed.rerank._BATCH", 1)
    late = Reranker(str(_cross_encoder(tmp_path / "model", "kernel")), deadline_seconds=0.0)
    ingest(editions, sqlite_library, embedder)
    found = open_index(sqlite_library, embedder, reranker=late).find(Query("dropout kernel"))
    assert "the reranker judged 1 of" in found.degraded[0]
    assert len(found.hits()) > 1


def test_a_reranker_that_is_not_there_is_said() -> None:
    with pytest.raises(EmbedderError, match="name none"):
        load_reranker("./no-such-folder", 300)
    assert load_reranker("", 300) is None

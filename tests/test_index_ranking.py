"""One order from words and vectors: neighbours, runs of speech, twins, reranking; and what the API shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient
from support import CountingEmbedder, ingest, page_of, time_of, write_pdf

from index.embed.rerank import Reranker, load_reranker
from index.errors import EmbedderError
from index.library import Library, open_served
from index.search.search import SearchIndex
from index.types import Kind, Mode


def _index(folder: Path, library: Library, **options: Any) -> SearchIndex:
    embedder = CountingEmbedder()
    ingest(folder, library, embedder)
    return SearchIndex(open_served(library, embedder)[0], embedder, **options)


@pytest.fixture
def editions(tmp_path: Path) -> Path:
    """Two editions of a slide; the older one names the words once more."""
    folder = tmp_path / "course"
    text = "Dropout\nzero out random activations of every hidden layer while the network is learning"
    write_pdf(folder / "2022" / "new.pdf", [text, "Convolution\nslide a small kernel over the picture"])
    write_pdf(folder / "2020" / "old.pdf", [f"{text} dropout", "Pooling\ntake the largest number of each window"])
    (folder / "course.yaml").write_text(
        "title: Nets\nlanguage: en\nlectures:\n"
        "  - {title: One, decks: [2020/old.pdf]}\n  - {title: Two, decks: [2022/new.pdf]}\n",
        "utf-8",
    )
    return folder


def test_the_older_edition_stands_behind_the_newer(editions: Path, sqlite_library: Library) -> None:
    found = _index(editions, sqlite_library).search("dropout", explain=True)
    newer, older = found.hits[:2]
    assert (page_of(newer).deck, page_of(older).deck) == ("2022/new.pdf", "2020/old.pdf")
    assert (newer.twin_of, older.twin_of) == (None, newer.passage.id)
    assert newer.score >= older.score
    assert newer.explanation is not None
    assert newer.explanation.lift > 0


def _speech(folder: Path, minutes: list[str]) -> Path:
    folder.mkdir(parents=True)
    (folder / "course.yaml").write_text(
        "title: Talk\nlanguage: en\nlectures: [{title: One, videos: [{youtube: abcdefghijk}]}]\n", "utf-8"
    )
    cues = [
        f"{i // 60:02d}:{i % 60:02d}:00.000 --> {i // 60:02d}:{i % 60:02d}:59.000\n{text}."
        for i, text in enumerate(minutes)
    ]
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text("WEBVTT\n\n" + "\n\n".join(cues) + "\n", "utf-8")
    return folder


def test_neighbouring_minutes_are_one_hit(tmp_path: Path, sqlite_library: Library) -> None:
    minutes = [
        "hello everybody",
        "momentum helps",
        "momentum again",
        "momentum once more",
        "goodbye now",
        "something else",
    ]
    index = _index(_speech(tmp_path / "talk", minutes), sqlite_library)
    assert index.generation.manifest.passages == 6
    found = index.search("momentum")
    assert [hit.passage.kind for hit in found.hits] == [Kind.SEGMENT]
    assert time_of(found.hits[0]).start_seconds in {60.0, 120.0}


def test_a_page_between_two_that_answer_is_better_than_one_alone(tmp_path: Path, sqlite_library: Library) -> None:
    folder = tmp_path / "course"
    write_pdf(folder / "a.pdf", ["Alpha\nkernel size", "Beta\nkernel size", "Gamma\nkernel size"])
    write_pdf(folder / "b.pdf", ["Delta\nanother thing", "Omega\nkernel size", "Sigma\nyet another thing"])
    found = _index(folder, sqlite_library).search("kernel size", explain=True).hits
    assert found[0].passage.title == "Beta"
    assert found[0].explanation is not None
    assert found[0].explanation.context_part > 0


def test_a_page_whose_title_is_the_question_comes_before_those_that_use_it(
    tmp_path: Path, sqlite_library: Library
) -> None:
    folder = tmp_path / "course"
    write_pdf(
        folder / "a.pdf",
        [
            "Momentum in practice with many other settings\nmomentum",
            "Other\nnothing",
            "Momentum\na ball rolls downhill",
        ],
    )
    assert page_of(_index(folder, sqlite_library).search("momentum").hits[0]).page_number == 3


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


def test_a_reranker_from_a_folder_adds_what_it_judges(tmp_path: Path, editions: Path, sqlite_library: Library) -> None:
    reranker = load_reranker(str(_cross_encoder(tmp_path / "model", "kernel")), 60_000)
    assert reranker is not None
    judged = reranker.judge("kernel", ["kernel kernel", "nothing"])
    assert judged.shape == (2,)
    assert ((judged > 0) & (judged < 1)).all()
    found = _index(editions, sqlite_library, reranker=reranker).search("dropout kernel", explain=True)
    assert found.degraded == ()
    for hit in found.hits:
        why = hit.explanation
        assert why is not None
        assert 0 < why.rerank_part < 1
        parts = why.lexical_part + why.semantic_part + why.context_part + why.title_part
        assert hit.score == pytest.approx(parts * why.kind_factor + why.rerank_part + why.lift, abs=5e-4)


def test_what_a_reranker_has_not_judged_in_time_is_said(
    tmp_path: Path, editions: Path, sqlite_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.embed.rerank._BATCH", 1)
    late = Reranker(str(_cross_encoder(tmp_path / "model", "kernel")), deadline_seconds=0.0)
    found = _index(editions, sqlite_library, reranker=late).search("dropout kernel")
    assert "the reranker judged 1 of" in found.degraded[0]
    assert len(found.hits) > 1


def test_a_reranker_that_is_not_there_is_said() -> None:
    with pytest.raises(EmbedderError, match="name none"):
        load_reranker("./no-such-folder", 300)
    assert load_reranker("", 300) is None


def test_similarities_are_what_exceeds_chance(editions: Path, sqlite_library: Library) -> None:
    class Narrow(CountingEmbedder):
        """As models are that find all texts alike: every cosine is near 1."""

        fingerprint = "narrow:4"

        def _vectors(self, texts: Any) -> Any:
            vectors = super()._vectors(texts) + np.float32(2.0)
            return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    embedder = Narrow()
    ingest(editions, sqlite_library, embedder)
    index = SearchIndex(open_served(sqlite_library, embedder)[0], embedder)
    hits = index.search("dropout", mode=Mode.SEMANTIC, explain=True).hits
    similarities = {hit.passage.title: hit.explanation.similarity for hit in hits if hit.explanation}
    query, other = embedder.embed_query("dropout"), embedder.embed_query("pooling")
    assert float(query @ other) > 0.97
    assert similarities["Dropout"] == pytest.approx(1.0, abs=0.01)
    assert similarities["Pooling"] < 0.9


def test_the_api_shows_readings_twins_and_terms(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "дропаут", "explain": True}).json()
    assert found["rewrites"][0] == {
        "from": "дропаут",
        "to": "dropout",
        "reason": "transliteration",
        "weight": pytest.approx(0.9, abs=0.1),
    }
    assert "dropout" in found["hits"][0]["title"].casefold()
    assert found["hits"][0]["twin_of"] is None
    matches = found["hits"][0]["explanation"]["terms"]
    assert {match["reason"] for match in matches} == {"transliteration"}
    assert set(matches[0]["fields"]) == {"title", "body"}
    terms = client.get("/api/courses/neural-networks/terms").json()
    assert terms["course"] == "neural-networks"
    pairs = {term["text"]: term for term in terms["terms"]}
    overfitting = pairs["Переобучение"]
    assert overfitting["counterpart"] == "overfitting"
    assert overfitting["explained"]["locator"] == {
        "type": "page",
        "deck": "slides/02_regularisation.pdf",
        "deck_id": overfitting["explained"]["locator"]["deck_id"],
        "page_number": 3,
        "page_label": overfitting["explained"]["locator"]["page_label"],
    }
    assert client.get("/api/courses/nope/terms").status_code == 404

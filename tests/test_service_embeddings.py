"""Vectors for others: those of the embedder that searches, as OpenAI's client and curious people ask for them."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest
from starlette.testclient import TestClient

from index.embed.models import load_embedder
from service.app import create_app
from service.settings import Settings

_TEXTS = ["Dropout switches units off", "Градиентный спуск", "zzzqqq"]


def _asked(client: TestClient, **body: Any) -> tuple[int, dict[str, Any]]:
    response = client.post("/v1/embeddings", json=body)
    return response.status_code, response.json()


def test_the_official_client_gets_the_vectors_of_the_embedder(live: str) -> None:
    embedder = load_embedder("builtin")
    assert embedder is not None
    client = openai.OpenAI(base_url=f"{live}/v1", api_key="none", max_retries=0)
    found = client.embeddings.create(model="builtin", input=_TEXTS)  # in base64, as it asks for by itself
    rows = np.array([item.embedding for item in found.data], np.float32)
    np.testing.assert_array_equal(rows, embedder.embed_passages(_TEXTS))
    assert [item.index for item in found.data] == [0, 1, 2]
    assert found.usage.prompt_tokens == found.usage.total_tokens == sum(-(-len(t.encode()) // 4) for t in _TEXTS)
    with pytest.raises(openai.NotFoundError, match="There is no embedder 'other'; this service embeds with 'builtin'"):
        client.embeddings.create(model="other", input="x")


def test_numbers_and_base64_say_the_same(client: TestClient) -> None:
    _, plain = _asked(client, model="builtin", input=_TEXTS[0])
    _, packed = _asked(
        client,
        model="builtin",
        input=[_TEXTS[0]],
        encoding_format="base64",
        dimensions=len(plain["data"][0]["embedding"]),
    )
    row = np.frombuffer(base64.b64decode(packed["data"][0]["embedding"]), "<f4")
    assert row.tolist() == plain["data"][0]["embedding"]
    assert float(np.linalg.norm(row)) == pytest.approx(1.0, abs=1e-5)
    assert (plain["object"], plain["data"][0]["object"], plain["model"]) == ("list", "embedding", "builtin")
    _, query = _asked(client, input=_TEXTS[1], input_type="query")
    embedder = load_embedder("builtin")
    assert embedder is not None
    assert query["data"][0]["embedding"] == embedder.embed_query(_TEXTS[1]).tolist()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"input": []}, "send 1 to 256 at once"),
        ({"input": ["x"] * 257}, "holds 257 texts"),
        ({"input": ["x", " "]}, "Text 2 has 1 characters"),
        ({"input": "x" * 8_001}, "Text 1 has 8,001 characters"),
        ({"input": [1, 2, 3]}, "send the texts themselves"),
        ({"input": [[1, 2], [3]]}, "send the texts themselves"),
        ({"input": "x", "dimensions": 7}, "not 7; leave dimensions out"),
        ({"input": "x", "encoding_format": "hex"}, "encoding_format"),
        ({}, "input"),
    ],
)
def test_what_cannot_be_embedded_is_refused_in_a_sentence(client: TestClient, body: dict[str, Any], said: str) -> None:
    status, found = _asked(client, **body)
    assert (status, found["error"]["type"]) == (404 if "dimensions" in body else 422, "invalid_request_error")
    assert said in found["error"]["message"]


def test_where_words_alone_are_searched_there_is_nothing_to_embed_with(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="", embedder="none")
    with TestClient(create_app(settings)) as client:
        status, found = _asked(client, input="x")
    assert (status, found["code"]) == (404, "not_found")
    assert "LECTURES_EMBEDDER is none" in found["error"]["message"]

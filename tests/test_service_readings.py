"""What the API shows of how a query was read, and of the terms of a course."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient


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
        "unit": "page",
    }
    assert client.get("/api/courses/nope/terms").status_code == 404

"""Addresses and methods that are not there → what there is instead, on a page for people."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

_BROWSER = {"Accept": "text/html,application/xhtml+xml", "Accept-Language": "en"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/serch", "There is no '/api/serch'; did you mean /api/search? /docs lists what there is."),
        ("/api/api/search", "There is no '/api/api/search'; did you mean /api/search? /docs lists what there is."),
        ("/api/zebra", "There is no '/api/zebra'; /docs lists what there is."),
        (
            "/v1/responses",
            "There is no '/v1/responses' here; of OpenAI's API there are POST /v1/chat/completions, GET /v1/models and "
            "POST /v1/embeddings.",
        ),
        ("/nowhere", "There is nothing at '/nowhere'; the search is at /, and /docs describes the API."),
    ],
)
def test_a_program_is_told_what_there_is(client: TestClient, path: str, said: str) -> None:
    refused = client.get(path)
    assert (refused.status_code, refused.json()["code"], refused.json()["detail"]) == (404, "not_found", said)


def test_a_method_that_is_not_there_is_told_with_those_that_are(client: TestClient) -> None:
    refused = client.get("/v1/chat/completions")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert refused.json()["error"]["message"] == "'/v1/chat/completions' is not asked with GET, but with POST."


def test_a_person_is_shown_a_page_with_the_search(client: TestClient) -> None:
    page = client.get("/nowhere/<b>", headers=_BROWSER)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>Page not found</h1>" in page.text
    assert 'type="search"' in page.text
    assert "<b>" not in page.text.split("<main")[1].split("</main>")[0].replace("&lt;b&gt;", "")
    assert client.get("/api/nowhere", headers=_BROWSER).headers["content-type"] == "application/problem+json"

"""Lectures as a retriever of LlamaIndex. Needs the extra `llama-index`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

from lecture_search_client.calls import KindName
from lecture_search_client.client import AsyncLectures, Lectures
from lecture_search_client.retrieving import metadata_of
from lecture_search_client.shapes import SearchOut


class LecturesRetriever(BaseRetriever):  # type: ignore[misc]  # the library has no types for us
    """Passages of slides and recordings that answer a query, each with where it stands and its address."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        course: str | None = None,
        kinds: Sequence[KindName] = (),
        limit: int = 5,
    ) -> None:
        super().__init__()
        self._url, self._key = url, key
        self._asked: dict[str, Any] = {"course": course, "kinds": kinds, "limit": limit, "text": True}

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        with Lectures(self._url, self._key) as lectures:
            return _nodes(lectures.search(query_bundle.query_str, **self._asked), lectures)

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        async with AsyncLectures(self._url, self._key) as lectures:
            return _nodes(await lectures.search(query_bundle.query_str, **self._asked), lectures)


def _nodes(found: SearchOut, lectures: Lectures | AsyncLectures) -> list[NodeWithScore]:
    return [
        NodeWithScore(
            node=TextNode(id_=hit.id, text=hit.text or hit.snippet.text, metadata=metadata_of(hit, lectures.link)),
            score=hit.score,
        )
        for hit in found.hits
    ]

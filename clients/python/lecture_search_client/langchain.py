"""Lectures as a retriever of LangChain. Needs the extra `langchain`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import SecretStr

from lecture_search_client.calls import KindName
from lecture_search_client.client import AsyncLectures, Lectures
from lecture_search_client.retrieving import metadata_of
from lecture_search_client.shapes import SearchOut


class LecturesRetriever(BaseRetriever):
    """Passages of slides and recordings that answer a query, each with where it stands and its address."""

    url: str = "http://127.0.0.1:8000"
    key: SecretStr | None = None
    course: str | None = None
    kinds: Sequence[KindName] = ()
    limit: int = 5

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:  # noqa: ARG002
        with Lectures(self.url, self._key()) as lectures:
            return _documents(lectures.search(query, **self._asked()), lectures)

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002
    ) -> list[Document]:
        async with AsyncLectures(self.url, self._key()) as lectures:
            return _documents(await lectures.search(query, **self._asked()), lectures)

    def _key(self) -> str | None:
        return self.key.get_secret_value() if self.key else None

    def _asked(self) -> dict[str, Any]:
        return {"course": self.course, "kinds": self.kinds, "limit": self.limit, "text": True}


def _documents(found: SearchOut, lectures: Lectures | AsyncLectures) -> list[Document]:
    return [
        Document(id=hit.id, page_content=hit.text or hit.snippet.text, metadata=metadata_of(hit, lectures.link))
        for hit in found.hits
    ]

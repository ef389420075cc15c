"""A small typed client of the HTTP API, sync and async: search, ask (also as it streams), courses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import ValidationError

from service.schemas import AnswerOut, CourseSummaryOut, SearchOut, SentenceOut
from service.sse import Event, EventReader

_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class ApiError(Exception):
    """The service refused, or could not be reached; `code` and `status` are those of its problem response."""

    def __init__(self, message: str, code: str, status: int | None, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.retry_after_seconds = retry_after_seconds


def _headers(key: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"} if key else {}


def _search_parameters(query: str, course: str | None, kinds: Sequence[str], limit: int) -> dict[str, str | int]:
    given: dict[str, str | int | None] = {"q": query, "course": course, "kind": ",".join(kinds) or None, "limit": limit}
    return {name: value for name, value in given.items() if value is not None}


def _question(
    question: str, course: str | None, history: Sequence[Mapping[str, str]], *, stream: bool
) -> dict[str, object]:
    return {"question": question, "course": course, "history": list(history), "stream": stream}


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        problem = response.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        detail, code = f"The service answered with status {response.status_code}.", "http_error"
    after = response.headers.get("retry-after", "")
    raise ApiError(detail, code, response.status_code, float(after) if after.isdigit() else None)


def _unreachable(error: Exception) -> ApiError:
    return ApiError(f"The service cannot be reached or broke off ({type(error).__name__}).", "unreachable", None)


def _said(event: Event) -> Iterator[SentenceOut | AnswerOut]:
    """The sentence or answer that an event holds, if it holds one."""
    if event.name == "sentence":
        yield SentenceOut.model_validate_json(event.data)
    elif event.name == "answer":
        yield AnswerOut.model_validate_json(event.data)


class Lectures:
    """`with Lectures(url, key) as lectures: …`. Every call raises ApiError for what the service refuses."""

    def __init__(self, url: str = "http://127.0.0.1:8000", key: str | None = None) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(key), timeout=_TIMEOUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def search(self, query: str, *, course: str | None = None, kinds: Sequence[str] = (), limit: int = 10) -> SearchOut:
        """The best places for a query."""
        return SearchOut.model_validate(self._get("/api/search", _search_parameters(query, course, kinds, limit)))

    def courses(self) -> list[CourseSummaryOut]:
        """The courses that may be read."""
        return [CourseSummaryOut.model_validate(course) for course in self._get("/api/courses", {})]

    def ask(self, question: str, *, course: str | None = None, history: Sequence[Mapping[str, str]] = ()) -> AnswerOut:
        """The whole answer."""
        try:
            response = self._http.post("/api/answers", json=_question(question, course, history, stream=False))
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        _check(response)
        return AnswerOut.model_validate(response.json())

    def stream(
        self, question: str, *, course: str | None = None, history: Sequence[Mapping[str, str]] = ()
    ) -> Iterator[SentenceOut | AnswerOut]:
        """Sentences as they are ready, and at the end the answer, which alone counts."""
        events = EventReader()
        body = _question(question, course, history, stream=True)
        try:
            with self._http.stream("POST", "/api/answers", json=body) as response:
                if not response.is_success:
                    response.read()
                _check(response)
                for text in response.iter_text():
                    for event in events.read(text):
                        yield from _said(event)
        except (httpx.HTTPError, ValidationError, ValueError) as error:
            raise _unreachable(error) from error

    def _get(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        try:
            response = self._http.get(path, params=dict(parameters))
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        _check(response)
        return response.json()


class AsyncLectures:
    """The same with `async with` and `await`."""

    def __init__(self, url: str = "http://127.0.0.1:8000", key: str | None = None) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=_TIMEOUT)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def search(
        self, query: str, *, course: str | None = None, kinds: Sequence[str] = (), limit: int = 10
    ) -> SearchOut:
        """The best places for a query."""
        found = await self._get("/api/search", _search_parameters(query, course, kinds, limit))
        return SearchOut.model_validate(found)

    async def courses(self) -> list[CourseSummaryOut]:
        """The courses that may be read."""
        return [CourseSummaryOut.model_validate(course) for course in await self._get("/api/courses", {})]

    async def ask(
        self, question: str, *, course: str | None = None, history: Sequence[Mapping[str, str]] = ()
    ) -> AnswerOut:
        """The whole answer."""
        try:
            response = await self._http.post("/api/answers", json=_question(question, course, history, stream=False))
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        _check(response)
        return AnswerOut.model_validate(response.json())

    async def stream(
        self, question: str, *, course: str | None = None, history: Sequence[Mapping[str, str]] = ()
    ) -> AsyncIterator[SentenceOut | AnswerOut]:
        """Sentences as they are ready, and at the end the answer, which alone counts."""
        events = EventReader()
        body = _question(question, course, history, stream=True)
        try:
            async with self._http.stream("POST", "/api/answers", json=body) as response:
                if not response.is_success:
                    await response.aread()
                _check(response)
                async for text in response.aiter_text():
                    for event in events.read(text):
                        for said in _said(event):
                            yield said
        except (httpx.HTTPError, ValidationError, ValueError) as error:
            raise _unreachable(error) from error

    async def _get(self, path: str, parameters: Mapping[str, str | int]) -> Any:
        try:
            response = await self._http.get(path, params=dict(parameters))
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        _check(response)
        return response.json()

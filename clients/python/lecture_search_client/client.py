"""The client, for programs that wait (`Lectures`) and for those that do other things meanwhile (`AsyncLectures`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from itertools import count
from typing import Any, Generic, ParamSpec, Self, TypeVar, cast

import httpx
from pydantic import ValidationError

from lecture_search_client import calls
from lecture_search_client.calls import Call, Stream
from lecture_search_client.errors import ApiError, Unreachable, error_of, unreachable
from lecture_search_client.retrying import Retrying
from lecture_search_client.version import VERSION

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")

_URL = "http://127.0.0.1:8000"
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)


class _Method(Generic[P, R]):
    """A method with the parameters and the description of a function of `calls`, carried out by `how`."""

    def __init__(self, make: Callable[P, Any], how: Callable[[Any, Any], R]) -> None:
        self._make, self._how = make, how
        self.__doc__ = make.__doc__

    def __get__(self, client: object, _owner: type) -> Callable[P, R]:
        if client is None:
            return cast("Callable[P, R]", self)

        @wraps(self._make)
        def method(*args: P.args, **kwargs: P.kwargs) -> R:
            return self._how(client, self._make(*args, **kwargs))

        return method


def _asked(make: Callable[P, Call[T]]) -> _Method[P, T]:
    return _Method(make, lambda client, call: cast("T", client.send(call)))


def _streamed(make: Callable[P, Stream[T]]) -> _Method[P, Iterator[T]]:
    return _Method(make, lambda client, stream: cast("Iterator[T]", client.receive(stream)))


def _awaited(make: Callable[P, Call[T]]) -> _Method[P, Coroutine[Any, Any, T]]:
    return _Method(make, lambda client, call: cast("Coroutine[Any, Any, T]", client.send(call)))


def _async_streamed(make: Callable[P, Stream[T]]) -> _Method[P, AsyncIterator[T]]:
    return _Method(make, lambda client, stream: cast("AsyncIterator[T]", client.receive(stream)))


class Lectures:
    """`with Lectures(url, key) as lectures: …`. Every call raises an ApiError for what the service refuses."""

    def __init__(
        self,
        url: str = _URL,
        key: str | None = None,
        *,
        retrying: Retrying = Retrying(),  # noqa: B008  (frozen)
        timeout: httpx.Timeout = _TIMEOUT,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(base_url=url, headers=_headers(key), timeout=timeout, transport=transport)
        self._retrying, self._sleep = retrying, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def link(self, url: str) -> str:
        """An address of a hit or citation for those who are not on the pages of the service."""
        return _linked(self._http.base_url, url)

    search = _asked(calls.search)
    suggest = _asked(calls.suggest)
    courses = _asked(calls.courses)
    course = _asked(calls.course)
    remove = _asked(calls.remove)
    terms = _asked(calls.terms)
    export = _streamed(calls.export)
    lecture = _asked(calls.lecture)
    timeline = _asked(calls.timeline)
    deck = _asked(calls.deck)
    deck_file = _asked(calls.deck_file)
    deck_original = _asked(calls.deck_original)
    page_picture = _asked(calls.page_picture)
    captions = _asked(calls.captions)
    video_file = _asked(calls.video_file)
    ask = _asked(calls.ask)
    stream = _streamed(calls.stream)
    ingest = _asked(calls.ingest)
    ingests = _asked(calls.ingests)
    ingest_state = _asked(calls.ingest_state)
    watch = _streamed(calls.watch)
    cancel = _asked(calls.cancel)
    missed_searches = _asked(calls.missed_searches)
    alive = _asked(calls.alive)
    ready = _asked(calls.ready)

    def send(self, call: Call[T]) -> T:
        """What a call gives; tried again where that is safe."""
        for tries in count(1):
            try:
                return _read(call, self._http.send(_request(self._http, call)))
            except (ApiError, httpx.HTTPError) as error:
                self._sleep(_pause(self._retrying, error, call, tries))
        raise AssertionError  # it returns or raises before

    def receive(self, stream: Stream[T]) -> Iterator[T]:
        """What a stream gives, as it comes; tried again as long as nothing has come."""
        for tries in count(1):
            got: list[T] = []
            try:
                response = self._http.send(_request(self._http, stream.call), stream=True)
                try:
                    if not response.is_success:
                        response.read()
                        raise error_of(response)
                    pieces = stream.reader()
                    for text in response.iter_text():
                        for found in pieces(text):
                            got = [found]
                            yield found
                finally:
                    response.close()
                _check_end(stream, got)
                return
            except (ApiError, httpx.HTTPError, ValidationError) as error:
                self._sleep(_pause(self._retrying, error, stream.call, tries, begun=bool(got)))


class AsyncLectures:
    """The same with `async with` and `await`."""

    def __init__(
        self,
        url: str = _URL,
        key: str | None = None,
        *,
        retrying: Retrying = Retrying(),  # noqa: B008  (frozen)
        timeout: httpx.Timeout = _TIMEOUT,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Coroutine[Any, Any, None]] = asyncio.sleep,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers=_headers(key), timeout=timeout, transport=transport)
        self._retrying, self._sleep = retrying, sleep

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    def link(self, url: str) -> str:
        """An address of a hit or citation for those who are not on the pages of the service."""
        return _linked(self._http.base_url, url)

    search = _awaited(calls.search)
    suggest = _awaited(calls.suggest)
    courses = _awaited(calls.courses)
    course = _awaited(calls.course)
    remove = _awaited(calls.remove)
    terms = _awaited(calls.terms)
    export = _async_streamed(calls.export)
    lecture = _awaited(calls.lecture)
    timeline = _awaited(calls.timeline)
    deck = _awaited(calls.deck)
    deck_file = _awaited(calls.deck_file)
    deck_original = _awaited(calls.deck_original)
    page_picture = _awaited(calls.page_picture)
    captions = _awaited(calls.captions)
    video_file = _awaited(calls.video_file)
    ask = _awaited(calls.ask)
    stream = _async_streamed(calls.stream)
    ingest = _awaited(calls.ingest)
    ingests = _awaited(calls.ingests)
    ingest_state = _awaited(calls.ingest_state)
    watch = _async_streamed(calls.watch)
    cancel = _awaited(calls.cancel)
    missed_searches = _awaited(calls.missed_searches)
    alive = _awaited(calls.alive)
    ready = _awaited(calls.ready)

    async def send(self, call: Call[T]) -> T:
        """What a call gives; tried again where that is safe."""
        for tries in count(1):
            try:
                return _read(call, await self._http.send(_request(self._http, call)))
            except (ApiError, httpx.HTTPError) as error:
                await self._sleep(_pause(self._retrying, error, call, tries))
        raise AssertionError  # it returns or raises before

    async def receive(self, stream: Stream[T]) -> AsyncIterator[T]:
        """What a stream gives, as it comes; tried again as long as nothing has come."""
        for tries in count(1):
            got: list[T] = []
            try:
                response = await self._http.send(_request(self._http, stream.call), stream=True)
                try:
                    if not response.is_success:
                        await response.aread()
                        raise error_of(response)
                    pieces = stream.reader()
                    async for text in response.aiter_text():
                        for found in pieces(text):
                            got = [found]
                            yield found
                finally:
                    await response.aclose()
                _check_end(stream, got)
                return
            except (ApiError, httpx.HTTPError, ValidationError) as error:
                await self._sleep(_pause(self._retrying, error, stream.call, tries, begun=bool(got)))


def _headers(key: str | None) -> dict[str, str]:
    named = {"User-Agent": f"lecture-search-client/{VERSION}"}
    return {**named, "Authorization": f"Bearer {key}"} if key else named


def _linked(base: httpx.URL, url: str) -> str:
    # the service does not know the path that it is reached under
    return str(base).rstrip("/") + url if url.startswith("/") else str(base.join(url))


def _request(http: httpx.Client | httpx.AsyncClient, call: Call[Any]) -> httpx.Request:
    return http.build_request(
        call.method, call.path, params=call.query or None, json=call.body, headers=dict(call.headers)
    )


def _read(call: Call[T], response: httpx.Response) -> T:
    if not response.is_success:
        raise error_of(response)
    try:
        return call.read(response)
    except ValueError as error:  # ValidationError is one
        raise _unexpected(error) from error


def _unexpected(error: Exception) -> ApiError:
    return ApiError(
        f"The service answered in a shape that this client does not know ({type(error).__name__}); is one of the two "
        "older than the other?",
        "unexpected_answer",
    )


def _check_end(stream: Stream[T], got: list[T]) -> None:
    if not got or not stream.ends_with(got[-1]):
        raise Unreachable("The service broke off before the end.", "unreachable")


def _pause(retrying: Retrying, error: Exception, call: Call[Any], tries: int, *, begun: bool = False) -> float:
    """How long to wait before the next try; raises the error if there is none."""
    if isinstance(error, httpx.HTTPError):
        ours: ApiError = unreachable(error)
        ours.__cause__ = error
    else:
        ours = error if isinstance(error, ApiError) else _unexpected(error)
    pause = None if begun else retrying.pause(ours, call, tries)
    if pause is None:
        raise ours
    return pause

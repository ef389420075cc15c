"""An OpenAI-compatible endpoint, held to a deadline: streams, breaker, budget. The only module that imports openai."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, cast

from index.errors import StorageError
from service.answers.failures import Filtered, ModelFailed, Unfinished, WrongReply, failure_of

if TYPE_CHECKING:
    from service.settings import Settings

_MAX_REPLY_CHARS = 8_000
_REASONING_SHARE = 4  # times the tokens, where thoughts are counted with the answer
_FAILURES_TO_OPEN, _OPEN_SECONDS = 3, 30.0
_STATUS = re.compile(r"[45][0-9][0-9]")


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Where the model is and what it may cost. Seconds are of one question, all calls together."""

    url: str
    model: str
    key: str
    deadline_seconds: float
    first_token_seconds: float
    concurrent: int
    per_day: int


def model_of(settings: Settings, count_call: Callable[[dt.date, int], bool], per_day: int) -> LanguageModel | None:
    """The language model that the settings name, if they name one, for so many calls a day."""
    if not settings.llm_url or not settings.llm_model:
        return None
    model = ModelSettings(
        settings.llm_url,
        settings.llm_model,
        settings.llm_key,
        settings.llm_deadline_seconds,
        settings.llm_first_token_seconds,
        settings.llm_concurrent,
        per_day,
    )
    return LanguageModel(model, count_call)


class LanguageModel:
    """Chat completions with a breaker: an endpoint that failed three times in a row is left alone for half a minute."""

    def __init__(self, settings: ModelSettings, spend: Callable[[dt.date, int], bool]) -> None:
        """`spend(day, limit)` counts one call of a day and says whether the limit allows it.

        The client is made here and not by the first question, whose deadline it would cost (half a second).
        """
        import openai  # noqa: PLC0415  (only where a model is set)

        self._client = openai.OpenAI(base_url=settings.url, api_key=settings.key or "none", max_retries=0)
        self.settings = settings
        self._spend = spend
        self._reasons = False  # the endpoint takes max_completion_tokens and no temperature
        self._places = threading.BoundedSemaphore(settings.concurrent)
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until = 0.0

    def stream(self, messages: Sequence[dict[str, str]], deadline: float, max_tokens: int = 600) -> Iterator[str]:
        """Pieces of the reply until `deadline` (time.monotonic). ModelFailed says why there is no more."""
        wait = self._open_until - time.monotonic()
        if wait > 0:
            raise ModelFailed(
                f"the language model failed {_FAILURES_TO_OPEN} times in a row; it is asked again in {wait:.0f} s"
            )
        if not self._places.acquire(blocking=False):
            raise ModelFailed("the language model is busy with other questions")
        started = time.monotonic()
        try:
            self._count()
        except BaseException:
            self._places.release()
            raise
        pieces: Queue[str | ModelFailed | None] = Queue()
        stopped = threading.Event()
        threading.Thread(
            target=self._receive, args=(messages, deadline, max_tokens, pieces, stopped), daemon=True
        ).start()
        got = 0
        try:
            while True:
                until = deadline if got else min(deadline, started + self.settings.first_token_seconds)
                try:
                    piece = pieces.get(timeout=max(0.0, until - time.monotonic()))
                except Empty:
                    late = "said nothing" if not got else "did not finish"
                    raise Unfinished(f"the language model {late} within {until - started:.1f} s") from None
                if piece is None:
                    break
                if isinstance(piece, ModelFailed):
                    raise piece
                got += len(piece)
                if got > _MAX_REPLY_CHARS:
                    raise WrongReply("the language model wrote far more than an answer")
                yield piece
            if not got:
                raise WrongReply("the language model gave an empty reply")
            self._settle(failed=False)
        except ModelFailed as error:
            self._settle(failed=not isinstance(error, Filtered))
            raise
        finally:
            stopped.set()

    def close(self) -> None:
        self._client.close()

    def complete(self, messages: Sequence[dict[str, str]], deadline: float, max_tokens: int = 100) -> str:
        """The whole reply."""
        return "".join(self.stream(messages, deadline, max_tokens))

    def _count(self) -> None:
        """Take one call from today's budget, or say why not: without a database nothing is spent, and quotes do."""
        try:
            allowed = self._spend(dt.datetime.now(dt.UTC).date(), self.settings.per_day)
        except StorageError as error:
            raise ModelFailed(f"the language model was not asked, its budget could not be counted ({error})") from error
        if not allowed:
            raise ModelFailed(f"today's budget of {self.settings.per_day} questions to the language model is spent")

    def _receive(
        self,
        messages: Sequence[dict[str, str]],
        deadline: float,
        max_tokens: int,
        pieces: Queue[str | ModelFailed | None],
        stopped: threading.Event,
    ) -> None:
        """Read the endpoint's stream in a thread of its own: whatever hangs here, the question's deadline holds. Its
        place is free before it is said that this is done, so that the next question finds it free."""
        import openai  # noqa: PLC0415

        end: ModelFailed | None = None
        try:
            for piece in self._pieces(messages, deadline, max_tokens):
                if stopped.is_set() or time.monotonic() > deadline:
                    raise Unfinished("the language model did not finish in time")
                pieces.put(piece)
        except ModelFailed as error:
            end = error
        except openai.APIStatusError as error:
            end = failure_of(error.status_code, error.code, error.type)
        except openai.APITimeoutError:
            end = Unfinished("the language model did not answer in time")
        except openai.APIConnectionError:
            end = ModelFailed("the language model cannot be reached")
        except Exception as error:  # junk from an endpoint can fail anywhere in the client; the answer must not
            end = Unfinished(f"the language model's reply could not be read ({type(error).__name__})")
        finally:
            with suppress(ValueError):
                self._places.release()
            pieces.put(end)

    def _pieces(self, messages: Sequence[dict[str, str]], deadline: float, max_tokens: int) -> Iterator[str]:
        """What the endpoint sends. Endpoints of reasoning models refuse `max_tokens` and a temperature: they are asked
        again with what they take, and from then on if they took it."""
        import openai  # noqa: PLC0415

        if not self._reasons:
            try:
                yield from self._read(messages, deadline, {"max_tokens": max_tokens, "temperature": 0.0})
                return
            except openai.BadRequestError as error:
                if not any(name in str(error) for name in ("max_tokens", "max_completion_tokens", "temperature")):
                    raise
        yield from self._read(messages, deadline, {"max_completion_tokens": _REASONING_SHARE * max_tokens})
        self._reasons = True

    def _read(self, messages: Sequence[dict[str, str]], deadline: float, limits: dict[str, Any]) -> Iterator[str]:
        """A stream is whole once it said [DONE] or why it finished; some endpoints say but one of them. ModelFailed if
        it is not, or says that something failed on the way."""
        ended = False
        with self._client.chat.completions.with_streaming_response.create(
            model=self.settings.model,
            messages=cast(Any, list(messages)),
            stream=True,
            timeout=max(0.1, deadline - time.monotonic()),
            **limits,
        ) as reply:
            for line in reply.iter_lines():
                if not line.startswith("data:"):
                    continue
                data = line[5:].strip()
                if data == "[DONE]":
                    ended = True
                    break
                chunk = json.loads(data)
                if chunk.get("error"):
                    raise _failure_in_stream(chunk["error"])
                for choice in chunk.get("choices") or ():
                    said = (choice.get("delta") or {}).get("content")
                    if said:
                        yield str(said)
                    finish = choice.get("finish_reason")
                    if finish == "content_filter":
                        raise Filtered
                    ended = ended or finish is not None
        if not ended:
            raise Unfinished("the language model's reply was cut off")

    def _settle(self, *, failed: bool) -> None:
        with self._lock:
            self._failures = self._failures + 1 if failed else 0
            if self._failures >= _FAILURES_TO_OPEN:
                self._open_until = time.monotonic() + _OPEN_SECONDS
                self._failures = 0


def _failure_in_stream(error: object) -> ModelFailed:
    """The failure that an endpoint tells where a piece of its reply would stand: after the status 200 it has no other
    way. Its code is a status or a name."""
    if not isinstance(error, dict):
        return failure_of(None)
    code = error.get("code")
    found = _STATUS.fullmatch(str(code))
    return failure_of(int(found[0]) if found else None, code, error.get("type"))

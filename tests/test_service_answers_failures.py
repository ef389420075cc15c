"""What endpoints do instead of answering → the failure that it is: theirs, of what was asked, or of the settings."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from model_stub import Behave, Reply, fails_on_the_way, is_filtered, model_server, reasons, refuses

from service.answers.failures import Filtered, Misconfigured, ModelFailed, Refused, Unfinished
from service.answers.llm import LanguageModel, ModelSettings

ASKED = [{"role": "user", "content": "What is dropout?"}]
FILTER = '{"error": {"message": "The prompt was filtered", "type": null, "code": "content_filter"}}'
FILTERED = "the content filter of the language model refused it"
LONG = '{"error": {"message": "max_tokens is too large: 9999", "code": "context_length_exceeded"}}'


@contextmanager
def asking(behave: Behave) -> Iterator[tuple[LanguageModel, list[list[dict[str, str]]]]]:
    with model_server(behave) as (url, seen):
        model = LanguageModel(ModelSettings(url, "stub", "", 5.0, 5.0, 1, 100), lambda _day, _limit: True)
        yield model, seen
        model.close()


def ask(model: LanguageModel) -> str:
    return model.complete(ASKED, time.monotonic() + 5)


@pytest.mark.parametrize(
    ("behave", "failure", "said"),
    [
        (refuses(400), Refused, "with status 400"),
        (
            refuses(400, '{"error": {"code": "too_long", "message": "<b>no</b>"}}'),
            Refused,
            "with status 400 (too_long)",
        ),
        (refuses(400, '{"error": {"code": "<b>no</b>", "type": "bad"}}'), Refused, "with status 400 (bad)"),
        (refuses(400, LONG), Refused, "with status 400 (context_length_exceeded)"),
        (refuses(403), Refused, "with status 403"),
        (refuses(413), Refused, "with status 413"),
        (refuses(422), Refused, "with status 422"),
        (refuses(400, FILTER), Filtered, FILTERED),
        (is_filtered, Filtered, FILTERED),
        (fails_on_the_way('{"code": "content_filter"}'), Filtered, FILTERED),
        (fails_on_the_way('{"code": 400, "type": "BadRequestError"}'), Refused, "with status 400 (BadRequestError)"),
        (fails_on_the_way('{"code": "401"}'), Misconfigured, "with status 401"),
        (fails_on_the_way('{"code": "server_error"}'), Unfinished, "with an error (server_error)"),
        (fails_on_the_way('"no memory"'), Unfinished, "with an error"),
        (refuses(401), Misconfigured, "with status 401"),
        (refuses(404, '{"error": {"code": "model_not_found"}}'), Misconfigured, "with status 404 (model_not_found)"),
        (refuses(402), ModelFailed, "with status 402"),
        (refuses(429), ModelFailed, "with status 429"),
        (refuses(503), Unfinished, "with status 503"),
    ],
)
def test_a_failure_is_told_by_what_the_endpoint_says(behave: Behave, failure: type[ModelFailed], said: str) -> None:
    with asking(behave) as (model, _), pytest.raises(ModelFailed) as caught:
        ask(model)
    assert type(caught.value) is failure
    assert str(caught.value) == (FILTERED if failure is Filtered else f"the language model answered {said}")


def test_what_a_filter_keeps_back_leaves_the_model_to_others() -> None:
    with asking(is_filtered) as (model, seen):
        for _ in range(5):
            with pytest.raises(Filtered):
                ask(model)
        assert len(seen) == 5


def test_an_endpoint_that_refuses_everything_is_left_alone_for_a_while() -> None:
    with asking(refuses(400)) as (model, seen):
        for _ in range(3):
            with pytest.raises(Refused):
                ask(model)
        with pytest.raises(ModelFailed, match="failed 3 times in a row"):
            ask(model)
        assert len(seen) == 3


def test_one_question_that_is_too_long_is_no_sign_of_a_reasoning_model() -> None:
    """The sentence that says so may name what such endpoints do not take; others do not take what they want."""
    seen: list[set[str]] = []

    def behave(reply: Reply) -> None:
        seen.append(reply.body.keys() & {"max_tokens", "max_completion_tokens"})
        if len(seen) <= 2:
            reply.status(400, LONG.encode())
        elif "max_tokens" in reply.body:
            reply.say("It zeroes activations.")
        else:
            reply.status(400)

    with asking(behave) as (model, _):
        with pytest.raises(Refused, match="context_length_exceeded"):
            ask(model)
        assert ask(model) == "It zeroes activations."
    assert seen == [{"max_tokens"}, {"max_completion_tokens"}, {"max_tokens"}]


def test_a_reasoning_model_is_asked_as_it_wants_from_then_on() -> None:
    with asking(reasons) as (model, seen):
        for _ in range(3):
            ask(model)
    assert len(seen) == 4


def test_the_next_question_finds_the_place_of_the_last_one_free() -> None:
    with asking(refuses(422)) as (model, _):
        for _ in range(2):
            with pytest.raises(Refused):
                ask(model)

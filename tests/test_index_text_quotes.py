"""Quotes: named by a few words, found in a text that is cut otherwise."""

from __future__ import annotations

import re
import time

import pytest

from index.text.quotes import MAX_CHARS, find_quote, named_by, quote_span, short_name, words_of

LONG = "Early stopping watches the loss on the validation set and keeps the weights of the best epoch that was seen"


@pytest.mark.parametrize("quote", ["Dropout", "• Dropout is off – at test time", LONG, "x" * 1_000, "а " * 500])
def test_the_name_of_a_quote_is_short_and_finds_it(quote: str) -> None:
    assert len(named_by(quote)) <= MAX_CHARS
    if len(quote) < MAX_CHARS:
        text = f"Before it.\n{quote}\nAfter it: dropout stopping epoch."
        start, end = quote_span(text, named_by(quote)) or (0, 0)
        assert words_of(text[start:end]) == words_of(quote)


@pytest.mark.parametrize("quote", ["Dropout", "• Dropout is off – at test time", LONG, "Потеря Убывает " * 30])
def test_a_short_name_is_short_in_every_alphabet_and_finds_the_quote(quote: str) -> None:
    assert re.fullmatch(r"~\d{1,3}[a-z2-7]{8}", short_name(quote))
    text = f"Before it: dropout stopping epoch.\n{quote.upper()}\nAfter it."
    span = quote_span(text, short_name(quote))
    assert span is not None
    assert words_of(text[slice(*span)]) == words_of(quote) or quote == "Dropout"
    assert quote_span(text, short_name(quote), 200_000) == span
    assert quote_span(text.replace("BEFORE", "quote " * 40), short_name("another quote")) is None


def test_what_has_no_words_has_no_short_name_and_a_long_quote_is_marked_as_far_as_it_is_named() -> None:
    assert short_name("• – …") == ""
    words = [f"w{i}" for i in range(400)]
    assert find_quote(words, short_name(" ".join(words))) == (0, 160)


@pytest.mark.parametrize("named", ["~0aaaaaaaa", "~999aaaaaaaa", "~3aaaaaaaa", "~9aaaaaaaa", "~4", "~", "~4AAAAAAAA"])
def test_a_short_name_of_nothing_finds_nothing(named: str) -> None:
    assert quote_span("the loss is small", named) is None


def test_of_equal_quotes_the_one_that_was_opened_is_found_by_a_short_name_too() -> None:
    text = "loss is small. then again loss is small."
    named = short_name("Loss is small!")
    assert [quote_span(text, named, start) for start in (0, 10, 35)] == [(0, 13), (26, 39), (0, 13)]


def test_a_quote_is_found_over_lines_and_bullets_whatever_its_case() -> None:
    text = "REGULARISATION\n• Early stopping watches\n  the loss on the validation set,\n• and keeps the weights of the best epoch that was seen."
    start, end = quote_span(text, named_by(LONG)) or (0, 0)
    assert (text[start:][:5], text[:end][-4:]) == ("Early", "seen")


def test_a_word_that_is_written_otherwise_hides_no_quote() -> None:
    text = LONG.replace("validation", "vali- dation").replace("best epoch", "best ep och")
    start, end = quote_span(text, named_by(LONG)) or (0, 0)
    assert text[start:end] == text


def test_of_two_places_that_say_the_same_the_one_that_was_opened_is_found() -> None:
    text = "loss is small. then again loss is small."
    assert quote_span(text, "loss is small", 10) == (26, 39)
    assert quote_span(text, "loss is small") == (0, 13)
    assert quote_span(text, "loss is small", 35) == (0, 13)


@pytest.mark.parametrize("named", ["", "…", "…end", "is large", "•", "loss…elsewhere it is"])
def test_what_is_not_there_is_not_found(named: str) -> None:
    assert quote_span("the loss is small", named) is None


def test_a_text_made_to_cost_is_searched_in_a_moment() -> None:
    started = time.process_time()
    find_quote(["a"] * 4_000, "a a a a a…b b b b b")
    find_quote(["a"] * 4_000, "~160aaaaaaaa")
    assert time.process_time() - started < 1

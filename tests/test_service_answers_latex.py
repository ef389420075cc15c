"""Formulas that notes write in LaTeX: read as they stand, quoted with the sentence before them and what is below."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from index.search.search import SearchIndex
from index.types import DeckKind, Hit, IndexedPassage, Kind, PagePlace, Snippet
from service.answers.code import is_code, is_latex
from service.answers.extractive import extract_answer
from service.answers.lines import is_garbled
from service.answers.numbers import Numbers
from service.answers.pieces import pieces_of
from service.answers.types import Asked

_RECALL = "Recall is the share of the positive instances that were found by the model."
_BELOW = "The formula of this metric is presented below:"
_FORMULA = r"$$R = \cfrac{TP}{TP + FN}$$"
_WHERE = "$TP$ is how many positive instances were found, $FN$ how many were not."
_AFTER = "It is used where nothing should be missed, as with tests for an illness."


def _notes(*lines: str) -> Hit:
    place = PagePlace(1, "a.md", DeckKind.SLIDES, 5, suffix=".md")
    text = "\n".join(("Recall", *lines))
    passage = IndexedPassage("p", Kind.PAGE, "Recall", text, "0", "c", "C", None, "en", 1, 1, "L", "", None, place)
    return Hit(passage, 1.0, Snippet("", ()))


def _quoted(query: str, asked: Asked) -> list[str]:
    index = create_autospec(SearchIndex, instance=True)
    index.similarities.side_effect = lambda _query, texts, _passages: [0.5] * len(texts)
    hits = [_notes(_RECALL, _BELOW, _FORMULA, _WHERE, _AFTER)]
    _, citations, _ = extract_answer(index, query, asked, hits, {"recal": 2.0, "recall": 2.0}, Numbers(()))
    return [citation.quote for citation in citations]


@pytest.mark.parametrize(
    "line",
    [
        _FORMULA,
        r"$$ \vh = \Enc(\vy) $$",
        r"$$ \mathcal{L}(F, Y) = \frac{1}{m} \sum_{j=1}^m \ell(F, y) $$",
        r"$$a = b + c - d$$.",
    ],
)
def test_a_formula_in_latex_can_be_read_and_is_no_code(line: str) -> None:
    assert is_latex(line)
    assert not is_garbled(line)
    assert not is_code(line)
    assert not is_code(f"where {line} is what was said, see {line}")


@pytest.mark.parametrize("line", ["$$", r"$$R = \cfrac{TP}{TP$$", r"\vh = \Enc(\vy) $$", "echo $$; kill $$", "R = TP"])
def test_what_is_no_whole_formula(line: str) -> None:
    assert not is_latex(line)


def test_variables_of_a_shell_are_no_formula() -> None:
    assert is_code("for i in $list; do mv $i $dir; done")
    assert is_code("export PATH=$PATH:$HOME/bin;")


def test_a_formula_that_is_asked_for_is_quoted_with_its_sentence_and_its_letters() -> None:
    (quote,) = _quoted("give me the formula of recall", Asked.FORMULA)
    assert quote.startswith(_RECALL)
    assert f"{_BELOW}\n{_FORMULA}\n{_WHERE}" in quote


def test_a_sentence_that_announces_a_formula_is_quoted_with_it() -> None:
    (quote, *_) = _quoted("what is recall", Asked.DEFINITION)
    assert f"{_BELOW}\n{_FORMULA}" in quote


def test_the_first_section_of_notes_is_no_cover_however_short_it_is() -> None:
    said = "Feature engineering is the process of creating new features"
    place = PagePlace(1, "a.md", DeckKind.SLIDES, 1, suffix=".md")
    notes = replace(_notes(said).passage, place=place)
    assert [piece.text for piece in pieces_of(notes)] == [said]
    assert not pieces_of(replace(notes, place=replace(place, suffix=".pdf")))


def test_a_piece_ends_before_a_line_that_something_below_answers() -> None:
    said = "Wikipedia was left out of the training texts\n(so that others can be tested on it)"
    pieces = pieces_of(_notes(f"{said}\nextractors of text:", "https://example.org/x").passage)
    assert pieces[0].text == said

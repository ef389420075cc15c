"""Pages and the formula that is asked for → the page whose picture shows it: its text has strewn the signs about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.text.analysis import find_terms, terms_of, words
from index.types import Hit, IndexedPassage
from service.answers.pieces import Piece
from service.answers.questions import thing_of_formula
from service.answers.units import Unit

FORMULA_LINES = 3  # of a page that surely shows one
_TITLED = 0.5  # of the thing whose formula is asked for must be in the title of a page that is shown for it
_WORD = re.compile(r"[^\W\d_]{3}")
_EQUATION = re.compile(r"\s[=∝←]\s|[∑∏∂∇∫√]|[\U0001d400-\U0001d7ff]")
_SIGN = re.compile(r"[=+−∑∏∂∇∫√∈≤≥\ue000-\uf8ff]")
_PROGRAMME = re.compile(r"[;{}]\s*$|\w\.\w+\(|\w\(\w+=|\w\w_\w|#|^\s*(?:def|class|import|from|for|return)\b")


def formula_lines(text: str) -> int:
    """How many lines of a page are of formulas, garbled or not; a formula is often strewn over many."""
    lines = [line for line in text.split("\n") if line.strip() and not _PROGRAMME.search(line)]
    strewn = [line for line in lines if not _WORD.search(line)]
    equations = sum(_EQUATION.search(line) is not None for line in lines)
    return max(equations, len(strewn) if any(_SIGN.search(line) for line in strewn) and len(strewn) > 1 else 0)


def shows_formula(passage: IndexedPassage) -> bool:
    """Whether a formula stands on a page that has a picture."""
    page = passage.page
    return page is not None and page.is_pictured and bool(passage.title) and formula_lines(passage.text) > 0


def captions(hits: Sequence[Hit], units: Sequence[Unit]) -> list[Unit]:
    """The titles of pages that hold a formula and nothing to quote: the picture says the rest."""
    known = {unit.rank for unit in units}
    return [
        Unit(hit, rank, Piece(0, hit.passage.title, hit.passage.text.find(hit.passage.title), len(hit.passage.title)))
        for rank, hit in enumerate(hits)
        if rank not in known and shows_formula(hit.passage) and hit.passage.title in hit.passage.text
    ]


def pictured(query: str, units: Sequence[Unit], weights: Mapping[str, float]) -> Unit | None:
    """The first piece whose page shows the formula that was asked for: its title names the thing."""
    thing = {term for word in words(thing_of_formula(query) or query) for term in terms_of(word) if term in weights}
    least = _TITLED * sum(weights[term] for term in thing)
    for unit in units:
        titled = {token.term for token in find_terms(unit.hit.passage.title, weights)}
        if titled and shows_formula(unit.hit.passage) and sum(weights[term] for term in titled) >= least:
            return unit
    return None


def with_picture_first(units: Sequence[Unit], shown: Unit | None) -> list[Unit]:
    """The piece whose page is shown before the others; of those no title alone."""
    others = [unit for unit in units if unit is not shown and unit.text != unit.hit.passage.title]
    return [shown, *others] if shown else others

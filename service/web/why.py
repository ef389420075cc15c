"""The explanation of a hit → why it was found, in a student's words: which words stand where, or that it is meant."""

from __future__ import annotations

from dataclasses import dataclass

from index.engine.build import latin_language
from index.text.analysis import find_terms
from index.types import Hit

_MOST_WORDS = 6
# A share of the score from which meaning is said to have counted.
_TELLING = 0.25
# Words that count less than this share of the one that counts the most (is, a, how) explain nothing.
_SLIGHT = 0.1


@dataclass(frozen=True, slots=True)
class Why:
    """Words of the query as they stand in the title, in the text, or only around the hit (in the names of its lecture);
    whether it is near in meaning, and whether what stands beside it speaks of the same."""

    in_title: list[str]
    in_text: list[str]
    around: list[str]
    by_meaning: bool
    by_neighbours: bool


def why_found(hit: Hit) -> Why | None:
    """Why a hit was found; None where that was not asked."""
    why = hit.explanation
    if why is None:
        return None
    least = _SLIGHT * max((match.contribution for match in why.terms), default=0.0)
    terms = [match for match in why.terms if match.contribution >= least]
    titled = [match.term for match in terms if "title" in match.fields]
    written = [match.term for match in terms if "body" in match.fields and match.term not in titled]
    around = [match.term for match in terms if not {"title", "body"} & set(match.fields)]
    whole = max(why.lexical_part + why.semantic_part + why.context_part, 1e-9)
    passage = hit.passage
    return Why(
        _as_written(passage.title, titled, hit),
        _as_written(passage.text, written, hit),
        _as_written(f"{passage.lecture_title}\n{passage.section}", around, hit),
        why.semantic_part >= _TELLING * whole,
        why.context_part >= _TELLING * whole,
    )


def _as_written(text: str, terms: list[str], hit: Hit) -> list[str]:
    """The first way in which each term is written in a text."""
    found: dict[str, str] = {}
    for token in find_terms(text, frozenset(terms), latin_language(hit.passage)):
        found.setdefault(token.term, text[token.start : token.end])
    return list(dict.fromkeys(word.casefold() for word in found.values()))[:_MOST_WORDS]

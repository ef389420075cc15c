"""What the searched courses know of words: their own terms together, the languages of all."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import make_generation, passage

from index.engine.generation import Generation
from index.engine.glossary import key_of
from index.search.lexicon import Lexicon
from index.search.scope import make_scope
from index.types import Filters


@pytest.fixture
def generation(tmp_path: Path) -> Generation:
    courses = {
        "a": [passage("отступ (padding)", 0, course="a"), passage("отступ (padding)", 1, course="a")],
        "b": [passage("отступ (padding)", 0, course="b"), passage("отступ (indent)", 1, course="b")],
        "f": [passage("les réseaux de neurones sont utiles pour tout", 0, course="f", language="fr")],
    }
    return make_generation(tmp_path, courses)


def _terms(generation: Generation, filters: Filters) -> list[tuple[str, int]]:
    return [
        (term.counterpart, term.count) for term in Lexicon(make_scope(generation, filters)).own_terms(key_of("отступа"))
    ]


def test_terms_are_those_of_the_searched_courses_together(generation: Generation) -> None:
    assert _terms(generation, Filters()) == [("padding", 3), ("indent", 1)]
    assert _terms(generation, Filters(course="a")) == [("padding", 2)]
    assert _terms(generation, Filters(courses=frozenset({"b", "f"}))) == [("indent", 1), ("padding", 1)]
    assert _terms(generation, Filters(course="f")) == []


def test_a_counterpart_is_looked_up_too_and_one_that_nobody_writes_is_not_there(generation: Generation) -> None:
    lexicon = Lexicon(make_scope(generation, Filters(course="a")))
    assert [term.counterpart for term in lexicon.own_terms(key_of("padding"))] == ["отступ"]
    assert lexicon.own_terms(key_of("stride")) == []


def test_languages_and_words_are_those_of_the_scope_and_of_what_the_caller_may_read(generation: Generation) -> None:
    assert Lexicon(make_scope(generation, Filters(course="a"))).languages == ("en",)
    assert Lexicon(make_scope(generation, Filters())).languages == ("en", "fr")
    alone = Lexicon(make_scope(generation, Filters(course="a", courses=frozenset({"a"}))))
    assert [word for word, _ in alone.vocabulary.spelled_like("neurone")] == []
    among = Lexicon(make_scope(generation, Filters(course="a")))
    # the other course writes it, but no word of this one has its stem
    assert [word for word, _ in among.vocabulary.spelled_like("neurone")] == []
    everywhere = Lexicon(make_scope(generation, Filters()))
    assert [word for word, _ in everywhere.vocabulary.spelled_like("neurone")] == ["neurones"]
    assert (among.frequency("pad"), alone.frequency("pad"), alone.frequency("utile")) == (2, 2, 0)

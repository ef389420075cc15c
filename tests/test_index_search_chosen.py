"""Scoring few of very many passages: the best, and the most of a query that one holds, are those of scoring all."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest
from support import make_generation, passage, word

from index.search import chosen as chosen_module
from index.search.chosen import Chosen
from index.search.everywhere import Everywhere
from index.search.scope import Scope, make_scope
from index.types import Filters, Kind, Phrase, Reading, Reason

_WORDS = ("alpha", "beta", "gamma", "delta", "omega", "sigma", "lambda", "kappa")


@pytest.fixture(scope="module")
def scope(tmp_path_factory: pytest.TempPathFactory) -> Scope:
    """Three courses; the first words are in most passages, the last in few, some in titles."""
    random = np.random.default_rng(11)
    shares = 0.6 ** np.arange(len(_WORDS))
    courses = {
        slug: [
            passage(
                " ".join(random.choice(_WORDS, int(random.integers(1, 30)), p=shares / shares.sum())),
                row,
                course=slug,
                title=str(random.choice(_WORDS)) if row % 7 == 0 else "",
                **({} if row % 9 else {"kind": Kind.PROGRAMME, "place": None}),
            )
            for row in range(150)
        ]
        for slug in ("a", "b", "c")
    }
    return make_scope(make_generation(tmp_path_factory.mktemp("root"), courses), Filters())


def _queries() -> list[list[Phrase]]:
    other = Reading((("sigma", 1.0), ("kappa", 0.5)), 0.6, Reason.GLOSSARY, "sigma")
    described = Phrase((), (Reading((("kappa", 1.0),), 0.4, Reason.DESCRIBED, "kappa"),), "kappa")
    return [
        [word("alpha"), word("lambda")],
        [word("alpha", weight=0.05), word("beta"), word("gamma", weight=0.4), word("kappa")],
        [word("alpha", other), word("delta"), word("sigma")],
        [Phrase(word("beta").words, (other,)), word("alpha"), word("omega"), word("delta", weight=0.3)],
        [word("alpha"), word("beta", weight=0.2), described],
        [word("nowhere"), word("alpha")],
        [word("kappa"), word("kappa")],
    ]


@pytest.mark.parametrize("number", range(len(_queries())))
@pytest.mark.parametrize("few", [0, 40])
@pytest.mark.parametrize("late", [False, True])
def test_the_best_of_those_that_are_scored_are_the_best_of_all(
    scope: Scope, number: int, few: int, *, late: bool
) -> None:
    phrases = _queries()[number]
    worth = {phrase: scope.phrase_importance(phrase) if phrase.words else 5.0 for phrase in phrases}
    # what is looked up later is not the only thing that a passage has, or the passage is none
    later = {min(phrases, key=lambda phrase: worth[phrase])} if late and len(set(phrases)) > 1 else set()
    everywhere = Everywhere(phrases, scope, worth)
    first = Everywhere([phrase for phrase in phrases if phrase not in later], scope, worth)
    found_by = first.best(1)[1] > 0
    expected, matched = np.where(found_by, everywhere.best(1)[1], 0), np.zeros(scope.last, np.float32)
    matched[found_by] = everywhere.at(np.flatnonzero(found_by)).matched
    with patch.object(chosen_module, "_FEW", few):
        chosen = Chosen(phrases, scope, worth, later)
        for count in (1, 10, 60):
            rows, scores = chosen.best(count)
            assert (np.diff(rows) > 0).all()
            np.testing.assert_allclose(scores, everywhere.best(1)[1][rows], rtol=1e-5)
            order = np.argsort(-scores, kind="stable")[:count]
            best = np.argsort(-expected, kind="stable")[: min(count, int((expected > 0).sum()))]
            assert sorted(rows[order].tolist()) == sorted(best.tolist())
        programme = scope.generation.programme
        for wanted in (programme, ~programme):
            assert chosen.most(wanted, 1.0) == pytest.approx(float(np.max(matched, where=wanted, initial=0)), rel=1e-5)


@pytest.mark.parametrize("first", ["alpha", "delta", "lambda"])
def test_no_bound_is_below_what_a_phrase_adds(scope: Scope, first: str) -> None:
    # from a word that hardly counts beside another to one that decides: at some weight each bound is what matters
    # of few passages the best is often one that has only some of the words
    masks = [np.arange(scope.last) % 41 == rest for rest in range(6)]
    for weight in np.geomspace(0.1, 4.0, 60):
        for others in (["kappa"], ["kappa", "omega"], ["sigma", "beta", "kappa"]):
            asked = [word(other, weight=float(weight) / (place + 1)) for place, other in enumerate(others)]
            phrases = [word(first), *asked]
            worth = {phrase: scope.phrase_importance(phrase) for phrase in phrases}
            everywhere = Everywhere(phrases, scope, worth)
            with patch.object(chosen_module, "_FEW", 0):
                chosen = Chosen(phrases, scope, worth, ())
                for count in (1, 3, 20):
                    scores = np.sort(chosen.best(count)[1])[::-1][:count]
                    np.testing.assert_allclose(scores, np.sort(everywhere.best(1)[1])[::-1][:count], rtol=1e-5)
                for wanted in masks:
                    assert chosen.most(wanted, 1.0) == pytest.approx(everywhere.most(wanted, 1.0), rel=1e-5)


def test_what_cannot_be_among_the_best_is_not_scored(scope: Scope) -> None:
    phrases = [word("alpha"), word("kappa"), word("lambda")]
    worth = {phrase: scope.phrase_importance(phrase) for phrase in phrases}
    with patch.object(chosen_module, "_FEW", 0):
        rows = Chosen(phrases, scope, worth, ()).best(3)[0]
    assert 3 <= len(rows) < 0.1 * scope.frequency("alpha")

"""Analysed passages → postings: impacts by hand, fields, and what counts towards a word's rarity."""

from __future__ import annotations

import numpy as np
import pytest

from index.engine.postings import FLAGS, SATURATION_LIMIT, FieldTerms, Postings, build_postings
from index.text.hashing import hash_text

# the length in terms that neither helps nor harms (docs/decisions.md)
_USUAL_TITLE, _USUAL_BODY = 4.26, 111.0


def _held(postings: Postings, term: str) -> dict[int, tuple[float, int]]:
    """(impact, fields) of a term by passage."""
    number = int(np.searchsorted(postings.hashes, np.uint64(hash_text(term))))
    if number == len(postings.hashes) or int(postings.hashes[number]) != hash_text(term):
        return {}
    own = postings.slice_of(number)
    values = zip(postings.impacts[own].tolist(), postings.fields[own].tolist(), strict=True)
    return dict(zip(postings.passages[own].tolist(), values, strict=True))


def _said(postings: Postings, term: str) -> int:
    return int(postings.said[np.searchsorted(postings.hashes, np.uint64(hash_text(term)))])


def test_bm25f_is_what_the_formula_gives_by_hand() -> None:
    documents = [
        FieldTerms(["dropout"], ["zero", "activations"], []),
        FieldTerms([], ["dropout", "loss", "loss", "loss"], []),
        FieldTerms([], ["gradient"], ["dropout"]),
        FieldTerms([], ["gradient"], [], ["dropout", "dropout"]),
    ]
    postings = Postings(build_postings(documents))
    first = 3.0 / (1 - 0.3 + 0.3 * 1 / _USUAL_TITLE)
    second = 1.0 / (1 - 0.6 + 0.6 * 4 / _USUAL_BODY)
    expected = [f * 2.2 / (1.2 + f) for f in (first, second, 0.15, 2 * 0.2)]
    found = _held(postings, "dropout")
    assert [found[row][0] for row in range(4)] == pytest.approx(expected, rel=1e-5)
    assert [found[row][1] for row in range(4)] == [FLAGS["title"], FLAGS["body"], 0, 0]
    thrice = 3.0 / (1 - 0.6 + 0.6 * 4 / _USUAL_BODY)
    assert _held(postings, "loss")[1][0] == pytest.approx(thrice * 2.2 / (1.2 + thrice), rel=1e-5)
    assert _held(postings, "kernel") == {}


def test_fields_are_weighed_before_they_saturate() -> None:
    postings = Postings(build_postings([FieldTerms(["gate"], ["gate"], ["gate"])]))
    whole = 3.0 / (0.7 + 0.3 / _USUAL_TITLE) + 1.0 / (0.4 + 0.6 / _USUAL_BODY) + 0.15
    impact, fields = _held(postings, "gate")[0]
    assert impact == pytest.approx(whole * 2.2 / (1.2 + whole), rel=1e-5)
    assert fields == FLAGS["title"] | FLAGS["body"]


def test_no_impact_reaches_the_limit_however_often_a_word_is_said() -> None:
    postings = Postings(build_postings([FieldTerms(["gate"] * 400, ["gate"] * 4000, ["gate"] * 50)]))
    assert 2.0 < _held(postings, "gate")[0][0] < SATURATION_LIMIT


def test_words_around_a_passage_do_not_make_a_term_common() -> None:
    documents = [FieldTerms(["gate"], ["x"], []), FieldTerms([], ["y"], ["gate"]), FieldTerms([], ["z"], [], ["gate"])]
    postings = Postings(build_postings(documents))
    assert (len(_held(postings, "gate")), _said(postings, "gate")) == (3, 1)


def test_postings_lie_by_hash_and_by_passage() -> None:
    documents = [FieldTerms([f"t{i % 3}", "all"], [f"b{i % 7}", "all"], ["lecture"]) for i in range(20)]
    postings = Postings(build_postings(documents))
    assert postings.hashes.tolist() == sorted(postings.hashes.tolist())
    assert list(_held(postings, "all")) == list(range(20))
    assert list(_held(postings, "t1")) == list(range(1, 20, 3))
    assert postings.title_terms.tolist() == [2] * 20
    assert postings.holds(4, hash_text("t1"))
    assert not postings.holds(5, hash_text("t1"))
    assert not postings.holds(4, hash_text("nowhere"))


def test_a_course_without_passages_has_no_postings() -> None:
    postings = Postings(build_postings([]))
    assert (len(postings.hashes), postings.offsets.tolist(), len(postings.passages)) == (0, [0], 0)
    assert not postings.holds(0, hash_text("gate"))

"""How far words are of a subject, by what they are read as, and what is believed where they are translated."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support import make_generation, passage

from index.search.compared import others_named
from index.search.coverage import Evidence
from index.search.keyness import keyness_as_read, keyness_of
from index.search.scope import Scope, make_scope
from index.search.subject import Sign, read_signs, share_missing, shares_of
from index.text.analysis import stem, word_weight
from index.types import Filters, Phrase, Reading, Reason, Word


def _scope(root: Path, *texts: str) -> Scope:
    passages = [passage(text, page) for page, text in enumerate(texts, 1)]
    return make_scope(make_generation(root, {"c": passages}), Filters())


def _reading(text: str, reason: Reason = Reason.TRANSLATION) -> Reading:
    return Reading(((stem(text), 1.0),), 0.8, reason, text)


def _word(text: str) -> Word:
    return Word(text, word_weight(text), (Reading(((stem(text.lower()), 1.0),), 1.0, Reason.TYPED, text),))


def _sign(text: str, place: int, *terms: str, known: float = 1.0, heard: bool = True) -> Sign:
    return Sign(text, 3.0, known, 0.2, 0.0, heard=heard, weight=1.0, terms=frozenset(terms), place=place)


def test_a_word_that_is_translated_in_several_ways_is_of_the_subject_as_they_are_on_average(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "swap the keys", "swap once more", "swap and change")
    change, swap = _reading("change"), _reading("swap")
    least, most = (keyness_of(reading, scope, ("en",)) for reading in (change, swap))
    assert least < most
    assert keyness_as_read([(change, 1.0), (swap, 1.0)], scope, ("en",)) == pytest.approx((least + most) / 2)
    # and never more than the best of them by the trust in it
    assert keyness_as_read([(change, 0.1), (swap, 0.5)], scope, ("en",)) == pytest.approx(most / 2)
    # one alone counts as far as it is trusted, and a reading that is no translation as before
    assert keyness_as_read([(swap, 0.5)], scope, ("en",)) == pytest.approx(most / 2)
    named = _reading("swap", Reason.SYNONYM)
    assert keyness_as_read([(change, 1.0), (named, 1.0)], scope, ("en",)) == pytest.approx(most)
    assert keyness_as_read([], scope, ("en",)) == 0


def test_the_share_in_other_letters_is_of_words_that_are_there_only_translated() -> None:
    signs = [
        _sign("матрица", 0, "matrix"),
        _sign("слой", 1, "layer", "слой"),  # typed on some page
        _sign("dropout", 2, "dropout"),
        _sign("муссон", 3, known=0.0, heard=False),
    ]
    assert shares_of(signs, nearness=0.3).across == pytest.approx(0.5)
    assert shares_of([_sign("monsoon", 0, known=0.0)], nearness=0.3).across == 0


def test_what_resembles_counts_more_for_what_is_asked_in_other_letters() -> None:
    plain = Evidence(
        said=0.6,
        promised=0.0,
        near=0.3,
        keyness=0.2,
        lacking=0.0,
        missing=0.0,
        apart=0.0,
        together=0.4,
        title=0.0,
        foreign=0.0,
        resemblance=-0.05,
    )
    across = replace(plain, across=1.0)
    assert across.total < plain.total
    assert replace(across, resemblance=0.05).total > replace(plain, resemblance=0.05).total
    assert replace(across, resemblance=None).total == replace(plain, resemblance=None).total


def test_a_sentence_of_few_telling_words_is_no_term(tmp_path: Path) -> None:
    rebuild, changed = _sign("rebuild", 1, known=0.0), _sign("changed", 4, "chang")
    assert share_missing([rebuild, changed], _scope(tmp_path, "nothing of it")) > 0.3
    assert share_missing([rebuild, replace(changed, place=5)], _scope(tmp_path, "nothing of it")) == 0


def test_of_a_term_in_another_language_an_unknown_word_may_be_there_where_a_passage_means_it(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "authentication by a code")
    unheard = replace(_sign("двухфакторная", 2, known=0.0, heard=False), name=1.0, asked=True)
    term = [unheard, replace(_sign("аутентификация", 3, "authent"), asked=True)]
    assert [share_missing(term, scope, meant) for meant in (0.0, 0.5, 1.0)] == pytest.approx([0.5, 0.25, 0.0])
    named = [replace(unheard, heard=True), term[1]]
    assert [share_missing(named, scope, meant) for meant in (0.0, 1.0)] == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize(("meant", "unknown"), [(0.0, ("двухфакторная",)), (0.6, ())])
def test_what_a_question_is_about_is_not_unknown_where_a_passage_means_it(
    tmp_path: Path, meant: float, unknown: tuple[str, ...]
) -> None:
    phrases = [Phrase((_word(text),)) for text in "объясни двухфакторная".split()]
    unheard = replace(_sign("двухфакторная", 1, known=0.0, heard=False), name=1.0)
    assert others_named(phrases, [unheard], _scope(tmp_path, "a code"), [], ("en",), meant) == unknown


def test_everyday_words_on_a_side_of_a_comparison_are_no_name(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "a lens makes a picture", *["another slide"] * 20)
    for query, unknown in (("a lens instead of a hole", ()), ("a lens instead of a scintillator", ("scintillator",))):
        phrases = [Phrase((_word(text),)) for text in query.split()]
        signs = read_signs(phrases, (), scope, ("en",))
        assert others_named(phrases, signs, scope, [], ("en",), 0.0) == unknown

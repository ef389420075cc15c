"""Terms as they lie in a shard, looked up from either side; and the bundled ones."""

from __future__ import annotations

import numpy as np

from index.engine.glossary import (
    GeneralGlossary,
    ShardTerms,
    Term,
    best_first,
    build_terms,
    general_glossary,
    hash_key,
    key_of,
    named_in,
    whole_key,
)
from index.types import Reason

_STRIDE = Term("шаг", "stride", Reason.GLOSSARY, 2, (1, 5))
_PADDING = Term("отступ", "padding", Reason.GLOSSARY, 1, (3,))
_SHORT = Term("Long Short-Term Memory", "LSTM", Reason.ABBREVIATION, 4, (0,))


def _found(terms: ShardTerms, words: str) -> list[Term]:
    places = np.flatnonzero(terms.hashes == np.uint64(hash_key(key_of(words))))
    return [terms.entry(int(place)) for place in places]


def test_terms_are_stored_and_read_back() -> None:
    assert ShardTerms(build_terms([_STRIDE, _SHORT])).all() == [_STRIDE, _SHORT]
    empty = ShardTerms(build_terms([]))
    assert (empty.all(), empty.longest) == ([], 0)


def test_a_term_is_looked_up_from_either_side() -> None:
    terms = ShardTerms(build_terms([_STRIDE, _PADDING, _SHORT]))
    assert _found(terms, "шага") == [_STRIDE]
    assert _found(terms, "stride") == [_STRIDE.turned]
    assert _found(terms, "long short-term memory") == [_SHORT]
    assert _found(terms, "long short-term") == []
    assert terms.longest == len(key_of("Long Short-Term Memory"))
    assert terms.hashes.tolist() == sorted(terms.hashes.tolist())


def test_terms_of_several_courses_are_one_with_the_sum_of_their_counts() -> None:
    other = Term("шаг", "step", Reason.GLOSSARY, 3)
    again = Term("шаг", "stride", Reason.GLOSSARY, 2, (7,))
    found = best_first([_STRIDE, other, again])
    assert [(term.counterpart, term.count, term.rows) for term in found] == [("stride", 4, ()), ("step", 3, ())]


def test_the_general_glossary_is_read_in_both_languages_and_all_forms() -> None:
    glossary = general_glossary()
    assert len({text for own in glossary._by_key.values() for text, _ in own}) > 1_600
    texts = {term.counterpart for term in glossary.find(key_of("свёрточных нейронных сетей"))}
    assert {"convolutional neural network", "CNN"} <= texts
    assert "ранняя остановка" in {term.counterpart for term in glossary.find(key_of("early stopping"))}
    assert glossary.find(key_of("early")) == []
    assert glossary.longest >= len(key_of("свёрточных нейронных сетей"))
    assert key_of("fine-tuning") == key_of("fine tuning")


def test_a_name_is_not_looked_up_by_one_of_its_words() -> None:
    assert whole_key("О-большое") == ("о", *whole_key("большое"))
    assert whole_key("back-propagation of errors") == key_of("back-propagation of errors")
    glossary = GeneralGlossary(map(named_in, ["big O notation|О-большое", "sample mean|average", "drop-out|dropout"]))
    assert (
        glossary.find(whole_key("больше"))
        == glossary.find(whole_key("sample"))
        == glossary.find(whole_key("drop"))
        == []
    )
    assert [term.counterpart for term in glossary.find(whole_key("О большое"))] == ["big O notation"]
    assert [term.counterpart for term in glossary.find(whole_key("drop-out"))] == ["dropout"]

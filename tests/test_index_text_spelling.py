"""English words as they are spelled on both sides of the Atlantic."""

from __future__ import annotations

import pytest

from index.text.spelling import american_spelling, other_spellings


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"),
        ("neighbouring", "neighboring"),
        ("normalisation", "normalization"),
        ("optimisers", "optimizers"),
        ("analyse", "analyze"),
        ("centre", "center"),
        ("centred", "centered"),
        ("fibres", "fibers"),
        ("modelling", "modeling"),
        ("labelled", "labeled"),
        ("catalogue", "catalog"),
        ("defence", "defense"),
        ("judgement", "judgment"),
        ("greyscale", "grayscale"),
        ("artefacts", "artifacts"),
        ("sceptical", "skeptical"),
        ("programme", "program"),
        ("paediatric", "pediatric"),
        ("foetus", "fetus"),
    ],
)
def test_a_word_has_its_spelling_on_the_other_side(british: str, american: str) -> None:
    assert american in other_spellings(british)
    assert british in other_spellings(american)
    assert (american_spelling(british), american_spelling(american)) == (american, american)


@pytest.mark.parametrize("word", ["network", "layer", "for", "hour", "call", "цвет", "réseau", "conv2d", ""])
def test_most_words_have_no_other_spelling(word: str) -> None:
    assert other_spellings(word) == ()


@pytest.mark.parametrize("word", ["noise", "exercise", "promise", "Filter", "нормализация", "conv2d"])
def test_a_word_that_is_american_already_stays_as_it_is(word: str) -> None:
    assert american_spelling(word) == word

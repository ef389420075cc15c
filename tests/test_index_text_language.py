"""The language of a text, and what is everyday language."""

from __future__ import annotations

import pytest

from index.text.language import detect_language, function_words, telltale_words, tongue_of, zipf


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Les réseaux de neurones sont entraînés par descente de gradient", "fr"),
        ("The networks are trained by gradient descent and it is fast", "en"),
        ("42", "fr"),
    ],
)
def test_the_language_of_a_text_is_seen_by_its_function_words(text: str, language: str) -> None:
    assert detect_language(text, ("fr", "en")) == language


def test_what_is_ordinary_language() -> None:
    assert zipf("время", "ru") > 5.5
    assert zipf("дропаут", "ru") < 3
    assert "the" in function_words("en")
    assert "не" in telltale_words("ru")
    assert not telltale_words("en") & telltale_words("fr")


@pytest.mark.parametrize(
    ("text", "tongue"),
    [
        ("les couches de normalisation", "fr"),
        ("camadas de normalização", "pt"),
        ("die schichten des netzes", "de"),
        ("layers of a network", ""),
        ("stochastic gradient descent", ""),
        ("lora", ""),
        ("слои сети", ""),
    ],
)
def test_the_language_of_a_question_is_told_where_it_is_sure(text: str, tongue: str) -> None:
    assert tongue_of(text.split()) == tongue

"""The language of a text, and what is everyday language."""

from __future__ import annotations

import subprocess
import sys

import pytest
from wordfreq import get_frequency_dict

from index.errors import LecturesError
from index.text import language as languages
from index.text.language import (
    STEMMERS,
    detect_language,
    function_words,
    telltale_words,
    tongue_of,
    word_frequencies,
    zipf,
)


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


@pytest.mark.parametrize("language", STEMMERS)
def test_the_lists_of_words_are_read_as_the_library_reads_them(language: str) -> None:
    own = get_frequency_dict(language, "small")
    if language == "ru":
        own = {word.replace("ё", "е"): share for word, share in own.items()}
    assert list(word_frequencies(language).items()) == list(own.items())


def test_the_code_of_the_library_of_words_is_not_imported() -> None:
    program = (
        "import sys; from index.text.everyday import everyday_frequency; everyday_frequency('слово');"
        "print(sorted({'wordfreq', 'langcodes', 'ftfy', 'locate'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_lists_of_words_of_another_form_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_FORM", {"format": "cB", "version": 2})
    with pytest.raises(LecturesError, match=r"of another form .*'version': 1"):
        languages._word_list("en")


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

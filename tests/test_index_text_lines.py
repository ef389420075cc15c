"""Lines of slides → whether they say anything."""

from __future__ import annotations

import pytest

from index.text.lines import is_address, is_reference, is_strewn


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("https://example.org/chapter_convolutional-neural-networks/channels.html", True),
        ("// https://arxiv.org/pdf/1708.00107.pdf", True),
        ("Caffe: https://example.org/caffe/wiki/Model-Zoo", True),
        ("The weights are on www.example.org and must be loaded before the first step", False),
        ("Ядро скользит по картинке", False),
    ],
)
def test_a_line_is_an_address_if_most_of_it_is(line: str, *, expected: bool) -> None:
    assert is_address(line) is expected


@pytest.mark.parametrize(
    "line",
    [
        "Kim «Sequence Labelling by Beam Search Optimization»",
        "Kim «Sequence Labelling by Beam Search",  # the rest is in the next line
        "A. Marlow, B. Reed “Wide networks for narrow tasks”, 2016",
        "Marlow et al. Wide Networks for Narrow Tasks",
        "statistical machine translation // arXiv preprint arXiv:1406.1078 (2014).",
        "Marlow, A. Wide networks. In Proceedings of the Winter School",
        "«Wide networks» // Journal of Networks",
    ],
)
def test_a_line_that_only_names_a_publication_is_a_reference(line: str) -> None:
    assert is_reference(line)


@pytest.mark.parametrize(
    "line",
    [
        "Случайно гасим нейроны во время обучения [Марлоу, 2014]",
        "As Marlow et al. found, the noise of small batches helps to leave sharp minima",
        "AlexNet (2012)",
        "Ladder Networks (Marlow et al. 2014)",
        "Adam = «Adaptive Moment Estimation»",
        "Метод «плавного снижения темпа обучения»",
        "x = 1 // the first step",
        "Long Short Term Memory Networks",
    ],
)
def test_a_sentence_a_name_and_a_heading_are_no_references(line: str) -> None:
    assert not is_reference(line)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("( 1) i v η ε · + · + · = − ∇ · +", True),
        ("mm ii α · ++ · =−", True),
        ("1 2 3 0 1 2", True),
        ("x = Attention(q, k, v)", False),
        ("Шаг η слишком велик", False),
    ],
)
def test_signs_without_words_are_what_is_left_of_a_formula(line: str, *, expected: bool) -> None:
    assert is_strewn(line) is expected

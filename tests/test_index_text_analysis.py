"""Text → terms: identifiers, joined words, formulas, look-alike letters, stems by language."""

from __future__ import annotations

import pytest

from index.text.accents import strip_accents
from index.text.analysis import (
    derived_stems,
    find_terms,
    fold,
    is_name,
    is_stop_word,
    one_script,
    other_stems,
    stem,
    terms,
    terms_of,
    words,
)


def test_an_identifier_is_itself_and_its_pieces() -> None:
    assert terms_of("nn.Conv2d")[0] == "nn.conv2d"
    assert {"conv2d", "conv"} <= set(terms_of("nn.Conv2d"))
    assert terms_of("seq2seq")[0] == "seq2seq"
    assert {"word2vec", "word", "vec"} <= set(terms_of("word2vec"))


def test_a_joined_word_is_also_one_word() -> None:
    assert {"batchnorm", "batch", "norm"} <= set(terms_of("batch-norm"))
    assert "batchnorm" in terms_of("BatchNorm")


def test_symbols_of_formulas_are_terms() -> None:
    assert "∇" in terms("x − η ∇L")
    assert "c++" in terms("C++ and c")


@pytest.mark.parametrize(("written", "meant"), [("cвёртка", "свертка"), ("СPU", "cpu"), ("свёртка", "свертка")])
def test_letters_of_the_other_alphabet_are_put_right(written: str, meant: str) -> None:
    assert one_script(fold(written)) == meant


@pytest.mark.parametrize(
    ("language", "forms"),
    [
        ("fr", ("réseaux", "réseau")),
        ("de", ("Netze", "Netz")),
        ("es", ("redes", "red")),
        ("pt", ("redes", "rede")),
        ("ru", ("networks", "network")),
    ],
)
def test_latin_words_are_stemmed_by_the_language_of_the_text(language: str, forms: tuple[str, str]) -> None:
    first, second = (terms_of(form, language)[0] for form in forms)
    assert first == second


def test_accents_may_be_left_out_and_cyrillic_stays() -> None:
    assert terms_of("réseau", "fr") == terms_of("reseau", "fr")
    assert strip_accents("réseau й ё") == "reseau й ё"
    assert stem("нейронный") == stem("нейронной")


def test_terms_of_a_french_text_are_found_in_it() -> None:
    text = "Les réseaux de neurones"
    assert [text[t.start : t.end] for t in find_terms(text, {stem("réseau", "fr")}, "fr")] == ["réseaux"]


def test_words_that_only_join_are_those_of_the_language() -> None:
    assert is_stop_word("Что")
    assert is_stop_word("les", ["fr"])
    assert not is_stop_word("les")


def test_words_meet_in_all_their_forms() -> None:
    assert terms("нейронные сети") == terms("Нейронных сетей")
    assert terms("ёлка") == terms("елка")
    assert {"conv2d"} < set(terms("nn.Conv2d"))


def test_terms_are_found_where_they_stand() -> None:
    text = "Dropout и слой nn.Dropout"
    assert [text[t.start : t.end] for t in find_terms(text, {"dropout"})] == ["Dropout", "nn.Dropout"]


@pytest.mark.parametrize("wanted", [["conv", "nn.conv2d", "layer"], ["layer", "nn.conv2d", "conv"]])
def test_a_word_of_several_terms_is_found_once_by_the_first_of_its_own(wanted: list[str]) -> None:
    found = find_terms("layer nn.Conv2d, conv", wanted)
    assert [(token.term, token.start, token.end) for token in found] == [
        ("layer", 0, 5),
        ("nn.conv2d", 6, 15),
        ("conv", 17, 21),
    ]


def test_hosts_and_endings_of_files_are_no_words_but_paths_are() -> None:
    found = terms("see https://github.com/yoonkim/CNN_sentence and nn.pdf or a.b@uni.edu")
    assert {"yoonkim", "nn", "see"} <= set(found)
    assert {"https", "github", "com", "pdf", "uni", "edu"}.isdisjoint(found)
    text = "www.site.org/dropout dropout"
    assert [text[token.start : token.end] for token in find_terms(text, ["dropout"])] == ["dropout", "dropout"]


_ENDINGS = "pdf ppt pptx doc docx ipynb zip png jpg jpeg csv htm html".split()


@pytest.mark.parametrize(
    "address",
    [
        "http://host.org/x",
        "HTTPS://host.org/x",
        "WWW.host.org/x",
        "x@host.org",
        *(f"x.{end}" for end in _ENDINGS),
        "x.PDF",
    ],
)
def test_what_only_addresses_have_is_left_out_of_each_kind_of_them(address: str) -> None:
    left = {word.lower() for word in words(f"see {address} now. Or later")}
    assert {"see", "now", "or", "later"} <= left
    assert left - {"see", "now", "or", "later"} <= {"x"}


def test_pieces_that_are_no_words_are_no_terms() -> None:
    assert terms_of("IoU") == ("iou",)
    assert terms_of("LoRA") == ("lora",)


def test_symbols_are_also_found_by_their_names() -> None:
    assert {"√", "sqrt"} <= set(terms("softmax(QK/√d)"))
    assert {"λ", "lambda"} <= set(terms("λ · ||w||²"))


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("инициализировать", "инициализация"),
        ("инициализация", "инициализирует"),
        ("классифицировать", "классификация"),
        ("нормализовать", "нормализация"),
        ("модулировать", "модуляция"),
    ],
)
def test_a_verb_and_the_noun_of_what_it_does_are_derived_from_each_other(word: str, other: str) -> None:
    assert stem(other) in derived_stems(stem(word))
    assert other_stems(stem(word)) == ()


@pytest.mark.parametrize(("word", "other"), [("rnns", "rnn"), ("gpus", "gpu")])
def test_of_several_abbreviations_in_small_letters_one_is_a_form(word: str, other: str) -> None:
    assert stem(other) in other_stems(stem(word))


def test_several_of_an_abbreviation_are_said_as_one() -> None:
    assert terms_of("RNNs") == terms_of("RNN") == ("rnn",)
    assert terms_of("AIs")[0] == "ai"
    assert terms_of("Is")[0] == "is"


def test_a_dotted_name_is_found_by_its_ends() -> None:
    assert {"optimizer.zero_grad", "zero_grad"} <= set(terms_of("optimizer.zero_grad"))
    assert "nn.conv2d" in terms_of("torch.nn.Conv2d")
    assert "conv2d" in terms_of("nn.Conv2d")


def test_terms_are_found_in_a_text_however_often_and_for_whatever_it_is_asked() -> None:
    text = "nn.Conv2d is a layer; a conv layer has weights, layers have more"
    assert [(t.term, text[t.start : t.end]) for t in find_terms(text, {"layer"})] == [
        ("layer", "layer"),
        ("layer", "layer"),
        ("layer", "layers"),
    ]
    both = [(token.term, text[token.start : token.end]) for token in find_terms(text, ["conv", "weight", "absent"])]
    assert both == [("conv", "nn.Conv2d"), ("conv", "conv"), ("weight", "weights")]
    whole = find_terms(text, ["conv", "nn.conv2d"])
    assert [token.term for token in whole] == ["nn.conv2d", "conv"]  # a word is found by the first of its terms


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("UMAP", True),
        ("TensorRT", True),
        ("aBcD", True),
        ("Adam", False),
        ("adam", False),
        ("ЛСТМ", False),
        ("", False),
    ],
)
def test_a_name_has_two_capital_letters(word: str, known: bool) -> None:
    assert is_name(word) is known


def test_a_long_text_is_folded_as_its_words_are() -> None:
    assert fold("Свёртка ﬁn " * 20) == "свертка fin " * 20

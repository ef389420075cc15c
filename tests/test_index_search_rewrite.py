"""Words that a course does not know → what they may mean. The words of the course and the slips are written here."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import passage

from index.engine.vocabulary import ShardWords, Vocabulary, build_words
from index.search.rewrite import Candidate, Rewriter
from index.text.analysis import terms_of
from index.types import Reason

_TEXT = """
dropout batch normalization pooling padding kernel overfitting attention embedding ResNet softmax backprop encoder
learning rate momentum stride framework tokenizer checkpoint word2vec batchnorm RNN
свёртка регуляризация переобучение нормализация градиентный спуск обучение внимание аугментация данные ядро слой
"""


def rewriter_of(text: str) -> Rewriter:
    return Rewriter(Vocabulary.of([ShardWords(build_words([passage(text)]))]))


@pytest.fixture(scope="module")
def rewriter() -> Rewriter:
    return rewriter_of(_TEXT)


@pytest.fixture(scope="module")
def known() -> Callable[[str], bool]:
    held = {terms_of(word)[0] for word in _TEXT.split()}
    return lambda word: terms_of(word)[0] in held


def _best(rewriter: Rewriter, known: Callable[[str], bool], word: str) -> dict[Reason, Candidate]:
    found = rewriter.candidates(word, known, there=known(word))
    return {candidate.reason: candidate for candidate in reversed(found)}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("регуляризатция", "регуляризация"), ("overfiting", "overfitting"), ("атеншн", "attention"), ("моментм", None)],
)
def test_a_misspelled_word_is_read_as_the_nearest(
    rewriter: Rewriter, known: Callable[[str], bool], typed: str, meant: str | None
) -> None:
    words = {word for candidate in rewriter.candidates(typed, known, there=False) for word in candidate.words}
    assert (meant in words) if meant else not words & {"слой", "ядро"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("дропаут", "dropout"),
        ("пулинг", "pooling"),
        ("паддинг", "padding"),
        ("кернел", "kernel"),
        ("оверфиттинг", "overfitting"),
        ("аттеншн", "attention"),
        ("эмбеддинги", "embedding"),
        ("резнет", "resnet"),
        ("софтмакс", "softmax"),
        ("энкодер", "encoder"),
        ("страйд", "stride"),
        ("фреймворк", "framework"),
        ("токенайзер", "tokenizer"),
        ("чекпоинт", "checkpoint"),
        ("батчнорм", "batchnorm"),
        ("ворд2век", "word2vec"),
        ("svertka", "свертка"),
        ("gradientnyj", "градиентный"),
        ("pereobuchenie", "переобучение"),
        ("vnimanie", "внимание"),
    ],
)
def test_a_word_in_the_other_alphabet_is_read_as_it_sounds(
    rewriter: Rewriter, known: Callable[[str], bool], typed: str, meant: str
) -> None:
    assert _best(rewriter, known, typed)[Reason.TRANSLITERATION].words == (meant,)


@pytest.mark.parametrize("typed", ["рубашка", "электричка", "weather", "ticket", "экзамен"])
def test_ordinary_words_are_no_slips(rewriter: Rewriter, known: Callable[[str], bool], typed: str) -> None:
    assert not rewriter.candidates(typed, known, there=False)


def test_an_everyday_word_is_read_as_its_cognate_and_not_as_a_false_friend() -> None:
    rewriter = rewriter_of("slow night, our model and its parameter")
    for word in ("слова", "найти"):
        assert not rewriter.candidates(word, lambda _: True, there=True)
    assert [c.words for c in rewriter.candidates("модель", lambda _: True, there=True)] == [("model",)]


def test_a_word_that_is_known_is_no_slip_and_no_sound_of_one_that_means_something_else() -> None:
    rewriter = rewriter_of("the error disappears, it was alone, a power of two; variance; включают максимизация")
    for word in ("дисперсии", "весами", "наклонный", "выключают"):
        found = rewriter.candidates(word, lambda _: True, there=False)
        assert {candidate.reason for candidate in found} <= {Reason.SPLIT}, word
    # what the table does not know may be anything that is spelled so
    slip = rewriter.candidates("максимизацыя", lambda _: True, there=False)
    assert [c.words for c in slip if c.reason is Reason.TYPO] == [("максимизация",)]


def test_words_written_together_and_apart(rewriter: Rewriter, known: Callable[[str], bool]) -> None:
    assert _best(rewriter, known, "ядрослой")[Reason.SPLIT].words == ("ядро", "слой")
    joined = rewriter.together("бэк", "проп", known)
    assert [(candidate.words, candidate.reason) for candidate in joined] == [(("backprop",), Reason.JOINED)]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("вкщзщге", "dropout"),
        ("gthtj,extybt", "переобучение"),
        ("cdthnrf", "свертка"),
        ("dropout", None),
        ("x>y?", None),
        ("C~_t", None),
        ("qwzxv", None),
    ],
)
def test_the_wrong_keyboard_layout_is_seen(
    rewriter: Rewriter, known: Callable[[str], bool], typed: str, meant: str | None
) -> None:
    assert rewriter.relayout(typed, known) == meant


def test_two_readings_that_are_equally_good_are_each_trusted_less() -> None:
    clear = rewriter_of("kernel слой")
    doubtful = rewriter_of("kernels kerneld")
    alone = clear.candidates("kernal", lambda _: True, there=False)[0]
    both = doubtful.candidates("kernelz", lambda _: True, there=False)
    assert alone.weight > max(candidate.weight for candidate in both)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("groessenordnung", "größenordnung"),
        ("groesse", "größe"),
        ("strasse", "straße"),
        ("oel", "öl"),
        ("überströmung", "ueberstroemung"),
    ],
)
def test_german_is_read_with_and_without_its_own_letters(typed: str, meant: str) -> None:
    rewriter = rewriter_of("Größenordnung Größe Straße Öl Ueberstroemung")
    held = {"größenordnung", "größe", "straße", "öl", "ueberstroemung"}
    assert rewriter.candidates(typed, held.__contains__, there=False) == [Candidate((meant,), 1.0, Reason.TYPO)]


def test_an_abbreviation_in_the_other_alphabet_is_read_letter_by_letter(
    rewriter: Rewriter, known: Callable[[str], bool]
) -> None:
    assert rewriter.candidates("рнн", known, there=False) == [Candidate(("rnn",), 0.95, Reason.TRANSLITERATION)]
    python = rewriter_of("str cnn knn")
    found = {word: python.candidates(word, lambda _: True, there=False) for word in ("стр", "кнн")}
    assert not any("str" in candidate.words for candidate in found["стр"])  # a page, in every day's Russian
    assert {candidate.words: candidate.weight for candidate in found["кнн"]} == {("cnn",): 0.7, ("knn",): 0.7}


def test_a_slip_that_sounds_the_same_is_surely_meant(rewriter: Rewriter, known: Callable[[str], bool]) -> None:
    assert _best(rewriter, known, "softmaks")[Reason.TYPO].weight >= 0.9
    assert _best(rewriter, known, "softmakt")[Reason.TYPO].weight < 0.75
    numbered = rewriter_of("resnet50")
    assert numbered.candidates("resnet500", lambda _: True, there=False)[0].weight < 0.9


def test_a_word_in_the_wrong_layout_may_be_one_in_the_other_alphabet(
    rewriter: Rewriter, known: Callable[[str], bool]
) -> None:
    assert rewriter.relayout("cjanvfrc", known) == "софтмакс"
    assert rewriter.relayout("gthtuhtp", known) is None

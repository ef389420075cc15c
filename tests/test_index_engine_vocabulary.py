"""The written words of courses: merged as if they were of one, by spelling and by sound."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from support import passage

from index.engine.vocabulary import ShardWords, Vocabulary, build_words, is_plain
from index.text.hashing import hash_texts

_WORDS = [
    "dropout",
    "pooling",
    "kernel",
    "kernels",
    "padding",
    "свёртка",
    "обучение",
    "слой",
    "attention",
    "лосс",
    "loss",
]


def _words(vocabulary: Vocabulary) -> dict[str, int]:
    return vocabulary.words()


def _shard(texts: list[str]) -> ShardWords:
    return ShardWords(build_words([passage(text, row) for row, text in enumerate(texts)]))


def test_words_are_counted_by_passage_folded() -> None:
    assert _words(Vocabulary.of([_shard(["Dropout dropout DROPOUT", "свёртка dropout x 42"])])) == {
        "dropout": 2,
        "свертка": 1,
    }


@given(
    st.lists(st.lists(st.lists(st.sampled_from(_WORDS), max_size=4).map(" ".join), max_size=3), min_size=1, max_size=4)
)
@settings(max_examples=60, deadline=None)
def test_several_courses_know_words_as_one_that_holds_all_their_passages(courses: list[list[str]]) -> None:
    merged = Vocabulary.of([_shard(texts) for texts in courses])
    whole = Vocabulary.of([_shard([text for texts in courses for text in texts])])
    assert _words(merged) == _words(whole)
    for word in ("dropuot", "kernelz", "обучния", "атеншн"):
        assert merged.spelled_like(word) == whole.spelled_like(word)
    for word in ("пулинг", "дропаут", "кернел", "sloj", "лосс", "loss"):
        assert merged.sounding_like(word) == whole.sounding_like(word)


@given(
    st.lists(st.lists(st.lists(st.sampled_from(_WORDS), max_size=4).map(" ".join), max_size=3), min_size=1, max_size=4),
    st.sets(st.integers(0, 3)),
)
@settings(max_examples=60, deadline=None)
def test_some_of_several_courses_know_words_as_if_there_were_no_others(
    courses: list[list[str]], chosen: set[int]
) -> None:
    shards = [_shard(texts) for texts in courses]
    own = [shard for number, shard in enumerate(shards) if number in chosen]
    part, alone = Vocabulary.of(shards).of_some(own), Vocabulary.of(own)
    assert _words(part) == _words(alone)
    for word in ("dropuot", "kernelz", "обучния", "атеншн"):
        assert part.spelled_like(word) == alone.spelled_like(word)
    for word in ("пулинг", "дропаут", "кернел", "sloj", "лосс", "loss"):
        assert part.sounding_like(word) == alone.sounding_like(word)
    stems = hash_texts(["dropout", "loss", "сло"])
    assert _words(part.part(stems)) == _words(alone.part(stems))


def test_the_likes_of_a_word_come_best_first() -> None:
    vocabulary = Vocabulary.of([_shard(["dropout kernel", "kernels kernels"]), _shard(["kernel пулинг"])])
    assert [other for other, _ in vocabulary.spelled_like("kernelz")] == ["kernel", "kernels"]
    assert [other for other, _ in vocabulary.sounding_like("дропаут")] == ["dropout"]
    assert [other for other, _ in vocabulary.sounding_like("pooling")] == ["пулинг"]
    assert vocabulary.spelled_like("attention") == ()


def test_a_sound_is_looked_for_among_those_of_its_length_however_long_it_is() -> None:
    long = "а" + "гропула" * 50
    vocabulary = Vocabulary.of([_shard(["dropout kernel pool", f"agropula{'gropula' * 49} {long}"])])
    part = vocabulary.part(hash_texts(["dropout", "pool"]))
    for word, found in (
        ("дропаут", ["dropout"]),
        ("пул", ["pool"]),
        ("дроп", ["dropout"]),
        ("дропаутикус" * 30, []),
    ):
        assert [other for other, _ in vocabulary.sounding_like(word)] == found
        assert [other for other, _ in part.sounding_like(word)] == found
    assert vocabulary.sounding_like(long) == ()  # nobody means a word of more than 255 letters


def test_no_courses_know_no_words() -> None:
    empty = Vocabulary.of([])
    assert (_words(empty), empty.spelled_like("kernel"), empty.sounding_like("кернел")) == ({}, (), ())
    assert _words(Vocabulary.of([_shard([]), _shard(["loss"])])) == {"loss": 1}


def test_a_plain_word_is_of_one_alphabet_without_dots() -> None:
    assert [word for word in ("слой", "loss", "softmax-слой", "z.backward", "a_b", "42") if is_plain(word)] == [
        "слой",
        "loss",
    ]


def test_a_part_holds_the_forms_of_the_given_words_only() -> None:
    vocabulary = Vocabulary.of([_shard(["dropout kernel kernels"]), _shard(["пулинг kernel loss"])])
    part = vocabulary.part(np.sort(hash_texts(["kernel", "пулинг"])))
    assert part.words() == {"kernel": 2, "kernels": 1, "пулинг": 1}
    assert part.spelled_like("kernelz") == vocabulary.spelled_like("kernelz")
    assert part.sounding_like("pooling") == vocabulary.sounding_like("pooling")
    assert part.sounding_like("дропаут") == ()


def test_a_shard_of_before_codes_and_stems_were_written_down_says_the_same() -> None:
    texts = ["dropout kernel kernels réseau", "свёртка größe слой"]
    arrays = build_words([passage(text, row) for row, text in enumerate(texts)])
    older = ShardWords(
        {name: own for name, own in arrays.items() if not name.startswith(("words.codes", "words.stems"))}
    )
    for shards in ([older], [older, _shard(["loss"])]):
        now = Vocabulary.of([ShardWords(arrays), *shards[1:]])
        before = Vocabulary.of(shards)
        assert _words(before) == _words(now)
        for word in ("kernelz", "reseua", "größee", "сверткка"):
            assert before.spelled_like(word) == now.spelled_like(word) != ()
        stems = np.sort(hash_texts(["kernel", "loss"]))
        assert _words(before.part(stems)) == _words(now.part(stems))


def test_letters_beyond_ascii_and_cyrillic_are_compared_too() -> None:
    vocabulary = Vocabulary.of([_shard(["straße réseau łódka"])])
    assert [other for other, _ in vocabulary.spelled_like("straßse")] == ["straße"]
    assert [other for other, _ in vocabulary.spelled_like("reseau")] == ["réseau"]
    assert [other for other, _ in vocabulary.spelled_like("łodka")] == ["łódka"]
    part = vocabulary.part(vocabulary.of([_shard(["straße"])])._words.stems)
    assert vocabulary.written_otherwise("strasse") == part.written_otherwise("strasse") == ("straße",)
    assert vocabulary.part(np.zeros(0, np.uint64)).written_otherwise("strasse") == ()

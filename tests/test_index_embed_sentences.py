"""The bundled sentence model: how words are cut into its pieces, what it finds alike, and what damage of its files says."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embed.encoder import load_encoder
from index.embed.outside import FILE, read_outside
from index.embed.pieces import BEGIN, END, UNKNOWN, Pieces
from index.embed.sentences import FOLDER, SentenceEmbedder, unpack
from index.errors import EmbedderError

_PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁drop", "drop", "out", "o", "ut", "▁dropout", "▁net", "s"]
_SCORES = [0.0, 0.0, 0.0, 0.0, -3.0, -4.0, -5.0, -4.5, -6.0, -6.5, -7.0, -4.0, -2.0]


def _best_score(word: str, scores: dict[str, float], unknown: float) -> float:
    """Of all cuts of a word, by trying each."""
    if not word:
        return 0.0
    return max(
        scores.get(word[:end], unknown if end == 1 else float("-inf")) + _best_score(word[end:], scores, unknown)
        for end in range(1, len(word) + 1)
    )


@pytest.fixture(scope="module")
def model() -> SentenceEmbedder:
    return SentenceEmbedder()


def test_a_word_is_cut_where_its_pieces_are_likeliest() -> None:
    pieces = Pieces(_PIECES, _SCORES)
    # "▁dropout" as a whole is likelier (-7) than "▁drop" and "out" (-8.5)
    assert pieces.numbers("dropout nets", 10) == [BEGIN, 10, 11, 12, END]
    assert pieces.numbers("drops", 10) == [BEGIN, 5, 12, END]


def test_letters_that_no_piece_has_are_unknown() -> None:
    assert Pieces(_PIECES, _SCORES).numbers("s✂s", 10) == [BEGIN, 4, 12, UNKNOWN, 12, END]


def test_no_more_pieces_are_read_than_asked_for() -> None:
    assert Pieces(_PIECES, _SCORES).numbers("nets " * 50, 3) == [BEGIN, 11, 12, 11, END]


@given(st.lists(st.sampled_from(["d", "r", "o", "p", "u", "t", "n", "e", "s", "✂"]), min_size=1, max_size=9))
def test_no_other_cut_of_a_word_is_likelier(letters: list[str]) -> None:
    word = "".join(letters)
    found = Pieces(_PIECES, _SCORES).numbers(word, 100)[1:-1]
    unknown = min(_SCORES[4:]) - 10
    score = sum(unknown if number == UNKNOWN else _SCORES[number] for number in found)
    assert score == pytest.approx(_best_score("▁" + word, dict(zip(_PIECES[4:], _SCORES[4:], strict=True)), unknown))


def test_four_bits_are_unpacked_as_they_were_packed() -> None:
    whole = np.arange(32) % 16
    packed = np.concatenate([np.array([0.5], "<f2").view(np.uint8), (whole[:16] | whole[16:] << 4).astype(np.uint8)])
    assert unpack(packed[None]).tolist() == [[(number - 8) / 2 for number in whole.tolist()]]


def test_what_is_described_is_nearer_than_what_is_not(model: SentenceEmbedder) -> None:
    passages = model.embed_passages(
        [
            "Dropout. During training each unit is switched off with probability p; at test time all of them work.",
            "Batch normalisation: subtract the mean of the batch, divide by its deviation, scale and shift.",
            "The convolution slides one small kernel over the whole picture, so its weights are shared.",
        ]
    )
    assert np.linalg.norm(passages, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    questions = ["наугад гасить часть нейронов, чтобы сеть не заучивала", "the same filter everywhere in an image"]
    assert [int((passages @ model.embed_query(text)).argmax()) for text in questions] == [0, 2]


def test_a_vector_is_the_same_on_every_processor(model: SentenceEmbedder) -> None:
    """The first numbers of what the layers say when they are worked out in 32 bits."""
    exact = {
        "что такое dropout и зачем он?": [0.0307, 0.0115, -0.0252, -0.0995, 0.0296, -0.0346, -0.0122, -0.0316],
        "why do we randomly switch off neurons": [0.0767, 0.0, -0.0323, -0.0669, 0.0701, -0.0097, 0.0136, -0.0001],
    }
    for vector, numbers in zip(model.embed_passages([*exact]), exact.values(), strict=True):
        assert vector[:8] == pytest.approx(numbers, abs=0.003)


def test_a_vector_does_not_hang_on_what_is_read_beside_it(model: SentenceEmbedder) -> None:
    texts = ["A short one.", "Рекуррентная сеть читает слово за словом. " * 30, ""]
    together = model.embed_passages(texts)
    assert all(np.array_equal(model.embed_passages([text])[0], row) for text, row in zip(texts, together, strict=True))
    assert np.isfinite(together).all()


def test_many_threads_may_ask_a_model_that_nobody_asked_before() -> None:
    fresh = SentenceEmbedder()
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(fresh.embed_query, ["what is a tensor"] * 16))
    assert all(np.array_equal(vector, found[0]) for vector in found)


@pytest.mark.parametrize("text", ["\0", "\ud800", "ﷺ" * 9_000, "a" * 100_000, "слово " * 50_000, "🙂‍↔️\n\t"])
def test_no_text_is_too_odd_to_be_read(model: SentenceEmbedder, text: str) -> None:
    assert np.linalg.norm(model.embed_query(text)) == pytest.approx(1, abs=1e-5)


def _copied(folder: Path) -> Path:
    for path in FOLDER.glob("sentences-v1.*"):
        shutil.copy(path, folder)
    return folder


@pytest.mark.parametrize("kind", ["onnx", "safetensors", "pieces.txt"])
@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_damaged_file_is_told_by_each_question_and_read_once(tmp_path: Path, kind: str, damage: str) -> None:
    path = _copied(tmp_path) / f"sentences-v1.{kind}"
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"x" + content[1:])
    model = SentenceEmbedder(tmp_path)  # what is searched by words is opened all the same
    said = rf"sentences-v1\.{kind} of the bundled sentence model .* install the application again"
    with pytest.raises(EmbedderError, match=said):
        model.embed_query("tensor")
    path.write_bytes(content)
    with pytest.raises(EmbedderError, match=said):
        model.embed_query("tensor")


def test_a_damaged_record_is_told_at_once(tmp_path: Path) -> None:
    for content in ("{", "[]", '{"files": 1}', "{}"):
        (tmp_path / "sentences-v1.json").write_text(content, "utf-8")
        with pytest.raises(
            EmbedderError, match=r"record of the bundled sentence model .* install the application again"
        ):
            SentenceEmbedder(tmp_path)


def test_where_onnxruntime_is_missing_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EmbedderError, match=r"cannot be run \(ModuleNotFoundError.*install the application again"):
        SentenceEmbedder().embed_query("tensor")


def test_the_setting_builtin_names_it() -> None:
    encoder = load_encoder("builtin", 60_000)
    assert encoder is not None
    assert encoder.fingerprint.startswith("encoder:sentences-v1:")
    assert encoder.across_alphabets
    vector, problem = encoder.ask("что такое градиентный спуск").answer()
    assert (vector is not None and vector.shape, problem) == ((384,), "")


@pytest.mark.parametrize(
    ("asked", "answered_by_none"),
    [
        ("как приготовить борщ на говяжьем бульоне", True),
        ("what time does the pharmacy close on Sunday", True),
        ("во сколько начинается экзамен и где он", True),
        ("почему градиент затухает в глубокой сети", False),
        ("how does photosynthesis store energy", False),
        ("условия Каруша — Куна — Таккера", False),
    ],
)
def test_what_no_lecture_answers_is_told_from_what_one_might(
    model: SentenceEmbedder, asked: str, answered_by_none: bool
) -> None:
    assert (read_outside(model.fingerprint).odds(model.embed_query(asked)) > 0) is answered_by_none


@pytest.mark.parametrize("content", ["{}", '{"model": "m", "constant": 1, "weights": "x"}', "no JSON"])
def test_a_damaged_list_of_weights_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / FILE.name
    path.write_text(content, "utf-8")
    with pytest.raises(EmbedderError, match=r"outside-v1\.json could not be read .*install the application again"):
        read_outside("m", path)
    path.unlink()
    with pytest.raises(EmbedderError, match="No such file"):
        read_outside("m", path)


def test_weights_of_another_model_are_refused(model: SentenceEmbedder) -> None:
    with pytest.raises(EmbedderError, match=f"made for the model {model.fingerprint}, and this is another"):
        read_outside("another")

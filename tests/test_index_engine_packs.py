"""Packs of concepts: the format, what is doubtful, and which concept a text describes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from index.engine.dictionary import (
    Dictionary,
    PackWords,
    _bundled,
    _digest_of_bundled,
    _named,
    embed_descriptions,
    load_dictionary,
    words_of_descriptions,
    write_read,
)
from index.engine.packs import BUNDLED, FOLDER, Pack, doubts, find_packs, read_pack
from index.errors import InvalidRequest
from service.cli import app

ANATOMY = """# Anatomy
= mitral valve | митральный клапан
ru: не даёт крови течь обратно из желудочка в предсердие
en: keeps blood from flowing back into the upper chamber

= femur | бедренная кость
ru: самая длинная часть скелета, от таза до колена
en: the longest part of the skeleton, from hip to knee
"""


def _pack(folder: Path, text: str = ANATOMY) -> Path:
    path = folder / "anatomy.txt"
    path.write_text(text, "utf-8")
    return path


def test_a_pack_is_names_and_descriptions(tmp_path: Path) -> None:
    pack = read_pack(_pack(tmp_path))
    assert pack.name == "anatomy"
    assert [concept.names for concept in pack.concepts] == [
        ("mitral valve", "митральный клапан"),
        ("femur", "бедренная кость"),
    ]
    assert pack.concepts[1].descriptions[1] == "the longest part of the skeleton, from hip to knee"
    assert pack.concepts[1].line == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ru: ничьё описание\n", "Line 1 of the pack .* describes something before its names"),
        ("= femur\nbone of the leg\n", "Line 2 of the pack .* begins neither with ="),
        ("= | \n", "Line 1 of the pack .* has no name"),
        ("= femur\nen: \n", "Line 2 of the pack .* describes nothing"),
        (f"= femur\nen: {'long ' * 80}\n", "Line 2 of the pack .* has 403 characters"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        read_pack(_pack(tmp_path, text))


def test_a_pack_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="There is no pack 'mll'"):
        find_packs(["mll"])
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_pack(tmp_path)


def test_doubts_name_descriptions_that_give_the_name_away(tmp_path: Path) -> None:
    pack = read_pack(_pack(tmp_path, f"{ANATOMY}= heart\nen: the heart of it\nen: it beats all your life\n"))
    assert doubts(pack) == ["line 9 (heart): “the heart of it” holds a name of the concept; describe it without"]


def test_a_text_describes_the_concept_whose_description_is_nearest(tmp_path: Path) -> None:
    dictionary = Dictionary([read_pack(_pack(tmp_path))])
    for text, name in (
        ("what stops blood from flowing back", "mitral valve"),
        ("длинная часть ноги от колена", "femur"),
        ("the long one between knee and hip", "femur"),
    ):
        assert next(dictionary.describe(text)).concept.names[0] == name


def test_its_very_words_match_wholly_and_other_words_hardly(tmp_path: Path) -> None:
    dictionary = Dictionary([read_pack(_pack(tmp_path))])
    first, second = dictionary.describe("the longest part of the skeleton, from hip to knee")
    assert first.score > 0.6
    assert second.score < 0.3


def test_what_is_described_well_enough_is_found_as_if_every_description_were_compared() -> None:
    dictionary = load_dictionary(["ml"])
    assert dictionary is not None
    for text in ("наугад гасить часть нейронов", "stop training before it gets worse on new data"):
        found, every = list(dictionary.describe(text, 0.28)), list(dictionary.describe(text))
        assert [own.concept for own in found] == [own.concept for own in every if own.score >= 0.28]
        # a product of other rows is rounded otherwise
        assert [own.score for own in found] == pytest.approx([own.score for own in every[: len(found)]])
        assert found


def test_a_concept_without_descriptions_is_a_name_only(tmp_path: Path) -> None:
    dictionary = Dictionary([read_pack(_pack(tmp_path, f"= tibia | большеберцовая кость\n{ANATOMY}"))])
    scores = {own.concept.names[0]: own.score for own in dictionary.describe("from hip to knee")}
    assert scores["tibia"] == 0
    assert [term.counterpart for term in dictionary.names.find(["tibia"])] == ["большеберцовая кость"]


def test_no_packs_are_no_dictionary() -> None:
    assert load_dictionary([]) is None


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_packs_have_many_descriptions_and_few_doubts(name: str) -> None:
    pack = read_pack(FOLDER / f"{name}.txt")
    assert len(pack.concepts) >= 300
    counts = [len(concept.descriptions) for concept in pack.concepts]
    assert min(counts) >= 4
    assert len(doubts(pack)) < 0.15 * len(pack.concepts)


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_vectors_are_those_of_the_bundled_texts(name: str) -> None:
    # else every start would embed them: run `python -m training packs`
    pack = read_pack(FOLDER / f"{name}.txt")
    kept = Dictionary([pack])._vectors
    exact = embed_descriptions(pack)
    assert len(kept) == len(exact)
    assert not np.array_equal(kept, exact), "embedded at the start"
    assert np.abs(kept - exact).max() < 0.005


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_words_are_those_of_the_bundled_texts(name: str) -> None:
    pack = read_pack(FOLDER / f"{name}.txt")
    kept, made = PackWords(_bundled(pack) or {}), PackWords(words_of_descriptions(pack))
    for stem in ("neural", "случайн", "the", "unheard"):
        for own, other in zip(kept.held(stem), made.held(stem), strict=True):
            np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize("name", BUNDLED)
def test_what_names_are_looked_up_by_is_kept_beside_the_bundled_texts(name: str) -> None:
    pack = read_pack(FOLDER / f"{name}.txt")
    kept, made = list(_named(pack, _bundled(pack))), list(_named(pack, None))
    assert "names.keys" in (_bundled(pack) or {}), "looked up at the start"
    assert kept == made


@pytest.mark.parametrize("name", BUNDLED)
def test_a_text_that_was_read_before_is_read_the_same_without_being_looked_through(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = read_pack(FOLDER / f"{name}.txt")
    assert _digest_of_bundled(name) == pack.digest
    monkeypatch.setattr("index.engine.packs._take", lambda *_: pytest.fail("looked through"))
    assert read_pack(FOLDER / f"{name}.txt", pack.digest) == pack


def test_a_text_that_was_changed_since_is_looked_through(tmp_path: Path) -> None:
    digest = read_pack(_pack(tmp_path)).digest
    assert _digest_of_bundled("anatomy") == ""
    with pytest.raises(InvalidRequest, match="Line 9 of the pack"):
        read_pack(_pack(tmp_path, f"{ANATOMY}nothing of it\n"), digest)


def test_names_that_would_be_read_otherwise_are_not_kept(tmp_path: Path) -> None:
    path = _pack(tmp_path, f"{ANATOMY}= tibia | in the\nen: the bone beside the calf\n")
    with pytest.raises(ValueError, match="words that only join"):
        write_read(read_pack(path), path.with_suffix(".safetensors"))


def test_a_dictionary_that_two_threads_ask_for_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read: list[Path] = []

    def slowly(path: Path, known: str = "") -> Pack:
        read.append(path)
        time.sleep(0.05)
        return read_pack(path, known)

    monkeypatch.setattr("index.engine.dictionary.read_pack", slowly)
    chosen = [str(_pack(tmp_path))]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(load_dictionary, [chosen] * 4))
    assert len(read) == 1
    assert all(own is found[0] for own in found)


def test_a_word_is_held_by_the_concepts_of_every_pack_that_describe_with_it(tmp_path: Path) -> None:
    first, second = _pack(tmp_path), tmp_path / "second.txt"
    second.write_text("= aorta\nen: the longest vessel\n\n= skull\nen: what keeps the brain\n", "utf-8")
    together = Dictionary([read_pack(first), read_pack(second)])
    whole = tmp_path / "whole.txt"
    whole.write_text(first.read_text("utf-8") + "\n" + second.read_text("utf-8"), "utf-8")
    for text in ("the longest of all", "from hip to knee", "keeps the brain", "nothing of it"):
        found = [(own.concept.names, own.score) for own in together.describe(text)]
        assert found == [(own.concept.names, own.score) for own in Dictionary([read_pack(whole)]).describe(text)]


def test_check_prints_what_it_read(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["packs", "check", str(_pack(tmp_path))])
    assert result.stdout.strip() == "2 concepts, 4 descriptions, 0 doubts"

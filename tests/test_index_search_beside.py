"""Whether the words of a name stand together in what is searched, and what follows where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support import make_generation, passage

from index.engine.glossary import GeneralGlossary, named_in
from index.search.beside import in_one_breath, is_one_name
from index.search.compared import others_named
from index.search.coverage import _is_verbatim
from index.search.lexicon import Lexicon
from index.search.named import joined_unmet, letters_unmet, share_unmet, strangers
from index.search.query import QueryReader
from index.search.scope import Scope, make_scope
from index.search.subject import Sign, read_signs, share_missing
from index.text.analysis import stem, word_weight
from index.types import Filters, IndexedPassage, Phrase, Reading, Reason, Word


def _scope(root: Path, *texts: str) -> Scope:
    passages = [passage(text, page) for page, text in enumerate(texts, 1)]
    return make_scope(make_generation(root, {"c": passages}), Filters())


def _word(text: str) -> Word:
    return Word(text, word_weight(text), (Reading(((stem(text.lower()), 1.0),), 1.0, Reason.TYPED, text),))


def _sign(text: str, place: int, **more: object) -> Sign:
    sign = Sign(text, 3.0, 1.0, 0.8, 0.0, heard=True, weight=1.0, terms=frozenset({stem(text.lower())}), place=place)
    return replace(sign, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "is_name"),
    [
        ("the learning rate is small", True),
        ("a learning-rate of one", True),
        ("how fast is it: the rate of the learning", True),  # the other way round
        ("«learning (rate)»", True),
        ("the learning step rate", True),  # one more word inside
        ("the rate needs learning", False),
        ("learning needs a lower rate", False),
        ("what we call learning. Rate it", False),
        ("a rate\n\nlearning", False),
        ("the rate at which the network is learning", False),
    ],
)
def test_the_words_of_a_name_stand_right_beside_each_other(tmp_path: Path, said: str, is_name: bool) -> None:
    assert is_one_name("learn", "rate", _scope(tmp_path, said)) is is_name


def test_a_name_is_looked_for_beyond_the_first_passages_that_hold_its_words(tmp_path: Path) -> None:
    scope = _scope(tmp_path, *["learning at a lower rate"] * 20, "the learning rate")
    assert is_one_name("learn", "rate", scope)


def test_of_a_term_that_is_asked_for_the_words_must_stand_as_a_name(tmp_path: Path) -> None:
    asked = [_sign("target", 2, asked=True), _sign("encoding", 3, asked=True)]
    near = _scope(tmp_path / "near", "one-hot encoding of all columns but the target")
    assert [share_missing(asked, near, meant) for meant in (0.0, 1.0)] == pytest.approx([0.9, 0.63])
    there = _scope(tmp_path / "there", "encoding of the target")
    assert share_missing(asked, there) == 0
    # where it is met may be said otherwise: "a salt in password hashing"
    behind = [_sign("salt", 1, asked=True), replace(asked[0], place=3), replace(asked[1], place=4)]
    assert share_missing(behind, near) == 0


def test_words_near_each_other_are_no_term_that_is_said_as_it_was_asked(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "operations change the conditions, and the target encoding too")
    assert not _is_verbatim([_word("operations"), _word("conditions")], scope)
    assert _is_verbatim([_word("target"), _word("encoding")], scope)


@pytest.mark.parametrize(
    ("said", "unmet"),
    [
        ("pick a commit of this branch", ("cherry-pick",)),
        ("a cherry is on the tree; pick it", ("cherry-pick",)),
        ("git cherry-pick takes a commit", ()),
        ("cherry picking is easy", ()),
    ],
)
def test_a_joined_name_is_there_where_its_parts_stand_together(
    tmp_path: Path, said: str, unmet: tuple[str, ...]
) -> None:
    scope = _scope(tmp_path, said, "a commit")
    known = frozenset({"cherri"}) if scope.frequency("cherri") else frozenset()
    signs = [_sign("cherry", 3, terms=known), _sign("pick", 4), _sign("commit", 6)]
    assert joined_unmet("how do I cherry-pick a commit", signs, scope, 0.0) == unmet
    # a small part of a long question sets its scene
    assert joined_unmet("how do I cherry-pick a commit", [*signs, *signs, *signs], scope, 1.0) == ()
    everyday = [_sign("text", 3), _sign("message", 4)]
    assert joined_unmet("why are text-message codes bad", everyday, scope, 0.0) == ()


def test_two_letters_with_a_stroke_are_a_name(tmp_path: Path) -> None:
    assert letters_unmet("how to run an A/B test", _scope(tmp_path / "1", "a test of b"), [0]) == ("A/B",)
    assert letters_unmet("how to run an A/B test", _scope(tmp_path / "2", "an A / B test"), [0]) == ()
    many = " ".join(f"{one}/{other}" for one in "ABCDEFGHIJ" for other in "KLMNOPQRST")
    assert len(letters_unmet(many, _scope(tmp_path / "3", "a test of b"), [0])) <= 6  # a page of them decides no more


@pytest.mark.parametrize(
    ("written", "more", "share"),
    [
        ("сабмодуль", {"heard": False}, 0.35),
        ("диссонанс", {"known": 0.2}, 0.35),  # read as what it is hardly
        ("разглашением", {"heard": False}, 0.35),
        ("фуко", {"heard": False}, 0.0),
        ("Фуко", {"heard": False}, 0.35),  # written as a name
        ("зависла", {"heard": False}, 0.0),  # what is done is said in many words
        ("бустинг", {"heard": False}, 0.0),  # the table knows what it means
        ("сабмодуль", {"heard": True}, 0.0),  # a Russian course may have it in another form
        ("сабмодуль", {"heard": False, "name": 0.8}, 0.0),  # everyday language says it
    ],
)
def test_a_cyrillic_term_that_nothing_knows_is_not_there(written: str, more: dict[str, object], share: float) -> None:
    unknown = _sign(written, 1, **{"known": 0.0, "name": 1.0, "terms": frozenset(), **more})
    known = _sign("git", 3)
    assert share_unmet([unknown, known], 0.0) == pytest.approx(share)
    assert share_unmet([unknown, known], 1.0) == 0


def test_a_name_with_a_capital_may_be_a_word_that_is_seldom_said() -> None:
    azure = _sign("Azure", 2, known=0.0, name=0.6, terms=frozenset())
    assert share_unmet([_sign("deploy", 1), azure], 0.0) == pytest.approx(0.5)
    assert share_unmet([_sign("deploy", 1), replace(azure, text="azure")], 0.0) == 0
    assert share_unmet([_sign("deploy", 1), replace(azure, name=0.4)], 0.0) == 0


def test_a_name_beside_ordinary_english_words_is_of_no_other_language(tmp_path: Path) -> None:
    scope = _scope(tmp_path, "a transaction has its speed")
    for query, heard in (("Ethereum vs Solana transaction speed", True), ("vitesse de Solana", False)):
        signs = read_signs([Phrase(tuple(map(_word, query.split())))], (), scope, ("en",))
        assert [sign.heard for sign in signs if sign.text == "Solana"] == [heard]


@pytest.mark.parametrize(
    ("said", "unknown"),
    [
        ("a proof that much is at stake, and mining", ()),
        ("a proof that is written down, and mining, of which every miner has a stake", ("proof of stake",)),
    ],
)
def test_a_side_that_is_of_something_is_there_where_both_words_stand_near(
    tmp_path: Path, said: str, unknown: tuple[str, ...]
) -> None:
    scope = _scope(tmp_path, said, *["a stake of mining"] * 2, *["another slide"] * 20)
    phrases = [Phrase((_word(text),)) for text in "proof of stake vs bitcoin mining".split()]
    signs = read_signs(phrases, (), scope, ("en",))
    assert others_named(phrases, signs, scope, [], ("en",), 0.0) == unknown


def test_small_words_that_join_nothing_leave_no_name(tmp_path: Path) -> None:
    glossary = GeneralGlossary([named_in("mix precision|смешанная точность")])
    scope = _scope(tmp_path, "mix it with all that there is in the kitchen of your home and, later, precision")
    for query, found in (("mix up precision", 0), ("mix precision", 1)):
        assert len(strangers([_word(text) for text in query.split()], scope, [glossary], "en")) == found


def test_the_s_of_an_abbreviation_with_a_number_is_none_of_a_plural_alone(tmp_path: Path) -> None:
    reader = QueryReader(Lexicon(_scope(tmp_path, "K8s is what Kubernetes is also called")))
    for query in ("k8s", "K8s"):
        (phrase,) = reader.read(query)
        assert phrase.words[0].readings[0].terms[0][0] == "k8"
    (phrase,) = reader.read("x2s")
    assert phrase.words[0].readings[0].terms[0][0] == "x2s"


@pytest.mark.parametrize("query", ["what is dropout averaging", "how does batch stopping work"])
def test_what_is_asked_for_by_two_words_of_the_course_is_absent_where_they_make_no_name(
    client: TestClient, query: str
) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


def test_passages_are_looked_through_once_for_the_same_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scope = _scope(tmp_path, "the learning rate", "learning by itself, and much further on in the text comes the rate")
    looked = list[int]()
    passages = scope.generation.passages

    def counted(rows: Sequence[int]) -> list[IndexedPassage]:
        looked.extend(rows)
        return passages(rows)

    monkeypatch.setattr(scope.generation, "passages", counted)
    assert in_one_breath(["learn", "rate"], scope)
    seen = len(looked)
    assert in_one_breath(("learn", "rate"), scope)
    assert len(looked) == seen
    assert not in_one_breath(["learn", "rate"], scope, 10)  # nearer than they stand
    assert len(looked) > seen

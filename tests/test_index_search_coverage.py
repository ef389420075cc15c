"""From evidence to coverage, and what a search on the example course says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from starlette.testclient import TestClient
from support import make_generation, passage

from index.engine.glossary import GeneralGlossary, named_in
from index.search.coverage import Evidence, _is_verbatim, judge_coverage
from index.search.lexicon import Lexicon
from index.search.named import letters_unmet, share_strange, share_unmet, strangers, unmet_names
from index.search.query import QueryReader
from index.search.scope import Scope, make_scope
from index.search.search import coverage_of
from index.search.subject import Shares, Sign, read_signs, share_apart, share_missing, shares_of
from index.text.analysis import stem
from index.types import Coverage, Filters, Phrase, Reading, Reason, Word

_NONE = Evidence(
    said=0.1,
    promised=0.0,
    near=0.2,
    keyness=0.0,
    lacking=0.3,
    missing=0.0,
    apart=0.0,
    together=0.0,
    title=0.0,
    foreign=0.0,
)
_SOME = replace(_NONE, said=0.6, near=0.4, keyness=0.2, lacking=0.0, together=0.4)
_FULL = replace(_SOME, said=1.0, keyness=0.8, together=1.0, title=1.0)


def test_evidence_is_weighed() -> None:
    assert judge_coverage(_FULL) is Coverage.EXPLAINED
    assert judge_coverage(_SOME) is Coverage.MENTIONED
    assert judge_coverage(_NONE) is Coverage.ABSENT
    assert judge_coverage(None) is Coverage.ABSENT


def test_a_name_that_the_course_does_not_know_is_not_outvoted_by_its_neighbours() -> None:
    assert judge_coverage(replace(_SOME, lacking=0.6, missing=0.6)) is Coverage.ABSENT


def test_a_common_word_that_the_course_does_not_know_makes_its_term_unknown() -> None:
    assert judge_coverage(replace(_SOME, missing=0.5)) is Coverage.ABSENT


def test_two_known_words_that_never_stand_together_are_no_term_of_the_course() -> None:
    assert judge_coverage(replace(_SOME, together=0.0, apart=1.0)) is Coverage.ABSENT


@pytest.mark.parametrize("query", ["как бороться с переобучением", "fight overfitting"])
def test_an_everyday_verb_beside_a_term_makes_no_unknown_term_of_it(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "explained"


@pytest.mark.parametrize(
    "query", ["what is dropout attention", "explain group dropout", "как работает внимание переобучения"]
)
def test_a_term_whose_words_are_there_but_never_together_is_absent(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


@pytest.mark.parametrize(
    "query",
    [
        "объясни простыми словами, что такое ранняя остановка",
        "дай определение самовнимания",
        "на какой лекции был dropout",
        "а что лектор говорит о переобучении",
        "can you explain early stopping to me in plain words",
        "what is the intuition behind dropout",
        "does the course cover batch normalization",
    ],
)
def test_how_a_term_is_asked_for_says_nothing_against_it(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "explained"


@pytest.mark.parametrize(
    "query",
    [
        "на какой лекции была Mamba",
        "как реализовать XGBoost на практике",
        "какую задачу решает beam search",
        "what is the intuition behind label smoothing",
        "does the course cover particle filters",
        "is gradient boosting mentioned anywhere",
    ],
)
def test_how_a_term_is_asked_for_makes_no_unknown_one_known(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


def test_two_letters_of_a_name_that_changed_places_are_a_slip(client: TestClient) -> None:
    assert client.get("/api/search", params={"q": "explain RMSPorp"}).json()["coverage"] == "explained"
    assert client.get("/api/search", params={"q": "explain RMSDrop"}).json()["coverage"] == "absent"
    assert client.get("/api/search", params={"q": "RMSPorp"}).json()["unknown_words"] == []


def test_neighbours_whose_term_is_there_by_another_name_are_not_apart() -> None:
    first, second = (
        Sign(text, 3.0, 1.0, 0.8, 0.0, heard=True, weight=1.0, terms=frozenset({text}), place=place, asked=True, term=0)
        for place, text in enumerate(("early", "stopping"))
    )
    nowhere = cast(Scope, None)  # not looked at: the other name was found before
    assert share_missing([first, second], nowhere) == 0


def test_words_that_never_stand_together_say_less_where_a_passage_means_what_was_asked(tmp_path: Path) -> None:
    texts = ["dropout\nзануляет часть сети", "units\nнейроны слоя"]
    generation = make_generation(tmp_path, {"c": [passage(text, page) for page, text in enumerate(texts, 1)]})
    scope = make_scope(generation, Filters())
    asked = [
        Sign(text, 3.0, 1.0, 0.8, 0.0, heard=True, weight=1.0, terms=frozenset({term}), place=place, asked=True)
        for place, (text, term) in enumerate((("dropout", "dropout"), ("units", "unit")))
    ]
    bare = [replace(sign, asked=False, bare=True) for sign in asked]
    # what is surely asked for by its name is not quite there
    assert [share_missing(asked, scope, meant) for meant in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.85, 0.7])
    assert [share_apart(bare, scope, meant) for meant in (0.0, 0.25, 1.0)] == [1.0, 0.75, 0.0]
    unknown = [replace(asked[0], known=0.0, terms=frozenset(), name=1.0), asked[1]]
    assert share_missing(unknown, scope, 1.0) == share_missing(unknown, scope, 0.0) == 0.5
    everyday = [replace(unknown[0], name=0.0), asked[1]]
    assert [share_missing(everyday, scope, meant) for meant in (0.0, 0.5, 1.0)] == [0.5, 0.25, 0.0]


def test_a_question_that_no_lecture_answers_is_none_of_this_course_unless_the_course_is_surely_about_it() -> None:
    assert judge_coverage(replace(_SOME, outside=2.0)) is Coverage.ABSENT
    assert judge_coverage(replace(_FULL, outside=1.0)) is Coverage.EXPLAINED


def test_a_description_in_everyday_words_that_fits_the_course_is_mentioned_and_no_more() -> None:
    described = replace(_SOME, keyness=0.0, near=0.3, resemblance=0.0)
    assert judge_coverage(described) is Coverage.ABSENT
    assert judge_coverage(replace(described, fitting=0.8)) is Coverage.MENTIONED
    assert judge_coverage(replace(described, keyness=0.12, near=0.4, fitting=1.0)) is Coverage.MENTIONED
    assert judge_coverage(replace(described, fitting=1.0, strange=0.5)) is Coverage.ABSENT  # it names something else


def test_what_names_something_unknown_is_not_all_explained() -> None:
    assert judge_coverage(replace(_FULL, lacking=0.3)) is Coverage.MENTIONED


def test_what_resembles_the_question_makes_it_mentioned_and_no_more() -> None:
    described = replace(_SOME, keyness=0.02, near=0.36)  # in other words than the course's
    assert judge_coverage(described) is Coverage.ABSENT
    assert judge_coverage(replace(described, resemblance=0.1)) is Coverage.MENTIONED
    assert judge_coverage(replace(_SOME, resemblance=0.1)) is Coverage.MENTIONED
    said_by_chance = replace(_SOME, keyness=0.1)
    assert judge_coverage(said_by_chance) is Coverage.MENTIONED
    assert judge_coverage(replace(said_by_chance, resemblance=-0.1)) is Coverage.ABSENT
    assert judge_coverage(replace(_SOME, resemblance=0.1, strange=0.5)) is Coverage.ABSENT


def test_a_word_of_another_language_is_of_the_subject_as_far_as_the_course_is_near() -> None:
    unheard = Sign("муссон", 5.0, known=0.0, keyness=0.3, name=1.0, heard=False, weight=1.0)
    assert shares_of([unheard], nearness=0.1) == Shares(0.0, 0.0, 1.0, across=1.0)
    assert shares_of([unheard], nearness=0.4).keyness == pytest.approx(0.3)
    # asked for by a name that no glossary knows, it is less
    assert shares_of([replace(unheard, asked=True)], nearness=0.4).keyness == pytest.approx(0.15)


def test_a_term_that_a_passage_says_is_at_least_mentioned() -> None:
    for absent in (replace(_FULL, unmet=0.4), replace(_FULL, missing=1.0)):
        assert judge_coverage(absent) is Coverage.ABSENT
        assert judge_coverage(replace(absent, verbatim=True)) is Coverage.MENTIONED


def test_a_term_of_several_words_is_said_where_they_stand_beside_each_other(tmp_path: Path) -> None:
    texts = [
        "the receptive field grows",
        "a receptive listener may well go and sit down with all the others somewhere in the middle of a green field",
    ]
    for text, said in zip(texts, (True, False), strict=True):
        scope = make_scope(make_generation(tmp_path / str(said), {"c": [passage(text)]}), Filters())
        phrases = QueryReader(Lexicon(scope)).read("receptive field")
        assert _is_verbatim([word for phrase in phrases for word in phrase.words], scope) is said
        assert not _is_verbatim(phrases[0].words[:1], scope)  # one word may be said by chance


@pytest.mark.parametrize(
    ("text", "known"),
    [("we train the inference networks together", 1.0), ("what we infer here is said by the network", 0.0)],
)
def test_another_name_of_a_term_is_there_where_nothing_stands_between_its_words(
    tmp_path: Path, text: str, known: float
) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage(text)]}), Filters())
    called = Reading((("infer", 1.0), ("network", 1.0)), 0.4, Reason.SYNONYM, "inference network")
    typed = (_word("amortized"), _word("guess"))
    signs = read_signs([Phrase(typed, (called,))], typed, scope, ("en",))
    assert [sign.known for sign in signs] == [known, known]


@pytest.mark.parametrize(
    ("said", "unmet"),
    [
        ("a search with A* is quick", ()),
        ("here A∗ is quick", ()),
        ("then A star finds it", ()),
        ("алгоритм A-звезда", ()),
        ("a *search* in a tree", ("A*",)),
        ("the search of a tree", ("A*",)),
    ],
)
def test_a_letter_with_a_star_is_a_name(tmp_path: Path, said: str, unmet: tuple[str, ...]) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage(said)]}), Filters())
    assert letters_unmet("how does A* search work, and A*?", scope, [0]) == unmet
    assert letters_unmet("how does search of a * work, or f(A*), or **A**?", scope, [0]) == ()


@pytest.mark.parametrize(
    ("said", "unmet"),
    [
        ("k-means finds clusters", ()),
        ("the k means of a set", ()),
        ("one kmean is here", ()),
        ("k clusters, each with its mean", ("k-means",)),
    ],
)
def test_a_letter_that_is_joined_to_a_word_is_a_name(tmp_path: Path, said: str, unmet: tuple[str, ...]) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage(said)]}), Filters())
    assert letters_unmet("How does k-means clustering work?", scope, [0]) == unmet
    for counted in ("the n-dimensional case", "x-axis and i-th row", "a non-k-means thing"):
        assert letters_unmet(counted, scope, [0]) == ()


def test_a_latin_word_beside_cyrillic_ones_is_jargon_even_if_some_language_has_it_as_a_word(tmp_path: Path) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage("git keeps commits")]}), Filters())
    signs = read_signs([Phrase((_word("разница"), _word("Gerrit")))], (), scope, ("en",))
    assert [sign.heard for sign in signs] == [False, True]
    (alone,) = read_signs([Phrase((_word("Gerrit"),))], (), scope, ("en",))
    assert not alone.heard


def test_a_name_beside_english_or_what_compares_belongs_to_no_other_language(tmp_path: Path) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage("vim edits a text")]}), Filters())
    for query in (("who", "found", "the", "Stroop", "effect"), ("kakoune", "vs", "vim")):
        signs = read_signs([Phrase(tuple(map(_word, query)))], (), scope, ("en",))
        assert all(sign.heard for sign in signs if sign.text in {"Stroop", "kakoune"})


def test_a_rare_word_is_no_everyday_one_that_only_sounds_like_it(tmp_path: Path) -> None:
    texts = ["facing the window", *["the kernel of a convolution"] * 3, *["a slide about something else"] * 2_000]
    passages = [passage(text, page) for page, text in enumerate(texts, 1)]
    scope = make_scope(make_generation(tmp_path, {"c": passages}), Filters())

    def known(typed: str, term: str) -> float:
        own = Reading(((typed, 1.0),), 1.0, Reason.TYPED, typed)
        heard = Reading(((term, 1.0),), 0.95, Reason.TRANSLITERATION, term)
        (sign,) = read_signs([Phrase((Word(typed, 1.0, (own, heard)),))], (), scope, ("en",))
        return sign.known

    assert known("фаззинг", "face") < 0.5
    assert known("кернелл", "kernel") == 1.0


def test_two_words_that_are_read_as_one_word_are_no_term(tmp_path: Path) -> None:
    scope = make_scope(make_generation(tmp_path, {"c": [passage("balance the load")]}), Filters())
    first, second = (
        Sign(text, 3.0, 0.9, 0.4, 1.0, heard=True, weight=1.0, terms=frozenset({"balanc"}), place=place, asked=True)
        for place, text in enumerate(("балансировщик", "нагрузки"))
    )
    assert share_missing([first, second], scope) == 1.0
    load = replace(second, terms=frozenset({"load"}))
    assert share_missing([first, load], scope) == pytest.approx(0.1)
    both = replace(second, text="balance")  # the word, and the same in the other alphabet
    assert share_missing([first, both], scope) == pytest.approx(0.1)


def test_a_name_is_not_there_by_one_of_its_words_that_is_said_in_another_form_only(tmp_path: Path) -> None:
    glossary = GeneralGlossary([named_in("knowledge distillation|distillation")])

    def strange(text: str) -> int:
        generation = make_generation(tmp_path / str(len(text)), {"c": [passage(text), passage("knowledge", 2)]})
        typed = [Word(word, 1.0, ()) for word in ("knowledge", "distillation")]
        return len(strangers(typed, make_scope(generation, Filters()), [glossary], "en"))

    assert strange("see the distilled post") == 1
    assert strange("by distillation we mean") == 0


def test_a_name_that_nobody_says_is_not_there_whatever_stands_beside_it() -> None:
    assert judge_coverage(replace(_FULL, unmet=0.4)) is Coverage.ABSENT
    assert judge_coverage(replace(_FULL, unmet=0.2)) is Coverage.EXPLAINED


@pytest.mark.parametrize(
    ("written", "beside", "share"),
    [
        ("Schnorr", "signatures", 0.5),  # a capital where others have none
        ("SwiGLU", "слой", 0.5),
        ("swiglu", "слой", 0.5),  # Latin letters beside Cyrillic ones
        ("SCHNORR", "SIGNATURES", 0.35),  # shouted: capitals say nothing
        ("Schnorr", "Signatures", 0.35),  # so do these
        ("SwiGLU", "Layer", 0.5),  # but not within a word
        ("schnorr", "signatures", 0.35),
        ("zigzagging", "gradients", 0.0),  # a form of a word
        ("запихнуть", "батч", 0.0),
        ("100k", "points", 0.0),  # a quantity
        ("qk", "softmax", 0.0),  # a sign of a formula
    ],
)
def test_what_nobody_says_may_be_a_name_by_how_it_is_written(written: str, beside: str, share: float) -> None:
    unknown = Sign(written, 3.0, known=0.0, keyness=0.0, name=1.0, heard=True, weight=1.0, place=1)
    known = replace(unknown, text=beside, known=1.0, keyness=0.5, name=0.0, place=2)
    assert share_unmet([unknown, known], 0.0) == pytest.approx(share)
    assert share_unmet([replace(unknown, name=0.4), known], 0.0) == 0  # everyday language says it at times
    assert share_unmet([replace(unknown, heard=False), known], 0.0) == 0  # nothing is there in its language


def test_a_name_counts_less_where_a_passage_means_the_question_and_at_its_beginning_a_capital_says_nothing() -> None:
    name = Sign("Nvidia", 3.0, known=0.0, keyness=0.0, name=1.0, heard=True, weight=1.0, place=3)
    known = replace(name, text="tensor", known=1.0, name=0.0, place=0)
    assert share_unmet([known, name], 1.0) == pytest.approx(0.25)
    first = replace(name, text="Glutton", place=0)
    assert [share_unmet([first, known], meant) for meant in (0.0, 1.0)] == [pytest.approx(0.35), 0.0]


def test_a_word_with_a_capital_is_no_slip_of_one_that_is_little_like_it() -> None:
    mamba = Sign("Mamba", 3.0, 0.42, 0.1, 1.0, heard=True, weight=1.0, terms=frozenset({"mamma"}), place=1)
    other = Sign("gradients", 3.0, 1.0, 0.8, 0.0, heard=True, weight=1.0, terms=frozenset({"gradient"}), place=2)
    assert share_unmet([mamba, other], 0.0) == pytest.approx(0.5)
    assert unmet_names([mamba, other]) == ["Mamba"]
    for known in (replace(mamba, known=0.9), replace(mamba, text="mamba")):
        assert share_unmet([known, other], 0.0) == 0
        assert unmet_names([known, other]) == []


def test_a_description_is_no_longer_one_where_it_names_something_else() -> None:
    reading = Reading((("dropout", 1.0),), 0.9, Reason.DESCRIBED, "dropout")
    phrase = Phrase((), (reading,), described="switches off neurons at random")
    absent = replace(_NONE, keyness=0.0)
    assert coverage_of(absent, (phrase,)) is Coverage.MENTIONED
    assert coverage_of(replace(absent, strange=0.4), (phrase,)) is Coverage.MENTIONED  # it may be a wording
    assert coverage_of(replace(absent, strange=0.4, resemblance=0.0), (phrase,)) is Coverage.ABSENT
    assert coverage_of(absent, ()) is Coverage.ABSENT


def test_what_a_glossary_has_for_a_name_may_be_a_wording_where_a_passage_means_the_question(tmp_path: Path) -> None:
    generation = make_generation(tmp_path, {"c": [passage("masked words\nprediction of the next one", 1)]})
    scope = make_scope(generation, Filters())
    said = [_word(text) for text in ("masked", "prediction")]
    unsaid = [_word(text) for text in ("masked", "homography")]
    assert [share_strange([said], said, scope, meant) for meant in (0.0, 0.5, 1.0)] == [1.0, 0.5, 0.0]
    assert share_strange([unsaid], unsaid, scope, 1.0) == 1.0


def _word(text: str) -> Word:
    return Word(text, 1.0, (Reading(((stem(text), 1.0),), 1.0, Reason.TYPED, text),))


def test_what_only_the_programme_holds_is_listed() -> None:
    assert judge_coverage(replace(_SOME, said=0.2, promised=1.0)) is Coverage.LISTED
    # a slide says it in the other language
    assert judge_coverage(replace(_SOME, said=0.54, promised=1.0)) is not Coverage.LISTED


@pytest.mark.parametrize(
    ("query", "coverage"),
    [
        ("dropout", "explained"),
        ("дропаут", "explained"),
        ("ранняя остановка", "explained"),
        ("early stopping", "explained"),
        ("GAN", "listed"),
        ("рецепт борща", "absent"),
        ("расписание электричек", "absent"),
        ("when is the final exam", "absent"),
        ("cheap flights", "absent"),
        ("как приготовить плов", "absent"),
    ],
)
def test_the_example_course_says_what_it_covers(client: TestClient, query: str, coverage: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == coverage


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("градиентный бустинг", ["градиентный бустинг"]),
        ("dropout", []),
        ("what is BM25F dropout", ["BM25F"]),
        ("что такое LoRA", ["LoRA"]),
    ],
)
def test_a_search_says_which_words_the_course_does_not_know(client: TestClient, query: str, unknown: list[str]) -> None:
    assert client.get("/api/search", params={"q": query}).json()["unknown_words"] == unknown


@pytest.mark.parametrize("query", ["градиентный бустинг", "что такое LoRA", "IoU", "метрика NeRF", "decision tree"])
def test_terms_that_the_course_does_not_have_are_absent(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


@pytest.mark.parametrize(
    "query",
    [
        "why is label smoothing used with dropout",
        "почему dropout сочетают со сглаживанием меток",
        "difference between speculative decoding and attention",
    ],
)
def test_what_no_course_has_by_any_name_is_absent_whatever_stands_beside_it(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


@pytest.mark.parametrize("query", ["what is A* dropout", "что такое алгоритм B*"])
def test_a_name_of_one_letter_that_is_not_there_is_absent(client: TestClient, query: str) -> None:
    found = client.get("/api/search", params={"q": query}).json()
    assert found["coverage"] == "absent"
    assert next(word for word in query.split() if "*" in word) in found["unknown_words"]


def test_a_name_that_is_not_there_is_said_as_a_whole(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "why is label smoothing used with dropout"}).json()
    assert found["unknown_words"] == ["label smoothing"]


@pytest.mark.parametrize("query", ["why does early stopping help", "зачем делают early stopping", "седловые точки"])
def test_a_name_counts_in_either_language_and_in_every_case(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] != "absent"


@pytest.mark.parametrize("query", ["learning rate too large", "why is my learning rate too large", "формула dropout"])
def test_everyday_words_beside_a_name_that_is_there_make_no_other_name(client: TestClient, query: str) -> None:
    found = client.get("/api/search", params={"q": query}).json()
    assert (found["coverage"], found["unknown_words"]) == ("explained", [])


def test_a_small_part_of_a_question_that_names_something_else_leaves_it_mentioned() -> None:
    assert judge_coverage(replace(_FULL, strange=0.1)) is Coverage.MENTIONED
    assert judge_coverage(replace(_FULL, strange=0.5)) is Coverage.ABSENT


def test_what_is_very_near_in_meaning_is_described_in_other_words() -> None:
    everyday = replace(_NONE, lacking=0.1, keyness=0.05)
    assert judge_coverage(replace(everyday, near=0.36)) is Coverage.ABSENT
    assert judge_coverage(replace(everyday, near=0.6)) is Coverage.MENTIONED


@pytest.mark.parametrize(
    "query", ["como fazer pão caseiro", "quelle est la capitale de la France", "les champignons de la forêt"]
)
def test_everyday_words_of_another_language_are_no_names(client: TestClient, query: str) -> None:
    assert client.get("/api/search", params={"q": query}).json()["coverage"] == "absent"


def test_the_plural_of_an_abbreviation_is_its_singular(client: TestClient) -> None:
    assert client.get("/api/search", params={"q": "what are AUCs"}).json()["coverage"] == "explained"


def test_a_name_may_be_written_as_one_word(tmp_path: Path) -> None:
    generation = make_generation(
        tmp_path, {"c": [passage(t, n) for n, t in enumerate(("LeakyReLU", "leaky units", "relu"))]}
    )
    scope = make_scope(generation, Filters(course="c"))
    glossary = GeneralGlossary(map(named_in, ["leaky relu|ReLU с утечкой", "parametric relu|PReLU"]))

    def strange(*typed: str) -> list[tuple[Word, ...]]:
        return strangers([Word(text, 1.0, ()) for text in typed], scope, [glossary], "en")

    assert strange("leaky", "relu") == []
    assert len(strange("parametric", "relu")) == 1
    nothing = GeneralGlossary([named_in("\uff9e \uff9e|x y")])  # signs that are letters until they are folded
    assert strangers([Word("\uff9e", 1.0, ()), Word("\uff9e", 1.0, ())], scope, [nothing], "en") == []

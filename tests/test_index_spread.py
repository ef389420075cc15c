"""A generation on several nodes answers as it does in one process, whatever happens to the nodes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from spread_nodes import LocalNodes
from support import CountingEmbedder, flip, made_by, passage, until

from index.depot import open_depot
from index.embed.adaptation import basis_of
from index.embed.protocol import Embedder
from index.embed.table import TableEmbedder
from index.engine.build import build_shard
from index.engine.dictionary import load_dictionary
from index.engine.generation import open_generation
from index.engine.manifest import GenerationManifest, ListedShard, read_generation, write_generation
from index.library import name_of
from index.search.scope import make_scope
from index.search.search import SearchIndex
from index.sharing import Published, SharedIndex
from index.spread.cluster import Installed, Serving
from index.spread.holder import Holder
from index.spread.nodes import Troubled
from index.spread.placing import placed
from index.spread.spread import Spread
from index.spread.wire import NotHeld
from index.text.analysis import ANALYSIS_VERSION, terms_of
from index.types import Filters, Host, IndexedPassage, Kind, Mode, Query, TimePlace

_COMMON = "the model is trained on data with a function and this is what it does".split()
_OWN = (
    "gradient dropout softmax attention kernel entropy boosting tree forest margin variance bias regularization momentum "
    "batch layer embedding transformer convolution pooling likelihood prior posterior sampling markov bayes cluster "
    "centroid distance covariance eigenvalue matrix tensor vector norm projection orthogonal"
).split()
_RUSSIAN = "градиент функция потерь нейронная сеть обучение выборка переобучение дерево решений ансамбль".split()
_COURSES = ("algebra", "bayes", "deep", "forests", "kernels", "speech", "vision")
_QUERIES = (
    Query("gradient dropout"),
    Query("what is the attention function trained on data"),
    Query("dropuot regularization"),
    Query("softmaks"),
    Query("нейронная сеть обучение"),
    Query("randomly switch off a part of the units of a layer while it is trained", mode=Mode.HYBRID),
    Query("kernel margin", mode=Mode.LEXICAL),
    Query("posterior sampling", mode=Mode.SEMANTIC),
    Query("embedding transformer", Filters(course="deep")),
    Query("momentum batch", Filters(courses=frozenset({"algebra", "vision", "speech"}))),
    Query("variance bias", Filters(kinds=frozenset({Kind.SEGMENT}))),
    Query("градиентный спуск функции потерь", Filters(kinds=frozenset({Kind.PAGE, Kind.PROGRAMME}))),
    Query("entropy tree", Filters(lecture=3 * 10 + 1)),
    Query("markov"),
    Query("quantum chromodynamics"),
    Query("the the the of a", literal=True),
)


def _passages(course: str, number: int, count: int = 36) -> list[IndexedPassage]:
    """Pages, minutes of speech and lines of a programme, in three lectures."""
    random = np.random.default_rng(number)
    own = [_OWN[i] for i in random.choice(len(_OWN), 22, replace=False)]
    found = []
    for row in range(count):
        words = [*random.choice(own, 9), *random.choice(_COMMON, 12), *random.choice(_RUSSIAN, 3)]
        random.shuffle(words)
        lecture = number * 10 + row * 3 // count
        values = {"lecture_id": lecture, "lecture_position": row * 3 // count + 1, "title": f"{words[0]} {words[5]}"}
        kind = (Kind.PAGE, Kind.SEGMENT, Kind.SEGMENT, Kind.PAGE, Kind.PAGE, Kind.PROGRAMME)[row * 6 // count]
        if kind is Kind.SEGMENT:
            values["place"] = TimePlace(number, f"v{number}", Host.YOUTUBE, 60.0 * row, 60.0 * row + 60)
        elif kind is Kind.PROGRAMME:
            values["place"] = None
        text = " ".join(str(word) for word in words)
        found.append(passage(text, number * 1000 + row, course=course, kind=kind, **values))
    return found


class Made:
    """Generations of made courses in a shared storage, and on this machine."""

    def __init__(self, folder: Path, embedder: Embedder | None) -> None:
        self.root, self.storage = folder / "index", folder / "storage"
        self.storage.mkdir()
        self.shared = SharedIndex(open_depot(str(self.storage)), self.root)
        self.embedder = embedder
        self.dictionary = load_dictionary(["ml", "stats"])

    def publish(self, number: int, courses: Sequence[str], seed: int = 0) -> GenerationManifest:
        """A generation of these courses, each made from its name and the seed."""
        listed = []
        for course in courses:
            own = _passages(course, _COURSES.index(course) + seed)
            contents = {p.content_hash: p.text for p in own}
            adapted = self.embedder and self.embedder.adapted_to(list(contents.values()), basis_of(contents))
            listed.append(build_shard(self.root, course, own, made_by(adapted, own)))
        sha256 = write_generation(self.root, number, ANALYSIS_VERSION, name_of(self.embedder), listed)
        manifest = read_generation(self.root, number)[0]
        self.shared.push(Published(number, sha256), manifest)
        return manifest

    def here(self, manifest: GenerationManifest) -> SearchIndex:
        """It, searched in this process."""
        return SearchIndex(open_generation(self.root, manifest), self.embedder, dictionary=self.dictionary)

    def there(self, spread: Spread, manifest: GenerationManifest) -> SearchIndex:
        """It, searched on nodes."""
        generation = spread.open(self.root, manifest)
        return SearchIndex(generation, self.embedder, dictionary=self.dictionary, bodies=spread.bodies)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("made"), TableEmbedder())


@pytest.fixture(scope="module")
def manifest(made: Made) -> GenerationManifest:
    return made.publish(1, _COURSES)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow machine is no silent node."""
    monkeypatch.setattr("index.spread.asking.SLOW_SECONDS", 30.0)


@pytest.fixture
def nodes(made: Made, tmp_path: Path) -> Iterator[LocalNodes]:
    found = LocalNodes(made.storage, tmp_path, ["one", "two", "three"])
    yield found
    found.close()


def _assert_alike(left: SearchIndex, right: SearchIndex, query: Query) -> None:
    one, other = left.find(query), right.find(query)
    shown, others = one.hits(20, explain=True), other.hits(20, explain=True)
    assert [hit.passage.id for hit in others] == [hit.passage.id for hit in shown]
    np.testing.assert_allclose(other.ranked.scores, one.ranked.scores, rtol=0, atol=1e-6)
    for hit, again in zip(shown, others, strict=True):
        assert (again.passage, again.snippet, again.twin_of) == (hit.passage, hit.snippet, hit.twin_of)
        assert hit.explanation is not None
        assert again.explanation is not None
        assert again.explanation.terms == hit.explanation.terms
    assert (other.coverage, other.rewrites, other.facets) == (one.coverage, one.rewrites, one.facets)
    assert (other.unknown_words, other.degraded, other.weights) == (one.unknown_words, one.degraded, one.weights)


@pytest.mark.parametrize("sizes", [(60_000, 20_000, 2_000), (100, 60, 40), (0, 0, 4)])
def test_nodes_find_what_one_process_finds(
    made: Made,
    manifest: GenerationManifest,
    nodes: LocalNodes,
    sizes: tuple[int, int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dense, exact, sketched = sizes  # from where on much is looked at in other ways than little
    monkeypatch.setattr("index.search.words._DENSE_ROWS", dense)
    monkeypatch.setattr("index.search.meaning.EXACT_PASSAGES", exact)
    monkeypatch.setattr("index.search.meaning._SKETCHED", sketched)
    here, there = made.here(manifest), made.there(Spread(nodes), manifest)
    for query in _QUERIES:
        _assert_alike(here, there, query)
    assert len({node for node, method in nodes.asked if method == "weigh"}) > 1  # each is asked for its own


def test_a_shard_that_has_other_rows_now_is_held_by_their_ids(tmp_path: Path) -> None:
    made = Made(tmp_path, None)
    first = made.publish(1, _COURSES[:3])
    again = [
        replace(own, lectures="501-503", decks="901", videos="701") if own.course == "deep" else own
        for own in first.shards
    ]
    sha256 = write_generation(made.root, 2, ANALYSIS_VERSION, name_of(None), again)
    second = read_generation(made.root, 2)[0]
    made.shared.push(Published(2, sha256), second)
    nodes = LocalNodes(made.storage, tmp_path / "nodes", ["one", "two", "three"])
    spread = Spread(nodes)
    for manifest, lecture in ((first, 21), (second, 502), (first, 21)):
        here, there = made.here(manifest), made.there(spread, manifest)
        query = Query("gradient dropout", Filters(lecture=lecture))
        _assert_alike(here, there, query)
        assert {hit.passage.lecture_id for hit in there.find(query).hits(9)} == {lecture}
    nodes.close()


def test_sketches_of_shards_that_are_asked_elsewhere_are_left_out(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.search.meaning.EXACT_PASSAGES", 60)
    monkeypatch.setattr("index.search.meaning._SKETCHED", 40)
    spread = Spread(nodes)
    here, there = made.here(manifest), made.there(spread, manifest)
    # a shard whose copies are both slow is asked of the first, in whose group others are that go to the third node
    for slow in (("one",), ("one", "two"), ("two", "three"), ("one", "three")):
        spread.bodies.troubled = Troubled()
        for node in slow:
            spread.bodies.troubled.note(node)
        for query in _QUERIES[:4]:
            _assert_alike(here, there, query)


def test_an_embedder_that_reads_all_courses_alike_is_asked_by_the_service(tmp_path: Path) -> None:
    other = Made(tmp_path, CountingEmbedder())
    manifest = other.publish(1, _COURSES[:4])
    nodes = LocalNodes(other.storage, tmp_path / "nodes", ["one", "two", "three"])
    here, there = other.here(manifest), other.there(Spread(nodes), manifest)
    for query in (*_QUERIES[:2], Query("loss gate", mode=Mode.SEMANTIC)):
        _assert_alike(here, there, query)
    nodes.close()


def test_words_alone_are_searched_where_there_is_no_embedder(tmp_path: Path) -> None:
    other = Made(tmp_path, None)
    manifest = other.publish(1, _COURSES[:4])
    nodes = LocalNodes(other.storage, tmp_path / "nodes", ["one", "two", "three"])
    here, there = other.here(manifest), other.there(Spread(nodes), manifest)
    for query in _QUERIES[:4]:
        _assert_alike(here, there, query)
    nodes.close()


def test_a_node_that_dies_costs_a_second_try(made: Made, manifest: GenerationManifest, nodes: LocalNodes) -> None:
    here, there = made.here(manifest), made.there(Spread(nodes), manifest)
    nodes.dead.add("two")
    for query in _QUERIES[:4]:
        _assert_alike(here, there, query)


def test_a_node_that_is_silent_costs_a_second_try(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.spread.asking.SLOW_SECONDS", 0.05)
    here, there = made.here(manifest), made.there(Spread(nodes), manifest)
    nodes.silent.add("one")
    for query in _QUERIES[:4]:
        _assert_alike(here, there, query)


def test_a_course_whose_copies_are_all_away_is_named(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    spread = Spread(nodes, copies=1)
    there = made.there(spread, manifest)
    nodes.dead.add("one")
    away = [s.course for s in manifest.shards if placed([s.place], nodes.holders, 1)[s.place] == ("one",)]
    assert away
    found = there.find(_QUERIES[0])
    assert found.degraded == tuple(
        f"No node of the cluster answers for course {course}; it is searched again when one does." for course in away
    )
    left = made.here(manifest).without(dict.fromkeys(away, "gone"))
    assert [hit.passage.id for hit in found.hits()] == [hit.passage.id for hit in left.find(_QUERIES[0]).hits()]
    assert not made.there(spread, manifest).generation.damaged  # others hold them by now


def test_where_no_node_is_there_one_sentence_says_so_until_they_are_back(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    spread = Spread(nodes)
    there = made.there(spread, manifest)
    nodes.dead |= set(nodes.holders)
    spread.look()
    away = spread.away(there.generation)
    assert away.keys() == {shard.course for shard in manifest.shards}
    assert there.without(away).degraded == (
        "No node of the cluster answers; courses are searched again when one does.",
    )
    nodes.dead.clear()
    spread.look()
    assert spread.away(there.generation) == {}


def test_a_node_with_another_version_of_the_program_holds_nothing_and_says_so(
    made: Made, manifest: GenerationManifest, tmp_path: Path
) -> None:
    actor = Serving(Installed(str(made.storage), tmp_path, "NO_SUCH_VARIABLE", "0.0.1"))
    holding = actor.do("hold", ("somebody", manifest.shards))
    assert holding.open == frozenset()
    assert set(holding.failed) == {shard.place for shard in manifest.shards}
    said = f"has version {version('lecture-search')} of this program, not 0.0.1; install the same there."
    assert all(why.endswith(said) for why in holding.failed.values())


def test_a_shard_that_is_damaged_in_the_storage_takes_its_course_down(
    tmp_path: Path,
) -> None:
    other = Made(tmp_path, None)
    manifest = other.publish(1, _COURSES[:3])
    damaged = manifest.shards[1]
    flip(other.storage / "index" / "shards" / damaged.place / "shard.safetensors")
    spread = Spread(LocalNodes(other.storage, tmp_path / "nodes", ["one", "two"]))
    there = other.there(spread, manifest)
    assert list(there.generation.damaged) == [damaged.course]
    assert "differs from its manifest" in there.degraded[0]
    assert there.find(_QUERIES[0]).total > 0


def test_a_new_generation_moves_what_changed_and_is_never_mixed_with_the_one_before(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    spread = Spread(nodes)
    before = made.there(spread, manifest)
    held = {name: holder.hold("watching", []).open for name, holder in nodes.holders.items()}
    newer = made.publish(2, [*_COURSES[:-1]])
    changed = made.publish(3, [*_COURSES[:-1], _COURSES[-1]], seed=0)
    again = made.publish(4, _COURSES, seed=50)
    assert changed.shards == manifest.shards
    for number, one in ((2, newer), (4, again)):
        there = made.there(spread, one)
        assert there.number == number
        _assert_alike(made.here(one), there, _QUERIES[0])
        _assert_alike(made.here(manifest), before, _QUERIES[0])
    now = {name: holder.hold("watching", []).open for name, holder in nodes.holders.items()}
    assert all(held[name] <= now[name] for name in held)  # searches that began before go on


def test_a_node_that_joins_takes_its_share_and_no_other_moves(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    spread = Spread(nodes)
    there = made.there(spread, manifest)
    places = [shard.place for shard in manifest.shards]
    before = placed(places, ["one", "two", "three"], 2)
    nodes.add("four")
    after = placed(places, nodes.holders, 2)
    moved = [place for place in places if after[place] != before[place]]
    assert moved
    assert all("four" in after[place] for place in moved)

    def has_moved() -> bool:
        spread.look()
        return nodes.holders["four"].hold("watching", []).open >= set(moved)

    until(has_moved)
    spread.look()
    nodes.asked.clear()
    for query in _QUERIES[:6]:
        _assert_alike(made.here(manifest), there, query)
    assert ("four", "offer") in nodes.asked


def test_who_holds_a_shard_holds_it_until_the_node_that_joins_does(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    spread = Spread(nodes, copies=1)
    there = made.there(spread, manifest)
    nodes.add("four")
    go_on = threading.Event()
    fetch = SharedIndex.pull_shard

    def slow(shared: SharedIndex, listed: ListedShard) -> None:
        assert go_on.wait(30)
        fetch(shared, listed)

    monkeypatch.setattr(SharedIndex, "pull_shard", slow)
    for _ in range(3):
        spread.look()
        assert there.find(_QUERIES[0]).degraded == ()
    go_on.set()
    moved = {s.place for s in manifest.shards if placed([s.place], nodes.holders, 1)[s.place] == ("four",)}

    def has_moved() -> bool:
        spread.look()
        assert spread.away(there.generation) == {}
        return all(
            holder.hold("watching", []).open.isdisjoint(moved) for n, holder in nodes.holders.items() if n != "four"
        )

    assert moved
    until(has_moved)


def test_passages_that_hold_several_terms_are_named_by_their_rows(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    spread = Spread(nodes)
    here, there = made.here(manifest).generation, made.there(spread, manifest).generation
    terms = [terms_of(word)[0] for word in ("model", "trained")]
    for filters in (Filters(), Filters(kinds=frozenset({Kind.PAGE})), Filters(course="speech")):
        expected = make_scope(here, filters).holding(terms, 9)
        assert len(expected)
        assert make_scope(there, filters, spread.bodies).holding(terms, 9).tolist() == expected.tolist()


def test_what_nobody_wants_is_let_go(made: Made, manifest: GenerationManifest, tmp_path: Path) -> None:
    holder = Holder(open_depot(str(made.storage)), tmp_path)
    wanted = manifest.shards[:2]
    until(lambda: holder.hold("a", wanted).open == {shard.place for shard in wanted})
    holder.hold("b", wanted[:1])
    assert holder.hold("a", []).open == {wanted[0].place}
    until(lambda: [path.name for path in (tmp_path / "shards").iterdir()] == [wanted[0].name])
    with pytest.raises(NotHeld, match=wanted[1].place):
        holder.heads([wanted[1].place])


def test_suggestions_single_passages_and_quotes_come_from_nodes(
    made: Made, manifest: GenerationManifest, nodes: LocalNodes
) -> None:
    here, there = made.here(manifest), made.there(Spread(nodes), manifest)
    assert there.suggest("grad", 5) == here.suggest("grad", 5)
    shown = here.find(_QUERIES[0]).passages(3)
    assert there.generation.find(shown[0].id) == shown[0]
    texts = [own.text for own in shown]
    assert there.similarities("dropout", texts, shown) == pytest.approx(here.similarities("dropout", texts, shown))
    assert [there.shard("bayes").passages[n] for n in (0, 7)] == [here.shard("bayes").passages[n] for n in (0, 7)]

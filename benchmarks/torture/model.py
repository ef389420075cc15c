"""Row 7: a state machine: courses are ingested, changed, removed, indexed anew, the installation is opened again. What
is served always equals a model, and equals in the end what a new installation makes of the same courses.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from benchmarks.torture.checks import held_in, leftovers_in, probe
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result
from index.embed.models import load_embedder
from index.errors import NotFound
from index.library import Library
from index.publish import forget_course, reindex
from index.search.search import SearchIndex
from index.served import open_served
from index.types import Filters, Query
from ingest.course import read_course
from ingest.pipeline import IngestReport, ingest_course

_SLUGS = st.sampled_from(("algebra", "networks", "statistics"))
_TOPICS = st.lists(
    st.sampled_from(("gradients", "dropout", "matrices", "variance", "attention", "entropy")), min_size=1, max_size=5
)


def run(size: int, seed_number: int, folder: Path, progress: Progress) -> Result:
    """`size` steps at least."""
    steps: Counter[str] = Counter()
    length = max(20, min(50, size // 100))  # of one story

    class Machine(_Machine):
        def __init__(self) -> None:
            super().__init__(folder, steps)

        def teardown(self) -> None:
            super().teardown()
            progress.reach(sum(steps.values()))

    seed(seed_number)(Machine)
    chosen = settings(
        max_examples=-(-size // length),
        stateful_step_count=min(size, length),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    wrong = []
    try:
        run_state_machine_as_test(Machine, settings=chosen)
    except Exception as error:  # whatever the shortest story is that hypothesis found
        story = "\n".join(getattr(error, "__notes__", ()))
        wrong.append(f"{type(error).__name__}: {error}\n{story}"[:2_000])
    return Result(sum(steps.values()), wrong, ", ".join(f"{count} {what}" for what, count in sorted(steps.items())))


class _Machine(RuleBasedStateMachine):
    """`model` are the topics of each course, one a lecture."""

    def __init__(self, folder: Path, steps: Counter[str]) -> None:
        super().__init__()
        self._folder, self._steps = folder / "one", steps
        shutil.rmtree(self._folder, ignore_errors=True)
        self._embedder = load_embedder("builtin")
        self.model: dict[str, Sequence[str]] = {}
        self._library = _opened(self._folder / "data", folder / "empty")
        # who looks is another than who writes, and stays: what it asks is put into words once
        self._reader = _library(self._folder / "data")

    @rule(slug=_SLUGS, topics=_TOPICS)
    def ingest(self, slug: str, topics: Sequence[str]) -> None:
        self._steps["ingests"] += 1
        report = _ingest(self._folder / slug, slug, topics, self._library)
        assert report.changed == (self.model.get(slug) != topics), "changed is not what it says"
        self.model[slug] = topics

    @rule()
    def ingest_again(self) -> None:
        self._steps["ingests of the same"] += 1
        for slug, topics in self.model.items():
            report = _ingest(self._folder / slug, slug, topics, self._library)
            assert (report.changed, report.embedded) == (False, 0), "something was done for an unchanged course"

    @rule(slug=_SLUGS)
    def remove(self, slug: str) -> None:
        self._steps["removals"] += 1
        try:
            forget_course(self._library, self._embedder, slug)
            assert slug in self.model, "a course was removed that is not there"
        except NotFound:
            assert slug not in self.model, "a course that is there was not found"
        self.model.pop(slug, None)

    @rule()
    def index_anew(self) -> None:
        self._steps["reindexes"] += 1
        with self._library.writer():
            reindex(self._library, self._embedder)

    @rule()
    def restart(self) -> None:
        self._steps["restarts"] += 1
        self._library.close()
        self._library = _opened(self._folder / "data", self._folder.with_name("empty"))

    @rule(slug=_SLUGS, topic=_TOPICS)
    def search(self, slug: str, topic: Sequence[str]) -> None:
        self._steps["searches"] += 1
        if slug not in self.model:
            return
        index = SearchIndex(open_served(self._library, self._embedder)[0], self._embedder)
        found = index.find(Query(topic[0], Filters(course=slug))).hits()
        right = {number for number, own in enumerate(self.model[slug], 1) if own == topic[0]}
        shown = {hit.passage.lecture_position for hit in found if topic[0] in hit.passage.text}
        assert shown == right, f"{topic[0]} of {slug} is in lectures {right}, found in {shown}"

    @invariant()
    def what_is_served_equals_the_model(self) -> None:
        found = held_in(self._reader)
        assert found["wrong"] == []
        assert found["rows"] == found["served"]
        assert sorted(found["served"]) == sorted(self.model)

    @invariant()
    def nothing_is_left_over(self) -> None:
        """After every step: at the end the indexing anew would have swept it."""
        if self.model:
            found = leftovers_in(self._reader)
            assert not found, f"left over: {found}"

    def teardown(self) -> None:
        """The same courses in another order give the same answers in a new installation."""
        try:
            if self.model:
                self.index_anew()
                other = self._folder / "other"
                new = _opened(other, self._folder.with_name("empty"))
                for slug in sorted(self.model, reverse=True):
                    _ingest(self._folder / slug, slug, self.model[slug], new)
                new.close()
                assert leftovers_in(self._reader) == []
                mine, others = probe(str(self._folder / "data")), probe(str(other))
                assert (mine["verify"], mine["untyped"]) == ([], [])
                assert mine["top"] == others["top"], "two installations of the same courses answer differently"
        finally:
            self._library.close()
            self._reader.close()


def _opened(data: Path, empty: Path) -> Library:
    """The installation in `data`, which begins as a copy of an empty one if it is not there."""
    if not data.exists():
        if not empty.exists():
            made = _library(empty)
            made.database.migrate()
            made.close()
        shutil.copytree(empty, data)
    library = _library(data)
    library.database.migrate()
    return library


def _library(data: Path) -> Library:
    return Library(f"sqlite:///{data / 'lectures.db'}", data)


def _ingest(folder: Path, slug: str, topics: Sequence[str], library: Library) -> IngestReport:
    """Take up a course that has a lecture on each topic, as nothing but a programme: no file has to be parsed."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"title: {slug}\nlanguage: en\nlectures:\n"]
    for number, topic in enumerate(topics, 1):
        lines.append(f"  - title: Lecture {number} of {slug}\n    programme: All about {topic} in {slug}\n")
    (folder / "course.yaml").write_text("".join(lines), "utf-8")
    embedder: Any = load_embedder("builtin")
    return ingest_course(read_course(folder, slug=slug), folder, library, embedder)

"""The generation that is served just now: opened beside the requests, swapped when a newer one is published.

What is open goes on from its mapped files whatever happens to the folder, and says so. Only a file that is changed in
place takes its course down, what is mapped is no longer what was checked, and one that looks as it did when it was
hashed and is found to hold something else. What is wrong is logged as it was found; what
is said of it to who searches names no folder.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import structlog

from index.embed.encoder import Encoder
from index.embed.protocol import Embedder
from index.embed.rerank import Reranker
from index.engine.container import differs_from_manifest
from index.engine.dictionary import Dictionary
from index.engine.generation import Generation
from index.engine.manifest import ListedShard, current_number, data_path
from index.engine.shard import Shard, open_shard
from index.errors import CorruptIndex, IndexUnavailable, LecturesError, StorageError
from index.library import Library
from index.search.search import SearchIndex
from index.served import open_served
from index.spread.spread import Spread
from service.checking import Checking
from service.following import Following
from service.stamps import FirstIndex, Noting, stamp_of
from service.telling import gone_reason, index_without_folders, own_reasons, without_folders

_log = structlog.get_logger("lectures")
_LOOK_SECONDS = 0.5  # how soon a new generation is noticed: one small file is read
_FIRST_SECONDS = 60.0  # how long the first requests wait for the first generation to be open
# what cannot be served may have been put back: every byte of it is read again after a while, ever more rarely
_AGAIN_SECONDS, _AGAIN_AT_MOST_SECONDS = 5.0, 600.0
_SHAKEN_SECONDS = 10.0  # after damage was found, requests that began before may still fail of it
_SHAKEN_WAIT_SECONDS = 2.0  # for who is just looking at the files, or opening a generation, which can take minutes
_SHAKEN = "Files of the index were written to just now; what cannot be trusted any more is not served. Ask again."


@dataclass(frozen=True, slots=True)
class _Tried:
    """What the pointer said when a generation was last opened, or could not be; when it is worth another try."""

    pointer: int | str | None
    again_at: float | None = None
    pause: float = _AGAIN_SECONDS


class Serving:
    """One open index at a time. A request takes it once and keeps it to its end."""

    def __init__(
        self,
        library: Library,
        embedder: Callable[[], Embedder | None],
        reranker: Callable[[], Reranker | None],
        first: FirstIndex | None = None,
        dictionary: Callable[[], Dictionary | None] = lambda: None,
        following: Following | None = None,
        spread: Callable[[], Spread] | None = None,
        encoder: Callable[[], Encoder | None] = lambda: None,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        """`embedder`, `reranker`, `dictionary` and `encoder` load what the settings name, when it is first needed;
        `first` is open already; `following` fetches what other machines publish; `spread` connects to the nodes that
        hold the shards, where others do; `opened` is called when a generation was opened here."""
        self._library = library
        self._load_embedder, self._load_reranker, self._load_dictionary = embedder, reranker, dictionary
        self._load_encoder = encoder
        self._index = None if first is None else index_without_folders(first.index, library.data_dir)
        self._following = following
        self._connect = spread
        self._opened = opened
        self._spread: Spread | None = None
        self._problem: LecturesError = IndexUnavailable("The index is being opened; try again in a moment.")
        # what is degraded about the open generation, as it was found
        self._own = () if first is None else own_reasons(first.index)
        self._tried: _Tried | None = None if first is None else _Tried(first.index.number)
        self._files = {} if first is None else dict(first.stamps)
        self._checking = Checking(library.index_root)
        if first is not None:
            self._checking.hash_later(first.unproven, set(self._files.values()))
        self._damaged_at = -_SHAKEN_SECONDS
        self._away = frozenset[str]()  # the courses that no node held when that was last asked
        self._looked = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Open the index, and from now on every newer one, in a thread of its own: no request waits for that. Of one
        that was opened before, what was written to since is not served."""
        if self._index is not None and self._connect is None:
            self._look_at_files(self._index)
        self._watcher = threading.Thread(target=self._watch, name="index", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop looking for newer generations."""
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join(timeout=_FIRST_SECONDS)
        if self._spread is not None:
            self._spread.close()

    def index(self, *, wait: bool = True) -> SearchIndex:
        """The index to search now; raises why there is none.

        While the first is being opened it is waited for, unless other machines serve as well: what stands before them
        asks one of these, if it is told at once.
        """
        if self._watcher is None:
            self.look()
        elif self._index is None and wait and self._library.shared is None:
            self._looked.wait(_FIRST_SECONDS)
        index = self._index
        if index is None:
            if self._following is not None and self._following.is_coming:
                raise IndexUnavailable("The index is being fetched from the shared storage; try again in a moment.")
            raise self._problem
        return index

    def is_damaged(self) -> bool:
        """Whether what is here cannot be served, or not all of it."""
        if self._index is None:
            return self._tried is not None and isinstance(self._problem, CorruptIndex | IndexUnavailable)
        return bool(self._index.generation.damaged)

    def look(self) -> None:
        """Open what the pointer names if that was not tried already, or is worth another try; else see whether the
        files of what is open are still what was checked."""
        with self._lock:
            pointer: int | str | None
            try:
                pointer = current_number(self._library.index_root)
            except LecturesError as error:
                pointer = str(error)
            tried = self._tried
            if tried is None or tried.pointer != pointer:
                self._try_to_open(_Tried(pointer))
            elif tried.again_at is not None and time.monotonic() >= tried.again_at:
                is_away = self._connect is not None and self._spread is None  # nothing is read to see that
                pause = tried.pause if is_away else min(2 * tried.pause, _AGAIN_AT_MOST_SECONDS)
                self._try_to_open(_Tried(pointer, pause=pause))
            elif self._index is not None and self._spread is not None:
                self._look_at_nodes(self._index, self._spread)
            elif self._index is not None and pointer is not None:
                self._look_at_files(self._index)

    def check_some(self) -> None:
        """Hash some of what was opened without being hashed; what is damaged is not served any more."""
        damaged = self._checking.step()
        if damaged is not None:
            with self._lock:
                if self._index is not None and self._files.get(damaged.path) == damaged.stamp:
                    _log.error("file_damaged", path=damaged.path)
                    reason = differs_from_manifest(f"The index of course {damaged.course}")
                    self._take_down(self._index, {damaged.course: reason} if damaged.course else {})

    def shaken(self) -> str | None:
        """What happened to the files of the open index just now, if anything did: an unexpected error may come of
        it. Who was to be answered does not wait until a newer generation is open."""
        if self._lock.acquire(timeout=_SHAKEN_WAIT_SECONDS):
            try:
                if self._index is not None and self._connect is None:
                    self._look_at_files(self._index)
            finally:
                self._lock.release()
        if self._index is None or time.monotonic() - self._damaged_at > _SHAKEN_SECONDS:
            return None
        return _SHAKEN if self._index.generation.damaged else None

    def _watch(self) -> None:
        if self._index is not None:
            self._wake(self._index)
        while True:
            self.look()
            self.check_some()
            if self._stop.wait(_LOOK_SECONDS):
                return

    def _try_to_open(self, trying: _Tried) -> None:
        """What cannot be served, or not all of it, is tried again after a pause."""
        try:
            whole = self._open()
        except Exception as error:  # whatever it is, the thread must live to open the next generation
            self._keep_on(error)
            whole = False
        again_at = None if whole else time.monotonic() + trying.pause
        self._tried = _Tried(trying.pointer, again_at, trying.pause)
        self._looked.set()

    def _open(self) -> bool:
        """Open and swap; whether all of it can be served."""
        embedder, now = self._load_embedder(), self._index
        before = {} if now is None else self._unchanged(now.generation)
        if self._connect is not None and self._spread is None:
            self._spread = self._connect()
        noting = Noting(self._checking.distrusted)
        opened = noting.open if self._spread is None else self._spread.open
        generation, degraded = open_served(self._library, embedder, before, opened)
        taken = {data_path(name) for name in before}
        files = {path: stamp for path, stamp in self._files.items() if path in taken} | noting.stamps
        self._checking.hash_later(noting.unproven, set(files.values()))
        whole = not (degraded or generation.damaged)
        if now is not None and now.generation.shows_the_same_as(generation):
            self._own = degraded
            self._say()
            return whole
        bodies = None if self._spread is None else self._spread.bodies
        index = SearchIndex(
            generation,
            embedder,
            degraded,
            self._load_reranker(),
            self._load_dictionary,
            bodies,
            self._load_encoder(),
        )
        index = index_without_folders(index, self._library.data_dir)
        if now is None:
            # the first is searched at once; what is put together below is waited for only by who needs it
            self._index = index
            self._looked.set()
        self._wake(index)
        try:
            _ = index.dictionary
        except LecturesError:
            self._index = now  # without packs that are set nothing is searched
            raise
        index.warm_up()
        self._index, self._own, self._files = index, degraded, files
        if now is not None:
            now.forget()  # one that was opened before the service was started is held to its end
        self._opened()
        _log.info("index_opened", generation=index.number, passages=generation.count, courses=len(generation.shards))
        for course, reason in generation.damaged.items():
            _log.error("course_not_served", course=course, reason=reason)
        return whole

    @staticmethod
    def _wake(index: SearchIndex) -> None:
        if index.encoder is not None:
            index.encoder.wake()  # meanwhile: until then searches are answered without it, and say so

    def _keep_on(self, error: Exception) -> None:
        """What was verified and opened goes on serving; the reason is said in every response."""
        problem = (
            error
            if isinstance(error, LecturesError)
            else StorageError(f"The index cannot be read ({type(error).__name__}: {error}).")
        )
        if self._index is not None and isinstance(problem, IndexUnavailable):
            root = self._library.index_root
            problem = StorageError(f"The index is gone from its folder {root}; put it back or run `lectures reindex`.")
        is_usual = isinstance(problem, IndexUnavailable) and self._connect is None  # nothing is published yet
        self._own = (str(problem),)
        problem.args = (self._shown(str(problem)),)
        if str(problem) != str(self._problem) and not is_usual:
            _log.error("index_not_opened", reason=self._own[0])
        self._problem = problem
        self._say()

    def _say(self, gone: Sequence[str] = ()) -> None:
        """Serve on what is open, saying what is degraded about it."""
        index = self._index
        elsewhere = self._following.reasons() if self._following is not None else ()
        found = (*self._own, *elsewhere, *map(gone_reason, gone))
        shown = {self._shown(reason): reason for reason in found}
        if index is not None and own_reasons(index) != tuple(shown):
            for reason in shown.keys() - set(own_reasons(index)):
                _log.error("index_degraded", reason=shown[reason])
            self._index = index.saying(tuple(shown))

    def _shown(self, reason: str) -> str:
        return without_folders(reason, self._library.data_dir)

    def _without(self, index: SearchIndex, damaged: Mapping[str, str]) -> SearchIndex:
        """The index without some courses, by the reason why, which is logged."""
        for course, reason in damaged.items():
            _log.error("course_not_served", course=course, reason=reason)
        return index.without({course: self._shown(reason) for course, reason in damaged.items()})

    def _look_at_nodes(self, index: SearchIndex, spread: Spread) -> None:
        """A course that no node holds any more is down until one does. That is tried at once; what a node holds and
        cannot be served for another reason is tried again after a pause, as everything else is."""
        away, damaged = spread.away(index.generation), index.generation.damaged
        back, self._away = self._away - away.keys(), frozenset(away)
        new = {course: reason for course, reason in away.items() if course not in damaged}
        if new:
            self._index = self._without(index, new)
        if damaged.keys() & back:
            self._try_to_open(_Tried(index.number))
            return
        self._say()

    # --- files of what is open ----------------------------------------------------------------------------------

    def _unchanged(self, generation: Generation) -> dict[str, Shard]:
        """The open shards, by name, whose files are what was checked, or are gone and still mapped."""
        return {shard.name: shard for shard in generation.shards if not self._is_changed(data_path(shard.name))}

    def _is_changed(self, path: str) -> bool:
        return stamp_of(self._library.index_root, path) not in (None, self._files.get(path))

    def _look_at_files(self, index: SearchIndex) -> None:
        """A file that is gone is still mapped: that is said. One that was written to takes its course down, unless it
        holds what it held. Where another file is in its place, that one is to be opened."""
        generation, gone, damaged, is_other = index.generation, [], {}, False
        for shard in generation.shards:
            path = data_path(shard.name)
            before, stamp = self._files.get(path), stamp_of(self._library.index_root, path)
            if stamp is None:
                gone.append(shard.course)
            elif before is not None and (stamp.device, stamp.inode) != (before.device, before.inode):
                is_other = True
            elif stamp != before:
                try:
                    open_shard(self._library.index_root, _listed(generation, shard))
                    self._files[path] = stamp
                except CorruptIndex as error:
                    damaged[shard.course] = str(error)
        if damaged or (generation.joined is not None and self._is_changed(generation.joined.path)):
            self._take_down(index, damaged)
        elif is_other and self._tried is not None and self._tried.again_at is None:
            self._tried = _Tried(self._tried.pointer, time.monotonic())  # by the next look: who asks does not wait
        self._say(gone)

    def _take_down(self, index: SearchIndex, damaged: Mapping[str, str]) -> None:
        """Serve without these courses, and without the file of what is put together over all; try again soon."""
        self._index = self._without(index, damaged)
        self._damaged_at = time.monotonic()
        self._tried = _Tried(index.number, self._damaged_at + _AGAIN_SECONDS)


def _listed(generation: Generation, shard: Shard) -> ListedShard:
    return next(listed for listed in generation.manifest.shards if listed.name == shard.name)

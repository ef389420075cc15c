"""What a course names elsewhere (decks by address, captions of YouTube) → files kept here, and why some are not.

Done before the writer's lock is asked for: it is held only while what has arrived is put away, so that a slow server
keeps nobody from writing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from index.errors import SourceFileError
from index.library import Library
from index.store.known import Fetched, find_fetched, keep_fetched
from index.types import Host, Problem
from ingest.captions import CaptionReader
from ingest.course import find_transcripts
from ingest.downloads import Sites, fetch_deck
from ingest.places import find_file
from ingest.planned import PlannedCourse, PlannedVideo
from ingest.playlists import ListedVideo, dump_list, load_list, playlist_id, read_playlist
from ingest.videos import captions_key
from ingest.web import FetchError, WebLimits
from ingest.youtube import CaptionsProblem, YouTube

_AT_ONCE = 4  # decks


@dataclass(frozen=True, slots=True)
class Fetching:
    """What may be had from elsewhere, by default nothing. `refresh`: fetch decks again that were fetched before."""

    web: WebLimits | None = None
    youtube: YouTube | None = None
    asr_model: str = ""
    refresh: bool = False
    sites: Sites = field(default_factory=Sites)


NOTHING = Fetching()


@dataclass(frozen=True, slots=True)
class Failed:
    """Why something is not here: decks by their address, captions by their video."""

    decks: dict[str, FetchError] = field(default_factory=dict)
    captions: dict[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches for one course. `on_wait` is called before another writer is waited for."""

    library: Library
    fetching: Fetching
    told: Callable[[int, int, str], None] = lambda _done, _total, _what: None
    on_wait: Callable[[], None] = lambda: None

    def fetch(self, planned: PlannedCourse, root: Path, languages: Sequence[str]) -> Failed:
        """Have what is not here yet; `languages` are the wanted ones of captions, best first, none for no captions."""
        decks = {deck.path for lecture in planned.lectures for deck in lecture.decks if "://" in deck.path}
        videos = [video for lecture in planned.lectures for video in lecture.videos if video.host is Host.YOUTUBE]
        return Failed(
            self.fetch_decks(sorted(decks)),
            self.fetch_captions(list(dict.fromkeys(videos)), root, languages) if languages else {},
        )

    def playlists(self, planned: PlannedCourse) -> tuple[dict[str, tuple[ListedVideo, ...]], dict[str, Problem]]:
        """The videos of each playlist that the course links, by its address; and why one could not be read.

        YouTube is asked anew each time, since lists grow; what it said before stands where it cannot be asked.
        """
        found: dict[str, tuple[ListedVideo, ...]] = {}
        unread: dict[str, Problem] = {}
        for address in dict.fromkeys(address for _, address in planned.links):
            playlist = playlist_id(address)
            if playlist is None:
                continue
            try:
                found[address] = self._playlist(playlist)
            except FetchError as error:
                kept = self._kept_playlist(playlist)
                if kept:
                    found[address] = kept
                    continue
                detail = (
                    f"The playlist {address} was not read: {error}. Ingest again later, or link its videos one by one."
                )
                unread[address] = Problem("playlist_unread", detail)
        return found, unread

    def _playlist(self, playlist: str) -> tuple[ListedVideo, ...]:
        if self.fetching.youtube is None:
            raise FetchError("nothing may be fetched (--offline)", code="not_fetched")
        listed = read_playlist(self.fetching.youtube.playlist_page(playlist))
        if listed != self._kept_playlist(playlist):
            with self.library.writer(self.on_wait):
                sha256 = self.library.files.add_bytes(dump_list(listed), ".json")
                self._keep(f"playlist:{playlist}", Fetched(sha256, ".json", {}))
        return listed

    def _kept_playlist(self, playlist: str) -> tuple[ListedVideo, ...]:
        """What was read of it before; nothing if it was not, or that is lost."""
        with self.library.database.reading() as connection:
            known = find_fetched(connection, f"playlist:{playlist}")
        if known is None or not self.library.files.is_intact(known.sha256, known.suffix):
            return ()
        return load_list(self.library.files.path(known.sha256, known.suffix).read_bytes())

    def fetch_decks(self, addresses: Sequence[str]) -> dict[str, FetchError]:
        """The errors, by address, of decks that could not be had."""
        failed: dict[str, FetchError] = {}
        web = self.fetching.web
        if web is None:
            return failed
        missing = [address for address in addresses if self.fetching.refresh or not is_kept(self.library, address)]
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            found = pool.map(lambda address: self._deck(address, web), missing)
            for done, (address, error) in enumerate(zip(missing, found, strict=True), 1):
                if error is not None:
                    failed[address] = error
                self.told(done, len(missing), address)
        finally:
            # stopped in the middle: what has not begun is not begun any more
            pool.shutdown(wait=True, cancel_futures=True)
        return failed

    def _deck(self, address: str, web: WebLimits) -> FetchError | None:
        try:
            path, suffix = fetch_deck(address, self.library.data_dir / "sources", web, self.fetching.sites)
        except FetchError as error:
            return FetchError(f"Deck {address}: {error}", code=error.code, passing=error.passing)
        try:
            with self.library.writer(self.on_wait):
                self._keep(address, Fetched(self.library.files.add(path, suffix), suffix, {}))
        finally:
            path.unlink(missing_ok=True)
        return None

    def fetch_captions(
        self, videos: Sequence[PlannedVideo], root: Path, languages: Sequence[str]
    ) -> dict[str, Problem]:
        """Why there are no captions, by video, of those that have none of their own beside the course."""
        failed: dict[str, Problem] = {}
        if self.fetching.youtube is None or not videos:
            return failed
        reader = CaptionReader()
        try:
            missing = [
                video.video
                for video in videos
                if not is_kept(self.library, captions_key(video.video, languages))
                and not has_own(video, root, languages, reader)
            ]
        finally:
            reader.close()
        for done, video in enumerate(missing, 1):
            problem = self._captions(video, self.fetching.youtube, languages)
            if problem is not None:
                failed[video] = problem
            self.told(done, len(missing), video)
        return failed

    def _captions(self, video: str, youtube: YouTube, languages: Sequence[str]) -> Problem | None:
        try:
            got = youtube.captions(video, languages)
        except CaptionsProblem as error:
            return Problem(error.code, str(error))
        detail = {"language": got.language, "generated": got.generated, "asked": list(languages)}
        with self.library.writer(self.on_wait):
            self._keep(
                captions_key(video, languages),
                Fetched(self.library.files.add_bytes(got.content, ".json3"), ".json3", detail),
            )
        return None

    def _keep(self, key: str, found: Fetched) -> None:
        with self.library.database.writing() as connection:
            keep_fetched(connection, key, found)


def is_kept(library: Library, key: str) -> bool:
    """Whether what was fetched under this key is here, whole."""
    with library.database.reading() as connection:
        known = find_fetched(connection, key)
    return known is not None and library.files.is_intact(known.sha256, known.suffix)


def has_own(video: PlannedVideo, root: Path, languages: Sequence[str], reader: CaptionReader) -> bool:
    """Whether captions that can be read lie beside the course."""
    for path, _ in find_transcripts(root, video, tuple(languages)):
        try:
            reader.read(find_file(path.relative_to(root).as_posix(), root, "Transcript"))
        except SourceFileError:
            continue
        return True
    return False

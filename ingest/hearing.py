"""Recordings of a course that have no captions → what is said in them, kept here, and why some could not be heard.

Done before the writer's lock is asked for: hearing a course may take hours, and keeps nobody from writing.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import SourceFileError
from index.files import file_lock, make_folder, translated_disk
from index.library import Library
from index.originals import sha256_of
from index.store.known import Fetched, keep_fetched
from index.types import Host, Problem
from ingest.asr import asr_problem, transcribe
from ingest.captions import CaptionReader, to_vtt
from ingest.fetching import has_own, is_kept
from ingest.places import MissingFile, find_file
from ingest.planned import PlannedVideo
from ingest.sources import HEARING
from ingest.videos import Told, speech_key

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Listener:
    """Hears for one course, with the recogniser in a folder. `on_wait` is called while another hears; it may raise."""

    library: Library
    asr_model: str
    told: Told = lambda _done, _total, _what: None
    on_wait: Callable[[], None] = lambda: None

    def hear(self, planned: Sequence[PlannedVideo], root: Path, languages: Sequence[str]) -> dict[str, Problem]:
        """Why there are no words, by video, of recordings that were listened to; what was heard is kept by their bytes.

        Nothing where no recogniser is set up, which is said of each video when it is read.
        """
        if asr_problem(self.asr_model):
            return {}
        reader = CaptionReader()
        try:
            silent = [
                video.video
                for video in dict.fromkeys(planned)
                if video.host is Host.FILE and not has_own(video, root, languages, reader)
            ]
        finally:
            reader.close()
        found = {video: self._hear(video, root, languages) for video in silent}
        return {video: problem for video, problem in found.items() if problem}

    def _hear(self, video: str, root: Path, languages: Sequence[str]) -> Problem | None:
        try:
            file = find_file(video, root, "Video")
        except MissingFile:  # said when the video is read
            return None
        cache = self.library.data_dir / "sources"
        with translated_disk(cache):
            if is_kept(self.library, speech_key(sha256_of(file))):
                return None
            make_folder(cache)
            # a copy: the file may change meanwhile. In a folder of its own: a recording may name others that lie beside
            with self._turn(), TemporaryDirectory(prefix=HEARING, dir=cache) as folder:
                copy = Path(folder) / f"recording{file.suffix.lower()}"
                shutil.copyfile(file, copy)
                key = speech_key(sha256_of(copy))
                return None if is_kept(self.library, key) else self._keep(video, copy, key, languages)

    def _keep(self, video: str, recording: Path, key: str, languages: Sequence[str]) -> Problem | None:
        try:
            cues, language = transcribe(
                recording,
                self.asr_model,
                None,
                lambda done, total: self.told(int(done), int(total), f"{video}: speech"),
            )
        except SourceFileError as error:
            return Problem(error.code, f"Video {video}: {error}")
        with self.library.writer(self.on_wait):
            sha256 = self.library.files.add_bytes(to_vtt(cues).encode(), ".vtt")
            found = Fetched(sha256, ".vtt", {"language": language, "asked": list(languages)})
            with self.library.database.writing() as connection:
                keep_fetched(connection, key, found)
        return None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Be the only one that hears here: a model takes gigabytes, and all cores."""
        while True:
            with file_lock(self.library.data_dir / "hearing.lock", wait=False) as alone:
                if alone:
                    yield
                    return
            self.on_wait()
            time.sleep(_LOOK_SECONDS)

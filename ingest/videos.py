"""What a course says of a video → the video with its transcript: from the folder, or what was fetched or heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.errors import SourceFileError
from index.library import Library
from index.store.known import find_fetched, known_transcript
from index.text.language import STEMMERS, detect_language
from index.types import Host, MadeBy, Problem, State, Transcript, Video
from ingest.asr import RECOGNISER, asr_problem
from ingest.captions import PARSER, CaptionReader, Cue, to_vtt
from ingest.course import find_transcripts
from ingest.places import MissingFile, find_file
from ingest.planned import PlannedVideo
from ingest.recordings import check_recording
from ingest.segments import SEGMENTER, merge_cues

_PARSER = f"{PARSER}+{SEGMENTER}"

# (done, total, what)
Told = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class VideoSource:
    """Where transcripts are looked for. `failed` says by video why YouTube gave none or nothing was heard; `languages`
    are wanted ones, best first, none where transcripts are left out; `asr_model` is the folder of a speech recogniser's
    model, or empty.
    What the rows of course `distrusted` say was read before is read again.
    """

    root: Path
    library: Library
    languages: tuple[str, ...]
    failed: Mapping[str, Problem] = field(default_factory=dict)
    asr_model: str = ""
    distrusted: str | None = None


def captions_key(video: str, languages: Sequence[str]) -> str:
    """By which the captions of a YouTube video are kept that were fetched for these languages, best first."""
    return f"youtube:{video}:{languages[0]}"


def speech_key(recording: str) -> str:
    """By which is kept what is said in a recording with this SHA-256."""
    return f"asr:{recording}:{RECOGNISER}"


def read_videos(planned: Sequence[PlannedVideo], source: VideoSource, told: Told) -> dict[PlannedVideo, Video]:
    """Every video, one after another; a bad one is a video with a problem."""
    distinct = list(dict.fromkeys(planned))
    reader = _TranscriptReader(source, told)
    found: dict[PlannedVideo, Video] = {}
    try:
        for done, video in enumerate(distinct, 1):
            found[video] = _read_video(video, source, reader)
            told(done, len(distinct), video.video)
    finally:
        reader.close()
    return found


def _read_video(planned: PlannedVideo, source: VideoSource, reader: _TranscriptReader) -> Video:
    sha256: str | None = None
    problem: Problem | None = None
    transcript: Transcript | None = None
    missing = False
    if planned.host is Host.FILE:
        try:
            file = find_file(planned.video, source.root, "Video")
            check_recording(file, planned.video)
            sha256 = source.library.files.add(file, file.suffix.lower())
        except SourceFileError as error:  # captions beside it are read all the same
            problem, missing = Problem(error.code, str(error)), isinstance(error, MissingFile)
    if source.languages:
        transcript, problem_of_captions = reader.read(planned, sha256)
        problem = problem or problem_of_captions
        if planned.host is Host.WEB and transcript is None:
            problem = problem or _elsewhere(planned.video)
    return Video(
        video=planned.video,
        host=planned.host,
        label=planned.label,
        remark=planned.remark,
        state=_state(planned, sha256, problem, missing=missing),
        problem=problem,
        sha256=sha256,
        duration_seconds=transcript.segments[-1].end_seconds if transcript else None,
        transcript=transcript,
    )


def _state(planned: PlannedVideo, sha256: str | None, problem: Problem | None, *, missing: bool) -> State:
    if planned.host is Host.FILE and sha256 is None:
        return State.MISSING if missing else State.BROKEN
    return State.PARTIAL if problem else State.READY


@dataclass(frozen=True, slots=True)
class _Found:
    """Captions that are kept: the stored file, what is known of them, and what to call them in a complaint."""

    sha256: str
    suffix: str
    origin: str
    language: str | None
    made_by: MadeBy


def _elsewhere(address: str) -> Problem:
    return Problem(
        "video_elsewhere",
        f"The video {address} lies on a site whose captions cannot be asked for; students can open it, but "
        "nothing in it is found. Put its captions into transcripts/, named after the last part of its address.",
    )


class _TranscriptReader:
    def __init__(self, source: VideoSource, told: Told) -> None:
        self._source, self._told = source, told
        self._captions = CaptionReader()

    def close(self) -> None:
        self._captions.close()

    def read(self, planned: PlannedVideo, recording: str | None) -> tuple[Transcript | None, Problem | None]:
        """The first readable captions, else why there are none. `recording` is the stored file of a local video."""
        problem: Problem | None = None
        for found in self._candidates(planned, recording):
            if isinstance(found, Problem):
                problem = problem or found
                continue
            try:
                return self._transcript(found), None
            except SourceFileError as error:
                problem = problem or Problem(error.code, f"Transcript {found.origin}: {error}")
        return None, problem

    def _candidates(self, planned: PlannedVideo, recording: str | None) -> Iterator[_Found | Problem]:
        for path, language in find_transcripts(self._source.root, planned, self._source.languages):
            origin = path.relative_to(self._source.root).as_posix()
            try:
                file = find_file(origin, self._source.root, "Transcript")
            except MissingFile as error:
                yield Problem(error.code, str(error))
                continue
            sha256 = self._source.library.files.add(file, path.suffix.lower())
            yield _Found(sha256, path.suffix.lower(), origin, language, MadeBy.FILE)
        if planned.host is Host.YOUTUBE:
            yield self._from_youtube(planned.video)
        elif recording is not None:
            yield self._recognised(planned, recording)

    def _from_youtube(self, video: str) -> _Found | Problem:
        with self._source.library.database.reading() as connection:
            known = find_fetched(connection, captions_key(video, self._source.languages))
        if known is None:
            return self._source.failed.get(video) or _no_transcript(video, self._source.languages[0])
        language = str(known.detail["language"]).split("-")[0].lower()[:8]
        made_by = MadeBy.GENERATED if known.detail["generated"] else MadeBy.MANUAL
        return _Found(known.sha256, known.suffix, f"https://youtu.be/{video}", language, made_by)

    def _recognised(self, planned: PlannedVideo, recording: str) -> _Found | Problem:
        library, video = self._source.library, planned.video
        with library.database.reading() as connection:
            known = find_fetched(connection, speech_key(recording))
        if known is None or not library.files.is_intact(known.sha256, known.suffix):
            missing = asr_problem(self._source.asr_model) or "ingest once more as it is, since it changed meanwhile"
            return self._source.failed.get(video) or _no_transcript(video, self._source.languages[0], f"; or {missing}")
        return _Found(known.sha256, known.suffix, video, str(known.detail["language"]), MadeBy.ASR)

    def _transcript(self, found: _Found) -> Transcript:
        library, asked = self._source.library, self._source.languages
        with library.database.reading() as connection:
            known = known_transcript(connection, found.sha256, _PARSER, self._source.distrusted)
        if known is not None and library.files.is_intact(known.vtt_sha256, ".vtt"):
            language = found.language or known.language
            return replace(known, language=language, origin=found.origin, made_by=found.made_by, asked=asked)
        cues = self._captions.read(library.files.path(found.sha256, found.suffix))
        # a file that does not say its language is heard: the languages that are wanted come first
        candidates = list(dict.fromkeys([*(code for code in asked if code in STEMMERS), *STEMMERS]))
        language = found.language or detect_language(" ".join(cue.text for cue in cues[:400]), candidates)
        vtt_sha256 = library.files.add_bytes(to_vtt(cues).encode(), ".vtt")
        return Transcript(
            language, found.origin, found.sha256, vtt_sha256, _PARSER, merge_cues(cues), found.made_by, asked
        )


def read_cues(library: Library, transcript: Transcript, reader: CaptionReader) -> tuple[Cue, ...]:
    """The cues of a transcript, from the WebVTT that is kept of it."""
    return reader.read(library.files.path(transcript.vtt_sha256, ".vtt"))


def _no_transcript(video: str, language: str, further: str = "") -> Problem:
    stem = Path(video).stem if "/" in video or "." in video else video
    return Problem(
        "no_transcript",
        f"Video {video} has no captions here; put them into transcripts/{stem}.{language}.vtt "
        f"(or .srt, .sbv, .json3) and ingest again{further}.",
    )

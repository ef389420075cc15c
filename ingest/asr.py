"""A recording that lies beside the course → cues, by speech recognition that is installed here.

The only module that imports faster-whisper (the extra `asr`); the model is a folder, nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from index.errors import SourceFileError
from ingest.captions import Cue

# Part of a transcript's identity.
RECOGNISER = "faster-whisper-1"
_MAX_REPEATS = 3  # a recogniser that says the same line more often than this is caught in a loop


def asr_problem(model: str) -> str | None:
    """What is missing for speech recognition, as what to do about it; None if it can run."""
    if find_spec("faster_whisper") is None:
        return "install faster-whisper (the extra `asr`) and set LECTURES_ASR_MODEL to a model folder"
    if not model:
        return "set LECTURES_ASR_MODEL to the folder of a faster-whisper model"
    if not (Path(model) / "model.bin").is_file():
        return f"LECTURES_ASR_MODEL names {model:.200}, which is no folder of a faster-whisper model"
    return None


def transcribe(
    recording: Path, model: str, language: str | None, progress: Callable[[float, float], None]
) -> tuple[tuple[Cue, ...], str]:
    """Cues of a recording and the language that is spoken; `progress` is told (seconds done, seconds in all).

    SourceFileError if the recording has no sound that can be read.
    """
    from faster_whisper import WhisperModel  # noqa: PLC0415  (an extra, and heavy)

    try:
        loaded = WhisperModel(model, device="auto", compute_type="auto", local_files_only=True)
        # each window by itself: text carried over from the last one makes the model repeat itself
        segments, info = loaded.transcribe(
            str(recording), language=language, vad_filter=True, condition_on_previous_text=False
        )
        cues: list[Cue] = []
        for segment in segments:
            text = segment.text.strip()
            repeated = len(cues) >= _MAX_REPEATS and all(cue.text == text for cue in cues[-_MAX_REPEATS:])
            end = min(segment.end, info.duration)  # a model may hear what comes after the end
            if text and not repeated and segment.start < end:
                cues.append(Cue(segment.start, end, text))
            progress(end, info.duration)
    except (RuntimeError, ValueError, OSError, IndexError) as error:
        raise SourceFileError(f"Its speech could not be recognised ({str(error)[:200]}).", code="asr_failed") from error
    if not cues:
        raise SourceFileError("No speech was heard in it.", code="no_speech")
    return tuple(cues), info.language

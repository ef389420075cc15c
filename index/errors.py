"""Every error of ours; each message is a full sentence that names the thing and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping


class LecturesError(Exception):
    """Base of all our errors. `code` is the machine-readable name that clients rely on."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class InvalidRequest(LecturesError):
    """The caller's input is wrong: an empty query, a limit out of range."""

    code = "invalid_request"


class NotFound(LecturesError):
    """A course, lecture, deck, page or video that is not there (or not the caller's to see)."""

    code = "not_found"


class Gone(NotFound):
    """What an address led to is not there any more, or cannot be told from something else."""

    code = "gone"


def no_course(slug: str) -> NotFound:
    """The one sentence for a course that is not there and for one that is not the caller's to see."""
    there = "`lectures courses`, the list of courses of the API and the tool list_courses name those there are"
    return NotFound(f"There is no course {slug!r:.80}; {there}.")


class CourseError(LecturesError):
    """A course that cannot be read at all: no folder, no lectures, malformed YAML."""

    code = "bad_course"


class SourceFileError(LecturesError):
    """One deck or transcript that cannot be used; recorded as a gap, never fatal for the course."""

    code = "bad_file"


class IndexUnavailable(LecturesError):
    """No verified generation can be served yet."""

    code = "index_unavailable"


class IndexMismatch(LecturesError):
    """The index was made with another embedder, analysis or schema than the one in use."""

    code = "index_mismatch"


class ShardsAway(IndexUnavailable):
    """None of those that hold some shards answer; `reasons` says so by course."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(" ".join(reasons.values()))
        self.reasons = dict(reasons)


class CorruptIndex(LecturesError):
    """A generation whose files differ from its manifest."""

    code = "corrupt_index"


class StorageError(LecturesError):
    """The database or the disk refused: full, locked, unreachable, of a newer schema."""

    code = "storage"


class StorageUnreachable(StorageError):
    """The place where all is kept cannot be used at all: most often it is not the one that was meant."""


class EmbedderError(LecturesError):
    """The embedder cannot be loaded or gave unusable vectors."""

    code = "embedder"


class NotNow(LecturesError):
    """Who reads courses in the background cannot go on for a while, for a reason that lies outside; nothing is lost."""

    code = "reading_waits"


class NotAllowed(LecturesError):
    """The caller has no right to do this."""

    code = "not_allowed"

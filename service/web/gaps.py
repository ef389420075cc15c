"""What a course lacks → the same by what is to be done about it: add a file, put captions, correct a link, wait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from index.store.catalogue import LECTURE_GAPS
from index.types import CourseDetails, LectureEntry


class Todo(StrEnum):
    """What a lecturer does about a gap; what is best done first stands first."""

    FILE = "file"
    CAPTIONS = "captions"
    LINK = "link"
    OPERATOR = "operator"
    LATER = "later"
    NOTHING = "nothing"


_CODES = {
    Todo.FILE: "missing_file outside bad_name lfs_pointer empty_file not_a_pdf not_a_pptx not_a_video damaged no_pages "
    "encrypted parser_died parser_timeout too_large too_many_pages pages_without_text garbled_pages no_pictures "
    "pictures_failed bad_file unreadable_page refused no_download confirmation_page asr_failed",
    Todo.CAPTIONS: "no_transcript video_elsewhere captions_disabled no_captions captions_protected age_restricted "
    "video_unplayable captions_unreadable no_speech unclaimed_captions",
    Todo.LINK: "gone bad_address is_folder is_video video_gone bad_line playlist_left_out not_aligned",
    Todo.OPERATOR: "not_fetched private_address",
    Todo.LATER: "unreachable timeout busy youtube_blocked youtube_unreachable youtube_timeout youtube_failed "
    "playlist_unread",
    Todo.NOTHING: "no_slides no_video",
}
TODO_OF = {code: todo for todo, codes in _CODES.items() for code in codes.split()}
_ORDER = {code: number for number, code in enumerate(TODO_OF)}


@dataclass(frozen=True, slots=True)
class GapPlace:
    """Where something is missing: a lecture, and the file or video in it as the course names it, empty for the lecture
    itself; `detail` is the sentence for whoever runs the service."""

    lecture: LectureEntry
    name: str
    detail: str


@dataclass(frozen=True, slots=True)
class GapGroup:
    """All places with the same gap."""

    code: str
    places: tuple[GapPlace, ...]


@dataclass(frozen=True, slots=True)
class TodoGroup:
    """All gaps that one does the same about."""

    todo: Todo
    groups: tuple[GapGroup, ...]

    @property
    def count(self) -> int:
        return sum(len(group.places) for group in self.groups)


def gaps_by_todo(course: CourseDetails) -> tuple[TodoGroup, ...]:
    """What a course lacks, grouped."""
    found = sorted(
        ((code, place) for lecture in course.lectures for code, place in _gaps(lecture)), key=lambda gap: _rank(gap[0])
    )
    groups = [GapGroup(code, tuple(place for _, place in own)) for code, own in groupby(found, key=lambda gap: gap[0])]
    return tuple(TodoGroup(todo, tuple(own)) for todo, own in groupby(groups, key=lambda group: _todo(group.code)))


def _todo(code: str) -> Todo:
    """What is to be done; of a code of another version it is not known, and the file is looked at."""
    return TODO_OF.get(code, Todo.FILE)


def _rank(code: str) -> tuple[int, int, str]:
    """Gaps in the order of what to do, those of the same code together."""
    return (list(Todo).index(_todo(code)), _ORDER.get(code, -1), code)


def _gaps(lecture: LectureEntry) -> list[tuple[str, GapPlace]]:
    own = [(gap.code, GapPlace(lecture, "", gap.detail)) for gap in lecture.gaps if gap.code in LECTURE_GAPS]
    files = [(deck.problem, deck.path) for deck in (*lecture.decks, *lecture.notes)]
    videos = [(video.problem, video.label or video.video) for video in lecture.videos]
    return own + [
        (problem.code, GapPlace(lecture, name, problem.detail)) for problem, name in files + videos if problem
    ]

"""A planned course → what a lecturer is shown of it before it is taken up, and the course.yaml that says the same."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.course_yaml import write_yaml
from ingest.planned import PlannedCourse

# of the files and lines of a strange course: more than anybody reads
_MOST = 500


@dataclass(frozen=True, slots=True)
class LectureOutline:
    """A lecture with its files and videos by their names."""

    section: str
    title: str
    decks: tuple[str, ...]
    videos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outline:
    """`left_out` are (place, reason) of what is in no lecture, the first of `left_out_count`; `problems` are sentences
    on lines of course.yaml, `why` on how the lectures were found."""

    lectures: tuple[LectureOutline, ...]
    why: tuple[str, ...]
    problems: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    left_out_count: int
    yaml: str


def outline_of(planned: PlannedCourse) -> Outline:
    """A planned course for reading."""
    return Outline(
        lectures=tuple(
            LectureOutline(
                lecture.section,
                lecture.title,
                tuple(deck.path for deck in lecture.decks),
                tuple(video.label or video.video for video in lecture.videos),
            )
            for lecture in planned.lectures
        ),
        why=planned.why,
        problems=(*(f"{lecture}: {problem}" for lecture, problem in planned.problems), *planned.bad_names)[:_MOST],
        left_out=tuple((place or label, reason) for label, place, reason in planned.left_out[:_MOST]),
        left_out_count=len(planned.left_out),
        yaml=write_yaml(planned),
    )

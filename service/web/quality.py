"""What was read of a course → which of it looks unusual: a transcript too short or too long, pages without text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from index.store.quality import course_quality
from index.types import CourseDetails, DeckQuality, LectureEntry, SpeechQuality

# Lectures are spoken at some 90 to 200 words a minute. Half of the least: a part is missing, or much of it is silence;
# half as much again as the most: captions that roll were taken down twice.
_FEWEST_PER_MINUTE = 45
_MOST_PER_MINUTE = 300


@dataclass(frozen=True, slots=True)
class SpeechView:
    """A transcript; `pace` are its words a minute, `warning` names words on it or is empty."""

    speech: SpeechQuality
    pace: int
    warning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityRow:
    """A lecture with what was read of it; `timed` of its `slides` have a time in its video."""

    lecture: LectureEntry
    speech: tuple[SpeechView, ...]
    decks: tuple[DeckQuality, ...]
    timed: int
    slides: int
    may_be_timed: bool

    @property
    def is_unusual(self) -> bool:
        """Whether somebody should look at it."""
        decks = any(deck.empty or deck.is_garbled or not deck.pages for deck in self.decks)
        return decks or any(view.warning for view in self.speech) or (self.may_be_timed and not self.timed)


def quality_rows(connection: Connection, course: CourseDetails) -> list[QualityRow]:
    """The lectures of a course of which something was read."""
    found = course_quality(connection, course.slug)
    rows = []
    for lecture in course.lectures:
        if lecture.id not in found:
            continue
        slides = {deck.path for deck in lecture.decks}
        decks = found[lecture.id].decks
        speech = tuple(_speech(own) for own in found[lecture.id].speech)
        pages = sum(deck.pages for deck in decks if deck.path in slides)
        rows.append(
            QualityRow(
                lecture=lecture,
                speech=speech,
                decks=decks,
                timed=sum(deck.timed for deck in decks),
                slides=pages,
                may_be_timed=pages > 0 and any(view.speech.made_by for view in speech),
            )
        )
    return rows


def _speech(speech: SpeechQuality) -> SpeechView:
    pace = round(60 * speech.words / speech.seconds) if speech.seconds else 0
    if speech.made_by is None:
        return SpeechView(speech, 0, "")
    warning = "words_few" if pace < _FEWEST_PER_MINUTE else "words_many" if pace > _MOST_PER_MINUTE else ""
    return SpeechView(speech, pace, warning)

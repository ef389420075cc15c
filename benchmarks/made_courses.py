"""A number → a made course with realistic words, the same every time: as rows to publish, or as a folder to ingest.

Twelve subjects share the topics of the bundled glossary in part; a course keeps to 60 topics of its subject and has 300
words that no other course uses; a lecture keeps to 3–5 topics. Two courses of three are Russian with English between,
every third is English. Two thirds of the passages are pages, one third minutes of speech.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import yaml
from wordfreq import get_frequency_dict

from index.types import (
    Alignment,
    Course,
    Deck,
    DeckKind,
    Host,
    Lecture,
    Page,
    PageMoment,
    PageSpan,
    Passage,
    Segment,
    State,
    Transcript,
    Video,
)
from ingest.passages import make_passages

MADE = "made-1"  # change it when the same number would give another course
MADE_CAPTIONS = b"WEBVTT\n"  # what stands in the file store for the captions of every made course
_CAPTIONS_SHA256 = sha256(MADE_CAPTIONS).hexdigest()

_SUBJECTS = (
    ("Машинное обучение", "Machine learning"),
    ("Обработка языка", "Language processing"),
    ("Компьютерное зрение", "Computer vision"),
    ("Анализ данных", "Data analysis"),
    ("Теория вероятностей", "Probability"),
    ("Линейная алгебра", "Linear algebra"),
    ("Алгоритмы", "Algorithms"),
    ("Обучение с подкреплением", "Reinforcement learning"),
    ("Базы данных", "Databases"),
    ("Рекомендательные системы", "Recommender systems"),
    ("Методы оптимизации", "Optimisation"),
    ("Распознавание речи", "Speech recognition"),
)
_SUBJECT_TOPICS, _SUBJECT_PAIRS, _SUBJECT_WORDS = 160, 60, 400
_TOPICS, _PAIRS, _OWN_WORDS = 45, 15, 300
_LECTURE, _LECTURE_PAGES = 48, 32  # passages of a lecture, and how many of them are pages
_EVERYDAY = 20_000
_SHORTEST, _LONGEST = 30, 100  # words of a passage; a topic counts as one, so that a page has up to some 120
# What a word of a body is, as shares: its topic, a topic of the same lecture, the subject's, the course's own, English
# between Russian words; all else is everyday language.
_SHARES = (0.10, 0.06, 0.15, 0.06, 0.05)
_LINE, _SENTENCE = 9, 14
_SYLLABLES = {
    "ru": [a + b for a in "бвгдзклмнпрстфхчш" for b in "аеиоуя"],
    "en": [a + b for a in "bcdfghklmnprstvz" for b in "aeiou"],
}
_GLOSSARY = files("index") / "builtin" / "glossary.tsv"

Topic = tuple[str, ...]  # four names of one thing, the usual one repeated


@dataclass(frozen=True, slots=True)
class _Subject:
    topics: list[Topic]
    words: list[str]


@dataclass(frozen=True, slots=True)
class _Outline:
    """What a course is about, before a word of it is written."""

    language: str
    subject: _Subject
    topics: list[Topic]
    own_words: list[str]


def made_course(number: int, passages: int) -> tuple[Course, list[Passage]]:
    """The course of this number with exactly so many passages."""
    language, slug = _language(number), f"made-{number:04d}"
    lectures = tuple(_lectures(number, passages))
    title = f"{_SUBJECTS[number % 12][language == 'en']} {number}"
    course = Course(slug, title, language, f"made/{number}", None, lectures)
    return course, [passage for lecture in lectures for passage in make_passages(slug, lecture)]


def write_folder(number: int, passages: int, folder: Path, *, decks: bool = False) -> Path:
    """The same course as a folder that `lectures ingest` reads.

    Without `decks` the pages are spoken too, a minute each, so that it holds as many passages; with them they are PDFs,
    which needs fpdf2 and a course in English.
    """
    course, _ = made_course(number, passages)
    (folder / "transcripts").mkdir(parents=True, exist_ok=True)
    planned = []
    for lecture in course.lectures:
        videos = [
            _write_captions(folder, video.video, video.transcript.segments)
            for video in lecture.videos
            if video.transcript
        ]
        for deck in lecture.decks:
            if decks:
                _write_pdf(folder / deck.path, deck.pages)
            else:
                minutes = [Segment(60.0 * i, 60.0 * i + 58, page.text) for i, page in enumerate(deck.pages)]
                videos.append(_write_captions(folder, f"page{number:04d}{lecture.position:03d}", minutes))
        own_decks = [deck.path for deck in lecture.decks if decks]
        planned.append({"title": lecture.title, "decks": own_decks, "videos": [{"youtube": name} for name in videos]})
    content = {"slug": course.slug, "title": course.title, "language": course.language, "lectures": planned}
    (folder / "course.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def made_questions(count: int, courses: Sequence[int]) -> list[str]:
    """What students of the courses of these numbers would ask: six ways to ask, the courses at random."""
    chance = random.Random(f"{MADE} {count} {len(courses)}")
    questions = []
    for i in range(count):
        outline = _outline(chance.choice(courses))
        names = [topic[0] for topic in chance.sample(outline.topics, 2)]
        words = chance.sample(outline.subject.words[:100], 2)
        own = outline.own_words[int(_OWN_WORDS * chance.random() ** 2)]
        asked = "что такое" if outline.language == "ru" else "what is"
        ways = (
            names[0],
            " ".join(names),
            f"{asked} {names[0]}",
            own,
            _mistyped(names[0], chance),
            " ".join([*words, own][: chance.choice((2, 3))]),
        )
        questions.append(ways[i % len(ways)])
    chance.shuffle(questions)
    return questions


def _mistyped(text: str, chance: random.Random) -> str:
    """Two neighbouring letters swapped, or one left out."""
    at = chance.randrange(1, max(2, len(text) - 1))
    return text[:at] + text[at + 1 :] if chance.random() < 0.5 else text[:at] + text[at : at + 2][::-1] + text[at + 2 :]


# --- what a course is about ------------------------------------------------------------------------------


def _language(number: int) -> str:
    # shifted with each round of subjects, so that every subject is taught in both
    return "en" if (number + number // len(_SUBJECTS)) % 3 == 2 else "ru"


def _chance(*place: int) -> np.random.Generator:
    return np.random.default_rng([1, *place])


@lru_cache
def _everyday(language: str) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Words of everyday language, and up to which share each reaches when they are drawn as often as they are used."""
    found = [(word, value) for word, value in get_frequency_dict(language, "small").items() if word.isalpha()]
    found = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:_EVERYDAY]
    reach = np.cumsum([value for _, value in found])
    return [word for word, _ in found], reach / reach[-1]


@lru_cache
def _glossary() -> list[tuple[list[str], list[str]]]:
    """(English names, Russian names) of every topic."""
    lines = [line for line in _GLOSSARY.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [(names[0].split("|"), names[1].split("|")) for names in (line.split("\t") for line in lines)]


@lru_cache
def _subject(family: int, language: str) -> _Subject:
    """Topics and words that the courses of one subject share; subjects share topics of the glossary in part."""
    chance = _chance(0, family)
    glossary = _glossary()
    chosen = [glossary[i] for i in chance.choice(len(glossary), _SUBJECT_TOPICS, replace=False)]
    topics: list[Topic] = [
        (ru[0], ru[0], ru[-1], en[0]) if language == "ru" else (en[0], en[0], en[0], en[-1]) for en, ru in chosen
    ]
    everyday = [word for word in _everyday(language)[0][2_000:] if len(word) > 4]
    words = [everyday[i] for i in chance.choice(len(everyday), _SUBJECT_WORDS + 2 * _SUBJECT_PAIRS, replace=False)]
    pairs = words[_SUBJECT_WORDS:]
    topics += [(f"{one} {two}",) * 4 for one, two in zip(pairs[::2], pairs[1::2], strict=True)]
    return _Subject(topics, words[:_SUBJECT_WORDS])


@lru_cache(maxsize=2_000)
def _outline(number: int) -> _Outline:
    chance, language = _chance(1, number), _language(number)
    subject = _subject(number % len(_SUBJECTS), language)
    chosen = [
        *chance.choice(_SUBJECT_TOPICS, _TOPICS, replace=False),
        *(_SUBJECT_TOPICS + chance.choice(_SUBJECT_PAIRS, _PAIRS, replace=False)),
    ]
    chance.shuffle(chosen)
    # the number stands in two syllables of each word, so that no two courses share one; neighbours do not look alike
    syllables = _SYLLABLES[language]
    pairs = len(syllables) ** 2
    one, two = divmod(number * 4_801 % pairs, len(syllables))
    ends = (divmod(int(end), len(syllables)) for end in chance.choice(pairs, _OWN_WORDS, replace=False))
    own = ["".join(syllables[i] for i in (start, one, two, end)) for start, end in ends]
    return _Outline(language, subject, [subject.topics[i] for i in chosen], own)


# --- what it says ----------------------------------------------------------------------------------------


def _lectures(number: int, passages: int) -> Iterator[Lecture]:
    outline, chance = _outline(number), _chance(2, number)
    parts = list(pairwise([*range(0, passages, _LECTURE), passages]))
    plans = [chance.choice(len(outline.topics), int(chance.integers(3, 6)), replace=False) for _ in parts]
    counts = [to - at for at, to in parts]
    about = np.concatenate([_topics_in_turn(*pair) for pair in zip(plans, counts, strict=True)])
    related = np.repeat([np.resize(plan, 5) for plan in plans], counts, axis=0)
    bodies = _bodies(outline, about, related, chance)
    for position, (plan, (at, to)) in enumerate(zip(plans, parts, strict=True), 1):
        names = [outline.topics[topic][0] for topic in plan]
        titles = [outline.topics[topic][0] for topic in about[at:to]]
        yield _lecture(number, position, ", ".join(names[:3]), titles, bodies[at:to])


def _topics_in_turn(plan: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """The topic of each passage of a lecture: the pages take them in turn, and so do the minutes."""
    pages = _pages_of(count)
    turns = [np.arange(part) * len(plan) // max(part, 1) for part in (pages, count - pages)]
    return plan[np.concatenate(turns)]


def _pages_of(count: int) -> int:
    return -(-count * _LECTURE_PAGES // _LECTURE)


def _bodies(
    outline: _Outline, about: npt.NDArray[np.int64], related: npt.NDArray[np.int64], chance: np.random.Generator
) -> list[list[str]]:
    """The words of each passage; row i of `about` and `related` is its topic and those it leads on to."""
    lengths = chance.integers(_SHORTEST, _LONGEST + 1, len(about))
    count, passage = int(lengths.sum()), np.repeat(np.arange(len(about)), lengths)
    everyday, reach = _everyday(outline.language)
    english, english_reach = _everyday("en")
    names = [name for topic in outline.topics for name in topic]
    parts: tuple[list[str], ...] = (names, outline.subject.words, outline.own_words, english, everyday)
    first = np.cumsum([0, *map(len, parts)])
    kind = np.searchsorted(np.cumsum(_SHARES), chance.random(count), side="right")
    other = related[passage, chance.integers(related.shape[1], size=count)]
    variant, skewed = chance.integers(4, size=count), chance.random(count) ** 2
    drawn = chance.random(count)
    chosen = np.choose(
        kind,
        (
            4 * about[passage] + variant,
            4 * other + variant,
            first[1] + (skewed * len(parts[1])).astype(np.int64),
            first[2] + (skewed * len(parts[2])).astype(np.int64),
            first[3] + np.minimum(np.searchsorted(english_reach, drawn), len(english) - 1),
            first[4] + np.minimum(np.searchsorted(reach, drawn), len(everyday) - 1),
        ),
    )
    vocabulary = [word for part in parts for word in part]
    words = [vocabulary[i] for i in chosen.tolist()]
    ends = np.cumsum(lengths).tolist()
    return [words[at:to] for at, to in pairwise([0, *ends])]


def _lecture(number: int, position: int, title: str, titles: list[str], bodies: list[list[str]]) -> Lecture:
    pages = tuple(
        Page(i + 1, str(i + 1), titles[i], "\n".join([titles[i], *_cut(bodies[i], _LINE)]))
        for i in range(_pages_of(len(bodies)))
    )
    segments = tuple(
        Segment(60.0 * minute, 60.0 * minute + 58, " ".join(f"{s[0].upper()}{s[1:]}." for s in _cut(body, _SENTENCE)))
        for minute, body in enumerate(bodies[len(pages) :])
    )
    path, video = f"slides/lecture{position:03d}.pdf", f"made{number:04d}{position:03d}"
    # every second page is known to be discussed in its minute
    spans = tuple(PageSpan(path, 2 * m + 1, video, 60.0 * m, 60.0 * m + 60, 0.99) for m in range(len(segments)))
    moments = tuple(PageMoment(path, span.page_number, video, span.start_seconds, 0.99) for span in spans)
    key = sha256(f"{MADE} {video} {len(bodies)}".encode()).hexdigest()
    deck = Deck(path, DeckKind.SLIDES, titles[0], None, State.READY, None, None, None, MADE, pages)
    transcript = Transcript(_language(number), "made", _CAPTIONS_SHA256, _CAPTIONS_SHA256, MADE, segments)
    spoken = Video(video, Host.YOUTUBE, "", None, State.READY, None, None, 60.0 * len(segments), transcript)
    alignment = Alignment(key, spans, moments) if spans else None
    videos = (spoken,) if segments else ()
    return Lecture(f"{position:03d}", position, "", title, "", (), (deck,), videos, alignment=alignment)


def _cut(words: list[str], size: int) -> list[str]:
    return [" ".join(words[at : at + size]) for at in range(0, len(words), size)]


# --- as files --------------------------------------------------------------------------------------------


def _write_captions(folder: Path, video: str, segments: Sequence[Segment]) -> str:
    """Captions that an ingest merges to these segments again; the video's id."""
    lines = [MADE_CAPTIONS.decode()]
    for segment in segments:
        words = segment.text.split()
        parts = [" ".join(words[len(words) * i // 6 : len(words) * (i + 1) // 6]) for i in range(6)]
        step = (segment.end_seconds - segment.start_seconds) / 6
        for i, part in enumerate(parts):
            at = segment.start_seconds + i * step
            end = "." if i == 5 else ""
            lines.append(f"{_clock(at)} --> {_clock(at + step)}\n{part.replace('.', '').lower()}{end}\n")
    (folder / "transcripts" / f"{video}.vtt").write_text("\n".join(lines), "utf-8")
    return video


def _clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}.{thousandths:03d}"


def _write_pdf(path: Path, pages: Sequence[Page]) -> None:
    from fpdf import FPDF  # noqa: PLC0415  (only where PDFs are asked for)

    pdf = FPDF("landscape", "mm", (190.5, 338.7))
    pdf.set_creation_date(dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
    for page in pages:
        pdf.add_page()
        title, *lines = page.text.encode("latin-1", "ignore").decode("latin-1").split("\n")
        pdf.set_font("Helvetica", "B", 30)
        pdf.cell(w=0, h=18, text=title, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Helvetica", "", 18)
        for line in lines:
            pdf.cell(w=0, h=10, text=line, new_x="LMARGIN", new_y="NEXT")
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))

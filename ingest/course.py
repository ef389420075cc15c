"""A course folder (course.yaml, or a README with tables, or just PDFs) → the plan of what to ingest."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from index.addresses import is_web_address
from index.errors import CourseError
from index.types import DeckKind, Host
from ingest.captions import SUFFIXES
from ingest.catalogue.folder import files_named, unreadable_names
from ingest.catalogue.plan import read_catalogue, read_other_files
from ingest.catalogue.titles import title_of_path
from ingest.course_language import language_of
from ingest.course_yaml import read_yaml
from ingest.planned import PlannedCourse, PlannedDeck, PlannedLecture, PlannedVideo
from ingest.sound import is_file_path, sound_course, sound_text

_SLUG = re.compile(r"[^a-z0-9]+")
_LANGUAGE = re.compile(r"^[a-z]{2,3}$")
_CYRILLIC_TO_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i i k l m n o p r s t u f h c ch sh sch - y - e yu ya".replace("-", "").split(" "),
        strict=True,
    )
)


def read_course(
    folder: Path,
    *,
    slug: str | None = None,
    name: str | None = None,
    source_url: str | None = None,
    found_at: str | None = None,
    language: str | None = None,
    linked_only: bool = False,
    even_empty: bool = False,
) -> PlannedCourse:
    """The course in a folder, lectures in order. CourseError if there is no folder or nothing to ingest in it.

    `even_empty`: without lectures it is given too, to be written down and filled by hand.

    `name` stands for the folder's own where that says nothing, `found_at` is the address that the folder came from.
    Only an address of the web becomes the course's `source_url`.
    """
    if source_url and not is_web_address(source_url):
        raise CourseError(f"The source URL {source_url!r:.80} is no http or https address; give where people can go.")
    name = name or folder.resolve().name
    if not folder.exists():
        raise CourseError(f"There is no folder {folder}; give the path of a course folder, a .zip or an address.")
    if not folder.is_dir():
        raise CourseError(f"{folder} is a file; give the folder that holds the course.")
    course = sound_course(_with_plain_transcripts(_planned(folder, linked_only=linked_only), folder))
    if not course.lectures and not even_empty:
        raise CourseError(_nothing_found(folder, course))
    language, how = _language(course, folder, language)
    return replace(
        course,
        slug=make_slug(slug or course.slug or name),
        title=course.title or sound_text(name),
        language=language,
        why=(*course.why, how),
        bad_names=tuple(
            f"The file {name!r:.100} has a name that is no text in UTF-8; rename it and ingest again."
            for name in unreadable_names(folder)
        ),
        source_url=source_url or course.source_url or (found_at if found_at and is_web_address(found_at) else None),
    )


def _nothing_found(folder: Path, course: PlannedCourse) -> str:
    """What to do about a folder without lectures; what was left out of it shows how it was read."""
    if not course.left_out:
        if (written := _course_file(folder)) is not None:
            return f"No lectures were found in {folder}: {written.name} lists none. Name some and ingest again."
        return (
            f"No lectures were found in {folder}: there is no README.md with a table or list of lectures, "
            "no course.yaml and no PDF. Add one of them and ingest again."
        )
    label, place, reason = course.left_out[0]
    told = f"“{label[:60]}” ({place[:120]})" if label and label != place else place[:120]
    return (
        f"No lectures were found in {folder}. Links and files that were left out: {len(course.left_out)}; the first, "
        f"{told}: {reason} `--write-yaml course.yaml` lists them all; name the lectures and their material there."
    )


def _course_file(folder: Path) -> Path | None:
    """The folder's course.yaml, if it lies there itself."""
    files = [folder / name for name in ("course.yaml", "course.yml") if (folder / name).is_file()]
    return next((file for file in files if file.resolve().is_relative_to(folder.resolve())), None)


def _planned(folder: Path, *, linked_only: bool) -> PlannedCourse:
    """The course as its course.yaml says, else as its README and folder show."""
    yaml_file = _course_file(folder)
    if yaml_file is not None:
        course = read_yaml(yaml_file)
        return course if linked_only else _with_other_files(course, folder)
    found = read_catalogue(folder, linked_only=linked_only)
    return PlannedCourse(
        "",
        found.title,
        "",
        None,
        tuple(found.lectures),
        tuple(found.links),
        tuple(found.why),
        tuple(found.left_out),
    )


def make_slug(name: str) -> str:
    """Lower-case Latin letters, digits and hyphens; Cyrillic is transliterated."""
    folded = unicodedata.normalize("NFKD", "".join(_CYRILLIC_TO_LATIN.get(c, c) for c in name.lower()))
    slug = _SLUG.sub("-", folded.encode("ascii", "ignore").decode()).strip("-")
    return slug[:80] or "course"


def _language(course: PlannedCourse, folder: Path, asked: str | None) -> tuple[str, str]:
    """The language of the course, and a sentence on where it comes from."""
    if asked:
        return asked, f"The language is {asked}, the first that --language names."
    if course.language:
        return course.language, f"The language is {course.language}, as course.yaml says."
    videos = [video for lecture in course.lectures for video in lecture.videos]
    captions = [path for video in videos for path, _ in find_transcripts(folder, video, ())]
    return language_of(course, folder, [path.relative_to(folder).as_posix() for path in captions])


def find_transcripts(folder: Path, video: PlannedVideo, languages: tuple[str, ...]) -> list[tuple[Path, str | None]]:
    """Caption files of a video with the language in their name, the wanted languages first."""
    if video.host is not Host.FILE:
        places, stem = [folder / "transcripts"], video_stem(video)
    else:
        path = folder / video.video
        places, stem = [path.parent, folder / "transcripts"], path.stem
    found: list[tuple[Path, str | None]] = []
    for place in places:
        if not place.is_dir():
            continue
        for path in _named(place):
            if path.suffix.lower() not in SUFFIXES or not path.is_file():
                continue
            if path.stem == stem:
                found.append((path, None))
            elif path.stem.startswith(stem + ".") and _LANGUAGE.match(path.stem[len(stem) + 1 :].split("-")[0].lower()):
                found.append((path, path.stem[len(stem) + 1 :].split("-")[0].lower()))

    def preference(item: tuple[Path, str | None]) -> tuple[int, str]:
        language = item[1]
        # a file that does not say its language is taken to be in the first wanted one
        rank = 0 if language is None else languages.index(language) if language in languages else len(languages)
        return rank, item[0].name

    return sorted(found, key=preference)


def _named(folder: Path) -> list[Path]:
    """What lies in a folder and has a name that is a text, in order."""
    return sorted(path for path in folder.iterdir() if is_file_path(path.name))


def video_stem(video: PlannedVideo) -> str:
    """What the captions of a video are named after: its id, its file, the last part of its address."""
    if video.host is Host.YOUTUBE:
        return video.video
    if video.host is Host.WEB:
        return PurePosixPath(urlsplit(video.video).path.rstrip("/")).stem or "video"
    return PurePosixPath(video.video).stem


def unclaimed_captions(folder: Path, course: PlannedCourse) -> list[str]:
    """Caption files of the course that no video of it goes by, as paths in the course."""
    videos = {video for lecture in course.lectures for video in lecture.videos}
    claimed = {path for video in videos for path, _ in find_transcripts(folder, video, ())}
    files = [path for path in files_named(folder, SUFFIXES) if path.is_file()]
    return [path.relative_to(folder).as_posix() for path in files if path not in claimed]


def _with_other_files(course: PlannedCourse, folder: Path) -> PlannedCourse:
    """The course with the decks of its folder that course.yaml does not name."""
    decks = {deck.path for lecture in course.lectures for deck in lecture.decks}
    linked = {url for links in (course.links, *(lecture.links for lecture in course.lectures)) for _, url in links}
    named = decks | linked | set(course.leave_out)
    lectures, left_out = read_other_files(folder, named)
    return replace(course, lectures=(*course.lectures, *lectures), left_out=(*course.left_out, *left_out))


def _with_plain_transcripts(course: PlannedCourse, folder: Path) -> PlannedCourse:
    """The course with what is said in its videos as notes, where that lies in `transcripts/` as text without times."""
    texts = (
        [path for path in _named(folder / "transcripts") if path.suffix == ".txt"]
        if (folder / "transcripts").is_dir()
        else []
    )
    if not texts:
        return course
    lectures = []
    for lecture in course.lectures:
        stems = {video_stem(video) for video in lecture.videos}
        found = [path for path in texts if path.stem in stems or path.stem.rsplit(".", 1)[0] in stems]
        known = {deck.path for deck in lecture.decks}
        notes = [PlannedDeck(path.relative_to(folder).as_posix(), kind=DeckKind.NOTES) for path in found]
        lectures.append(replace(lecture, decks=(*lecture.decks, *(note for note in notes if note.path not in known))))
    return replace(course, lectures=tuple(lectures))


def is_file_name(lecture: PlannedLecture) -> bool:
    """Whether a lecture is called what its first deck's file is called."""
    path = lecture.decks[0].path
    return lecture.title in (title_of_path(path)[0], PurePosixPath(path).stem)


def lecture_keys(lectures: tuple[PlannedLecture, ...]) -> list[str]:
    """A key for each lecture that stays the same while its title does; equal titles are numbered."""
    seen: Counter[str] = Counter()
    keys = []
    for lecture in lectures:
        base = lecture.decks[0].path if lecture.title_from_deck else " ".join(lecture.title.casefold().split())
        seen[base] += 1
        keys.append(base if seen[base] == 1 else f"{base} #{seen[base]}")
    return keys

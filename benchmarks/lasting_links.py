"""Made courses, a thousand links into them, and what the links open after the courses were changed and taken up anew.

    python benchmarks/lasting_links.py [--links 1000] [--seed 1]

Between the two ingests pages are inserted, removed and moved, decks renamed and given to other lectures, recordings cut
anew, captions changed; a course is removed, another one is removed and taken up again, a new one comes with slides that
say what others say. Pages are what real decks have: most say something of their own, some say what many say
("Questions?"), some are builds of one slide with the same words, a few are pictures without words. The truth is where
the generator put each page and minute; nothing of the service is asked for it. Exit code 1 if anything but what a link
led to was ever shown, or fewer than .98 of those whose place is still there open it.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import sqlalchemy as sa
import yaml
from fpdf import FPDF
from starlette.testclient import TestClient

from index.library import Library
from index.publish import forget_course
from index.store.passages import read_passages
from index.store.places import page_marks
from index.store.tables import courses, decks, lectures
from index.types import TimePlace
from ingest.course import read_course
from ingest.pipeline import ingest_course
from service.app import create_app
from service.links import moment_url, page_url
from service.settings import Settings

_WORDS = (
    "gradient loss weight layer kernel margin tree forest boosting feature label sample batch epoch rate momentum "
    "dropout variance bias ridge lasso cluster centroid density mixture prior posterior likelihood evidence sampler "
    "chain graph node edge path flow matrix vector tensor rank norm basis kernel signal noise filter window stride"
).split()
_MANY_SAY = (
    "Questions?",
    "Overview",
    "Summary",
    "Thank you for your attention",
    "Practice",
    "Recap of the last lecture",
)
_SEGMENT_SECONDS = 60


@dataclass(slots=True)
class Leaf:
    """A page or a minute of speech; `uid` is the truth of which one it is."""

    uid: int
    text: str


@dataclass(slots=True)
class Deck:
    path: str
    pages: list[Leaf]


@dataclass(slots=True)
class Video:
    name: str  # a YouTube id, or a path
    minutes: list[Leaf]


@dataclass(slots=True)
class Lecture:
    title: str
    decks: list[Deck] = field(default_factory=list)
    videos: list[Video] = field(default_factory=list)


@dataclass(slots=True)
class Course:
    slug: str
    lectures: list[Lecture]


@dataclass(frozen=True, slots=True)
class Report:
    """`kept` are links whose place is still there, of which `opened` opened it.

    `gone` are the others, of which `said` say so. `wrong` opened something else.
    """

    kept: int
    opened: int
    gone: int
    said: int
    wrong: int
    why: Counter[str]


class Maker:
    """Makes and changes courses."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._uid = 0

    def leaf(self, text: str) -> Leaf:
        self._uid += 1
        return Leaf(self._uid, text)

    def words(self, count: int) -> str:
        return " ".join(self.chance.choices(_WORDS, k=count))

    def pages(self) -> list[Leaf]:
        """One page, or the builds of one."""
        kind = self.chance.random()
        if kind < 0.01:
            return [self.leaf("")]
        if kind < 0.06:
            return [self.leaf(self.chance.choice(_MANY_SAY))]
        if kind < 0.08:
            text = f"{self.words(3).title()}\n{self.words(12)}"
            return [self.leaf(text) for _ in range(self.chance.randint(2, 3))]
        if kind < 0.18:
            return [self.leaf(self.words(self.chance.randint(2, 5)).title())]
        return [self.leaf(f"{self.words(3).title()}\n{self.words(8)}\n{self.words(self.chance.randint(4, 9))}")]

    def deck(self, path: str) -> Deck:
        pages = [self.leaf("Deep learning\nSpring term")]
        while len(pages) < self.chance.randint(12, 28):
            pages += self.pages()
        return Deck(path, [*pages, self.leaf("Thank you for your attention")])

    def video(self, name: str) -> Video:
        return Video(name, [self.leaf(f"{self.words(40).capitalize()}.") for _ in range(self.chance.randint(8, 20))])

    def course(self, slug: str) -> Course:
        made = []
        for number in range(1, self.chance.randint(5, 7) + 1):
            title = f"{number}. {self.words(3).title()}"
            deck = self.deck(f"slides/{number:02d} {slug}.pdf")
            name = f"video/{number}.webm" if number % 2 else f"{slug[:4]}{number:07d}"
            made.append(Lecture(title, [deck], [self.video(name)]))
        return Course(slug, made)

    def change(self, course: Course) -> None:
        """A year goes by."""
        chance = self.chance
        for lecture in course.lectures:
            for deck in lecture.decks:
                self._change_deck(deck)
            for video in lecture.videos:
                self._change_video(video)
        if chance.random() < 0.5:
            source, target = chance.sample(course.lectures, 2)
            target.decks += source.decks
            source.decks = []
        if chance.random() < 0.5:
            chance.shuffle(course.lectures)

    def _change_deck(self, deck: Deck) -> None:
        chance, pages = self.chance, deck.pages
        if chance.random() < 0.35:
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(1, len(pages))
                pages[at:at] = self.pages()
        if chance.random() < 0.3:
            for _ in range(chance.randint(1, 3)):
                del pages[chance.randrange(1, len(pages))]
        if chance.random() < 0.2:
            start = chance.randrange(1, len(pages) - 4)
            block = pages[start : start + 3]
            del pages[start : start + 3]
            at = chance.randrange(1, len(pages))
            pages[at:at] = block
        if chance.random() < 0.25:
            deck.path = f"2027/{chance.choice(('new ', ''))}{deck.path.split('/')[-1]}"

    def _change_video(self, video: Video) -> None:
        chance = self.chance
        if "/" in video.name and chance.random() < 0.4:
            del video.minutes[: chance.randint(1, 2)]  # cut anew: every second moves
        if "/" in video.name and chance.random() < 0.3:
            video.name = f"2027/{video.name.split('/')[-1]}"
        if "/" not in video.name and chance.random() < 0.3:
            video.minutes[0] = Leaf(video.minutes[0].uid, f"{self.words(30).capitalize()}.")  # captions corrected


def write_course(course: Course, folder: Path) -> Path:
    """The course as a lecturer would keep it: PDFs, recordings, captions, course.yaml."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = []
    for lecture in course.lectures:
        for deck in lecture.decks:
            _write_pdf(folder / deck.path, deck.pages)
        videos = []
        for video in lecture.videos:
            local = "/" in video.name
            videos.append({"file" if local else "youtube": video.name})
            if local:
                (folder / video.name).parent.mkdir(parents=True, exist_ok=True)
                (folder / video.name).write_text(" ".join(str(leaf.uid) for leaf in video.minutes), "utf-8")
            captions = folder / (f"{video.name}.en.vtt" if local else f"transcripts/{video.name}.en.vtt")
            captions = captions.with_name(captions.name.replace(".webm", ""))
            captions.parent.mkdir(parents=True, exist_ok=True)
            captions.write_text(_captions(video.minutes), "utf-8")
        listed.append({"title": lecture.title, "decks": [deck.path for deck in lecture.decks], "videos": videos})
    described = {"slug": course.slug, "title": course.slug, "language": "en", "lectures": listed}
    (folder / "course.yaml").write_text(yaml.safe_dump(described, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def _write_pdf(path: Path, pages: list[Leaf]) -> None:
    pdf = FPDF(unit="mm", format=(254, 190))
    pdf.set_auto_page_break(auto=False)
    pdf.set_creation_date(dt.datetime(2026, 9, 1, tzinfo=dt.UTC))  # what has not changed is the same file
    for leaf in pages:
        pdf.add_page()
        pdf.rect(10, 150, 5 + leaf.uid % 200, 5 + leaf.uid % 20)  # each page has a picture of its own
        for number, line in enumerate(leaf.text.split("\n") if leaf.text else []):
            pdf.set_font("Helvetica", size=24 if number == 0 else 14)
            pdf.set_xy(20, 45 if number == 0 else 60 + 10 * number)
            pdf.cell(200, 10, line)
    path.parent.mkdir(parents=True, exist_ok=True)
    pdf.output(str(path))


def _captions(minutes: list[Leaf]) -> str:
    def stamp(seconds: int) -> str:
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"

    cues = [
        f"{stamp(i * _SEGMENT_SECONDS)} --> {stamp((i + 1) * _SEGMENT_SECONDS - 3)}\n{leaf.text}\n"
        for i, leaf in enumerate(minutes)
    ]
    return "WEBVTT\n\n" + "\n".join(cues)


def _ingest(course: Course, folder: Path, library: Library) -> None:
    written = write_course(course, folder / course.slug)
    ingest_course(read_course(written), written, library, None)


def _links(library: Library, made: list[Course]) -> dict[str, int]:
    """Every address of a page and a minute, with the truth of what it leads to."""
    found: dict[str, int] = {}
    with library.database.reading() as connection:
        for course in made:
            by_path = {deck.path: deck for lecture in course.lectures for deck in lecture.decks}
            by_name = {video.name: video for lecture in course.lectures for video in lecture.videos}
            query = (
                sa.select(decks.c.id, decks.c.path)
                .join(lectures, lectures.c.id == decks.c.lecture_id)
                .join(courses, courses.c.id == lectures.c.course_id)
                .where(courses.c.slug == course.slug)
            )
            for deck_id, path in connection.execute(query).all():
                for number, mark in page_marks(connection, deck_id).items():
                    found[page_url(course.slug, path, number, mark)] = by_path[path].pages[number - 1].uid
            for passage in read_passages(connection, course.slug):
                match passage.place:
                    case TimePlace() as time:
                        leaf = by_name[time.video].minutes[int(time.start_seconds) // _SEGMENT_SECONDS]
                        found[moment_url(course.slug, time.video, time.start_seconds, time.mark)] = leaf.uid
    return found


def _truth(made: list[Course]) -> dict[tuple[str, str], int]:
    """(course, place in it) → what is there now."""
    now: dict[tuple[str, str], int] = {}
    for course in made:
        for lecture in course.lectures:
            for deck in lecture.decks:
                now |= {(course.slug, f"d/{deck.path}/{n}"): leaf.uid for n, leaf in enumerate(deck.pages, 1)}
            for video in lecture.videos:
                now |= {
                    (course.slug, f"v/{video.name}/{i * _SEGMENT_SECONDS + second}"): leaf.uid
                    for i, leaf in enumerate(video.minutes)
                    for second in range(_SEGMENT_SECONDS)
                }
    return now


def run(links: int, seed: int, folder: Path, size: int = 6) -> Report:
    """Make, keep links, change, open."""
    maker = Maker(seed)
    settings = Settings(data_dir=folder / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    made = [maker.course(f"course-{letter}") for letter in "abcdefgh"[:size]]
    for course in made:
        _ingest(course, folder, library)
    everything = _links(library, made)
    kept = maker.chance.sample(sorted(everything), min(links, len(everything)))
    removed, again = made[0], made[1]
    for course in (removed, again):
        forget_course(library, None, course.slug)
    for course in made[2:]:
        maker.change(course)
    new = maker.course("course-new")
    made = [*made[1:], new]
    for course in [new, *made[:-1]]:
        _ingest(course, folder, library)
    now = _truth(made)
    there = {(slug, uid) for (slug, _), uid in now.items()}
    ends: Counter[str] = Counter()
    with TestClient(create_app(settings), headers={"Accept": "text/html"}) as client:
        for address in kept:
            slug = address.split("/")[2]
            response = client.get(address)
            opened = unquote(response.url.path).removeprefix(f"/c/{slug}/")
            is_there = (slug, everything[address]) in there
            if response.status_code == 200:
                ends["right" if now.get((slug, opened)) == everything[address] else "wrong"] += 1
            elif response.status_code in (404, 410):
                ends["lost" if is_there else "said"] += 1
            else:
                ends[f"status {response.status_code}"] += 1
    library.close()
    still = sum((address.split("/")[2], everything[address]) in there for address in kept)
    return Report(still, ends["right"], len(kept) - still, ends["said"], ends["wrong"], ends)


def main() -> int:
    parser = argparse.ArgumentParser(description="Links over a re-ingest.")
    parser.add_argument("--links", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.links, options.seed, Path(folder))
    print(f"{found.kept} places are still there: {found.opened} opened ({found.opened / found.kept:.4f})")
    print(f"{found.gone} are not: {found.said} said so; {found.wrong} opened something else; {dict(found.why)}")
    return int(found.wrong > 0 or found.said != found.gone or found.opened < 0.98 * found.kept)


if __name__ == "__main__":
    sys.exit(main())

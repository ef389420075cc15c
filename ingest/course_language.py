"""A course folder and its plan → the language that the course is in, and how that was found.

What counts is how much of each language is written in titles and programmes, in the README, on slides and in captions
together: one deck of a guest in another language decides nothing. A course whose titles are Russian is Russian, since
such courses are full of English slides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from index.errors import SourceFileError
from index.text.language import STEMMERS, telltale_words
from ingest.captions import SUFFIXES
from ingest.pdf import PdfReader, RawDeck
from ingest.places import MissingFile, find_file
from ingest.planned import PlannedCourse
from ingest.side_by_side import side_by_side

_RUSSIAN = 1 / 3  # of the letters of titles and programmes
_CHARS = 20_000  # of one text
_FILES, _PAGES = 12, 4  # decks and captions that are looked into, spread over the course; pages of each deck
_LEAST_WORDS = 3  # that tell a language from English; a title or two may hold one by chance
# tags and addresses: their `em`, `com` and `io` would be words of other languages
_TAG, _ADDRESS = re.compile(r"<[^<>]{0,200}>"), re.compile(r"[./@]\w")
_WORD = re.compile(r"[^\W\d_]+")
_CORRECT = "`language:` in course.yaml, or --language, says another."


def language_of(course: PlannedCourse, folder: Path, captions: Sequence[str]) -> tuple[str, str]:
    """The language of a course that does not say it, and a sentence on how it was found. `captions` are the paths of
    caption files in the folder."""
    titles = " ".join([course.title, *(f"{lecture.title} {lecture.programme}" for lecture in course.lectures)])
    letters = [c for c in titles if c.isalpha()]
    if letters and sum("\u0400" <= c <= "\u04ff" for c in letters) / len(letters) > _RUSSIAN:
        return "ru", f"The language is ru: its titles are written in Cyrillic letters. {_CORRECT}"
    votes: Counter[str] = Counter()
    seen = {"titles": [titles], "README": _readme(folder), "slides": _slides(course, folder)}
    told = []
    for name, texts in {**seen, "captions": _captions(folder, captions)}.items():
        own = sum((votes_of(text) for text in texts), Counter())
        votes.update(own)
        if own:
            best, words = own.most_common(1)[0]
            told.append(f"{name}: {best} {words} of {own.total()}")
    best, words = votes.most_common(1)[0] if votes else ("en", 0)
    if best != "en" and words < _LEAST_WORDS:
        best = "en"
    if not told:
        return best, f"The language is taken to be {best}: nothing in the course tells. {_CORRECT}"
    said = "; ".join(told)
    return best, f"The language is {best}, by the words that are of one language alone ({said}). {_CORRECT}"


def votes_of(text: str) -> Counter[str]:
    """How many words of a text are of one language alone: articles, pronouns and the like that no other has."""
    written = " ".join(piece for piece in _TAG.sub(" ", text[:_CHARS]).split() if not _ADDRESS.search(piece))
    counts = Counter(word.lower().replace("ё", "е") for word in _WORD.findall(written))
    votes = {language: sum(counts[word] for word in telltale_words(language)) for language in STEMMERS}
    return Counter({language: count for language, count in votes.items() if count})


def _readme(folder: Path) -> list[str]:
    names = sorted(path.name for path in folder.iterdir() if path.name.lower() in ("readme.md", "index.md"))
    return [*_read(folder, names[:1], "README")]


def _captions(folder: Path, captions: Sequence[str]) -> list[str]:
    return [*_read(folder, _spread([path for path in captions if path.lower().endswith(SUFFIXES)]), "Transcript")]


def _read(folder: Path, paths: Sequence[str], what: str) -> Iterator[str]:
    """The beginnings of files as they stand: no format of theirs is read."""
    for path in paths:
        with suppress(MissingFile, OSError), find_file(path, folder, what).open("rb") as file:
            yield file.read(_CHARS).decode("utf-8", "replace")


def _slides(course: PlannedCourse, folder: Path) -> list[str]:
    """The text of the first pages of some decks."""
    decks = dict.fromkeys(deck.path for lecture in course.lectures for deck in lecture.decks)
    files: list[Path] = []
    for path in _spread([path for path in decks if path.lower().endswith(".pdf") and "://" not in path]):
        with suppress(MissingFile):  # it is named when the course is taken up
            files.append(find_file(path, folder, "Deck"))
    if not files:
        return []

    def read(file: Path, reader: PdfReader) -> RawDeck | None:
        with suppress(SourceFileError):
            return reader.first_pages(file, _PAGES)
        return None

    with side_by_side(files, PdfReader, read) as read_decks:
        return [" ".join(line.text for page in deck.pages for line in page.lines) for deck in read_decks if deck]


def _spread(paths: Sequence[str]) -> list[str]:
    """At most so many of these, from the beginning to the end."""
    step = max(1, -(-len(paths) // _FILES))
    return [*paths[::step]]

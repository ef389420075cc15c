"""A course as it is indexed → questions with known answers, for measuring the search where nobody has judged any.

Such questions flatter words: they are made of what the course writes. They show what breaks, and how one setting
compares with another, not how well students are served.
"""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from index.engine.glossary import general_glossary, key_of, whole_key
from index.text.analysis import is_stop_word, words
from index.types import IndexedPassage, PagePlace, TimePlace

_MOST = 60  # of a kind
_TITLE_WORDS, _SENTENCE_WORDS = range(1, 9), range(8, 31)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_DEFINITION = re.compile(r"^(.{3,60}?)\s+(?:–|—|-|это|называется|is an?|is the)\s+(.{30,250})$")
_MANY, _TELLING = 5, 6  # passages under one title; words of a sentence that say something
_LEFT_OUT = 3  # every third word of a sentence


def make_questions(passages: Sequence[IndexedPassage], seed: int = 1) -> list[dict[str, Any]]:
    """Questions as lines of a gold file: `title`, `definition`, `masked` (a sentence with words left out) and
    `swapped` (a title by what the glossary calls it otherwise). The same passages and seed give the same questions."""
    made: dict[str, list[tuple[str, list[IndexedPassage]]]] = {
        "title": list(_titles(passages)),
        "definition": list(_definitions(passages)),
        "masked": list(_masked(passages)),
    }
    made["swapped"] = [(other, found) for title, found in made["title"] for other in _otherwise(title)[:1]]
    chance = random.Random(seed)  # noqa: S311  (a sample, no secret)
    questions = []
    for kind, found in made.items():
        for number, (query, held) in enumerate(chance.sample(found, min(_MOST, len(found)))):
            places = [place for place in map(_place, held) if place]
            if places:
                questions.append({"id": f"{kind}-{number}", "query": query, "kind": kind, "relevant": places})
    return questions


def as_lines(questions: Sequence[dict[str, Any]]) -> str:
    """The text of a gold file."""
    return "".join(json.dumps(question, ensure_ascii=False) + "\n" for question in questions)


def _titles(passages: Sequence[IndexedPassage]) -> Iterator[tuple[str, list[IndexedPassage]]]:
    """Each title that says something, with all passages under it; those under many are no answer to anything."""
    under: dict[str, list[IndexedPassage]] = defaultdict(list)
    for passage in passages:
        title = " ".join(passage.title.split())
        if passage.place and len(words(title)) in _TITLE_WORDS and key_of(title):
            under[title].append(passage)
    yield from ((title, found) for title, found in under.items() if len(found) <= _MANY)


def _definitions(passages: Sequence[IndexedPassage]) -> Iterator[tuple[str, list[IndexedPassage]]]:
    """What is said of a term, without the term."""
    for passage in passages:
        for line in _SENTENCE.split(passage.text):
            match = _DEFINITION.match(line.strip())
            if match and passage.place and len(words(match[2])) in _SENTENCE_WORDS:
                yield match[2], [passage]


def _masked(passages: Sequence[IndexedPassage]) -> Iterator[tuple[str, list[IndexedPassage]]]:
    for passage in passages:
        for line in _SENTENCE.split(passage.text):
            said = words(line)
            if (
                passage.place
                and len(said) in _SENTENCE_WORDS
                and sum(not is_stop_word(word) for word in said) >= _TELLING
            ):
                yield " ".join(word for i, word in enumerate(said) if i % _LEFT_OUT), [passage]
                break


def _otherwise(title: str) -> list[str]:
    """A term by its names in the bundled glossary."""
    return [term.counterpart for term in general_glossary().find(whole_key(title))]


def _place(passage: IndexedPassage) -> dict[str, Any] | None:
    match passage.place:
        case PagePlace() as page:
            return {"deck": page.deck, "page": page.page_number}
        case TimePlace() as time:
            return {"video": time.video, "start_seconds": time.start_seconds, "end_seconds": time.end_seconds}
        case None:
            return None

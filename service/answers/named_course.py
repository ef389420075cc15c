"""Question and the courses there are → the course in which it asks to look, and the question without that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from index.search.search import SearchIndex
from index.text.analysis import is_stop_word, terms_of, words
from index.types import Readable

_NAME = r"(?P<name>[\w+.-]+(?:\s+[\w+.-]+){0,3}?)"
_IN = r"(?<!\w)(?:в|во|из|на|по|in|from|of|within|at|by)\s+(?:the\s+)?"
_STEM_CHARS = 5
_PLACES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_IN}course\s+(?:of\s+|by\s+|on\s+)?{_NAME}(?=\s*(?:[?.,!;:]|$))",
        rf"{_IN}{_NAME}(?:'s)?[\s-]+course(?!\w)",
        rf"{_IN}курс(?:е|а|у|ом)\s+(?:от\s+|по\s+)?{_NAME}(?=\s*(?:[?.,!;:]|$))",
        rf"{_IN}{_NAME}[\s-]+курс(?:е|а|у|ом)(?!\w)",
        # without the word "course" only its whole address, which is no other word
        rf"{_IN}(?P<name>[a-z0-9]+(?:-[a-z0-9]+)+)(?!\w)",
    )
)


def course_named(question: str, titles: Callable[[], Mapping[str, str]]) -> tuple[str, str | None]:
    """The question without the place, and the course by its slug; as it is, and None, where it names none of these
    courses, or what may be several. `titles` by slugs are read only where a question speaks of a course."""
    for pattern in _PLACES:
        for found in pattern.finditer(question):
            name = found["name"]
            fitting = [
                slug for slug, title in titles().items() if _fits(name, slug, title, whole=pattern is _PLACES[-1])
            ]
            if len(fitting) == 1:
                rest = f"{question[: found.start()].rstrip()} {question[found.end() :].lstrip()}".strip()
                return re.sub(r"\s+(?=[?.,!;:])", "", rest).lstrip(" ,;:"), fitting[0]
    return question, None


def readable_titles(index: SearchIndex, readable: Readable) -> dict[str, str]:
    """The titles of the courses that the caller may read, by their slugs."""
    generation = index.generation
    firsts = [
        int(start)
        for start, shard in zip(generation.starts, generation.shards, strict=False)
        if len(shard.passages) and (readable is None or shard.course in readable)
    ]
    return {passage.course_slug: passage.course_title for passage in generation.passages(firsts)}


def _fits(name: str, slug: str, title: str, *, whole: bool) -> bool:
    """Whether a name is the slug, or without `whole` some words of it or of the title."""
    if whole or name.casefold() == slug:
        return name.casefold() == slug
    own = _stems([*re.split(r"[-_]", slug), title])
    asked = _stems([name])
    return bool(asked) and all(any(_is_form(one, other) for other in own) for one in asked)


def _is_form(one: str, other: str) -> bool:
    """Whether two stems are of one word: "Дьяконова" keeps the ending that "Дьяконов" loses."""
    return one == other or (
        min(len(one), len(other)) >= _STEM_CHARS and (one.startswith(other) or other.startswith(one))
    )


def _stems(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(
        terms_of(word)[0] for text in texts for word in words(text) if not is_stop_word(word) and terms_of(word)
    )

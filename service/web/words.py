"""A language → the words of the pages in it, and how it counts things. Each language is a module in `languages/`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from service.web import languages

LANGUAGES = tuple(sorted(module.name for module in iter_modules(languages.__path__)))


@dataclass(frozen=True, slots=True)
class Noun:
    """The forms of a noun; `form` numbers the one that goes with a number."""

    forms: tuple[str, ...]
    form: Callable[[int], int]


Words = Mapping[str, str | Noun]


def choose_language(asked: str, accepted: str) -> str:
    """The language that was asked for, else the known one that the browser likes best, else English."""
    if asked in LANGUAGES:
        return asked
    liked: list[tuple[float, int, str]] = []
    for position, item in enumerate(accepted[:500].split(",")):
        name, _, quality = item.partition(";")
        try:
            weight = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            weight = 0.0
        language = name.strip().lower().split("-")[0]
        if language in LANGUAGES and weight > 0:
            liked.append((-weight, position, language))
    return min(liked)[2] if liked else "en"


def counted(number: int, noun: Noun) -> str:
    """A number with its noun: 1 lecture, 2 lectures; 1 лекция, 2 лекции, 5 лекций."""
    return f"{number} {noun.forms[noun.form(number)]}"


@cache
def words_of(language: str) -> Words:
    """All words of a language by name."""
    module = import_module(f"{languages.__name__}.{language}")
    return {name: Noun(word, module.form) if isinstance(word, tuple) else word for name, word in module.WORDS.items()}

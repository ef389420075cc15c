"""A programme that links nothing, and decks that nobody links → the lectures of the programme with their decks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from ingest.catalogue.blocks import BlockKind
from ingest.catalogue.units import Unit

_WORD = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"([^\W\d_]{0,12})[\s_-]?(\d{1,3})(?!\d)")
_SURE = 3  # decks that are called like a lecture: with fewer, the likeness may be chance
_ALIKE = 0.6  # of the words of both
_SHORT = 3  # letters of a word that says little: "of", "la", "II"


def with_decks(programme: Sequence[Unit], files: Sequence[Unit]) -> list[Unit]:
    """Both as one list: each lecture with the decks that are called like it, then what is called like none.

    Where most decks that are called like a lecture have its number too, one of another name goes by its number alone.
    """
    pairs = _pairs(programme, files)
    _lend(programme, files, pairs)
    return [*programme, *(unit for file, unit in enumerate(files) if file not in pairs)]


def lend_decks(lectures: Sequence[Unit], files: Sequence[Unit]) -> int:
    """Give lectures, none of which has slides, the decks called or numbered as they are; how many have some."""
    if any({"deck", "notes"} & unit.whats() for unit in lectures):
        return 0
    decks = [unit for unit in files if unit.node.kind in (BlockKind.FILE, BlockKind.FOLDER)]
    pairs = _pairs(lectures, decks)
    _lend(lectures, decks, pairs)
    return len(set(pairs.values()))


def _lend(programme: Sequence[Unit], files: Sequence[Unit], pairs: dict[int, int]) -> None:
    for file, lecture in pairs.items():
        programme[lecture].links += files[file].links
        programme[lecture].blank = False


def _pairs(programme: Sequence[Unit], files: Sequence[Unit]) -> dict[int, int]:
    """The lecture of each deck that is called like one, else of those that are numbered as they are."""
    pairs = _by_title(programme, files)
    if len(pairs) < _SURE:
        return _by_number(programme, files)
    agreed = sum(_number(files[file]) == _number(programme[lecture]) for file, lecture in pairs.items())
    if 2 * agreed > len(pairs):
        free = {_number(unit): at for at, unit in enumerate(programme) if at not in pairs.values()}
        for file, unit in enumerate(files):
            if file not in pairs and (number := _number(unit)) in free and number:
                pairs[file] = free[number]
    return pairs


def _by_title(programme: Sequence[Unit], files: Sequence[Unit]) -> dict[int, int]:
    """The lecture of each deck that is called like one: those most alike first, each lecture and deck once."""
    told = [_said(unit) for unit in programme]
    likeness = sorted(
        (
            (-alike, file, lecture)
            for file, unit in enumerate(files)
            for lecture, title in enumerate(told)
            if (alike := _alike(_said(unit), title)) >= _ALIKE
        ),
    )
    found: dict[int, int] = {}
    for _, file, lecture in likeness:
        if file not in found and lecture not in found.values():
            found[file] = lecture
    return found


def _by_number(programme: Sequence[Unit], files: Sequence[Unit]) -> dict[int, int]:
    """The lecture of each deck in a folder whose decks are all numbered as lectures are, where names cannot tell.

    They cannot where the decks have none ("lec1") or are called in other letters than the programme is written in.
    """
    numbers = [_number(unit) for unit in programme]
    lectures = {number: at for at, number in enumerate(numbers) if number}
    if len(lectures) < len(programme):
        return {}
    latin = sum(map(_is_latin, programme)) * 2 > len(programme)
    series: dict[tuple[str, str], dict[int, str]] = {}
    for at, unit in enumerate(files):
        path = PurePosixPath(unit.node.path)
        found = _NUMBERED.match(path.stem)
        word, number = (found[1].casefold(), found[2].lstrip("0")) if found else ("", "")
        telling = bool(unit.node.title) and _is_latin(unit) == latin
        series.setdefault((str(path.parent), word), {})[at] = "" if telling else number
    pairs: dict[int, int] = {}
    for known in series.values():
        if len(known) >= _SURE and len(set(known.values())) == len(known) and lectures.keys() >= set(known.values()):
            pairs |= {at: lectures[number] for at, number in known.items()}
    return pairs


def _is_latin(unit: Unit) -> bool:
    """Whether a title is written in Latin letters, for the most part."""
    letters = [c for c in unit.node.title if c.isalpha()]
    return 2 * sum(c.isascii() for c in unicodedata.normalize("NFKD", "".join(letters)) if c.isalpha()) > len(letters)


def _alike(first: list[str], second: list[str]) -> float:
    """How alike two titles are, from 0 to 1: by their words, where those of one may be all that the other says."""
    if not first or not second:
        return 0.0
    if "".join(first) == "".join(second):
        return 1.0
    one, other = ({word for word in words if len(word) > _SHORT} for words in (first, second))
    shared = len(one & other)
    if not shared:
        return 0.0
    within = _ALIKE if shared == min(len(one), len(other)) else 0.0
    return max(2 * shared / (len(one) + len(other)) * 0.99, within)


def _said(unit: Unit) -> list[str]:
    folded = unicodedata.normalize("NFKD", unit.node.title.casefold())
    return _WORD.findall("".join(c for c in folded if not unicodedata.combining(c)))


def _number(unit: Unit) -> str:
    """The whole number that a unit has, else nothing: "02.5" stands between two lectures."""
    return unit.node.mark.number.lstrip("0") if unit.node.mark.number.isdecimal() else ""

"""A piece of a page → whether it ends before what it has begun to say, or begins behind what was said first."""

from __future__ import annotations

import re

from service.answers.lines import opened_in

# After this something is said that is not there: what a quote must not end with.
_JOINS = (
    *("в", "во", "на", "с", "со", "и", "или", "а", "но", "для", "по", "из", "от", "к", "у", "о", "об", "при", "за"),
    *("что", "чтобы", "если", "где", "как", "когда", "the", "a", "an", "of", "for", "in", "to", "and", "or", "with"),
    *("by", "from", "that", "where", "if", "on", "as", "at", "than"),
)
_DANGLES = re.compile(
    rf"[\s,;(]*(?:\bт\.\s?[ек]\.|\bi\.e\.|\be\.g\.|[=+(–—:?]|(?<!\w)(?:{'|'.join(_JOINS)}))$", re.IGNORECASE
)
_DANGLING_CHARS = 60  # more than any of these has
_LAST_WORD, _LAST_CHARS = re.compile(r"\w+\Z"), 7  # more than a word has that joins
# What a line ends with that a formula goes on with.
_AWAITS_FORMULA = re.compile(
    r"\b(?:в качестве|с помощью|в виде|вид[ае]?|по формуле|(?:следующ\w+|таким) образом|выгляд[ия]т|"
    r"(?:умножа|дел)\w+ся|рав(?:ен|н[аоы])|вычисля[ею]тся|"
    r"(?:multiplied|divided|given|computed|calculated|defined)(?: (?:by|as))?|"
    r"as follows|such that|equals?|is equal to|looks like)[\s:]*$",
    re.IGNORECASE,
)
# What a line begins with that goes on with a formula: an aside, what its letters are.
_BEHIND_FORMULA = re.compile(r"[(,;)]|(?:где|where)\b", re.IGNORECASE)
_CLOSES, _MARKED = re.compile(r"[^()]*\w\)"), re.compile(r"\w{1,2}\)")  # an aside; not "a) …"
_DASHES = ("– ", "— ", "- ")
_LISTED = re.compile(r"\S+,")  # a letter of a formula, with what was strewn about it


def goes_on(said: str) -> bool:
    """Whether a piece ends before what it has begun to say."""
    return dangling(said.rstrip()) is not None or opened_in(said) is not None


def dangling(said: str) -> int | None:
    """Where begins what a piece must not end with."""
    end = _LAST_WORD.search(said, max(0, len(said) - _LAST_CHARS))
    if end is not None and end.group().lower() not in _JOINS:
        return None  # it ends with a word that is none of those: most do
    found = _DANGLES.search(said, max(0, len(said) - _DANGLING_CHARS))
    return None if found is None else found.start()


def awaits_formula(line: str) -> bool:
    """Whether a line that stands above a formula says nothing without it: "the weights are given by"."""
    end = dangling(line)
    return _AWAITS_FORMULA.search(line if end is None else line[:end]) is not None


def is_behind_formula(line: str, page: str) -> bool:
    """Whether a line that stands below a formula goes on with it, and is no bullet of several."""
    if line.startswith(_DASHES):
        return page.count(f"\n{line[:2]}") == 1
    closed = _CLOSES.match(line) is not None and _MARKED.match(line) is None
    return closed or _BEHIND_FORMULA.match(line) is not None or _LISTED.fullmatch(line) is not None

"""A line of a passage → whether it says anything, or is an address, a reference, or what is left of a formula."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\b(?:arxiv|doi)(?:\.org/|:)\s?\S+", re.IGNORECASE)
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]{4}")
# What every address and reference has: most lines are known by this alone to be neither.
_SUSPECT = ("//", "www.", "«", "“", '"', "arXiv", "arxiv", "doi", "Proceedings", "et al", "preprint", "pp.")
# What nothing but a list of literature has.
_PUBLISHED = re.compile(r"\barxiv\s?:?\s?\d|\bdoi\s?:|\bpp\.\s?\d|\bProceedings of\b|[»”\"]\s*//|//\s*(?:arXiv|In )")
# What a sentence may have as well that names who found something.
_NAMED = re.compile(r"^[^(\[]*\bet al\b|\b(?:arXiv|preprint)\b")
# Who wrote it, and what it is called: names and initials, then nothing but the title.
_TITLED = re.compile(
    r"^(?P<who>[^«“\"=:]{2,120})[«“\"](?P<title>[^\Wa-zа-яё_][^«»“”\"]{11,200})(?:[»”\"](?P<rest>.{0,60}))?$"
)
_JOINS = frozenset({"and", "et", "al", "al.", "al.,", "и", "др.", "др.,"})
_SIGN = 2  # characters: no word of a sentence is as short, but for those that join


def leads_elsewhere(line: str) -> bool:
    """Whether a line is an address or a reference."""
    return may_lead_elsewhere(line) and (is_address(line) or is_reference(line))


def may_lead_elsewhere(text: str) -> bool:
    """Whether a line of a text can be one of those: told in no time, and mostly no."""
    return any(map(text.__contains__, _SUSPECT))


def is_reference(line: str) -> bool:
    """Whether a line names a publication and says nothing itself. A sentence that names its source is none."""
    if _PUBLISHED.search(line):
        return True
    tokens = [token for token in _TOKEN.findall(line) if token[0].isalpha()]
    small = sum(token[0].islower() for token in tokens)
    if _NAMED.search(line) and 2 * small < len(tokens):
        return True
    titled = _TITLED.match(line.strip())
    if titled is None or len(titled["title"].split()) < 3 or len((titled["rest"] or "").split()) > 3:
        return False
    return all(token in _JOINS or not token[0].islower() for token in _TOKEN.findall(titled["who"]))


def is_address(line: str) -> bool:
    """Whether more than half of a line is addresses."""
    inside = sum(len(match.group()) for match in _ADDRESS.finditer(line))
    return inside > 0 and 2 * inside > sum(len(token) for token in _TOKEN.findall(line))


def is_strewn(line: str) -> bool:
    """Whether a line is signs without words: what the text of a file makes of a formula."""
    if _WORD.search(line):
        return False
    tokens = _TOKEN.findall(line)
    short = sum(len(token.strip(".,;:()[]")) <= _SIGN for token in tokens)
    return len(tokens) > 3 and 2 * short >= len(tokens)

"""A line or a piece of a page → whether it is a formula, garbled, a link, a reference, or ends before it is whole."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from service.answers.code import BULLET
from service.answers.people import authors_in, quoted_in

_CLOSED_BY = {"(": ")", "[": "]", "«": "»", "“": "”"}
_BRACKET = re.compile(r"[()\[\]«»“”]")
_SMALL = re.compile(r"\b[a-zа-яё]{3,}\b")  # what a sentence is made of
_LEAST_SAID = 2  # such words beside authors and titles
_RULES = re.compile(r"——|\|")  # lines of a picture, as its text is read
_MOST_RULES = 2
_REPEATED, _REPEATED_WORDS = 0.5, 10  # of so many words only this share differ
_TOKEN = re.compile(r"\S+")
_ADDRESS = re.compile(r"://|\bwww\.|!\[|\]\(|\b(?:javascript|data|mailto):|<\w+[^>]*(?:src|href)\s*=", re.IGNORECASE)
# A line of which this share are single signs is a formula that the page's text has garbled: its picture is shown.
_GARBLED = 0.34
_SIGN = re.compile(r"[=+*/·×−–<>≤≥≈~∝^|-]")
_NAMED = re.compile(r"[^\W\d_]{2}|[^\W\d_]\d|\w\(")  # a name of two letters, F1, a function
_MARKS = frozenset("•▪◦●■*–—-█")
_ODD = re.compile(r"[\ue000-\uf8ff\ufffd−σθ∑∏∂∇∈≤≥→←]|(?:^|\s)[=+*/|()\[\]{};,.]+(?=\s|$)")
_REFERENCE = re.compile(
    r"\bet al\b|\[[A-Z][\w &.,-]{2,40}(?:19|20)\d\d[a-z]?\]|\barxiv\b|^\[\d+\]|//\s|\bpp\.\s?\d|\bProceedings\b|©",
    re.IGNORECASE,
)


def holds_link(text: str) -> bool:
    """Whether a text holds an address or a picture: what a slide links to is not ours to pass on."""
    return _ADDRESS.search(text) is not None


def is_equation(text: str) -> bool:
    """Whether a line is a formula that can be read as it stands: "Precision = TP / (TP + FP)"."""
    named = _NAMED.search(text) is not None
    return named and "=" in _TOKEN.findall(text)[1:4] and text.count("(") == text.count(")") and not is_garbled(text)


def is_garbled(text: str) -> bool:
    """Whether a line is a formula that cannot be read as it stands: nothing but signs and letters, or strewn about by
    the page's text, so that some of them stand beside each other with nothing between them."""
    tokens = [token for token in _TOKEN.findall(text) if token not in _MARKS]
    single = [len(token.strip(".,;:()[]")) <= 1 for token in tokens]
    many = sum(single) >= _GARBLED * len(tokens) or len(_ODD.findall(text)) >= _GARBLED * len(tokens)
    if len(tokens) <= 3 or not many:
        return False
    if not _NAMED.search(text):
        return True
    tokens = _TOKEN.findall(BULLET.sub("", text))
    single = [len(token.strip(".,;:()[]")) <= 1 for token in tokens]
    signs = [_SIGN.fullmatch(token) is not None for token in tokens]
    return any(one and other and a == b for (one, other), (a, b) in zip(pairwise(single), pairwise(signs), strict=True))


def is_reference(text: str) -> bool:
    """Whether a line names a publication and says nothing itself."""
    tokens = [token for token in _TOKEN.findall(text) if token[0].isalpha()]
    names = sum(token[0].isupper() for token in tokens)
    if _REFERENCE.search(text) is not None or (len(tokens) > 4 and names >= 0.75 * len(tokens)):
        return True
    authors = authors_in(text)
    return bool(authors) and len(_SMALL.findall(_without(text, (*authors, *quoted_in(text))))) < _LEAST_SAID


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """A text with blanks where it names authors and titles."""
    left = list(text)
    for start, end in spans:
        left[start:end] = " " * (end - start)
    return "".join(left)


def opened_in(text: str) -> int | None:
    """Where begins what a text opens and does not close: a bracket, a quotation."""
    opened: list[tuple[str, int]] = []
    for sign in _BRACKET.finditer(text):
        if sign.group() in _CLOSED_BY:
            opened.append((_CLOSED_BY[sign.group()], sign.start()))
        elif opened and opened[-1][0] == sign.group():
            opened.pop()
    return opened[0][1] if opened else None


def is_strewn(text: str) -> bool:
    """Whether a piece is what the text of a picture is made of: rules between labels, or the same few words over and
    over."""
    said = [word.casefold() for word in _TOKEN.findall(text)]
    repeated = len(said) >= _REPEATED_WORDS and len(set(said)) < _REPEATED * len(said)
    return repeated or len(_RULES.findall(text)) >= _MOST_RULES

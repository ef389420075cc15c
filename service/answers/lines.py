"""A line or a piece of a page → whether it is a formula, garbled, a link, a reference, or ends before it is whole."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import filterfalse, pairwise

from service.answers.code import BULLET, is_latex
from service.answers.people import authors_in, quoted_in

_CLOSED_BY = {"(": ")", "[": "]", "«": "»", "“": "”"}
_BRACKET = re.compile(r"[()\[\]«»“”]")
_SMALL = re.compile(r"\b[a-zа-яё]{3,}\b")  # what a sentence is made of
_LEAST_SAID = 2  # such words beside authors and titles
_RULES = ("——", "|")  # lines of a picture, as its text is read
_MOST_RULES = 2
_REPEATED, _REPEATED_WORDS = 0.5, 10  # of so many words only this share differ
# Most texts have none of the signs that an address, or a reference, cannot do without: looked for before patterns are.
_ADDRESS_SIGNS = (":", "<", "![", "](", "www.")
_ADDRESS = re.compile(r"://|\bwww\.|!\[|\]\(|\b(?:javascript|data|mailto):|<\w+[^>]*(?:src|href)\s*=", re.IGNORECASE)
# A line of which this share are single signs is a formula that the page's text has garbled: its picture is shown.
_GARBLED = 0.34
_SIGN = re.compile(r"[=+*/·×−–<>≤≥≈~∝^|-]")
_NAMED = re.compile(r"[^\W\d_]{2}|[^\W\d_]\d|\w\(")  # a name of two letters, F1, a function
_MARKS = frozenset("•▪◦●■*–—-█")
_ODD = re.compile(r"[\ue000-\uf8ff\ufffd−σθ∑∏∂∇∈≤≥→←]")
_LONE_SIGNS = re.compile(r"[=+*/|()\[\]{};,.](?<!\S.)[=+*/|()\[\]{};,.]*(?!\S)")
_REFERENCE_SIGNS = ("et al", "[", "arxiv", "//", "pp.", "proceedings", "©")
_REFERENCE = re.compile(
    r"\bet al\b|\[[A-Z][\w &.,-]{2,40}(?:19|20)\d\d[a-z]?\]|\barxiv\b|^\[\d+\]|//(?:\s|$)|\bpp\.\s?\d|"
    r"\bProceedings\b|©",
    re.IGNORECASE,
)
# The end of a title that has been published: "…, AISTATS, 2009."; no sentence on a contest ends so.
_PUBLISHED = re.compile(r"[.,»”]\s(?:[A-Z][A-Za-z]*[A-Z]{2}),?\s[’']?(?:(?:19|20)\d\d|\d\d)\.?$")
_SAYS = re.compile(r"[а-яё]{3}|\b(?:is|are|was|were|has|have|had|won|can|we|it|they|this|you)\b", re.IGNORECASE)
_INITIAL = re.compile(r"\b[A-ZА-ЯЁ]\.(?=\s|[A-ZА-ЯЁ])|\bet\.? al\b|\bи др\b")
_NAME = re.compile(r"(?:[A-Z][\w-]*\s){1,6}\([A-Z][\w-]*(?:,\s(?:19|20)\d\d)?\)")
_STAMP = re.compile(r"[a-zа-яё][\w.]{2,}\s(?:19|20)\d\d")
_LICENCE = re.compile(
    r"\bCreative Commons\b|\bTerms of Use\b|\bAll rights reserved\b|\bexcluded\s+from our\b|^For more information$",
    re.IGNORECASE,
)


def holds_link(text: str) -> bool:
    """Whether a text holds an address or a picture: what a slide links to is not ours to pass on."""
    return _has_any(_ADDRESS_SIGNS, text.lower()) and _ADDRESS.search(text) is not None


def _has_any(signs: Iterable[str], text: str) -> bool:
    return any(map(text.__contains__, signs))


def is_equation(text: str) -> bool:
    """Whether a line is a formula that can be read as it stands: "Precision = TP / (TP + FP)"."""
    return (
        "=" in text.split(maxsplit=4)[1:4]
        and _NAMED.search(text) is not None
        and text.count("(") == text.count(")")
        and not is_garbled(text)
    )


def is_garbled(text: str) -> bool:
    """Whether a line is a formula that cannot be read as it stands: nothing but signs and letters, or strewn about by
    the page's text, so that some of them stand beside each other with nothing between them."""
    tokens = [*filterfalse(_MARKS.__contains__, text.split())]
    if is_latex(text):
        return False
    if len(tokens) <= 3 or not (_mostly_single(tokens) or _mostly_odd(text, len(tokens))):
        return False
    if not _NAMED.search(text):
        return True
    tokens = BULLET.sub("", text).split()
    single = [len(token.strip(".,;:()[]")) <= 1 for token in tokens]
    signs = [_SIGN.fullmatch(token) is not None for token in tokens]
    return any(one and other and a == b for (one, other), (a, b) in zip(pairwise(single), pairwise(signs), strict=True))


def _mostly_single(tokens: Sequence[str]) -> bool:
    """Whether many tokens are single signs; brackets and stops around them count for nothing."""
    letters = [*map(len, filter(str.isalpha, tokens))].count(1)
    signs = sum([len(token.strip(".,;:()[]")) <= 1 for token in filterfalse(str.isalpha, tokens)])
    return letters + signs >= _GARBLED * len(tokens)


def _mostly_odd(text: str, tokens: int) -> bool:
    """Whether a text has many signs of formulas among so many tokens."""
    return len(_ODD.findall(text)) + len(_LONE_SIGNS.findall(text)) >= _GARBLED * tokens


def is_reference(text: str) -> bool:
    """Whether a line names a publication and says nothing itself."""
    tokens = [token[0] for token in text.split() if token[0].isalpha()]
    names = sum(map(str.isupper, tokens))
    if len(tokens) > 4 and names >= 0.75 * len(tokens):
        return True
    if _has_any(_REFERENCE_SIGNS, text.lower()) and _REFERENCE.search(text) is not None:
        return True
    if _PUBLISHED.search(text) is not None and _SAYS.search(text) is None:
        return True
    authors = authors_in(text)
    return bool(authors) and len(_SMALL.findall(_without(text, (*authors, *quoted_in(text))))) < _LEAST_SAID


def names_authors(text: str) -> bool:
    """Whether a line is nothing but authors as literature names them: what they wrote is behind it."""
    return _INITIAL.search(text) is not None and _SMALL.search(_without(text, authors_in(text))) is None


def is_title(text: str) -> bool:
    """Whether a line is nothing but something in quotation marks and who wrote it."""
    titles = quoted_in(text)
    return bool(titles) and _SMALL.search(_without(text, titles)) is None


def is_name(text: str) -> bool:
    """Whether a text is nothing but a name and what is short for it: "Root Mean Squared Propagation (RMSprop)"."""
    return _NAME.fullmatch(text) is not None


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
    said = text.casefold().split()
    repeated = len(said) >= _REPEATED_WORDS and len(set(said)) < _REPEATED * len(said)
    return repeated or sum(map(text.count, _RULES)) >= _MOST_RULES


def is_footer(line: str) -> bool:
    """Whether a line is what stands at the foot of many pages: a name and a year, what the licence is."""
    return _STAMP.fullmatch(line) is not None or _LICENCE.search(line) is not None

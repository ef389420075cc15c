"""A text → where it names people, groups of them, and years: what answers who and when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from index.engine.glossary import general_glossary, whole_key
from index.text.analysis import is_stop_word

Span = tuple[int, int]

_CAPITAL, _LOWER = "[A-ZА-ЯЁ]", r"[^\W\d_A-ZА-ЯЁ]"
# that it begins with a capital is looked at first: most words do not
_SURNAME = rf"(?={_CAPITAL})(?!\w*Nets?\b)(?:(?:Mc|Mac|Le|De|Van|O['’])?{_CAPITAL}{_LOWER}+(?:-{_CAPITAL}{_LOWER}+)?)"
_INITIAL = rf"{_CAPITAL}\."
_FULL = rf"{_SURNAME}\s(?:{_INITIAL}\s?|[A-Z]{{2}}\s){{0,2}}{_SURNAME}"
_JOIN = r"(?:,\s(?:and\s|и\s)?|\s(?:and|и|&)\s)"
_YEAR = r"(?:1[6-9]\d\d|20[0-3]\d)"
# After a name in brackets or a comma these are no surnames.
_MONTH = (
    r"(?!(?:Jan|Febr|Septem|Octo|Novem|Decem)\w*\b|March\b|April\b|May\b|June\b|July\b|August\b|"
    r"(?:Figure|Table|Chapter|Section|Рисунок|Таблица|Глава)\b)"
)
_OTHERS = rf"{_SURNAME}(?:{_JOIN}{_SURNAME})?,?\s?(?:et\.?\sal\b|и\sдр\b)"
_TWO_NAMES = rf"{_CAPITAL}{_LOWER}+\s{_CAPITAL}"
# Forms in which literature names its authors; a line of names alone is no sure sign: products have such names too. Each
# behind something that it cannot do without: most texts have none of it, and it is found in a tenth of the time.
_CITED = tuple(
    (re.compile(sign), [re.compile(rf"\b{pattern}") for pattern in patterns])
    for sign, *patterns in (
        (r"[aд][lр](?<=\s..)\b", _OTHERS),
        (_INITIAL, rf"(?:{_INITIAL}\s?){{1,3}}{_SURNAME}", rf"{_SURNAME},?\s{_INITIAL}(?=[\s,;\])]|$)"),
        (_YEAR, rf"{_MONTH}{_SURNAME}(?:{_JOIN}{_SURNAME}){{0,5}}(?:,\s?|\s?[\[(]){_YEAR}\b"),
        (
            r"[A-Z][\s’']{0,2}\d\d",
            rf"{_SURNAME}(?:{_JOIN}{_SURNAME}){{1,5}},?\s[A-Z]{{2,}}[\s’']{{0,2}}(?:{_YEAR}|\d\d)\b",
        ),
        (_TWO_NAMES, rf"{_FULL}(?:{_JOIN}{_FULL}){{1,9}}", rf"{_FULL}\.\s(?=[A-Z“«])"),
        (r"[«“]", rf"(?:{_FULL}|{_SURNAME}{_JOIN}{_SURNAME})\.?\s[«“]"),
        (r"\[", rf"\[{_SURNAME}(?:{_JOIN}{_SURNAME})?\]"),
    )
)
_JOINS = re.compile(r"\s(?:and|и|&)\s")
_PAIR = re.compile(rf"\b(?:{_FULL}|{_SURNAME}\s(?:and|и|&)\s{_SURNAME})(?!\w)")
# Groups: by what they are called, and the few firms whose laboratories publish.
_GROUP = re.compile(
    r"\b(?:OpenAI|DeepMind|Google|Facebook|Microsoft|IBM|NVIDIA|Baidu|Yandex|Яндекс\w{0,2}|Amazon)\b(?!-)|"
    r"\b[A-Z]\w+\s(?:University|Institute|Laborator(?:y|ies)|Labs?|Research|Corps)\b|\bUniversity\sof\s[A-Z]\w+"
)
# What tells that somebody made something.
_ORIGIN_RU = (
    r"предлож\w+|придум\w+|изобр[её]\w+|разработ\w+|созда[лнт]\w+|создал|автор\w*|откры[лт]\w*|доказ\w+|ввел\w*|ввёл|"
    r"опубликова\w+|появи\w+|написа\w+|представ(?:ил|лен)\w*|основа[лт]\w+|впервые"
)
_ORIGIN_EN = (
    r"propos\w+|invent\w*|inventors?|discover\w*|introduc\w+|develop\w*|creat(?:ed?|ors?|ing)|authors?|wr(?:ote|itten)|"
    r"publish\w*|appear\w*|pioneer\w*|founded|coined|c[ao]me up with|made by|built|prove[dn]|formulated|emerge\w*|"
    r"released"
)
ORIGIN = re.compile(rf"\b(?:{_ORIGIN_RU}|{_ORIGIN_EN})\b", re.IGNORECASE)
_QUOTED = re.compile(r"[«“](?P<said>[^«»“”]{1,300}?)(?:[»”]|$)", re.MULTILINE)
_ENTITLED = re.compile(rf"\b{_FULL},\s(?P<said>[^«“/]{{10,200}}?)\s?//")
_CREDITED = re.compile(
    rf"\b(?:{_ORIGIN_RU}|{_ORIGIN_EN}|by|idea\w*|work|paper|came|started|early|late|earlier|years?|иде[яи])\b",
    re.IGNORECASE,
)
_BY = re.compile(
    rf"\b(?:(?:{_ORIGIN_EN}|made|work|idea|paper)\sby|предлож\w+|придум\w+|изобр[её]\w+|разработ\w+|автор\w*)"
    rf"\s(?P<after>{_SURNAME})|"
    rf"\b(?P<before>{_SURNAME})\s(?:\w+\s)?(?:proposed|invented|introduced|discovered|developed|предлож|придум|изобр)"
)
_YEARS = re.compile(
    rf"(?<![\w.×x]){_YEAR}(?:['’]?s\b|-?[хе]\b|-м\b|(?![\w×%])(?!\s?[×x]\s?\d))|"
    r"(?<!\d)[3-9]0(?:['’]?s\b|-[хе]\b)|['’]\d\d(?=[\s,;\])]|$)"
)
_WORD = re.compile(r"\w+")
_KEPT = 300  # passages in which these are looked for once
_CREDIT_CHARS = 80  # between a name and what says that it made something


@lru_cache(maxsize=_KEPT)
def years_in(text: str) -> tuple[Span, ...]:
    """Where a text tells a year or a decade."""
    return tuple(found.span() for found in _YEARS.finditer(text))


def authors_in(text: str) -> tuple[Span, ...]:
    """Where a text names people as authors of something, as literature does."""
    return tuple(
        match.span()
        for sign, patterns in _CITED
        if sign.search(text)
        for pattern in patterns
        for match in pattern.finditer(text)
    )


@lru_cache(maxsize=_KEPT)
def cited_in(text: str) -> tuple[Span, ...]:
    """Where a text names people as authors of something, as literature does, or a group."""
    return (*authors_in(text), *(match.span() for match in _GROUP.finditer(text)))


@lru_cache(maxsize=_KEPT)
def credited_in(text: str) -> tuple[Span, ...]:
    """Where a text names people or groups beside what says that they made something: how a sentence does it."""
    return tuple(span for span in chain(named_in(text), _by(text)) if _is_credited(text, span))


@lru_cache(maxsize=_KEPT)
def named_in(text: str) -> tuple[Span, ...]:
    """Where a text has what may be the name of somebody."""
    small = _small_words(text)
    pairs = [match.span() for match in _PAIR.finditer(text) if _may_be_somebody(match.group(), small)]
    return (*pairs, *(match.span() for match in chain(_CITED[0][1][0].finditer(text), _GROUP.finditer(text))))


def _small_words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))


def _may_be_somebody(pair: str, small: frozenset[str]) -> bool:
    """Whether two capitalised words are no beginning of a sentence, no term, and nothing that the text also writes in
    small letters: "Chain Rule"."""
    parts = _JOINS.sub(" ", pair).split()
    if any(map(is_stop_word, parts)) or all(part.lower() in small for part in parts):
        return False
    return not general_glossary().find(whole_key(pair))


@lru_cache(maxsize=_KEPT)
def quoted_in(text: str) -> tuple[Span, ...]:
    """Where a text has something in quotation marks: the title of a publication; one that is not closed ends with its
    line."""
    return tuple(match.span("said") for match in chain(_QUOTED.finditer(text), _ENTITLED.finditer(text)))


def dated_in(text: str) -> tuple[Span, ...]:
    """Where a text tells the year in which something was made, as a sentence does it."""
    return tuple(span for span in years_in(text) if _is_credited(text, span))


def _by(text: str) -> Iterator[Span]:
    small = _small_words(text)
    for match in _BY.finditer(text):
        side = "after" if match["after"] else "before"
        if _may_be_somebody(match[side], small):
            yield match.span(side)


def _is_credited(text: str, span: Span) -> bool:
    return _CREDITED.search(text, max(0, span[0] - _CREDIT_CHARS), span[1] + _CREDIT_CHARS) is not None

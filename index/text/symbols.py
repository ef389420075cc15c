"""Text → what is typed with symbols in it: `&&`, `2>&1`, `$?`, `--amend`, `.gitignore`, `/dev/null`, `C-x`.

The analysis of words drops symbols, so that `2>&1` would be the numbers 2 and 1, and `&&` nothing. What is typed so
stands for itself alone: it is a term of its own, which no form, translation or synonym has, and is written in small and
capital letters as it is (`-p` is not `-P`).
"""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple

# What the term of a symbol begins with: no term of a word does.
MARK = "`"
_OPERATOR = r"!$%&*+:<=>?@^|~#-"
# One alternative for each way in which such things are put together; lists of operators last. None of them is found
# inside of a word, and each is bounded by what stands for it.
_TOKEN = re.compile(
    "|".join(
        (
            r"(?<!\w)\d?[<>]{1,2}&\d|(?<!\w)\d>{1,2}(?![\w>])|(?<![\w&])&>",  # 2>&1, 2>, &>
            r"(?<![\w./:~])(?:~|\.{1,2})?/[\w.*-]+(?:/[\w.*-]+)*",  # /dev/null, ./run.sh, ~/.ssh/config
            r"(?<![\w.:/~)\]])\.[A-Za-z_][\w-]*(?:\.\w+)*",  # .gitignore
            r"(?<![\w–-])--?[A-Za-z][\w-]*",  # -p, --amend
            r"\$(?:\w+|[?@#!*$-]|[({])",  # $1, $PATH, $?, $(
            r"(?<![\w.])@[A-Za-z_]\w*",  # @property
            r"(?<![\w*)\]])\*{1,2}[A-Za-z_]\w*",  # **kwargs
            r"(?<![\w:)\]/-]):[a-z]{1,8}!?(?![\w:])",  # :wq
            r"(?<![\w%])%[A-Za-z0-9](?!\w)",  # %1, %s
            r"(?<![\w)\]}^])\^[A-Z](?!\w)",  # ^C
            r"(?<![\w-])[CMS]-[A-Za-z0-9](?![\w-])",  # C-x
            r"(?<![\w.\\])[A-Za-z]{1,3}[(\[{](?![^\s`'\"”»])",  # ci(
            r"[<>]\(|\[\[(?=[\s:])|\]\](?!\w)|\[::",
            r"(?<![\w!])!!(?![\w!])|(?<![:/])//(?!/)",
            rf"(?<![{_OPERATOR}])(?![!?]+(?![{_OPERATOR}]))(?!--|====|(?<=\w)(?:\+\+|##)|([*#~+])\1\1)"
            rf"[{_OPERATOR}]{{2,4}}(?![{_OPERATOR}])",
        )
    )
)
_MOST_CHARS = 32  # of what somebody asks for; longer ones are addresses and rulers
# A dash that a word processor, or a telephone, made of the signs before an option.
_DASH = re.compile(r"(?<!\S)(?:(?P<one>–(?=[A-Za-z](?!\w)))|[–—](?=[A-Za-z]))")
_SIGNS = re.compile(rf"[{_OPERATOR}/.(\[{{—–]")


class Token(NamedTuple):
    """A term and the `[start, end)` characters of the text that it stands for."""

    term: str
    start: int
    end: int


def find_symbols(text: str) -> list[Token]:
    """Each thing in a text that is typed with symbols, in order."""
    if not _SIGNS.search(text):
        return []
    found = [Token(MARK + match.group(), *match.span()) for match in _TOKEN.finditer(text)]
    for dash in _DASH.finditer(text):
        signs = "-" if dash["one"] else "--"
        option = _TOKEN.match(signs + text[dash.end() : dash.end() + _MOST_CHARS])
        if option is not None:
            end = dash.end() + option.end() - len(signs)
            found.append(Token(MARK + option.group(), dash.start(), end))
    return sorted((own for own in found if len(own.term) <= _MOST_CHARS), key=lambda own: own.start)


def symbol_terms(text: str) -> list[str]:
    """The terms of these."""
    return [own.term for own in find_symbols(text)]


def with_signs(tokens: list[Token], text: str, wanted: Container[str]) -> list[Token]:
    """Words of a text and the wanted things in it that are typed with symbols, in order; no word inside of a sign."""
    signs = [own for own in _signs_of(text) if own.term in wanted]
    inside = {place for sign in signs for place in range(sign.start, sign.end)}
    return sorted([*signs, *(token for token in tokens if token.start not in inside)], key=lambda token: token.start)


@lru_cache(maxsize=200)
def _signs_of(text: str) -> list[Token]:
    return find_symbols(text)


def is_symbol(term: str) -> bool:
    """Whether a term stands for something that is typed with symbols."""
    return term.startswith(MARK)

"""An English word → how it is spelled on the other side of the Atlantic: "colour" and "color", "tokenise", …"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from index.text.language import ORDINARY_ZIPF, zipf

# (what stands before, British, American, what stands behind): read in both directions. Guesses: what comes out is
# looked for only where the searched passages say it, so that "noize" does no harm.
_SPELLINGS = [
    (".*(?:arm|behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|od|rum|tum|val|vap|vig)", "our", "or", ".*"),
    (".+", "is", "iz", "(?:e[drs]?|ers?|ing|ations?|able)"),
    (".*(?:al|ar)", "ys", "yz", "(?:e[drs]?|ers?|ing)"),
    (".*(?:cent|calib|fib|lit|met|spect|theat)", "re", "er", "s?"),
    (".*cent", "r", "er", "(?:ed|ing)"),
    (".+(?:al|el)", "l", "", "(?:ed|ing|ers?)"),
    (".*(?:catal|anal|dial|homol|monol)og", "ue", "", "s?"),
    (".*(?:def|off|lic|pret)en", "c", "s", "es?"),
    (".*(?:judg|acknowledg)", "e", "", "ments?"),
    (".*gr", "e", "a", "ys?(?:cales?|ish)?"),
    (".*art", "e", "i", "facts?"),
    (".*", "sc", "sk", "eptic.*"),
    (".*program", "me", "", "s?"),
    (".*(?:h|p|an|leuk|encyclop|orthop)", "ae", "e", ".+"),
    ("(?:f|man|o?)", "oe", "e", "(?:tal|tus|uv.+|str.+|dem.+)"),
]
_TO_AMERICAN, _TO_BRITISH = (
    [
        (re.compile(f"({before}){re.escape((british, american)[old])}({behind})"), (british, american)[1 - old])
        for before, british, american, behind in _SPELLINGS
    ]
    for old in (0, 1)
)


@lru_cache(maxsize=20_000)
def other_spellings(word: str) -> tuple[str, ...]:
    """The other spellings that a folded word may have; none for most words."""
    if not word.isascii() or not word.isalpha():
        return ()
    return tuple(dict.fromkeys([*_respelled(word, _TO_AMERICAN), *_respelled(word, _TO_BRITISH)]))


def american_spelling(word: str) -> str:
    """A word as Americans spell it: the folded one where that is another, else as it is. What everyday English says as
    it is, and not so, keeps its spelling: "noise" is no "noize"."""
    folded = word.lower()
    if not folded.isascii() or not folded.isalpha():
        return word
    guessed = next(_respelled(folded, _TO_AMERICAN), "")
    return guessed if guessed and zipf(guessed, "en") >= min(zipf(folded, "en"), ORDINARY_ZIPF) else word


def _respelled(word: str, rules: list[tuple[re.Pattern[str], str]]) -> Iterator[str]:
    for rule, new in rules:
        if (match := rule.fullmatch(word)) is not None:
            yield f"{match[1]}{new}{match[2]}"

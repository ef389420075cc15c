"""An English word → how it is spelled on the other side of the Atlantic: "colour" and "color", "tokenise", …"""

from __future__ import annotations

import re
from functools import lru_cache

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
_RULES = [
    (re.compile(f"({before}){re.escape(old)}({behind})"), new)
    for before, british, american, behind in _SPELLINGS
    for old, new in ((british, american), (american, british))
]


@lru_cache(maxsize=20_000)
def other_spellings(word: str) -> tuple[str, ...]:
    """The other spellings that a folded word may have; none for most words."""
    if not word.isascii() or not word.isalpha():
        return ()
    found = (rule.fullmatch(word) for rule, _ in _RULES)
    return tuple(
        dict.fromkeys(
            f"{match[1]}{new}{match[2]}" for match, (_, new) in zip(found, _RULES, strict=True) if match is not None
        )
    )

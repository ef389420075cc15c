"""A scope and some terms → whether the searched passages say them beside each other, and whether as one name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.engine.build import latin_language
from index.search.scope import Scope
from index.text.analysis import find_terms, is_stop_word, words
from index.text.symbols import Token
from index.types import IndexedPassage

_READ = 12  # passages in which a term of several words is looked for
# In which the words of one name are looked for: most names stand in the first of them, what is none in no passage.
_READ_FOR_NAMES = 60
# Between two words of a term, those between them included.
_BREATH_CHARS = 30
# What may stand between two words of a name: signs, and where they are in the other order words that join ("rate of
# learning"); no end of a sentence.
_APART = re.compile(r"[.!?;]\s|\n\s*\n")
_SIGNS_CHARS, _JOINING_CHARS = 4, 12
# One more word inside a name that is said in its order: "contrastive joint embedding".
_INSERTED = re.compile(r"[\s-][\w-]{3,12}[\s-]")
_NEAR = 60  # characters between the beginnings of two words beside each other, at most


def said_beside(own: Sequence[str], scope: Scope, chars: int = 0) -> bool:
    """Whether the searched passages say all of these terms, beside each other: within so many characters."""
    if not own or any(scope.frequency(term) == 0 for term in own):
        return False
    return len(own) == 1 or in_one_breath(own, scope, chars)


def in_one_breath(own: Sequence[str], scope: Scope, chars: int = 0) -> bool:
    """Whether a passage says these words beside each other, or has all of them in its title."""
    asked = tuple(own), chars or _BREATH_CHARS * len(own)
    known = scope.in_one_breath.get(asked)  # a name is asked about by its words, by its term, and for each side
    if known is None:
        known = scope.in_one_breath[asked] = _in_one_breath(*asked, scope)
    return known


def _in_one_breath(own: tuple[str, ...], reach: int, scope: Scope) -> bool:
    wanted = frozenset(own)
    for passage in scope.generation.passages(scope.holding(own, _READ).tolist()):
        language = latin_language(passage)
        tokens = find_terms(passage.text, wanted, language)
        if len({token.term for token in tokens}) < len(own):
            tokens = []  # it does not say all of them: nowhere do they stand together
        for i, token in enumerate(tokens):
            near = {other.term for other in tokens[i:] if other.end <= token.start + reach}
            if len(near) == len(own):
                return True
        if {token.term for token in find_terms(passage.title, wanted, language)} == wanted:
            return True
    return False


def is_one_name(first: str, second: str, scope: Scope) -> bool:
    """Whether a passage says two terms as one name: one right behind the other, whichever comes first."""
    rows = scope.holding((first, second), _READ_FOR_NAMES).tolist()
    for start in range(0, len(rows), _READ):
        passages = scope.generation.passages(rows[start : start + _READ])
        if any(_names(first, second, passage) for passage in passages):
            return True
    return False


def _names(first: str, second: str, passage: IndexedPassage) -> bool:
    """Whether a passage says two terms as one name; a joined word that is both is found by each."""
    language = latin_language(passage)
    for text in (passage.title, passage.text):
        ones, others = (find_terms(text, (term,), language) for term in (first, second))
        if any(_follow(one, other, text) for one in ones for other in others if abs(one.start - other.start) < _NEAR):
            return True
    return False


def _follow(one: Token, other: Token, text: str) -> bool:
    if one.end < other.start and _INSERTED.fullmatch(text[one.end : other.start]):
        return True
    a, b = sorted((one, other), key=lambda token: token.start)
    return a.start == b.start or _is_joint(text[a.end : b.start])


def _is_joint(between: str) -> bool:
    """Whether what stands between two words leaves them one name."""
    if len(between) > _JOINING_CHARS or _APART.search(between):
        return False
    said = words(between)
    return all(map(is_stop_word, said)) if said else len(between) <= _SIGNS_CHARS

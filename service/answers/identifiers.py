"""Names of code in a question → which words of a text stand for them: `zero_grad` is one word, and no zero."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.search.typed_signs import without_end
from index.text.analysis import terms_of, words
from index.text.symbols import Token, find_symbols

_PIECES = re.compile(r"[_.]+|(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN_BLANKS = re.compile(r"\S+")
_JOINT_CHARS = 3  # between the pieces of one name: "zero grad", "zero-grad"


@dataclass(frozen=True, slots=True)
class Names:
    """The terms of names as they are written, and those that a question has only as their pieces; `signs` are what it
    asks about first that is typed with symbols."""

    whole: frozenset[str]
    pieces: frozenset[str]
    signs: frozenset[str] = frozenset()

    def said_in(self, tokens: Sequence[Token]) -> bool:
        """Whether one of the names is among the words of a text, or there are none; and one of the signs."""
        if self.signs and not any(token.term in self.signs for token in tokens):
            return False
        return not self.pieces or any(token.term in self.whole or token.term in self.pieces for token in tokens)

    def without_pieces(self, tokens: Sequence[Token], text: str) -> list[Token]:
        """The words of a text but for those that are a piece of a name alone. Beside another word of the question a
        piece is a part of the name ("zero grad"), and in a longer name that has others of them ("opt.zero_grad")."""
        if not self.pieces:
            return list(tokens)
        beside = set[int]()
        for i, (one, other) in enumerate(pairwise(tokens)):
            if other.start - one.end <= _JOINT_CHARS and one.term != other.term:
                beside |= {i, i + 1}
        return [
            token
            for i, token in enumerate(tokens)
            if token.term not in self.pieces or i in beside or self._holds_several(text[token.start : token.end])
        ]

    def _holds_several(self, written: str) -> bool:
        return len(self.pieces.intersection(terms_of(written))) > 1


def names_of_code(query: str, known: Container[str] = ()) -> Names:
    """The names of code in a question: snake_case, dotted, CamelCase; and what it has with symbols and is `known`, if
    no other known word stands before it: "what does && do in bash", but not "git add -p"."""
    whole, pieces, others = set[str](), set[str](), set[str]()
    for word in words(query):
        parts = [part for part in _PIECES.split(word) if part]
        if len(parts) > 1:
            whole.add(terms_of(word)[0])
            pieces |= {term for part in parts for term in terms_of(part)}
        else:
            others |= set(terms_of(word))
    return Names(frozenset(whole), frozenset(pieces - others - whole), _signs_asked_about(query, known))


def _signs_asked_about(query: str, known: Container[str]) -> frozenset[str]:
    # "what is &&?" asks about `&&`, and "what is $?" about `$?`
    open_ended = _BETWEEN_BLANKS.sub(lambda found: without_end(found.group()).ljust(len(found.group())), query)
    found = {sign for text in (query, open_ended) for sign in find_symbols(text) if sign.term in known}
    signs = sorted(found, key=lambda sign: sign.start)
    before = words(query[: signs[0].start]) if signs else []
    is_later = any(term in known for word in before for term in terms_of(word))
    return frozenset() if is_later else frozenset(sign.term for sign in signs)

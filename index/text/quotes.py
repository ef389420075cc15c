"""A quote ↔ the few words by which an address names it, and where it stands in a text that is cut into lines otherwise.

Only words count, whatever stands between them: the same words are a slide's lines, its picture's, and one sentence.
Where an address is copied by programs and people it is better short: there a hash of the words names the quote.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from hashlib import blake2b

_WORD = re.compile(r"\w+")
_WHOLE = 12  # words: a longer quote is named by how it begins and ends
_ENDS = (5, 3)  # words of each; fewer where of more one is written otherwise, as a hyphen at the end of a line does
_MOST_WORDS, _MOST_TRIED = 160, 16
_GAP = "…"
_SHORT = re.compile(r"~(\d{1,3})([a-z2-7]{8})")

MAX_CHARS = 300


def named_by(quote: str) -> str:
    """The words that name a quote: all of a short one, the first and the last of a long one."""
    words = _WORD.findall(quote)
    if len(words) > _WHOLE:
        ends = _ENDS[0]
        return f"{' '.join(words[:ends])[: MAX_CHARS // 2 - 1]}{_GAP}{' '.join(words[-ends:])[: MAX_CHARS // 2]}"
    return " ".join(words)[:MAX_CHARS]


def short_name(quote: str) -> str:
    """A short name of a quote: how many words it has, and forty bits of a hash of them."""
    words = words_of(quote)[:_MOST_WORDS]
    return f"~{len(words)}{_hash_of(words)}" if words else ""


def find_quote(words: Sequence[str], named: str, start: int = 0) -> tuple[int, int] | None:
    """`[first, last)` of the words of a text that are the quote, at or after `start` if it is there, else anywhere;
    None if they are not there. `words` are as `words_of` gives them."""
    if short := _SHORT.fullmatch(named):
        return _find_hash(words, int(short[1]), short[2], start)
    begins, _, ends = named[:MAX_CHARS].partition(_GAP)
    first, last = words_of(begins), words_of(ends)
    if not first:
        return None
    last = last or first
    shared = len(first) if last is first else 0  # the end of a short quote is its own beginning
    for count in (max(len(first), len(last)), *_ENDS):
        opening, closing = first[:count], last[-count:]
        reach = shared + count if shared else _MOST_WORDS
        for beginning in _places(words, opening, start)[:_MOST_TRIED]:
            ends_at = _places(words[beginning : beginning + reach], closing, 0)
            if ends_at:
                return beginning, beginning + ends_at[0] + len(closing)
    return None


def _find_hash(words: Sequence[str], count: int, wanted: str, start: int) -> tuple[int, int] | None:
    """`[first, last)` of so many words with this hash, those at or after `start` first."""
    starts = range(len(words) - count + 1) if 0 < count <= _MOST_WORDS else range(0)
    for first in (*starts[start:], *starts[:start]):
        if _hash_of(words[first : first + count]) == wanted:
            return first, first + count
    return None


def _hash_of(words: Sequence[str]) -> str:
    return base64.b32encode(blake2b(" ".join(words).encode(), digest_size=5).digest()).decode().lower()


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared."""
    return [word.casefold() for word in _WORD.findall(text)]


def spans_of(text: str) -> list[tuple[int, int]]:
    """`[start, end)` of each of these words in the text."""
    return [match.span() for match in _WORD.finditer(text)]


def quote_span(text: str, named: str, start: int = 0) -> tuple[int, int] | None:
    """`[start, end)` of a quote in a text, the one that begins at or after the character `start` first."""
    spans = spans_of(text)
    begun = sum(1 for begin, _ in spans if begin < start)
    found = find_quote(words_of(text), named, begun)
    return (spans[found[0]][0], spans[found[1] - 1][1]) if found else None


def _places(words: Sequence[str], wanted: Sequence[str], start: int) -> list[int]:
    """Where the wanted words follow one another: first those at or after `start`, then those before."""
    found = [
        i for i, word in enumerate(words) if word == wanted[0] and list(words[i : i + len(wanted)]) == list(wanted)
    ]
    return [*(i for i in found if i >= start), *(i for i in found if i < start)]

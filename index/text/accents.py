"""Letters with marks → without them."""

from __future__ import annotations

import re
import unicodedata

_MARKED = re.compile(r"[^\x00-\x7fЀ-ӿ]")  # what may have accents to take off
_ALPHABETS_END = 0x2000  # of the letters that are kept: hostile texts with all there are must not fill the memory


class _Bare(dict[int, str]):
    """By its number, each letter without its marks, worked out when it is first met."""

    def __missing__(self, number: int) -> str:
        letter = chr(number)
        if not "Ѐ" <= letter <= "ӿ":
            letter = "".join(c for c in unicodedata.normalize("NFD", letter) if not unicodedata.combining(c))
        if number < _ALPHABETS_END:
            self[number] = letter
        return letter


_BARE = _Bare()


def strip_accents(text: str) -> str:
    """Latin letters without their marks ("reseau" for "réseau"); й and other scripts stay as they are."""
    return text if text.isascii() or not _MARKED.search(text) else text.translate(_BARE)

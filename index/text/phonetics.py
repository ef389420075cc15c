"""Words in Cyrillic and Latin letters → how they sound, in one small alphabet: "дропаут" and "dropout" meet.

Two codes a word. `fine` keeps vowels apart; `coarse` has two classes of vowels (back and front), since "а" may stand
for the o, u or a of the original. The rules are those by which Russian writes English down, few
and general.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from index.text.accents import strip_accents


class Sound(NamedTuple):
    fine: str
    coarse: str


_CYRILLIC = dict(
    zip(
        "абвгдежзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e j z i i k l m n o p r s t u f h ts C S S _ i _ e u a".split(),
        strict=True,
    )
)
_CYRILLIC = {letter: "" if sound == "_" else sound for letter, sound in _CYRILLIC.items()}
# English spelling → sound, in this order; sounds that are not to be read again are capitals, put right at the end.
_ENGLISH = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ation", "ESn"),
        (r"t?tion|ssion|cian", "Sn"),
        (r"sion", "Jn"),
        (r"ture\b", "Cer"),
        (r"tch", "tC"),
        (r"ch", "C"),
        (r"sh", "S"),
        (r"ph", "f"),
        (r"dge|ge\b", "J"),
        (r"igh", "Y"),
        (r"ck|q(?!u)", "k"),
        (r"qu", "kv"),
        (r"th", "t"),
        (r"\bkn", "n"),
        (r"\bwr", "r"),
        (r"wh", "v"),
        (r"c(?=[eiy])", "s"),
        (r"a(?=[bcdfghjklmnpqrstvz]e(?:s|d|r|rs)?\b)", "E"),
        (r"i(?=[bcdfghjklmnpqrstvz]e(?:s|d|r|rs)?\b)", "Y"),
        (r"(?<=[bcdfghjklmnpqrstvxz])e\b", ""),
        (r"oo|ou", "u"),
        (r"ee|ea", "i"),
        (r"eu|ew|ue", "u"),
        (r"ai|ay|ey", "E"),
        (r"au|aw", "o"),
        (r"ow", "ou"),
        (r"y", "i"),
        (r"c", "k"),
        (r"w", "v"),
        (r"x", "ks"),
    )
]
# Latin letters read as they stand: romanised Russian ("svertka") and words of Latin origin ("regularization").
_ROMANISED = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[td]ion\b", "tsia"),
        (r"shch|sch", "S"),
        (r"zh", "J"),
        (r"kh", "h"),
        (r"tch", "tC"),
        (r"ch", "C"),
        (r"sh", "S"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"ck", "k"),
        (r"ts|tc|c(?=[eiy])", "ts"),
        (r"yo|jo", "e"),
        (r"yu|ju", "u"),
        (r"ya|ja", "a"),
        (r"ye|je", "e"),
        (r"[yj]", "i"),
        (r"w", "v"),
        (r"x", "ks"),
        (r"[qc]", "k"),
    )
]
_CAPITALS = str.maketrans({"E": "ei", "Y": "ai", "J": "j"})
_LATIN_WORD = re.compile(r"[a-z]")
_REPEATED = re.compile(r"(.)\1+")
_COARSE = str.maketrans({"o": "a", "u": "a", "i": "e", "z": "s", "j": "S"})


@lru_cache(maxsize=50_000)
def sounds(word: str) -> tuple[Sound, ...]:
    """The sounds of a folded word: one if Cyrillic; if Latin, as English reads it and as romanised Russian."""
    if _LATIN_WORD.search(word):
        word = strip_accents(word)
        parts = re.split(r"[^a-z0-9]+", word)
        english = "".join(_apply(_ENGLISH, part) for part in parts)
        romanised = "".join(_apply(_ROMANISED, part) for part in parts)
        return tuple(dict.fromkeys((_sound(english), _sound(romanised))))
    return (_sound("".join(_CYRILLIC.get(letter, letter if letter.isalnum() else "") for letter in word)),)


@lru_cache(maxsize=50_000)
def possible_sounds(word: str) -> tuple[Sound, ...]:
    """`sounds`, and for an English a also the э that Russian often writes for it: "бэкпроп", "семплинг"."""
    found = sounds(word)
    if "a" not in word or not _LATIN_WORD.search(word):
        return found
    other = _sound(found[0].fine.replace("a", "e"))
    return tuple(dict.fromkeys((*found, other)))


def _apply(rules: list[tuple[re.Pattern[str], str]], word: str) -> str:
    for pattern, sound in rules:
        word = pattern.sub(sound, word)
    return word.translate(_CAPITALS)


def _sound(letters: str) -> Sound:
    fine = _REPEATED.sub(r"\1", letters)
    return Sound(fine, _REPEATED.sub(r"\1", fine.translate(_COARSE)))

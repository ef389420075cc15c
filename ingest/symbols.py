"""Characters that PDFs get wrong → the ones that are meant: symbol fonts, wrong code pages, letters printed twice."""

from __future__ import annotations

import re
import unicodedata

from ingest.pdf import is_doubled

_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000]+")
# The Symbol font, which office programs put into the private-use area at U+F000 + its own code (Adobe's Symbol
# encoding): letters and the marks of formulas. Bullets and ornaments, which other fonts put there too, are dropped.
_SYMBOLS = {0xF000 + code: meant for code, meant in {
    **dict(zip(range(0x41, 0x5B), "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ", strict=True)),
    **dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True)),
    **dict(zip(range(0x30, 0x3A), "0123456789", strict=True)),
    0x22: "∀", 0x24: "∃", 0x28: "(", 0x29: ")", 0x2B: "+", 0x2C: ",", 0x2D: "−", 0x2E: ".", 0x2F: "/", 0x3C: "<",
    0x3D: "=", 0x3E: ">", 0x40: "≅", 0x5B: "[", 0x5D: "]", 0x5E: "⊥", 0x7B: "{", 0x7C: "|", 0x7D: "}", 0x7E: "∼",
    0xA3: "≤", 0xA5: "∞", 0xAC: "←", 0xAE: "→", 0xB1: "±", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB9: "≠",
    0xBA: "≡", 0xBB: "≈", 0xC4: "⊗", 0xC5: "⊕", 0xC6: "∅", 0xC7: "∩", 0xC8: "∪", 0xCC: "⊂", 0xCD: "⊆", 0xCE: "∈",
    0xCF: "∉", 0xD1: "∇", 0xD5: "∏", 0xD6: "√", 0xD7: "⋅", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",
}.items()}  # fmt: skip
_PRIVATE_USE = re.compile("[\ue000-\uf8ff]")
_LATIN_1 = re.compile("[À-ÿ]")
_LETTER = re.compile(r"[^\W\d_]")


def tidy(text: str) -> str:
    """NFC, single spaces, no control characters; symbol fonts as the letters they show, other private use dropped."""
    text = _PRIVATE_USE.sub(" ", unicodedata.normalize("NFC", text.translate(_SYMBOLS)))
    text = "".join(c if c >= " " and not 0xD800 <= ord(c) < 0xE000 else " " for c in text)
    return _SPACES.sub(" ", text).strip()


def repair(line: str) -> str:
    """A line whose letters were printed twice, or whose Cyrillic was taken for Latin-1, as it was meant."""
    squeezed = line.replace(" ", "")
    if is_doubled(squeezed):
        line = _halved(line)
    letters = len(_LETTER.findall(line))
    if letters >= 4 and len(_LATIN_1.findall(line)) > 0.6 * letters:
        try:
            return line.encode("cp1252").decode("cp1251")
        except UnicodeError:
            return line
    return line


def _halved(line: str) -> str:
    """Every letter that stands twice once."""
    kept: list[str] = []
    position = 0
    while position < len(line):
        kept.append(line[position])
        position += 2 if line[position : position + 1] == line[position + 1 : position + 2] else 1
    return "".join(kept)

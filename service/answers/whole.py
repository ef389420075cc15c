"""Sentences that are harmless each → a text that is harmless as a whole: nothing comes of two of them together.

Programs join what they are sent, and some read it as HTML. What was sent cannot be called back, so that what comes
later must not complete it: a sign `>` that would close an element which acts or leads away is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Attributes by which an element of any name runs something, covers the page or leads away; "ones = x" is none.
ACTS = r"(?:on(?!(?:e|es|ce|ly|to|set|line|ehot|e_hot)\s*=)[a-z]{2,30}|style|(?:xlink:)?href|formaction)\s{0,20}="
_ACTS = re.compile(rf"(?<![\w.])(?:{ACTS})", re.IGNORECASE)
_SIGN = re.compile(r"<(?=[a-zA-Z])|>")
_QUOTE = re.compile(r"=\s{0,20}[\"']")
_TAIL_CHARS = 200  # an attribute may be cut anywhere: its name and its sign "=" lie closer than this


@dataclass
class WholeText:
    """What was said so far, as far as it matters: whether an element may be open in it, and whether that one acts.

    Quotation marks make it unknown where an element ends; it then counts as open, which is the stricter reading both
    of HTML and of Markdown."""

    _open: bool = False
    _acts: bool = False
    _quoted: bool = False
    _tail: str = ""

    def add(self, text: str) -> str:
        """The sentence as it can be said after those before it."""
        said, at = [], 0
        for sign in _SIGN.finditer(text):
            between = text[at : sign.start()]
            said.append(between)
            self._read(between)
            at = sign.end()
            if sign.group() == "<":
                said.append("<")
                self._tail = self._tail if self._open else ""
                self._open = True
            elif self._open and self._acts:
                said.append(" ")
            else:
                said.append(">")
                self._open = self._open and self._quoted
        said.append(text[at:])
        self._read(f"{text[at:]} ")  # sentences are joined by blanks
        return "".join(said)

    def _read(self, text: str) -> None:
        if not self._open:
            self._acts = self._quoted = False
            return
        text = self._tail + text
        self._acts = self._acts or _ACTS.search(text) is not None
        self._quoted = self._quoted or _QUOTE.search(text) is not None
        self._tail = text[-_TAIL_CHARS:]

"""What a language model wrote, piece by piece → what of it is meant for the reader: what it thinks aloud goes.

Marks of thoughts differ from model to model, and many chat templates write the opening one themselves, so that a reply
begins with thoughts that only their end tells. A mark that stands in code is code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMES = r"(?:seed:)?(?:thoughts?|think|thinking|reason|reasoning|reflection|scratchpad)"
_OPENS = (
    rf"<\s{{0,2}}{_NAMES}(?:\s[^<>\n]{{0,60}})?>|◁think▷|\[THINK\]|<\|begin_of_thought\|>|"
    r"<\|channel\|>\s{0,2}(?:analysis|commentary)[^<>\n]{0,60}<\|message\|>|\A\s{0,9}analysis(?=[A-Z])"
)
_CLOSES = (
    rf"</\s{{0,2}}{_NAMES}\s{{0,2}}>|◁/think▷|\[/THINK\]|<\|end_of_thought\|>|"
    r"<\|channel\|>\s{0,2}final[^<>\n]{0,60}<\|message\|>|assistantfinal"
)
# Signs of the protocol that servers forget to take out.
_PROTOCOL = r"<\|(?:start|im_start)\|>(?:assistant)?|<\|(?:end|return|message|channel|im_end|eot_id)\|>"
_MARK = re.compile(f"(?P<opens>{_OPENS})|(?P<closes>{_CLOSES})|(?P<protocol>{_PROTOCOL})", re.IGNORECASE)
# The end of a text in which a mark may have begun. Marks are far shorter than 200 characters.
_BEGUN = re.compile(
    r"<\|(?:channel(?:\|[^\n]{0,150})?|(?:im_)?start\|>[asitn]{0,9})\Z|[<◁\[][^<◁\[>▷\]]{0,80}\Z|"
    r"a(?:s(?:s(?:i(?:s(?:t[antfil]{0,8})?)?)?)?)?\Z",
    re.IGNORECASE,
)
_LONGEST_MARK = 200
_LONGEST_CHANNEL = 100
_LONGEST_CODE = 200  # characters to the backtick that ends code, after a mark in it


@dataclass(frozen=True, slots=True)
class Heard:
    """Text for the reader. `thought_before`: all that was said since the last thought ended was one as well."""

    text: str
    thought_before: bool = False


@dataclass
class Thoughts:
    """Takes the thoughts out of a reply as it streams; what may be a mark waits until it is told."""

    _rest: str = ""
    _inside: bool = False
    _line: str = ""  # the end of what was let through, for code that is open there
    _begun: bool = False

    def feed(self, text: str, *, last: bool = False) -> Heard:
        self._rest += text
        shown: list[str] = []
        thought_before = False
        while (mark := self._mark(last=last)) is not None:
            before, self._rest = self._rest[: mark.start()], self._rest[mark.end() :]
            self._begun = True
            if mark["closes"]:
                if not self._inside:
                    shown, thought_before, self._line = [], True, ""
                self._inside = False
                continue
            if not self._inside:
                self._show(before, shown)
            self._inside = self._inside or mark["opens"] is not None
        waits = 0 if last else self._waiting()
        ready, self._rest = self._rest[: len(self._rest) - waits], self._rest[len(self._rest) - waits :]
        if not self._inside:
            self._show(ready, shown)
        return Heard("".join(shown), thought_before)

    def _show(self, text: str, shown: list[str]) -> None:
        shown.append(text)
        self._line = (self._line + text).rpartition("\n")[2][-2_000:]
        self._begun = self._begun or bool(text.strip())

    def _mark(self, *, last: bool) -> re.Match[str] | None:
        """The first mark that is one for sure; marks in code are passed over."""
        for mark in _MARK.finditer(self._rest):
            if mark.group().strip().casefold() == "analysis" and self._begun:
                continue
            if mark.group().endswith("start|>") and not last and "assistant".startswith(self._rest[mark.end() :]):
                return None
            if mark.group() == "<|channel|>" and not last and len(self._rest) - mark.end() <= _LONGEST_CHANNEL:
                return None
            in_code = not self._inside and self._in_code(mark, last=last)
            if in_code is None:
                return None  # it is not known yet: `_waiting` keeps it
            if not in_code:
                return mark
        return None

    def _in_code(self, mark: re.Match[str], *, last: bool) -> bool | None:
        """Whether a mark stands between backticks of one line; None while more of the line may come."""
        line = (self._line + self._rest[: mark.start()]).rpartition("\n")[2]
        if line.count("`") % 2 == 0:
            return False
        after, newline, _ = self._rest[mark.end() : mark.end() + _LONGEST_CODE].partition("\n")
        if "`" in after:
            return True
        return False if newline or last or len(after) >= _LONGEST_CODE else None

    def _waiting(self) -> int:
        """How many characters at the end wait for what follows."""
        if (
            not self._begun
            and len(self._rest) <= _LONGEST_MARK
            and "analysis".startswith(self._rest.strip().casefold())
        ):
            return len(self._rest)
        if not self._inside:
            for mark in _MARK.finditer(self._rest):
                if self._in_code(mark, last=False) is None:
                    return len(self._rest) - mark.start()
        tail = self._rest[-_LONGEST_MARK:]
        begun = _BEGUN.search(tail)
        return len(tail) - begun.start() if begun else 0

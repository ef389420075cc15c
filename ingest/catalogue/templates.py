"""A page of a site as it was written → without what only its builder reads: Liquid's comments, tags and values.

Comments go with all that stands in them, other tags without it. What stands in code is what readers see, and stays.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

_FENCES = re.compile(r"^[ \t]{0,12}(`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_ANY_TAG = re.compile(r"\{%[^\n]{0,400}?%\}")
# What stands between two tags, and what becomes of it: nothing, itself, or code.
_BETWEEN = {
    name: (
        re.compile(rf"\{{%-?[ \t]{{0,9}}{name}\b[^%{{}}\n]{{0,300}}%\}}"),
        re.compile(rf"\{{%-?[ \t]{{0,9}}end{name}\b[^%{{}}\n]{{0,300}}%\}}"),
    )
    for name in ("comment", "raw", "highlight")
}
# A value has a name with parts, a filter, or is a string; "{{x}}" behind a letter or a sign is mathematics, and
# "${{ … }}" is a value of another builder.
_VALUE = re.compile(
    r"(?<![\w$\\^_{}])\{\{-? {0,3}(?:[\"'][^\"'{}\n]{0,200}[\"']|[A-Za-z]\w*(?:[.\[][^\s{}|]{1,60})+|"
    r"[A-Za-z]\w{0,40} {0,3}\||[A-Za-z]\w{2,40} )[^{}\n]{0,300}\}\}"
)
_ATTRIBUTES = re.compile(r"^\{:[^{}\n]{0,200}\}[ \t]*$|(?<=\S)\{: ?[.#][^{}\n]{0,200}\}", re.MULTILINE)
_INLINE = re.compile(r"``[^\n]{1,400}?``|`[^`\n]{1,400}`")
# One of these begins whatever is no plain text.
_NEXT = re.compile(rf"{_FENCES.pattern}|{_INLINE.pattern}|<pre\b|\{{%|\{{\{{|\{{:", re.MULTILINE)


def without_templates(text: str) -> str:
    """A page without Liquid; code in fences and between backticks stays as it is."""
    if "{%" not in text and "{{" not in text and "{:" not in text:
        return text
    ends = {name: [found.span() for found in closing.finditer(text)] for name, (_, closing) in _BETWEEN.items()}
    kept: list[str] = []
    at = 0
    while (found := _NEXT.search(text, at)) is not None:
        kept.append(text[at : found.start()])
        said, at = _read(text, found, ends)
        kept.append(said)
    return "".join([*kept, text[at:]])


def _read(text: str, found: re.Match[str], ends: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[str, int]:
    """(what is kept of the thing that begins here, where it ends)."""
    start, end = found.span()
    begun = found.group().lstrip(" \t")
    if begun.startswith(("```", "~~~")):
        end = _fence_end(text, end, found[1] or "```")
        return text[start:end], end
    if begun.startswith("<pre"):
        end = text.find("</pre", end)
        return (text[start:], len(text)) if end < 0 else (text[start:end], end)
    if begun.startswith("`"):
        return found.group(), end
    for name, (opening, _) in _BETWEEN.items():
        opened = opening.match(text, start)
        closed = bisect_left(ends[name], (start, 0)) if opened else len(ends[name])
        if opened and closed < len(ends[name]):
            inside_end, end = ends[name][closed]
            return _kept(name, text[opened.end() : inside_end]), end
    for pattern in (_ANY_TAG, _VALUE, _ATTRIBUTES):
        if (tag := pattern.match(text, start)) is not None:
            return "", tag.end()
    return found.group(), end


def _kept(name: str, inside: str) -> str:
    if name == "highlight":
        return "\n```\n" + inside.strip("\n") + "\n```\n"
    return inside if name == "raw" else ""


def _fence_end(text: str, at: int, fence: str) -> int:
    """Where code ends that such a fence opened: at a line of as many signs, or with the text."""
    for closing in _FENCES.finditer(text, at):
        if closing[1].startswith(fence) and closing.group().strip() == closing[1]:
            return closing.end()
    return len(text)

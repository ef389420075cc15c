"""A page of a site as it was written → without what only its builder reads: Liquid's comments, tags and values.

Comments go with all that stands in them, other tags without it. What stands in code or in a formula is what readers
see, and stays; so does what looks like Liquid on a page that no builder reads, such as one on templates.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Mapping, Sequence

# Fences stand within quotations and lists too; behind one of backticks stand none, or it is code within a line.
_FENCES = re.compile(
    r"^(?:[ \t>]|[-*+][ \t]|\d{1,9}[.)][ \t]){0,40}(`{3,}(?=[^`\n]*$)|~{3,})[^\n]*$",
    re.MULTILINE,
)
# What the builder of a site alone knows. Names of other languages of templates are strings, or stand in brackets.
_BUILDERS_TAG = re.compile(
    r"\{%-?[ \t]{0,9}(?:(?:end)?(?:raw|comment|highlight|capture)\b|(?:assign|link|post_url|include_relative)[ \t]|"
    r"include[ \t]{1,9}[\w{])"
)
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
_INLINE = re.compile(r"```[^`\n]{1,400}```|``[^\n]{1,400}?``|`[^`\n]{1,400}`")
_FORMULA = re.compile(
    r"(?<!\\)\$\$(?:[^$\n]|\n(?![ \t]*\n)){1,2000}\$\$|(?<![\w$\\])\$(?![\s${])[^$\n]{0,400}[^\s$]\$(?![\w$])"
)
# One of these begins whatever is no plain text.
_NEXT = re.compile(rf"{_FENCES.pattern}|{_INLINE.pattern}|{_FORMULA.pattern}|<pre\b|\{{%|\{{\{{|\{{:", re.MULTILINE)


def without_templates(text: str, *, is_built: bool = False) -> str:
    """A page without Liquid; code in fences and between backticks stays as it is, and so do formulas. `is_built`: the
    builder of a site reads the page; else it does where a tag says so that it alone knows. Attributes always go."""
    if "{%" not in text and "{{" not in text and "{:" not in text:
        return text
    return _stripped(text, is_built=is_built or _has_builders_tag(text))


def _has_builders_tag(text: str) -> bool:
    """Whether a tag of a builder stands on a page, outside of code and formulas."""
    at = 0
    while (found := _NEXT.search(text, at)) is not None:
        if _BUILDERS_TAG.match(text, found.start()) is not None:
            return True
        at = _whole(text, found) or found.end()
    return False


def _stripped(text: str, *, is_built: bool) -> str:
    ends = {name: [found.span() for found in closing.finditer(text)] for name, (_, closing) in _BETWEEN.items()}
    kept: list[str] = []
    at = 0
    while (found := _NEXT.search(text, at)) is not None:
        kept.append(text[at : found.start()])
        whole = _whole(text, found)
        if whole is not None:
            said, at = text[found.start() : whole], whole
        else:
            said, at = _read(text, found, ends) if is_built else _without_attributes(text, found)
        kept.append(said)
    return "".join([*kept, text[at:]])


def _read(text: str, found: re.Match[str], ends: Mapping[str, Sequence[tuple[int, int]]]) -> tuple[str, int]:
    """(what is kept of the thing that begins here, where it ends)."""
    start, end = found.span()
    for name, (opening, _) in _BETWEEN.items():
        opened = opening.match(text, start)
        closed = bisect_left(ends[name], (start, 0)) if opened else len(ends[name])
        if opened and closed < len(ends[name]):
            inside_end, end = ends[name][closed]
            return _kept(name, text[opened.end() : inside_end]), end
    for pattern in (_ANY_TAG, _VALUE):
        if (tag := pattern.match(text, start)) is not None:
            return "", tag.end()
    return _without_attributes(text, found)


def _without_attributes(text: str, found: re.Match[str]) -> tuple[str, int]:
    tag = _ATTRIBUTES.match(text, found.start())
    return (found.group(), found.end()) if tag is None else ("", tag.end())


def _whole(text: str, found: re.Match[str]) -> int | None:
    """Where code or a formula ends that begins here; None if none does."""
    begun = found.group()
    if found[1]:
        return _fence_end(text, found.end(), found[1])
    if begun.startswith("<pre"):
        end = text.find("</pre", found.end())
        return len(text) if end < 0 else end
    return found.end() if begun.startswith(("`", "$")) else None


def _kept(name: str, inside: str) -> str:
    if name == "highlight":
        return "\n```\n" + inside.strip("\n") + "\n```\n"
    return inside if name == "raw" else ""


def _fence_end(text: str, at: int, fence: str) -> int:
    """Where code ends that such a fence opened: at a line of as many signs, or with the text."""
    for closing in _FENCES.finditer(text, at):
        if closing[1].startswith(fence) and closing.group().strip(" \t>") == closing[1]:
            return closing.end()
    return len(text)

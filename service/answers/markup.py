"""What a language model wrote → text that keeps its signs, formulas and code, without links, pictures and HTML.

Markdown is read by a library and written again by an allow-list. The only module that imports markdown-it-py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.answers.addresses import HOST, SCHEME, Dotted, addresses_of, kind_of
from service.answers.elements import TAG, acts, holds_element, is_element
from service.answers.opaque import code_of, formulas_in, is_block

_HARMFUL = re.compile(r"\]\(|\bon\w+\s*=|\\href|\\url|\\includegraphics|\\html\w*|`", re.IGNORECASE)
# Marks of bold and slanted words; "x**2", "a * b" and "A_ij" are none.
_EMPHASIS = re.compile(r"(?<![\w*\\])(\*{1,3})(?=[^\s*])([^*\n]{1,400})(?<=[^\s*])\1(?![\w*])")
_UNDERSCORES = re.compile(r"(?<![\w\\])(_{1,2})(?=[^\s_])([^_\n]{1,400})(?<=[^\s_])\1(?!\w)")
_NAME = re.compile(r"\w+")  # "__init__" is one word, and no emphasis
_LINE_MARK = re.compile(r"^\s*(?:#{1,6}\s+|[-*•]\s+|>\s+(?!\d))")
_SPACES = re.compile(r"\s+")
# "funcs[0](x)" is a call and no link.
_CALLED = re.compile(r"(?<=[\w)\]])\[([^\[\]()\n]{1,40})\]\((?![\w+.-]{1,20}:|/)")
_BETWEEN = re.compile(r"\]\(")
_ROUNDS = 6


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True, "linkify": False}).disable(["escape", "entity"])


def clean_reply(text: str, known: str = "") -> str:
    """The text without links, pictures, HTML and marks of emphasis; formulas, code and signs stay as they are.

    Dotted words that could be addresses stay in code, and where `known` (the passages) writes them as code.
    """
    written = ""
    at = 0
    for start, end in _kept(text):
        written = _joined(written, _prose(text[at:start], known))
        code = text[start:end]
        written = _joined(written, f"\n{_block(code)}\n" if is_block(code) else code)
        at = end
    return _joined(written, _prose(text[at:], known)).strip()


def _block(code: str) -> str:
    """A block whose end stands on a line of its own, without which it would be none."""
    lines = code.rstrip("`")
    return code if lines.endswith("\n") else f"{lines}\n{code[len(lines) :]}"


def _kept(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of the code and the formulas that stay as they are."""
    at = 0
    for start, end in (*code_of(text), (len(text), len(text))):
        yield from (span for span in formulas_in(text, at, start) if not _harms(text[slice(*span)]))
        if end > start and not _leads_away(text[start:end]):
            yield start, end
        at = end


def _joined(before: str, after: str) -> str:
    """Two parts of a text, so that no sign of the first makes the code of the second something else."""
    parted = after.startswith("`") and before.endswith(("`", "\\"))
    return f"{before} {after}" if parted else before + after


def formulas_of(text: str) -> Iterator[tuple[int, int]]:
    """`[start, end)` of the formulas between dollars or \\( \\) and \\[ \\] that hold nothing but a formula."""
    at = 0
    for start, end in (*code_of(text), (len(text), len(text))):
        yield from (span for span in formulas_in(text, at, start) if not _harms(text[slice(*span)]))
        at = end


def _harms(formula: str) -> bool:
    found = _HARMFUL.search(formula) or next(addresses_of(formula), None)
    return found is not None or holds_element(formula)


def _leads_away(code: str) -> bool:
    """Whether code is but an address or an element in disguise: where it is shown as plain text, programs may see what
    is inside. Dotted words are none: what is in code no program links."""
    return acts(code) or SCHEME.search(code) is not None


def _prose(text: str, known: str) -> str:
    """Markdown written again by the allow-list, until nothing more goes."""
    lead, tail = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    body = _LINE_MARK.sub("", text.strip()).replace("`", " ")  # what is code was kept; these would shift its ends
    body = _CALLED.sub(r"[\1] (", body)

    def dotted(match: re.Match[str]) -> str:
        kind = kind_of(match, known)
        if kind is Dotted.TWO_WORDS:
            return ". ".join(match.group().rsplit(".", 1))
        return " " if kind is Dotted.ADDRESS else match.group()

    for _ in range(_ROUNDS):
        again = HOST.sub(dotted, SCHEME.sub(" ", _written(body)))
        if again == body:
            break
        body = again
    else:
        body = HOST.sub(dotted, body.replace("<", " "))
    body = _BETWEEN.sub("] (", body)
    body = _UNDERSCORES.sub(lambda m: m.group() if _NAME.fullmatch(m.group(2)) else m.group(2), body)
    body = _EMPHASIS.sub(r"\2", body)
    body = _SPACES.sub(" ", body).strip()
    return f"{' ' if lead else ''}{_coded(body, known)}{' ' if tail else ''}"


def _coded(text: str, known: str) -> str:
    """The text with what programs would take for addresses, and is code, as code."""
    written, at = "", 0
    for match in HOST.finditer(text):
        if kind_of(match, known) is Dotted.CODE:
            written = _joined(_joined(written, text[at : match.start()]), f"`{match.group()}`")
            at = match.end()
    return _joined(written, text[at:])


def _written(text: str) -> str:
    tokens = _markdown().parseInline(text)[0].children or []
    read = ""
    for token in tokens:
        at = len(read)
        read += _token(token)
        found = TAG.match(read, at) if token.type == "html_inline" else None
        if found is not None and is_element(found):
            read = f"{read[:at]} "
    return TAG.sub(lambda match: " " if is_element(match) else match.group(), read)


def _token(token: Token) -> str:
    match token.type:
        case "text" | "html_inline" | "code_inline":
            return token.content  # harmless code was kept before: this is read as prose
        case "em_open" | "em_close" | "strong_open" | "strong_close":
            return token.markup
        case "softbreak" | "hardbreak":
            return " "
        case _:
            return ""  # links lose their address and keep their words, pictures go whole

"""The text of a page, and why there is no picture of it → a picture that says both."""

from __future__ import annotations

import textwrap
import unicodedata
from xml.sax.saxutils import escape

_LINES, _CHARS = 16, 64
_LEFT, _TOP, _LEADING = 48, 84, 36
_WIDTH, _HEIGHT = 960, 720


def stand_in(text: str, reason: str, width: int) -> bytes:
    """An SVG of the shape of a slide; it holds text alone, nothing that runs or loads."""
    lines = [
        line for paragraph in text.splitlines() for line in textwrap.wrap(_printable(paragraph), _CHARS) if line.strip()
    ]
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], "…"]
    shown = "".join(
        _text(line, _TOP + number * _LEADING, 34 if number == 0 else 26, "#1a1a1a") for number, line in enumerate(lines)
    )
    below = "".join(
        _text(line, _HEIGHT - 44 + number * 24, 20, "#6a6a6a")
        for number, line in enumerate(textwrap.wrap(_printable(reason), 90)[:2])
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width * _HEIGHT // _WIDTH}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}"><rect width="100%" height="100%" fill="#fafafa"/>{shown}{below}</svg>'
    ).encode()


def _text(line: str, top: int, size: int, colour: str) -> str:
    return (
        f'<text x="{_LEFT}" y="{top}" font-family="sans-serif" font-size="{size}" fill="{colour}">{escape(line)}</text>'
    )


def _printable(text: str) -> str:
    """Without what no XML may hold: control characters, surrogates, noncharacters."""
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Cn", "Co") else char for char in text)

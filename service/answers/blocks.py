"""The text of a page → runs of its lines that say something, without formulas, code, publications and footers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.text.fences import fenced_spans
from service.answers.code import is_code, is_latex
from service.answers.ends import awaits_formula, dangling, is_behind_formula
from service.answers.lines import holds_link, is_footer, is_garbled, is_reference, is_title, names_authors, opened_in
from service.answers.questions import speaks_russian

Span = tuple[int, int]

TITLE_CHARS = 80  # that a title has at most
# What ends with a full stop and no sentence: abbreviations, and the initial of a name.
ABBREVIATED = (
    r"(?<!рис\.)(?<!\bг\.)(?<!\bт\.е\.)(?<!\bт\.к\.)(?<!\bт\. е\.)(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bсм\.)"
    r"(?<!\b[A-ZА-ЯЁ]\.)(?<!\bet\.)(?<!\bal\.)(?<!\bи др\.)(?<!\bpp\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bDr\.)(?<!\bProf\.)"
    r"(?<!\bhabil\.)(?<!\bFig\.)(?<!\bVol\.)(?<!\bстр\.)"
)
_BREAK = re.compile(rf"\n+|(?<=[.!?…]){ABBREVIATED}\s+(?=[A-ZА-ЯЁ0-9•\-–«\"(])")
_NUMBER = re.compile(r"\W*\d{1,2}\.$")  # of a list
_GOES_ON = (",", " и", " или", " and", " of", " the")
_FULL_LINE, _LONG_LINE, _USUAL_LINE = 0.75, 35, 1.2
_WORD = re.compile(r"[^\W\d_]{3}")
_OF_FORMULA = re.compile(r"[^\W\d_]|[=+−∑∏∈→]")  # numbers alone are a table's, or count pages
_SHARD = re.compile(r"[A-Za-zα-ωΑ-Ω]\w?(?:[ ,]+\w{1,2}){0,3}[,.]?")  # of a formula, strewn about


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def blocks_of(text: str, skip: int, title: str, *, names: bool) -> Iterator[Sequence[Span]]:
    """Runs of lines without formulas, code, publications, footers and the title."""
    block: list[Span] = []
    is_below, is_cited, before = False, False, (skip, skip)
    fenced = fenced_spans(text)
    for start, end in _spans(text, skip, fenced):
        line = text[start:end].strip()
        if not line or (plain(line) == title and len(line) <= TITLE_CHARS):
            continue
        # authors end with a full stop, and what they wrote stands behind them
        goes_on = is_cited and ("\n" not in text[before[1] : start] or dangling(text[slice(*before)]) is not None)
        is_cited = not names and (goes_on or names_authors(line))
        before = (start, end)
        in_fences = _is_in(start, fenced)
        is_formula = not (in_fences or is_latex(line)) and (is_garbled(line) or _WORD.search(line) is None)
        if (
            is_formula
            or in_fences
            or is_code(line)
            or holds_link(line)
            or is_footer(line)
            or is_cited
            or (not names and is_reference(line))
        ):
            # what an address leads to is named above it
            named = not names and holds_link(line) and block and is_title(text[slice(*block[-1])].strip())
            yield _beside_formulas(text, block[:-1] if named else block, is_below=is_below, is_above=is_formula)
            block, is_below = [], is_formula and _OF_FORMULA.search(line) is not None
        else:
            block.append((start, end))
    yield _beside_formulas(text, block, is_below=is_below, is_above=False)


def _beside_formulas(text: str, block: Sequence[Span], *, is_below: bool, is_above: bool) -> Sequence[Span]:
    """The lines of a block that say something without the formulas that it is below or above of."""
    first, last = 0, len(block)
    while is_above and last > first and awaits_formula(text[slice(*block[last - 1])].strip()):
        last -= 1
    while is_below and first < last and is_behind_formula(text[slice(*block[first])].strip(), text):
        first += 1
    return block[first:last]


def _stands_alone(line: str) -> bool:
    return (
        is_garbled(line)
        or is_latex(line)
        or is_footer(line)
        or _SHARD.fullmatch(line) is not None
        or (is_code(line) and not speaks_russian(line))
    )


def _parts_link(line: str, following: str) -> bool:
    """Whether an address stands between two lines, and not in the middle of what it belongs to."""
    if holds_link(line):
        return True
    return holds_link(following) and opened_in(line) is None


def _is_in(place: int, spans: Sequence[Span]) -> bool:
    return any(start <= place < end for start, end in spans)


def _spans(text: str, skip: int, fenced: Sequence[Span]) -> Iterator[Span]:
    """`[start, end)` of sentences and lines; a line that was only too long for its slide goes on in the next."""
    lines = sorted(len(line) for line in text[skip:].split("\n"))
    long = [chars for chars in lines if chars >= _LONG_LINE]
    # one line may be of two that a hyphen has joined
    longest = min(lines[-1], _USUAL_LINE * long[len(long) // 2]) if long else lines[-1]
    start = skip
    for match in _BREAK.finditer(text, skip):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        continues = text[match.end() : match.end() + 1].islower() and (
            len(line) >= max(_FULL_LINE * longest, _LONG_LINE) or line.endswith(_GOES_ON)
        )
        if "\n" not in match.group() and _NUMBER.fullmatch(text, start, match.start()):
            continue
        parted = _is_in(match.start() - 1, fenced) or _is_in(match.end(), fenced)
        if "\n" in match.group() and continues and not parted:
            following = text[match.end() :].partition("\n")[0]
            if not any(map(_stands_alone, (line, following))) and not _parts_link(line, following):
                continue
        yield start, match.start()
        start = match.end()
    yield start, len(text)

"""The text of a passage → the pieces of it that can be quoted: whole lines, bullets with their heading, sentences of
speech. None of it hangs on a question: what is found most is cut once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from index.text.analysis import is_stop_word, terms_of, words_at
from index.text.fences import code_spans, fenced_spans
from index.types import IndexedPassage
from service.answers.blocks import ABBREVIATED, TITLE_CHARS, blocks_of, plain
from service.answers.code import holds_code, is_code, is_latex, is_remark, is_statement
from service.answers.ends import dangling, goes_on
from service.answers.kinds import announces
from service.answers.leaning import turns_away
from service.answers.lines import (
    holds_link,
    is_equation,
    is_garbled,
    is_name,
    is_reference,
    is_strewn,
    opened_in,
)
from service.answers.people import cited_in, years_in
from service.answers.questions import speaks_russian
from service.answers.speech import spoken_in

__all__ = [
    "HEADING_END",
    "MAX_CHARS",
    "MIN_CHARS",
    "Piece",
    "holds_link",
    "is_garbled",
    "pieces_of",
    "plain",
    "reach",
    "skipped",
]
MIN_CHARS, MAX_CHARS = 15, 460
_COVER_WORDS = 30
_CAPTION_CHARS = 80
_GLANCE_CHARS = 360  # of a page, from the line that matches on
_SPOKEN_CHARS = 480  # people take more words than slides
_ADDRESS_BEGUN = re.compile(r"(?:https?://|\bwww\.)\S")
# A line that the next ones answer: where a quote ends with it, the rest is a formula. People also ask who listens.
HEADING_END = re.compile(r"[:：?]$")
_SPOKEN_HEADING = re.compile(r"[:：]$")
_CLAUSE_END = re.compile(rf"[.!?…;]{ABBREVIATED}(?=\s)|,(?=\s)")
_LEAST_KEPT = 0.5  # of a piece that is too long
# What says something of something, or begins to; a line without it that stands alone is the label of a picture.
_PREDICATE = re.compile(
    r"\s[–—]\s|[→⇒=~≈!?]|\b(?:идея|суть|смысл|цель|задача|проблема|решение|причина|принцип|определение|idea|goal|"
    r"problem|solution|reason|это|есть|нет|не|нужн\w+|надо|можно|нельзя|лучше|хуже|если|чтобы|чем|что|как|где|"
    r"который|которая|которое|которые|is|are|was|were|be|can|will|may|must|should|do|does|did|has|have|had|let|we|"
    r"you|it|they|that|which|not|no|if|to)\b|[а-яё]{2,}(?:ет|ёт|ют|ит|ят|ат|ут|[аи]ть|ся|сь|л|ла|ло|ли|ен|ена|ено|ены|"
    r"ан|ана|ано|аны|ее|жен|ны)\b|[a-z]{2,}(?:s|ed)\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\S+")
_LINE = re.compile(r"[^\n]+")
# A line of code that is more than a name, as those of a list of packages are.
_LETTER, _BLANK, _SIGNED = re.compile(r"[^\W\d_]"), re.compile(r"\s"), re.compile(r"[^\w\s.-]\w|\w[^\w\s.-]")
_CODE_CHARS = 600
_CAPTION = re.compile(r"(?:рис(?:унок|\.)|figure|fig\.|табл(?:ица|\.)|table)\s*\d", re.IGNORECASE)
_BRACKETS = ("(", "[")
_JOINING, _NOTHING = "", " "  # in place of terms
_KEPT = 500  # passages of each kind whose pieces are kept: 9 KB a slide, 23 a minute of speech


@dataclass(frozen=True)
class Piece:
    """A piece of a text, from `start` on, the `place`-th; its first line or sentence has `first` characters. `terms`
    are those of its words, `joining` is how many words only join others. `is_alone`: no line that says something stands
    beside it; `is_cited`: it is a title or a publication that says who or when. What else is asked of it is found out
    once."""

    place: int
    text: str
    start: int
    first: int
    terms: frozenset[str] = frozenset()
    joining: int = 0
    is_alone: bool = False
    is_code: bool = False
    is_cited: bool = False

    @property
    def end(self) -> int:
        """Where it ends in its text, but for spaces."""
        return self.start + len(self.text)

    @cached_property
    def says_something(self) -> bool:
        """Whether it has what says something of something."""
        return _PREDICATE.search(self.text) is not None

    @cached_property
    def is_reference(self) -> bool:
        return is_reference(self.text)

    @cached_property
    def is_strewn(self) -> bool:
        """Whether it is what the text of a picture is made of: rules between labels, or the same few words over and
        over."""
        return is_strewn(self.text)

    @cached_property
    def is_russian(self) -> bool:
        return speaks_russian(self.text)

    @cached_property
    def announces(self) -> bool:
        return announces(self.text, self.first)

    @cached_property
    def is_equation(self) -> bool:
        """Whether its first line is a formula that can be read, or any of its lines one that is written in LaTeX."""
        return is_equation(self.text[: self.first]) or ("$$" in self.text and any(map(is_latex, self.text.split("\n"))))

    @cached_property
    def holds_code(self) -> bool:
        return holds_code(self.text) and not self.is_equation


def pieces_of(passage: IndexedPassage, *, names: bool = False, code: bool = False) -> tuple[Piece, ...]:
    """What can be quoted of a passage, in its order; none where it has nothing but its title and formulas. With `names`
    the publications too, which say who and when; with `code` programmes, which show how something is done."""
    page = passage.page
    if passage.time is not None:
        return _of_speech(passage.text, passage.times, passage.time.start_seconds)
    if (
        page is not None
        and page.is_pictured
        and page.page_number == 1
        and len(_TOKEN.findall(passage.text)) < _COVER_WORDS
    ):
        return ()  # the cover of a deck
    return _of_page(passage.text, passage.title, names, code and page is not None)


@lru_cache(maxsize=_KEPT)
def _of_page(text: str, title: str, names: bool, code: bool) -> tuple[Piece, ...]:
    found = [piece for piece in _written(text, title, names=names) if _is_quotable(piece, HEADING_END)]
    if not names:
        found = [piece for piece in found if not is_name(piece.text)]
    programmed = _programmed(text, title) if code else ()
    cited = _cited(text, title) if names else ()
    return tuple(_with_terms(text, [*cited, *found, *(piece for piece in programmed if not holds_link(piece.text))]))


@lru_cache(maxsize=_KEPT)
def _of_speech(text: str, times: str, start_seconds: float) -> tuple[Piece, ...]:
    return tuple(
        _with_terms(text, [p for p in _spoken(text, times, start_seconds) if _is_quotable(p, _SPOKEN_HEADING)])
    )


def _is_quotable(piece: Piece, heading: re.Pattern[str]) -> bool:
    return _is_worded(piece.text) and not heading.search(piece.text) and not holds_link(piece.text)


def _with_terms(text: str, pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces with what they say; the words of the text are looked at once, however many pieces hold them."""
    found = [*words_at(text)]
    starts, said = [start for start, _ in found], [_said_by(word) for _, word in found]
    for piece in pieces:
        first = text.find(piece.text, piece.start)  # spaces stand before some
        own = said[bisect_left(starts, first) : bisect_left(starts, first + len(piece.text))]
        yield replace(piece, terms=frozenset(own) - {_JOINING, _NOTHING}, joining=own.count(_JOINING))


@lru_cache(maxsize=50_000)
def _said_by(word: str) -> str:
    """The term of a word, or what stands for one that only joins others, and for a single letter."""
    if is_stop_word(word):
        return _JOINING
    return next(iter(terms_of(word)), _NOTHING) if len(word) > 1 else _NOTHING


def _is_worded(text: str) -> bool:
    if len(text) < _CAPTION_CHARS and _CAPTION.match(text):
        return False  # the name of a figure
    if text.startswith(_BRACKETS) and text.endswith((")", "]")) and _PREDICATE.search(text) is None:
        return False  # an aside, of which nothing is said
    if len(text) < MIN_CHARS or is_garbled(text) or (text.startswith("(") and opened_in(text) == 0):
        return False
    half = 0.5 * len(text)
    # words without any sign are most of what can be read; where they are not, each letter is counted
    worded = sum(map(len, filter(str.isalpha, text.split()))) >= half or sum(map(str.isalpha, text)) >= half
    return worded or is_equation(text)


def _spoken(text: str, times: str, start_seconds: float) -> Iterator[Piece]:
    """Each sentence of speech with as much of the next ones as can be read at a glance."""
    sentences, unsaid = spoken_in(text, times, start_seconds)
    turns = [start for start, end in sentences if turns_away(text[start:end])]
    for place, (start, end) in enumerate(sentences):
        limit = min([start + _SPOKEN_CHARS, *(cut for cut, _ in unsaid if cut >= end), *(t for t in turns if t >= end)])
        last = reach(end, (stop for _, stop in sentences[place + 1 :]), limit)
        yield Piece(place, text[start:last].strip(), start, end - start)


def reach(end: int, later: Iterable[int], limit: int) -> int:
    """The end of the last whole piece before a limit."""
    return max([end, *(stop for stop in later if stop <= limit)])


def _written(text: str, title: str, *, names: bool) -> Iterator[Piece]:
    """Each line of a page that says something, with the heading that it stands under and as much of the next ones as
    can be read at a glance. What stands between two formulas, or lines of code, is read for itself."""
    place = 0
    for block in blocks_of(text, skipped(text, title), plain(title), names=names):
        is_alone = sum(end - start >= MIN_CHARS for start, end in block) == 1
        for number, (start, end) in enumerate(block):
            line = text[start:end].strip()
            if number and HEADING_END.search(text[block[number - 1][0] : block[number - 1][1]].strip()):
                continue  # read with its heading
            stops = [end, *(stop for _, stop in block[number + 1 :])]
            said = text[start : _stop(text, start, stops)].strip()
            yield Piece(place, said, start, len(line), is_alone=is_alone)
            place += 1


def _programmed(text: str, title: str) -> Iterator[Piece]:
    """The code of a page: what stands between fences, and lines that look like it with the remarks between them; as
    many lines as can be read at a glance."""
    skip = skipped(text, title)
    fenced, whole = code_spans(text), fenced_spans(text)
    for start, end in fenced:
        lines = [line.span() for line in _LINE.finditer(text, start, end)]
        yield from _runs(text, lines, _is_command)
    run: list[tuple[int, int]] = []
    for line in [*_LINE.finditer(text, skip), None]:
        outside = line is not None and not any(start <= line.start() < end for start, end in whole)
        if line is not None and outside and (is_code(line.group()) or is_remark(line.group())):
            run.append(line.span())
            continue
        yield from _runs(text, run, is_statement)
        run = []


def _is_command(line: str) -> bool:
    """Whether a line between fences does something, or says what is set to what."""
    if is_remark(line):
        return False
    line = line.strip()
    is_worded = _BLANK.search(line) is not None and _LETTER.search(line) is not None
    return is_worded or _SIGNED.search(line) is not None


def _runs(text: str, lines: Sequence[tuple[int, int]], says: Callable[[str], bool]) -> Iterator[Piece]:
    """Lines of code as pieces that can be read at a glance, those in which a line says something."""
    run: list[tuple[int, int]] = []
    for line in [*lines, None]:
        if run and (line is None or line[1] - run[0][0] > _CODE_CHARS):
            start, end = run[0][0], run[-1][1]
            if any(says(text[first:last]) for first, last in run):
                yield Piece(0, text[start:end], start, run[0][1] - start, is_code=True)
            run = []
        if line is not None:
            run.append(line)


def _cited(text: str, title: str) -> Iterator[Piece]:
    """The title of a page, and the publications that it links to, where they say who or when."""
    for line in _LINE.finditer(text):
        is_title = line.start() == 0 and line.group() == title.strip()
        address = _ADDRESS_BEGUN.search(line.group())
        if not is_title and address is None:
            continue
        said = line.group() if address is None else line.group()[: address.start()]
        own = said.strip(" \t[(,;:")
        if own and len(own) <= MAX_CHARS and (years_in(own) or cited_in(own)):
            yield Piece(0, own, line.start() + said.index(own), len(own), is_cited=True)


def skipped(text: str, title: str) -> int:
    """How many characters of a page are its title. One that is as long as a sentence says something itself."""
    return len(title) if title and len(title) <= TITLE_CHARS and text.startswith(title) else 0


def _without_lead_in(text: str, start: int, last: int) -> int:
    """Where a piece ends that would end with what a line below it answers, if that line is not its first."""
    said = text[start:last].rstrip()
    line = said.rfind("\n")
    if line < MIN_CHARS or HEADING_END.search(said) is None:
        return last
    return start + len(said[:line].rstrip())


def _stop(text: str, start: int, stops: Sequence[int]) -> int:
    """Where a piece ends that begins at `start`: with the last of its lines that can be read at a glance, at the end of
    what is said there. A line that goes on takes in the next one."""
    last = reach(stops[0], stops[1:], start + _GLANCE_CHARS)
    for stop in stops[stops.index(last) + 1 :]:
        if not goes_on(text[start:last]) or stop > start + MAX_CHARS:
            break
        last = stop
    before = stops[: stops.index(last)]
    last = _without_lead_in(text, start, last)
    for stop in reversed(before):
        if not goes_on(text[start:last]):
            break
        last = stop
    if last - start > MAX_CHARS:
        ends = [found.end() for found in _CLAUSE_END.finditer(text, start, start + MAX_CHARS)]
        space = text.rfind(" ", start, start + MAX_CHARS)
        whole = ends[-1] if ends and ends[-1] - start >= _LEAST_KEPT * MAX_CHARS else space
        last = whole if whole > start else start + MAX_CHARS
    said = text[start:last].rstrip()
    if (opened := opened_in(said)) is not None and len(said[:opened].strip()) >= MIN_CHARS:
        said = said[:opened].rstrip()
    while not HEADING_END.search(said) and (end := dangling(said)):
        said = said[:end].rstrip(" ,;")
    return start + len(said.rstrip(" ,;/"))

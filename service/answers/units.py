"""A hit → the pieces of it that can be quoted: whole lines, bullets with their heading, sentences of speech."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from index.search.moments import at
from index.text.moments import hear, second_of
from index.types import Hit, IndexedPassage

MIN_CHARS, MAX_CHARS = 15, 460
_COVER_WORDS = 30
_CAPTION_CHARS = 80
_GLANCE_CHARS = 360  # of a page, from the line that matches on
_SPOKEN_CHARS = 480  # people take more words than slides
_BREAK = re.compile(
    r"\n+|(?<=[.!?…])(?<!рис\.)(?<!\bг\.)(?<!\bт\.е\.)(?<!\bт\.к\.)(?<!\bт\. "
    r"е\.)(?<!\bi\.e\.)(?<!\be\.g\.)(?<!\bсм\.)\s+(?=[A-ZА-ЯЁ0-9•\-–«\"(])"
)
_ADDRESS = re.compile(r"://|\bwww\.|!\[|\]\(|\b(?:javascript|data|mailto):|<\w+[^>]*(?:src|href)\s*=", re.IGNORECASE)
BULLET = re.compile(r"^[•▪◦●■*–—█-]\s+")
# A line that the next ones answer: where a quote ends with it, the rest is a formula. People also ask who listens.
_HEADING_END = re.compile(r"[:：?]$")
_SPOKEN_HEADING = re.compile(r"[:：]$")
_NUMBER = re.compile(r"\W*\d{1,2}\.$")  # of a list
_GOES_ON = (",", " и", " или", " and", " of", " the")
_FULL_LINE, _LONG_LINE, _USUAL_LINE = 0.75, 35, 1.2
_PROSE_WORDS = 8  # a line of so many pieces of words, of three letters, is no code, whatever signs it has
# After this something is said that is not there: what a quote must not end with.
_DANGLES = re.compile(
    r"[\s,;(]*(?:\bт\.\s?[ек]\.|\bi\.e\.|\be\.g\.|[=+(–—:?]|"
    r"(?<!\w)(?:в|во|на|с|со|и|или|а|но|для|по|из|от|к|у|о|об|при|за|что|чтобы|если|где|как|когда|"
    r"the|an?|of|for|in|to|and|or|with|by|from|that|where|if|on|as|at|than))$",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[.!?…;](?=\s)|,(?=\s)")
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
_LETTERS = re.compile(r"[^\W\d_]")
_TOKEN = re.compile(r"\S+")
_WORD = re.compile(r"[^\W\d_]{3}")
# A line of which this share are single signs is a formula that the page's text has garbled: its picture is shown.
_GARBLED = 0.34
_SIGN = re.compile(r"[=+*/·×−–<>≤≥≈~∝^|-]")
_NAMED = re.compile(r"[^\W\d_]{2}|[^\W\d_]\d|\w\(")  # a name of two letters, F1, a function
_MARKS = frozenset("•▪◦●■*–—-█")
_ODD = re.compile(r"[\ue000-\uf8ff\ufffd−σθ∑∏∂∇∈≤≥→←]|(?:^|\s)[=+*/|()\[\]{};,.]+(?=\s|$)")
# What is assigned in code is called, made or a sign of its language; "p = TP / n" is mathematics.
CODE = re.compile(
    r"[;{}]|\w\(\w*[,=)]|\w = (?:[a-z_][\w.]*\.\w|[\w.]+\(|[\[\"']|(?:True|False|None)\b)|"
    r"^\s*(?:def|class|import|from|for|if|return)\b|^\s*#"
)
# A value or a state that is kept: a name of code, one that is made of itself, a value alone, a choice.
_ASSIGNED = re.compile(
    r"\s*(?:[a-z]\w*\.\w+|[a-z]+_[a-z]\w*|(?:int|let|const|var|double|float|final|String)\s+\w+)"
    r" ?[-+*/]?= .+|"
    r"\s*(\w+) = (?:[^а-яё]*\b)?\1\b.*|\s*[A-Za-z_]\w* = [\w.+-]+;?\s*|"
    r"\s*\w+ = (?:[fr]?[\"']|\(|[^а-яё]*\b(?:if|else|not|lambda|and)\b).*"
)
_DEFINED = re.compile(r"\s*[\w-]+\([\w, |;]+\)\w* = (?!.*\w\.\w+\()")  # "f(x) = …": nothing is assigned to a call
_IMPORT = re.compile(r"\s*(?:import|from)\b")
_REMARK = re.compile(r"\s*#")
_TRAILING = re.compile(r"(?<=\S)\s+#.*")  # a remark behind a line of code
_LINE = re.compile(r"[^\n]+")
_CODE_CHARS = 600
_TITLE_CHARS = 80  # that a title has at most
# What no sentence looks like, however many words it has: a call, an import, an assigned call, a head of a block.
_STATEMENT = re.compile(
    r"\s*(?:(?:[\w.,\[\] ]+ ?[-+*/]?= ?)?[A-Za-z_][\w.]*\(.*\)|(?:from [\w.]+ )?import [\w., *]+|"
    r"(?:for|while|if|elif|with|def|class)\b.*(?:\w\(|\w\.\w|[=<>]).*:)\s*"
)
_CAPTION = re.compile(r"(?:рис(?:унок|\.)|figure|fig\.|табл(?:ица|\.)|table)\s*\d", re.IGNORECASE)
_REFERENCE = re.compile(
    r"\bet al\b|\[[A-Z][\w &.,-]{2,40}(?:19|20)\d\d[a-z]?\]|\barxiv\b|^\[\d+\]|//\s|\bpp\.\s?\d|\bProceedings\b|©",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a hit, from `start` of its text on; its first line or sentence has `first` characters. `is_alone`: no
    line that says something stands beside it."""

    hit: Hit
    rank: int
    place: int
    text: str
    start: int
    first: int
    is_alone: bool = False
    is_code: bool = False

    @property
    def is_label(self) -> bool:
        """Whether it is what stands under a picture or beside an axis: a name, of which nothing is said."""
        return self.is_alone and not self.says_something

    @property
    def says_something(self) -> bool:
        """Whether it has what says something of something."""
        return _PREDICATE.search(self.text) is not None

    @property
    def quote(self) -> str:
        return BULLET.sub("", self.text)

    @property
    def words(self) -> int:
        return len(_TOKEN.findall(self.text))


def holds_link(text: str) -> bool:
    """Whether a text holds an address or a picture: what a slide links to is not ours to pass on."""
    return _ADDRESS.search(text) is not None


def is_equation(text: str) -> bool:
    """Whether a line is a formula that can be read as it stands: "Precision = TP / (TP + FP)"."""
    named = _NAMED.search(text) is not None
    return named and "=" in _TOKEN.findall(text)[1:4] and text.count("(") == text.count(")") and not is_garbled(text)


def is_garbled(text: str) -> bool:
    """Whether a line is a formula that cannot be read as it stands: nothing but signs and letters, or strewn about by
    the page's text, so that some of them stand beside each other with nothing between them."""
    tokens = [token for token in _TOKEN.findall(text) if token not in _MARKS]
    single = [len(token.strip(".,;:()[]")) <= 1 for token in tokens]
    many = sum(single) >= _GARBLED * len(tokens) or len(_ODD.findall(text)) >= _GARBLED * len(tokens)
    if len(tokens) <= 3 or not many:
        return False
    if not _NAMED.search(text):
        return True
    tokens = _TOKEN.findall(BULLET.sub("", text))
    single = [len(token.strip(".,;:()[]")) <= 1 for token in tokens]
    signs = [_SIGN.fullmatch(token) is not None for token in tokens]
    return any(one and other and a == b for (one, other), (a, b) in zip(pairwise(single), pairwise(signs), strict=True))


def is_reference(text: str) -> bool:
    """Whether a line names a publication and says nothing itself."""
    tokens = [token for token in _TOKEN.findall(text) if token[0].isalpha()]
    names = sum(token[0].isupper() for token in tokens)
    return _REFERENCE.search(text) is not None or (len(tokens) > 4 and names >= 0.75 * len(tokens))


def plain(text: str) -> str:
    return " ".join(text.casefold().split())


def units_of(hit: Hit, rank: int, *, names: bool = False, code: bool = False) -> list[Unit]:
    """What can be quoted of a hit, in its order; none where it has nothing but its title and formulas. With `names`
    the publications too, which say who and when; with `code` programmes, which show how something is done."""
    page = hit.passage.page
    if page is not None and page.page_number == 1 and len(_TOKEN.findall(hit.passage.text)) < _COVER_WORDS:
        return []  # the cover of a deck
    found = _spoken(hit, rank) if hit.passage.time else _written(hit, rank, names=names)
    heading = _SPOKEN_HEADING if hit.passage.time else _HEADING_END
    units = [unit for unit in found if _is_worded(unit.text) and not heading.search(unit.text)]
    if code and page is not None:
        units += _programmed(hit, rank)
    return [unit for unit in units if not holds_link(unit.text)]


def opened_at(unit: Unit) -> Hit:
    """The hit, opened where a piece of it is said."""
    place = unit.hit.passage.time
    if place is None or not unit.hit.passage.times:
        return unit.hit
    times, _ = hear(unit.hit.passage.text, unit.hit.passage.times, place.start_seconds)
    moved = at(place, second_of(unit.start, times) - 0.5)
    return replace(unit.hit, passage=replace(unit.hit.passage, place=moved))


def _is_worded(text: str) -> bool:
    if len(text) < _CAPTION_CHARS and _CAPTION.match(text):
        return False  # the name of a figure
    worded = len(_LETTERS.findall(text)) >= 0.5 * len(text)
    return len(text) >= MIN_CHARS and (worded or is_equation(text)) and not is_garbled(text)


def at_length(unit: Unit, chars: int, before: int | None = None) -> Unit:
    """A piece of speech with as many of the next sentences as so many characters hold, and as begin `before` a place of
    its passage; a piece of a page as it is."""
    passage = unit.hit.passage
    if passage.time is None:
        return unit
    _, sentences = hear(passage.text, passage.times, passage.time.start_seconds)
    end = unit.start + len(unit.text)
    limit = unit.start + chars if before is None else min(unit.start + chars, before)
    last = _reach(end, (stop for _, stop in sentences if stop > end), limit)
    return replace(unit, text=passage.text[unit.start : last].strip())


def _spoken(hit: Hit, rank: int) -> Iterator[Unit]:
    """Each sentence of speech with as much of the next ones as can be read at a glance."""
    passage = hit.passage
    start_seconds = passage.time.start_seconds if passage.time else 0.0
    _, sentences = hear(passage.text, passage.times, start_seconds)
    for place, (start, end) in enumerate(sentences):
        last = _reach(end, (stop for _, stop in sentences[place + 1 :]), start + _SPOKEN_CHARS)
        yield Unit(hit, rank, place, passage.text[start:last].strip(), start, end - start)


def _reach(end: int, later: Iterable[int], limit: int) -> int:
    """The end of the last whole piece before a limit."""
    return max([end, *(stop for stop in later if stop <= limit)])


def _written(hit: Hit, rank: int, *, names: bool) -> Iterator[Unit]:
    """Each line of a page that says something, with the heading that it stands under and as much of the next ones as
    can be read at a glance. What stands between two formulas, or lines of code, is read for itself."""
    passage = hit.passage
    title = plain(passage.title)
    place = 0
    for block in _blocks(passage.text, _skipped(passage), title, names=names):
        is_alone = sum(end - start >= MIN_CHARS for start, end in block) == 1
        for number, (start, end) in enumerate(block):
            line = passage.text[start:end].strip()
            if number and _HEADING_END.search(passage.text[block[number - 1][0] : block[number - 1][1]].strip()):
                continue  # read with its heading
            stops = [end, *(stop for _, stop in block[number + 1 :])]
            text = passage.text[start : _stop(passage.text, start, stops)].strip()
            yield Unit(hit, rank, place, text, start, len(line), is_alone=is_alone)
            place += 1


def _programmed(hit: Hit, rank: int) -> Iterator[Unit]:
    """The lines of code of a page, with the remarks between them: as many as can be read at a glance."""
    text = hit.passage.text
    run: list[tuple[int, int]] = []
    for line in [*_LINE.finditer(text, _skipped(hit.passage)), None]:
        goes_on = line is not None and (_is_code(line.group()) or _REMARK.match(line.group()) is not None)
        if run and (line is None or not goes_on or line.end() - run[0][0] > _CODE_CHARS):
            if any(_does_something(text[first:last]) for first, last in run):
                start, end = run[0][0], run[-1][1]
                yield Unit(hit, rank, 0, text[start:end], start, run[0][1] - start, is_code=True)
            run = []
        if line is not None and goes_on:
            run.append(line.span())


def _skipped(passage: IndexedPassage) -> int:
    """How many characters of a page are its title. One that is as long as a sentence says something itself."""
    title = passage.title
    return len(title) if title and len(title) <= _TITLE_CHARS and passage.text.startswith(title) else 0


def _stop(text: str, start: int, stops: Sequence[int]) -> int:
    """Where a piece ends that begins at `start`: with the last of its lines that can be read at a glance, at the end of
    what is said there. A line that goes on takes in the next one."""
    last = _reach(stops[0], stops[1:], start + _GLANCE_CHARS)
    for stop in stops[stops.index(last) + 1 :]:
        if _DANGLES.search(text[start:last].rstrip()) is None or stop > start + MAX_CHARS:
            break
        last = stop
    for stop in reversed(stops[: stops.index(last)]):
        if _DANGLES.search(text[start:last].rstrip()) is None:
            break
        last = stop
    if last - start > MAX_CHARS:
        ends = [found.end() for found in _CLAUSE_END.finditer(text, start, start + MAX_CHARS)]
        space = text.rfind(" ", start, start + MAX_CHARS)
        whole = ends[-1] if ends and ends[-1] - start >= _LEAST_KEPT * MAX_CHARS else space
        last = whole if whole > start else start + MAX_CHARS
    said = text[start:last].rstrip()
    while not _HEADING_END.search(said) and (found := _DANGLES.search(said)) is not None and found.start() > 0:
        said = said[: found.start()].rstrip(" ,;")
    return start + len(said)


def _does_something(line: str) -> bool:
    return _is_code(line) and _REMARK.match(line) is None and _IMPORT.match(line) is None


def _is_code(line: str) -> bool:
    bare = _TRAILING.sub("", line)
    if _DEFINED.match(BULLET.sub("", line)):
        return False
    if _STATEMENT.fullmatch(bare) is not None or _ASSIGNED.fullmatch(bare) is not None:
        return True
    return CODE.search(line) is not None and len(_WORD.findall(bare)) < _PROSE_WORDS


def _blocks(text: str, skip: int, title: str, *, names: bool) -> Iterator[list[tuple[int, int]]]:
    """Runs of lines without formulas, code, publications and the title."""
    block: list[tuple[int, int]] = []
    for start, end in _spans(text, skip):
        line = text[start:end].strip()
        if not line or (plain(line) == title and len(line) <= _TITLE_CHARS):
            continue
        if (
            not _WORD.search(line)
            or is_garbled(line)
            or _is_code(line)
            or holds_link(line)
            or (not names and is_reference(line))
        ):
            yield block
            block = []
        else:
            block.append((start, end))
    yield block


def _spans(text: str, skip: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` of sentences and lines; a line that was only too long for its slide goes on in the next."""
    lines = sorted(len(line) for line in text[skip:].split("\n"))
    long = [chars for chars in lines if chars >= _LONG_LINE]
    # one line may be of two that a hyphen has joined
    longest = min(lines[-1], _USUAL_LINE * long[len(long) // 2]) if long else lines[-1]
    start = skip
    for match in _BREAK.finditer(text, skip):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        goes_on = text[match.end() : match.end() + 1].islower() and (
            len(line) >= max(_FULL_LINE * longest, _LONG_LINE) or line.endswith(_GOES_ON)
        )
        if "\n" not in match.group() and _NUMBER.fullmatch(text, start, match.start()):
            continue
        following = text[match.end() : text.find("\n", match.end())]
        if "\n" in match.group() and goes_on and not (is_garbled(following) or is_garbled(line)):
            continue
        yield start, match.start()
        start = match.end()
    yield start, len(text)

"""Pages of a course that were written as text → the same without what stands in many of its decks.

Footers, licences, links to the lectures beside and sub-headings such as "Notes" stand in deck after deck and say
nothing of any. What they are is a matter of the whole course: it is counted in all its decks whenever passages are
made, so that a course of which one deck changed gives the same passages as one that is taken up for the first time.
Pages keep their numbers and their own text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from index.text.fences import in_fences
from index.types import Deck, DeckKind, Lecture, Page
from ingest.catalogue.written import bare

# A line that so many decks have, and such a share of them, is furniture; sub-headings are shorter and fewer.
_LEAST_DECKS, _SHARE_OF_LINES, _SHARE_OF_TITLES = 5, 0.1, 0.05
# Among other text a line is mostly content that decks share, such as the name of a method in lists: there so many
# decks must have it, or so many of those that have it must have it at an edge.
_SHARE_INSIDE, _SHARE_AT_EDGES = 0.5, 0.5
_ADDRESS = re.compile(r"https?://|\bwww\.")
_SHARE_OF_OPENING = 0.5  # of the decks that have such a sub-heading, where it stands over the first text
_WORD = re.compile(r"[^\W\d_]{3}")
_SECTION_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)+\.?|\d+[.)])\s+")
_LABELLED = re.compile(r"[^:]{1,20}:\s+(?=\S)")
_TITLE_CHARS = 160


@dataclass(frozen=True, slots=True)
class Repeated:
    """The shapes of lines and the bare titles of sections that many decks of a course have, of these `titles` those
    that mostly stand over the text of a deck ("Notes", not "Exercises"), and the bare titles of lectures and decks."""

    lines: frozenset[str] = frozenset()
    titles: frozenset[str] = frozenset()
    opening: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


NOTHING_REPEATED = Repeated()


def find_repeated(lectures: Iterable[Lecture]) -> Repeated:
    """What the decks of a course have in common; a file that stands in several lectures counts once."""
    decks: dict[str, Deck] = {}
    names = set[str]()
    for lecture in lectures:
        names.add(bare(_unnumbered(lecture.title)))
        for deck in filter(_is_written, lecture.decks):
            decks.setdefault(deck.sha256 or deck.path, deck)
            names.add(bare(_unnumbered(deck.title)))
    lines: Counter[str] = Counter()
    titles: Counter[str] = Counter()
    for deck in decks.values():
        lines.update({_shape(line) for page in deck.pages for line in _countable(page)})
        titles.update({bare(page.title) for page in deck.pages})

    def common(counts: Counter[str], share: float) -> frozenset[str]:
        return frozenset(found for found, own in counts.items() if own >= max(_LEAST_DECKS, share * len(decks)))

    shared = _furniture(decks.values(), lines, common(lines, _SHARE_OF_LINES))
    found = Repeated(shared, common(titles, _SHARE_OF_TITLES) - {""})
    first = Counter(title for deck in decks.values() if (title := _opening(deck, found)) in found.titles)
    opening = frozenset(title for title, own in first.items() if own >= _SHARE_OF_OPENING * titles[title])
    return replace(found, opening=opening, names=frozenset(names - {""}))


def _furniture(decks: Collection[Deck], counts: Mapping[str, int], shared: frozenset[str]) -> frozenset[str]:
    """Those of the lines that many decks share that are content of none: they stand at the edges of sections, hold an
    address, or most decks have them."""
    if not shared:
        return shared
    edges = Counter(shape for deck in decks for shape in {at for page in deck.pages for at in _at_edges(page, shared)})
    least = max(_LEAST_DECKS, _SHARE_OF_LINES * len(decks))
    return frozenset(
        line
        for line in shared
        if edges[line] >= max(least, _SHARE_AT_EDGES * counts[line])
        or counts[line] >= _SHARE_INSIDE * len(decks)
        or _ADDRESS.search(line)
    )


def _at_edges(page: Page, shared: frozenset[str]) -> Iterator[str]:
    """The shapes of the lines that many decks share with nothing but such lines, and addresses, above or below."""
    countable = {line: _shape(line) for line in _countable(page)}
    lines = [line for line in _lines(page) if line.strip()]
    for own in (lines, lines[::-1]):
        for line in own:
            shape = countable.get(line, "")
            if shape in shared:
                yield shape
            elif not _ADDRESS.search(line):
                break


def _opening(deck: Deck, repeated: Repeated) -> str:
    """The bare title of the first section of a deck that says something."""
    said = (page for page in deck.pages if any(map(str.strip, _body(page, repeated))))
    return next((bare(page.title) for page in said), "")


def told_pages(deck: Deck, lecture_title: str, pages: Sequence[Page], repeated: Repeated) -> Iterator[Page]:
    """The pages that say something, without the lines that are furniture; sections under what they are about."""
    if not _is_written(deck):
        yield from pages
        return
    if deck.kind is DeckKind.SLIDES:
        yield from (_with_body(page, page.title, _body(page, repeated)) for page in pages)
        return
    names = {bare(_unnumbered(deck.title)), bare(_unnumbered(lecture_title))}
    name = _name_of(deck, lecture_title, repeated)
    others = repeated.names - names
    above: Page | None = None  # a heading that nothing but furniture stood under
    begun = False
    for page in pages:
        body = _body(page, repeated)
        is_common = bare(page.title) in repeated.titles
        if not any(map(str.strip, body)) or _leads_away(body, others):
            if page.title and not is_common and not any(map(str.strip, body)):
                if above is not None and bare(_unnumbered(above.title)) not in names:
                    yield _with_body(above, above.title, [])
                above = page
            continue
        heading = _unnumbered(above.title) if above is not None else ""
        if not page.title:
            title = name  # what stands before the first heading is what the whole is about
        elif bare(page.title) in repeated.opening:
            title = heading or (_joined(name, page.title) if begun else name)
        else:
            title = page.title if bare(heading) in names and not is_common else _joined(heading, page.title)
        yield _with_body(page, title, body)
        above, begun = None, True
    if above is not None:
        yield _with_body(above, above.title, [])


def _name_of(deck: Deck, lecture_title: str, repeated: Repeated) -> str:
    """What a deck is about, if its own title or that of its lecture says so; the name of its file does not."""
    file_name = bare(PurePosixPath(deck.path).stem)
    own = deck.title if bare(deck.title) != file_name else ""
    return next(
        (name for name in map(_unnumbered, (own, lecture_title)) if bare(name) and bare(name) not in repeated.titles),
        "",
    )


def _is_written(deck: Deck) -> bool:
    """Whether the text of a deck was written as text: on printed pages what repeats is told by where it stands."""
    return deck.suffix not in (".pdf", ".pptx")


def _shape(line: str) -> str:
    """A line as it is compared with those of other decks; numbers count, since prose says something with them."""
    return " ".join(line.split()).casefold()


def _lines(page: Page) -> list[str]:
    """The lines below the title."""
    lines = page.text.split("\n")
    return lines[1:] if page.title and lines[0] == page.title else lines


def _countable(page: Page) -> Iterator[str]:
    """The lines that may be furniture: no code, no formula, nothing that announces what follows."""
    lines = _lines(page)
    for line, is_code in zip(lines, in_fences(lines), strict=True):
        if not is_code and _WORD.search(line) and not line.rstrip().endswith(":") and "$" not in line:
            yield line


def _body(page: Page, repeated: Repeated) -> list[str]:
    """The lines below the title without furniture."""
    lines = _lines(page)
    if not repeated.lines:
        return lines
    furniture = {line for line in _countable(page) if _shape(line) in repeated.lines}
    code = in_fences(lines)
    return [line for line, is_code in zip(lines, code, strict=True) if is_code or line not in furniture]


def _leads_away(lines: Sequence[str], names: frozenset[str]) -> bool:
    """Whether all lines are titles of other lectures, or say which is the next one."""
    said = [line.strip() for line in lines if line.strip()]
    return all(bare(_unnumbered(part)) in names for line in said for part in [_LABELLED.sub("", line, count=1)])


def _with_body(page: Page, title: str, body: Sequence[str]) -> Page:
    return replace(page, title=title, text="\n".join([title, *body] if title else body))


def _joined(heading: str, title: str) -> str:
    if not heading or bare(heading) == bare(title):
        return title
    return f"{heading}: {title}"[:_TITLE_CHARS]


def _unnumbered(title: str) -> str:
    """A heading without its number: "3.8 One-hot encoding"."""
    return _SECTION_NUMBER.sub("", title.strip()) or title

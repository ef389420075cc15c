"""Question → what a search of it finds; of a comparison what a search of each side finds too."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, zip_longest

from index.engine.glossary import general_glossary, whole_key
from index.search.asked import words_of_term
from index.search.found import Find, Found
from index.text.analysis import is_stop_word, terms_of, words
from index.types import Coverage, Hit, IndexedPassage, Query
from service.answers.parts import asks_of_first, two_questions
from service.answers.questions import thing_of_formula
from service.answers.sides import sides_of
from service.answers.told import thing_told_of

# Places, and how many of them with other minutes of their explanation: all that was gained was gained by the first.
_HITS, _WITH_MINUTES = 10, 1
_FIELD = re.compile(r"\s+(?:in|в|во)\s+\S+(?:\s\S+)?$", re.IGNORECASE)  # behind a name
_ADJECTIVE = re.compile(r"[а-яё-]{2,}(?:[ыи]й|ой|[ая]я|[ое]е|[ыи]е|[ыи]х|[ое]го|[ое]му|[ыи]ми?|ую|юю)", re.IGNORECASE)
_JOINED = re.compile(r"\w-(\w.*)$")  # what a name ends with behind a hyphen


@dataclass(frozen=True)
class Side:
    """One of two things that are compared, as it was named, and what a search of it alone found."""

    name: str
    found: Found

    @property
    def is_there(self) -> bool:
        """Whether the course says anything of it."""
        return self.found.coverage in {Coverage.EXPLAINED, Coverage.MENTIONED}

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """Its best places."""
        return self.found.hits(_HITS, beside=_WITH_MINUTES)


@dataclass(frozen=True)
class Searched:
    """What a question found; `sides` are both things of a comparison, or none; `also` is
    what the same in other words found: who made a thing may be said where the thing is, with no word of making;
    `missing` is what one of two questions asks of and is not there."""

    found: Found
    sides: tuple[Side, ...] = ()
    also: Found | None = None
    missing: str = ""

    def looked_through(self, most: int, may_hold: Callable[[IndexedPassage], bool]) -> Iterator[Hit]:
        """Those among so many hits of each search that may hold what is wanted, as they are taken."""
        seen = set[str]()

        def is_wanted(passage: IndexedPassage) -> bool:
            is_new = passage.id not in seen
            seen.add(passage.id)
            return is_new and may_hold(passage)

        for found in (self.found, self.also):
            if found is not None:
                yield from found.wanted_hits(most, is_wanted)

    @cached_property
    def hits(self) -> tuple[Hit, ...]:
        """The best places; of a comparison those of both sides in turns, after the best ones of the whole question."""
        whole = self.found.hits(_HITS, beside=_WITH_MINUTES)
        if not self.sides:
            return whole
        turns = zip_longest(whole, *(side.hits for side in self.sides if side.is_there))
        return _once(hit for hit in chain.from_iterable(turns) if hit is not None)[:_HITS]


def find_asked(find: Find, query: Query) -> Searched:
    """What a search of a question finds; where a formula is asked for and is not explained in these words, what one of
    the thing alone finds, if that is; where it is asked who made something, or when, what both find. A comparison is
    searched three times: as it stands, and each side alone; one search after the other, each when its turn comes."""
    found = find(query)
    if query.literal:
        return Searched(found)
    sides = named_sides(query.text, found)
    if sides:
        return _compared(found, tuple(Side(name, find(replace(query, text=name))) for name in sides))
    parts = two_questions(query.text)
    if parts and (by_part := _by_part(found, *(find(replace(query, text=part)) for part in parts))):
        return by_part
    thing = thing_of_formula(query.text)
    if not thing and (told_of := thing_told_of(query.text)):
        again = find(replace(query, text=told_of))
        is_better = found.coverage is not Coverage.EXPLAINED and again.coverage is Coverage.EXPLAINED
        return Searched(again, also=found) if is_better else Searched(found, also=again)
    if not thing or found.coverage is Coverage.EXPLAINED:
        return Searched(found)
    again = find(replace(query, text=thing))
    return Searched(again if again.coverage is Coverage.EXPLAINED else found)


def _compared(found: Found, sides: tuple[Side, ...]) -> Searched:
    """A comparison is covered as far as both things are: a course need not set them against each other."""
    if not any(side.is_there for side in sides):
        return Searched(found)
    explained = all(side.found.coverage is Coverage.EXPLAINED for side in sides)
    return Searched(replace(found, coverage=Coverage.EXPLAINED if explained else Coverage.MENTIONED), sides)


def _by_part(whole: Found, first: Found, second: Found) -> Searched | None:
    """Of two questions that each ask for a thing by its name the one that the course answers, with what it has
    not of the other thing's name; None where that is no matter, and both are searched as one."""
    asked = (first, second)
    names = [" ".join(word.text for word in words_of_term(found.words.phrases)) for found in asked]
    absent = [found.coverage is Coverage.ABSENT for found in asked]
    if not all(names) or all(absent):
        return None
    if not any(absent):
        return Searched(replace(whole, coverage=Coverage.MENTIONED)) if whole.coverage is Coverage.ABSENT else None
    there, other, name = (second, first, names[0]) if absent[0] else (first, second, names[1])
    # of a name with a word that nobody says here that word is missing, and the rest may well be there
    missing = "" if asks_of_first(name) else next((word for word in other.unknown_words if word in name), name)
    return Searched(there, missing=missing) if there.coverage is Coverage.EXPLAINED else None


def named_sides(question: str, found: Found | None = None) -> tuple[str, ...]:
    """The names of both things that a question compares; none where one of them is no name, as "it". `found` is what
    the question found: a noun that only one of them has belongs to both if the course says it with the other."""
    sides = sides_of(question)
    if sides is None or any(all(is_stop_word(word) for word in words(side)) for side in sides):
        return ()
    first, second = sides
    if _FIELD.search(first) is None:
        second = _FIELD.sub("", second)  # in which field both are compared
    if first.endswith("-") and (joined := _JOINED.search(second)):
        return f"{first}{joined[1]}", second  # "L1- и L2-регуляризация"
    if len(words(first)) < len(words(second)):
        return _with_head_of(second, first, found), second
    if len(words(second)) < len(words(first)):
        # what stands behind the name is seldom said without its noun: "attention compared with seq2seq"
        return first, _with_head_of(first, second, None)
    return first, second


def _with_head_of(longer: str, shorter: str, found: Found | None) -> str:
    """A side with the noun that it shares with the longer one: "semantic vs instance segmentation", "single and double
    quotes". Only where that makes a term, or is said so where the question leads to; what is an adjective by its form
    is no name."""
    head = words(longer)[-1]
    whole = f"{shorter.rstrip('-')} {head}"
    if terms_of(head)[0] in {term for word in words(shorter) for term in terms_of(word)}:
        return shorter
    if general_glossary().find(whole_key(whole)) or _ADJECTIVE.fullmatch(shorter):
        return whole
    return whole if found is not None and _is_said(words(shorter), words(longer), found) else shorter


def _is_said(shorter: Sequence[str], longer: Sequence[str], found: Found) -> bool:
    """Whether one of the best places of a search says the noun of a longer name with a shorter one too: beside it, or
    behind both."""
    wanted = [[terms_of(word)[0] for word in name] for name in ([*shorter, longer[-1]], shorter, longer)]
    for hit in found.hits(_HITS):
        said = [terms_of(word)[0] for word in words(f"{hit.passage.title}\n{hit.passage.text}")]
        for at in (at for at, term in enumerate(said) if term == wanted[0][0]):
            joint = at + len(shorter)
            both = said[at:joint] == wanted[1] and said[joint + 1 : joint + 1 + len(longer)] == wanted[2]
            if both or said[at : joint + 1] == wanted[0]:
                return True
    return False


def _once(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.passage.id, hit)
    return tuple(first.values())

"""A read query → the things that it is about or sets against each other, as far as they are named, and whether the
courses know them.

"Is X better than Y", "X или Y", "чем X отличается от Y": who compares asks of both, so that a course which has only
one of them does not answer. What stands on a side is its name where it is short and no clause; a side that is described
in words of its own is none. What a question begins with is what it is about: "how does X label files".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import product

from index.engine.glossary import GeneralGlossary
from index.search.asked import asks, is_around, may_be_named, plain_texts
from index.search.beside import said_beside
from index.search.named import is_named_unmet, share_strange, strangers
from index.search.scope import Scope
from index.search.subject import Sign, read_signs, share_missing
from index.text.analysis import STOP_WEIGHT, fold
from index.types import Phrase, Word

_MOST, _SIDES = 4, 6  # words of a side that say something; sides that are looked at
_OF_CHARS = 30  # in which both words of a name with "of" stand
_MEANT = 0.5  # how surely a passage means a query that it is believed
_REACH = 3  # words between what is more and "than"
_TELLING = 0.8  # the weight of a word that everyday language does not say all the time
# How much of a side must not be there in a query that is nothing but a comparison; how much of one is another name.
_MISSING, _STRANGE = 0.8, 0.3
_NAMED = 0.3  # how seldom everyday language says the word of a side that is a name: "a hole instead of a lens" is none
# What stands between the two sides by itself, and what does so with a word before or behind it.
_BETWEEN = re.compile(r"vs|versus|против|или|or|вместо|instead")
_THAN = re.compile(r"than|чем")
_MORE = re.compile(
    r"better|worse|faster|slower|cheaper|larger|smaller|bigger|stronger|weaker|simpler|easier|harder|safer|more|less|other|rather|"
    r"лучше|хуже|быстрее|медленнее|дешевле|больше|меньше|сильнее|слабее|проще|легче|сложнее|надежнее|эффективнее|удобнее"
)
_UNLIKE = re.compile(r"отлича\w+|differs?|different|differences?|compar(?:es?|ed|ing|ison)|сравн\w+|сопостав\w+")
_TO = re.compile(r"от|from|to|with|с|со|against")
# Behind which both sides stand, joined by "and".
_BOTH = re.compile(r"между|between|связан\w*|related|relate|connected|сравн\w+|compared?|отлича\w+|differ|differences?")
_AND = re.compile(r"и|and")
# Beside a name, and no part of it.
_SMALL = re.compile(r"is|are|a|an|the|of|just|plain|обычн\w+|просто\w*|using|use")
# What sets the scene of a question, of which it need not be: "on my RTX 4090".
_SCENE = re.compile(
    r"on|in|with|for|from|at|under|by|to|after|before|during|my|our|your|в|во|на|с|со|у|для|из|при|по|от|до|после|за|под|к|ко|"
    r"мо\w{1,2}|наш\w*"
)


def others_named(
    phrases: Sequence[Phrase],
    signs: Sequence[Sign],
    scope: Scope,
    glossaries: Sequence[GeneralGlossary],
    languages: tuple[str, ...],
    meant: float,
) -> tuple[str, ...]:
    """What the query is about, or sets against something else, that the courses do not know: whatever else they know of
    what it says. `meant` is how surely a passage means the query."""
    found = list[str]()
    typed = [word for phrase in phrases for word in phrase.words]
    short = sum(word.weight >= _TELLING for word in typed) <= _MOST
    for side in sides_of(phrases)[:_SIDES]:
        own = read_signs(phrases, side, scope, languages)
        strange = strangers(side, scope, glossaries, languages[0])
        # "adam" in small Cyrillic letters may be read as nothing, and yet be there
        written = any(word.text.isascii() or word.text[0].isupper() for word in side)
        named = written and any(sign.name >= _NAMED for sign in own)
        lacks = short and named and share_missing(own, scope, meant) >= _MISSING
        if (
            lacks
            or _is_of_apart(side, scope)
            or is_named_unmet(own, signs)
            or _names_another(strange, side, own, scope, meant)
        ):
            found.append(" ".join(word.text for word in side))
    place = leading(phrases)
    # what is in a language that the passages are not in may be there by another name where a passage means the query
    about = (sign for sign in signs if sign.place == place and (sign.heard or meant < _MEANT))
    found += [sign.text for sign in about if is_named_unmet([sign], signs)]
    return tuple(found)


def _is_of_apart(side: Sequence[Word], scope: Scope) -> bool:
    """Whether the two words of a name with "of" between them are each said here, and never beside each other."""
    if len(side) != 3 or fold(side[1].text) != "of":
        return False
    ends = [[term for r in word.readings for term, share in r.terms if share == 1.0] for word in (side[0], side[2])]
    return not any(said_beside(pair, scope, _OF_CHARS) for pair in product(*ends))


def _names_another(
    strange: Sequence[tuple[Word, ...]], side: Sequence[Word], own: Sequence[Sign], scope: Scope, meant: float
) -> bool:
    """Whether a side names another thing; one common word may be a wording, whatever it is the name of."""
    if len(side) == 1 and all(sign.name < 1 for sign in own):
        return False
    return share_strange(strange, side, scope, meant) >= _STRANGE


def sides_of(phrases: Iterable[Phrase]) -> list[tuple[Word, ...]]:
    """The words of each side that is named, in their order."""
    typed = [word for phrase in phrases for word in phrase.words]
    said = plain_texts(typed)
    found: dict[tuple[int, int], tuple[Word, ...]] = {}
    for before, after in _cuts(said):
        for first, last in (_left(said, before), _right(said, after)):
            side = tuple(typed[first:last])
            if 1 <= sum(word.weight > STOP_WEIGHT for word in side) <= _MOST and may_be_named(said[first:last]):
                found[first, last] = side
    return [found[place] for place in sorted(found)]


def _cuts(said: Sequence[str]) -> Iterable[tuple[int, int]]:
    """(where the left side ends, where the right one begins)."""
    for place, word in enumerate(said):
        if place and _stands_between(word, said[:place]):
            yield place, place + 1
        elif place and _UNLIKE.fullmatch(word) and place + 1 < len(said) and _TO.fullmatch(said[place + 1]):
            yield place, place + 2


def _stands_between(word: str, before: Sequence[str]) -> bool:
    """Whether a word divides two sides, behind these words."""
    if _THAN.fullmatch(word):
        return any(map(_MORE.fullmatch, before[-_REACH:]))
    if _AND.fullmatch(word):
        return any(map(_BOTH.fullmatch, before))
    if _TO.fullmatch(word):  # "compare X with Y"; "compared to Y" is cut at its verb
        return word != "to" and any(map(_UNLIKE.fullmatch, before[:-1]))
    return _BETWEEN.fullmatch(word) is not None


def _left(said: Sequence[str], end: int) -> tuple[int, int]:
    while end and (is_around(said[end - 1]) or _is_small(said[end - 1])):
        end -= 1
    start = end
    while start and (_is_of(said, start - 1) or not (is_around(said[start - 1]) or _is_small(said[start - 1]))):
        start -= 1
    return start, end


def _right(said: Sequence[str], start: int) -> tuple[int, int]:
    while start < len(said) and (is_around(said[start]) or _is_small(said[start])):
        start += 1
    end = start
    while end < len(said) and (_is_of(said, end) or not (is_around(said[end]) or _is_small(said[end]))):
        end += 1
    return start, end


def _is_of(said: Sequence[str], place: int) -> bool:
    """Whether a word joins two of one name: "proof of stake"."""
    inside = 0 < place < len(said) - 1
    return (
        inside
        and said[place] == "of"
        and not any(is_around(said[n]) or _is_small(said[n]) for n in (place - 1, place + 1))
    )


def _is_small(word: str) -> bool:
    return any(p.fullmatch(word) for p in (_SMALL, _MORE, _UNLIKE, _BOTH))


def leading(phrases: Iterable[Phrase]) -> int | None:
    """The place of the first word of a query that says something, behind words that ask: what the question is about.
    None where it stands behind a preposition, which sets the scene."""
    typed = [word for phrase in phrases for word in phrase.words]
    said = plain_texts(typed)
    if not asks(said):
        return None
    for place, (word, text) in enumerate(zip(typed, said, strict=True)):
        if _SCENE.fullmatch(text):
            return None
        if word.weight > STOP_WEIGHT and not is_around(text):
            return place
    return None

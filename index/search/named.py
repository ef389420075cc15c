"""A read query → what it names that the searched courses have by none of its names.

"Why is label smoothing used with softmax" asks of label smoothing. A course that has softmax, labels and something that
smooths does not explain it, however much it says of all three: what the glossaries know as the name of one thing must
be there as one thing, in one of the two languages. What no glossary knows may be a name too, by how it is written: one
that nobody says ("Schnorr signatures in lightning channels") is not there either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations, pairwise, product

from index.embed.table import has_vector
from index.engine.glossary import GeneralGlossary, key_of, whole_key
from index.search.beside import is_one_name, said_beside
from index.search.query import terms_of_name
from index.search.scope import Scope
from index.search.subject import Sign
from index.text.analysis import STOP_WEIGHT, fold, other_stems, terms_of, words
from index.text.language import zipf
from index.text.layout import is_cyrillic
from index.text.symbols import is_symbol
from index.types import Phrase, Word

_LONGEST = 6  # words of a name
_MOST_LETTERED = 6  # names of a query that every near passage is read for: a longer list decides nothing more
_JOINED = 3  # words that may be written as one
# Below how much trust in its best reading a word that may be a name is not known, and one with a capital, of which
# "Mamba" is no slip of "mamma"; the letters that one has at least, and what one in small letters counts beside one that
# is written as a name; what English words in a form end with.
_SELDOM = 0.5  # how seldom everyday language says the word of a name with a capital: "Azure"
_KNOWN, _KNOWN_NAME, _SHORTEST, _SMALL = 0.3, 0.6, 3, 0.7
_FORM = re.compile("(?:ing|ed|er|est|ly|ish|ness|s)$")
# One capital letter with a star is a name ("A*"), of which no word is left to search for; its star may be said.
_LOOKED_THROUGH = 500  # passages
_STARRED = re.compile(r"(?<!\S)[«\"'(]?([A-ZА-Я])[*∗⋆](?![*∗⋆\w])")
# So is one that is joined to a word ("k-means"), of which "k" and "means" say nothing; letters that count or stand for
# numbers, "n-gram" as well, may be written in many ways.
_LETTERED = re.compile(r"(?<![\w-])([abceghklo-wA-Z])-([A-Za-z]{4,})(?![\w-])")
_LONG = 5  # letters of a Cyrillic word that may be a term
_VERB = re.compile("(?:ть(?:ся)?|л[аои]?|лся|л[аои]сь|[аеиуюя]т(?:ся)?|[еи]шь|[ауя]ем|[ауя]ете)$")
# Two words joined to a name, and how often everyday language says a word that is of none (Zipf scale); how much of a
# question it must be.
_HYPHENATED = re.compile(r"(?<![\w-])([A-Za-z]{2,})-([A-Za-z]{3,})(?![\w-])")
_ORDINARY, _MUCH = 4.4, 0.25
# Two capitals and a stroke: "A/B".
_STROKE = re.compile(r"(?<![\w/])([A-Z])/([A-Z])(?![A-Za-z/])")
# What joins the words of a name; other small words leave none: "mix up precision" is no mixed precision.
_JOINING = frozenset(
    "of the a an and or to in on for by with from at as и или в во на с со по для от до из к о об без не при".split()
)
_PLURAL = re.compile(r"(?<=\w{3})s$")
_TELLING = 0.8  # the weight of a word that everyday language does not say all the time
# A "batch size" is there where batches are: a course that gives the number need not say what it is a number of.
_MEASURES = frozenset(
    key_of("size number count amount length width height depth размер число количество длина ширина высота глубина")
)


def strangers(
    typed: Sequence[Word], scope: Scope, glossaries: Sequence[GeneralGlossary], language: str
) -> list[tuple[Word, ...]]:
    """The words of each such name among these (`subject_of`), in their order; `language` is that of Latin words."""
    found, start = list[tuple[Word, ...]](), 0
    while start < len(typed):
        name, others = _longest(typed[start : start + _LONGEST], glossaries)
        known = not name or any(
            _is_there(other, scope, language) and not _is_by_stem(other, name, scope, language)
            for other in (_without_measures(name), *others)
        )
        if not known and not _is_put_together(name, scope, glossaries, language):
            found.append(name)
        start += max(1, len(name))
    return found


def share_strange(
    names: Sequence[Sequence[Word]], typed: Sequence[Word], scope: Scope, said_otherwise: float = 0.0
) -> float:
    """How much of these words the names are, by their importance: 0 to 1. `said_otherwise` is how surely a passage
    means the question, in whatever words: by so much less counts a name whose words the courses say each, since what
    a glossary has for a name ("masked prediction") may be no more than a wording."""
    total = sum(map(scope.importance, _telling(typed)))
    named = sum(
        sum(map(scope.importance, name)) * (1 - said_otherwise * _all_said(name, scope))
        for name in map(_telling, names)
    )
    return named / total if total else 0.0


def _telling(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.weight > STOP_WEIGHT]


def _all_said(name: Sequence[Word], scope: Scope) -> bool:
    return all(any(scope.frequency(term) for term, _ in word.readings[0].terms) for word in name)


def share_unmet(signs: Sequence[Sign], said_otherwise: float) -> float:
    """How much of what a query asks, by importance, is names that nobody here says: 0 to 1. What is written as a name
    counts by half where a passage surely means the question (`said_otherwise`): it may only set the scene ("on my RTX
    4090"). A rare word in small letters may be a name, or said for fun ("a computational glutton")."""
    total = sum(sign.importance for sign in signs)
    found = 0.0
    for sign in signs:
        if _is_of_no_language(sign):
            found += sign.importance * (1 - said_otherwise) * _SMALL
        elif _is_proper(sign, signs):
            found += sign.importance * (1 - said_otherwise / 2) * _is_unmet(sign, _KNOWN_NAME, _SELDOM)
        elif _is_unmet(sign, _KNOWN):
            lack = sign.importance * (1 - sign.known)
            if _is_written_as_name(sign, signs):
                found += lack * (1 - said_otherwise / 2)
            elif _is_rare_english(sign):
                found += lack * (1 - said_otherwise) * _SMALL
    return found / total if total else 0.0


def letters_unmet(text: str, scope: Scope, rows: Sequence[int]) -> tuple[str, ...]:
    """The names of one letter with a sign in a query, "A*", "k-means", that none of these passages says, the nearest
    ones first."""
    names = dict.fromkeys(match.group(1) for match in _STARRED.finditer(text))
    wanted = {f"{name}*": rf"\b{fold(name)}(?:[*∗⋆]|[\s-](?:star|звезд))" for name in names}
    for one, other in _STROKE.findall(text):
        wanted[f"{one}/{other}"] = rf"\b{fold(one)}\s*[/-]\s*{fold(other)}\b"
    for letter, word in _LETTERED.findall(text):
        wanted[f"{letter}-{word}"] = rf"\b{fold(letter)}[\s‐‑–-]*{fold(_PLURAL.sub('', word))}"
    passages = scope.generation.passages(rows[:_LOOKED_THROUGH]) if wanted else ()
    said = [fold(f"{passage.title}\n{passage.text}") for passage in passages]
    asked = list(wanted.items())[:_MOST_LETTERED]
    return tuple(name for name, pattern in asked if not any(re.search(pattern, one) for one in said))


def signs_unmet(phrases: Sequence[Phrase], scope: Scope) -> tuple[str, ...]:
    """What is asked about and typed with symbols, `!!`, that nobody here writes so."""
    typed = (word for phrase in phrases for word in phrase.words)
    firsts = ((word, word.readings[0].terms[0][0]) for word in typed)
    return tuple(dict.fromkeys(word.text for word, term in firsts if is_symbol(term) and not scope.frequency(term)))


def is_named_unmet(some: Sequence[Sign], signs: Sequence[Sign]) -> bool:
    """Whether one of some words of a query, of all of these, is a name that nobody here says."""
    return any(
        _is_of_no_language(sign) or _is_unmet(sign, _KNOWN_NAME, _SELDOM)
        if _is_proper(sign, signs)
        else _is_of_no_language(sign)
        or (_is_unmet(sign, _KNOWN) and (_is_written_as_name(sign, signs) or _is_rare_english(sign)))
        for sign in some
    )


def _is_of_no_language(sign: Sign) -> bool:
    """Whether a Cyrillic word is none of the passages' language, none that everyday language or the table has, and
    sounds like next to nothing here: a term of another subject ("сабмодуль"), or a name; a verb is none."""
    named = sign.text[0].isupper() and sign.place > 0 and len(sign.text) >= _SHORTEST
    rare = sign.known < _KNOWN and sign.name >= 1 and (named or len(sign.text) >= _LONG)
    if not rare or not is_cyrillic(sign.text) or (sign.heard and not sign.known):
        return False
    return _VERB.search(sign.text) is None and not has_vector(sign.text)


def joined_unmet(text: str, signs: Sequence[Sign], scope: Scope, said_otherwise: float) -> tuple[str, ...]:
    """The names of a query that are joined of two words, one of which everyday language seldom says, "cherry-pick", if
    these never stand together here and are much of what is asked; where a passage surely means the question
    (`said_otherwise`) they count half."""
    total = sum(sign.importance for sign in signs)
    beside = {(a.text, b.text): (a, b) for a, b in pairwise(signs) if b.place == a.place + 1}
    found = list[str]()
    for pair in _HYPHENATED.findall(text):
        if pair not in beside or min(zipf(fold(word), "en") for word in pair) >= _ORDINARY:
            continue
        (one, other), joined = beside[pair], terms_of("-".join(pair))
        share = (one.importance + other.importance) * (1 - said_otherwise / 2) / total
        said = any(scope.frequency(term) for term in (joined[0], joined[-1])) or any(
            a == b or is_one_name(a, b, scope) for a in one.terms for b in other.terms
        )
        if share >= _MUCH and not said:
            found.append("-".join(pair))
    return tuple(found)


def _is_rare_english(sign: Sign) -> bool:
    return sign.text.isascii() and sign.text.isalpha() and not _FORM.search(sign.text)


def unmet_names(signs: Sequence[Sign]) -> list[str]:
    """The words with a capital that nobody here says, as they were typed."""
    return [sign.text for sign in signs if _is_proper(sign, signs) and _is_unmet(sign, _KNOWN_NAME)]


def _is_unmet(sign: Sign, least: float, seldom: float = 1.0) -> bool:
    return sign.heard and sign.known < least and sign.name >= seldom and len(sign.text) >= _SHORTEST


def _is_proper(sign: Sign, signs: Sequence[Sign]) -> bool:
    """Whether a word is written as a name, with a capital."""
    return sign.text[0].isupper() and _is_written_as_name(sign, signs)


def _is_written_as_name(sign: Sign, signs: Sequence[Sign]) -> bool:
    """Whether a word has capitals where others have none, or is in Latin letters beside Cyrillic ones; no quantity."""
    if sign.text[0].isdigit():
        return False
    if sign.text.isascii() and not all(other.text.isascii() for other in signs):
        return True
    # "WHY IS IT SO" and "Why Is It So": what all of them have says nothing
    several = len(signs) > 1
    shouted = several and all(other.text.isupper() for other in signs)
    titled = several and all(other.text[0].isupper() for other in signs)
    if sign.text[1:] != sign.text[1:].lower():
        return not shouted
    return sign.text[0].isupper() and sign.place > 0 and not titled


def subject_of(phrases: Sequence[Phrase], asked: Sequence[Word]) -> list[Word]:
    """The words of a query, or those of the term that it surely asks for (`words_of_term`): in "give a definition of X"
    a definition is no name."""
    return list(asked) or [word for phrase in phrases for word in phrase.words]


def _longest(typed: Sequence[Word], glossaries: Sequence[GeneralGlossary]) -> tuple[tuple[Word, ...], list[str]]:
    """(the most of these words, from the first on, that a glossary has as a name; its other names)."""
    texts = list[str]()  # of its words that say something, as far as a name may go
    ends = list[int]()  # where each of them ends
    for place, word in enumerate(typed):
        if word.weight > STOP_WEIGHT:
            texts.append(word.text)
            ends.append(place + 1)
        elif not place or fold(word.text) not in _JOINING:
            break
    for count in range(len(texts), 0, -1):
        key = whole_key(*texts[:count])
        others = [term.counterpart for glossary in glossaries for term in glossary.find(key)]
        if others:
            return tuple(typed[: ends[count - 1]]), others
    return (), []


def _is_put_together(name: Sequence[Word], scope: Scope, glossaries: Sequence[GeneralGlossary], language: str) -> bool:
    """Whether a name is one that is there with everyday words beside it, which may be said otherwise: a course that has
    the learning rate knows "learning rate too large"."""
    for first, last in combinations(range(len(name) + 1), 2):
        beside = (*name[:first], *name[last:])
        if beside and all(word.weight < _TELLING for word in beside):
            inner, others = _longest(name[first:last], glossaries)
            if len(inner) == last - first > 1 and any(
                _is_there(other, scope, language) for other in (" ".join(_texts(inner)), *others)
            ):
                return True
    return False


def _texts(name: Sequence[Word]) -> list[str]:
    return [word.text for word in name if word.weight > STOP_WEIGHT]


def _without_measures(name: Sequence[Word]) -> str:
    texts = _texts(name)
    return " ".join([text for text in texts if not _MEASURES.issuperset(key_of(text))] or texts)


def _is_there(name: str, scope: Scope, language: str) -> bool:
    """Whether the courses say a name, its words beside each other; one that is only of small words says nothing."""
    said = words(name)
    joined = terms_of("".join(said), language)[:1] if 1 < len(said) <= _JOINED else ()
    if any(map(scope.frequency, joined)):
        return True  # "LeakyReLU", of which no piece is "relu"
    written = dict.fromkeys((name, name.replace("-", " ")))
    wholes = [[term for term, share in terms_of_name(one, language) if share == 1.0] for one in written]
    return any(
        not whole or any(said_beside(forms, scope) for forms in product(*(_forms(term, scope) for term in whole)))
        for whole in wholes
    )


def _is_by_stem(other: str, name: Sequence[Word], scope: Scope, language: str) -> bool:
    """Whether another name is but one word of a name, and no passage has it in that form: where "distilled" is said, no
    knowledge distillation is there by the name of distillation."""
    inside = {fold(word.text) for word in name}
    if len(name) < 2 or fold(other) not in inside or not other.isascii():
        return False
    terms = terms_of(other, language)[:1]
    passages = scope.generation.passages(scope.holding(terms, _LOOKED_THROUGH).tolist())
    form = re.compile(rf"\b{re.escape(_PLURAL.sub('', fold(other)))}(?:e?s)?\b")
    return not any(form.search(fold(f"{passage.title}\n{passage.text}")) for passage in passages)


def _forms(term: str, scope: Scope) -> list[str]:
    """A term, and what stemming makes of the same word in other numbers and cases."""
    return [term, *(other for other in other_stems(term) if scope.frequency(other))]

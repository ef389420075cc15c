"""Passages of a course → the terms that it writes side by side: "ранний останов (Early Stopping)", "отступ / padding".

Mined by what lecturers do when they introduce a term: the counterpart stands in brackets, after a slash or an equals
sign, or under the heading that it translates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from index.engine.glossary import Term, key_of
from index.text.analysis import fold, is_stop_word, words
from index.text.language import zipf
from index.types import IndexedPassage, Reason

# (texts, texts) → how far each pair means the same, 0 to 1
Similarity = Callable[[Sequence[str], Sequence[str]], Sequence[float]]
_Key = tuple[tuple[str, ...], tuple[str, ...]]

_MAX_WORDS = 5
_MAX_ROWS = 8  # passages that are remembered of a term
_SEGMENT = re.compile(r"[\n;•·●▪]|[.!?:…]\s|\s[–—]\s|,\s")
_BRACKETS = re.compile(r"\(([^()\n]{2,70})\)")
_BEFORE_CHARS = 90
_SIDES = re.compile(r"\s*(?:/|=|≡)\s*")
_ALTERNATIVES = re.compile(r"\s*[,/]\s*")
_QUOTES = " \t«»\"'“”„`*_.,:;–—-"
_FORMULA = re.compile(r"[=<>\[\]{}\\|@#$%^~∑∏√∈]|\d\s*[+*/]|://|\w\(")
_ABBREVIATION = re.compile(r"[A-ZА-ЯЁ][A-Za-zА-Яа-яё]*[A-ZА-ЯЁ0-9][A-Za-zА-Яа-яё0-9-]*|[A-ZА-ЯЁ]{2,6}s?")


# A pair seen once must look like a translation to the table of word vectors, one seen three times need not: the table
# does not know every word. Thresholds by eye on 210 mined pairs: nearly all wrong ones fall, one in ten right ones.
_MIN_SIMILARITY = {1: 0.25, 2: 0.12}


def mine_terms(passages: Iterable[IndexedPassage], similarity: Similarity | None = None) -> list[Term]:
    """The terms of one course, the frequent ones first; `rows` count its passages from 0.

    `similarity` says how far the two sides of each pair mean the same; without it pairs must be seen twice.
    """
    counts: dict[_Key, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    rows: dict[_Key, list[int]] = defaultdict(list)
    reasons: dict[_Key, Reason] = {}
    for row, passage in enumerate(passages):
        for left, right, reason in _pairs_of(passage):
            first, second = key_of(left), key_of(right)
            if not first or not second or first == second:
                continue
            key, written = (first, second), (left, right)
            if (second, first) in counts:
                key, written = (second, first), (right, left)
            counts[key][written] += 1
            reasons[key] = reason
            if len(rows[key]) < _MAX_ROWS and row not in rows[key]:
                rows[key].append(row)
    found = [
        Term(
            *max(written, key=lambda pair: (written[pair], pair)),
            reason=reasons[key],
            count=sum(written.values()),
            rows=tuple(rows[key]),
        )
        for key, written in counts.items()
    ]
    plausible = _plausible(_heads(found, similarity) if similarity else found, similarity)
    return sorted(_without_fragments(plausible), key=lambda term: (-term.count, term.text))


# A shorter head must be this much nearer to the counterpart to be preferred.
_HEAD_GAIN = 0.1


def _heads(found: Sequence[Term], similarity: Similarity) -> list[Term]:
    """Terms of which the words that only lead up to them are cut off: "новые неглубокие (shallow)"."""
    longer = [t for t in found if t.reason is Reason.GLOSSARY and len(t.text.split()) > len(t.counterpart.split())]
    options = [(t, " ".join(t.text.split()[start:])) for t in longer for start in range(len(t.text.split()))]
    scores = similarity([text for _, text in options], [term.counterpart for term, _ in options])
    best: dict[int, tuple[float, str]] = {}
    for (term, text), score in zip(options, scores, strict=True):
        gain = score - (_HEAD_GAIN if text != term.text else 0.0)
        if id(term) not in best or gain > best[id(term)][0]:
            best[id(term)] = (gain, text)
    return [replace(term, text=best[id(term)][1]) if id(term) in best else term for term in found]


def _plausible(found: Sequence[Term], similarity: Similarity | None) -> list[Term]:
    """Without the translations that are none; a short form has proved itself by its initials."""
    doubtful = [term for term in found if term.reason is Reason.GLOSSARY and term.count in _MIN_SIMILARITY]
    if similarity is None:
        wrong = {id(term) for term in doubtful if term.count == 1}
    else:
        scores = similarity([term.text for term in doubtful], [term.counterpart for term in doubtful])
        wrong = {id(t) for t, score in zip(doubtful, scores, strict=True) if score < _MIN_SIMILARITY[t.count]}
    return [term for term in found if id(term) not in wrong]


def _without_fragments(found: list[Term]) -> Iterator[Term]:
    """Of entries with one counterpart, those that only lengthen or cut a more frequent one are left out."""
    by_counterpart: dict[tuple[str, ...], list[Term]] = defaultdict(list)
    for term in found:
        by_counterpart[key_of(term.counterpart)].append(term)
    for group in by_counterpart.values():
        kept: list[Term] = []
        for term in sorted(
            group, key=lambda t: (-t.count, abs(len(key_of(t.text)) - len(key_of(t.counterpart))), t.text)
        ):
            own = set(key_of(term.text))
            if not any(own < set(key_of(other.text)) or own > set(key_of(other.text)) for other in kept):
                kept.append(term)
        yield from kept


def _pairs_of(passage: IndexedPassage) -> Iterator[tuple[str, str, Reason]]:
    lines = [passage.title, *passage.text.removeprefix(passage.title).split("\n")]
    for line in filter(None, lines):
        for match in _BRACKETS.finditer(line):
            before = line[max(0, match.start() - _BEFORE_CHARS) : match.start()]
            before = _SEGMENT.split(before[before.rfind(")") + 1 :])[-1]
            for inside in _ALTERNATIVES.split(match.group(1)) if "://" not in match.group(1) else ():
                yield from _introduced(before, inside)
        bare = _BRACKETS.sub(" ; ", line)
        for segment in _SEGMENT.split(bare):
            sides = _SIDES.split(segment)
            if len(sides) == 2 and len(segment) <= 90:
                yield from _side_by_side(*sides)
    under = next((line for line in lines[1:] if line.strip()), "").strip(_QUOTES)
    if passage.title and _script(passage.title) and _script(under):
        title = passage.title.strip(_QUOTES)
        short = len(words(title)) <= 4 and len(words(under)) <= 4
        if _script(title) != _script(under) and short and _is_term(title) and _is_term(under):
            yield from _translated(title, under)


def _introduced(before: str, inside: str) -> Iterator[tuple[str, str, Reason]]:
    """The term that stands before a bracket, and what the bracket gives for it."""
    inside = inside.strip(_QUOTES)
    if not _is_term(inside) or _FORMULA.search(before[-40:]):
        return
    before_words = before.strip(_QUOTES + "(").split()
    if not before_words:
        return
    expanded = _expansion(inside, before_words)
    if expanded:
        yield expanded, inside, Reason.ABBREVIATION
        return
    short = before_words[-1].strip(_QUOTES)
    if _expansion(short, inside.split()) == inside:
        yield inside, short, Reason.ABBREVIATION
        return
    script = _script(inside)
    head = _head(before_words, script, len(words(inside)), _ABBREVIATION.fullmatch(inside) is not None)
    if head and not (_is_initials(inside) and len(head.replace("-", " ").split()) == 1):
        yield from _translated(head, inside)


def _side_by_side(left: str, right: str) -> Iterator[tuple[str, str, Reason]]:
    """Two sides of a slash or an equals sign."""
    left, right = left.strip(_QUOTES), right.strip(_QUOTES)
    if not (_is_term(left) and _is_term(right)):
        return
    for short, long in ((left, right), (right, left)):
        if _expansion(short, long.split()) == long:
            yield long, short, Reason.ABBREVIATION
            return
    yield from _translated(left, right)


def _translated(left: str, right: str) -> Iterator[tuple[str, str, Reason]]:
    scripts = _script(left), _script(right)
    if scripts in {("cyrillic", "latin"), ("latin", "cyrillic")} and not _everyday(left) and not _everyday(right):
        yield left, right, Reason.GLOSSARY


def _head(before: list[str], script: str | None, size: int, short_form: bool) -> str | None:
    """The last words of the other alphabet before a bracket, without what only leads up to the term."""
    taken: list[str] = []
    for word in reversed(before):
        bare = word.strip(_QUOTES)
        if not bare or _script(bare) in {None, script} or any(c in word for c in "()[]"):
            break
        if is_stop_word(bare):
            break
        taken.append(bare)
        if word[0] in '«"“(' or len(taken) == _MAX_WORDS:
            break
    taken.reverse()
    complete = len(taken) == len(before)
    wanted = 3 if short_form else size + 1
    if not complete and len(taken) > wanted:
        taken = taken[-max(size, 1) :]
    elif len(taken) > wanted + 1:
        taken = taken[-wanted:]
    return " ".join(taken) or None


def _expansion(short: str, long: Sequence[str]) -> str | None:
    """The last words of `long` whose initials spell `short`, if they do; words that only join may be skipped."""
    if not _ABBREVIATION.fullmatch(short) or not 2 <= len(short.rstrip("s")) <= 7:
        return None
    letters = fold(short.rstrip("s").replace("-", ""))
    if not letters.isalpha():
        return None
    parts = [part.strip(_QUOTES) for word in long for part in word.replace("-", " ").split()]
    parts = [part for part in parts if part]
    for start in range(max(0, len(parts) - len(letters) - 3), len(parts)):
        chosen = parts[start:]
        if len(chosen) > 1 and _spells([fold(part) for part in chosen], letters):
            text = " ".join(long)
            place = text.find(chosen[0])
            return text[place:].strip(_QUOTES)
    return None


def _spells(parts: Sequence[str], letters: str) -> bool:
    """Whether the letters are the first letters of the words, in order, and perhaps some inside them: BackPropagation
    Through Time is BPTT. Words that only join may be left out."""
    if not parts or not letters:
        return not letters and all(is_stop_word(part) for part in parts)
    if is_stop_word(parts[0]) and _spells(parts[1:], letters):
        return True
    if parts[0][0] != letters[0]:
        return False
    place, used = 0, 1
    while True:
        if _spells(parts[1:], letters[used:]):
            return True
        # at most one letter more from inside a word, and not the next one: "ca" is no short form of "cat"
        place = parts[0].find(letters[used], place + 2) if used < min(2, len(letters)) else -1
        if place < 0:
            return False
        used += 1


def _is_initials(text: str) -> bool:
    """Whether a text is a short form in capitals: it stands for several words, never for one."""
    return len(text) > 1 and text.isalpha() and text.isupper()


def _is_term(text: str) -> bool:
    found = words(text)
    return (
        1 <= len(found) <= _MAX_WORDS
        and len(text) >= 2
        and _script(text) is not None
        and not _FORMULA.search(text)
        and not text[0].isdigit()
        and not is_stop_word(found[0])
        and not is_stop_word(found[-1])
    )


def _everyday(text: str) -> bool:
    """Whether a side is a single very common word, or too short to mean anything alone."""
    found = [fold(word) for word in words(text)]
    if len(found) != 1:
        return False
    return len(found[0]) < 2 or max(zipf(found[0], "ru"), zipf(found[0], "en")) >= 6.0


def _script(text: str) -> str | None:
    """ "cyrillic" or "latin" if a text is written in one alphabet, else None."""
    folded = fold(text)
    cyrillic = sum("а" <= c <= "я" for c in folded)
    latin = sum("a" <= c <= "z" for c in folded)
    if cyrillic and not latin:
        return "cyrillic"
    return "latin" if latin > 1 and not cyrillic else None

"""Question and hits → the sentences that answer, quoted word for word: nothing is written, nothing can be invented."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.engine.build import latin_language
from index.engine.relations import is_outline
from index.search.search import SearchIndex
from index.text.analysis import find_terms, words
from index.types import Hit, IndexedPassage, Kind
from service.answers.types import Asked, Citation, Sentence

# Figures: benchmarks/answers.py.
_PASSAGES = 6  # of the best hits are read
_MAX_SENTENCES = 4
_MIN_CHARS, _MAX_CHARS = 15, 360
_MIN_OF_BEST = 0.6  # a sentence this much weaker than the best adds nothing
_HIT_SHARE, _WORDS_SHARE, _MEANING_SHARE, _CUE_SHARE, _EARLY_SHARE = 0.45, 0.3, 0.2, 0.15, 0.1
# a line that says the words of the question and nothing more answers nothing
_NEWS_SHARE, _NEWS_WORDS = 0.15, 4
# what something is, and why, is not said in code
_CODE_LOSS, _IN_WORDS = 0.2, frozenset({Asked.DEFINITION, Asked.REASON, Asked.PERSON})
_BREAK = re.compile(r"\n+|(?<=[.!?…])\s+(?=[A-ZА-ЯЁ0-9•\-–«\"(])")
_ADDRESS = re.compile(r"://|\bwww\.|!\[|\]\(|\b(?:javascript|data|mailto):|<\w+[^>]*(?:src|href)\s*=", re.IGNORECASE)
_BULLET = re.compile(r"^[•▪◦●■*–—-]\s+")
_FULL_LINE, _LONG_LINE = 0.75, 35
_CODE = re.compile(r"[;{}]|\w\(|\w = |^\s*(?:def|class|import|from|for|if|return)\b|#")
_LETTERS = re.compile(r"[^\W\d_]")
_CUES = {
    Asked.DEFINITION: r"\s[–—-]\s(?:это\s)?|\bэто\b|называ\w+|определ\w+|"
    r"\bis (?:an?|the)\b|\bare\b|\bdefin\w+|\bcalled\b|\bmeans\b",
    Asked.REASON: r"чтобы|потому|поэтому|так как|поскольку|из-за|позволя\w+|помога\w+|проблем\w+|нужн\w+|бор\w+|"
    r"\bbecause\b|\bso that\b|\bsince\b|\btherefore\b|\ballow\w*|\bhelp\w*|\bprevent\w*|\bproblem\w*|\bavoid\w*",
    Asked.STEPS: r"^\s*(?:\d+[.)]|•|шаг \d)|сначала|затем|потом|далее|нужно|надо|можно|"
    r"\bfirst\b|\bthen\b|\bnext\b|\bstep\b|\buse\b",
    Asked.PERSON: r"\b(?:19|20)\d\d\b|\b[A-ZА-ЯЁ][a-zа-яё]+(?:\s+[A-ZА-ЯЁ][a-zа-яё]+|\s+et al)",
    Asked.FACT: r"\d|\s[–—-]\s|=|:",
    Asked.NOTHING: r"(?!)",
}
_PATTERNS = {
    asked: re.compile(pattern, 0 if asked is Asked.PERSON else re.IGNORECASE) for asked, pattern in _CUES.items()
}


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or a line of a passage, `[start, end)` of its text."""

    hit: Hit
    rank: int
    place: int
    text: str


def extract_answer(
    index: SearchIndex, query: str, asked: Asked, hits: Sequence[Hit], weights: dict[str, float]
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    """At most four sentences of the best hits, each with its citation; none if no hit has one.

    `weights` are the terms of the query in all its readings, by how much they say.
    """
    chosen_hits = [hit for hit in hits if hit.twin_of is None and _says_something(hit.passage)][:_PASSAGES]
    units = [unit for rank, hit in enumerate(chosen_hits) for unit in _units(hit, rank)]
    if not units:
        return (), ()
    scores = _scores(index, query, asked, units, weights)
    best_of_hit: dict[int, int] = {}
    for i in np.argsort(-scores, kind="stable").tolist():
        best_of_hit.setdefault(units[i].rank, i)
    # one sentence of each page first: what two pages say is better vouched for than what one says twice
    order = sorted(best_of_hit.values(), key=lambda i: -scores[i])
    taken = [i for i in order if scores[i] >= _MIN_OF_BEST * scores[order[0]]][:_MAX_SENTENCES]
    texts: dict[str, _Unit] = {}
    for i in taken:
        texts.setdefault(_plain(units[i].text), units[i])
    citations = tuple(Citation(n, _BULLET.sub("", unit.text), unit.hit) for n, unit in enumerate(texts.values(), 1))
    return tuple(Sentence(" ".join(c.quote.split()), (c.number,)) for c in citations), citations


def _says_something(passage: IndexedPassage) -> bool:
    return passage.kind is not Kind.PROGRAMME and not is_outline(passage)


def best_quote(hit: Hit, sentence: str, weights: dict[str, float]) -> str:
    """The line of a passage that is most like a sentence: what a click on its citation shows; empty if it has none."""
    units = _units(hit, 0)
    if not units:
        return ""
    wanted = {word.casefold() for word in re.findall(r"\w{3,}", sentence)}

    def likeness(unit: _Unit) -> float:
        own = {word.casefold() for word in re.findall(r"\w{3,}", unit.text)}
        return len(own & wanted) + 0.1 * sum(weights[token.term] for token in find_terms(unit.text, weights))

    return _BULLET.sub("", max(units, key=likeness).text)


def holds_link(text: str) -> bool:
    """Whether a text holds an address or a picture: what a slide links to is not ours to pass on."""
    return _ADDRESS.search(text) is not None


def _units(hit: Hit, rank: int) -> list[_Unit]:
    """Sentences and lines of a passage; its title is none of them unless there is nothing else."""
    passage = hit.passage
    title = _plain(passage.title)
    skip = len(passage.title) if passage.title and passage.text.startswith(passage.title) else 0
    found: list[_Unit] = []
    for start, end in _spans(passage.text, skip):
        text = passage.text[start:end].strip()
        if len(text) > _MAX_CHARS:
            text = text[: text.rfind(" ", 0, _MAX_CHARS) if " " in text[:_MAX_CHARS] else _MAX_CHARS]
        worded = len(text) >= _MIN_CHARS and len(_LETTERS.findall(text)) >= 0.4 * len(text)
        if worded and _plain(text) != title and not holds_link(text):
            found.append(_Unit(hit, rank, len(found), text))
    if not found and passage.title and not holds_link(passage.title):
        found.append(_Unit(hit, rank, 0, passage.title))
    return found


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _spans(text: str, skip: int) -> Iterator[tuple[int, int]]:
    """`[start, end)` of sentences and lines; a line that was only too long for its slide goes on in the next."""
    longest = max((len(line) for line in text[skip:].split("\n")), default=0)
    start = skip
    for match in _BREAK.finditer(text, skip):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        goes_on = text[match.end() : match.end() + 1].islower() and len(line) >= max(_FULL_LINE * longest, _LONG_LINE)
        if "\n" in match.group() and goes_on:
            continue
        yield start, match.start()
        start = match.end()
    yield start, len(text)


def _scores(
    index: SearchIndex, query: str, asked: Asked, units: Sequence[_Unit], weights: dict[str, float]
) -> NDArray[np.float64]:
    """How well each unit answers: where it stands, what words of the question it and its title hold, what it means, and
    whether it is put as such an answer is put."""
    total = sum(weights.values()) or 1.0
    top = max(unit.hit.score for unit in units) or 1.0
    similar = index.similarities(query, [unit.text for unit in units], [unit.hit.passage for unit in units])
    scores = np.zeros(len(units))
    for i, unit in enumerate(units):
        language = latin_language(unit.hit.passage)
        own = {token.term for token in find_terms(unit.text, weights, language)}
        titled = {token.term for token in find_terms(unit.hit.passage.title, weights, language)}
        held = sum(weights[term] for term in own) + 0.5 * sum(weights[term] for term in titled - own)
        scores[i] = (
            _HIT_SHARE * unit.hit.score / top
            + _WORDS_SHARE * min(1.0, 2 * held / total)
            + _MEANING_SHARE * similar[i]
            + _CUE_SHARE * bool(_PATTERNS[asked].search(unit.text))
            + _EARLY_SHARE / (1 + unit.place)
            - _CODE_LOSS * (asked in _IN_WORDS and bool(_CODE.search(unit.text)))
            + _NEWS_SHARE * min(1.0, (len(words(unit.text)) - len(own)) / _NEWS_WORDS)
        )
    return scores

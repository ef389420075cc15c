"""Query and its best matches → how far the course covers it: explained, mentioned, listed, absent.

One number, the evidence, is a logistic model of five signs that can be read off: how much of the query one passage
holds, how near the nearest passage and the ten nearest are in meaning, how far the words that the course knows are
words of the subject and not of everyday language, and whether a title is what was asked. Fitted on development
questions and on off-topic ones; benchmarks/coverage.py prints how well it holds by kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.search.ranking import TITLE_SHARE, Ranked
from index.search.scope import Scope
from index.search.words import WordScores
from index.text.analysis import STOP_WEIGHT, fold, strip_accents
from index.text.language import ORDINARY_ZIPF, STEMMERS, telltale_words, zipf
from index.types import TYPED, Coverage, Phrase, Word

# said, meant, near, subject, title, and the constant: rounded coefficients of the fit.
_WEIGHTS = (0.7, 3.8, 8.0, 5.9, 3.2)
_CONSTANT = -7.6
# Below the first a question is off the subject; above the second it is surely answered. Between lies what is mentioned.
_ABSENT_BELOW, _EXPLAINED_FROM = -0.75, 1.75
_FOREIGN_DOUBT = 3.0
_WITHOUT_VECTORS = 0.45  # a similarity that is neither for nor against, where there is no embedder
_NEAREST = 10
# Words this common on the Zipf scale say nothing of a subject; this rare, all.
_EVERYDAY_ZIPF, _SUBJECT_ZIPF = 5.5, 3.0
_LISTED_FROM, _MIN_SAID = 0.75, 0.6
_SPOKEN_SHARE, _SPOKEN_WORDS = 0.02, 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signs of coverage, each from 0 to 1: `said` and `promised` are the most of the query that one passage or one
    programme holds, `meant` and `near` the similarity of the nearest and of the ten nearest, `subject` the share of
    the query that is known and belongs to the subject, `title` how far a title is what was asked. `foreign` is the
    share of the query in a language that the searched passages are not in."""

    said: float
    promised: float
    meant: float
    near: float
    subject: float
    title: float
    foreign: float

    @property
    def total(self) -> float:
        """The log-odds that the course answers the question."""
        signs = (self.said, self.meant, self.near, self.subject, self.title)
        return _CONSTANT + sum(weight * sign for weight, sign in zip(_WEIGHTS, signs, strict=True))


def judge_coverage(evidence: Evidence | None) -> Coverage:
    """What the evidence says; None stands for nothing found at all."""
    if evidence is None:
        return Coverage.ABSENT
    promised = evidence.promised >= _LISTED_FROM and evidence.promised > evidence.said
    if promised and evidence.said < _MIN_SAID:
        return Coverage.LISTED
    # the more of a question is in a language that the course does not speak, the less its absence says
    if evidence.total < _ABSENT_BELOW - _FOREIGN_DOUBT * evidence.foreign:
        return Coverage.ABSENT
    return Coverage.EXPLAINED if evidence.total >= _EXPLAINED_FROM else Coverage.MENTIONED


def gather_evidence(words: WordScores, ranked: Ranked, scope: Scope, *, vectors: bool) -> Evidence | None:
    """The evidence of a search, from its candidates."""
    if len(ranked.rows) == 0:
        return None
    programme = scope.generation.programme
    material = ~programme[ranked.rows]
    similar = np.sort(ranked.similarity[material])[::-1][:_NEAREST]
    titles = ranked.title[material][:5]
    subject, foreign = _subject_share(words.phrases, scope)
    heard = 1 / max(1 - foreign, 0.1)
    return Evidence(
        said=min(1.0, heard * words.most_matched(~programme)),
        promised=min(1.0, heard * words.most_matched(programme)),
        meant=float(similar[0]) if vectors and len(similar) else _WITHOUT_VECTORS,
        near=float(similar.mean()) if vectors and len(similar) else 0.8 * _WITHOUT_VECTORS,
        subject=subject,
        title=float(titles.max()) / TITLE_SHARE if len(titles) else 0.0,
        foreign=foreign,
    )


def _subject_share(phrases: Sequence[Phrase], scope: Scope) -> tuple[float, float]:
    """(share of the query's importance that is known and of the subject, share of words of a language that the searched
    passages are not in). The latter say nothing for or against: nobody writes them there."""
    known = total = foreign = 0.0
    spoken: dict[str, bool] = {}
    for phrase in phrases:
        term = any(scope.knows(reading) for reading in phrase.readings)
        for word in phrase.words:
            if word.weight <= STOP_WEIGHT:
                continue
            importance = scope.importance(word)
            trust = 1.0 if term else _trust(word, scope)
            if trust == 0.0 and not _is_spoken(word, scope, spoken):
                foreign += importance
                continue
            total += importance
            # words that are a term together are of the subject, however common each is
            of_subject = 1.0 if term and len(phrase.words) > 1 else _subject_weight(word.text)
            known += importance * trust * of_subject
    if not total:
        return 0.5, 1.0
    return known / total, foreign / (total + foreign)


def _trust(word: Word, scope: Scope) -> float:
    """1 for a word that is there as typed, its best reading's weight for one that is there otherwise, else 0."""
    known = [reading for reading in word.readings if scope.knows(reading)]
    if any(reading.reason in TYPED for reading in known):
        return 1.0
    return max((reading.weight for reading in known), default=0.0)


def _subject_weight(word: str) -> float:
    folded = fold(word)
    common = max(zipf(folded, "ru"), zipf(folded, "en"))
    return min(1.0, max(0.0, (_EVERYDAY_ZIPF - common) / (_EVERYDAY_ZIPF - _SUBJECT_ZIPF)))


def _is_spoken(word: Word, scope: Scope, spoken: dict[str, bool]) -> bool:
    """Whether the searched passages are in a language that an unknown word belongs to; jargon belongs to all."""
    folded = fold(word.text)
    if any("а" <= letter <= "я" for letter in folded):
        languages = ["ru"]
    elif folded != strip_accents(folded):
        languages = [language for language in STEMMERS if language not in {"en", "ru"}]
    else:
        languages = [language for language in STEMMERS if zipf(folded, language) >= ORDINARY_ZIPF]
    for language in languages:
        if language not in spoken:
            shares = [scope.frequency(word) >= _SPOKEN_SHARE * scope.size for word in telltale_words(language)]
            spoken[language] = sum(shares) >= _SPOKEN_WORDS
    return not languages or any(spoken[language] for language in languages)

"""Query and its best matches → how far the course covers it: explained, mentioned, listed, absent.

One number, the evidence, is a logistic model of signs that can be read off (SIGNS): how much more the course says the
words of the query than everyday language does, what of the query it lacks, how much of it one passage holds, how near
the nearest passages are in meaning. Fitted on what courses say themselves and on general lists, on nobody's questions
(training/coverage.py); benchmarks/coverage.py prints how well it holds by course and kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from index.engine.glossary import GeneralGlossary
from index.search.asked import words_of_term
from index.search.beside import is_one_name
from index.search.compared import others_named
from index.search.named import (
    joined_unmet,
    letters_unmet,
    share_strange,
    share_unmet,
    signs_unmet,
    strangers,
    subject_of,
    unmet_names,
)
from index.search.ranking import TITLE_SHARE, Ranked
from index.search.scope import Scope
from index.search.subject import (
    Sign,
    read_signs,
    said_together,
    share_apart,
    share_missing,
    shares_of,
    unknown_words,
)
from index.search.weighed import Weighed
from index.text.analysis import STOP_WEIGHT
from index.types import Coverage, Phrase, Word

# The signs by which a question is known to be off the subject, with their coefficients: training/coverage.py.
_WEIGHTS = {
    "keyness": 11.7,
    "lacking": -2.1,
    "missing": -17.4,
    "apart": -7.2,
    "together": 2.1,
    "near": 1.0,
    "title": 4.6,
}
_CONSTANT = -1.6  # one in 100 of what courses explain lies below 0, 7 in 100 of what they do not above
_EXPLAINED_FROM = 2.7  # below it, and above 0, lies what is only mentioned
SIGNS = tuple(_WEIGHTS)
_LACKING_MUCH = 0.25
_STRANGE, _UNMET = 0.3, 0.25  # of a question that names something else (`strange`, `unmet`)
_WITHOUT_VECTORS = 0.36  # a similarity that is neither for nor against, where there is no embedder
# What is this much nearer than chance describes in everyday words what the course explains: nothing else is so near
# (docs/ranking.md). No course says such descriptions of itself, so that this is no part of what was fitted.
_CLOSE = 8.0
# By how much a cosine of the encoder above or below what is usual counts (`Opinion.resemblance`): chosen on one half of
# the questions of docs/encoder.md, confirmed on the other.
_RESEMBLES = 20.0
# How much more it counts for what is asked in other letters than those of the passages, since words that were
# translated say less than words that were typed (docs/ranking.md).
_RESEMBLES_ACROSS = 15.0
# A passage that resembles the question so much begins to mean it, or surely does, though words of it stand apart or are
# not there at all.
_ALIKE, _SURELY_ALIKE = 0.05, 0.1
# In everyday words it describes what the course may explain, though few of them are the course's own: for how surely
# it is a question for lectures and passages are near (`Opinion.fitting`), where no term is asked for by its name.
_FITS = 2.5
_OUTSIDE = 2.0  # for how surely no lecture answers it (`Opinion.outside`), in the same way
_NEAREST = 10
_READ = 5  # of the best passages: those that are shown anyway
# What a slide says in the other language counts .6 of the words: below the second only the programme says it.
_LISTED_FROM, _MIN_SAID = 0.75, 0.45


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signs of coverage, each from 0 to 1.

    `said` and `promised` are the most of the query that one passage or one programme holds, `together` how much of it
    one of the best passages says in one breath, `near` the similarity of the ten nearest, `title` how far a title is
    what was asked. `keyness` is how far the query's words are the course's own rather than everyday language's,
    `lacking` how much of it are names of something that the course does not know, `missing` how much of a query for
    one term are words that the course does not know, `apart` how much of it are words of a term that the course says
    but never together, `foreign` the share in a language that the searched passages are not in, `strange` the share
    that names something which the course has by none of its names (`named`), `resemblance` how much nearer the nearest
    passage is to the encoder than what says nothing (None without one), `outside` how surely it takes the question for
    one of daily life or of how studies are run (0 to 2.5), `fitting` how surely it is none of these and passages are
    near to it (0 where a term is asked for), `unmet` the share of what seems to be names that nobody here says (0
    without an encoder, which tells whether they only set the scene). `verbatim` is whether a passage says the term of
    several words that is surely asked for. `unknown` are the words and names that the course does not know.
    """

    said: float
    promised: float
    near: float
    keyness: float
    lacking: float
    missing: float
    apart: float
    together: float
    title: float
    foreign: float
    across: float = 0.0
    strange: float = 0.0
    resemblance: float | None = None
    outside: float = 0.0
    fitting: float = 0.0
    unmet: float = 0.0
    verbatim: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def signs(self) -> tuple[float, ...]:
        """Their values in the order of SIGNS."""
        return tuple(getattr(self, name) for name in SIGNS)

    @property
    def names_another_thing(self) -> bool:
        """Whether what is asked for is named, and not there, whatever is there beside it."""
        return self.strange >= _STRANGE or self.unmet >= _UNMET

    @property
    def resembles(self) -> float:
        """What the nearest passage to the encoder adds to the log-odds."""
        return (_RESEMBLES + _RESEMBLES_ACROSS * self.across) * (self.resemblance or 0.0)

    @property
    def total(self) -> float:
        """The log-odds that the course answers the question."""
        signs = sum(weight * sign for weight, sign in zip(_WEIGHTS.values(), self.signs, strict=True))
        meant = _CLOSE * max(0.0, self.near - _WITHOUT_VECTORS) + self.resembles
        return _CONSTANT + signs + meant + _FITS * self.fitting - _OUTSIDE * self.outside

    @property
    def on_subject(self) -> float:
        """The same, 0 where another thing is named."""
        return 0.0 if self.names_another_thing else self.total


def judge_coverage(evidence: Evidence | None) -> Coverage:
    """What the evidence says; None stands for nothing found at all."""
    if evidence is None:
        return Coverage.ABSENT
    promised = evidence.promised >= _LISTED_FROM and evidence.promised > evidence.said
    if promised and evidence.said < _MIN_SAID:
        return Coverage.LISTED
    if evidence.total < 0 or evidence.names_another_thing:
        return Coverage.MENTIONED if evidence.verbatim else Coverage.ABSENT
    # what names something that the course does not know is not all explained
    lacks = evidence.lacking >= _LACKING_MUCH or evidence.strange > 0
    # what only resembles the question is not surely what was asked
    sure = evidence.total - max(0.0, evidence.resembles) - _FITS * evidence.fitting
    explained = sure >= _EXPLAINED_FROM and not lacks
    return Coverage.EXPLAINED if explained else Coverage.MENTIONED


@dataclass(frozen=True, slots=True)
class Said:
    """What a question says by its words alone, whatever is found: the words of the term that it surely asks for, those
    of its subject, a sign for each that says something, and the names among them that are not there; with the
    glossaries and the languages of Latin words by which that was read."""

    glossaries: Sequence[GeneralGlossary]
    languages: tuple[str, ...]
    asked: tuple[Word, ...]
    subject: Sequence[Word]
    signs: Sequence[Sign]
    strange: Sequence[tuple[Word, ...]]


def read_question(phrases: Sequence[Phrase], scope: Scope, glossaries: Sequence[GeneralGlossary]) -> Said:
    """What the words of a question say, `glossaries` of names included."""
    languages = _latin_languages(scope)
    asked = words_of_term(phrases)
    subject = subject_of(phrases, asked)
    signs = read_signs(phrases, asked, scope, languages)
    strange = strangers(subject, scope, glossaries, languages[0])
    return Said(glossaries, languages, asked, subject, signs, strange)


def gather_evidence(
    text: str,
    said: Said,
    words: Weighed,
    ranked: Ranked,
    scope: Scope,
    *,
    vectors: bool,
    resemblance: float | None = None,
    outside: float = 0.0,
    fitting: float = 0.0,
) -> Evidence | None:
    """The evidence of a search for a text, from what it says and its candidates; `resemblance` is what the encoder
    says of these (None: nothing), `outside` what it says of the question, `fitting` what of both."""
    if len(ranked.rows) == 0:
        return None
    material = ~scope.generation.programme[ranked.rows]
    similar = np.sort(ranked.similarity[material])[::-1][:_NEAREST]
    signs = said.signs
    # of a term that is surely asked for the name is no wording
    sure = bool(said.asked) or any(sign.bare for sign in signs)
    nearness = float(similar.mean()) if vectors and len(similar) else _WITHOUT_VECTORS
    shares = shares_of(signs, nearness)
    heard = 1 / max(1 - shares.foreign, 0.1)
    letters = (*letters_unmet(text, scope, ranked.rows[material].tolist()), *signs_unmet(words.phrases, scope))
    meant = min(1.0, max(0.0, ((resemblance or 0.0) - _ALIKE) / (_SURELY_ALIKE - _ALIKE)))
    others = others_named(words.phrases, signs, scope, said.glossaries, said.languages, meant)
    others = (*joined_unmet(text, signs, scope, meant), *others)
    return Evidence(
        said=min(1.0, heard * words.most_matched(programme=False)),
        promised=min(1.0, heard * words.most_matched(programme=True)),
        near=nearness,
        keyness=shares.keyness,
        lacking=shares.lacking,
        missing=share_missing(signs, scope, meant),
        apart=share_apart(signs, scope, meant),
        together=said_together(signs, scope.generation.passages(ranked.rows[material][:_READ].tolist())),
        title=_most(ranked.title[material][:5]) / TITLE_SHARE,
        foreign=shares.foreign,
        # a name is short: that no passage resembles it says less than that one does
        across=0.0 if sure and (resemblance or 0.0) < 0 else shares.across,
        strange=share_strange(said.strange, said.subject, scope, 0.0 if sure else meant),
        resemblance=resemblance,
        outside=outside,
        fitting=0.0 if sure else fitting,
        unmet=1.0 if letters or others else 0.0 if resemblance is None else share_unmet(signs, meant),
        verbatim=not letters and _is_verbatim(said.asked, scope),
        unknown=_unknown(letters, others, signs, said.strange),
    )


def _most(shares: NDArray[np.float32]) -> float:
    return float(shares.max()) if len(shares) else 0.0


def _is_verbatim(asked: Sequence[Word], scope: Scope) -> bool:
    """Whether the words of a term are said beside each other; one word alone may be said by chance."""
    own = [word.readings[0].terms[0][0] for word in asked if word.weight > STOP_WEIGHT]
    if len(own) < 2 or any(scope.frequency(term) == 0 for term in own):
        return False
    return all(one == other or is_one_name(one, other, scope) for one, other in pairwise(own))


def _unknown(
    letters: Sequence[str], others: Sequence[str], signs: Sequence[Sign], strange: Sequence[Sequence[Word]]
) -> tuple[str, ...]:
    """Names that are not there as a whole, and words of no such name that are not there."""
    names = [" ".join(word.text for word in name) for name in strange]
    inside = {word for name in (*names, *others) for word in name.split()}
    words = dict.fromkeys((*unknown_words(signs), *unmet_names(signs)))
    return tuple(dict.fromkeys((*letters, *names, *others, *(word for word in words if word not in inside))))


def _latin_languages(scope: Scope) -> tuple[str, ...]:
    """The languages of the Latin words of a scope."""
    shards = (scope.generation.shards[number] for number in scope.shards)
    return tuple(dict.fromkeys(["en", *(own for shard in shards for own in shard.manifest.languages)]))

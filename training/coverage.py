"""Courses → the coefficients of coverage: python -m training.coverage [--course SLUG …], with LECTURES_DATA_DIR.

No questions of students are used. Answered are what a course surely explains: its titles, the terms that it writes in
two ways, its sentences with words left out, put as people ask. Not answered are questions of everyday life and of how
courses are run, names of things that its texts do not have (coverage_negatives.tsv, the bundled glossary), and the
titles of the other courses. Printed: the fit, and for each course how the fit on the others does on it.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from index.embed.models import load_embedder
from index.engine.generation import Generation
from index.library import Library
from index.search import coverage, search
from index.search.coverage import SIGNS, Evidence
from index.search.search import SearchIndex
from index.served import open_served
from index.text.analysis import is_stop_word, terms_of, words
from index.text.language import word_frequencies, zipf
from index.types import Coverage, Filters, IndexedPassage, Kind, Query
from service.settings import read_settings
from training.data import GLOSSARY

_NEGATIVES = Path(__file__).with_name("coverage_negatives.tsv")
_FRAMES = {
    "ru": (
        "{}", "{}", "что такое {}", "зачем нужен {}", "как работает {}", "не понимаю {}", "объясни простыми словами {}",
        "в чём смысл {}", "когда на практике применяют {}", "почему {} помогает", "какие бывают {}",
    ),
    "en": (
        "{}", "{}", "what is {}", "how does {} work", "why do we need {}", "explain {} to me in simple words",
        "I don't understand {}", "what is the point of {}", "when would you use {}", "difference between {} and others",
    ),
}  # fmt: skip
_EACH = 60  # examples of a kind and course
_RIDGE = 1.0
_TELLING_ZIPF = 4.7  # a word rarer than that is what somebody remembers of a page
_MOSTLY_FOREIGN = 0.34
_LOST = 0.03  # of the answered questions may be called absent


@dataclass(frozen=True, slots=True)
class Example:
    course: str
    kind: str
    query: str
    answered: bool


class Said:
    """What a course says: the words of its texts, and which of them stand near each other."""

    def __init__(self, passages: Sequence[IndexedPassage]) -> None:
        self.words: set[str] = set()
        self.pairs: set[frozenset[str]] = set()
        for passage in passages:
            own = _stems(f"{passage.title} {passage.text}")
            self.words.update(own)
            for gap in (1, 2, 3):
                self.pairs.update(map(frozenset, zip(own, own[gap:], strict=False)))

    def has(self, term: str) -> bool:
        """Whether a term is said: all its words, each near the next."""
        own = _stems(term)
        near = all(frozenset(pair) in self.pairs for pair in pairwise(own))
        return bool(own) and own[0] in self.words and near


def _stems(text: str) -> list[str]:
    return [terms_of(word)[0] for word in words(text) if not is_stop_word(word) and terms_of(word)]


def is_held_back(text: str) -> bool:
    """Whether a name is kept for measuring (benchmarks/coverage.py) and not fitted on."""
    return crc32(text.encode()) % 2 == 1


def answered_examples(slug: str, passages: Sequence[IndexedPassage], index: SearchIndex) -> Iterator[Example]:
    """What a course surely explains."""
    chance = random.Random(slug)  # noqa: S311  (the same examples every time)
    titles = [p.title for p in passages if p.kind is Kind.PAGE and 1 <= len(words(p.title)) <= 7]
    shard = index.generation.shard(slug)
    terms = [] if shard is None else [term.text for term in shard.terms.all()]
    sentences = [" ".join(cut) for p in passages if (cut := _cut(p.text, chance))]
    blurred = [" ".join(cut) for p in passages if (cut := _blurred(p.text, chance))]
    for kind, found in (("title", titles), ("term", terms), ("sentence", sentences), ("blurred", blurred)):
        distinct = sorted({text for text in found if len("".join(words(text))) > 3})
        for text in chance.sample(distinct, min(_EACH, len(distinct))):
            yield Example(slug, kind, text if kind in {"sentence", "blurred"} else _asked(text, chance), answered=True)


def _cut(text: str, chance: random.Random) -> list[str]:
    """Four to eight words of a text that stand together, less one: what somebody remembers of it."""
    said = [word for word in words(text) if len(word) > 1]
    own = [word for word in said if not is_stop_word(word)]
    if len(own) < 8:
        return []
    start = chance.randrange(len(own) - 7)
    cut = own[start : start + chance.randint(3, 6)]
    cut.pop(chance.randrange(len(cut)))
    return cut


def _blurred(text: str, chance: random.Random) -> list[str]:
    """Three words of a text from anywhere in it, with one of everyday language: as somebody says it who does not know
    what it is called."""
    russian = sum("а" <= letter <= "я" for letter in text.lower()) * 2 > len(text) // 2
    telling = (word for word in words(text) if len(word) > 3 and word.isalpha() and not is_stop_word(word))
    own = sorted({word for word in telling if zipf(word.lower(), "ru" if russian else "en") < _TELLING_ZIPF})
    if len(own) < 8:
        return []
    said = [*chance.sample(own, 3), chance.choice(_everyday_words("ru" if russian else "en"))]
    chance.shuffle(said)
    return said


@lru_cache(maxsize=2)
def _everyday_words(language: str) -> tuple[str, ...]:
    found = [word for word in word_frequencies(language) if len(word) > 3 and word.isalpha() and not is_stop_word(word)]
    return tuple(sorted(word for word in found if 3.5 <= zipf(word, language) <= 5.0))


def _asked(text: str, chance: random.Random) -> str:
    russian = any("а" <= letter <= "я" for letter in text.lower())
    return chance.choice(_FRAMES["ru" if russian else "en"]).format(text)


def unknown_terms(slug: str, said: Said, *, held_back: bool) -> Iterator[Example]:
    """Names of things that a course's texts do not have, under any of their names."""
    chance = random.Random(slug)  # noqa: S311  (the same examples every time)
    names: list[tuple[str, ...]] = [(line.split("\t")[1],) for line in _lines(_NEGATIVES) if line.startswith("term\t")]
    names += [tuple(name for side in line.split("\t") for name in side.split("|")) for line in _lines(GLOSSARY)]
    lacking = [
        same for same in names if is_held_back(same[0]) == held_back and not any(said.has(name) for name in same)
    ]
    for same in chance.sample(lacking, min(2 * _EACH, len(lacking))):
        yield Example(slug, "unknown term", _asked(chance.choice(same), chance), answered=False)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]


def absent_examples(slug: str, said: Said, others: Sequence[str]) -> Iterator[Example]:
    """What a course surely does not answer."""
    chance = random.Random(slug)  # noqa: S311  (the same examples every time)
    lines = [line.split("\t") for line in _lines(_NEGATIVES)]
    for kind in ("everyday", "organisation"):
        yield from (Example(slug, kind, text, answered=False) for own, text in lines if own == kind)
    yield from unknown_terms(slug, said, held_back=False)
    foreign = [title for title in others if not said.has(title) and any(s not in said.words for s in _stems(title))]
    for title in chance.sample(foreign, min(_EACH, len(foreign))):
        yield Example(slug, "other course", _asked(title, chance), answered=False)


def examples_of(index: SearchIndex, slugs: Sequence[str]) -> list[Example]:
    """The examples of every course."""
    own = {slug: passages_of(index.generation, slug) for slug in slugs}
    titles = {
        slug: sorted({p.title for p in found if p.kind is Kind.PAGE and 1 <= len(words(p.title)) <= 5})
        for slug, found in own.items()
    }
    made: list[Example] = []
    for slug, passages in own.items():
        said = Said(passages)
        others = [title for other in slugs if other != slug for title in titles[other]]
        made += [*answered_examples(slug, passages, index), *absent_examples(slug, said, others)]
    return made


def passages_of(generation: Generation, slug: str) -> list[IndexedPassage]:
    number = generation.number_of[slug]
    return generation.passages(list(range(int(generation.starts[number]), int(generation.starts[number + 1]))))


def evidence_of(index: SearchIndex, query: str, course: str) -> Evidence | None:
    """The evidence of one question."""
    seen: list[Evidence | None] = [None]

    def judge(evidence: Evidence | None) -> Coverage:
        seen.append(evidence)
        return coverage.judge_coverage(evidence)

    with patch.object(search, "judge_coverage", judge):
        index.find(Query(query, Filters(course=course)))
    return seen[-1]


def fit(
    signs: NDArray[np.float64], wanted: NDArray[np.float64], weights: NDArray[np.float64], ridge: float = _RIDGE
) -> NDArray[np.float64]:
    """Coefficients of the signs and the constant: a logistic regression by Newton's method, held by a ridge."""
    spread = signs.std(axis=0) + 1e-9
    matrix = np.column_stack([signs / spread, np.ones(len(signs))])
    held = ridge * np.diag([1.0] * signs.shape[1] + [0.0])
    found = np.zeros(matrix.shape[1])
    for _ in range(50):
        likely = 1 / (1 + np.exp(-np.clip(matrix @ found, -30, 30)))
        slope = matrix.T @ (weights * (likely - wanted)) + held @ found
        curve = (matrix.T * (weights * likely * (1 - likely))) @ matrix + held
        found -= np.linalg.solve(curve, slope)
    result: NDArray[np.float64] = found / np.append(spread, 1.0)
    return result


def weights_of(examples: Sequence[Example]) -> NDArray[np.float64]:
    """Every kind of every course weighs the same; answered and not answered together weigh the same."""
    keys = [(example.course, example.kind) for example in examples]
    counts = {key: keys.count(key) for key in set(keys)}
    raw = np.array([1 / counts[key] for key in keys])
    wanted = np.array([example.answered for example in examples])
    raw[wanted] /= raw[wanted].sum()
    raw[~wanted] /= raw[~wanted].sum()
    scaled: NDArray[np.float64] = raw * len(examples) / 2
    return scaled


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--course", action="append", default=[])
    options = parser.parse_args()
    settings = read_settings()
    library = Library(settings.resolved_database_url, settings.data_dir)
    embedder = load_embedder(settings.embedder)
    index = SearchIndex(open_served(library, embedder)[0], embedder)
    library.close()
    examples = examples_of(index, options.course or sorted(index.generation.number_of))
    gathered = [(example, evidence_of(index, example.query, example.course)) for example in examples]
    report([example for example, _ in gathered], [evidence for _, evidence in gathered])


def report(examples: Sequence[Example], evidence: Sequence[Evidence | None]) -> None:
    """Print the fit on all courses, and how the fit without each course does on it. Questions in a language that a
    course does not speak are judged, not learned from: they are never asked of what it explains."""
    learned = [i for i, found in enumerate(evidence) if found is not None and found.foreign < _MOSTLY_FOREIGN]
    some = [examples[i] for i in learned]
    signs = np.array([found.signs for i in learned if (found := evidence[i]) is not None])
    wanted, weights = np.array([float(example.answered) for example in some]), weights_of(some)
    whole = fit(signs, wanted, weights)
    print("  ".join(f"{name} {value:.2f}" for name, value in zip((*SIGNS, "constant"), whole, strict=True)))
    courses = np.array([example.course for example in some])
    held: dict[str, NDArray[np.float64]] = {}
    for course in sorted({example.course for example in examples}):
        others = courses != course
        if not others.any():
            raise SystemExit("How the fit does on a course that it was not made from needs a second course.")
        held[course] = fit(signs[others], wanted[others], weights[others])
    odds = [
        -np.inf if found is None else float(np.dot((*found.signs, 1.0), held[example.course]))
        for example, found in zip(examples, evidence, strict=True)
    ]
    least = float(np.quantile([odd for odd, example in zip(odds, examples, strict=True) if example.answered], _LOST))
    print(
        f"absent below {least:.2f}, where {_LOST:.0%} of what is answered is lost; each course by the fit on the others"
    )
    shares: dict[tuple[str, str], list[bool]] = {}
    for odd, example in zip(odds, examples, strict=True):
        shares.setdefault((example.course, example.kind), []).append(odd < least)
    for (course, kind), absent in shares.items():
        print(f"{course:24} {kind:14} {len(absent):4}   called absent {np.mean(absent):.2f}")


if __name__ == "__main__":
    main()

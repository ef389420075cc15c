"""Pages of a lecture's decks + cues of its videos → when each page is discussed, and how sure that is.

From the words alone: no picture of the video is looked at, so "discussed" is meant, not "shown". A hidden Markov model
over bins of five seconds whose states are the pages. Emissions are a mixture of a page's words and the lecture's own
background; pages mostly follow one another. Constants and figures: docs/alignment.md.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.text.analysis import fold, is_stop_word, latin, one_script, stem, words
from index.types import Page, PageMoment, PageSpan
from ingest.captions import Cue

# Part of an alignment's identity: change it when the same pages and cues would give other spans.
ALIGNER = "align-2"

Array = NDArray[np.float64]

_BIN_SECONDS = 5.0
_MIX = 0.1  # how much of what is said on a page comes from its words; more lets single words decide
_SHRINK = 10.0  # pages of few words say less
_TEMPERATURE = 0.6  # words that follow one another are not independent
_FLOOR = -4.0  # one bin never rules a page out
_DRIFT = 2.0  # the middle of a talk is rather in the middle of its pages
_NEXT, _SKIP, _BACK, _ANYWHERE = 0.987, 0.01, 0.002, 0.001
_DECAY = 0.2
_END = 5.0  # a talk rather ends near its last page; the recording may be of its first part only
_BY_PLACE = 0.3  # the most that is believed of a page without words
# Tables of pages by pages and of bins by pages are worked out: at these limits half a gigabyte and some minutes.
_MAX_PAGES, _MAX_CELLS = 3_000, 10_000_000
_SURE = 0.9  # a run is cut where its bins are this sure: neighbouring pages blur into each other


def is_too_long(pages: int, seconds: float) -> bool:
    """Whether a lecture has more pages, or pages and hours of speech, than are set against each other."""
    return pages > _MAX_PAGES or pages * seconds / _BIN_SECONDS > _MAX_CELLS


def align(
    decks: Sequence[tuple[str, Sequence[Page]]],
    videos: Sequence[tuple[str, Sequence[Cue]]],
    language: str = "en",
) -> tuple[tuple[PageSpan, ...], tuple[PageMoment, ...]]:
    """When each page is discussed. `decks` are (path, pages), `videos` (name, cues), both in the order of the lecture.

    Several videos are taken as one talk, several decks as one deck. Pages without text are placed between their
    neighbours, with a confidence that is never shown.
    """
    pages = [(path, page) for path, some in decks for page in some]
    spoken = [(name, cues) for name, cues in videos if cues]
    if not spoken or not pages:
        return (), ()
    bags = [_page_words(page, language) for _, page in pages]
    bins, first_bins = _spoken_words([cues for _, cues in spoken], language)
    posterior = _posterior(_emissions(bags, bins), len(pages), len(bins))
    silent = np.array([not bag for bag in bags])
    spans: list[PageSpan] = []
    best: dict[int, PageMoment] = {}
    for (name, cues), start, end in zip(spoken, first_bins, [*first_bins[1:], len(bins)], strict=True):
        part = posterior[start:end]
        duration = cues[-1].end_seconds
        spans += _spans(name, pages, part, duration, silent)
        for moment_of, moment in _moments(name, pages, part, duration, silent):
            if moment_of not in best or moment.confidence > best[moment_of].confidence:
                best[moment_of] = moment
    return tuple(spans), tuple(best[page] for page in sorted(best))


# --- words -----------------------------------------------------------------------------------------------


def _terms(text: str, language: str) -> list[str]:
    found = []
    for word in words(text):
        folded = one_script(fold(word))
        if len(folded) > 1 and not is_stop_word(folded):
            found.append(stem(folded, latin(language)))
    return found


def _page_words(page: Page, language: str) -> dict[str, float]:
    """Weight of each word: the root of how often it stands there, those of the title counted twice."""
    counts = Counter(_terms(page.text, language))
    counts.update(_terms(page.title, language))
    return {word: math.sqrt(count) for word, count in counts.items()}


def _spoken_words(videos: Sequence[Sequence[Cue]], language: str) -> tuple[list[Counter[str]], list[int]]:
    """Words by bin over all videos, and each video's first bin. A cue's words are spread over its time."""
    bins: list[Counter[str]] = []
    first_bins = []
    for cues in videos:
        first = len(bins)
        first_bins.append(first)
        bins += [Counter() for _ in range(int(cues[-1].end_seconds // _BIN_SECONDS) + 1)]
        for cue in cues:
            spoken = _terms(cue.text, language)
            length = cue.end_seconds - cue.start_seconds
            for position, word in enumerate(spoken):
                at = cue.start_seconds + length * (position + 0.5) / len(spoken)
                bins[min(first + int(at // _BIN_SECONDS), len(bins) - 1)][word] += 1
    return bins, first_bins


# --- the model -------------------------------------------------------------------------------------------


def _emissions(bags: Sequence[dict[str, float]], bins: Sequence[Counter[str]]) -> Array:
    """(T, J) log likelihoods of each bin's words on each page, relative to its best page."""
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(word for counts in bins for word in counts))}
    total = sum(sum(counts.values()) for counts in bins)
    spoken = np.zeros(len(vocabulary))
    for counts in bins:
        for word, count in counts.items():
            spoken[vocabulary[word]] += count
    background = (spoken + 0.5) / max(total, 1)
    lengths = np.array([sum(bag.values()) for bag in bags])
    share = _MIX * lengths / (lengths + _SHRINK)
    scores = np.tile(np.log1p(-share)[:, None], (1, len(vocabulary)))
    for j, bag in enumerate(bags):
        for word, weight in bag.items():
            i = vocabulary.get(word)
            if i is not None:
                scores[j, i] = math.log(1 - share[j] + share[j] * weight / lengths[j] / background[i])
    emitted = np.zeros((len(bins), len(bags)))
    for t, counts in enumerate(bins):
        if counts:
            columns = [vocabulary[word] for word in counts]
            emitted[t] = scores[:, columns] @ np.array(list(counts.values()), float)
    emitted *= _TEMPERATURE
    emitted = np.maximum(emitted - emitted.max(axis=1, keepdims=True), _FLOOR)
    time = (np.arange(len(bins)) + 0.5) / len(bins)
    place = (np.arange(len(bags)) + 0.5) / len(bags)
    drift: Array = emitted - _DRIFT * (time[:, None] - place[None, :]) ** 2
    return drift


def _transitions(pages: int, bins: int) -> Array:
    leave = 1 - math.exp(-pages / bins)
    step = np.arange(pages)[None, :] - np.arange(pages)[:, None]
    moves = np.full((pages, pages), _ANYWHERE / pages)
    moves += np.where(step == 1, _NEXT, 0.0)
    moves += np.where(step >= 2, _SKIP * (1 - _DECAY) * _DECAY ** np.clip(step - 2, 0, None), 0.0)
    moves += np.where(step <= -1, _BACK * (1 - _DECAY) * _DECAY ** np.clip(-step - 1, 0, None), 0.0)
    np.fill_diagonal(moves, 0.0)
    moves *= leave / np.maximum(moves.sum(axis=1, keepdims=True), 1e-12)
    np.fill_diagonal(moves, 1 - leave)
    return moves


def _posterior(emissions: Array, pages: int, bins: int) -> Array:
    """(T, J) rows that sum to 1: forward–backward with scaling (Rabiner 1989)."""
    moves = _transitions(pages, bins) if pages > 1 else np.ones((1, 1))
    likelihood = np.exp(emissions)
    forward = np.empty_like(likelihood)
    state = np.full(pages, 0.5 / max(pages - 1, 1))
    state[0] = 0.5
    for t in range(bins):
        state = (state if t == 0 else state @ moves) * likelihood[t]
        state /= state.sum()
        forward[t] = state
    backward = np.exp(-_END * (pages - 1 - np.arange(pages)) / pages)
    posterior = np.empty_like(forward)
    for t in range(bins - 1, -1, -1):
        posterior[t] = forward[t] * backward
        posterior[t] /= posterior[t].sum()
        backward = moves @ (likelihood[t] * backward)
        backward /= backward.max()
    return posterior


# --- reading it off --------------------------------------------------------------------------------------


def _spans(
    video: str, pages: Sequence[tuple[str, Page]], posterior: Array, duration: float, silent: NDArray[np.bool_]
) -> list[PageSpan]:
    """Runs of bins with the same likeliest page, sure and unsure ones apart; they end in the middle of a bin."""
    likeliest = posterior.argmax(axis=1)
    sure = posterior.max(axis=1) >= _SURE
    starts = [0, *(np.flatnonzero((np.diff(likeliest) != 0) | (sure[1:] != sure[:-1])) + 1)]
    spans = []
    for start, end in zip(starts, [*starts[1:], len(likeliest)], strict=True):
        j = int(likeliest[start])
        begin = 0.0 if start == 0 else start * _BIN_SECONDS + _BIN_SECONDS / 2
        finish = duration if end == len(likeliest) else min(end * _BIN_SECONDS + _BIN_SECONDS / 2, duration)
        if finish > begin:
            path, page = pages[j]
            confidence = float(posterior[start:end, j].mean())
            confidence = min(confidence, _BY_PLACE) if silent[j] else confidence
            spans.append(PageSpan(path, page.page_number, video, begin, finish, round(confidence, 4)))
    return spans


def _moments(
    video: str, pages: Sequence[tuple[str, Page]], posterior: Array, duration: float, silent: NDArray[np.bool_]
) -> list[tuple[int, PageMoment]]:
    """For each page the bin where it is likeliest."""
    peaks = posterior.argmax(axis=0)
    found = []
    for j, (path, page) in enumerate(pages):
        t = int(peaks[j])
        seconds = min((t + 0.5) * _BIN_SECONDS + _BIN_SECONDS / 2, duration)
        confidence = min(float(posterior[t, j]), _BY_PLACE) if silent[j] else float(posterior[t, j])
        found.append((j, PageMoment(path, page.page_number, video, seconds, round(confidence, 4))))
    return found

"""What each minute of speech says → what the minutes around it say together, word by word.

A lecturer names a subject once and goes on about it: how often a word falls in the minutes around says better than the
minute itself which lecture, and which part of it, is about it. Frequencies are summed before they are saturated; a word
that falls eleven times in eleven minutes says more than one that falls eleven times in one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.engine.postings import SATURATION_LIMIT

Floats = NDArray[np.float32]

# Minutes before and after, and what they say together beside what the minute says itself (docs/ranking.md).
REACH, _WINDOW_SHARE = 7, 0.7
_HALF = np.float32(SATURATION_LIMIT - 1)  # the frequency of which an impact is half of its limit
_NEARLY_FULL = np.float32(0.999 * SATURATION_LIMIT)


def around(scores: Sequence[Floats], worths: Sequence[float], joined: NDArray[np.bool_]) -> Floats:
    """(n,) the score of each minute with those around it.

    scores[p] is what phrase p, worth worths[p], gives to each minute; joined[i] says that minute i goes on with i - 1.
    """
    count = len(joined)
    places = np.arange(count)
    first = np.maximum.accumulate(np.where(joined, 0, places))
    last = np.minimum.accumulate(np.where(np.append(joined[1:], False), count, places)[::-1])[::-1]
    start, stop = np.maximum(places - REACH, first), np.minimum(places + REACH, last) + 1
    total = np.zeros(count, np.float32)
    for own, worth in zip(scores, worths, strict=True):
        if worth <= 0 or not own.any():
            continue
        impacts = np.minimum(own / np.float32(worth), _NEARLY_FULL)
        frequencies = _HALF * impacts / (np.float32(SATURATION_LIMIT) - impacts)
        sums = np.concatenate([[0], np.cumsum(frequencies, dtype=np.float64)])
        heard = (sums[stop] - sums[start]).astype(np.float32)
        together = np.float32(SATURATION_LIMIT) * heard / (_HALF + heard)
        total += np.float32(worth) * (np.float32(_WINDOW_SHARE) * together + np.float32(1 - _WINDOW_SHARE) * impacts)
    return total

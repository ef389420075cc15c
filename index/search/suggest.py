"""What is being typed → completions from the searched courses, forgiving a slip or the wrong keyboard layout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.engine.suggest import ShardSuggestions, Suggestion
from index.text.analysis import fold
from index.text.layout import other_layout
from index.types import SuggestionKind

_TELLING = frozenset({SuggestionKind.LECTURE, SuggestionKind.TERM})
_MIN_TYPED = 4  # letters of a word that may hold a slip
_CORRECTED_WORDS = 3  # the last words of what is typed are put right
_CORRECTING_SHARDS = 12  # slips are looked for in the words of so many courses: each costs half a millisecond


def complete(shards: Sequence[ShardSuggestions], prefix: str, limit: int) -> list[Suggestion]:
    """At most `limit` completions: first those that begin with the prefix, then those that hold it, then those of what
    it may be a slip of, or of what it is in the other keyboard layout."""
    wanted = " ".join(fold(prefix).split())
    found: dict[str, Suggestion] = {}
    for number, reading in enumerate(_readings(shards, wanted)):
        if number and len(found) >= limit:
            break
        for suggestion in _starting_with(shards, reading, limit):
            found.setdefault(fold(suggestion.text), suggestion)
    return list(found.values())[:limit]


def _starting_with(shards: Sequence[ShardSuggestions], wanted: str, limit: int) -> list[Suggestion]:
    """Those of all shards, one that several have with the sum of its counts: first those that begin with the prefix,
    then lectures and terms before titles and programmes."""
    if not wanted:
        return []
    found: dict[str, Suggestion] = {}
    counts: dict[str, int] = {}
    inner: dict[str, bool] = {}
    for number, shard in enumerate(shards):
        own: dict[str, int] = {}
        for suggestion, is_inner in shard.starting_with(wanted):
            key = fold(suggestion.text)
            found.setdefault(key, replace(suggestion, shard=number))
            own[key] = suggestion.count
            inner[key] = inner.get(key, True) and is_inner
        for key, count in own.items():
            counts[key] = counts.get(key, 0) + count
    best = sorted(found, key=lambda key: (inner[key], found[key].kind not in _TELLING, -counts[key], found[key].text))
    return [replace(found[key], count=counts[key]) for key in best[:limit]]


def _readings(shards: Sequence[ShardSuggestions], wanted: str) -> Iterator[str]:
    """What was typed, and what else it may be, only as far as it is asked for."""
    if not wanted:
        return
    yield wanted
    layout = " ".join(fold(other_layout(wanted)).split())
    yield layout
    for typed in (wanted, layout):
        yield from _corrected(shards, typed)


def _corrected(shards: Sequence[ShardSuggestions], typed: str) -> Iterator[str]:
    """The text with one word put right: the last as the beginning of a word, the others as whole ones."""
    parts = typed.split(" ")
    last = len(parts) - 1
    for position in range(last, max(-1, last - _CORRECTED_WORDS), -1):
        part = parts[position]
        if len(part) < _MIN_TYPED:
            continue
        better = [other for shard in shards[:_CORRECTING_SHARDS] for other in shard.near(part, whole=position != last)]
        for other in dict.fromkeys(better):
            yield " ".join([*parts[:position], other, *parts[position + 1 :]])

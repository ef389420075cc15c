"""A read query → what it was also read as, for whoever asked."""

from __future__ import annotations

from collections.abc import Iterable

from index.search.query import MEANT
from index.text.analysis import fold
from index.types import Phrase, Reason, Rewrite


def rewrites_of(phrases: Iterable[Phrase]) -> tuple[Rewrite, ...]:
    """What a query was also read as, for showing; of a word's translations the best."""
    found: dict[tuple[str, str], Rewrite] = {}
    translated: set[str] = set()
    for phrase in phrases:
        # a word that is found by its sound is said to be, even if a glossary knows it too
        sources = [*((word.text, word.readings) for word in phrase.words), (phrase.text, phrase.readings)]
        for source, readings in sources:
            for reading in readings:
                if reading.reason is Reason.DESCRIBED and reading.weight < MEANT:
                    continue  # it may find something, but nobody should read it
                if reading.reason is Reason.TRANSLATION:
                    if source in translated:
                        continue
                    translated.add(source)
                if reading.reason is not Reason.TYPED and fold(reading.text) != fold(source):
                    found.setdefault(
                        (source, fold(reading.text)),
                        Rewrite(source, reading.text, reading.reason, round(reading.weight, 3)),
                    )
    return tuple(found.values())

"""What the searched courses know of words: how many passages hold one, what is like it, what stands for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.engine.glossary import GeneralGlossary, Term, best_first, general_glossary, hash_key
from index.engine.vocabulary import Vocabulary
from index.search.scope import Scope


class Lexicon:
    """The words and terms of a scope, and the bundled glossary."""

    def __init__(self, scope: Scope, names: GeneralGlossary | None = None) -> None:
        self._scope = scope
        self._generation = scope.generation
        self._general = general_glossary()
        self._names = names
        if scope.is_whole:
            self.languages, longest = self._generation.languages, self._generation.longest_term
        else:
            shards = [self._generation.shards[number] for number in scope.shards]
            self.languages = tuple(dict.fromkeys(["en", *(own for s in shards for own in s.manifest.languages)]))
            longest = max((shard.terms.longest for shard in shards), default=0)
        self.longest = max(longest, self._general.longest, names.longest if names else 0)

    @property
    def vocabulary(self) -> Vocabulary:
        """The written words of all courses that the caller may read: a form that one course does not write may be a
        form of a word that it does. What counts is whether its stem is in scope."""
        only = self._scope.shards[0] if len(self._scope.shards) == 1 else None
        return self._generation.vocabulary(self._scope.readable, only)

    def frequency(self, term: str) -> int:
        """How many of the searched passages hold a term."""
        return self._scope.frequency(term)

    @property
    def counts_together(self) -> bool:
        """Whether terms that are about to be asked for should be expected."""
        return self._scope.counts_together

    def expect(self, terms: Iterable[str]) -> None:
        """Be ready to say how many passages hold each of these terms."""
        self._scope.expect(terms)

    def holds_together(self, terms: tuple[str, ...]) -> bool:
        """Whether one of the searched passages holds all of these terms."""
        if len(terms) == 1:
            return self.frequency(terms[0]) > 0
        if self._scope.allowed is not None:
            return self._together(terms)
        return self._generation.together.get((self._scope.shards, terms), lambda key: self._together(key[1]))

    def _together(self, terms: tuple[str, ...]) -> bool:
        return len(self._scope.holding(terms, 1)) > 0

    def own_terms(self, stems: Sequence[str]) -> list[Term]:
        """What the searched courses write beside a term of exactly these stems, the most frequent first."""
        directory = self._generation.glossary
        entries = directory.find(hash_key(stems))
        if entries.start == entries.stop:
            return []
        places = zip(directory.shards[entries].tolist(), directory.places[entries].tolist(), strict=True)
        searched = set(self._scope.shards)
        return best_first(
            self._generation.shards[shard].terms.entry(place) for shard, place in places if shard in searched
        )

    def general_terms(self, stems: Sequence[str]) -> list[Term]:
        """The same from the bundled glossary."""
        return self._general.find(stems)

    def pack_terms(self, stems: Sequence[str]) -> list[Term]:
        """The same from the names in packs."""
        return self._names.find(stems) if self._names else []

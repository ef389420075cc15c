"""Query → Found: read, look for its words and its meaning, rank, judge how far the courses cover it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from index.embed.encoder import Encoder
from index.embed.protocol import Embedder
from index.embed.rerank import Reranker
from index.embed.table import bundled_table
from index.embed.translations import translations_of
from index.engine.dictionary import Dictionary
from index.engine.generation import Generation
from index.engine.glossary import GeneralGlossary, general_glossary
from index.engine.postings import SATURATION_LIMIT
from index.engine.shard import Shard
from index.errors import CorruptIndex, InvalidRequest, ShardsAway, no_course
from index.remember import Remembered
from index.search.courtesy import without_courtesies
from index.search.coverage import Evidence, gather_evidence, judge_coverage, read_question
from index.search.described import SURELY, read_described
from index.search.found import Found
from index.search.lexicon import Lexicon
from index.search.meaning import EXACT_PASSAGES
from index.search.numbered import find_numbered, find_titled, with_lectures, with_titled
from index.search.opinion import Opinion, stays_so
from index.search.query import QueryReader, as_typed, meaning_of
from index.search.ranking import (
    RERANKED,
    Ranked,
    kind_factors,
    rank,
    relevant,
    settle,
    with_judgements,
)
from index.search.scope import Scope, make_scope
from index.search.suggest import complete
from index.search.tasks import without_tasks
from index.search.weighed import Bodies, Here, Weighed
from index.text.analysis import STOP_WEIGHT, fold, is_stop_word
from index.text.everyday import everyday_frequency
from index.text.language import STEMMERS, telltale_words
from index.types import Coverage, Filters, IndexedPassage, Mode, Phrase, Query, Suggested

MAX_QUERY_CHARS = 1_000

_REMEMBERED_BYTES = 32 * 1024 * 1024
_LEAST_BYTES = 20_000  # of a search that found nothing: its phrases, its weights
_CANDIDATES_ENCODED = 25  # by the encoder: as many as matter (docs/encoder.md)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b-\u200f\u2028-\u202e\ufeff]+")


class SearchIndex:
    """One generation and the embedder that made it. Immutable: a new generation is a new SearchIndex."""

    def __init__(
        self,
        generation: Generation,
        embedder: Embedder | None,
        degraded: tuple[str, ...] = (),
        reranker: Reranker | None = None,
        dictionary: Dictionary | Callable[[], Dictionary | None] | None = None,
        bodies: Bodies | None = None,
        encoder: Encoder | None = None,
    ) -> None:
        """`dictionary` may be what reads it, at the first search if `warm_up` has not; `bodies` reads what the shards
        of the generation leave to others to hold, None where all is open here."""
        self.generation = generation
        self.embedder = embedder
        self.degraded = (*degraded, *dict.fromkeys(generation.damaged.values()))
        self.reranker = reranker
        self._dictionary = dictionary
        self.encoder = encoder
        self._factors = kind_factors(generation)
        self._given = bodies
        self._bodies = bodies or Here()
        self._remembered: Remembered[Query, Found] = Remembered(_REMEMBERED_BYTES, lambda f: f.size + _LEAST_BYTES)

    def saying(self, degraded: tuple[str, ...]) -> SearchIndex:
        """The same, with other reasons why it is degraded."""
        return self._over(self.generation, degraded)

    def without(self, damaged: Mapping[str, str]) -> SearchIndex:
        """The same without some courses, by the reason why they cannot be searched."""
        own = tuple(reason for reason in self.degraded if reason not in self.generation.damaged.values())
        return self._over(self.generation.without(damaged), own)

    def _over(self, generation: Generation, degraded: tuple[str, ...]) -> SearchIndex:
        return SearchIndex(
            generation, self.embedder, degraded, self.reranker, self._dictionary, self._given, self.encoder
        )

    @property
    def dictionary(self) -> Dictionary | None:
        """The packs that are set. InvalidRequest if one is not there or cannot be read."""
        own = self._dictionary
        return own if own is None or isinstance(own, Dictionary) else own()

    @property
    def number(self) -> int:
        return self.generation.manifest.number

    def find(self, query: Query) -> Found:
        """All passages that answer a query. InvalidRequest if it is unusable, NotFound for an unknown course,
        CorruptIndex for one whose shard is damaged."""
        try:
            found = self._find(query)
        except ShardsAway as away:  # those that hold them died; whoever serves looks for others
            return self.without(away.reasons).find(query)
        lasting = self.degraded + self._missing(query.mode)
        if self._given is None and all(reason in lasting or stays_so(reason) for reason in found.degraded):
            self._remembered.get(query, lambda _: found)
        return found

    def found_before(self, query: Query) -> Found | None:
        """What the same search found, if it was asked lately and nothing came too late for it. A page asks the same
        again when a hit is opened, a filter is set, an answer is written, or somebody goes back."""
        return self._remembered.peek(query)

    def forget(self) -> None:
        """Forget what was found, as `Generation.forget`."""
        self._remembered.forget()
        self.generation.forget()

    def _find(self, query: Query) -> Found:
        typed = clean_query(query.text)
        scope = self._scope(query.filters)
        if len(lectures := find_numbered(query, typed, scope)):
            return with_lectures(self._find(replace(query, literal=True)), lectures)
        text = typed if query.literal else without_tasks(without_courtesies(typed))
        mode = self._possible(query.mode)
        opinion = Opinion(scope, text, self.encoder if mode is Mode.HYBRID else None)
        words = self._read(text, scope, query, None if mode is Mode.LEXICAL else self.embedder, opinion)
        phrases = words.phrases
        meant = meaning_of(phrases, scope.frequency)
        opinion.ask(meant)
        said = read_question(phrases, scope, self._glossaries)
        ranked = self._rank(words, opinion, meant, mode)
        cosines = opinion.cosines(np.sort(ranked.rows))
        evidence = gather_evidence(
            text,
            said,
            words,
            ranked,
            scope,
            vectors=mode is not Mode.LEXICAL,
            resemblance=opinion.resemblance(cosines),
            outside=opinion.outside,
            fitting=opinion.fitting(cosines),
        )
        ranked = ranked.take(np.flatnonzero(relevant(ranked)))
        ranked, late = self._rerank(text, ranked)
        found = Found(
            query=typed,
            mode=mode,
            # what is not worth showing covers nothing
            coverage=coverage_of(evidence, phrases) if len(ranked.rows) else Coverage.ABSENT,
            degraded=self.degraded
            + self._missing(query.mode)
            + late
            + tuple(filter(None, (opinion.unread, opinion.problem))),
            weights=_weights(phrases, scope),
            unknown_words=self._unknown(query, text, evidence),
            index=self.generation,
            ranked=settle(self.generation, ranked),
            words=words,
            on_subject=evidence.on_subject if evidence else 0.0,
        )
        return with_titled(found, find_titled(text, scope))

    def holds_lecture(self, filters: Filters) -> bool:
        """Whether a passage of the lecture that filters name may be found; NotFound for an unknown course."""
        return bool(self._scope(filters).shards)

    def suggest(self, prefix: str, limit: int, filters: Filters = Filters()) -> list[Suggested]:  # noqa: B008  (frozen)
        """Completions of what is being typed, from one course or from those that the caller may read."""
        numbers = self._scope(filters).shards
        shards = [self.generation.shards[number] for number in numbers]
        found = complete([shard.suggestions for shard in shards], prefix[:MAX_QUERY_CHARS], limit)
        passages = self.generation.passages(
            [int(self.generation.starts[numbers[one.shard]]) + one.row for one in found]
        )
        return [Suggested(o.text, o.count, o.kind, passage) for o, passage in zip(found, passages, strict=True)]

    def similarities(self, query: str, texts: Sequence[str], passages: Sequence[IndexedPassage]) -> list[float]:
        """How near in meaning each text, taken from its passage, is to a query: 0 to 1.

        All 0 where embedding a text takes longer than a student waits.
        """
        found = [0.0] * len(texts)
        if self.embedder is None or not self.embedder.splits_passages:
            return found
        for slug in dict.fromkeys(passage.course_slug for passage in passages):
            own = [i for i, passage in enumerate(passages) if passage.course_slug == slug]
            near = self._bodies.compare(self.shard(slug), self.embedder, query, [texts[i] for i in own])
            for i, value in zip(own, near, strict=True):
                found[i] = max(0.0, value)
        return found

    def warm_up(self) -> None:
        """Load now what the first questions would load: packs, the bundled table, the list of translations, frequencies
        of everyday words, and what is put together over all courses. Each process loads an encoder's model for itself
        (`Encoder.wake`): its threads would not live on in one that is forked."""
        _ = self.dictionary
        bundled_table()
        general_glossary()
        translations_of("слово")
        for language in STEMMERS:
            telltale_words(language)
        generation = self.generation
        everyday_frequency("слово")
        everyday_frequency("word", ("en", *{own for shard in generation.shards for own in shard.manifest.languages}))
        _ = generation.glossary, generation.programme, generation.promised
        generation.vocabulary(tuple(range(len(generation.shards)))).written_otherwise("word")
        if generation.count > EXACT_PASSAGES and self._given is None:
            _ = generation.sketches

    def check_course(self, slug: str, readable: frozenset[str] | None = None) -> None:
        """NotFound if there is no such course, or it is not the caller's to read: nobody learns which."""
        known = slug in self.generation.number_of or slug in self.generation.damaged
        if not known or (readable is not None and slug not in readable):
            raise no_course(slug)

    def shard(self, slug: str, readable: frozenset[str] | None = None) -> Shard:
        """The shard of a course. NotFound as `check_course`, CorruptIndex if it is damaged."""
        self.check_course(slug, readable)
        shard = self.generation.shard(slug)
        if shard is None:
            raise CorruptIndex(self.generation.damaged[slug])
        return shard

    def _scope(self, filters: Filters) -> Scope:
        if filters.course is not None:
            self.shard(filters.course, filters.courses)
        return make_scope(self.generation, filters, self._bodies)

    def _unknown(self, query: Query, text: str, evidence: Evidence | None) -> tuple[str, ...]:
        """The words that the searched courses do not know: where a part of them is searched, all of them are asked."""
        filters = query.filters
        if evidence is None or not evidence.unknown or (filters.lecture is None and filters.kinds is None):
            return evidence.unknown if evidence else ()
        course = filters.course
        if filters.lecture is not None:
            (shard,) = self._scope(filters).shards or (None,)
            course = course if shard is None else self.generation.shards[shard].manifest.course
        whole = replace(filters, course=course, lecture=None, kinds=None)
        return self.find(replace(query, text=text, filters=whole)).unknown_words

    @property
    def _glossaries(self) -> tuple[GeneralGlossary, ...]:
        """What knows names of things: the bundled glossary, and those of packs."""
        dictionary = self.dictionary
        return (general_glossary(), *((dictionary.names,) if dictionary else ()))

    def _possible(self, mode: Mode) -> Mode:
        return Mode.LEXICAL if self.embedder is None else mode

    def _missing(self, mode: Mode) -> tuple[str, ...]:
        """What a search cannot do: with no embedder set, lexical results are complete, not degraded, unless vectors
        are asked for."""
        if self.embedder is not None or mode is Mode.LEXICAL:
            return ()
        return ("no embedder is set: words only",)

    def _read(self, text: str, scope: Scope, query: Query, embedder: Embedder | None, opinion: Opinion) -> Weighed:
        """The query as it is read, to be weighed in its scope; the encoder is asked as soon as its words are read."""
        dictionary = self.dictionary
        reader = QueryReader(Lexicon(scope, dictionary.names if dictionary else None))
        phrases = reader.read(text, literal=query.literal, say_meant=opinion.ask)
        if query.literal:
            phrases = as_typed(phrases)
        opinion.ask(meaning_of(phrases, scope.frequency))
        words = self._bodies.weigh(phrases, scope, embedder)
        if dictionary is None or query.literal:
            return words
        described = read_described(text, phrases, lambda: words.most_matched(programme=False), dictionary, reader)
        return words if described is None else words.also(described)

    def _rank(self, words: Weighed, opinion: Opinion, text: str, mode: Mode) -> Ranked:
        """The candidates by words, by this text in meaning, and by the encoder, in order."""
        found = words.candidates(text, mode, lambda: opinion.nearest(_CANDIDATES_ENCODED))
        most = np.float32(max(words.importance * SATURATION_LIMIT, 1e-9))
        said = sum(word.weight for phrase in words.phrases for word in phrase.words if word.weight > STOP_WEIGHT)
        return rank(
            self.generation,
            found.rows,
            found.scores / most,
            found.matched,
            found.similarity,
            found.titles,
            said,
            self._factors,
            mode,
            None if found.spoken is None else found.spoken / most,
            opinion.at(found.rows) if opinion.is_given else None,
        )

    def _rerank(self, query: str, ranked: Ranked) -> tuple[Ranked, tuple[str, ...]]:
        """The best few in the order of the reranker, as far as its deadline allows, and what was left undone."""
        if self.reranker is None or not len(ranked.rows):
            return ranked, ()
        passages = self.generation.passages(ranked.rows[:RERANKED].tolist())
        judged = self.reranker.judge(query, [f"{passage.title}\n{passage.text}" for passage in passages])
        late = len(passages) - len(judged)
        reason = f"the reranker judged {len(judged)} of {len(passages)} hits before its deadline"
        return with_judgements(ranked, judged), (reason,) if late else ()


def coverage_of(evidence: Evidence | None, phrases: tuple[Phrase, ...]) -> Coverage:
    """What the evidence says; a question in other words that surely describes what the course has is not off its
    subject, unless it names something else; without an encoder that may be a wording."""
    coverage = judge_coverage(evidence)
    if coverage is not Coverage.ABSENT or evidence is None:
        return coverage
    if evidence.names_another_thing and evidence.resemblance is not None:
        return coverage
    sure = any(r.weight >= SURELY for phrase in phrases if phrase.described for r in phrase.readings)
    return Coverage.MENTIONED if sure else coverage


def _weights(phrases: tuple[Phrase, ...], scope: Scope) -> dict[str, float]:
    """Terms of every reading that the searched passages hold, by how much they say."""
    weights: dict[str, float] = {}
    for phrase in phrases:
        whole = [(reading, 1.0) for reading in phrase.readings]
        single = [(r, word.weight) for word in phrase.words for r in word.readings if word.weight > STOP_WEIGHT]
        named = {
            fold(word.text) for word in phrase.words if word.weight > STOP_WEIGHT
        }  # also the word of a "while loop"
        for reading, weight in whole + single:
            for term, share in reading.terms:
                if share == 1.0 and (term in named or not is_stop_word(term)) and scope.frequency(term):
                    weights[term] = max(weights.get(term, 0.0), weight * reading.weight * scope.idf(term))
    return weights


def clean_query(query: str) -> str:
    """The query without control characters and doubled spaces; InvalidRequest if nothing or too much is left."""
    cleaned = " ".join(_CONTROL.sub(" ", query).split())
    if not cleaned:
        raise InvalidRequest("The query is empty; type a word or a question.")
    if len(cleaned) > MAX_QUERY_CHARS:
        raise InvalidRequest(f"The query has {len(cleaned)} characters; at most {MAX_QUERY_CHARS} are searched.")
    return cleaned

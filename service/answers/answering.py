"""Question → answer: searched, judged, quoted, and where a language model is set, written from the same hits."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

from index.search.found import Find
from index.search.search import MAX_QUERY_CHARS, SearchIndex
from index.text.layout import in_meant_layout
from index.types import Coverage, Filters, Kind, Query
from service.answers.citations import ReplyReader
from service.answers.compared import compare
from service.answers.extractive import Extracted, cite, extract_answer
from service.answers.failures import ModelFailed
from service.answers.following import leans_back, standalone
from service.answers.llm import LanguageModel
from service.answers.markup import clean_reply
from service.answers.named_course import course_named, readable_titles
from service.answers.notes import make_note, note_of_missing, note_of_sides, note_of_talk
from service.answers.numbers import Numbers, cited_by
from service.answers.prompt import make_messages, make_rewrite_messages
from service.answers.questions import speaks_russian, what_is_asked
from service.answers.searching import Searched, find_asked
from service.answers.small_talk import Talk, in_russian, language_wanted, small_talk, without_opening
from service.answers.thoughts import Thoughts
from service.answers.together import Together, may_be_answered, wanted_together
from service.answers.told import Told, wanted_told
from service.answers.types import Answer, AnswerMode, Asked, Citation, Event, Outcome, Said, Sentence, Started, Turn
from service.answers.verdict import judge, outcome_of

_LOOKED_THROUGH = 40  # hits, for a place that is about all that was asked
_PASSAGES_TO_MODEL = 6
_MOST_REPLAYED = 5  # questions of a conversation whose client does not say what was cited
_LONGEST_QUESTION = 300  # characters that a model makes of a question: what is longer is something else
_REWRITE_SHARE = 0.2  # of the deadline may be spent on making a follow-up stand alone
_NO_ANSWER = "NO ANSWER"
# where a language model may find what no quote says
WRITABLE = frozenset({Outcome.ANSWERED, Outcome.MENTIONED, Outcome.PLACE})


def last_answer(events: Iterable[Event]) -> Answer:
    """The answer that a stream of events ends with."""
    return next(event for event in reversed(list(events)) if isinstance(event, Answer))


def quoted_answer(
    index: SearchIndex,
    question: str,
    searched: Searched,
    cited: Iterable[tuple[int, str]] = (),
    *,
    russian: bool | None = None,
    explain_terms: bool = False,
    said: str = "",
    written: bool = False,
) -> Answer:
    """The answer that needs no model, from what a search of the question found: quotes, or why there are none.

    `cited` is what the conversation has cited so far; `russian` the language, if it is not that of the question;
    with `explain_terms` a bare term asks what it is; `said` is what was answered just before it; `written`: a model
    writes an answer in place of the quotes."""
    found = searched.found
    russian = speaks_russian(question) if russian is None else russian
    asked = _asked(question, found.query)
    if asked is Asked.NOTHING and explain_terms:
        asked = Asked.DEFINITION
    outcome = outcome_of(asked, found.coverage)
    hits = searched.hits
    bare = Answer(
        AnswerMode.EXTRACTIVE,
        outcome,
        found.coverage,
        found.degraded,
        _note(outcome, searched, russian=russian),
        (),
        (),
        hits,
        found.query,
        (searched.missing, *found.unknown_words) if searched.missing else found.unknown_words,
    )
    if any(side.is_there for side in searched.sides):
        return _compared(index, bare, searched, Numbers(cited), russian=russian)
    together = wanted_together(found.query, asked, found)
    if outcome is Outcome.NO_QUESTION and together is not None and found.coverage is Coverage.EXPLAINED:
        sentences, citations, _ = _quoted(index, searched, Asked.FACT, Numbers(cited), together, said)
        return replace(bare, outcome=Outcome.ANSWERED, sentences=sentences, citations=citations) if sentences else bare
    if outcome not in {Outcome.ANSWERED, Outcome.MENTIONED}:
        return bare
    about = together or wanted_told(question, asked, found)
    quoted = _quoted(index, searched, asked, Numbers(cited), about, said)
    if not quoted.sentences:
        return bare if outcome is Outcome.MENTIONED else _placed(bare, about, russian=russian)
    judged = judge(outcome, quoted.odds, found.on_subject, written=written)
    return replace(
        bare,
        outcome=judged.outcome,
        note=_note(judged.outcome, searched, russian=russian),
        sentences=quoted.sentences[: judged.most],
        citations=quoted.citations[: judged.most],
    )


def _quoted(
    index: SearchIndex,
    searched: Searched,
    asked: Asked,
    numbers: Numbers,
    together: Together | Told | None,
    said: str,
) -> Extracted:
    """What is quoted; nothing where nothing that was found would answer. Where an attribute of a thing is asked for,
    places of both are looked for further down."""
    found, hits = searched.found, iter(searched.hits)
    if together is not None:
        hits = searched.looked_through(_LOOKED_THROUGH, together.may_hold)
    return extract_answer(index, found.query, asked, hits, found.weights, numbers, together, said)


def _note(outcome: Outcome, searched: Searched, *, russian: bool) -> str:
    """What is said of an answer, after what is said of the one of two things that is not there."""
    note = make_note(outcome, searched.hits, russian=russian)
    return f"{note_of_missing(searched.missing, russian=russian)} {note}".rstrip() if searched.missing else note


def _placed(bare: Answer, together: Together | Told | None, *, russian: bool) -> Answer:
    """The answer that names the best place; where none speaks of the thing that was asked about, the course only
    mentions what was asked."""
    if together is None:
        return replace(bare, outcome=Outcome.PLACE, note=make_note(Outcome.PLACE, bare.hits, russian=russian))
    places = together.best_places(bare.hits)
    outcome = Outcome.PLACE if places else Outcome.MENTIONED
    return replace(bare, outcome=outcome, note=make_note(outcome, places or bare.hits, russian=russian))


def _compared(index: SearchIndex, bare: Answer, searched: Searched, numbers: Numbers, *, russian: bool) -> Answer:
    """The answer to a comparison of which the course has both sides, or one."""
    compared = compare(index, bare.query, searched)
    sentences, citations = cite(compared.units, numbers)
    missing = [side for side in searched.sides if not side.is_there]
    outcome = Outcome.ONE_SIDE if missing else Outcome.ANSWERED if sentences else Outcome.PLACE
    note = note_of_sides(missing, compared.unquoted, russian=russian)
    return replace(bare, outcome=outcome, note=note, sentences=sentences, citations=citations)


def cited_before(
    index: SearchIndex,
    find: Find,
    filters: Filters,
    history: Sequence[Turn],
    *,
    replays: bool,
    explain_terms: bool = False,
) -> list[tuple[int, str]]:
    """The numbers that a conversation has given, each with its address.

    Where the client does not say them, the first few questions are answered again with `replays`: quotes are the same
    each time, and the first ones give the first numbers. What a model wrote would not be, so that there is nothing to
    replay.
    """
    said = [pair for turn in history for pair in turn.cited]
    asked = [number for number, turn in enumerate(history) if turn.role == "user"]
    if said or not replays:
        return said
    for number in asked[:_MOST_REPLAYED]:
        question = history[number].text[:MAX_QUERY_CHARS].strip()
        if question and (explain_terms or may_be_answered(question)) and small_talk(question) is None:
            before = history[:number]
            query = standalone(question, before)
            searched = find_asked(find, Query(query, filters))
            told = _told_before(question, query, before)
            again = cited_by(
                quoted_answer(index, question, searched, said, explain_terms=explain_terms, said=told).citations
            )
            said += [pair for pair in again if pair not in said]
    return said


def _told_before(question: str, query: str, history: Sequence[Turn]) -> str:
    """What was answered just before a question that goes on with it; nothing for one that is whole."""
    return "" if query == question else next((turn.text for turn in reversed(history) if turn.role == "assistant"), "")


def _read(reader: ReplyReader, pieces: Iterable[str]) -> Iterator[Sentence]:
    for piece in pieces:
        yield from reader.feed(piece)
    yield from reader.feed("", last=True)


def stream_answer(
    index: SearchIndex,
    find: Find,
    question: str,
    *,
    filters: Filters,
    history: Sequence[Turn] = (),
    literal: bool = False,
    model: LanguageModel | None = None,
    drop_uncited: bool = False,
    explain_terms: bool = False,
) -> Iterator[Event]:
    """`Started`, sentences as they are ready, and at the end the answer. If the model fails on the way, the answer is
    extractive and holds none of the sentences that were streamed before: it says so in `degraded`. `find` searches
    `index`. Who types a bare term in a conversation (`explain_terms`) wants to know what it is."""
    if not literal:
        question = in_meant_layout(question)
        history = [replace(turn, text=in_meant_layout(turn.text)) if turn.role == "user" else turn for turn in history]
    before = [turn.text for turn in history if turn.role == "user"]
    russian = in_russian(question, before)
    if (talk := small_talk(question)) is not None:
        answer = _talked(talk, question, russian=russian)
        yield Started(answer)
        yield answer
        return
    deadline = time.monotonic() + (model.settings.deadline_seconds if model else 0.0)
    question = without_opening(question)
    # a course that was chosen may be named as well; another one is not searched instead of it
    readable = filters.courses if filters.course is None else frozenset({filters.course})
    titles = cache(partial(readable_titles, index, readable))
    question, course = course_named(question, titles)
    filters = replace(filters, course=course or filters.course)
    history = [replace(turn, text=course_named(turn.text, titles)[0]) for turn in history]
    query, searched, degraded = _search(find, question, filters, history, model, deadline, literal=literal)
    cited = cited_before(index, find, filters, history, replays=model is None, explain_terms=explain_terms)
    told = _told_before(question, query, history)
    written = model is not None
    answer = quoted_answer(
        index, question, searched, cited, russian=russian, explain_terms=explain_terms, said=told, written=written
    )
    answer = replace(answer, degraded=(*answer.degraded, *degraded))
    writes = model is not None and answer.outcome in WRITABLE
    yield Started(replace(answer, mode=AnswerMode.GENERATED) if writes else answer)
    if not writes or model is None:
        yield from (_said(sentence, answer.citations) for sentence in answer.sentences)
        yield answer
        return
    hits = [hit for hit in answer.hits if hit.twin_of is None and hit.passage.kind is not Kind.PROGRAMME]
    reader = ReplyReader(hits[:_PASSAGES_TO_MODEL], searched.found.weights, drop_uncited, Numbers(cited))
    meant = question if query == question else f"{question} ({query})"
    messages = make_messages(meant, reader.hits, _wished([*before, question]))
    yield from _written(answer, reader, model.stream(messages, deadline), russian=russian)


def _written(answer: Answer, reader: ReplyReader, pieces: Iterable[str], *, russian: bool) -> Iterator[Event]:
    """What a model writes in place of quotes, sentence by sentence, and the answer that it makes; the quotes again if
    it fails."""
    sentences: list[Sentence] = []
    refused = False
    try:
        for sentence in _read(reader, pieces):
            if not sentence.citations and _NO_ANSWER in sentence.text.upper():
                refused = True  # a sign for us, no sentence for anybody
                continue
            sentences.append(sentence)
            yield _said(sentence, reader.citations)
        sentences = reader.without_thoughts(sentences)
        if not any(sentence.citations for sentence in sentences):
            if refused:
                yield _unanswered(answer, russian=russian)
                return
            raise ModelFailed("the language model's reply had no citation that holds")
    except ModelFailed as failure:
        yield replace(answer, degraded=(*answer.degraded, str(failure)))
        return
    used = {number for sentence in sentences for number in sentence.citations}
    citations = tuple(citation for citation in reader.citations if citation.number in used)
    yield replace(answer, mode=AnswerMode.GENERATED, sentences=tuple(sentences), citations=citations)


def _talked(talk: Talk, question: str, *, russian: bool) -> Answer:
    """The answer to small talk: nothing is searched, and nothing found."""
    note = note_of_talk(talk, russian=russian)
    return Answer(AnswerMode.EXTRACTIVE, Outcome.TALK, Coverage.ABSENT, (), note, (), (), (), question)


def _wished(texts: Iterable[str]) -> str:
    """The language that was wished for in a conversation; empty where none was."""
    wanted = language_wanted(texts)
    return "" if wanted is None else "Russian" if wanted else "English"


def _said(sentence: Sentence, citations: Iterable[Citation]) -> Said:
    return Said(sentence, tuple(citation for citation in citations if citation.number in sentence.citations))


def _unanswered(answer: Answer, *, russian: bool) -> Answer:
    """What is said where a model read the passages and found no answer: no quote either, the places alone."""
    note = make_note(Outcome.NO_ANSWER, answer.hits, russian=russian)
    outcome, mode = Outcome.NO_ANSWER, AnswerMode.GENERATED
    return replace(answer, mode=mode, outcome=outcome, note=note, sentences=(), citations=())


def _search(
    find: Find,
    question: str,
    filters: Filters,
    history: Sequence[Turn],
    model: LanguageModel | None,
    deadline: float,
    *,
    literal: bool,
) -> tuple[str, Searched, tuple[str, ...]]:
    """What is searched for a question, what that found, and what was degraded in asking it."""
    query, degraded = _query(question, history, model, deadline)
    searched = find_asked(find, Query(query, filters, literal=literal))
    plain = standalone(question, history) if query != question else query
    if searched.found.coverage is Coverage.ABSENT and plain != query:
        # what the model made of the question is nowhere: it may be no question at all ("I cannot do that.")
        again = find_asked(find, Query(plain, filters, literal=literal))
        if again.found.coverage is not Coverage.ABSENT:
            return plain, again, degraded
    return query, searched, degraded


def _query(
    question: str, history: Sequence[Turn], model: LanguageModel | None, deadline: float
) -> tuple[str, tuple[str, ...]]:
    """What is searched for a question, and what was degraded in finding it."""
    if not leans_back(question, history):
        return question, ()
    if model is None:
        return standalone(question, history), ()
    now = time.monotonic()
    talk = [(turn.role, turn.text) for turn in history]
    try:
        rewritten = model.complete(make_rewrite_messages(question, talk), now + _REWRITE_SHARE * (deadline - now))
    except ModelFailed as failure:
        return standalone(question, history), (str(failure),)
    line = " ".join(clean_reply(Thoughts().feed(rewritten, last=True).text).split())
    usable = line and len(line) <= _LONGEST_QUESTION
    return (line if usable else standalone(question, history)), ()


def _asked(question: str, query: str) -> Asked:
    """What is asked by the whole question that was searched, or by the words in which it was put. One that goes on with
    what was asked before asks, however it is put."""
    asked = what_is_asked(query)
    if asked is not Asked.NOTHING or query == question:
        return asked
    asked = what_is_asked(question)
    return Asked.FACT if asked is Asked.NOTHING else asked

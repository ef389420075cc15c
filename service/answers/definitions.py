"""A piece of text and the words of a name in it → how far it says what bears that name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from index.text.symbols import Token

# what stands between a name and what it is
_IS = re.compile(
    r"(?:\s[–—-]\s|\bэто\b|\bназыва\w+|\bопределя\w+|\bсостоит\b|\bпозволя\w+|\bпредставля\w+ собой|:\s|\s=\s|"
    r"\bis (?:an?|the|basically|just|called|when|where|that|really|defined)\b|\bare (?:the|a|called)?\b|"
    r"\bmeans\b|\brefers to\b|\bconsists of\b|\bbasically\b|\bc'est\b|"
    r"\bit'?s (?:an?|the|basically|just|kind of|when|where)\b|\bis (?:one|something|to)\b)"
    r"(?!\s+(?:little|bit|lot|very|really|pretty|good|great|bad|big|huge|hard|question|problem)\b)"
    r"(?!\s*(?:если|когда|не|нет|но|лучше|хуже|очень|только|тоже|также|чаще|реже|if|but|not|no)\b)",
    re.IGNORECASE,
)
# what ends before a name that has been described just now: "two weights are forced to be equal: that's called sharing"
_CALLED = re.compile(
    r"(?:\bcalled|\bcall(?: (?:it|this|that|them))?|\bknown as|\bназыва\w+(?: это)?)\W+(?:\w+\W+){0,2}$",
    re.IGNORECASE,
)
# what promises that something is spoken of, and does not say it
_PROMISED = re.compile(
    r"\b(?:going to|gonna|will|'ll|we'?re|let me|let's|let us|want to|wanna)\s+(?:\w+\s+){0,2}"
    r"(?:talk|speak|discuss|cover|see|look|explain|show|tell|describe|define|come back|"
    r"get (?:back )?to|learn|review|introduce)|"
    r"\b(?:last|next) (?:time|week|lecture|class|lesson)\b|\btalk(?:ed|ing)? about\b|\b(?:be the )?topic of\b|"
    r"\b(?:didn't|did not|haven't|don't|not) (?:even )?(?:yet )?(?:define|explain|talk|cover|discuss)\w*|"
    r"поговорим|будем говорить|расскажу|рассмотрим|обсудим|разбер[её]м|посмотрим|узнаем|вернемся|вернёмся|"
    r"в (?:следующ|прошл)\w+ (?:раз|лекц)\w*|перейд[её]м|говорили",
    re.IGNORECASE,
)
# what makes a sentence of a title and the line below it, where no other line begins so
_GOES_ON = re.compile(r"(?:[–—-]\s|это\b)", re.IGNORECASE)
_DASH = re.compile(r"\s[–—-]\s")
_BULLETS = re.compile(r"^(?:[–—-]\s|это\b)", re.IGNORECASE | re.MULTILINE)
_BEGIN = re.compile(r"\n\W*|[.!?…:;]\s+")
_END = re.compile(r"[.!?…]\s|\n")
_SUBJECT_CHARS = 20  # before a name at the beginning: "so a", "the", "(Batch)"
_NEAR_CHARS = 60  # between the name and what says that something is
_TOGETHER_CHARS = 8  # between the words of one name
_LEAST_OF_NAME = 0.7  # full batch is not batch normalization
_PROMISE_CHARS, _AFTER_CHARS = 100, 40  # around a name, in which a promise is about it
_DESCRIBED_CHARS = 30  # before "that is called"
_CALLED_SHARE = 0.8


def defines(text: str, tokens: list[Token], weights: Mapping[str, float], whole: float) -> float:
    """1 for a name that begins a line or sentence and is followed by what it is; less further on, and as much less as
    of the name is missing; 0 where nothing is said of it. `whole` is what all words of the name weigh."""
    best = 0.0
    before = 0
    for run in _names(tokens):
        share = min(1.0, sum(weights[term] for term in {token.term for token in run}) / whole)
        if share >= _LEAST_OF_NAME:
            best = max(best, share**2 * _said(text, before, run[0].start, run[-1].end))
        before = run[-1].end
    return best


def comes_late(text: str, tokens: list[Token], weights: Mapping[str, float], whole: float, first: int) -> bool:
    """Whether a text names what it should define only after its first sentence, of `first` characters. What has been
    described before may be: "this and that: it is called so"."""
    for run in _names(tokens):
        if sum(weights[token.term] for token in run) >= _LEAST_OF_NAME * whole:
            return run[0].start > first and _CALLED.search(text, 0, run[0].start) is None
    return False


def continues_title(text: str, passage: str) -> bool:
    """Whether a text that stands right below a title goes on with it: "– a method of …". No bullet of several, and no
    sentence of its own: "– this method – an open question"."""
    goes_on = _GOES_ON.match(text)
    if goes_on is None or len(_BULLETS.findall(passage)) != 1:
        return False
    return _DASH.search(text.partition("\n")[0], goes_on.end()) is None


def promises(text: str) -> bool:
    """Whether a text only promises that something is spoken of, or says that it was."""
    return _PROMISED.search(text) is not None


def _names(tokens: list[Token]) -> Iterator[list[Token]]:
    """Runs of words that stand together."""
    run: list[Token] = []
    for token in tokens:
        if run and (token.start - run[-1].end > _TOGETHER_CHARS or token.term in {other.term for other in run}):
            yield run
            run = []
        run.append(token)
    if run:
        yield run


def _said(text: str, spoken: int, start: int, end: int) -> float:
    """How far what stands around a name says what it is; up to `spoken` it has been judged before."""
    begun = max((found.end() for found in _BEGIN.finditer(text, 0, start)), default=0)
    stop = _END.search(text, end, end + _NEAR_CHARS)
    if _PROMISED.search(text, max(begun, spoken, start - _PROMISE_CHARS), stop.start() if stop else end + _AFTER_CHARS):
        return 0.0
    if start >= _DESCRIBED_CHARS and _CALLED.search(text, begun, start):
        return _CALLED_SHARE
    match = _IS.search(text, end)
    if match is None or match.start() - end > _NEAR_CHARS or len(text) - match.end() < 12:
        return 0.0
    before = start - begun
    return 1.0 if before <= _SUBJECT_CHARS else 0.6 if before <= _NEAR_CHARS else 0.3

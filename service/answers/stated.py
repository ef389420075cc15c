"""A sentence and the words of a name in it → whether it is put as a definition, with that name as its subject.

`definitions.py` says how far a piece says anything of what a name is. Here a sentence has the form that books have for
it, and such a sentence is worth more than a better hit that only uses the word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from index.text.analysis import fold, parts_of, terms_of, words
from index.text.symbols import Token
from service.answers.qualified import qualified

# What stands between the name that begins a sentence and what it is: another name of it, what it is short for.
_ASIDE = (
    r"(?:\s?\([^()\n]{1,60}\))?"
    r"(?:,\s(?:which\s(?:stands|is short)\sfor|short\sfor|or|also|то есть|или)[^,\n]{1,80},)?"
)
_IS = re.compile(
    rf"[\"'”»’*`_]*{_ASIDE}"
    r"(?:\s(?:is|are|was)\s(?:(?:basically|simply|just|essentially|actually|really|usually|often|generally|also)\s)?"
    r"(?:an?|the|one of|any|some|what|where|when|how|called|defined as|short for|known as|something)\b|"
    r"\s(?:means|refers? to|stands? for|denotes?|describes?|measures|represents?|consists? of|allows?|lets)\s|"
    r",\s(?:short for|which stands for)\s|"
    r"\s?[–—]\s(?:это\b)?|\s-\s|\sэто\s|:\s|\s=\s|"
    r"\s(?:представля\w+ собой|называ\w+|означа\w+|определя\w+ как|служ[аи]т|состо[ия]т из|позволя\w+)\s)"
    r"(?!(?:an?|the)?\s?(?:little|bit|lot|very|pretty|good|great|bad|big|huge|hard|question|problem|same|next|first|last|"
    r"most|only|best|case|не|нет|если|когда|лучше|хуже|очень|только|тоже|также)\b)",
    re.IGNORECASE,
)
_LEAD = re.compile(
    r"\W*(?:(?:so|and|now|but|well|okay|ok|basically|hence|thus|here|in general|generally|а|и|итак|так|теперь|an?|the)"
    r"[\s,]+){0,3}[\W_]*",
    re.IGNORECASE,
)
# What describes first and names then: "a special reference called HEAD", "this is called X", "под X понимают".
_CALLED = re.compile(
    r"(?:\b(?:is|are|was|reference|technique|method|process|approach|idea|procedure|tool|form|kind|type|that's|it's)"
    r"(?:\s(?:often|also|sometimes|usually|what(?: is|'s)?))?\s(?:called|known as)|\bwe call (?:this|it|that|these)|"
    r"\bназыва(?:ет|ют)(?:ся)?|\bпод)\s(?:an?\s|the\s)?[\"'“«‘*`_]*$",
    re.IGNORECASE,
)
_UNDERSTOOD = re.compile(r"[\"'”»]*\s(?:\w+\s)?понима\w+", re.IGNORECASE)
# What only points to where something is said. Layers and steps are next and previous too, and a lecture may be about
# pages, sections, sessions and modules: of these only what is told in one, or what somebody does there, points.
_WHICH_PLACE = r"(?:this|(?:the|a) (?:previous|next|last|later|following)) "
_PLACE_TOO = rf"{_WHICH_PLACE}(?:page|section|session|module|part|week|unit)\b"
_TELLS = r"learn|covers?|covered|discuss(?:es)?|describes|explains?|introduces?|shows|was about|is about|deals with"
_POINTS = re.compile(
    rf"\b{_WHICH_PLACE}(?:video|lesson|lecture|chapter|post|article)\b|"
    rf"\b{_PLACE_TOO}(?=[^.!?\n]{{0,40}}\b(?:we|you|i|{_TELLS})\b)|\b(?:we|you|i)\b[^.!?\n]{{0,60}}\b{_PLACE_TOO}|"
    r"\b(?:learn|read|talk|see|find out|say) more (?:about|on|of|in)\b|"
    r"\bsee (?:also|here|below|above)\b|\bwe(?:'ll| will) (?:\w+ )?(?:learn|cover|discuss|talk|see|look)|"
    r"^\W*(?:previous|next|prev|назад|далее)\s?:|(?:далее|ниже|дальше) (?:рассмотрим|поговорим|обсудим)|"
    r"в (?:этом|этой|следующ\w+|прошл\w+) (?:видео|уроке|разделе|лекции|главе)",
    re.IGNORECASE,
)
_TOGETHER_CHARS = 8  # between the words of one name
_LEAST_OF_NAME = 0.9  # by the weight of its words
_LEAST_SAID = 12  # characters behind what says that it is something


def subject_terms(query: str, weights: Mapping[str, float], own: Collection[str]) -> frozenset[str]:
    """The terms of the name in a question what something is; those of "in Y" behind it only say in which field."""
    named = qualified(query)
    if named is None or named.owned:
        return frozenset(own)
    field = {term for word in words(fold(named.thing)) for part in (word, *parts_of(word)) for term in terms_of(part)}
    left = frozenset(own) - field
    return left if any(weights.get(term, 0.0) for term in left) else frozenset(own)


def points_elsewhere(sentence: str) -> bool:
    """Whether a sentence only says where something is, or was, said."""
    return _POINTS.search(sentence) is not None


def states(sentence: str, tokens: Sequence[Token], weights: Mapping[str, float], subject: Collection[str]) -> bool:
    """Whether a sentence says what bears the name of these terms: "X is a …", "… is called X"."""
    own = [token for token in tokens if token.term in subject and token.end <= len(sentence)]
    whole = sum(weights[term] for term in subject)
    if not own or not whole or points_elsewhere(sentence):
        return False
    for first, token in enumerate(own):
        last = first
        while last + 1 < len(own) and own[last + 1].start - own[last].end <= _TOGETHER_CHARS:
            last += 1
        said = {other.term for other in own[first : last + 1]}
        if sum(weights[term] for term in said) < _LEAST_OF_NAME * whole:
            continue
        if _is_said(sentence, token.start, own[last].end):
            return True
    return False


def _is_said(sentence: str, start: int, end: int) -> bool:
    lead = _LEAD.match(sentence)
    if lead is not None and lead.end() >= start:
        is_it = _IS.match(sentence, end)
        if is_it is not None and len(sentence) - is_it.end() >= _LEAST_SAID:
            return True
    called = _CALLED.search(sentence, 0, start)
    if called is None:
        return False
    if called.group().lower().startswith("под"):
        return _UNDERSTOOD.match(sentence, end) is not None
    return start >= _LEAST_SAID

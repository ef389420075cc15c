"""A piece of text → whether it begins with what points back to what was said before it, or ends with what leads on to
what is said next.

A quote that begins so says nothing without the sentence before it, and one that ends so stops where the answer begins.
The words are closed lists. What only opens a sentence in speech ("so", "now", "okay") points to nothing.
"""

from __future__ import annotations

import re

_OPENING = r"\W*(?:(?:so|and|but|then|now|well|okay|ok|right|because|yeah|а|и|но|ну|так|вот|поэтому|тогда)[\s,]+){0,3}?"
_END = r"(?![\w'’-])"
# What a document, or who speaks in it, calls itself so.
_ITSELF = (
    r"(?!\s(?:section|lesson|lecture|chapter|course|page|project|video|module|session|week|class|post|article|tutorial|"
    r"guide|year|time|morning)s?\b)"
)
_ITSELF_RU = r"(?! (?:лекци|раздел|глав|занят|курс|урок|видео|модул))"
# "It is important to …": there "it" stands for what comes next.
_EXPLETIVE = (
    r"(?!\W+(?:turns out|seems|appears|makes sense|follows)\b|"
    r"\W+(?:is|was|can be|may be|would be|should be|might be)?\s?"
    r"(?:\w+ly |also |very |quite |more |not |often |sometimes |always )*"
    r"(?:important|common|possible|impossible|easy|easier|hard|harder|difficult|useful|worth|necessary|clear|better|best|"
    r"recommended|good|likely|unlikely|interesting|nice|enough|helpful|convenient|tempting|true|crucial|essential|obvious|"
    r"known|assumed|said|believed|advisable|customary)\b)"
)
# What stands for something that was named before.
_POINTS = re.compile(
    rf"{_OPENING}(?:"
    rf"(?:this|that|these|those){_ITSELF}(?:['’](?:s|ll|d))?|"
    rf"it(?:['’](?:s|ll|d))?{_EXPLETIVE}|"
    r"they(?:['’](?:re|ll|d|ve))?|its|their|both(?! (?:of )?the\b)|in essence|in other words|as a result|"
    rf"in (?:this|that|such|both|either|these|those){_ITSELF} \w+|"
    r"in the (?:first|second|former|latter|same) (?:case|way|one)|"
    r"(?:for|because of|due to|by|with|without|from|despite|unlike) (?:this|that|these|those)|"
    r"(?:to|by) (?:solv|fix|avoid|do|address|overcom|prevent|handl|deal|achiev|mitigat|resolv)\w* "
    r"(?:with )?(?:this|that|these|those|it)|"
    r"the (?:latter|former)|which|therefore|thus|hence|otherwise|likewise|similarly|"
    rf"это|эт(?:от|а|и|ого|ой|у|ом|им|ими|их|ому){_ITSELF_RU}|"
    r"так(?:ой|ая|ое|ие|им|ого|их)|он|она|оно|они|его|её|ее|их|при этом|"
    rf"в (?:этом|этой|этих|таком|такой|таких|обоих|первом|втором){_ITSELF_RU} \w+|в результате|следовательно|"
    r"то есть|т\.\s?е\.|иначе|(?:для|из-за|без|кроме) эт(?:ого|ой|их)|отсюда|оба|обе|с этим|"
    rf"чтобы (?:этого|это|её|ее|его|их)){_END}",
    re.IGNORECASE,
)
# What joins a sentence to the one before it.
_JOINS = re.compile(
    r"\W*(?:and|but|then|because|however|moreover|furthermore|instead|also|in addition|и|а|но|тогда|потом|затем|"
    rf"поэтому|потому|однако|зато|также|тоже|кроме того){_END}",
    re.IGNORECASE,
)
# What is answered, or shown, by what comes next. Who asks whether others can follow asks nothing.
_LEADS = re.compile(
    r"(?:[:：]|\b(?:below|for example|for instance|e\.g\.|as follows|(?:the|as) following|such as|namely|"
    r"(?:the|one|a|main|only) (?:reason|problem|question|idea|trick|answer|difference|solution) "
    r"(?:for|why|is|was|here is)(?: \w+)?(?: that)?|например|ниже|следующ(?:ее|ие|ий|им образом)|а именно|"
    r"(?:причина|проблема|вопрос|идея|решение|отличие|разница) в том(?:, что)?))\W{0,3}$",
    re.IGNORECASE,
)
_ASKS = re.compile(r"\?[\"'»”)]?$")
_TAG = re.compile(
    r"(?:\b(?:okay|ok|right|yeah|yes|no|huh|see|correct|sense|questions?|clear|agree|так|да|нет|правда|верно|понятно|"
    r"хорошо|вопросы)|\.\.\.)\s?\?[\"'»”)]?$",
    re.IGNORECASE,
)
# What ends a topic, or begins another one: nothing behind it belongs to what was said.
_TURNS = re.compile(
    r"\W*(?:(?:so|and|but|now|well|okay|ok|alright|all right|right|yeah|good|great|let me see|итак|так|ну|хорошо|ладно)"
    r"[\s,.]+){0,3}(?:"
    r"(?:the |one )?(?:last|next|final|another) (?:thing|topic|question|slide|part|example|point)\b|"
    r"let(?:'s|’s| us| me) (?:now )?(?:move|go|switch|turn|jump|continue|start|take a break|come back)\b|"
    r"moving on|(?:are there )?any (?:other |more )?questions?|(?:next|last) (?:time|week|lecture|class)|"
    r"that's (?:it|all)(?: for)?\b|thank you|thanks|see you|we(?:'re| are) (?:done|out of time)|"
    r"in this (?:lesson|lecture|session|video|section|module|course),? (?:we|you)\b|"
    r"this (?:lesson|lecture|session|video) (?:is about|covers|first|reviews|introduces)|"
    r"(?:теперь |а теперь )?(?:перейд[её]м|давайте перейд[её]м)|следующ(?:ий|ая) (?:слайд|тема|вопрос)|"
    r"(?:есть )?вопросы(?=\W*\?)|на сегодня|спасибо|в следующий раз"
    r")",
    re.IGNORECASE,
)
_TAIL_CHARS = 90  # more than anything has that leads on


def points_back(said: str) -> bool:
    """Whether a text begins with what stands for something that was said before it: "this means", "в этом случае"."""
    return _POINTS.match(said) is not None


def leans_back(said: str) -> bool:
    """Whether a text begins with what points back, or with what only goes on: "and", "then", "поэтому"."""
    return points_back(said) or _JOINS.match(said) is not None


def leads_on(said: str) -> bool:
    """Whether a text ends with what the next sentence says: a question, a colon, "for example", "the reason is"."""
    end = said.rstrip()[-_TAIL_CHARS:]
    if _ASKS.search(end) is not None:
        return _TAG.search(end) is None
    return _LEADS.search(end) is not None


def turns_away(said: str) -> bool:
    """Whether a sentence ends a topic or begins another one: "okay, last thing for today", "any questions?"."""
    return _TURNS.match(said) is not None

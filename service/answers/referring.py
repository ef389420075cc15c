"""Question → the word in it that stands for what was named before; and how a follow-up begins and ends."""

from __future__ import annotations

import re

from index.text.analysis import fold
from service.answers.subjects import subject_of

FOLLOWS = re.compile(
    r"^(?:(?:а|и|но|ну|ок(?:ей)?|хорошо|тогда|а тогда|and|but|so|then|ok(?:ay)?)[\s,]+)*(?:(?:а|и|но|ну|тогда|and|"
    r"but|so|then)(?![\w-])|(?:what about|how about|(?:а )?(?:что|как) насчет|(?:а )?что (?:с|про))(?![\w-]))[\s,]*"
)
END = re.compile(r"[\s?.!…]+$")
# What stands for a thing that was named before: pronouns, what owns something, and the place where something was.
REFERRING = re.compile(
    r"\b(?:(?P<whose>его|ее|их|its|their|his|her)\s+(?P<what>(?![а-я]+(?:ют|ят|ет|ит|ть|ся|ли)\b)[^\W\d_][\w-]+)|"
    r"(?P<pronoun>он|она|оно|они|его|ее|их|ему|ей|им|ним|ней|нем|ними|нему|нее|него|них|it|they|them|he|she)(?!-)|"
    r"(?P<pointed>это|эт(?:от|а|и|ого|ой|у|ом|им|ими|их|ому)|this|that|these|those)|(?P<there>тут|там|there(?=\W*$)))\b"
)
_EXPLETIVE = re.compile(
    r"it\s+(?!(?:related|similar|compared|connected|linked|tied|close|equal|equivalent|applied|due|sensitive|robust)\b)"
    r"(?:[a-z]+\s+)?(?:that|to)\b"
)
_THAT_THING = re.compile(
    r"\b(?:of|for|with|to|than|like|about|in|from|is|does|did|was|are|can|would|do|will|should|could|has)\s+$"
)
_WHAT_IS = re.compile(r"\b(?:что|кто)\s+$")
_ASKING = re.compile(
    r"\b(?:что|чем|чего|зачем|почему|отчего|как|какой|какая|какое|какие|когда|где|кто|сколько|ли|"
    r"what|why|how|when|where|who|which|and|и|а|but|но)\b"
)


def reference(question: str) -> re.Match[str] | None:
    """The first word of a question that stands for what was named before it was asked."""
    folded = fold(question)
    return next((found for found in REFERRING.finditer(folded) if _refers_back(folded, found)), None)


def _refers_back(folded: str, found: re.Match[str]) -> bool:
    """Whether such a word does not stand for what the question itself names: "что такое dropout и зачем он нужен"."""
    before, word = folded[: found.start()], found.group()
    if _EXPLETIVE.match(folded, found.start()):
        return False
    if word == "that":
        return _THAT_THING.search(before) is not None or not folded[found.end() :].strip(" ?.!")
    if found["whose"] or word == "это":
        asks_this = word == "это" and _WHAT_IS.search(before) is not None and bool(subject_of(folded))
        return not subject_of(before) and not asks_this
    asking = list(_ASKING.finditer(before))
    return not asking or not subject_of(before[: asking[-1].start()])

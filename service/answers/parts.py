"""A message of two questions → both of them: "what is X and why do we need Y"."""

from __future__ import annotations

import re

from index.text.analysis import fold
from service.answers.subjects import ATTRIBUTE

_ASKING = (
    r"что|кто|как(?:ой|ая|ое|ие|ую|им)?|зачем|почему|отчего|чем|где|когда|для чего|"
    r"whats?|who|how|why|where|when|which"
)
_CUT = re.compile(rf"(?:\s*[,;.?!])?\s+(?:(?:и|а|and)\s+(?:also\s+|ещ[её]\s+)?)(?={_ASKING}\b)", re.IGNORECASE)
_ASKS = re.compile(rf"(?:{_ASKING})\b", re.IGNORECASE)
# What leans on the first question: the thing is named there.
_LEANS = re.compile(
    r"\b(?:он|она|оно|они|его|е[её]|их|ему|ей|им|ими|н[её]м|ней|них|ним|нему|это|этот|эта|эти|этого|этой|этим|там|тут|тогда|"
    r"(?<!что )так(?:ой|ая|ое|ие)|it|its|they|them|their|there|this|that|these|those|one|ones|he|she)\b",
    re.IGNORECASE,
)
# And what leans on it with no pronoun: what it has ("types"), or what any such thing does ("exist").
_DOES = re.compile(
    r"exists?|arises?|occurs?|appl(?:y|ies)|remains?|matters?|follows?|happens?|"
    r"существу[ею]т|быва[ею]т|возника[ею]т|оста[ею]тся|появля[ею]тся",
    re.IGNORECASE,
)


def two_questions(question: str) -> tuple[str, str] | None:
    """Both questions, each as it stands alone; None where there is one, or the second needs the first."""
    text = " ".join(question.split())  # a run of blanks is looked at once, not from each of its blanks
    cuts = list(_CUT.finditer(text))
    if len(cuts) != 1 or not _ASKS.match(text):
        return None
    first, second = text[: cuts[0].start()], text[cuts[0].end() :]
    return None if _LEANS.search(second) else (first, second)


def asks_of_first(named: str) -> bool:
    """Whether what a second question names is only asked of the first thing: "what is X and what types exist"."""
    said = named.split()
    return bool(said) and (ATTRIBUTE.fullmatch(fold(said[0])) or _DOES.fullmatch(said[-1])) is not None

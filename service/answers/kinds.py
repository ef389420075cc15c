"""How answers of each kind are put: what a quote must look like to be one."""

from __future__ import annotations

import re

from service.answers.people import cited_in, named_in, years_in
from service.answers.types import Asked

_CUES = {
    Asked.REASON: (
        r"чтобы|потому|поэтому|так как|поскольку|из-за|позволя\w+|помога\w+|проблем\w+|нужн\w+|бор\w+|ускор\w+|"
        r"уменьш\w+|улучш\w+|устойчив\w+|преимуществ\w+|недостат\w+|эффект\w*|легче|быстрее|меньше|против\b|"
        r"защит\w+|цель|приводит|предотвращ\w+|избе[гж]\w+|избав\w+|сниж\w+|повыша\w+|[→⇒]|"
        r"\bbecause\b|\bso that\b|\bsince\b|\btherefore\b|\ballow\w*|\bhelp\w*|\bprevent\w*|\bproblem\w*|"
        r"\bavoid\w*|\breason\w*|\badvantage\w*|\bin order to\b|\bimprov\w*|\breduc\w*|\bmakes?\b|"
        r"\bcomes from\b|\bif you\b|\bwithout\b"
    ),
    Asked.STEPS: (
        r"^\s*(?:\d+[.)]|•|шаг \d)|сначала|затем|потом|далее|нужно|надо|следующ\w+|"
        r"\bfirst\b|\bthen\b|\bnext\b|\bstep\b|\buse\b|\bwe (?:take|compute|do|have)\b"
    ),
    Asked.COMPARISON: (
        r"отлич\w+|разниц\w+|различ\w+|вместо|тогда как|напротив|наоборот|противоположн\w+|"
        r"\bа не\b|проще|меньше|больше|\bdiffer\w*|\binstead\b|"
        r"\bwhile\b|\bcontrast\b|\bdistinct\w*|\binterchangeabl\w+|\bopposed\b|\bother hand\b|"
        r"\bunlike\b|\bwhereas\b|\bcompared\b|\bsimilar\b|\bversus\b|\bvs\b|\bthan\b|\bonly\b"
    ),
    Asked.LIST: (
        r"[,;•]\s|:\s|\d[.)]\s|\bвиды\b|\bтипы\b|\bтакие как\b|\bнапример\b|\bsuch as\b|"
        r"\btypes?\b|\bkinds?\b|\band\b"
    ),
    Asked.FACT: r"\d|\s[–—-]\s|=|:",
    Asked.FORMULA: r"=|∑|∏|softmax|exp|log",
}
# looked for in small letters: that is faster than to look for both
_PATTERNS = {asked: re.compile(pattern) for asked, pattern in _CUES.items()}
# Which of two things is better, and in what: beside both names it compares them, beside one it may say anything.
_RANKED = re.compile(
    r"\b(?:быстрее|медленнее|мощнее|сильнее|слабее|лучше|хуже|точнее|эффективнее|сложнее|легче|дешевле|дороже|устойчивее|"
    r"faster|slower|better|worse|stronger|weaker|simpler|cheaper|more (?:accurate|powerful|efficient|robust|expensive)|"
    r"outperform\w*|beats?)\b"
)
# One of these is in each announcement.
_TELL = (
    *("план", "содержание", "структура", "поговорим", "обсудим", "разбер", "рассмотрим", "посмотрим", "узнаем"),
    *("увидим", "plan", "outline", "agenda", "'ll", "’ll", "will", "going to"),
)
_ANNOUNCED = re.compile(
    r"\b(?:план|содержание|структура)\s+(?:\w+\s+)?(?:лекции|занятия|курса)\b|"
    r"\b(?:сегодня|сначала|потом|затем|далее|дальше|позже|после этого)\s+(?:мы\s+)?"
    r"(?:поговорим|обсудим|разбер[её]м\w*|рассмотрим|посмотрим|узнаем|увидим)\b|"
    r"\b(?:plan|outline|agenda)\s+(?:for|of)\s+(?:today|the|this)\b|"
    r"\b(?:today|next|later|then)[,\s]+(?:we|i)(?:['’]ll|['’]re going to|['’]m going to|\s+will|\s+are going to)\s+"
    r"(?:talk|discuss|cover|look at|see)\b"
)


def announces(text: str, first: int) -> bool:
    """Whether a text, whose first sentence has `first` characters, begins with what will be told, or says it more than
    once: "first we will talk about X, then about Y"."""
    text = text.lower()
    if not any(map(text.__contains__, _TELL)) or _ANNOUNCED.search(text) is None:  # of most texts
        return False
    return _ANNOUNCED.search(text, 0, first) is not None or len(_ANNOUNCED.findall(text)) > 1


def suits(asked: Asked, text: str) -> float:
    """How far a text is put as such an answer is: 0 to 1; for definitions see `defines`."""
    if asked is Asked.WHEN:
        return float(bool(years_in(text)))
    if asked is Asked.PERSON:
        return float(bool(named_in(text) or cited_in(text)))
    pattern = _PATTERNS.get(asked)
    return float(pattern is not None and pattern.search(text.lower()) is not None)


def ranks(text: str) -> bool:
    """Whether a text that names two things says which of them is better, or quicker."""
    return _RANKED.search(text.lower()) is not None

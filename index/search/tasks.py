"""Query → the query without the verbs that set a task: "Опишите устройство LSTM" asks for the structure of an LSTM.

Teachers put questions as tasks, and students paste them. What is to be done with a subject is no part of it: no slide
says "describe", and a course that does not say the word lacks nothing.
"""

from __future__ import annotations

import re

_BRIEFLY = r"кратко|вкратце|коротко|подробно|письменно"
# Imperatives of tasks; as words of a subject they do not occur.
_RUSSIAN = (
    r"опиши|перечисли|назови|выпиши|запиши|распиши|напиши|сравни|сопоставь|объясни|поясни|разъясни|укажи|приведи|"
    r"дай|сформулируй|покажи|проверь|посчитай|подсчитай|вычисли|рассчитай|изобрази|нарисуй|раскрой|изложи|"
    r"охарактеризуй|проанализируй|разбери|рассмотри|выбери|отметь|реши|найди|построй|ответь|составь|предложи|докажи|"
    r"опровергни|выведи|обоснуй|аргументируй|определи|оцени|расскажи|уточни|перескажи|проиллюстрируй|продемонстрируй"
)
_ENGLISH = (
    r"describe|explain|tell (?:me|us)(?: about)?|discuss|justify|enumerate|summari[sz]e|derive|prove|outline|"
    r"illustrate|argue|"
    # these name things too ("state space", "list comprehension"), unless what they ask for follows
    r"(?:list|name|state|give|compare|show|choose|select|sketch|draw|write(?: down| out)?|compute|calculate|determine|"
    r"define|identify|mention|find)(?= (?:the|an?|all|any|some|both|each|its|one|two|three|four|five|\d+|what|how|why|"
    r"which|where|when|whether|that|briefly)\b)"
)
_TASK = re.compile(
    rf"(?<![\w-])(?:(?:{_BRIEFLY})\s+)?(?:{_RUSSIAN})(?:те)?(?:\s+(?:{_BRIEFLY}))?(?![\w-])[,:]?\s*|"
    rf"(?:(?<=^)|(?<=[.!?;:,]\s)|(?<=\band\s))(?:{_ENGLISH})(?![\w-])(?:\s+briefly)?[,:]?\s*",
    re.IGNORECASE,
)
_TERM_WORDS = 4  # at most: what is left may be a name
_WORD = re.compile(r"\w\w")


def sets_task(text: str) -> bool:
    """Whether a text says what to do with something."""
    return without_tasks(text) != text


def without_tasks(text: str) -> str:
    """What is left of a query; all of it where nothing would be. "Explain dropout" asks what dropout is."""
    task = _TASK.search(text)
    left = " ".join(_TASK.sub("", text).split())
    if task is None or not _WORD.search(left):
        return text
    if len(left.split()) <= _TERM_WORDS:
        return f"{'what is' if task.group().isascii() else 'что такое'} {left}"
    return left

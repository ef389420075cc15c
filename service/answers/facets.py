"""What is asked of a thing beside what it is (an example, its code, where it is used, when, its drawbacks), and of what
went wrong → how a sentence that says so is put."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.text.analysis import fold
from service.answers.requests import suffers


@dataclass(frozen=True, slots=True)
class Facet:
    """`named`: the words that ask for it; `put`: how what says it is put; `code`: whether a programme says it.
    `english` and `russian` are how it is asked of a thing that stands behind."""

    named: re.Pattern[str]
    put: re.Pattern[str]
    code: bool
    english: str
    russian: str


# What is called code and is none that a computer runs.
_NO_PROGRAM_BEFORE = "".join(
    rf"(?<!\b{word} )" for word in ("exit", "status", "error", "return", "huffman", "hamming", "gray", "morse", "dress")
)
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|(?:январ|феврал|апрел|сентябр|октябр|ноябр|декабр)[ьяе]|(?:март|август)[ае]?|ма[йя]|"
    r"ию[нл][ья])\b"
)
_DATE = (
    rf"\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?{_MONTH}|\b{_MONTH} \d{{1,2}}\b|\b\d{{1,2}}\.\d{{2}}\.\d{{2}}|"
    r"\b[0-2]?\d:[0-5]\d\b|\b(?:1[89]|20)\d\d\b|\b(?:on|by|until) (?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
)
_FACETS = (
    Facet(
        re.compile(r"\b(?:examples?|пример(?:а|у|ом|ы|ов|ами)?)\b"),
        re.compile(
            r"\bfor example\b|\be\.g\.|\bfor instance\b|\bexamples?\b|\bsuppose\b|\bнапример|\bпример|\bпусть\b"
        ),
        code=True,
        english="example of",
        russian="пример",
    ),
    Facet(
        re.compile(
            rf"\b{_NO_PROGRAM_BEFORE}code\b(?! (?:of (?:ethics|conduct|honou?r|law|practice)|words?|points?|reviews?|"
            r"smells?)\b)|"
            r"\b(?:snippet|implementation)\b|"
            r"\bкод(?:а|у|е)?\b(?! (?:х[эе]мминга|хаффмана|грея|морзе|цезаря|рида|ответа|возврата|ошибки|"
            r"состояния|завершения|символа)\b)|\bреализаци[яию]\b(?! (?:случайн|процесса\b|прав\b|проекта\b))"
        ),
        re.compile(r"\w\(\w*\)|^\s*[$>] |\bimport \w|\bdef \w"),
        code=True,
        english="code of",
        russian="код",
    ),
    Facet(
        re.compile(r"\b(?:intuition|интуици[яию])\b"),
        re.compile(r"\bintuit\w+|\bthink of\b|\blike an?\b|\bidea\b|\bинтуи\w+|\bиде[яи]\b|\bпредстав\w+"),
        code=False,
        english="intuition of",
        russian="интуиция",
    ),
    Facet(
        re.compile(r"\b(?:where|где)\b.*\b(?:used|applied|useful|использ\w+|примен\w+|нужн\w+|пригод\w+|встреча\w+)\b"),
        re.compile(
            r"\bus(?:ed|e|ing|eful) (?:in|for|by|to|as|when)\b|\bapplications?\b|\bapplied\b|\buse cases?\b|\buses?\b|"
            r"\bприменя\w+|\bприменени\w+|\bиспольз\w+|\bзадач\w+"
        ),
        code=False,
        english="",
        russian="",
    ),
    Facet(
        re.compile(
            r"\b(?:drawbacks?|disadvantages?|downsides?|cons|limitations?|недостат\w+|минус\w*|ограничени\w+)\b"
        ),
        re.compile(
            r"\bdrawback|\bdisadvantage|\bdownside|\bproblem|\bhowever\b|\bbut\b|\bslow|\bexpensive|\blimit|\bfails?\b|"
            r"\bcannot\b|\bнедостат|\bминус|\bпроблем|\bно\b|\bоднако\b|\bплох|\bмедленн|\bсложн|"
            r"\bне (?:может|могут|умеет|всегда)\b"
        ),
        code=False,
        english="drawbacks of",
        russian="недостатки",
    ),
    Facet(
        re.compile(r"^\W*(?:and |but |so |а |и )?(?:when|когда)\b"),
        re.compile(rf"\bwhen\b|\bif\b|\bin case\b|\bwhenever\b|\bкогда\b|\bесли\b|\bв случае\b|{_DATE}"),
        code=False,
        english="",
        russian="",
    ),
)
# What went wrong with somebody is answered by what to do, and by what it comes from.
_REMEDY = Facet(
    re.compile(
        r"\b(?:my|our|wrong|complains?|refuses?|weird|crazy|strange|rubbish|garbage|fix|what did i forget|"
        r"what (?:do|can|should) i do|"
        r"мо[йяеи]|моего|моей|моих|у (?:меня|нас)|не так|что делать|помогите|исправить|починить|ругается|странно)\b"
    ),
    re.compile(
        r"\bshould(?:n't)?\b|\bmake sure\b|\bmust\b|\binstead\b|\bneed(?:s|ed)? to\b|\bhave to\b|\bsolutions?\b|"
        r"\bto (?:fix|solve|avoid|prevent|overcome|address|remedy|get around)\b|\bworkaround|\bremed(?:y|ies)\b|"
        r"\btry(?:ing)? \w+ing\b|\bconsider\b|\bbecause\b|\bdue to\b|\bcause[sd]?\b|\breason\b|\bsince\b|"
        r"\bthis (?:happens|means)\b|\b(?:we|you) can\b|\bdon't\b|\bdo not\b|\bthat's why\b|"
        r"\b(?:problem|issue|trick|trouble) (?:is|with|here)\b|"
        r"\b(?:следует|нужно|надо|необходимо|лучше|вместо|из-за|так как|потому|поскольку|нельзя|можно|поэтому|"
        r"решени[ея]|причин\w+|проблем\w+|спаса\w+|помога\w+)\b|"
        r"\bт\.\s?к\.|\bчтобы (?:не|избежать|исправить)\b|\bтолько на\b"
    ),
    code=True,
    english="",
    russian="",
)


def says(facet: Facet, text: str, *, is_code: bool) -> float:
    """How far a piece says what is asked of a thing: 0 or 1."""
    return float(facet.code if is_code else facet.put.search(text.lower()) is not None)


def facet_of(question: str) -> Facet | None:
    """What is asked of a thing in a question; of a trouble its remedy."""
    folded = fold(question)
    found = next((facet for facet in _FACETS if facet.named.search(folded)), None)
    if found is None and (suffers(question) or _REMEDY.named.search(folded)):
        return _REMEDY
    return found


def asks_of(folded: str, thing: str, *, russian: bool) -> str | None:
    """What a follow-up asks of the thing spoken of, as a question of its own; None for what has no such lead."""
    facet = facet_of(folded)
    lead = "" if facet is None else facet.russian if russian else facet.english
    return f"{lead} {thing}" if lead else None

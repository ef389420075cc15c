"""Text → what is asked, and in which language."""

from __future__ import annotations

import re

from index.search.courtesy import without_courtesies
from index.search.tasks import sets_task
from index.text.analysis import fold, joining_words
from service.answers.requests import requested
from service.answers.sides import sides_of
from service.answers.types import Asked

_STARTS = {
    Asked.COMPARISON: r"чем .{2,60} (?:отлича\w+|лучше|хуже)|чем отлича\w+|сравни\w*|compare|"
    r"(?:в чем )?(?:разниц\w+|отличи\w+|различи\w+)|"
    r"(?:what(?:'s| is) the )?differences? between|how (?:is|are|do|does) .{2,60} differ\w*",
    Asked.FORMULA: r"(?:какая |какова |какой |напиши |выпиши |запиши )?(?:формул\w+|уравнени\w+)|"
    r"как (?:записыва\w+|вычисля\w+|считается|считают|выглядит формула)|"
    r"(?:what(?:'s| is) the |write (?:down )?the |give the |show the )?(?:formula|equation)\b|"
    r"what(?:'s| is) the (?:loss|loss function|cost function|objective|update rule) (?:of|for)\b|"
    r"how (?:is|are) .{2,60} (?:computed|calculated|written)",
    Asked.WHEN: r"когда|в каком году|when|in (?:which|what) year|quand|wann|cuándo",
    Asked.LIST: r"как(?:ие|ими) (?:.{2,40} )?(?:бывают|есть|существуют)|какие (?:виды|типы|методы|способы)|"
    r"перечисли\w*|назови\w*|из чего состо\w+|"
    r"what (?:kinds|types|are the (?:kinds|types|parts|steps|methods|main))|which (?:kinds|types)|list\b|name\b",
    Asked.DEFINITION: r"(?:что|чо|че|шо|што) (?:такое|есть|значит|означа\w+|понима\w+|представля\w+)|"
    r"как(?:ой|ая|ое|ие)? (?:смысл|определени\w+)|"
    r"определени\w+|what(?:'s|s| is| are| does .{1,40} mean| do you mean)|define|definition of|"
    r"qu'est-ce|was ist|qué es|o que é",
    Asked.REASON: r"зачем|почему|отчего|для чего|"
    r"в чем (?:причина|смысл|проблема|преимуществ\w+|недостат\w+)|why|what for|"
    r"what(?:'s| is) the (?:reason|point|purpose|advantage|use)|pourquoi|warum|por qué|por que",
    Asked.STEPS: r"как(?:им образом)?\b|каким способом|how(?! (?:many|much|large|big|deep|long|wide))|comment|wie|cómo|"
    r"como",
    Asked.PERSON: r"кто|кем|кому|who|whose|qui|wer|quién",
    Asked.FACT: r"что|чего|чем|какой|какая|какое|какие|каких|какому|какую|каком|какими|сколько|где|куда|откуда|чей|"
    r"(?:в|на|при|из|с|со|до|от|для|по|о|об|к|у|за|через|между|после|перед|под|над|без) "
    r"(?:чего|чему|чем|кого|кому|ком|как(?:ой|ая|ое|ие|ого|ому|ую|им|ом|их|ими)|скольк\w+|котор\w+)|"
    r"верно ли|за счет (?:чего|как\w+)|насколько|в каком порядке|what|which|where|how (?:many|much)|"
    r"(?:in|on|at|for|to|from|with|by|under|of) (?:which|what|whom)|"
    r"is|are|do|does|did|can|could|should|will|has|have|"
    r"quel\w*|où|welche\w*|wo|cuál\w*|dónde|qual|onde",
}
# When something happened; "when does it stop" asks under which condition.
_DATED = re.compile(
    r"год[ауы]?\b|\byear|\b(?:was|were|did)\b|^\W*(?:когда|when|quand|wann|cuándo)(?:\W+\w+)?\W*$|"
    r"[а-яё]{2,}(?:л|ла|ло|ли|лся|лась|лось|лись|ен|ена|ено|ены)\b|quand|wann|cuándo"
)
_PATTERNS = {asked: re.compile(rf"(?:{pattern})(?![\w-])") for asked, pattern in _STARTS.items()}
# What may stand before a question: how it goes on, a request, what the asker wants or did not understand.
_LEAD = re.compile(
    r"^(?:(?:а|и|но|ну|так|теперь|скажи(?:те)?|подскажи(?:те)?|объясни(?:те|ть)?|поясни(?:те|ть)?|расскажи(?:те)?|"
    r"рассказать|пожалуйста|плиз|можно|можешь|можете|могли бы вы|мне|нам|бы|я|мы|не|никак|до конца|совсем|понял|"
    r"поняла|понимаю|понимаем|понять|разобраться|узнать|хочу|хочется|хотел|хотела|хотелось|нужн[оаы]?|интересует|"
    r"интересно|помоги(?:те)?|напиши(?:те)?|дай(?:те)?|приведи(?:те)?|покажи(?:те)?|в двух словах|кратко|вкратце|"
    r"простыми словами|своими словами|(?:по)?подробнее|детальнее|"
    r"more (?:about|on|details? (?:about|on|of)|information (?:about|on)|examples? of)|please|pls|so|"
    r"and|but|well|ok|okay|help|me|us|to|i|we|do not|don't|dont|didn't|"
    r"still|really|understand|understood|get|know|want|need|would like|(?:can|could|would|will) (?:you|"
    r"someone|anyone|anybody|somebody|we|i)|tell|explain|clarify|give|write|show(?= (?:me|us)\b)|in short|briefly|"
    r"in simple words)(?:[\s,:]+|$))+"
)
# What makes a request of what follows it, which need not be put as a question.
_REQUEST = re.compile(
    r"\b(?:объясни\w*|поясни\w*|расскаж\w*|рассказать|не (?:\w+ )?(?:понял|поняла|понима\w+)|понять|разобраться|"
    r"узнать|(?:по)?подробнее|детальнее|more|explain|clarify|"
    r"(?:don't|do not|dont|didn't) (?:\w+ )?(?:understand|get)|understand|tell|(?:give|show) (?:me|us))\b"
)
_FORMULA_WORDS = re.compile(
    r"\b(?:можно|какая|какова|какой|напиши|выпиши|запиши|формул\w+|уравнени\w+|как|у|для|"
    r"записыва\w+|вычисля\w+|считается|"
    r"считают|выглядит|what(?:'s)?|is|are|the|write|down|give|show|formula|equation|of|for|how|computed|calculated|"
    r"written)\b"
)
# A thing, and after it what is asked of it: "1x1 convolution зачем".
_THING = r"^\S+(?: \S+){0,4}?[\s,:–—-]+"
_IT = r"(?: (?:он|она|оно|они|это|it|they|that|this))?"
_AFTER = {
    asked: re.compile(_THING + rf"(?:{pattern})\W*$")
    for asked, pattern in {
        Asked.DEFINITION: r"(?:что|чо|че) это(?: такое)?|это (?:что|чо|че)(?: такое)?|(?:что|чо|че) (?:за|"
        r"такое)(?: это)?|что значит|"
        r"определени[ея]|what(?:'s| is| are| does)? (?:it|this|that|they)(?: mean)?|what is|definition|meaning",
        Asked.REASON: rf"(?:зачем|почему|для чего|why|what for)(?: is| are| do| does)?{_IT}(?: [\w-]+){{0,3}}",
        Asked.STEPS: rf"(?:как|how)(?: do| does)?{_IT}(?: (?:работа\w+|устро\w+|действ\w+|обуч\w+|счита\w+|works?|"
        rf"is trained|is computed))?",
        Asked.FORMULA: r"формул[ау]|уравнени[ея]|(?:the )?(?:formula|equation)(?: (?:in|for|of) .+)?",
        Asked.PERSON: r"кто (?:придумал|изобрел|предложил|автор)|who (?:invented|proposed|made)(?: it)?",
        Asked.WHEN: r"когда (?:придумали|изобрели|предложили|появи\w+)|when(?: was it (?:invented|proposed))?",
    }.items()
}
# So many words describe what happens, or what is wanted: "called backward twice and got an error". A term is shorter.
_TELLING_WORDS = 8
# a question mark anywhere, a sentence to be completed, a question after a comma
_WORD = re.compile(r"\w+")
_RUSSIAN, _LATIN = re.compile("[а-я]"), re.compile("[a-z]")
_ASKED_INSIDE = re.compile(
    r"\?|\.\.\.|…|[:,]$|\bли\b|\b(?:что|как|чем|почему|зачем) \w+$|"
    r"[,.:;] (?:как|что|чем|почему|зачем|в котором|како[йе]|какая|какие|how|what|why|which)\b"
)


def what_is_asked(question: str) -> Asked:
    """The kind of a question; NOTHING for a term or a phrase that asks nothing."""
    folded = fold(without_courtesies(question)).strip()
    lead = _LEAD.match(folded)
    bare = folded[lead.end() :] if lead else folded
    told = sets_task(folded) or (lead is not None and _REQUEST.search(lead.group()) is not None)
    if sides_of(bare) is not None:
        return Asked.COMPARISON
    for asked, pattern in _PATTERNS.items():
        if pattern.match(bare):
            return Asked.FACT if asked is Asked.WHEN and not _DATED.search(bare) else asked
    for asked, pattern in _AFTER.items():
        if pattern.match(bare):
            return asked
    if (asked := requested(question, folded, bare)) is not Asked.NOTHING:
        return asked
    telling = len(_WORD.findall(bare)) >= _TELLING_WORDS
    return Asked.FACT if (told and bare) or telling or _ASKED_INSIDE.search(bare) else Asked.NOTHING


def speaks_russian(text: str) -> bool:
    """Whether to answer in Russian: by the words that only join others ("а от DropConnect?"), else by the letters."""
    folded = fold(text)
    if _RUSSIAN.search(folded) is None:
        return False  # neither words nor letters
    joining = [word.isascii() for word in joining_words(folded)]
    english = sum(joining)
    if 2 * english != len(joining):
        return 2 * english < len(joining)
    return len(_RUSSIAN.findall(folded)) * 2 > len(_LATIN.findall(folded))


def thing_of_formula(question: str) -> str:
    """What a formula is asked for of: a course that shows it need not say "formula". Empty for another question."""
    if what_is_asked(question) is not Asked.FORMULA:
        return ""
    return " ".join(_FORMULA_WORDS.sub(" ", _LEAD.sub("", fold(question))).split()).strip(" ?.!")

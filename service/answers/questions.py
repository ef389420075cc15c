"""Text → what is asked, and in which language."""

from __future__ import annotations

import re

from index.search.courtesy import without_courtesies
from index.text.analysis import fold
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
    Asked.DEFINITION: r"что (?:такое|значит|означа\w+|понима\w+|представля\w+)|"
    r"как(?:ой|ая|ое|ие)? (?:смысл|определени\w+)|"
    r"определени\w+|what (?:is|are|does .{1,40} mean|do you mean)|define|definition of|"
    r"qu'est-ce|was ist|qué es|o que é",
    Asked.REASON: r"зачем|почему|отчего|для чего|"
    r"в чем (?:причина|смысл|проблема|преимуществ\w+|недостат\w+)|why|what for|"
    r"what(?:'s| is) the (?:reason|point|purpose|advantage|use)|pourquoi|warum|por qué|por que",
    Asked.STEPS: r"как(?:им образом)?\b|каким способом|how(?! (?:many|much|large|big|deep|long|wide))|comment|wie|cómo|"
    r"como",
    Asked.PERSON: r"кто|кем|кому|who|whose|qui|wer|quién",
    Asked.FACT: r"что|чего|чем|какой|какая|какое|какие|каких|какому|какую|каком|какими|сколько|где|куда|откуда|чей|"
    r"в (?:чем|каком|какой|каких)|на (?:чем|каком|какой)|при (?:каком|каких)|из (?:чего|каких)|"
    r"перед каким\w*|по как\w+|от чего|what|which|where|how (?:many|much)|"
    r"is|are|do|does|did|can|could|should|will|has|have|"
    r"quel\w*|où|welche\w*|wo|cuál\w*|dónde|qual|onde",
}
_PATTERNS = {asked: re.compile(rf"(?:{pattern})(?!\w)") for asked, pattern in _STARTS.items()}
_LEAD = re.compile(
    r"^(?:а|и|но|ну|скажи(?:те)?|подскажи(?:те)?|объясни(?:те)?|расскажи(?:те)?|пожалуйста|please|tell me|"
    r"explain|so|and|but|can you (?:tell|explain)(?: me)?)[\s,]+"
)
_TOLD = re.compile(
    r"^(?:объясни|расскажи|покажи|опиши|выбери|назови|перечисли|укажи|сравни|приведи|найди|отметь|"
    r"explain|tell me|describe|show|choose|select|name|list|compare|give|find|state)\w*"
)
_FORMULA_WORDS = re.compile(
    r"\b(?:какая|какова|какой|напиши|выпиши|запиши|формул\w+|уравнени\w+|как|у|для|записыва\w+|вычисля\w+|считается|"
    r"считают|выглядит|what(?:'s)?|is|are|the|write|down|give|show|formula|equation|of|for|how|computed|calculated|"
    r"written)\b"
)
# a question mark anywhere, a sentence to be completed, a question after a comma
_ASKED_INSIDE = re.compile(
    r"\?|\.\.\.|…|[:,]$|\bли\b|\b(?:что|как|чем|почему|зачем) \w+$|"
    r"[,.:;] (?:как|что|чем|почему|зачем|в котором|како[йе]|какая|какие|how|what|why|which)\b"
)


def what_is_asked(question: str) -> Asked:
    """The kind of a question; NOTHING for a term or a phrase that asks nothing."""
    folded = fold(without_courtesies(question)).strip()
    told = _TOLD.search(folded) is not None
    bare = _LEAD.sub("", folded)
    if sides_of(bare) is not None:
        return Asked.COMPARISON
    for asked, pattern in _PATTERNS.items():
        if pattern.match(bare):
            return asked
    return Asked.FACT if told or _ASKED_INSIDE.search(bare) else Asked.NOTHING


def speaks_russian(text: str) -> bool:
    """Whether to answer in Russian: by the letters of the question."""
    folded = fold(text)
    return sum("а" <= letter <= "я" for letter in folded) * 2 > sum("a" <= letter <= "z" for letter in folded)


def thing_of_formula(question: str) -> str:
    """What a formula is asked for of: a course that shows it need not say "formula". Empty for another question."""
    if what_is_asked(question) is not Asked.FORMULA:
        return ""
    return _FORMULA_WORDS.sub(" ", _LEAD.sub("", fold(question))).strip(" ?.!")

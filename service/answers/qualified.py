"""Question → an attribute and the thing it is asked of: "the loss of a VAE" asks for a loss, and of a VAE alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = r"\S.{0,60}?"
_LEAD = re.compile(
    r"^(?:(?:а|и|но|ну|so|and|but|please|скажи(?:те)?|подскажи(?:те)?|назови(?:те)?|tell me|explain|объясни(?:те)?|"
    r"перечисли(?:те)?|опиши(?:те)?|расскажи(?:те)?|укажи(?:те)?|list|describe|name)"
    r"[\s,]+)+",
    re.IGNORECASE,
)
_HOW_MANY = (
    r"(?:сколько|каков\w*|как(?:ой|ая|ое|ие|ую|им|ими|ого)|чему\s+рав\w+|что\s+такое|как\s+(?:выглядит|устроен\w*))"
)
_WHAT = r"(?:what(?:'s|\s+is|\s+are|\s+was)|which|how\s+(?:large|big|deep|long|many|much)(?:\s+is|\s+are)?)"
# How an attribute is tied to what has it. Some ties say no more than where it is met: "attention in transformers".
_OWNED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:{_HOW_MANY}\s+)?(?P<attribute>{_PART})\s+у\s+(?P<thing>.+)$",
        rf"^(?:{_WHAT}\s+)?(?:the\s+|a\s+|an\s+)?(?P<attribute>{_PART})\s+of\s+(?P<thing>(?:an?|the)\s+.+|(?-i:\S*[A-Z].*))$",
        rf"^{_WHAT}\s+(?:the\s+)?(?P<attribute>{_PART})\s+of\s+(?P<thing>.+)$",
        rf"^{_WHAT}\s+(?P<attribute>{_PART})\s+(?:does|do|did|has|have)\s+(?P<thing>.+?)(?:\s+(?:use|uses|have|need|minimi[sz]e|"
        r"contain|get|take))?$",
    )
)
_MET = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"^(?:{_HOW_MANY}\s+)?(?P<attribute>{_PART})\s+(?:в|во|для|внутри)\s+(?P<thing>.+)$",
        rf"^(?:{_WHAT}\s+)?(?:the\s+|a\s+|an\s+)?(?P<attribute>{_PART})\s+(?:in|for|inside)\s+(?P<thing>.+)$",
    )
)
# Without a word that ties them the thing stands last, in the genitive: its adjectives before it.
_GENITIVE = re.compile(
    r"^(?:сколько|каков\w*|как(?:ой|ая|ое|ие)|чему\s+рав\w+)\s+(?P<attribute>\S.{0,60}\S)\s+"
    r"(?P<thing>(?:[а-яё-]+(?:ого|его|ой|ей|ых|их)\s+)*(?:[A-Za-z][\w-]*|[а-яё-]+(?:а|[^с]я|ы|и|ов|ев|ей|ий)))$",
    re.IGNORECASE,
)
# What names a kind of answer, or a measure, rather than something that a course that answers says: "138M parameters" is
# their number.
ATTRIBUTES = (
    r"роль|смысл|суть|иде[яи]|формул\w+|уравнени\w+|определени\w+|пример\w*|цел[ьи]|вид\w*|тип\w*|шаг\w*|этап\w*|"
    r"стади\w+|изменени\w+|преимуществ\w+|недостат\w+|достоинств\w+|плюс\w*|минус\w*|проблем\w+|role|meaning|idea|"
    r"point|formula|equation|definition|example\w*|steps?|stages?|changes?|purpose|goal|aim|use|kinds?|types?|"
    r"advantages?|disadvantages?|drawbacks?|benefits?|limitations?|problems?|pros|cons|difference|числ\w+|"
    r"количеств\w+|размер\w*|number|amount|count|sizes?"
)
# How many are asked for, what stands for their name, and what only says that they belong there: who lists four things
# need not say that they are four, or things.
_COUNTED = (
    r"two|three|four|five|six|seven|eight|nine|ten|things|"
    r"два|две|двух|три|тр[её]х|четыре|четыр[её]х|пять|пяти|шесть|шести|семь|семи|восемь|восьми|девять|девяти|десять|десяти|"
    r"вещ(?:и|ей)|входят|входит|included|involved"
)
_OF_ANSWERS = re.compile(rf"\b(?:{ATTRIBUTES}|{_COUNTED})\b", re.IGNORECASE)
# Of which kind a thing is: beside a name it need not be said, "the CRISP-DM methodology".
_KIND_OF_THING = re.compile(
    r"\b(?:архитектур\w+|метод\w{0,3}|методологи\w+|методик\w+|алгоритм\w*|модел\w+|подход\w*|сет[ьи]|сетей|процесс\w*|"
    r"библиотек\w+|фреймворк\w*|оптимизатор\w*|architecture|method|methodology|algorithm|model|approach|network|process|"
    r"library|framework|optimi[sz]er)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-ZА-ЯЁ]")
# What goes on behind the name of a thing: another question, or what is wanted of each of its parts.
_FURTHER = re.compile(
    r"\s(?:(?:и|а|and)\s(?:(?:в|на|за|из|in|for|at|on)\s)?(?:как\w*|скольк\w+|когда|что|чем|кто|где|зачем|почему|what|which|"
    r"how|when|where|who|why)|(?:вместе\s)?(?:with|с|со)\s(?:its|their|его|е[её]|их))\s.*",
    re.IGNORECASE,
)
# What is no name: what only asks, or stands for something that was named; or a part that goes on with another question.
_NO_NOUN = re.compile(
    r"^(?:нужн\w*|бывают|есть|лучше|существу\w+|зачем|почему|когда|is|are|was|the|why|when)$|"
    r"^(?:него|нее|неё|них|этого|этой|этих|it|them|this|that|these|как(?:ой|ую|ом|ие|их|ими)|какая|что|чего|чем|"
    r"which|what)\b|"
    r"\s(?:и|а|или|and|or|but)$",
    re.IGNORECASE,
)

# What is longer, or goes on after a comma, is no name: "in training which tell one from the other; what else changed".
_CLAUSE = re.compile(r"[,;:(]|[.?!]\s|(?:\S+\s+){6}")


@dataclass(frozen=True, slots=True)
class Qualified:
    """What is asked for, and of what. `owned`: it is the thing's own, else it is met there, or the thing only says in
    which field a word is meant."""

    attribute: str
    thing: str
    owned: bool

    @property
    def said(self) -> str:
        """What of the attribute a course that answers says; may be nothing."""
        return _OF_ANSWERS.sub(" ", self.attribute).strip()

    @property
    def name(self) -> str:
        """The thing, without what it is where it has a name of its own."""
        name = _KIND_OF_THING.sub(" ", self.thing).strip()
        return name if _NAME.search(name) else self.thing


def qualified(question: str) -> Qualified | None:
    """The attribute and the thing of a question that is built so; None for another one."""
    asked = _LEAD.sub("", question.strip()).rstrip(" ?.!")
    for patterns, owned in ((_OWNED, True), (_MET, False), ((_GENITIVE,), True)):
        for pattern in patterns:
            found = pattern.match(asked)
            if found is None:
                continue
            attribute, thing = found["attribute"].strip(), found["thing"].strip()
            if _is_named(attribute) and _is_named(thing):
                return Qualified(attribute, _FURTHER.sub("", thing), owned)
    return None


def _is_named(part: str) -> bool:
    return not _NO_NOUN.search(part) and not _CLAUSE.search(part)

"""Text → the things that it is about, as they are named there: what is left without the words that ask."""

from __future__ import annotations

import re

from index.engine.glossary import general_glossary, whole_key
from index.text.analysis import fold, is_stop_word, words
from index.text.language import ORDINARY_ZIPF, zipf
from service.answers.qualified import ATTRIBUTES, qualified
from service.answers.sides import sides_of

MAX_NAMED = 6  # words of a thing
# What asks, or says how and where to answer: a question of such words alone has no subject.
_SHELL = re.compile(
    r"как(?:ой|ая|ое|ие|ую|им|ими|их|ого|ому|ом)|котор\w+|сравни\w*|отлич\w+|разниц\w+|различ\w+|compare\w*|"
    r"differ\w*|привед\w+|покаж\w+|показ\w+|дай(?:те)?|дава\w+|напиши\w*|выпиши\w*|запиши\w*|объясн\w+|поясн\w+|"
    r"расска\w+|опиши\w*|скажи\w*|подскажи\w*|напомни\w*|повтори\w*|уточни\w*|хо(?:чу|телось)|понят\w+|понял[аи]?|"
    r"понимаю|узнать|говор\w+|сказан\w*|пример\w*|формул\w+|уравнени\w+|определени\w+|код[аеу]?|коде|подробн\w+|"
    r"детал\w+|кратко|короче|коротко|проще|попроще|прост\w{1,3}|своими|словами|пальцах|языком|понятне\w+|еще|раз|"
    r"снова|опять|именно|точно|пожалуйста|плиз|лекци\w+|слайд\w*|курс\w{0,2}|видео|страниц\w+|минут\w+|момент\w*|"
    r"смысл\w*|сут[ьи]|иде[яию]|принцип\w*|цел[ьи]|рол[ьи]|нуж(?:ен|на|но|ны)|использ\w+|примен\w+|обсужда\w+|"
    r"упомина\w+|встреча\w+|разбира\w+|рассм\w+|придум\w+|изобр[её]\w+|предлож\w+|появил\w+|помога\w+|дела(?:ет|ют|"
    r"ть)|происходит|выгляд\w+|записыва\w+|вычисл\w+|счита\w+|практик\w+|жизни|общем|целом|вообще|вкратце|итог\w*|"
    r"устро\w+|"
    r"важ(?:ен|на|но|ны)|лучше|хуже|быстрее|медленнее|сложнее|эффективнее|точнее|надежнее|слов\w{0,3}|что-нибудь|"
    r"какой-нибудь|тема|теме|тему|вопрос\w*|ответ\w*|show\w*|giv\w+|explain\w*|tell|told|describe\w*|discuss\w*|"
    r"mention\w*|say|says|said|repeat|clarify|elaborate|continue|want|understand|get|know|write|examples?|formulas?|"
    r"equations?|definitions?|code|details?|detailed|more|simple|simpler|simply|easier|brief\w*|short\w*|plain|"
    r"again|once|exactly|precisely|please|pls|lectures?|slides?|course|video|page|minute|second|place|where|point|"
    r"purpose|idea|intuition|meaning|use[ds]?|useful|useless|appl(?:y|ied)|help\w*|happen\w*|work\w*|need\w*|"
    r"matters?|important|invent\w*|propos\w*|introduced|came|come|look\w*|like|practice|general|life|better|worse|"
    r"faster|slower|good|bad|words?|way|thing|things|topic|question|answer|true|sense|make|makes|any|some|ok|okay|"
    r"well|just|otherwise|instead|alternatively|иначе|вместо|still|really|also|else|further|one|ones|other|"
    r"calculated|computed|written|сколько|many|much|че|чо|шо|што|автор(?:а|у|ом|ы|ов)?|authors?|год(?:а|у|ом|ы|ов)?|"
    r"years?|something|anything|что-то|tun(?:e|ing)|pick|подб(?:ор\w*|ира\w+|рать)|настр(?:оить|аива\w+)|теперь|now|down|больше|дальше|далее|стать[еию]|статья|papers?|опубликова\w+|published",
    re.IGNORECASE,
)
# What a thing has, and may be asked about for itself too: "what is a loss function?".
_PARTS = (
    r"параметр\w*|гиперпараметр\w*|сло[йяюеи]|сло(?:ем|ев|ям|ями|ях)|член\w{0,3}|слагаем\w+|функци\w+|потер[ьия]\w{0,2}|"
    r"лосс\w{0,2}|псевдокод\w{0,2}|значени\w+|умолчани\w+|архитектур\w+|реализаци\w+|parameters?|hyperparameters?|"
    r"layers?|terms?|functions?|loss(?:es)?|objectives?|pseudo-?code|values|defaults?|architectures?|implementations?"
)
PART = re.compile(rf"(?<![\w-])(?:{_PARTS})(?![\w-])", re.IGNORECASE)
# What is asked of a thing that another question has named.
ATTRIBUTE = re.compile(
    rf"{ATTRIBUTES}|{_PARTS}|производн\w+|сложност\w+|вариант\w*|аналог\w*|альтернатив\w+|ограничени\w+|применени\w+|"
    r"derivative\w*|complexity|variants?|alternatives?|applications?|weaknesses|strengths",
    re.IGNORECASE,
)
WHICH_PART = re.compile(r"(?:перв|втор|трет)\w{1,3}|first|second|third|last", re.IGNORECASE)
# Where a part is asked about for itself: what it is, which kinds there are, and any one of them.
_IN_GENERAL = re.compile(
    r"\b(?:что|че|чо|шо|што) такое\b|\bwhat(?:'s| is| are) (?!(?:the|its|their)\b)|"
    r"\b(?:бывают|существуют|виды|типы|kinds?|types?|an?)\b"
)
# A word that only says what is done: an infinitive, or what ends like no noun.
_ACTION = re.compile(r"[а-я-]+(?:ать|ить|ться|ают|яют|ются|ется|ится|атся|ятся)")
_HOW_TO = re.compile(
    r"^(?:how|why|when)\s+(?:to|do (?:i|we|you)|can (?:i|we)|should (?:i|we))\s+\w+\s*\??$", re.IGNORECASE
)
_WORD = re.compile(r"\w[\w+#./-]*")
_KINDS = re.compile(r"^(?:(?:kinds?|types?|sorts?) of|виды|типы|разновидности)\s+(?=\S)", re.IGNORECASE)
# A question whose verb stands after the thing: "can a CNN process audio".
_VERB_LATER = re.compile(
    r"^(?:(?:and|but|so|how|why|when|where|what(?=\s+(?:can|do|does|did)\b))\s+)*(?:can|could|does|do|did|is|are|was|were|"
    r"will|would|should|has|have)\s",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\s+(?:и|and)\s+")
_RELATION = frozenset({"of", "for", "in", "with", "с", "со", "для", "в", "на", "по"})


def things_of(question: str) -> tuple[str, ...]:
    """What a complete question is about: the thing, of a comparison both."""
    sides = sides_of(question)
    if sides is not None:
        return tuple(subject_of(side) or side for side in sides)
    named = qualified(question)
    if named is not None and named.owned and (thing := subject_of(named.thing)):
        return (thing,)
    # where nothing was spoken of before, a part is the thing: "loss functions"
    subject = _KINDS.sub("", subject_of(question) or (_stretch(question) if PART.search(question) else ""))
    pair = _PAIR.split(subject)
    if len(pair) == 2 and all(len(words(part)) <= 3 and subject_of(part) == part for part in pair):
        return (pair[1], pair[0])
    if _VERB_LATER.match(question):
        subject = _leading_name(subject) or subject
    return (subject,) if subject else ()


def _leading_name(subject: str) -> str:
    """The longest name of a term with which a text begins, or its first word where that is written as a name."""
    parts = subject.split()
    for count in range(min(len(parts), MAX_NAMED), 1, -1):
        if general_glossary().find(whole_key(name := " ".join(parts[:count]))):
            return name
    return parts[0] if parts and is_name_of_term(parts[0]) else ""


def subject_of(question: str) -> str:
    """What a question names beside what asks, in one stretch; empty where it names nothing, or only what is asked."""
    return "" if _HOW_TO.match(question) or _is_attribute(question) else _stretch(question)


def _stretch(question: str) -> str:
    """From the first to the last word of a question that says something."""
    found = [match.span() for match in _WORD.finditer(question)]
    named = [span for span in found if _says(question[slice(*span)])]
    if not named:
        return ""
    first, last = named[0], named[-1]
    last = min(last, found[min(len(found), found.index(first) + MAX_NAMED) - 1])
    return question[first[0] : last[1]].rstrip(".")


def _is_attribute(question: str) -> bool:
    """Whether what a question names is only what is asked of a thing."""
    named = [match.group() for match in _WORD.finditer(question) if _says(match.group())]
    of_a_thing = [word for word in named if ATTRIBUTE.fullmatch(fold(word))]
    if not of_a_thing or not all(word in of_a_thing or WHICH_PART.fullmatch(word) for word in named):
        return False
    return not any(map(PART.fullmatch, of_a_thing)) or not _IN_GENERAL.search(fold(question))


def is_shell(folded: str) -> bool:
    """Whether a folded word only asks, or says how and where to answer."""
    return _SHELL.fullmatch(folded) is not None


def _says(word: str) -> bool:
    folded = fold(word).strip("-.")
    if not folded or is_stop_word(word) or (len(folded) == 1 and not word.isupper()):
        return False
    is_action = _ACTION.fullmatch(folded) is not None and zipf(folded, "ru") >= ORDINARY_ZIPF
    return not is_shell(folded) and not is_action


def is_name_of_term(text: str) -> bool:
    """Whether a short text is a name: it is written as one, or is a term."""
    return re.search(r"[A-Z]|[a-z]\d", text) is not None or bool(general_glossary().find(whole_key(text)))


def noun_of(thing: str, *, russian: bool) -> str:
    """The noun of a name, or of what it is short for."""
    fuller = [term.counterpart for term in general_glossary().find(whole_key(thing))] if len(words(thing)) == 1 else []
    name = next((text for text in fuller if is_russian(text) is russian and len(words(text)) > 1), thing)
    before: list[str] = []
    for word in words(name):
        if before and fold(word) in _RELATION:
            break
        before.append(word)
    return before[-1] if before else ""


def is_russian(text: str) -> bool:
    """Whether a text has a Russian letter."""
    return re.search("[а-яё]", text, re.IGNORECASE) is not None

"""Query → the query without greetings, thanks, and wishes for the form of an answer.

"Добрый день! Подскажите, пожалуйста, что такое dropout?" asks what dropout is. People write so to people, and to
chat programs ("Please answer briefly."). Such clauses say nothing of the subject, and a course that does not say them
lacks nothing. A clause goes only if all of its words are of that kind, and something else is left.
"""

from __future__ import annotations

import re

from index.text.analysis import fold, is_stop_word

_BETWEEN = re.compile(r"(?<=[.!?;,:])\s+")  # clauses; "nn.Conv2d(1, 20)" keeps its first dot
_WORD = re.compile(r"\w+")
_CODE = re.compile(r"\w[(\[{]|[=<>+*^\\_|{}]")  # "max(0, z)" wishes nothing
# What is said to be polite; a clause of courtesy has one of these.
_POLITE = re.compile(
    r"здравствуй\w*|приветик|привет\w*|добр(?:ый|ое|ого|ой)|салют|пожалуйста|пжл?ст?|плиз|спасибо\w*|спс|благодар\w+|"
    r"помог(?:и|ите)|хелп|подска(?:жи|жите|зать)|скажи(?:те)?|прости(?:те)?|извини(?:те)?|извиняюсь|"
    r"hi|hello|hey|dear|good|please|pls|plz|thanks?|thx|cheers|sorry|excuse|help|kindly"
)
# What may stand beside it.
_BESIDE = re.compile(
    r"день|дня|вечер\w*|утр[оа]|ночи|времени|суток|всем|коллеги|ребята|друзья|народ|бот|заранее|больш\w+|огромн\w+|"
    r"мож(?:ешь|ете|но)|могли?|кто|нибудь|знает|помо(?:чь|щь|гать)|нуж(?:на|ен|но)|вопрос|срочно|разобраться|понять|"
    r"morning|afternoon|evening|day|everyone|folks|team|bot|assistant|professor|advance|lot|much|appreciated?|quick|"
    r"question|need|urgent\w*|someone|anyone|tell|know|understand|out"
)
# How an answer is wished for: a clause that begins with one of the first, and holds only these.
_WISH = re.compile(
    r"answer|reply|respond|write|use|give|keep|be|format|return|output|make|no|in|as|with|at|max(?:imum)?|limit|within|"
    r"ответь(?:те)?|отвечай(?:те)?|ответ|напиши(?:те)?|пиши|используй(?:те)?|дай(?:те)?|выдай|сделай|оформи|будь|без|не|в|на|с|"
    r"желательно|лучше|можно|только|максимум|максимально"
)
_FORM = re.compile(
    r"brief\w*|short\w*|concise\w*|succinct\w*|detail\w*|thorough\w*|json|markdown|html|xml|yaml|plain|text|bullet\w*|points?|"
    r"lists?|tables?|sentences?|words?|paragraphs?|lines?|pages?|russian|english|french|german|spanish|language|sources?|links?|"
    r"citations?|references?|quotes?|simpl[ey]|terms|emojis?|emoticons|format|only|most|more|less|few|one|two|three|five|ten|"
    r"possible|clear\w*|explanation|\d+|"
    r"кратк\w*|коротк\w*|подробн\w*|сжат\w*|прост\w*|понятн\w*|словами|словах|слов[ао]?|языке|языком|виде|формате|таблиц\w*|"
    r"спис\w+|пункт\w*|предложени\w*|абзац\w*|строк\w*|русск\w*|английск\w*|источник\w*|ссылк\w*|цитат\w*|смайлик\w*|"
    r"больше|более|менее|двух|трех|одн\w+|пар[еуы]|человеческ\w+"
)
_PLEASE = re.compile(r"please|pls|plz|пожалуйста|плиз|подскажите|подскажи")


def without_courtesies(text: str) -> str:
    """What is left of a query; all of it where nothing would be."""
    left = " ".join(_without_please(clause) for clause in _BETWEEN.split(text) if not _says_nothing(clause))
    return left if any(not is_stop_word(fold(word)) for word in _WORD.findall(left)) else text


def _says_nothing(clause: str) -> bool:
    words = [fold(word) for word in _WORD.findall(clause)]
    if not words or _CODE.search(clause):
        return False
    rest = [word for word in words if _POLITE.fullmatch(word) is None]
    if len(rest) < len(words) and all(_BESIDE.fullmatch(word) or is_stop_word(word) for word in rest):
        return True
    return _WISH.fullmatch(rest[0]) is not None and _is_of_form(rest) if rest else False


def _is_of_form(words: list[str]) -> bool:
    """Whether words are all of the form of an answer, and one of them says which."""
    formed = [_FORM.fullmatch(word) is not None for word in words]
    joins = [formed[i] or _WISH.fullmatch(word) is not None or is_stop_word(word) for i, word in enumerate(words)]
    return any(formed) and all(joins)


def _without_please(clause: str) -> str:
    """A clause without the words of asking for help at its ends."""
    words = clause.split()
    while len(words) > 1 and _PLEASE.fullmatch(fold(words[0].strip(",.!?"))):
        words.pop(0)
    while len(words) > 1 and _PLEASE.fullmatch(fold(words[-1].strip(",.!?"))):
        words.pop()
    return " ".join(words)

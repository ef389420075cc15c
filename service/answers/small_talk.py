"""Text → the small talk that it is: a greeting, thanks, a question about the service, a wish for a language.

It is known by its shape: the whole text is a run of such phrases. Where anything else is said too, that is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from index.text.analysis import fold
from service.answers.questions import speaks_russian


class Talk(StrEnum):
    """What is said, the weightiest last: "hello, what can you do?" asks."""

    GREETING = "greeting"
    THANKS = "thanks"
    LANGUAGE = "language"
    ABOUT = "about"


_RUSSIAN = r"по[ -]?русски|на русском(?: языке)?|(?:in )?russian(?: language)?"
_ENGLISH = r"по[ -]?английски|на английском(?: языке)?|(?:in )?english(?: language)?"
_ANSWER = (
    r"(?:(?:можешь|можете|можно|давай(?:те)?|лучше|теперь|а|и|can you|could you|would you|will you|please|now|"
    r"and) )*(?:(?:отвечай|ответь|отвечать|ответить|говори|говорить|пиши|писать|продолжай|переходи|переключись|"
    r"общай\w*|answer|reply|respond|speak|talk|write|switch(?: to)?|continue|use|say(?: it| that)?|let's(?: speak|"
    r" talk)?)(?:те)? )?(?:me )?(?:только |only )?"
)
_PHRASES = {
    Talk.GREETING: r"привет(?:ик|ствую|ики)?(?: всем)?|здравствуй(?:те)?|здрасьте|здрасте|добр(?:ый|ое|ого) (?:день|"
    r"вечер|утро|дня)|доброго времени суток|доброе|хай|салют|хеллоу?|как (?:дела|ты|жизнь|поживаешь)|"
    r"hi+|hello+|hey+|hiya|yo|howdy|greetings|good (?:morning|afternoon|evening|day)|"
    r"how are you(?: doing)?(?: today)?|what's up|sup|(?:nice|pleased) to meet you|there|all|"
    r"everyone|bot|бот",
    Talk.THANKS: r"(?:большое |огромное )?спасибо(?: (?:большое|огромное|тебе|вам|за (?:ответ|помощь)))*|спс|"
    r"пасиб\w*|благодарю(?: (?:вас|тебя))?|ок|окей|хорошо|понятно|понял|поняла|все понятно|ясно|"
    r"отлично|супер|круто|класс|здорово|ага|угу|пока|до свидания|(?:many |"
    r"a lot of )?thanks(?: (?:a lot|so much|a million|very much|for (?:the|your) (?:help|answer)))?|"
    r"thank you(?: (?:so|very) much| a lot)?|thx|ty|tnx|cheers|ok|okay|great|cool|nice|awesome|perfect|"
    r"good|got it|i see|understood|bye(?:[ -]bye)?|goodbye|see you(?: later)?",
    Talk.LANGUAGE: rf"{_ANSWER}(?:(?P<russian>{_RUSSIAN})|(?P<english>{_ENGLISH}))",
    Talk.ABOUT: r"(?:а |и |ну )?(?:что|чего|чо) (?:ты|вы) (?:умее(?:шь|те)|може(?:шь|те)|знае(?:шь|те))(?: делать)?|"
    r"(?:а )?(?:кто|что) (?:ты|вы)(?: так(?:ой|ая|ое))?|(?:а )?ты кто(?: так(?:ой|ая))?|ты (?:кто|"
    r"бот|робот|человек|нейросеть|chatgpt|чатгпт)|как тебя зовут|(?:а )?чем (?:ты |вы )?(?:може(?:шь|"
    r"те) )?(?:мне )?(?:помочь|помогаешь|быть полезен|полезен)|как (?:тобой|вами|этим|тут|"
    r"здесь) (?:пользоваться|работать)|как (?:с тобой|с вами) (?:работать|общаться|"
    r"разговаривать)|(?:о чем|что|про что) (?:тебя |вас |тут |здесь |у тебя |у вас )?(?:можно|"
    r"я могу) (?:тебя |вас |у тебя |у вас |тут |здесь )?(?:спросить|спрашивать|узнать)|"
    r"(?:какие )?вопросы (?:тебе|вам|тут|здесь)? ?можно (?:задавать|задать)|расскажи(?:те)? о себе|"
    r"помощь|помоги(?:те)?(?: мне)?|(?:and |so )?what (?:can|could|do) you (?:actually )?do(?: for me)?|"
    r"what are you(?: able to do)?|(?:and |so )?who (?:are|r) (?:you|u)|what(?:'s|"
    r" is) your name|what(?: kind of)?(?: questions)? (?:can|may|should) i ask(?: you)?(?: here)?|"
    r"what do you know(?: about)?|how (?:can|could|do) you help(?: me)?|"
    r"what can you (?:help(?: me)? with|tell me)|how (?:do|can|should) i use you|"
    r"are you (?:an? )?(?:bot|robot|human|person|real|ai|llm|chatgpt|gpt)|"
    r"tell me about yourself|introduce yourself|help(?: me)?",
}
# What may stand before a question, whatever follows.
_OPENING = re.compile(
    r"(?:(?:привет(?:ствую)?|здравствуй(?:те)?|добр(?:ый|ое|ого) (?:день|вечер|утро|дня)|(?:большое |"
    r"огромное )?спасибо(?: большое)?|hi|hello|hey|good (?:morning|afternoon|evening|day)|thanks(?: a lot)?|"
    r"thank you(?: (?:so|very) much)?)(?!\w)[\s,.!)]*)+",
    re.IGNORECASE,
)
_PATTERNS = {talk: re.compile(rf"(?:{pattern})(?!\w)") for talk, pattern in _PHRASES.items()}
_BETWEEN = re.compile(r"(?:[^\w]|пожалуйста(?!\w)|плиз(?!\w)|please(?!\w)|pls(?!\w)|and(?!\w)|и(?!\w))*")
_MOST_CHARS = 120  # nobody greets at greater length


def small_talk(text: str) -> Talk | None:
    """What kind of small talk a text is; None where it asks or says something else."""
    read = _read(text)
    return max(read, key=list(Talk).index, default=None)


def without_opening(text: str) -> str:
    """What is asked after a greeting or thanks; the whole text where nothing else is said."""
    opening = _OPENING.match(text)
    return (text[opening.end() :].strip() if opening else "") or text


def language_wanted(texts: Iterable[str]) -> bool | None:
    """Whether answers are wanted in Russian, or in English, by the last text that says so; None where none does."""
    wanted: bool | None = None
    for text in texts:
        for found in (phrase for talk, phrase in _read(text).items() if talk is Talk.LANGUAGE):
            wanted = found["russian"] is not None
    return wanted


def in_russian(question: str, before: Iterable[str]) -> bool:
    """Whether to answer in Russian: as was wished in the conversation, else in the language of the question."""
    wanted = language_wanted([*before, question])
    return speaks_russian(question) if wanted is None else wanted


def _read(text: str) -> dict[Talk, re.Match[str]]:
    """The phrases of a text that is nothing but small talk, by their kind."""
    folded = " ".join(fold(text).replace("’", "'").split())
    found: dict[Talk, re.Match[str]] = {}
    if len(folded) > _MOST_CHARS:
        return found
    at = _after(folded, 0)
    while at < len(folded):
        matches = [(talk, match) for talk, pattern in _PATTERNS.items() if (match := pattern.match(folded, at))]
        if not matches:
            return {}
        talk, match = max(matches, key=lambda pair: pair[1].end())
        found[talk] = match
        at = _after(folded, match.end())
    return found


def _after(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at

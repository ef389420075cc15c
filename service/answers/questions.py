"""Text → what is asked, in which language, and what of the conversation it goes on with."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text.analysis import fold, is_stop_word, words
from index.text.language import ORDINARY_ZIPF, zipf
from service.answers.sides import other_side_of, sides_of
from service.answers.types import Asked, Turn

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
_BACK = re.compile(
    r"\b(?:он|она|оно|они|его|ее|их|ему|ей|им|это|этот|эта|этого|этой|эту|этом|ним|ней|нем|ними|нему|нее|него|"
    r"тут|там|тогда|"
    r"it|its|they|them|their|this|that|these|those|he|she|one)\b"
)
_FOLLOWS = re.compile(r"^(?:а|и|но|тогда|and|but|so|what about|how about)\b")
# a question mark anywhere, a sentence to be completed, a question after a comma
_ASKED_INSIDE = re.compile(
    r"\?|\.\.\.|…|[:,]$|\bли\b|\b(?:что|как|чем|почему|зачем) \w+$|"
    r"[,.:;] (?:как|что|чем|почему|зачем|в котором|како[йе]|какая|какие|how|what|why|which)\b"
)
_MAX_CARRIED = 6
_SMALL_TALK = ORDINARY_ZIPF + 1.7  # "нужен", "происходит": said of everything


def what_is_asked(question: str) -> Asked:
    """The kind of a question; NOTHING for a term or a phrase that asks nothing."""
    folded = fold(question).strip()
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


def standalone(question: str, history: Sequence[Turn]) -> str:
    """A query that can be searched alone: the topic of the last questions, and what a follow-up adds to it."""
    if not history or not leans_back(question):
        return question
    said = {fold(word) for word in words(question)}
    for turn in reversed([turn for turn in history if turn.role == "user"]):
        topic = [word for word in words(turn.text) if _is_topic(word) and fold(word) not in said]
        other = other_side_of(fold(question))
        if topic and other is not None:
            one = " ".join(topic[:_MAX_CARRIED])
            russian = speaks_russian(question)
            return f"чем {one} отличается от {other}" if russian else f"how is {one} different from {other}"
        if topic and sides_of(fold(question)):
            # "а чем он отличается от X": both things are kept
            return _BACK.sub(" ".join(topic[:_MAX_CARRIED]), fold(question), count=1)
        if topic:
            own = [word for word in words(question) if _is_topic(word)]
            return " ".join([*topic[:_MAX_CARRIED], *own])
    return question


def leans_back(question: str) -> bool:
    """Whether a question speaks of what was said before: by a pronoun, by its beginning, by a comparison of which it
    names one side, or saying too little alone."""
    folded = fold(question)
    if _BACK.search(folded) or _FOLLOWS.search(folded) or other_side_of(folded) is not None:
        return True
    return sum(_is_topic(word) for word in words(question)) == 0


def _is_topic(word: str) -> bool:
    folded = fold(word)
    return not is_stop_word(word) and len(folded) > 1 and max(zipf(folded, "ru"), zipf(folded, "en")) < _SMALL_TALK

"""Query → the words of the term that it surely asks for: "what is beam search" asks for "beam search".

People ask for one thing in many ways, which are put together from few words: interrogatives, verbs of telling and of
using, what is wanted of the thing (its idea, an example), where it is said. What such words leave in the middle of a
question is what it asks for, if that is a name: no clause, no instruction, and not too long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from index.text.analysis import STOP_WEIGHT, fold, is_stop_word
from index.types import Phrase, Word

# What is longer describes something in words of its own; without a question words are sooner put beside each other.
_TERM_WORDS, _BARE_WORDS = 4, 3
# Words that ask, or order to tell.
_ASKS = re.compile(
    r"что|чем|чего|зачем|почему|отчего|как|каков\w*|как(?:ой|ая|ое|ие|ую|им|ими|их|ого|ом)|когда|где|кто|кем|сколько|ли|"
    r"объясни\w*|расскажи\w*|скажи\w*|подскажи\w*|покажи\w*|дай|дайте|опиши\w*|назови\w*|напомни\w*|приведи\w*|"
    r"определи|определите|определени[ея]|поняти[ея]|хо(?:чу|телось|тел|тела)|понял|поняла|понимаю|понять|узнать|"
    r"what|which|who|whose|why|how|when|where|whats|explain\w*|describe|define|definition|tell|show|give|understand|"
    r"is|are|was|were|does|do|did|can|could|want|dont|don|t|u|pls|plz|behind|about|"
    r"comment|pourquoi|quel\w*|expliqu\w+|wie|warum|explica\w*|cómo|como|qué|que|porque"
)
# Those after which a verb may stand, or what is asked for is a property.
_OPEN = re.compile(
    r"что|кто|кем|чем|сколько|как|какой|какая|какое|какие|какую|каким|каких|какого|каком|когда|где|почему|зачем|ли|to|"
    r"who|which|how|why|when|where|can|could"
)
# Those that ask for a way, a reason or a time: what follows need not be a name.
_WAY = re.compile(r"как|how|зачем|почему|отчего|why|когда|when|comment|pourquoi|wie|warum|cómo|como|porque")
# What is done with a thing, or is said of it.
_DONE = re.compile(
    r"работа\w+|устро\w+|действ(?:ует|уют|овать)|нуж(?:ен|на|но|ны)|использ(?:ова\w+|у\w+)|примен(?:я\w+|ить)|"
    r"обуч(?:ить|ать|ают|ается|аются)|реализ(?:овать|уют|уется|ован\w*)|счита(?:ть|ют|ется|ются)|вычисл(?:ить|ять|яют|я[ею]тся)|"
    r"реша(?:ет|ют)|дела(?:ет|ют)|помога(?:ет|ют)|придум\w+|изобрел[аи]?|изобретен[аы]?|предложил[аи]?|предложен[аы]?|предложено|представля[ею]т|называ[ею]\w+|"
    r"означа(?:ет|ют)|значит|понима(?:ют|ется)|име(?:ет|ют)|быва(?:ет|ют)|выгляд(?:ит|ят)|хорош\w*|плох\w*|полез(?:ен|на|но|ны)|"
    r"так(?:ое|ая|ой|ие)|за|важ(?:ен|на|но|ны)|говор(?:ит|ят|или|ил\w*|ится)|про(?:ходили|ходят|ходит)|рассказыва\w+|объясня\w+|упомина\w+|"
    r"сказ(?:ан\w*|ал\w*)|написан\w*|пишут|опис(?:ан\w*|ыва\w+)|рассм(?:отрен\w*|атрива\w+|отрели)|изложен\w*|показан\w*|"
    r"показыва\w+|изуча\w+|посвящен\w*|раскрыва\w+|"
    r"встреча\w+|разбира(?:ли|ют|ется|лся|лась)\w*|обсужда\w+|разобрат(?:ь|ься)|"
    r"works?|means?|meant|use[ds]?|useful|useless|apply|applied|train(?:ed)?|implement(?:ed)?|comput(?:e|ed)|calculat(?:e|ed)|"
    r"need(?:ed|s)?|helps?|helpful|important|solves?|solved|invent(?:ed|s)?|introduced|proposed|covers?|covered|talks?|"
    r"talked|discuss(?:es|ed)?|mention(?:s|ed)?|explained|taught|teach(?:es)?|written|shown|shows|described|presented|considered|addressed|seen|says?|said|know|learn|look|go|happens?|defined|called|build|built|"
    r"good|bad|matters?"
)
# What is wanted of a thing, how it is to be told, and where it is said.
_WANTED = re.compile(
    r"суть|смысл|иде[яюи]|принцип|польза|цель|роль|назначени[ея]|задач[ауи]|термин\w*|поняти[еяю]|определени[еяю]|"
    r"пример\w*|преимуществ\w+|недостат\w+|плюс[ыа]?|минус[ыа]?|формул[ауы]|уравнени[еяю]|вид[ыа]?|тип[ыа]?|свойств[ао]|"
    r"способы|методы|варианты|разновидности|приемы|"
    r"прост(?:ыми|ым)|своими|словами|языком|пальцах|простому|попроще|кратко|коротко|подробн\w+|чайник\w*|ребенк[уа]|пятилетн\w+|школьник\w*|понятно|"
    r"практике|общем|целом|вообще|вкратце|именно|лучше|можно|пожалуйста|лектор\w*|лекци\w+|курс[еа]?|слайд\w*|видео|"
    r"ideas?|intuition|definition|point|purpose|meaning|role|goal|terms?|concepts?|notion|examples?|advantages?|disadvantages?|"
    r"drawbacks?|benefits?|pros|cons|formula|equation|kinds?|types?|steps?|properties|problems?|"
    r"simple|plain|words|language|simply|briefly|short|detail|details|beginners|dummies|practice|general|exactly|main|basic|"
    r"please|lecturer|lectures?|course|slides?|video|anywhere|anyone|anything|again|more|overview|introduction|explanation"
)
# Those of them that may also end a question; "learning by one example" ends with a word of its name.
_LAST = re.compile(
    r"прост(?:ыми|ым)|своими|словами|языком|пальцах|простому|попроще|кратко|коротко|подробн\w+|чайник\w*|ребенк[уа]|пятилетн\w+|школьник\w*|понятно|практике|"
    r"общем|целом|вообще|вкратце|именно|лучше|пожалуйста|лекци\w+|курс[еа]?|слайд\w*|видео|определени[ея]|"
    r"simple|plain|words|terms|language|simply|briefly|short|detail|details|beginners|dummies|practice|general|exactly|"
    r"please|lectures?|course|slides?|video|anywhere|again|more|definition|meaning|explanation|intuition|overview"
)
# Of what is wanted the English words name something themselves where a name follows: "step size", "point cloud".
_LINK = re.compile(
    r"of|for|behind|about|to|by|in|is|are|was|do|does|did|that|we|i|you|talks?|covers?|discuss\w*|mentions?|says?|explains?|has|have"
)
_NAMING = re.compile(r"terms?|concepts?|notion|anything|anyone|please|more|again|exactly|anywhere")
# What asks for a name without a question.
_ALONE = re.compile(
    r"definition|explained|explanation|examples?|intuition|overview|formulas?|"
    r"определени[ея]|пример\w*|поняти[ея]|термин\w*|подробн\w+|формул[ауые]|виды|типы|способы|методы|варианты|"
    r"разновидности|приемы"
)
# What speaks of one's own case, which has no name, or begins a clause.
_OWN = re.compile(r"my|our|your|мо[йяеию]|моей|моего|наш\w*|that|чтобы|если|if|делать")
# What makes a clause, or speaks of who asks: no name holds it.
_CLAUSE = re.compile(
    r"котор\w+|чтобы|если|потому|чем|как|когда|где|почему|мо[йяеию]\w*|меня|у нас|наш\w*|он|она|они|не|ли|надо|нужно|"
    r"можно|"
    r"that|because|if|when|where|which|how|why|than|my|our|your|i|we|you|it|they|not|cannot|vs|versus"
)
# What ways are asked for to do with a thing: "ways of fighting X".
_AGAINST = re.compile(r"борьб[аыуе]|решени[еяю]|устранени[еяю]|предотвращени[еяю]")
_WAYS = re.compile(r"способ\w*|метод\w*|прием\w*")
_EITHER, _LOGIC = re.compile(r"или|or"), re.compile(r"логическ\w+|исключающ\w+|побитов\w+|logical|bitwise|exclusive")
_SIGNLESS = re.compile(r"\w+")
# What puts a second question.
_AND = re.compile(r"и|а|and")
_AGAIN = re.compile(
    r"как|зачем|почему|для|где|когда|чем|как(?:ой|ие|ая|ое)|how|why|where|when|what|which|can|is|does|do"
)
# A verb that says what to do, and what ends so and is none.
_INFINITIVE = re.compile(r"\w+[аяеиоуы]ть(?:ся)?")
_NO_VERB = re.compile(
    r"(?:\w*[а-яё]{2})?сеть|\w*память|\w*печать|\w*нефть|нить|путь|суть|мать|рать|стать|кровать|рукоять|пядь|ртуть|плоть|треть|"
    r"пять|де[вс]ять|\w+(?:дцать|десять)|опять|вспять|жуть|муть|хоть|чуть"
)


def is_bare(words: Sequence[Word]) -> bool:
    """Whether a query is nothing but a few words that each say something, and may be a term."""
    return len(words) <= _BARE_WORDS and all(word.weight > STOP_WEIGHT for word in words)


def words_of_term(phrases: Iterable[Phrase]) -> tuple[Word, ...]:
    """The words of the term in their order, with those that only join others; none where a question is put in another
    way, or is of more words than terms have."""
    typed = [word for phrase in phrases for word in phrase.words]
    return _term_of(typed) or _term_of(typed[: _first_question(plain_texts(typed))])


def _first_question(said: Sequence[str]) -> int:
    """How many of the words are the first question, if a second one follows: "what is X and how do I run it"."""
    for place, (word, following) in enumerate(pairwise(said)):
        if place and _AND.fullmatch(word) and _AGAIN.fullmatch(following):
            return place
    return 0


def _term_of(typed: Sequence[Word]) -> tuple[Word, ...]:
    """The same of some words, none of which asks anew."""
    said = plain_texts(typed)
    first, last = 0, len(said)
    while first < last and _is_before(said[first : first + 2]):
        first += 1
    if first < last and _AGAINST.fullmatch(said[first]) and any(map(_WAYS.fullmatch, said[:first])):
        first += 1
        while first < last and is_stop_word(said[first]):
            first += 1
    while last > first and _is_after(said[last - 1]):
        last -= 1
    if first == last:  # "what is a definition"
        wanted = [place for place, word in enumerate(said) if _WANTED.fullmatch(word)]
        first, last = (wanted[-1], wanted[-1] + 1) if wanted else (0, 0)
    term = tuple(typed[first:last])
    if not 1 <= sum(word.weight > STOP_WEIGHT for word in term) <= _TERM_WORDS:
        return ()
    inside, around = said[first:last], said[:first] + said[last:]
    # "how to count X" asks for X; "ways to count X" for no name
    acts = any(map(_acts, inside[any(map(_ASKS.fullmatch, around)) :]))
    either = any(_EITHER.fullmatch(word) and not _LOGIC.fullmatch(one) for one, word in pairwise(inside))
    names = not (acts or either or any(map(_breaks, inside))) and _asks_for_a_name(said[:first], said[last:])
    return term if names else ()


def plain_texts(words: Iterable[Word]) -> list[str]:
    """Words as they are compared with those that people ask with."""
    return [_plain(word.text) for word in words]


def asks(said: Iterable[str]) -> bool:
    """Whether one of these plain words asks."""
    return any(map(_ASKS.fullmatch, said))


def is_around(word: str) -> bool:
    """Whether a plain word stands around what a question asks for: it asks, joins, or is done with a thing."""
    known = _ASKS.fullmatch(word) or _DONE.fullmatch(word)
    return not word or is_stop_word(word) or known is not None


def is_wanted_of(word: str) -> bool:
    """Whether a word, as it is written, only asks, or says what is wanted of a thing: its meaning, an example."""
    plain = _plain(word)
    return is_around(plain) or _WANTED.fullmatch(plain) is not None


def may_be_named(said: Sequence[str]) -> bool:
    """Whether these plain words may be a name: no clause, no instruction, nobody's own."""
    return not any(_acts(word) or _breaks(word) or _OWN.fullmatch(word) for word in said)


def _asks_for_a_name(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether what stands around asks, and for no more than a name."""
    around = (*before, *after)
    if any(_OWN.fullmatch(word) for word in around):
        return False
    if not any(_ASKS.fullmatch(word) for word in around):
        return any(_ALONE.fullmatch(word) for word in around)
    # "which layers …", "who won …", "how to fight …": what follows is not all one name
    last = next((word for word in reversed(before) if _is_telling(word)), "")
    if _OPEN.fullmatch(last) or ("можно" in before and not {"что", "чем"}.isdisjoint(before)):
        return any(_DONE.fullmatch(word) for word in after)
    is_open = any(_WAY.fullmatch(word) for word in around)
    return not is_open or any(_DONE.fullmatch(word) for word in around)


def _is_telling(word: str) -> bool:
    return any(pattern.fullmatch(word) for pattern in (_ASKS, _OPEN, _DONE, _WANTED))


def _acts(word: str) -> bool:
    return _INFINITIVE.fullmatch(word) is not None and _NO_VERB.fullmatch(word) is None


def _breaks(word: str) -> bool:
    """Whether a word inside makes more than one name of what it stands in."""
    return _CLAUSE.fullmatch(word) is not None or (_DONE.fullmatch(word) is not None and not is_stop_word(word))


def _is_before(said: Sequence[str]) -> bool:
    """Whether the first of two neighbouring words may stand before the term that a question asks for."""
    word, following = said[0], said[1] if len(said) > 1 else ""
    if not word or is_stop_word(word) or _ASKS.fullmatch(word) or _DONE.fullmatch(word):
        return True
    if _WANTED.fullmatch(word) is None:
        return False
    linked = _LINK.fullmatch(following) or _WANTED.fullmatch(following)
    return not word.isascii() or _NAMING.fullmatch(word) is not None or linked is not None


def _is_after(word: str) -> bool:
    """Whether a word may stand after it: "how does dropout work", "что такое dropout простыми словами"."""
    known = _DONE.fullmatch(word) or _LAST.fullmatch(word) or _ASKS.fullmatch(word)
    return not word or is_stop_word(word) or known is not None


@lru_cache(maxsize=20_000)  # the words of a question are compared so several times, and those of questions are the same
def _plain(text: str) -> str:
    """A word without signs, "whats" of "what's"; what is nothing but signs as it stands."""
    return "".join(_SIGNLESS.findall(fold(text))) or text

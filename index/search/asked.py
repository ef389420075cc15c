"""Query → the words of the term that it surely asks for: "what is beam search" asks for "beam search"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from index.text.analysis import STOP_WEIGHT, fold
from index.types import Phrase, Word

# What is longer describes something in words of its own; without a question words are sooner put beside each other.
_TERM_WORDS, _BARE_WORDS = 4, 3
# How people ask what something is; each begins the question, and what follows is the name of it.
_ASKING = re.compile(
    r"(?:(?:а|и|ну|so|and|please|can you|could you) )*"
    r"(?:что (?:такое|значит|означает|за)|как (?:работа|устро|действ)\w*|зачем (?:нуж|использу|применя)\w*|"
    r"для чего (?:нуж|использу|применя)\w*|в чем (?:суть|смысл|идея)|объясни\w*|расскажи\w*(?: про| о| об)?|"
    r"определение|как(?:ие|ая|ой) быва\w+|не понимаю|когда (?:на практике )?(?:нуж|использу|применя)\w*|"
    r"what(?: s| is| are| does)|how (?:does|do)|explain|define|definition of|tell me about|"
    r"why (?:use|do we (?:use|need))|when (?:would|do|should) (?:you|we|i) use|(?:i )?do ?n t understand)"
    r"(?: (?:a|an|the|это|такое|мне|me))*(?!\w)"
)
# What may come after it: "how does dropout work", "что такое dropout простыми словами".
_AFTER = re.compile(r"(?: (?:work|works|mean|means|do|used|useful|нужен|нужна|нужно|нужны|работает|работают))+$")


def is_bare(words: Sequence[Word]) -> bool:
    """Whether a query is nothing but a few words that each say something, and may be a term."""
    return len(words) <= _BARE_WORDS and all(word.weight > STOP_WEIGHT for word in words)


def words_of_term(phrases: Iterable[Phrase]) -> tuple[Word, ...]:
    """The words of the term in their order, with those that only join others; none where a question is put in another
    way, or is of more words than terms have."""
    typed = [word for phrase in phrases for word in phrase.words]
    starts, text = [], ""
    for word in typed:
        starts.append(len(text))
        text += f"{' '.join(_plain(word.text))} "
    text = text.rstrip()
    asking = _ASKING.match(text)
    if asking is None:
        return ()
    after = _AFTER.search(text, asking.end())
    end = after.start() if after else len(text)
    term = tuple(word for word, start in zip(typed, starts, strict=True) if asking.end() <= start < end)
    telling = sum(word.weight > STOP_WEIGHT for word in term)
    return term if 1 <= telling <= _TERM_WORDS else ()


def _plain(text: str) -> Sequence[str]:
    return re.findall(r"\w+", fold(text))

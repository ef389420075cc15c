"""Question → the two things that it sets against each other, as they were typed."""

from __future__ import annotations

import re

from index.engine.glossary import general_glossary, whole_key
from index.text.analysis import is_stop_word, words

_A, _B = r"(?P<a>\S.{0,60}?)", r"(?P<b>\S.{0,60})"
BETTER = r"(?:лучше|хуже|быстрее|медленнее|точнее|эффективнее|надежнее|надёжнее|проще|сложнее)"
BETTER_EN = r"(?:better|worse|(?:more|less) \w+|\w{3,10}er)"
_DIFFERENCE = r"(?:разниц\w+|отличи\w+|различи\w+)"
# How two things are set against each other: a closed list of constructions, whatever the things are.
_SIDES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bчем\s+отлича\w+\s+{_A}\s+от\s+{_B}",
        rf"\bчем\s+{_A}\s+(?:отлича\w+\s+от|{BETTER}(?:,?\s+чем)?)\s+{_B}",
        rf"^{_A},?\s+чем\s+(?:же\s+)?отлича\w+\s+от\s+{_B}",
        rf"^{_A},?\s+чем\s+(?:же\s+)?от\s+{_B[:-1]}?)\s+отлича\w+",
        rf"^{_A}\s+(?:и|или)\s+{_B[:-1]}?)\s*[,:–—-]?\s+чем\s+(?:они\s+)?(?:отлича|различа)\w+",
        rf"^{_A},?\s+how\s+(?:is|are|does|do)\s+(?:it\s+|they\s+)?(?:different|differ)\s+from\s+{_B}",
        rf"\bчем\s+(?:же\s+)?(?:отлича|различа)\w+\s+{_A}\s+и\s+{_B}",
        rf"\b{_DIFFERENCE}\s+(?:между|у)\s+{_A}\s+и\s+{_B}",
        rf"\b{_DIFFERENCE}\s+{_A}\s+(?:и|от|с|со)\s+{_B}",
        rf"\bсравн(?:и|е)\w*\s+(?!со?\s){_A}\s+(?:и|с|со)\s+{_B}",  # "вход сравнивают с ключами и …" names one
        rf"\b(?:что|какой|какая|какое|кто)\s+(?:\w+\s+)?{BETTER}\s*[,:–—-]?\s+{_A}\s+или\s+{_B}",
        rf"^{_A}\s+или\s+{_B[:-1]}?)\s*[,:?–—-]+\s*(?:сравни\w*|что|какой|какая|какое|какие|кто|чем)\b",
        rf"^{_A}\s+(?:или|и)\s+{_B[:-1]}?)\s*[,:?–—-]+\s*(?:(?:в\s+ч[её]м|какая|какие)\s+)?{_DIFFERENCE}",
        rf"^{_A}\s+(?:против|по\s+сравнению\s+со?)\s+{_B}",
        rf"\b(?:differences?|distinctions?)\s+between\s+{_A}\s+and\s+{_B}",
        rf"\bhow\s+do(?:es)?\s+{_A}\s+and\s+{_B[:-1]}?)\s+(?:differ|compare)\b",
        rf"\bhow\s+(?:is|are|do|does)\s+{_A}\s+(?:differ|different|compared?)\s+(?:from|to|with)\s+{_B}",
        rf"\bcompar(?:e|ing|ison\s+(?:of|between))\s+(?!(?:with|to|against)\s){_A}\s+(?:and|with|to|against)\s+{_B}",
        rf"\bwhat\s+(?:distinguishes|separates)\s+{_A}\s+from\s+{_B}",
        rf"\b(?:is|are)\s+{_A}\s+{BETTER_EN}\s+than\s+{_B}",
        rf"\b(?:which|what)(?:'s|(?:\s+\w+)?\s+(?:is|are))\s+{BETTER_EN}\s*[,:–—-]?\s+{_A}\s+or\s+{_B}",
        rf"^{_A}\s+or\s+{_B[:-1]}?)\s*[,:?–—-]+\s*(?:which|what)\b",
        rf"^{_A}\s+(?:or|and)\s+{_B[:-1]}?)\s*[,:?–—-]+\s*(?:what(?:'s|\s+is|\s+are)\s+)?(?:the\s+)?(?:difference|how)",
        rf"\b(?:diff[ée]rences?|diferenças?|diferencias?|unterschied\w*)\s+(?:entre|zwischen)\s+{_A}\s+(?:et|e|y|und)"
        rf"\s+{_B}",
        rf"^{_A}\s+(?:vs\.?|versus)\s+{_B}",
    )
)
_LEAD = re.compile(
    r"^(?:(?:а|и|но|ну|so|and|but|please|скажи(?:те)?|подскажи(?:те)?|explain|what about|tell me about)[\s,]+)+",
    re.IGNORECASE,
)
# Before a name: an article, and what says no more than that the thing itself is meant, "a vanilla RNN".
_BEFORE = re.compile(
    r"^(?:(?:a|an|the|un|une|le|la|les|um|uma|der|die|das|обычн\w+|прост\w{2,3}|ванильн\w+|стандартн\w+|vanilla|plain|"
    r"ordinary|regular|usual|standard|normal|basic)\s+)+(?=\S)",
    re.IGNORECASE,
)
# What ends a name; after the second of two also by what they are compared, and what else is asked.
_AFTER = re.compile(r"[?!;]|,\s|[.:](?:\s|$)|\s[–—-]\s")
_TAIL = re.compile(
    r"\s+(?:(?:и|а|and|but)\s+)?(?:почему|зачем|когда|где|как|как(?:ой|ая|ое|ие)|что|если|при|why|when|where|if|what|which|"
    r"how)\s.*|\s+(?:и|and)\s+(?:почему|зачем|why|how)$|\s+(?:in terms of|with (?:respect|regard) to|from the)\s.*|"
    r"\s+с\s+точки\s+зрения\s.*",
    re.IGNORECASE,
)
_BY = re.compile(r"\s+по\s.*", re.IGNORECASE)  # "по числу параметров", unless the first side has it too
_ASIDE = re.compile(r"\s*\([^()]{2,}\)")
_TWO_OF_A_LIST = re.compile(r"\b(?:сравн\w*|compar\w+|между|between)\b", re.IGNORECASE)
_MOST_WORDS = 6  # of a name
_QUOTES = " –—\"'«»“”()[],.:"


def sides_of(question: str) -> tuple[str, str] | None:
    """The two things whose difference is asked for; None for another question, and for three things."""
    asked = _LEAD.sub("", _ASIDE.sub("", question.strip()))
    for pattern in _SIDES:
        found = pattern.search(asked)
        if found is None:
            continue
        before, after = found.group("a"), _TAIL.sub("", found.group("b"))
        if not _BY.search(before):
            after = _BY.sub("", after)
        joint = asked[found.end("a") : found.start("b")].strip()
        if joint in {"and", "и"}:
            before, after = _cut_between_names(before, after, joint)
        *others, first = (_named(part) for part in _AFTER.split(before.strip()))
        second = _named(_AFTER.split(after.strip(), maxsplit=1)[0])
        if others and ", " in before and _TWO_OF_A_LIST.search(found.group()):
            return None
        if _is_name(first) and _is_name(second) and first.casefold() != second.casefold():
            return first, second
    return None


def _cut_between_names(before: str, after: str, joint: str) -> tuple[str, str]:
    """Two sides with more than one "and" in them, cut where most of them are names of terms ("exploration and
    exploitation" is one); four parts of which no cut makes a name are two and two."""
    parts = re.split(rf"\s+{joint}\s+", f"{before} {joint} {after}")
    if len(parts) == 2:
        return before, after
    cuts = [(f" {joint} ".join(parts[:at]), f" {joint} ".join(parts[at:])) for at in range(1, len(parts))]
    names = [sum(bool(general_glossary().find(whole_key(_named(side.rstrip("?"))))) for side in cut) for cut in cuts]
    if max(names) == 0:
        return cuts[1] if len(parts) == 4 else (before, after)
    return cuts[names.index(max(names))]


def _named(side: str) -> str:
    """One side without what joins it to the question."""
    return _BEFORE.sub("", side.strip(_QUOTES)).strip(_QUOTES)


def _is_name(side: str) -> bool:
    """Whether a side may be one: "He" is a name, "it" is none, and "по числу слоёв" is by what two things differ."""
    found = words(side)
    said = [word for word in found if word[0].isupper() or not is_stop_word(word)]
    return bool(said) and len(found) <= _MOST_WORDS and found[0].casefold() != "по"


# One thing that something is set against which was spoken of before.
_OTHER_SIDE = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?:чем|как) (?:же |это )?отлича\w+ от (?P<b>.{2,60})",
        r"(?:разниц\w+|отличи\w+|различи\w+) (?:с|со|от) (?P<b>.{2,60})",
        r"по сравнению (?:с|со) (?P<b>.{2,60})",
        r"^(?:а |и |но |and |but |so )?(?:vs\.?|versus|против) (?P<b>.{2,60})",
        r"^(?:and |but |so )?(?:what(?:'s| is| are) )?(?:the )?differences? (?:with|from|to) (?P<b>.{2,60})",
        r"^(?:and |but |so )?(?:when )?compared (?:with|to) (?P<b>.{2,60})",
    )
)


def other_side_of(folded: str) -> str | None:
    """The one thing that is named where a difference is asked for and the other was spoken of before."""
    for pattern in _OTHER_SIDE:
        found = pattern.search(folded)
        if found is not None:
            return found.group("b").strip(" ?.!")
    return None

"""A question that names only what is asked of a thing ("how many layers?", "author?", "why?") → that of the thing."""

from __future__ import annotations

import re

from index.text.analysis import fold, words
from service.answers.facets import asks_of
from service.answers.questions import what_is_asked
from service.answers.referring import END, FOLLOWS, REFERRING, reference
from service.answers.subjects import ATTRIBUTE, PART, WHICH_PART, is_russian, is_shell, subject_of
from service.answers.types import Asked

# Some things are asked for without what has them: how many, who and when, and a programme in a language.
_NUMBER = re.compile(r"^(?:сколько|how (?:many|much))\s+(?P<what>[^\W\d_]+(?:\s+[^\W\d_]+)?)$", re.IGNORECASE)
_AUTHOR, _YEAR = re.compile(r"\b(?:автор\w{0,2}|authors?)\b"), re.compile(r"\b(?:год\w?|year)\b")
_CODE = re.compile(
    r"^(?:(?P<before>\S.*)\s)?(?P<what>код\w?|пример\w?|реализаци\w|code|examples?|implementation)\s+(?P<at>на|в|in|with|using)\s+"
    r"(?P<where>[\w.+#]+)$",
    re.IGNORECASE,
)
_ATTRIBUTES = re.compile(
    rf"(?<![\w-])(?:(?:{WHICH_PART.pattern})\s+)?(?:{ATTRIBUTE.pattern})(?![\w-])(?:\s+(?:(?:и|and|по|of)\s+)?(?:{ATTRIBUTE.pattern})(?![\w-]))*"
)
# Where and when something is done with the thing, or whether it does something; and where in the course it is told.
_OF_PLACE = re.compile(r"(?:where|when|is|does|do|can|could|will|would|should|has|где|куда|откуда|когда)\b")
_OF_LECTURE = re.compile(
    r"\b(?:explain\w*|mention\w*|discuss\w*|said|told|shown|slides?|lectures?|videos?|pages?|minutes?|course|true|"
    r"объясн\w+|упомина\w+|обсужда\w+|говор\w+|рассказ\w+|сказан\w*|слайд\w*|лекци\w+|видео|страниц\w+|минут\w+|курс\w*)\b"
)
# By a list: "other", "paper" and "number" end so too.
_COMPARATIVE = (
    r"(?:bett|fast|slow|simpl|eas|hard|cheap|deep|small|larg|bigg|strong|weak|new|old|saf|light|heavi|clean|short|long|"
    r"quick|smart|clever|nic|wid|smooth|high|low|broad|rich|sharp|soft|fanci|tight|thinn|fin)i?er"
)
_BETTER = re.compile(
    r"^(?:is there|are there|есть|есть ли|нет ли|существует ли)\s+(?:something|anything|"
    r"что-то|что-нибудь|чего-нибудь|нечто)\s+"
    rf"(?P<how>more\s+\w+|{_COMPARATIVE}|(?P<other>else|other)|\w+ее|лучше|проще|легче|(?P<another>другое))"
    r"(?P<rest>\s+(?:for|in|on|with|для|в|на|с)\s+.+)?$"
)
_WHAT_IS_THE = re.compile(r"what(?:'s| is| are) the ")
# What is done or asked so is put to the whole thing, be it about one of its parts.
_OF_WHOLE = frozenset({Asked.REASON, Asked.STEPS, Asked.PERSON, Asked.WHEN})


def asked_of(question: str, thing: str) -> str | None:
    """The question with the thing; None for a question that has a subject."""
    ways = (_in_number, _in_code, _better_than, _without_subject)
    return next((found for ask in ways if (found := ask(question, thing)) is not None), None)


def _in_number(question: str, thing: str) -> str | None:
    """Of "how many layers?": of the thing."""
    follows, russian = FOLLOWS.match(fold(question)), is_russian(question)
    rest = END.sub("", question[follows.end() if follows else 0 :])
    found = _NUMBER.match(rest)
    if found is None or any(is_shell(fold(word)) for word in words(found["what"])):
        return None
    if re.search("[A-Za-z]" if russian else "[A-Z]", found["what"]):
        return None  # "сколько весит bert"
    return f"{rest} у {thing}" if russian else f"{rest} does {thing} have"


def _better_than(question: str, thing: str) -> str | None:
    """Of "is there something faster?": what stands in place of the thing."""
    found = _BETTER.match(END.sub("", FOLLOWS.sub("", fold(question))))
    if found is None:
        return None
    other = f"альтернатива {thing}" if is_russian(question) else f"alternative to {thing}"
    how = "" if found["other"] or found["another"] else f"{found['how']} "
    return f"{how}{other}{found['rest'] or ''}"


def _in_code(question: str, thing: str) -> str | None:
    """Of "code in PyTorch": that of the thing."""
    found = _CODE.match(END.sub("", FOLLOWS.sub("", question)))
    if found is None or subject_of(found["before"] or "") or not subject_of(found["where"]):
        return None
    of = " " if is_russian(question) else " of "
    return f"{found['what']}{of}{thing} {found['at']} {found['where']}"


def _without_subject(question: str, thing: str) -> str | None:
    """Of a question that has no subject: that of the conversation, asked for in the same way."""
    if subject_of(question):
        return None
    folded = END.sub("", FOLLOWS.sub("", fold(question)))
    russian = is_russian(question)
    attribute = next((found for found in _ATTRIBUTES.finditer(folded) if not is_shell(found.group())), None)
    asked = what_is_asked(question)
    if _AUTHOR.search(folded):
        return f"кто автор {thing}" if russian else f"who is the author of {thing}"
    if _YEAR.search(folded):
        return f"в каком году {thing}" if russian else f"in what year {thing}"
    if asked is Asked.FORMULA or re.search(r"\b(?:формул|уравнени|formula|equation)", folded):
        return f"формула {thing}" if russian else f"formula of {thing}"
    if (
        not russian
        and asked in _OF_WHOLE
        and (it := reference(folded)) is not None
        and (it["pronoun"] or it["pointed"])
    ):
        return folded[: it.start()] + thing + folded[it.end() :]
    bare = " ".join(REFERRING.sub(lambda found: found["what"] or "", folded).split())
    is_of_whole = asked is Asked.REASON or (asked in _OF_WHOLE and PART.search(attribute.group() if attribute else ""))
    if attribute is not None and not is_of_whole:
        is_what = _WHAT_IS_THE.match(folded) is not None and folded.endswith(attribute.group())
        what = folded if is_what else attribute.group()
        return f"{what} у {thing}" if russian else f"{what} of {thing}"
    if bare in {"как", "how"}:
        return f"как работает {thing}" if russian else f"how does {thing} work"
    # why there is such a thing asks for more than the thing
    of_facet = None if asked is Asked.REASON else asks_of(folded, thing, russian=russian)
    if of_facet is not None:
        return of_facet
    if asked is Asked.FACT and _OF_PLACE.match(folded) and not _OF_LECTURE.search(folded):
        it = None if russian else reference(folded)
        placed = it is not None and (it["pronoun"] or it["pointed"])
        return folded[: it.start()] + thing + folded[it.end() :] if it and placed else f"{bare} {thing}"
    if asked in _OF_WHOLE:
        is_of = not russian and attribute is not None and bare.endswith(attribute.group())
        return f"{bare} of {thing}" if is_of else f"{bare} {thing}"
    return thing

"""A follow-up and what was asked before → a question that can be searched alone.

What a follow-up leaves out is a thing that was spoken of: the last one, or the last two where both are meant. Each
question of the conversation is read with those before it, so that the things are known from any depth; nothing is
remembered between requests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.text.analysis import fold, words
from service.answers.qualified import qualified
from service.answers.questions import what_is_asked
from service.answers.sides import BETTER, other_side_of, sides_of
from service.answers.small_talk import small_talk
from service.answers.subjects import (
    ATTRIBUTE,
    MAX_NAMED,
    is_name_of_term,
    is_russian,
    is_shell,
    noun_of,
    subject_of,
    things_of,
)
from service.answers.types import Asked, Turn

_FOLLOWS = re.compile(
    r"^(?:(?:а|и|но|ну|ок(?:ей)?|хорошо|тогда|а тогда|and|but|so|then|ok(?:ay)?)[\s,]+)*(?:(?:а|и|но|ну|тогда|and|"
    r"but|so|then)(?![\w-])|(?:what about|how about|(?:а )?(?:что|как) насчет|(?:а )?что (?:с|про))(?![\w-]))[\s,]*"
)
_OPENED = re.compile(
    r"^(?:в|во|на|для|у|при|без|с|со|in|for|of|on|with|without|inside|from)\s+(?P<rest>\S.*)$", re.IGNORECASE
)
_OWNER = re.compile(r"^(?:у|для|of|for|in|в)\s+(?:(?:the|an?)\s+)?(?P<thing>\S.*)$", re.IGNORECASE)
# What stands for a thing that was named before: pronouns, what owns something, and the place where something was.
_REFERRING = re.compile(
    r"\b(?:(?P<whose>его|ее|их|its|their|his|her)\s+(?P<what>(?![а-я]+(?:ют|ят|ет|ит|ть|ся|ли)\b)[^\W\d_][\w-]+)|"
    r"(?P<pronoun>он|она|оно|они|его|ее|их|ему|ей|им|ним|ней|нем|ними|нему|нее|него|них|it|they|them|he|she)(?!-)|"
    r"(?P<pointed>это|эт(?:от|а|и|ого|ой|у|ом|им|ими|их|ому)|this|that|these|those)|(?P<there>тут|там|there(?=\W*$)))\b"
)
_EXPLETIVE = re.compile(
    r"it\s+(?!(?:related|similar|compared|connected|linked|tied|close|equal|equivalent|applied|due|sensitive|robust)\b)"
    r"(?:[a-z]+\s+)?(?:that|to)\b"
)
# The first and the second side of the comparison before, and what one is set against: "and from X?".
_SIDE = re.compile(r"\bthe\s+(?:(?P<first>former)|latter)\b", re.IGNORECASE)
_AGAINST = re.compile(r"^(?:от|по сравнению с|from|to|with|compared (?:to|with))\s+(?P<other>\S.*)$", re.IGNORECASE)
_PRONOUN = re.compile(r"^(?:него|нее|них|it|them|this|that)\s+(?P<rest>\S.*)$")
_THAT_THING = re.compile(r"\b(?:of|for|with|to|than|like|about|in|from|is|does|did|was|are|can|would|do)\s+$")
_HAVING = re.compile(r"\bу\s+$")
_WHAT_IS = re.compile(r"\b(?:что|кто)\s+$")
_ASKING = re.compile(
    r"\b(?:что|чем|чего|зачем|почему|отчего|как|какой|какая|какое|какие|когда|где|кто|сколько|ли|"
    r"what|why|how|when|where|who|which|and|и|а|but|но)\b"
)
_BOTH = re.compile(
    r"\b(?:(?:какой|какая|какое|какие|кто|что|which|what)\s+(?:one\s+)?)?(?:из\s+(?:них|двух|этих двух)|"
    r"of\s+(?:them|the\s+two|these(?:\s+two)?))\b|\b(?:оба|обе|обоих|обеих|обоим|обеим|между\s+ними|"
    r"друг\s+от\s+друга|друг\s+с\s+другом|both|either|the\s+two|between\s+them|(?:from|with|to)\s+(?:each\s+other|"
    r"one\s+another))\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(?:они|их|ними|ним|них|they|them|these|those|эти)\b", re.IGNORECASE)
_DIFFER = re.compile(r"отлич\w+|разниц\w+|различ\w+|сравни\w*|\bdiffer\w*|\bcompar\w+|\bdistinct\w+", re.IGNORECASE)
_SUPERIOR = re.compile(
    rf"\b(?:{BETTER}|\w{{2,}}(?:ее|лже|бже|ьше|още|аще)|better|worse|faster|slower|simpler|easier|harder|cheaper|deeper|smaller|larger|bigger|"
    r"stronger|newer|older|(?:more|less) \w+)\b",
    re.IGNORECASE,
)
_WHICH = re.compile(r"\b(?:что|какой|какая|какое|какие|кто|котор\w+|which|what)\b")
_KNOWN_BETTER = re.compile(BETTER)
_IN_COMMON = re.compile(r"\bобщ\w+|\bпохож\w+|\bcommon\b|\bsimilar\w*")
# What stands for the noun of a name: "a plain one", and in Russian an adjective alone.
_ONE = re.compile(r"\b(?P<kind>(?:an?|the)\s+(?:[a-z-]+\s+){1,2})ones?\b", re.IGNORECASE)
_ALONE = re.compile(
    r"\b(?P<kind>обычн|прост|классическ|стандартн|ванильн|друг)(?:ого|ой|ого|их|ым|ыми)(?=\s*[?.!]*$)", re.IGNORECASE
)
_ARTICLE = re.compile(r"^(?:an?|the)\s+", re.IGNORECASE)
_END = re.compile(r"[\s?.!…]+$")


@dataclass(frozen=True, slots=True)
class _Talk:
    """The last question, complete, and the things that were spoken of: the last one first, at most two."""

    question: str = ""
    things: tuple[str, ...] = ()

    def after(self, question: str) -> _Talk:
        new = things_of(question)
        known = {fold(thing) for thing in new}
        kept = tuple(thing for thing in self.things if fold(thing) not in known)
        return _Talk(question if new else self.question, (*new, *kept)[:2])


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question that is meant, with the things it leaves out; as it is where it leaves out none."""
    talk = _Talk()
    for turn in history:
        if turn.role == "user" and turn.text and small_talk(turn.text) is None:
            talk = talk.after(_completed(turn.text, talk))
    return _completed(question, talk)


def leans_back(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question leaves out something that was spoken of before."""
    return standalone(question, history) != question


def _completed(question: str, talk: _Talk) -> str:
    if not talk.things:
        return question
    if len(fold(question)) != len(question):  # places in the folded text are those in the question
        question = fold(question)
    ways = (_of_side, _of_both, _set_against, _with_noun, _of_pronoun, _without_subject, _going_on)
    return next((found for complete in ways if (found := complete(question, talk)) is not None), question)


def _of_side(question: str, talk: _Talk) -> str | None:
    """Of "the former" and "the latter": with that side of the comparison before."""
    found, sides = _SIDE.search(question), sides_of(talk.question)
    if found is None or sides is None:
        return None
    return question[: found.start()] + sides[0 if found["first"] else -1] + question[found.end() :]


def _of_both(question: str, talk: _Talk) -> str | None:
    """Of a question on two things that were spoken of: which is better, how they differ, or what both have."""
    if len(talk.things) < 2:
        return None
    folded = fold(question)
    superior, differ = _SUPERIOR.search(folded), _DIFFER.search(folded)
    both, own = _BOTH.search(folded), words(subject_of(question))
    plural, alike = _PLURAL.search(folded), _IN_COMMON.search(folded)
    if both is None and (len(own) > 1 or not ((plural and (differ or alike)) or (superior and _WHICH.search(folded)))):
        return None
    if both is None and differ and own:
        return None
    other, one = talk.things
    russian = is_russian(question)
    if superior and not differ and (not russian or _KNOWN_BETTER.fullmatch(superior.group())):
        return (
            f"что {superior.group()}: {one} или {other}"
            if russian
            else f"which is {superior.group()}, {one} or {other}"
        )
    if differ or superior:
        return _compared(one, other, russian=russian)
    named = f" {one} {'и' if russian else 'and'} {other} "
    return " ".join((both.re if both else _PLURAL).sub(named, folded, count=1).split())


def _set_against(question: str, talk: _Talk) -> str | None:
    """Of a comparison that names one side: with both. "Is X better?" says against what no more than "unlike X" does."""
    if sides_of(question) is not None:
        return None
    folded, own = fold(question), subject_of(question)
    other, thing = other_side_of(folded), talk.things[0]
    if other is None and own and len(words(own)) <= 2 and (_SUPERIOR.search(folded) or _DIFFER.search(folded)):
        is_side = is_name_of_term(own) and fold(own) != fold(thing) and _reference(question) is None
        return _compared(own, thing, russian=is_russian(question)) if is_side else None
    if other and (pronoun := _PRONOUN.match(other)) is not None:
        at = folded.find(pronoun["rest"])  # "чем отличается от него RoBERTa?"
        return _compared(question[at : at + len(pronoun["rest"])], thing, russian=is_russian(question))
    one = next((thing for thing in talk.things if fold(thing) != other), "")
    return _compared(one, other, russian=is_russian(question)) if one and other else None


def _compared(one: str, other: str, *, russian: bool) -> str:
    return f"чем {one} отличается от {other}" if russian else f"how is {one} different from {other}"


def _with_noun(question: str, talk: _Talk) -> str | None:
    """Of "a plain one": with the noun of the thing, which is its last word, whatever it is short for."""
    found = _ONE.search(question) or _ALONE.search(question)
    if found is None:
        return None
    noun = noun_of(talk.things[0], russian=is_russian(question))
    if not noun:
        return None
    kind = found["kind"] if found.re is _ONE else f"{found.group()} "
    named = question[: found.start()] + kind + noun + question[found.end() :]
    return _of_pronoun(named, talk) or _going_on(named, talk) or named


def _of_pronoun(question: str, talk: _Talk) -> str | None:
    """Of a question with a word that stands for the thing: with the thing in its place."""
    found, thing = _reference(question), talk.things[0]
    if found is None or not subject_of(question):
        return None
    named = thing
    if (having := _HAVING.search(fold(question)[: found.start()])) is not None and found["pronoun"]:
        # "какой у него размер" as "какой размер у X": an attribute of a thing is put so
        rest = _END.sub("", question[: having.start()] + question[found.end() :].lstrip())
        return f"{_FOLLOWS.sub('', fold(rest))} у {thing}"
    if found["there"]:
        named = f"{'in' if found.group().isascii() else 'в'} {thing}"
    elif found["whose"] and ATTRIBUTE.fullmatch(found["what"]):
        named = f"{found['what']} {'of' if found.group().isascii() else 'у'} {thing}"
    elif found["whose"]:
        named = f"{thing} {found['what']}"
    whole = question[: found.start()] + named + question[found.end() :]
    return whole[len(led.group()) :] if (led := _FOLLOWS.match(fold(whole))) else whole


def _without_subject(question: str, talk: _Talk) -> str | None:
    """Of a question that has no subject: that of the conversation, asked for in the same way."""
    if subject_of(question):
        return None
    thing, folded = talk.things[0], _END.sub("", _FOLLOWS.sub("", fold(question)))
    russian = is_russian(question)
    attribute = ATTRIBUTE.search(folded)
    asked = what_is_asked(question)
    if asked is Asked.FORMULA or re.search(r"\b(?:формул|уравнени|formula|equation)", folded):
        return f"формула {thing}" if russian else f"formula of {thing}"
    bare = " ".join(_REFERRING.sub(lambda found: found["what"] or "", folded).split())
    if attribute is not None and not is_shell(attribute.group()):
        return f"{attribute.group()} у {thing}" if russian else f"{attribute.group()} of {thing}"
    if bare in {"как", "how"}:
        return f"как работает {thing}" if russian else f"how does {thing} work"
    if asked in {Asked.REASON, Asked.STEPS, Asked.PERSON, Asked.WHEN}:
        return f"{bare} {thing}"
    return thing


def _going_on(question: str, talk: _Talk) -> str | None:
    """Of a question that goes on with the last one: "а GRU?", "and in PyTorch?"."""
    follows = _FOLLOWS.match(fold(question))
    if follows is None:
        return None
    rest, thing = _END.sub("", question[follows.end() :]), talk.things[0]
    sides = sides_of(talk.question)
    if sides is not None and (against := _AGAINST.match(rest)) is not None:
        return _compared(sides[0], against["other"], russian=is_russian(question))
    if (opened := _OPENED.match(rest)) is not None:
        named, owner = qualified(talk.question), _OWNER.match(rest)
        if named is not None and named.owned and owner is not None:
            return f"{named.attribute} {'of' if rest.isascii() else 'у'} {owner['thing']}"
        return f"{thing} {rest}" if opened["rest"] else None
    if what_is_asked(rest) is not Asked.NOTHING:
        return None if is_name_of_term(rest) or what_is_asked(rest) is Asked.DEFINITION else f"{rest} {thing}"
    if is_name_of_term(rest) and len(words(rest)) <= MAX_NAMED:
        at = fold(talk.question).find(fold(thing))
        if at >= 0 and sides_of(talk.question) is None:
            return talk.question[:at] + _ARTICLE.sub("", rest) + talk.question[at + len(thing) :]
        return rest
    return f"{thing} {rest}"


def _reference(question: str) -> re.Match[str] | None:
    """The first word of a question that stands for what was named before it was asked."""
    folded = fold(question)
    return next((found for found in _REFERRING.finditer(folded) if _refers_back(folded, found)), None)


def _refers_back(folded: str, found: re.Match[str]) -> bool:
    """Whether such a word does not stand for what the question itself names: "что такое dropout и зачем он нужен"."""
    before, word = folded[: found.start()], found.group()
    if _EXPLETIVE.match(folded, found.start()):
        return False
    if word == "that":
        return _THAT_THING.search(before) is not None or not folded[found.end() :].strip(" ?.!")
    if found["whose"] or word == "это":
        asks_this = word == "это" and _WHAT_IS.search(before) is not None and bool(subject_of(folded))
        return not subject_of(before) and not asks_this
    asking = list(_ASKING.finditer(before))
    return not asking or not subject_of(before[: asking[-1].start()])

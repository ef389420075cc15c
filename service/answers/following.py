"""A follow-up and what was asked before → a question that can be searched alone.

What a follow-up leaves out is a thing that was spoken of: the last one, or the last two where both are meant. Each
question of the conversation is read with those before it, so that the things are known from any depth; nothing is
remembered between requests.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.search.keywords import KEYWORD
from index.text.analysis import fold, words
from service.answers.attributes import asked_of
from service.answers.qualified import qualified
from service.answers.questions import what_is_asked
from service.answers.referring import END, FOLLOWS, reference
from service.answers.sides import BETTER, other_side_of, sides_of
from service.answers.small_talk import small_talk, without_opening
from service.answers.subjects import (
    ATTRIBUTE,
    MAX_NAMED,
    PART,
    is_name_of_term,
    is_russian,
    noun_of,
    subject_of,
    things_of,
)
from service.answers.types import Asked, Turn

_OPENED = re.compile(
    r"^(?:в|во|на|для|у|при|без|с|со|in|for|of|on|with|without|inside|from)\s+(?P<rest>\S.*)$", re.IGNORECASE
)
_OWNER = re.compile(r"^(?:у|для|of|for|in|в)\s+(?:(?:the|an?)\s+)?(?P<thing>\S.*)$", re.IGNORECASE)
# The first or the second of two things, where no noun follows; and what one is set against: "and from X?".
_SIDE = re.compile(
    r"\bthe\s+(?:(?:(?P<former>former)|latter)(?:\s+one)?|(?:(?P<one>first)|second|(?P<more>third|last))"
    r"(?:\s+one|(?=\W*$|\s+(?:is|does|has|can|was|or|and)\b)))\b|"
    r"(?<![\w-])(?:(?P<perv>перв)|втор|(?P<tret>трет))(?:ый|ий|ая|ья|ое|ье|ого|ьего|ой|ей|ому|ьему|ом|ьем|ым|ьим|ую|ью)"
    rf"(?=\s*(?:$|[?!.,:;)])|\s+(?:{BETTER}|и|или|а|чем|как|не|отличается|работает)\b)",
    re.IGNORECASE,
)
_AGAINST = re.compile(r"^(?:от|по сравнению с|from|to|with|compared (?:to|with))\s+(?P<other>\S.*)$", re.IGNORECASE)
_PRONOUN = re.compile(r"^(?:него|нее|них|it|them|this|that)\s+(?P<rest>\S.*)$")
_HAVING = re.compile(r"\bу\s+$")
_BOTH = re.compile(
    r"\b(?:(?:какой|какая|какое|какие|кто|что|which|what)\s+(?:one\s+)?)?(?:из\s+(?:них|двух|этих двух)|"
    r"of\s+(?:them|the\s+two|these(?:\s+two)?))\b|\b(?:оба|обе|обоих|обеих|обоим|обеим|между\s+ними|"
    r"друг\s+от\s+друга|друг\s+с\s+другом|which\s+one|both|either|the\s+two|between\s+them|(?:from|with|to)\s+(?:each\s+other|"
    r"one\s+another))\b",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(?:они|их|ними|ним|них|they|them|these|those|эти)\b", re.IGNORECASE)
_DIFFER = re.compile(r"отлич\w+|разниц\w+|различ\w+|сравни\w*|\bdiffer\w*|\bcompar\w+|\bdistinct\w+", re.IGNORECASE)
_SUPERIOR = re.compile(
    rf"\b(?:{BETTER}|(?:больше|меньше)(?=\W*$)|легче|тяжелее|мощнее|сильнее|слабее|глубже|новее|старше|дешевле|дороже|короче|длиннее|"
    r"гибче|удобнее|устойчивее|стабильнее|популярнее|полезнее|важнее|экономнее|"
    r"better|worse|faster|slower|simpler|easier|harder|cheaper|deeper|smaller|larger|bigger|stronger|weaker|newer|older|"
    r"(?:more|less) (?:\w+(?:able|ible|ful|ive|ent|ant|ate|ous|ular|ust|ex|ed)|general|common|precise|modern|expensive)"
    r"(?=\W*$|[,:?]|\s+(?:than|for|in|at|when|with|and|or)\b))\b",
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
# Another thing is turned to: "а теперь подробнее про X".
_TURNS = re.compile(
    r"^(?:(?:теперь|now)\s+)?(?P<wish>(?:(?P<before>(?:\S+\s+){0,3}?)(?:про|об?|about)|(?:\S+\s+){1,3}?on)\s+(?P<to>\S.*))$",
    re.IGNORECASE,
)
_KEYWORD = re.compile(rf"{KEYWORD.pattern}|elif|until|case|switch")
_KEYWORD_BEFORE = re.compile(rf"^(?:{_KEYWORD.pattern})\s+", re.IGNORECASE)
_KEYWORD_INSIDE = re.compile(rf"\b(?:{_KEYWORD.pattern})\b", re.IGNORECASE)
_TURNED_TO = re.compile(r"(?:and |but |so )?(?:what|how) about |(?:а )?(?:(?:что|как) насчет|что (?:с|про)) ")
_COUNTS = re.compile(r"сколько|how (?:many|much)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Talk:
    """The last question, complete, and the things that were spoken of: the last one first, at most two. `pair`: two
    that one question named, in its order, while none but these is spoken of."""

    question: str = ""
    things: tuple[str, ...] = ()
    pair: tuple[str, ...] = ()

    def after(self, typed: str) -> _Talk:
        question = _completed(typed, self)
        if question == typed and self.things and _SIDE.search(typed):
            return self  # one of what nobody listed
        new = things_of(question)
        if len(new) == 1 and self._goes_on_with(new[0], typed):
            new = self.things[:1]
        known = {fold(thing) for thing in new}
        kept = tuple(thing for thing in self.things if fold(thing) not in known)
        pair = self.pair if known <= {fold(thing) for thing in self.pair} else ()
        if len(new) == 2:
            pair = new if sides_of(question) is not None else (new[1], new[0])
        return _Talk(question if new else self.question, (*new, *kept)[:2], pair)

    @property
    def names_both(self) -> bool:
        """Whether the last question names two things."""
        return bool(self.pair) and all(fold(thing) in fold(self.question) for thing in self.pair)

    def _goes_on_with(self, named: str, typed: str) -> bool:
        """Whether a stretch that nobody typed holds the last thing beside what was asked of it."""
        last = f" {fold(self.things[0])} " if self.things else ""
        return bool(last) and last in f" {fold(named)} " and fold(named) not in fold(typed)


def standalone(question: str, history: Sequence[Turn]) -> str:
    """The question that is meant, with the things it leaves out; as it is where it leaves out none."""
    talk = _Talk()
    for turn in history:
        if turn.role == "user" and turn.text and small_talk(turn.text) is None:
            talk = talk.after(without_opening(turn.text))
    return _completed(question, talk)


def leans_back(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question leaves out something that was spoken of before."""
    return standalone(question, history) != question


def _completed(question: str, talk: _Talk) -> str:
    if not talk.things:
        return question
    if len(fold(question)) != len(question):  # places in the folded text are those in the question
        question = fold(question)
    ways = (_of_side, _of_both, _set_against, _with_noun, _of_keyword, _of_pronoun, _asked_of, _going_on)
    return next((found for complete in ways if (found := complete(question, talk)) is not None), question)


def _of_side(question: str, talk: _Talk) -> str | None:
    """Of "the former" and "the second one": with that one of the last two. The question itself where there are none."""
    if (found := _SIDE.search(question)) is None:
        return None
    if not talk.pair or found["more"] or found["tret"]:
        return question
    named = _SIDE.sub(lambda side: talk.pair[0 if side["former"] or side["one"] or side["perv"] else 1], question)
    follows, last = FOLLOWS.match(fold(named)), talk.question
    alone = END.sub("", named[follows.end() if follows else 0 :])
    if alone not in talk.pair:
        return named
    at = fold(last).find(fold(talk.things[0]))
    return alone if at < 0 or fold(alone) in fold(last) else last[:at] + alone + last[at + len(talk.things[0]) :]


def _of_both(question: str, talk: _Talk) -> str | None:
    """Of a question on two things that were spoken of: which is better, how they differ, or what both have."""
    if len(talk.things) < 2:
        return None
    folded = fold(question)
    superior, differ = _SUPERIOR.search(folded), _DIFFER.search(folded)
    both, own = _BOTH.search(folded), words(subject_of(question))
    plural, alike = _PLURAL.search(folded), _IN_COMMON.search(folded)
    paired = plural is not None and bool(talk.pair)  # "how do they relate?"
    meant = (plural and (differ or alike)) or (superior and _WHICH.search(folded))
    if both is None and not paired and (len(own) > 1 or not meant or (differ and own)):
        return None
    if paired and both is None and own:
        superior = differ = None  # both are set against a third: "are they faster than X?"
    one, other = talk.pair or talk.things[::-1]
    russian = is_russian(question)
    if superior and not differ and (not russian or _KNOWN_BETTER.fullmatch(superior.group())):
        rest = END.sub("", _BOTH.sub("", folded[superior.end() :])).strip()
        where = f", {rest}" if subject_of(rest) else ""  # "for rare words"
        return (
            f"что {superior.group()}: {one} или {other}{where}"
            if russian
            else f"which is {superior.group()}, {one} or {other}{where}"
        )
    if differ or superior:
        return _compared(one, other, russian=russian)
    named = f" {one} {'и' if russian else 'and'} {other} "
    return " ".join((both.re if both else _PLURAL).sub(named, question, count=1).split())


def _set_against(question: str, talk: _Talk) -> str | None:
    """Of a comparison that names one side: with both. "Is X better?" says against what no more than "unlike X" does."""
    if sides_of(question) is not None:
        return None
    folded, own = fold(question), subject_of(_SUPERIOR.sub("", question))
    other, thing = other_side_of(folded), talk.things[0]
    if other is None and own and len(words(own)) <= 2 and (_SUPERIOR.search(folded) or _DIFFER.search(folded)):
        is_side = is_name_of_term(own) and fold(own) != fold(thing) and reference(question) is None
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


def _of_keyword(question: str, talk: _Talk) -> str | None:
    """Of "and while?": a word that only joins others and stands alone is one of a language for programs."""
    follows = FOLLOWS.match(fold(question))
    rest = END.sub("", question[follows.end() if follows else 0 :])
    if follows is None or _KEYWORD.fullmatch(fold(rest)) is None:
        return None
    thing = talk.things[0]
    if is_russian(thing):  # where words of English are of such a language alone
        return _KEYWORD_INSIDE.sub(rest, thing, count=1) if _KEYWORD_INSIDE.search(thing) else f"{thing} {rest}"
    return f"{rest} {_KEYWORD_BEFORE.sub('', thing)}"


def _another(rest: str, talk: _Talk, *, russian: bool) -> str | None:
    """Of "what about screen?" after tmux: one word beside one word is another of the same kind."""
    if len(words(rest)) > 1 or not any(len(words(thing)) == 1 for thing in talk.things) or subject_of(rest) != rest:
        return None
    if len(words(talk.things[0])) == 1 and is_name_of_term(rest):
        return None  # the last question is asked of it
    return f"что такое {rest}" if russian else f"what is {rest}"


def _of_pronoun(question: str, talk: _Talk) -> str | None:
    """Of a question with a word that stands for the thing: with the thing in its place."""
    found, thing = reference(question), talk.things[0]
    if found is None or not (subject_of(question) or PART.search(fold(question))):
        return None
    named = thing
    if (having := _HAVING.search(fold(question)[: found.start()])) is not None and found["pronoun"]:
        # "какой у него размер" as "какой размер у X": an attribute of a thing is put so
        rest = END.sub("", question[: having.start()] + question[found.end() :].lstrip())
        return f"{FOLLOWS.sub('', fold(rest))} у {thing}"
    if found["there"]:
        named = f"{'in' if found.group().isascii() else 'в'} {thing}"
    elif found["whose"] and ATTRIBUTE.fullmatch(found["what"]):
        named = f"{found['what']} {'of' if found.group().isascii() else 'у'} {thing}"
    elif found["whose"]:
        named = f"{thing} {found['what']}"
    whole = question[: found.start()] + named + question[found.end() :]
    return whole[len(led.group()) :] if (led := FOLLOWS.match(fold(whole))) else whole


def _asked_of(question: str, talk: _Talk) -> str | None:
    """Of a question that names no more than what is asked of the thing."""
    return asked_of(question, talk.things[0])


def _going_on(question: str, talk: _Talk) -> str | None:
    """Of a question that goes on with the last one: "а GRU?", "and in PyTorch?"."""
    follows = FOLLOWS.match(fold(question))
    if follows is None:
        return None
    rest, thing = END.sub("", question[follows.end() :]), talk.things[0]
    sides = sides_of(talk.question)
    if sides is not None and (against := _AGAINST.match(rest)) is not None:
        return _compared(sides[0], against["other"], russian=is_russian(question))
    if (turns := _TURNS.match(rest)) is not None and subject_of(turns["to"]) and not subject_of(turns["before"] or ""):
        return turns["wish"]
    if _TURNED_TO.match(fold(question)) and (other := _another(rest, talk, russian=is_russian(question))) is not None:
        return other
    if what_is_asked(rest) is not Asked.NOTHING:
        return None if _is_whole(rest) else f"{rest} {thing}"
    if (opened := _OPENED.match(rest)) is not None:
        named, owner = qualified(talk.question), _OWNER.match(rest)
        if named is not None and named.owned and owner is not None:
            if _COUNTS.match(talk.question):
                return talk.question.replace(named.thing, owner["thing"])
            return f"{named.attribute} {'of' if rest.isascii() else 'у'} {owner['thing']}"
        return f"{thing} {rest}" if opened["rest"] else None
    if is_name_of_term(rest) and len(rest) > 1 and len(words(rest)) <= MAX_NAMED:
        at = fold(talk.question).find(fold(thing))
        if at >= 0 and sides_of(talk.question) is None and not talk.names_both:
            return talk.question[:at] + _ARTICLE.sub("", rest) + talk.question[at + len(thing) :]
        return rest
    return f"{thing} {rest}"


def _is_whole(question: str) -> bool:
    """Whether a question that goes on has a subject of its own: a name, of which more is asked than which one it is. A
    word that any thing may have is none: "и как считается градиент?", "how is the gradient computed?"."""
    asked, own = what_is_asked(question), subject_of(question)
    if asked in {Asked.DEFINITION, Asked.COMPARISON} or re.search("[A-Z]", question[1:]):
        return True
    if asked is Asked.FACT or not is_name_of_term(own):
        return False
    russian = is_russian(question)
    return len(words(own)) > 1 or not (is_russian(own) if russian else f"the {fold(own)}" in fold(question))

"""What a language model wrote → sentences whose every citation holds, without links, pictures or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from index.types import Hit
from service.answers.extractive import best_quote
from service.answers.markup import clean_reply
from service.answers.numbers import Numbers
from service.answers.pieces import holds_link
from service.answers.thoughts import Thoughts
from service.answers.types import Citation, Sentence
from service.answers.whole import WholeText

# [3] · [1, 2] · [1; 2] · [1-3] · [2: "words of the passage"] · [[1]] · [1](address) · 【1】 · 【2†source】
_PART = r"\d{1,3}(?:\s*[–-]\s*\d{1,3})?"
_PARTS = rf"{_PART}(?:\s*[,;]\s*{_PART})*"
_LINKED = r"(?:\([^()\s]{0,500}(?:\s{1,3}\"[^\"\n]{0,200}\")?\))?"
_CITATION = re.compile(
    rf"\[{{1,2}}\s*({_PARTS})\s*(?::\s*[\"«“]([^\"»”\]]{{1,600}})[\"»”]\s*)?\]{{1,2}}{_LINKED}|"
    rf"【\s*({_PARTS})\s*(?:[†:][^】\n]{{0,80}})?】"
)
_STOP = re.compile(r"[.!?…]+[\"»”)]*|\n")
_BRACKET = re.compile(rf"[^\S\n]*(?:\[[^\]\n]{{1,640}}\]{{1,2}}{_LINKED}|【[^】\n]{{1,120}}】)")
_QUOTED = re.compile(r"[«“\"]([^»”\"]{12,400})[»”\"]")
_CODE = re.compile(r"```[^`]*```|`[^`\n]*`|\$[^$\n]{1,600}\$")
_FENCE = "```"
# A full stop after one of these ends no sentence: "рис. 2", "2014 г.", "Fig. 3", "A. Ng".
_SHORTENED = re.compile(
    r"(?:^|[\s(«\"])(?:рис|г|гг|в|вв|т|е|д|п|пп|др|см|ср|табл|стр|с|гл|ур|напр|тыс|млн|млрд|им|проф|акад|"
    r"fig|figs|eq|eqs|sec|ch|vs|al|etc|cf|dr|mr|mrs|prof|no|vol|pp|approx|e\.g|i\.e|т\.\s?е|т\.\s?д|т\.\s?п|[A-ZА-ЯЁ])\.$",
    re.IGNORECASE,
)
_INITIAL = re.compile(r"(?:^|[\s(])[A-ZА-ЯЁ]\.$")
_NUMBERED = re.compile(r"(?:^|\n)\s*\d{1,2}\.$")
# "ок. 5 слоёв", "прим. 3": a short word before a number was shortened; few sentences begin with a number.
_BEFORE_NUMBER = re.compile(r"(?:^|[\s(«\"])[a-zа-яё]{1,4}\.$")
# What stands before and behind an index of code: "x[1] = y[2]", "A[1,2]", "f(x)[0]"; "the mask[1]." is a citation.
_INDEXED = re.compile(r"(?:(?<![^\W\d_])[A-Za-z]|[A-Za-z_]\w*[\d_]\w*|\w\([^()]{0,40}\)|\w\[[^\[\]]{1,20}\])\Z")
_NAMED_LAST = re.compile(r"([=+*/<>(,\[]\s*)?[A-Za-z]+\Z", re.ASCII)
_OPERATED = re.compile(r"\s*(?:[-+*/%^&|<>=]|\(|\[(?!\d{1,3}\][.,;:!?\s]))|\.\w")
_REFUSED = re.compile(r"NO ANSWER\b|(?i:no answer)\s*(?:[.:;,!–—-]|\Z)")
_NUMBER_CHARS = 20  # the end of a text where the number of a list is looked for
_MIN_LETTERS = 3
_MOST_CITED = 10  # by one bracket


def numbers_of(cited: str) -> list[int]:
    """The passages that a citation names: "1, 3-5"."""
    found: list[int] = []
    for part in re.split("[,;]", cited):
        first, _, last = re.sub(r"\s", "", part).replace("–", "-").partition("-")
        found += range(int(first), min(int(last or first), int(first) + _MOST_CITED - 1) + 1)
    return found[:_MOST_CITED]


@dataclass
class ReplyReader:
    """Reads a reply as it streams. `hits[i]` is passage i + 1; citations take their numbers as they are used."""

    hits: Sequence[Hit]
    weights: Mapping[str, float]
    drop_uncited: bool
    numbers: Numbers = field(default_factory=Numbers)
    citations: list[Citation] = field(default_factory=list)
    _rest: str = ""
    _known: str = ""
    _thoughts: Thoughts = field(default_factory=Thoughts)
    _whole: WholeText = field(default_factory=WholeText)
    _held: list[Sentence] = field(default_factory=list)
    _said: list[Sentence] = field(default_factory=list)
    _void: list[Sentence] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._known = "\n".join(f"{hit.passage.title}\n{hit.passage.text}" for hit in self.hits)

    def feed(self, text: str, *, last: bool = False) -> Iterator[Sentence]:
        """The sentences that this piece of the reply completes. What cites nothing waits for the first sentence that
        does: a reply may begin with thoughts that only their end tells."""
        heard = self._thoughts.feed(text, last=last)
        if heard.thought_before:
            self._void += self._said
            self._said, self._held, self._rest = [], [], ""
        self._rest += heard.text
        for raw in self._cut(last=last):
            sentence = self._sentence(raw)
            if sentence is not None:
                self._held.append(sentence)
        if last or self._said or any(sentence.citations for sentence in self._held):
            ready, self._held = self._held, []
            for sentence in ready:
                self._said.append(replace(sentence, text=self._whole.add(sentence.text)))
                yield self._said[-1]

    def without_thoughts(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        """Of sentences that were said, those that have not turned out to be thoughts."""
        return [sentence for sentence in sentences if not any(sentence is thought for thought in self._void)]

    def _cut(self, *, last: bool) -> Iterator[str]:
        while (end := self._end(last=last)) is not None:
            raw, self._rest = self._rest[:end], self._rest[end:].lstrip()
            yield raw
        if last and self._rest.strip():
            raw, self._rest = self._rest, ""
            yield f"{raw.rstrip()}\n{_FENCE}" if raw.lstrip().startswith(_FENCE) else raw

    def _end(self, *, last: bool) -> int | None:
        """Where the first sentence ends, citations after its full stop included; None while more of it may come."""
        text = self._rest
        if text.lstrip().startswith(_FENCE):
            end = text.find(_FENCE, text.find(_FENCE) + len(_FENCE))
            return None if end < 0 else end + len(_FENCE)
        closed = _CODE.sub(lambda match: "x" * len(match.group()), text)
        for match in _STOP.finditer(text):
            if closed.count("`", 0, match.end()) % 2 or closed[match.start()] == "x" != text[match.start()]:
                continue  # inside code or a formula
            if _opens(text, match.end()):
                continue  # inside a citation
            if match.group() == "." and _goes_on(text[: match.end()], text[match.end() :]):
                continue
            end = match.end()
            while cited := _BRACKET.match(text, end):
                end = cited.end()
            after = text[end:]
            if not last and (not after.strip() or after.lstrip().startswith(("[", "【"))):
                return None
            whole = match.group() == "\n" or not after.strip()
            if text[:end].strip() and (whole or (after[0].isspace() and not after.lstrip()[0].islower())):
                return end
        return None

    def _sentence(self, raw: str) -> Sentence | None:
        cited: list[tuple[int, str | None]] = []
        code = [match.span() for match in _CODE.finditer(raw)]
        written, at = [], 0
        for match in _CITATION.finditer(raw):
            if any(start <= match.start() < end for start, end in code):
                continue  # a[1] in code is no citation
            if _is_index(raw[: match.start()], raw[match.end() :]):
                continue
            named = numbers_of(match.group(1) or match.group(3))
            if 0 in named and match.group(2) is None:
                continue  # passages are counted from 1: the interval [0, 1], the index x.shape[0]
            cited += [(number, match.group(2)) for number in named]
            written.append(raw[at : match.start()])
            at = match.end()
        text = clean_reply(" ".join([*written, raw[at:]]), self._known)
        text = re.sub(r"[^\S\n]+([.,;:!?…](?:\s|$))", r"\1", text).strip()
        if sum(letter.isalpha() for letter in text) < _MIN_LETTERS:
            return None
        if _REFUSED.match(text):
            return Sentence(text, ())  # a sign for us: no passage says it
        # what is put in quotation marks must stand in a passage that the sentence cites; strings of code are none
        own = [self.hits[number - 1] for number, _ in cited if 1 <= number <= len(self.hits)]
        if any(not any(_stands_in(quote, hit) for hit in own) for quote in _QUOTED.findall(_CODE.sub(" ", text))):
            return None
        numbers = dict.fromkeys(
            number for passage, quote in cited if (number := self._cite(passage, quote, text)) is not None
        )
        return None if self.drop_uncited and not numbers else Sentence(text, tuple(numbers))

    def _cite(self, passage: int, quote: str | None, sentence: str) -> int | None:
        """The number of a citation that holds, or None: the passage was not retrieved, or does not say the quote."""
        if not 1 <= passage <= len(self.hits):
            return None
        hit = self.hits[passage - 1]
        if quote is not None:
            found = _stands_in(quote, hit)
            if found is None or holds_link(found):
                return None
            quote = found
        else:
            quote = best_quote(hit, sentence, dict(self.weights))
            if not quote or holds_link(quote):
                return None
        for citation in self.citations:
            if citation.hit.passage.id == hit.passage.id and citation.quote == quote:
                return citation.number
        self.citations.append(Citation(self.numbers.take(hit), quote, hit))
        return self.citations[-1].number


def _opens(text: str, end: int) -> bool:
    """Whether a citation is open at a place."""
    return any(text.count(a, 0, end) > text.count(b, 0, end) for a, b in ("[]", "【】"))


def _goes_on(text: str, after: str) -> bool:
    """Whether the full stop at the end of a text belongs to a shortened word, an initial or a number of a list."""
    if _BEFORE_NUMBER.search(text[-20:]) and after.lstrip()[:1].isdigit():
        return True
    return any(pattern.search(text[-20:]) for pattern in (_SHORTENED, _INITIAL)) or bool(
        _NUMBERED.search(text if len(text) <= _NUMBER_CHARS else f"x{text[-_NUMBER_CHARS:]}")  # x: no line begins here
    )


def _is_index(before: str, after: str) -> bool:
    """Whether numbers in brackets that touch the word before them are an index of code."""
    before = before[-60:]
    if _INDEXED.search(before):
        return True
    name = _NAMED_LAST.search(before)
    return name is not None and (name.group(1) is not None or _OPERATED.match(after) is not None)


def _stands_in(quote: str, hit: Hit) -> str | None:
    """The quote as the passage writes it (spaces and capitals aside), or None."""
    parts = quote.split()
    if not parts:
        return None
    pattern = r"\s+".join(re.escape(part) for part in parts)
    found = re.search(pattern, f"{hit.passage.title}\n{hit.passage.text}", re.IGNORECASE)
    if found is None:
        return None
    inside = re.search(pattern, hit.passage.text, re.IGNORECASE)
    return (inside or found).group()

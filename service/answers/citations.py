"""What a language model wrote → sentences whose every citation holds, without links, pictures or HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.types import Hit
from service.answers.extractive import best_quote
from service.answers.types import Citation, Sentence
from service.answers.units import holds_link

# [3] · [1, 2] · [2: "words of the passage"]
_CITATION = re.compile(r"\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*(?::\s*[\"«“]([^\"»”\]]{1,600})[\"»”]\s*)?\]")
_STOP = re.compile(r"[.!?…]+[\"»”)]*|\n")
_BRACKET = re.compile(r"[^\S\n]*\[[^\]\n]{1,640}\]")
_QUOTED = re.compile(r"[«“\"]([^»”\"]{12,400})[»”\"]")
_IMAGE = re.compile(r"!\[[^\]\n]{0,400}\]\s*(?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,400}\])?")
_LINK = re.compile(r"\[([^\]\n]{1,400})\]\([^)\n]{0,2000}\)|\[([^\]\n]{1,400})\]\[[^\]\n]{0,200}\]")
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]{0,2000}>?")
_SCHEME = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}:(?://|\\\\|%2f)\S*|\b(?:javascript|data|mailto|vbscript):\S*|//\S+", re.I
)
_HOST = re.compile(r"(?<![\w@.])(?:[\w-]{1,63}\.)+[a-zA-Zа-яА-Я]{2,24}(?![\w(])(?:[:/?#][^\s\]]*)?|\S+@\S+")
_MARKUP = re.compile(r"^[#>*\-\s•]+|[*_`]{1,3}")
_SPACES = re.compile(r"\s+")
_MIN_LETTERS = 3


def plain_text(text: str, known: str) -> str:
    """The text without links, pictures, HTML and markup. Dotted words stay where `known` (the passages) has them."""
    text = _IMAGE.sub(" ", text)
    text = _LINK.sub(lambda match: match.group(1) or match.group(2), text)
    text = _TAG.sub(" ", text)
    text = _SCHEME.sub(" ", text)
    text = _HOST.sub(lambda match: match.group() if _may_stay(match.group(), known) else " ", text)
    text = _MARKUP.sub("", text).replace("<", " ").replace(">", " ")
    return _SPACES.sub(" ", text).strip()


def _may_stay(word: str, known: str) -> bool:
    """nn.Module may, and torch.nn where a passage calls or imports it; an address may not, even if a slide names it."""
    if any(mark in word for mark in "/?#@:") or word.casefold().startswith("www.") or word not in known:
        return False
    return not word.rpartition(".")[2].islower() or f"{word}(" in known or f"import {word}" in known


@dataclass
class Reader:
    """Reads a reply as it streams. `hits[i]` is passage i + 1; citations are numbered in the order they are used."""

    hits: Sequence[Hit]
    weights: Mapping[str, float]
    drop_uncited: bool
    citations: list[Citation] = field(default_factory=list)
    _rest: str = ""
    _known: str = ""

    def __post_init__(self) -> None:
        self._known = "\n".join(f"{hit.passage.title}\n{hit.passage.text}" for hit in self.hits)

    def feed(self, text: str, *, last: bool = False) -> Iterator[Sentence]:
        """The sentences that this piece of the reply completes."""
        self._rest += text
        while (match := self._end(last=last)) is not None:
            raw, self._rest = self._rest[:match], self._rest[match:].lstrip()
            sentence = self._sentence(raw)
            if sentence is not None:
                yield sentence
        if last and self._rest.strip():
            sentence = self._sentence(self._rest)
            self._rest = ""
            if sentence is not None:
                yield sentence

    def _end(self, *, last: bool) -> int | None:
        """Where the first sentence ends, citations after its full stop included; None while more of it may come."""
        text = self._rest
        for match in _STOP.finditer(text):
            if text.count("[", 0, match.end()) > text.count("]", 0, match.end()):
                continue  # inside a citation
            end = match.end()
            while cited := _BRACKET.match(text, end):
                end = cited.end()
            after = text[end:]
            if not last and (not after.strip() or after.lstrip().startswith("[")):
                return None
            whole = match.group() == "\n" or not after.strip()
            if text[:end].strip() and (whole or (after[0].isspace() and not after.lstrip()[0].islower())):
                return end
        return None

    def _sentence(self, raw: str) -> Sentence | None:
        cited: list[tuple[int, str | None]] = []
        for match in _CITATION.finditer(raw):
            cited += [(int(number), match.group(2)) for number in match.group(1).split(",")]
        text = plain_text(_CITATION.sub(" ", raw), self._known)
        text = re.sub(r"\s+([.,;:!?…])", r"\1", re.sub(r"\[[^\]]*\]", " ", text)).strip()
        if sum(letter.isalpha() for letter in text) < _MIN_LETTERS:
            return None
        # what is put in quotation marks must stand in a passage that the sentence cites
        own = [self.hits[number - 1] for number, _ in cited if 1 <= number <= len(self.hits)]
        if any(not any(_stands_in(quote, hit) for hit in own) for quote in _QUOTED.findall(text)):
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
        self.citations.append(Citation(len(self.citations) + 1, quote, hit))
        return len(self.citations)


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

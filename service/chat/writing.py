"""An answer → the text of a chat message with numbered citations, and where in it each of them stands.

A number is `[3]`. Open WebUI makes of `[3]` a button that opens the third source of the same message; where the third
source is another one (numbers go on through a conversation), the bracket is escaped and reads the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from index.text.fences import code_and_prose
from index.types import Hit
from service.answers.opaque import is_block
from service.answers.types import Answer, AnswerMode, Citation, Outcome, Said
from service.chat.markdown import escape, fenced, link, plain, written
from service.citing import cited_url
from service.links import absolute, clock, hit_url
from service.web.words import words_of

_NEAREST = 5  # places that are shown where nothing is quoted
_SOURCE = re.compile(r"^- ((?:\\?\[\d{1,4}\] ){1,20})\[.*\]\(([^\s()]{1,2000})\)$", re.MULTILINE)
_NUMBER = re.compile(r"\d+")
# Where the places are the answer; elsewhere the note of the service names what there is.
_PLACES = {Outcome.NO_QUESTION: _NEAREST, Outcome.MENTIONED: _NEAREST, Outcome.NO_ANSWER: _NEAREST, Outcome.PLACE: 1}
# What is said before quotes: of comparisons of which a side is not quoted, and of what is only mentioned.
_NOTED = frozenset({Outcome.ANSWERED, Outcome.ONE_SIDE, Outcome.MENTIONED})


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a message; its annotations count characters (code points) from the beginning of the message."""

    text: str
    annotations: tuple[dict[str, object], ...] = ()


@dataclass
class Writer:
    """Writes one message; `base` is where the service is reached, `russian` the language of the question."""

    base: str
    russian: bool
    text: str = ""
    annotations: list[dict[str, object]] = field(default_factory=list)
    _titles: dict[str, str] = field(default_factory=dict)  # of the sources, by their addresses, in their order

    def sentence(self, said: Said, *, quoted: bool) -> Piece:
        """A sentence with its numbers. What is quoted is text of the course, each in a paragraph of its own; what a
        model wrote is Markdown, in which blocks of code stand on their own lines."""
        begun = len(self.text), len(self.annotations)
        if self.text and not self.text.endswith("\n"):
            self.text += "\n\n" if quoted or is_block(said.sentence.text) else " "
        if quoted and said.citations and said.citations[0].code:
            parts = code_and_prose(said.citations[0].quote)
            self.text += "\n\n".join(fenced(part) if is_code else escape(part) for is_code, part in parts) + "\n"
        else:
            self.text += escape(said.sentence.text) if quoted else written(said.sentence.text)
            self.text += " " if said.citations and not self.text.endswith("\n") else ""
        for citation in said.citations:
            title, address = self._source(citation.hit, cited_url(citation, self.base))
            self._annotated(self._marker(citation.number, address), title, address)
        return self._piece(*begun)

    def sources(self, citations: Iterable[Citation]) -> Piece:
        """The places that are cited, a line each with all its numbers."""
        begun = len(self.text), len(self.annotations)
        lines: dict[str, str] = {}
        for citation in citations:
            _, address = self._source(citation.hit, cited_url(citation, self.base))
            lines[address] = f"{lines.get(address, '- ')}{self._marker(citation.number, address)} "
        if lines:
            self.text += "\n\n"
            self.text += "\n".join(f"{line}{link(self._titles[address], address)}" for address, line in lines.items())
        return self._piece(*begun)

    def note(self, answer: Answer) -> Piece:
        """What is said before quotes that are not all of what was asked for."""
        begun = len(self.text), len(self.annotations)
        if answer.note and answer.sentences and answer.outcome in _NOTED and answer.mode is AnswerMode.EXTRACTIVE:
            self.text += f"{escape(answer.note)}\n\n"
        return self._piece(*begun)

    def answer(self, answer: Answer) -> Piece:
        """A whole answer: its sentences and their sources, else what is said instead of them."""
        begun = len(self.text), len(self.annotations)
        if not answer.sentences:
            return self._instead(answer)
        self.note(answer)
        by_number = {citation.number: citation for citation in answer.citations}
        for sentence in answer.sentences:
            cited = tuple(by_number[number] for number in sentence.citations)
            self.sentence(Said(sentence, cited), quoted=answer.mode is AnswerMode.EXTRACTIVE)
        self.sources(answer.citations)
        return self._piece(*begun)

    def void(self) -> Piece:
        """What marks the sentences before as no part of the answer."""
        begun = len(self.text), len(self.annotations)
        self.text += "\n\n(…)\n\n"
        return self._piece(*begun)

    def _instead(self, answer: Answer) -> Piece:
        """A note of the service, and the places nearest to the question."""
        begun = len(self.text), len(self.annotations)
        hits = [hit for hit in answer.hits if hit.passage.place is not None or answer.outcome is not Outcome.PLACE]
        places = hits[: _PLACES.get(answer.outcome, 0)]
        note = escape(answer.note)
        self.text += note
        for number, hit in enumerate(places):
            title, address = self._source(hit, absolute(hit_url(hit.passage), self.base))
            self.text += ("\n" if number else "\n\n" if note else "") + "- "
            self._annotated(link(title, address), title, address)
        return self._piece(*begun)

    def _annotated(self, text: str, title: str, address: str) -> None:
        start, end = len(self.text), len(self.text) + len(text)
        self.text += text
        cited = {"start_index": start, "end_index": end, "title": title, "url": address}
        self.annotations.append({"type": "url_citation", "url_citation": cited})

    def _source(self, hit: Hit, address: str) -> tuple[str, str]:
        """The title and the address of a place, or of a quote there; no two have the same title, by which some programs
        tell them apart."""
        if address not in self._titles:
            title = place_name(hit, russian=self.russian)
            others = set(self._titles.values())
            if title in others:
                title = f"{title} · {hit.passage.lecture_title} ({hit.passage.lecture_position})"
            self._titles[address] = title if title not in others else f"{title} · {len(others) + 1}"
        return plain(self._titles[address]), address

    def _marker(self, number: int, address: str) -> str:
        in_order = list(self._titles).index(address) + 1 == number
        return f"[{number}]" if in_order else f"\\[{number}]"

    def _piece(self, length: int, annotations: int) -> Piece:
        return Piece(self.text[length:], tuple(self.annotations[annotations:]))


def place_name(hit: Hit, *, russian: bool) -> str:
    """Where a hit stands, in the language of the question."""
    passage = hit.passage
    title = passage.title or passage.lecture_title
    if passage.page:
        unit = words_of("ru" if russian else "en")[f"unit_{passage.page.unit}"]
        return f"{title}, {unit} {passage.page.page_number}"
    return f"{title}, {clock(passage.time.at_seconds)}" if passage.time else title


def cited_in(text: str) -> tuple[tuple[int, str], ...]:
    """The numbers and addresses that a message of ours gave in its list of sources."""
    found = ((match.group(2), _NUMBER.findall(match.group(1))) for match in _SOURCE.finditer(text))
    return tuple((int(number), address) for address, numbers in found for number in numbers)

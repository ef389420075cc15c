"""Code between fences is quoted with the sentence that leads to it; chats and pages show prose as prose, code as code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.text.fences import code_and_prose
from index.types import Coverage, DeckKind, Hit, IndexedPassage, Kind, PagePlace, Snippet
from service.answers.extractive import cite
from service.answers.lengths import at_length
from service.answers.numbers import Numbers
from service.answers.types import Answer, AnswerMode, Outcome, Said
from service.answers.units import Unit, units_of
from service.chat.writing import Writer
from service.schemas.answers import answer_out
from service.web.place import Place
from service.web.templating import TEMPLATES
from service.web.words import words_of

_BEFORE = "Signals are a special way of communication between processes of one machine."
_LEAD_IN = "Within scripts you can run something when a signal comes, with the trap built-in:"
_CODE = 'cleanup() {\n    rm -f "/tmp/mine.$1"\n}\ntrap cleanup EXIT'
_BLOCK = f"```\n{_CODE}\n```"


def _page(*lines: str) -> Hit:
    place = PagePlace(1, "a.md", DeckKind.NOTES, 5)
    text = "\n".join(lines)
    passage = IndexedPassage("p", Kind.PAGE, "", text, "0", "c", "C", None, "en", 1, 1, "L", "", None, place)
    return Hit(passage, 1.0, Snippet("", ()))


def _units(hit: Hit) -> tuple[Unit, Unit]:
    """Its first piece, and the first of its code."""
    units = units_of(hit, 0, code=True)
    return units[0], next(unit for unit in units if unit.piece.is_code)


@pytest.mark.parametrize("behind", ["", _BEFORE])
def test_code_is_quoted_with_the_sentence_above_it(behind: str) -> None:
    _, code = _units(_page(_BEFORE, _LEAD_IN, _BLOCK, behind))
    (quoted,) = at_length([code])
    assert quoted.text == f"{_LEAD_IN}\n{_BLOCK}"
    assert quoted.piece.is_code
    assert quoted.hit.passage.text[quoted.start :].startswith(_LEAD_IN)


def test_what_says_nothing_by_itself_leads_in_with_the_sentence_before() -> None:
    _, code = _units(_page(_BEFORE, "Example:", _BLOCK))
    (quoted,) = at_length([code])
    assert quoted.text == f"{_BEFORE}\nExample:\n{_BLOCK}"


@pytest.mark.parametrize("lines", [[_BLOCK], [_BLOCK, _BEFORE], [_LEAD_IN, "```\nls\n```", _BLOCK]])
def test_code_without_a_sentence_above_it_stays_as_it_is(lines: list[str]) -> None:
    hit = _page(*lines)
    code = [unit for unit in units_of(hit, 0, code=True) if unit.piece.is_code][-1]
    assert at_length([code])[0].text == _CODE


def test_code_that_goes_on_behind_what_is_quoted_stays_as_it_is() -> None:
    longer = "\n".join(f'print("the signal that came has the number {number} of {number}")' for number in range(20))
    _, code = _units(_page(_LEAD_IN, f"```\n{longer}\n```"))
    assert at_length([code]) == [code]


def test_a_quote_that_ends_above_code_which_is_quoted_too_is_one_with_it() -> None:
    lead_in = _LEAD_IN.replace(":", ".")
    prose, code = _units(_page(_BEFORE, lead_in, _BLOCK))
    prose = replace(prose, piece=replace(prose.piece, text=f"{_BEFORE}\n{lead_in}"))
    for order in ((prose, code), (code, prose)):
        (quoted,) = at_length(order)
        assert quoted.text == f"{_BEFORE}\n{lead_in}\n{_BLOCK}"
        assert quoted.piece.is_code


def test_quotes_further_from_code_stay_apart_from_it() -> None:
    prose, code = _units(_page(_BEFORE, "![a](b.png)", _LEAD_IN, _BLOCK))
    assert [unit.text for unit in at_length([prose, code])] == [_BEFORE, f"{_LEAD_IN}\n{_BLOCK}"]


def test_the_parts_of_a_quote_are_told() -> None:
    assert code_and_prose(f"{_LEAD_IN}\n{_BLOCK}") == [(False, _LEAD_IN), (True, _CODE)]
    assert code_and_prose(_CODE) == [(True, _CODE)]
    assert code_and_prose("a = '```'") == [(True, "a = '```'")]


def test_a_sentence_has_no_fences_and_a_chat_has_its_own() -> None:
    _, code = _units(_page(_LEAD_IN, _BLOCK))
    sentences, citations = cite(at_length([code]), Numbers(()))
    assert sentences[0].text == f"{_LEAD_IN} {' '.join(_CODE.split())}"
    writer = Writer("http://service.example", russian=False)
    writer.sentence(Said(sentences[0], citations), quoted=True)
    assert f"\n\n```\n{_CODE}\n```\n" in writer.text
    assert writer.text.startswith("Within scripts you can run something")


def test_a_page_shows_the_sentence_as_prose_and_the_code_in_its_lines() -> None:
    _, code = _units(_page(_LEAD_IN, _BLOCK))
    sentences, citations = cite(at_length([code]), Numbers(()))
    bare = Answer(AnswerMode.EXTRACTIVE, Outcome.ANSWERED, Coverage.EXPLAINED, (), "", sentences, citations, (), "q")
    said = TEMPLATES.get_template("_answer.html").module.answer_said  # type: ignore[attr-defined]
    shown = str(said(answer_out(bare, 1.0), Place(q="q"), words_of("en")))
    assert f'<p class="sentence">{_LEAD_IN}</p><p class="sentence code">cleanup() {{\n    rm' in shown
    assert "```" not in shown
    assert shown.count('class="cite"') == 1

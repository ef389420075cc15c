"""An outcome and its hits → what the service says itself, in the question's language."""

from __future__ import annotations

from collections.abc import Sequence

from index.types import Coverage, Hit, Kind
from service.answers.definitions import promises
from service.answers.searching import Side
from service.answers.small_talk import Talk
from service.answers.types import Outcome
from service.links import clock

_NEAREST_LECTURES = 3
_ASK_RU = (
    "Спросите о том, что есть в лекциях: что это такое, зачем нужно, как работает, чем отличается, какая формула, где "
    "объясняется."
)
_ASK_EN = (
    "Ask about what is in the lectures: what something is, why it is used, how it works, how two things differ, what "
    "its formula is, where it is explained."
)
_TALK = {
    Talk.GREETING: (f"Здравствуйте! {_ASK_RU}", f"Hello! {_ASK_EN}"),
    Talk.THANKS: ("Пожалуйста! Можно спросить и о другом из лекций.", "You are welcome! Ask on about the lectures."),
    Talk.ABOUT: (
        f"Здесь на вопросы отвечают лекции: каждый ответ – со страницей слайдов или секундой видео. {_ASK_RU}",
        f"Here the lectures answer questions, each answer with its slide or its second of video. {_ASK_EN}",
    ),
    Talk.LANGUAGE: (
        "Дальше – по-русски; цитаты остаются на языке лекций.",
        "From here on in English; quotes stay in the language of the lectures.",
    ),
}


def note_of_talk(talk: Talk, *, russian: bool) -> str:
    """What is said to a greeting, thanks, or a question about the service."""
    in_russian, in_english = _TALK[talk]
    return in_russian if russian else in_english


def make_note(outcome: Outcome, hits: Sequence[Hit], *, russian: bool) -> str:
    """What is said of a whole answer; nothing where quotes say it all."""
    lectures = list(dict.fromkeys(_lecture(hit) for hit in hits))[:_NEAREST_LECTURES]
    places = "; ".join(lectures)
    if outcome is Outcome.ABSENT:
        if not lectures:
            return "В курсе этого нет." if russian else "The course does not cover this."
        return (
            f"В курсе этого нет. Ближе всего: {places}."
            if russian
            else f"The course does not cover this. Nearest: {places}."
        )
    if outcome is Outcome.LISTED:
        promised = next((_lecture(hit) for hit in hits if hit.passage.kind is Kind.PROGRAMME), places)
        if russian:
            return f"Это есть в программе лекции {promised}, но слайдов или видео об этом пока нет."
        return f"The programme of {promised} names this, but its slides or video are not there yet."
    if outcome is Outcome.NO_ANSWER:
        if russian:
            return f"Языковая модель не нашла в этих местах ответа. Ближе всего: {places}."
        return f"The language model found no answer in these places. Nearest: {places}."
    if outcome is Outcome.PLACE:
        best = _best_place(hits)
        if best is None:
            return ""
        where = _where(best, russian=russian)
        if promises(best.snippet.text):
            return f"Это упоминается здесь: {where}." if russian else f"This is mentioned here: {where}."
        return f"Лучше всего это объяснено здесь: {where}." if russian else f"This is explained best here: {where}."
    if outcome is Outcome.MENTIONED:
        return f"В курсе это только упоминается: {places}." if russian else f"The course only mentions this: {places}."
    return ""


def note_of_sides(missing: Sequence[Side], unquoted: Sequence[Side], *, russian: bool) -> str:
    """Which of two things that are compared the course does not have, and where one is explained that no quote says."""
    said = [_missing(side, russian=russian) for side in missing]
    if missing:
        said.append(
            "Поэтому сравнения нет, есть только вторая сторона."
            if russian
            else "So there is no comparison, only the other side."
        )
    for side in unquoted:
        best = _best_place(side.hits)
        if best is not None and promises(best.snippet.text):
            where = _where(best, russian=russian)
            said.append(
                f"«{side.name}» упоминается здесь: {where}."
                if russian
                else f"“{side.name}” is mentioned here: {where}."
            )
        elif best is not None:
            where = _where(best, russian=russian)
            said.append(
                f"«{side.name}» лучше всего объясняется здесь: {where}."
                if russian
                else f"“{side.name}” is explained best here: {where}."
            )
    return " ".join(said)


def _best_place(hits: Sequence[Hit]) -> Hit | None:
    """The first hit with a place that does not only promise to speak of it; the first of all where each only does."""
    placed = [hit for hit in hits if hit.passage.place is not None]
    return next((hit for hit in placed if not promises(hit.snippet.text)), next(iter(placed), None))


def _missing(side: Side, *, russian: bool) -> str:
    if side.found.coverage is Coverage.LISTED:
        if russian:
            return f"«{side.name}» есть только в программе: слайдов или видео об этом пока нет."
        return f"Only the programme names “{side.name}”: its slides or video are not there yet."
    return note_of_missing(side.name, russian=russian)


def note_of_missing(name: str, *, russian: bool) -> str:
    """That the course does not have one of the things that are asked for."""
    return f"В курсе нет того, что названо «{name}»." if russian else f"The course does not cover “{name}”."


def _where(hit: Hit, *, russian: bool) -> str:
    """A lecture with the page or the second of a hit."""
    passage = hit.passage
    if passage.page is not None:
        return f"{_lecture(hit)}, {'страница' if russian else 'page'} {passage.page.page_number}"
    return f"{_lecture(hit)}, {clock(passage.time.at_seconds)}" if passage.time else _lecture(hit)


def _lecture(hit: Hit) -> str:
    return f"«{hit.passage.lecture_title}» ({hit.passage.lecture_position})"

"""A quote is whole: it takes in what its beginning points back to, what its end leads on to, and the rest of a list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.types import DeckKind, Hit, Host, IndexedPassage, Kind, PagePlace, Snippet, TimePlace
from service.answers.bounds import made_whole
from service.answers.leaning import leads_on, leans_back, points_back, turns_away
from service.answers.lengths import at_length
from service.answers.units import Unit, units_of


@pytest.mark.parametrize(
    "said",
    [
        "This means that some points appear twice.",
        "that's called weight sharing",
        "So in this case we have two of them.",
        "It is trained on pairs of sentences.",
        "They also prevent trivial solutions.",
        "To solve this issue, a small number is added.",
        "In essence, each node tries all thresholds.",
        "Therefore the classes are unbalanced.",
        "Это значит, что веса не меняются.",
        "При этом сеть учится быстрее.",
        "В таком случае берут среднее.",
        "Он обучается на парах предложений.",
    ],
)
def test_what_stands_for_something_said_before_points_back(said: str) -> None:
    assert points_back(said)
    assert leans_back(said)


@pytest.mark.parametrize(
    "said", ["And neither of us can sign", "Then, you could call heads", "Но есть и другой способ."]
)
def test_what_joins_a_sentence_to_the_one_before_leans_back(said: str) -> None:
    assert leans_back(said)
    assert not points_back(said)


@pytest.mark.parametrize(
    "said",
    [
        "So a convolution is a sum of products.",
        "Now, the learning rate decays.",
        "It is important to shuffle the data.",
        "It turns out that depth matters.",
        "This lesson is about decision trees.",
        "In this lecture we look at trees.",
        "Both of the networks are trained.",
        "Эта лекция о деревьях.",
        "Так образуется кластер.",
        "Bootstrap samples are drawn with replacement.",
    ],
)
def test_what_begins_by_itself_does_not_lean_back(said: str) -> None:
    assert not points_back(said)
    assert not leans_back(said)


@pytest.mark.parametrize(
    "said",
    [
        "How exactly do we prepare for this?",
        "The steps are these:",
        "Paste the address as shown below.",
        "There are many of them, for example",
        "that is the only reason for",
        "Формула записывается так, как показано ниже.",
        "Отличие в том, что",
    ],
)
def test_what_the_next_sentence_answers_leads_on(said: str) -> None:
    assert leads_on(said)


@pytest.mark.parametrize(
    "said", ["and that is the output, okay?", "So it is smaller, right?", "The loss is a sum.", ""]
)
def test_who_asks_whether_others_follow_leads_nowhere(said: str) -> None:
    assert not leads_on(said)


@pytest.mark.parametrize(
    "said",
    [
        "okay last thing for today even though we're late",
        "So let's move on to the next part.",
        "Any other questions?",
        "In this lesson, we learn how to split a tree.",
        "Теперь перейдём к свёрткам.",
    ],
)
def test_what_ends_a_topic_or_begins_another_turns_away(said: str) -> None:
    assert turns_away(said)


@pytest.mark.parametrize(
    "said", ["The last layer has ten units.", "Let's say x is the input.", "So a question is asked."]
)
def test_what_goes_on_with_a_topic_does_not(said: str) -> None:
    assert not turns_away(said)


_DRAWN = "Bootstrap samples are drawn with replacement from the rows of the table."
_TWICE = "This means that some rows appear twice in a sample."
_FAR = "A forest has many trees, each of which has been grown from rows of its own, and none of them sees the whole."


def _page(*lines: str) -> Hit:
    place = PagePlace(1, "a.md", DeckKind.NOTES, 5)
    text = "\n".join(lines)
    passage = IndexedPassage("p", Kind.PAGE, "", text, "0", "c", "C", None, "en", 1, 1, "L", "", None, place)
    return Hit(passage, 1.0, Snippet("", ()))


def _speech(said: str) -> Hit:
    hit = _page(said)
    place = TimePlace(1, "v", Host.YOUTUBE, 0.0, 60.0)
    return replace(hit, passage=replace(hit.passage, kind=Kind.SEGMENT, place=place))


def _line(hit: Hit, line: str) -> Unit:
    """A piece that is this line or sentence alone."""
    unit, start = units_of(hit, 0)[0], hit.passage.text.index(line)
    return replace(unit, piece=replace(unit.piece, text=line, start=start, first=len(line)))


def test_a_quote_takes_in_the_sentence_that_it_points_back_to() -> None:
    page = _page(_FAR, _DRAWN, _TWICE, _FAR)
    assert made_whole(_line(page, _TWICE), ()).text == f"{_DRAWN}\n{_TWICE}"


def test_a_quote_of_speech_does_so_too() -> None:
    spoken = _speech(f"{_FAR} {_DRAWN} {_TWICE}")
    assert made_whole(_line(spoken, _TWICE), ()).text == f"{_DRAWN} {_TWICE}"


def test_it_takes_nothing_that_another_quote_has() -> None:
    page = _page(_DRAWN, _TWICE)
    assert made_whole(_line(page, _TWICE), [(0, len(_DRAWN))]).text == _TWICE


def test_what_is_said_far_before_is_not_taken_in() -> None:
    page = _page(f"{_FAR[:-1]}, {_FAR[:-1]}, {_FAR}", _TWICE)
    assert made_whole(_line(page, _TWICE), ()).text == _TWICE


def test_a_question_is_quoted_with_its_answer() -> None:
    asked, told = "How exactly do we prepare for that future?", "We build houses on higher ground."
    page = _page(asked, told, _FAR)
    assert made_whole(_line(page, asked), ()).text == f"{asked}\n{told}"
    spoken = _speech(f"{asked} {told} {_FAR}")
    assert made_whole(_line(spoken, asked), ()).text == f"{asked} {told}"


def test_what_points_back_to_a_quote_goes_with_it() -> None:
    page = _page(_DRAWN, _TWICE, _FAR)
    assert made_whole(_line(page, _DRAWN), ()).text == f"{_DRAWN}\n{_TWICE}"
    spoken = _speech(f"{_DRAWN} {_TWICE} {_FAR}")
    assert made_whole(_line(spoken, _DRAWN), (), is_first=True).text == f"{_DRAWN} {_TWICE}"
    assert made_whole(_line(spoken, _DRAWN), ()).text == _DRAWN


def test_a_list_is_quoted_to_its_end() -> None:
    items = [
        f"  Trees stop at criterion number {number} of the list, which is a stopping criterion." for number in "1234"
    ]
    page = _page("Criteria to stop:", *items, _FAR)
    quoted = made_whole(_line(page, f"Criteria to stop:\n{items[0]}"), ())
    assert quoted.text == "\n".join(["Criteria to stop:", *items])


def test_what_another_person_says_is_not_taken_in() -> None:
    spoken = _speech(f"{_DRAWN} AUDIENCE MEMBER {_TWICE}")
    assert made_whole(_line(spoken, _TWICE), ()).text == _TWICE


def test_chosen_pieces_are_made_whole() -> None:
    long = (
        "Trees that are grown to their full depth fit noise of a training set, so that their errors on unseen data are "
        "large. Averages over several independent models vary less than any single model does, while their bias stays "
        "what it was before. Forests use both facts at once: deep trees, whose predictions are only weakly correlated, "
        "since each one sees other columns when it looks for splits."
    )
    page = _page(_FAR, long, _DRAWN, _TWICE, _FAR)
    (quoted,) = at_length([_line(page, long)])
    assert len(long) < 480 - len(_DRAWN) - 2 < len(long) + len(_TWICE)
    assert quoted.text == f"{long}\n{_DRAWN}\n{_TWICE}"


_TURNS = "Okay, last thing for today, even though we are late."


def test_a_quote_ends_where_its_topic_ends() -> None:
    page = _page(_DRAWN, _TURNS, _FAR)
    assert at_length([_line(page, _DRAWN)])[0].text == _DRAWN
    spoken = _speech(f"{_DRAWN} {_TURNS} {_FAR}")
    assert at_length([_line(spoken, _DRAWN)])[0].text == _DRAWN
    assert units_of(spoken, 0)[0].text == _DRAWN


def test_a_quote_does_not_begin_with_what_only_leads_to_its_topic() -> None:
    page = _page("In this lesson we learn how trees are grown and what forests are.", _DRAWN)
    assert at_length([_line(page, _DRAWN)])[0].text == _DRAWN

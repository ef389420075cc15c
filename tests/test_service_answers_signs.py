"""What is looked for before an expensive pattern, or instead of a piece that cannot win, hides nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_service_answers_units import _slide

from service.answers.code import holds_code, is_code
from service.answers.kinds import announces
from service.answers.lines import holds_link, is_equation, is_garbled, is_reference
from service.answers.people import authors_in
from service.answers.questions import speaks_russian
from service.answers.scoring import _COMPARED, _settle_best
from service.answers.units import units_of


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("by Hinton et al. in a paper", "Hinton et al"),
        ("так у Иванов и др.", "Иванов и др"),
        ("shown by Y. LeCun first", "Y. LeCun"),
        ("see Kingma D. for more", "Kingma D."),
        ("the net of Hochreiter, 1997 is", "Hochreiter, 1997"),
        ("in Krizhevsky and Sutskever, NIPS 12 too", "Krizhevsky and Sutskever, NIPS 12"),
        ("with Ilya Sutskever and Oriol Vinyals there", "Ilya Sutskever and Oriol Vinyals"),
        ("as Vaswani and Shazeer «Attention", "Vaswani and Shazeer «"),
        ("by Diederik Kingma. Then", "Diederik Kingma. "),
        ("net[Szegedy]", "[Szegedy]"),
    ],
)
def test_each_form_in_which_authors_are_named_is_found(text: str, named: str) -> None:
    assert named in [text[start:end] for start, end in authors_in(text)]


@pytest.mark.parametrize(
    "text",
    ["see HTTPS://a.org", "at WWW.a.org", "![picture", "[name](a", "JavaScript: run", "MailTo:me", "<IMG a SRC = b"],
)
def test_each_form_of_a_link_is_found(text: str) -> None:
    assert holds_link(text)


@pytest.mark.parametrize(
    "line",
    [
        "step()",
        "import numpy",
        "  from torch import nn",
        "for x in items:\n",
        "while a.left:",
        "lr = 0.1",
        "x = x + 1",
        "a; b",
        "{",
        "# a remark",
        "return",
        "class A",
    ],
)
def test_each_form_of_a_line_of_code_is_found(line: str) -> None:
    assert is_code(line.rstrip("\n"))


def test_code_is_found_inside_a_text() -> None:
    assert holds_code("then it calls step(x) and goes on")
    assert holds_code("so loss = net.forward is kept")
    assert not holds_code("then it calls a step and goes on")


@pytest.mark.parametrize(
    "text",
    [
        "План нашей лекции: a",
        "структура курса такая",
        "Сегодня мы поговорим о сетях",
        "потом разберём сети",
        "далее увидим сети",
        "the outline for today",
        "next we’ll discuss nets",
        "then I will cover nets",
        "later, we are going to look at nets",
    ],
)
def test_each_form_of_an_announcement_is_found(text: str) -> None:
    assert announces(text, len(text))


@pytest.mark.parametrize(
    "line",
    [
        "[12] what it is",
        "as ET AL says it",
        "[Kingma, 2014] says it",
        "on ArXiv it is said",
        "a paper // what it is",
        "what it is, PP. 12",
        "as the Proceedings say it",
        "all of it © by us",
    ],
)
def test_each_sign_of_a_reference_is_found(line: str) -> None:
    assert is_reference(line)


def test_signs_and_single_letters_make_a_line_garbled() -> None:
    assert is_garbled("• x y z w name")
    assert is_garbled("foo == bar == baz == x y")
    assert is_garbled("foo→ bar→ baz→ x y name")
    assert not is_garbled("the net learns, and then it stops; that is all (of it)")
    assert is_equation("loss = net(x) - y")
    assert not is_equation("a long loss that is net = x")


@pytest.mark.parametrize("end", ["и", "the", "ЧТОБЫ", "т.е.", "=", "e.g."])
def test_no_quote_ends_with_what_begins_something(end: str) -> None:
    (unit,) = units_of(_slide(f"Adam\nсеть учится на примерах {end}", "Adam"), 0)
    assert unit.text == "сеть учится на примерах"


def test_a_text_without_russian_letters_is_not_russian() -> None:
    assert not speaks_russian("")
    assert not speaks_russian("12 = 3")
    assert speaks_russian("а от DropConnect?")
    assert not speaks_russian("what is свёртка")
    assert speaks_russian("свёртка")


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(0, 5)), min_size=_COMPARED, max_size=3 * _COMPARED))
def test_the_best_are_the_same_as_if_all_were_looked_at(pieces: list[tuple[int, int]]) -> None:
    exact = np.array([most - lost for most, lost in pieces], float)
    worth = np.array([most for most, _ in pieces], float)
    left = np.argsort(-worth, kind="stable").tolist()

    def settle(i: int) -> float:
        worth[i] = exact[i]
        return float(worth[i])

    settled = _settle_best(left, worth, settle)
    assert all(worth[i] == exact[i] for i in left[:settled])
    best = np.argsort(-exact, kind="stable")[:_COMPARED].tolist()
    assert np.argsort(-worth, kind="stable")[:_COMPARED].tolist() == best


def test_nothing_is_looked_at_of_pieces_that_cannot_be_among_the_best() -> None:
    worth = np.array([2.0] * _COMPARED + [1.0] * 30)
    seen: list[int] = []

    def settle(i: int) -> float:
        seen.append(i)
        return float(worth[i])

    assert _settle_best(range(len(worth)), worth, settle) == _COMPARED
    assert seen == list(range(_COMPARED))

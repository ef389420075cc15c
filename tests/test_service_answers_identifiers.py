"""Names of code in a question are one word each: a piece of one is no match."""

from __future__ import annotations

import pytest

from index.text.analysis import find_terms, terms_of, words
from index.text.symbols import Token
from service.answers.identifiers import names_of_code


@pytest.mark.parametrize(
    ("query", "text", "said"),
    [
        ("why call zero_grad", "the weights decay to zero", []),
        ("why call zero_grad", "this is the zero grad pass", ["zero", "grad"]),
        ("why call zero_grad", "then opt.zero_grad() is called", ["zero", "call"]),
        ("зачем нужен model.eval", "модель (model) и её размер", []),
        ("what does DataLoader do", "the data are split", []),
        ("what does DataLoader do", "a data loader shuffles", ["data", "loader"]),
        ("what is a zero gradient", "it is zero", ["zero"]),
        ("what is self-attention", "attention of a word", ["attent"]),
    ],
)
def test_a_piece_of_a_name_alone_is_no_match(query: str, text: str, said: list[str]) -> None:
    names = names_of_code(query)
    wanted = {term for word in words(query) for term in terms_of(word)} - {"is", "a", "of", "what", "do", "doe", "the"}
    found = names.without_pieces(find_terms(text, wanted), text)
    assert [token.term for token in found] == said
    assert names.said_in(found) is (bool(said) or not names.pieces)


def test_of_what_is_typed_with_symbols_a_piece_must_speak_where_it_is_asked_about() -> None:
    known = {"`&&", "`-p", "shell", "git"}
    asked = names_of_code("what does && mean in shell", known)
    assert asked.said_in([Token("`&&", 0, 2)])
    assert not asked.said_in([Token("shell", 0, 5)])
    assert names_of_code("what is &&?", known).signs == {"`&&"}
    assert names_of_code("what is &&, and what is $?", {*known, "`$?"}).signs == {"`&&", "`$?"}
    assert names_of_code("what is $?", {*known, "`$?"}).signs == {"`$?"}
    assert names_of_code("git add -p", known).said_in([Token("git", 0, 3)])
    assert names_of_code("what does || mean", known).said_in([Token("shell", 0, 5)])

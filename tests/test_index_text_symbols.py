"""What is typed with symbols is found as it is written, and nothing in prose is taken for it."""

from __future__ import annotations

import time

import pytest

from index.text.analysis import find_terms
from index.text.symbols import find_symbols, symbol_terms


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("false || echo 1 && true", ["||", "&&"]),
        ("cmd > /dev/null 2>&1", ["/dev/null", "2>&1"]),
        ("test $? -eq 0", ["$?", "-eq"]),
        ("sudo !!", ["!!"]),
        ("`ci(` changes", ["ci("]),
        ('"$1" and $PATH', ["$1", "$PATH"]),
        ("press C-x C-s, or <C-b> d", ["C-x", "C-s", "C-b"]),
        ("the .gitignore, ~/.ssh/config and ./run.sh", [".gitignore", "~/.ssh/config", "./run.sh"]),
        ("git commit --amend, git add -p", ["--amend", "-p"]),
        ("@property\ndef f(*args, **kwargs)", ["@property", "*args", "**kwargs"]),
        ("x[::2] != y", ["[::", "!="]),
        ("a!=b", ["!="]),
        (":wq or ^C", [":wq", "^C"]),
        ("cat <(ls) $(date)", ["<(", "$("]),
        # as a telephone writes it
        ("git commit —amend", ["--amend"]),
    ],
)
def test_what_is_typed_with_symbols_is_found(text: str, signs: list[str]) -> None:
    assert [text[own.start : own.end].replace("—", "--") for own in find_symbols(text)] == signs
    assert len(symbol_terms(text)) == len(signs)


@pytest.mark.parametrize(
    "text",
    [
        "self-attention and/or n-gram, e.g. this... (that)!",
        "Really?! No -- yes; 24/7: 1/2 - 3 = x",
        "dropout!!! what??",
        "p(x|y) = f(x) * y",
        "https://example.org/a/b?c=d",
        "C++ and C# or i++",
        "слово – это да",
        "===== ---- ****",
    ],
)
def test_prose_and_formulas_have_none(text: str) -> None:
    assert find_symbols(text) == []


def test_it_is_told_from_what_is_longer_and_from_its_letters() -> None:
    text = "mkdir --parents -print -p P $10 $1"
    assert [(own.start, own.end) for own in find_terms(text, symbol_terms("-p $1"))] == [(23, 25), (32, 34)]


def test_no_word_is_found_inside_of_it() -> None:
    text = "git commit --amend to amend"
    found = find_terms(text, ["amend", *symbol_terms("--amend")])
    assert [text[own.start : own.end] for own in found] == ["--amend", "amend"]


@pytest.mark.parametrize("piece", ["-", "/a", "$", "a(", "*", "<>&", " —a", ".a", "!", "~/"])
def test_hostile_text_takes_no_time(piece: str) -> None:
    began = time.process_time()
    find_symbols(piece * 20_000)
    assert time.process_time() - began < 2

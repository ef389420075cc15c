"""Lines of a page → which of them are code."""

from __future__ import annotations

import re

BULLET = re.compile(r"^[•▪◦●■*–—█-]\s+")
_LATEX_CHARS = 8  # more than a formula has that says nothing
_PROSE_WORDS = 8  # a line of so many pieces of words, of three letters, is no code, whatever signs it has
# What is assigned in code is called, made or a sign of its language; "p = TP / n" is mathematics.
CODE = re.compile(
    r"[;{}]|\w\(\w*[,=)]|\w = (?:[a-z_][\w.]*\.\w|[\w.]+\(|[\[\"']|(?:True|False|None)\b)|"
    r"^\s*(?:def|class|import|from|for|if|return)\b|^\s*#"
)
# One of these signs is in each line of code and in what `CODE` finds, or it begins with one of these words.
_SIGNS = ("(", "=", ";", "{", "}")
_STARTS = ("#", "def", "class", "import", "from", "for", "if", "return", "while", "elif", "with")
# A value or a state that is kept: a name of code, one that is made of itself, a value alone, a choice.
_ASSIGNED = re.compile(
    r"\s*(?:[a-z]\w*\.\w+|[a-z]+_[a-z]\w*|(?:int|let|const|var|double|float|final|String)\s+\w+)"
    r" ?[-+*/]?= .+|"
    r"\s*(\w+) = (?:[^а-яё]*\b)?\1\b.*|\s*[A-Za-z_]\w* = [\w.+-]+;?\s*|"
    r"\s*\w+ = (?:[fr]?[\"']|\(|[^а-яё]*\b(?:if|else|not|lambda|and)\b).*"
)
_DEFINED = re.compile(r"\s*[\w-]+\([\w, |;]+\)\w* = (?!.*\w\.\w+\()")  # "f(x) = …": nothing is assigned to a call
# What no sentence looks like, however many words it has: a call, an import, an assigned call, a head of a block.
_STATEMENT = re.compile(
    r"\s*(?:(?:[\w.,\[\] ]+ ?[-+*/]?= ?)?[A-Za-z_][\w.]*\(.*\)|(?:from [\w.]+ )?import [\w., *]+|"
    r"(?:for|while|if|elif|with|def|class)\b.*(?:\w\(|\w\.\w|[=<>]).*:)\s*"
)
_IMPORT = re.compile(r"\s*(?:import|from)\b")
_REMARK = re.compile(r"\s*#")
_TRAILING = re.compile(r"(?<=\S)\s+#.*")  # a remark behind a line of code
_WORD = re.compile(r"[^\W\d_]{3}")
# A formula as LaTeX writes it between dollars; "$foo and $bar" of a shell is none.
_SET = re.compile(r"\$\$[^$\n]+\$\$|(?<![\w$])\$(?=\S)[^$\n]+(?<=\S)\$(?![\w$])")


def holds_code(text: str) -> bool:
    """Whether a text has a sign of code anywhere."""
    text = without_latex(text)
    return may_be_code(text) and CODE.search(text) is not None


def may_be_code(text: str) -> bool:
    """Whether a text can be, or hold, code at all: told in no time, and mostly no."""
    return any(map(text.__contains__, _SIGNS)) or text.lstrip().startswith(_STARTS)


def is_latex(line: str) -> bool:
    """Whether a line is nothing but a formula that is written as LaTeX writes it, and whole."""
    line = line.strip()
    return (
        line.startswith("$$")
        and len(line) > _LATEX_CHARS
        and _SET.fullmatch(line.rstrip(".,;")) is not None
        and line.count("{") == line.count("}")
    )


def without_latex(line: str) -> str:
    """A line with a letter in place of each formula between dollars."""
    return _SET.sub("x", line) if "$" in line else line


def is_code(line: str) -> bool:
    """Whether a line is one of a programme, a remark or an import included."""
    line = without_latex(line)
    if not may_be_code(line):
        return False
    bare = _TRAILING.sub("", line)
    if _DEFINED.match(BULLET.sub("", line)):
        return False
    if _STATEMENT.fullmatch(bare) is not None or _ASSIGNED.fullmatch(bare) is not None:
        return True
    return CODE.search(line) is not None and len(_WORD.findall(bare)) < _PROSE_WORDS


def is_statement(line: str) -> bool:
    """Whether a line of code does something itself."""
    return is_code(line) and _REMARK.match(line) is None and _IMPORT.match(line) is None


def is_remark(line: str) -> bool:
    """Whether a line is nothing but a remark."""
    return _REMARK.match(line) is not None

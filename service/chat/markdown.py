"""Text of a course → Markdown that shows exactly this text: no link, picture, heading or HTML comes of it; and what is
left of a model's own Markdown (`written`).

Chat programs render what they are given. Signs are escaped by a backslash, as CommonMark has it, and only where they
would mean something: most lines stay as they are. Addresses cannot be escaped, since many programs make links of them
wherever they stand: an invisible sign (U+2060, a joint without width) within them makes them plain words.
"""

from __future__ import annotations

import re

from service.answers.addresses import addresses_of
from service.answers.markup import formulas_of
from service.answers.opaque import code_of, is_block

_JOINT = "\u2060"
_ESCAPED = re.compile(
    r"\\(?=[!-/:-@\[-`{-~])|"  # a backslash that would itself escape
    r"[`~$]|(?<!\s)\*|\*(?!\s)|"
    r"(?<![^\W_])_|_(?![^\W_])|"  # within a name (A_ij) it means nothing
    r"\[(?=[\d^\[\]])|"  # [1] and [^1]: taken for citations and footnotes
    r"(?<=\])[(:\[]|"  # ](…) a link, ]: its definition
    r"<(?=[a-zA-Z/!?@])|"  # a tag, a comment, a mention; "a < b" is none
    r"&(?=#?\w{1,32};)"  # an entity
)
# What may begin a heading, a list, a quotation, a rule or a table where it begins a line.
_LINE_MARK = re.compile(r"^(?=[#>+*=|:-])|^\d{1,9}(?=[.)])")
_JOINTS = re.compile(r"(?<=[:.])(?=\S)|(?=@)|(?<=/)(?=/)")
# Where an address begins for sure, whatever follows.
_BEGINNINGS = re.compile(r"(?<=:)(?=//)|(?<=[wW]{2})(?=[wW]\.)|(?<=[\w.+-])(?=@[\w-]{1,63}\.\w)")
# What programs take for the thoughts of a model wherever it stands, and leave out of the text.
_THOUGHTS = re.compile(
    r"[<◁](?=/?(?:think|thinking|thought|reason|reasoning|code_interpreter)\b|\|(?:begin|end)_of_)", re.IGNORECASE
)
_NO_FORMULA = re.compile(
    rf"www\.|\*\*|__|~~|`|{_THOUGHTS.pattern}", re.IGNORECASE
)  # programs that set no formulas would read these
_HARMFUL = re.compile(r"\](?=[(:\[])|<(?=[a-zA-Z/!?@])|&(?=#?\w{1,32};)")
# In a formula a blank means nothing; where none is set "p<q>r" would be an element.
_TAGS = re.compile(r"<(?=[a-zA-Z/!?@][^<>]*>)")
_TICKS = re.compile("`+")
_BLOCK, _LAST_TICKS, _LANGUAGE = re.compile(r"\A`+"), re.compile(r"(?<!`)`+\Z"), re.compile(r"[\w+#.-]{0,20}")
_BRACKETS = re.compile(r"\\.|[\[\]]")


def escape(text: str) -> str:
    """One line of Markdown that reads as `text` does; formulas between dollars stay for programs that set them."""
    text = " ".join(text.split())
    shown, at = [], 0
    for start, end in formulas_of(text):
        if _NO_FORMULA.search(text, start, end):
            continue
        shown += [_escaped(text[at:start]), _TAGS.sub("< ", text[start:end])]
        at = end
    shown.append(_escaped(text[at:]))
    return _LINE_MARK.sub(lambda match: f"{match.group()}\\", "".join(shown), count=1)


def written(text: str) -> str:
    """A cleaned sentence of a language model as it was written, but for blocks of code, which stand on their own lines.

    It is harmless as a whole already (`service/answers/whole.py`), and programs that show it as it is are not to show
    signs that nobody wrote: "p(x|y) >= 0.5" has no backslash."""
    shown, at = "", 0
    for start, end in (*code_of(text), (len(text), len(text))):
        prose = text[at:start]
        shown += prose.lstrip() if not shown or shown.endswith("\n") else prose
        code = text[start:end]
        shown += _block(code, apart=bool(shown)) if is_block(code) else _shielded(code)
        at = end
    return shown


def _block(code: str, *, apart: bool) -> str:
    language, lines = _BLOCK.sub("", code, count=1).partition("\n")[::2]
    lines = _LAST_TICKS.sub("", lines)
    if not _LANGUAGE.fullmatch(language.strip()):
        language, lines = "", f"{language}\n{lines}"
    before = "\n\n" if apart else ""
    return f"{before}{fenced(lines, language.strip())}\n"


def fenced(text: str, language: str = "") -> str:
    """A block of code, whose lines stay as they are; its fence is longer than any within."""
    fence = "`" * max([3, *(len(run) + 1 for run in _TICKS.findall(text))])
    code = _shielded(text).strip("\n")
    return f"{fence}{language}\n{code}\n{fence}"


def _shielded(code: str) -> str:
    return _THOUGHTS.sub(lambda match: match.group() + _JOINT, code)


def link(text: str, address: str) -> str:
    """A link of ours, named by a text of the course."""
    label, depth, balanced = escape(text), 0, True
    for bracket in _BRACKETS.findall(label):
        depth += {"[": 1, "]": -1}.get(bracket, 0)
        balanced = balanced and depth >= 0
    if depth or not balanced:  # else one of them would end the link
        label = _BRACKETS.sub(lambda match: f"\\{match.group()}" if match.group() in "[]" else match.group(), label)
    return f"[{label}]({address})"


def _escaped(text: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\{match.group()}", _joined(text))


def _joined(text: str) -> str:
    """The text with its addresses, and what is taken for thoughts, broken by joints that nobody sees."""
    joined, at = [], 0
    for start, end in addresses_of(text):
        joined += [text[at:start], _JOINTS.sub(_JOINT, text[start:end])]
        at = end
    joined.append(text[at:])
    return _THOUGHTS.sub(lambda match: f"{match.group()}{_JOINT}", _BEGINNINGS.sub(_JOINT, "".join(joined)))


def plain(text: str) -> str:
    """The text for those who put it into Markdown or HTML of their own as it is: nothing in it is a link or a tag."""
    return _HARMFUL.sub(lambda match: f"{match.group()}{_JOINT}", _joined(" ".join(text.split())))

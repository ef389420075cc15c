"""A line of a README → the title in it: what remains without numbers, dates and the names of roles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from ingest.catalogue.blocks import Piece, plain, tidy
from ingest.catalogue.columns import is_topic_word
from ingest.catalogue.words import DATE, Mark, Rank, Role, is_bare_label, mark_of, role_of

_WORD = re.compile(r"[^\W\d_]")
_SPACES = re.compile(r"\s+")
_BRACKET = re.compile(r"[(\[]([^()\[\]]{0,200})[)\]]")
_PICTURES = frozenset({"So", "Sk", "Cn", "Cf", "Mn", "Me"})
_EMPTY = re.compile(r"[(\[]\W{0,40}[)\]]")
_IDENTIFIER = re.compile(r"^[\w.\[\]()+-]*[_\d-][\w.\[\]()+-]*$")
_ENDS = " \t:;,.：，、。；–—-|•·/\\>→*_\u200b"
_PART = re.compile(r"part|част|лекц|lect|\bvol|том\b|chapter|глав|\d|^\W{0,3}[ivx]{1,4}$", re.IGNORECASE)
_MAX_RUN = 4_000  # what stands further on is no title
_MAX_CHARS = 160
_JOINING = re.compile(r"\W{0,4}(?:and|with|or|due|its|и|с|y|e|et|und|mit)\s", re.IGNORECASE)
_BROKEN_OFF = re.compile(
    r"(?:\s(?:of|on|to|for|the|an?|in|with|from|о|об|по|к|de|del|la|do|da|der|die|das|von)|\w's)\s*$"
)
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3}[.!?])\s+(?=[A-ZА-ЯЁ])")


def title_of(pieces: Sequence[Piece]) -> tuple[str, Mark, str]:
    """(title, how it is numbered, what is left of the text): the title is empty where the line has only role words."""
    kept = [piece for piece in pieces if not piece.struck]
    whole = plain(kept)
    mark, _ = mark_of(whole)
    runs = _runs(kept)
    if mark.rank is Rank.NONE and runs:
        mark = mark_of(runs[0][0])[0]
    runs = _continued(runs)
    tasks = {text for text, linked, _ in runs[1:] if linked and role_of(text.strip().split(" ")[0]) is Role.HOMEWORK}
    named = [(text, linked, bold) for text, linked, bold in runs if _cleaned(text) and text not in tasks]
    if not named:
        return "", mark, ""
    real = [run for run in named if not (run[1] and _is_identifier(run[0]))] or named
    chosen = next((run for run in real if run[2]), None)  # what is set in bold is what the line is about
    if chosen is None or real.index(chosen) > 1 or _before_colon(chosen, whole):
        chosen = real[0]
    title = _cleaned(chosen[0])
    rest = " ".join(text for text, linked, _ in real if text is not chosen[0] and not linked)
    if len(title) > _MAX_CHARS:
        first, *others = _SENTENCE.split(title, maxsplit=1)
        if len(first) > _MAX_CHARS:
            return first[:_MAX_CHARS].rsplit(" ", 1)[0] + "…", mark, title
        title, rest = first, " ".join([*others, rest])
    return title, mark, tidy(rest)


def _before_colon(run: tuple[str, bool, bool], whole: str) -> bool:
    """`**Course**: Natural language` has a label in bold, not a title."""
    return False if run is None else whole.startswith(run[0] + ":") and len(run[0]) < 4


def _runs(pieces: Sequence[Piece]) -> list[tuple[str, bool, bool]]:
    """(text, is a link, is bold) of neighbouring pieces that are set alike; plain text in a line is one run."""
    runs: list[tuple[str, bool, bool]] = []
    for piece in pieces:
        linked = bool(piece.href)
        if runs and not linked and not runs[-1][1] and runs[-1][2] == piece.bold:
            runs[-1] = (runs[-1][0] + piece.text, False, piece.bold)
        elif runs and not linked and not runs[-1][1] and _goes_on(runs[-1][0], piece.text):
            runs[-1] = (runs[-1][0] + piece.text, False, runs[-1][2])
        elif piece.text.strip():
            text = "" if linked and piece.text == piece.href else piece.text
            runs.append((text, linked, piece.bold))
    return runs


def _goes_on(before: str, text: str) -> bool:
    """Whether a piece that is set otherwise has no words, or is the rest of the last one: "on**line**"."""
    return not _WORD.search(text) or (before[-1:].isalpha() and text[:1].islower())


def _continued(runs: list[tuple[str, bool, bool]]) -> list[tuple[str, bool, bool]]:
    """Runs without those that only join links ("and its"); one that breaks off goes on in its link: "notes on"."""
    kept: list[tuple[str, bool, bool]] = []
    for text, linked, bold in runs:
        if kept and not linked and kept[-1][1] and _JOINING.match(text):
            continue
        if kept and linked and not kept[-1][1] and _BROKEN_OFF.search(kept[-1][0]) and not is_bare_label(text):
            kept[-1] = (f"{kept[-1][0].rstrip()} {text}", False, kept[-1][2])
            continue
        kept.append((text, linked, bold))
    return kept


def _is_identifier(text: str) -> bool:
    """`week01_intro`: the name of a folder, not of a lecture."""
    bare = text.strip(" _*`")
    return (
        len(bare) < _MAX_CHARS and " " not in bare and bool(_IDENTIFIER.match(bare)) and bool(re.search(r"[_\d]", bare))
    )


def _cleaned(text: str) -> str:
    """A text without number, date and role words around it; nothing if nothing else is in it."""
    text = _SPACES.sub(" ", text[:_MAX_RUN].replace("\n", " ")).strip()
    if _is_identifier(text):
        text = text.replace("_", " ").strip()
    text = _without_pictures(text)
    for _ in range(3):
        mark, rest = mark_of(text)
        if mark.rank is Rank.NONE:
            break
        text = rest
        if text.startswith("(") and text.endswith(")") and DATE.match(text[1:].lstrip()):
            return ""  # "(Feb 19, a Monday)" is when, not what
    text = _dateless(text)
    text = _SPACES.sub(" ", _EMPTY.sub(" ", _BRACKET.sub(_kept_bracket, text)))
    text = _unclosed(text.strip(_ENDS)).strip(_ENDS)
    for separator in (":", " -", " –", " —", "|", ".", ","):
        head, found, tail = text.rpartition(separator)
        # "Trees. Slides" is about trees; "Trees. Part 2" is not the first part
        if found and _WORD.search(head) and is_bare_label(tail) and not _PART.search(tail):
            text = head.strip(_ENDS)
    for separator in (":", " -", " –", " —", "|"):
        head, found, tail = text.partition(separator)
        if found and head and _WORD.search(tail) and (is_bare_label(head) or is_topic_word(head)):
            text = tail.strip(_ENDS)
    head, _, last = text.rpartition(" ")
    if last.isupper() and not head.isupper() and role_of(last) in (Role.SLIDES, Role.VIDEO, Role.NOTES):
        text = head.strip(_ENDS)  # "Neural networks SLIDES"
    if not _WORD.search(text) or is_bare_label(text) or is_topic_word(text):
        return ""
    return text


def _without_pictures(text: str) -> str:
    """A text without the emoji before it."""
    start = next((i for i, c in enumerate(text) if unicodedata.category(c) not in _PICTURES), len(text))
    return text[start:].lstrip()


def _dateless(text: str) -> str:
    """A date at either end goes; one within a sentence stays."""
    for found in [*DATE.finditer(text)][:4][::-1]:
        before, after = text[: found.start()].strip(_ENDS + "(["), text[found.end() :].strip(_ENDS + ")]")
        if not before or not after:
            text = text[: found.start()] + " " + text[found.end() :]
    return text


def _kept_bracket(found: re.Match[str]) -> str:
    """A bracket that only says "slides" or a date goes; `[main]` too."""
    inner = found.group(1)
    if DATE.match(inner.strip()):
        return " "
    return " " if not _WORD.search(inner) or is_bare_label(inner) or found.group().startswith("[") else found.group()


def _unclosed(text: str) -> str:
    """`Title (` and `Title (see` end where their bracket opens, if it holds no more than role words."""
    for opening, closing in ("()", "[]"):
        at = text.rfind(opening)
        if at > 0 and closing not in text[at:] and is_bare_label(text[at + 1 :]):
            text = text[:at]
        if closing in text and opening not in text:
            text = text.replace(closing, " ")
    return _SPACES.sub(" ", text)


def title_of_path(path: str) -> tuple[str, Mark]:
    """What the name of a file or folder says: `03-conv_nets.pdf` is "conv nets", numbered 3."""
    name = PurePosixPath(path).stem if "." in PurePosixPath(path).name[1:] else PurePosixPath(path).name
    name = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", name)
    text = re.sub(r"[_\s]+", " ", name).strip()
    mark, rest = mark_of(text)
    words = [word for word in re.split(r"[\s\-.]+", rest) if word and not is_bare_label(word)]
    return " ".join(words) or tidy(rest) or text, mark

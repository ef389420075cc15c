"""Stretches of text, links and pictures → a line of a page, and whether it says anything by itself."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote


class Stretch(NamedTuple):
    """A piece of a line; `href` is what it links to, if it is a link. `is_picture`: it is what a picture is called."""

    text: str
    href: str | None = None
    is_picture: bool = False


class Line(NamedTuple):
    """`level` is that of a heading, else 0. `leads_beside`: it is nothing but links to what stands beside the page."""

    level: int
    text: str
    is_code: bool = False
    is_picture: bool = False
    leads_beside: bool = False
    says_nothing: bool = False


_FILE_NAME = re.compile(r"\S*\.(?:png|jpe?g|gif|svg|webp|bmp|tiff?|pdf|eps)", re.IGNORECASE)
_ANY_PICTURE = re.compile(
    r"(?:an?\s|the\s)?(?:image|img|picture|pic|figure|fig|photo|screenshot|thumbnail|logo|icon|drawing|diagram|untitled|"
    r"alt[\s_-]?text|alt|image[\s_-]?alt|изображение|картинка|рисунок|рис|скриншот|фото|схема)[\s._-]*\d*",
    re.IGNORECASE,
)
# What a link is called that says nothing of where it leads, or only what kind of thing that is.
_NOTHING = frozenset(
    "this here link links there these click read see more slides slide deck video videos recording youtube pdf pptx "
    "notebook colab code source sources github page website site notes download open in on view watch the a an and or "
    "to for it и тут здесь ссылка ссылке по это эта этот слайды презентация видео запись код ноутбук тетрадь конспект "
    "скачать смотреть открыть в на".split()
)
_WORD = re.compile(r"[^\W_]+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_PAGES = frozenset({"", ".md", ".markdown", ".qmd", ".rmd", ".html", ".htm", ".ipynb"})
_LABEL_CHARS = 20  # "Previous lecture: "


def bare(text: str) -> str:
    """The letters and digits of a text, by which two are compared."""
    return "".join(c for c in text.casefold() if c.isalnum())


def picture_text(alternative: str, address: str) -> str:
    """What a picture is called, if that says anything: not the name of a file, not that it is a picture."""
    text = " ".join(alternative.split())
    name = PurePosixPath(unquote(address.partition("?")[0])).stem
    if _FILE_NAME.fullmatch(unquote(text)) or _ANY_PICTURE.fullmatch(text):
        return ""
    return "" if " " not in text and bare(text) == bare(name) else text


def line_of(level: int, stretches: Sequence[Stretch], mark: str, indent: str) -> Line | None:
    """A line without what its pictures are called where it says the same itself; None if nothing stands there."""
    said = bare("".join(found.text for found in stretches if not found.is_picture))
    kept, called = [], set[str]()
    for found in stretches:
        own = bare(found.text)
        if found.is_picture and (own in called or (said and own in said)):
            kept.append(" ")
            continue
        called |= {own} if found.is_picture else set()
        kept.append(found.text)
    text = " ".join("".join(kept).split())
    if not text:
        return None
    return Line(
        level,
        text if level else f"{indent}{mark}{text}",
        is_picture=not said,
        leads_beside=_leads_beside(stretches),
        says_nothing=not level and _says_nothing(stretches),
    )


def _says_nothing(stretches: Sequence[Stretch]) -> bool:
    """Whether a line is only links that say nothing of where they lead."""
    if not any(found.href for found in stretches):
        return False
    words = {word for found in stretches for word in _WORD.findall(found.text.casefold())}
    unlinked = "".join(found.text for found in stretches if not found.href)
    return words <= _NOTHING and len(_WORD.findall(unlinked)) <= 1


def _leads_beside(stretches: Sequence[Stretch]) -> bool:
    """Whether a line is links to pages of the same site or folder, with no more than a label before them."""
    hrefs = [found.href for found in stretches if found.href]
    unlinked = "".join(found.text for found in stretches if not found.href and not found.is_picture).strip()
    return bool(hrefs) and all(map(_is_beside, hrefs)) and len(unlinked) <= _LABEL_CHARS


def _is_beside(href: str) -> bool:
    path = unquote(href.partition("#")[0].partition("?")[0])
    return _SCHEME.match(href) is None and PurePosixPath(path).suffix.lower() in _PAGES

"""Links of a line → what each of them is for, by its address, its label, the words before it and its column."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from index.addresses import is_web_address
from ingest.catalogue.blocks import Piece, plain, tidy
from ingest.catalogue.folder import CourseFolder, Place, Target, locate
from ingest.catalogue.words import Role, is_bare_label, role_of

_REMARK = re.compile(r"^\s*[,;–—-]?\s*\(([^()]{2,120})\)")
_LAST_BRACKET = re.compile(r"\s*\(([^()]{3,120})\)$")
_ABOUT_MATERIAL = re.compile(
    r"слайд|видео|запис\w|стар\w+ верси|slides?\b|\bvideo|recording|old version", re.IGNORECASE
)
_TO_READ = re.compile(r"(?:^|\W)(?:read|leer|ler|lire|lesen|прочитать)\W{0,4}$", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;|]")
_GIVING = frozenset({Role.SLIDES, Role.VIDEO, Role.NOTES})
_NO_MATERIAL = frozenset({Role.HOMEWORK, Role.READING, Role.ABOUT})


class Found(NamedTuple):
    """A link of a line. `what` it gives a lecture: deck, notes, video, page, notebook, folder, or nothing.

    `sure`: its label or address says so; `role` is what its words say, `remark` the bracket after it.
    """

    label: str
    place: Place
    role: Role | None
    what: str
    sure: bool = True
    remark: str | None = None


def find_links(
    folder: CourseFolder,
    page: str,
    line: Sequence[Piece],
    role: Role | None = None,
    column: Role | None = None,
) -> list[Found]:
    """The links of a line in order; `role` is what the lines above say, `column` what the head of its column says."""
    found: list[Found] = []
    before = ""
    said: Role | None = column or role
    for position, piece in enumerate(line):
        if not piece.href:
            before += piece.text
            continue
        if piece.struck:
            before = ""
            continue
        said = (Role.READING if _TO_READ.search(before) else role_of(_CLAUSE.split(before)[-1])) or said
        before = ""
        place = locate(folder, page, piece.href)
        own = role_of_label(piece.text) if piece.text != piece.href else None
        following = itertools.takewhile(lambda after: not after.href, line[position + 1 :])
        matched = _REMARK.match("".join(after.text for after in following)[:200])
        label = "" if piece.text == piece.href else tidy(piece.text)
        kind = own if own not in (None, Role.SEMINAR) else said or own
        what, sure = _what(place, label, kind)
        if not _GIVING & {own, role_of(_CLAUSE.split(piece.text)[-1])} and (
            column in _NO_MATERIAL or (place.local and role_of_folders(place.place) in _NO_MATERIAL)
        ):
            what = "" if what in ("deck", "notes", "page", "video") and place.target is not Target.YOUTUBE else what
        found.append(Found(label, place, kind, what, sure, tidy(matched.group(1)) if matched else None))
    return found


def role_of_label(label: str) -> Role | None:
    """What a label says that the link is. "Price prediction project" is a title, "Project 2: prices" is a project."""
    role = role_of(label)
    if role in _NO_MATERIAL and not is_bare_label(label) and role_of(" ".join(label.split()[:1])) is not role:
        return None
    return role


def role_of_folders(path: str) -> Role | None:
    """What the folders that a file lies in say of it: "projects/linreg/linreg.pdf" is a project."""
    names = [re.sub(r"[_\W\d]+", " ", part) for part in path.split("/")[:-1]]
    roles = [role_of(name) for name in names if name.strip() and is_bare_label(name)]
    return next((role for role in roles if role in _NO_MATERIAL), None)


def _what(place: Place, label: str, role: Role | None) -> tuple[str, bool]:
    """(what a link gives a lecture, whether that is sure)."""
    target = place.target
    # a title may hold any word; a label that is nothing but a role is one
    refused = role in _NO_MATERIAL and (is_bare_label(label) or not label)
    if target in (Target.YOUTUBE, Target.VIDEO):
        return "video", True
    if target is Target.FOLDER:
        return "folder", True
    if target is Target.PAGE:
        return ("", True) if refused else ("page", True)
    if target is Target.NOTEBOOK:
        return ("notebook", True) if place.local and role is not Role.HOMEWORK else ("", True)
    if target is Target.TEXT:
        return ("notes", True) if role in (Role.NOTES, None) else ("", True)
    if target is Target.DECK:
        return _deck(place, label, role, refused)
    if target is Target.SITE_FILE:
        if role in _NO_MATERIAL:
            return "", True
        given = {Role.SLIDES: "deck", Role.NOTES: "notes", Role.VIDEO: "video", Role.SEMINAR: "video"}.get(
            role or Role.ABOUT
        )
        # "lecture" on a site of files is the lecture, whatever kind of file it is
        return (given, True) if given else ("deck", bool(label) and is_bare_label(label))
    if target is Target.PAPER:
        return ("deck", True) if role is Role.SLIDES else ("", True)
    if target is Target.OTHER and is_web_address(place.place) and is_bare_label(label) and not _is_profile(place.place):
        # what is called "slides" and nothing else is slides, whatever its address looks like
        said = role_of(label) or (role if role is Role.VIDEO else None)  # "Link" in a column of recordings
        return {Role.SLIDES: "deck", Role.VIDEO: "video", Role.NOTES: "notes"}.get(said or Role.ABOUT, ""), True
    return "", True


def file_host(address: str) -> str:
    """The site on which a file may lie; nothing where an address is a site's own, of a repository or of a channel."""
    if not is_web_address(address) or _is_profile(address):
        return ""
    parts = urlsplit(address)
    return (parts.hostname or "") if parts.path.strip("/") else ""


def _is_profile(address: str) -> bool:
    """Whether an address is of a repository or a channel: what it holds is no one file."""
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    return host in ("github.com", "gitlab.com", "youtube.com", "t.me")


def _deck(place: Place, label: str, role: Role | None, refused: bool) -> tuple[str, bool]:
    if role is Role.NOTES:
        return "notes", True
    if place.known or role is Role.SLIDES:
        return "deck", True
    if place.local:
        return ("", True) if refused else ("deck", True)
    # elsewhere a title may be that of a paper; a bare label ("pdf", a picture) is what the lecture calls its own
    return ("", True) if role in _NO_MATERIAL else ("deck", bool(label) and is_bare_label(label))


def split_remark(title: str) -> tuple[str, list[str]]:
    """A title and the remark in the bracket at its end, if that speaks of the material: "GAN (no slides yet)"."""
    found = _LAST_BRACKET.search(title)
    if found and found.start() and _ABOUT_MATERIAL.search(found.group(1)):
        return title[: found.start()].rstrip(), [tidy(found.group(1))]
    return title, []


def remarks_of(line: Sequence[Piece]) -> list[str]:
    """What is crossed out in a line."""
    return [text for text in (plain((piece,)) for piece in line if piece.struck) if text]

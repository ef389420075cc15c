"""Groups of a person → what it may read and do, by one setting: `GROUP -> COURSE … [+SCOPE]; …`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from index.errors import InvalidRequest
from index.types import Readable

_SLUG = re.compile(r"[\w-]{1,80}")
_EVERYBODY = "*"
_ADMIN = "+admin"


@dataclass(frozen=True, slots=True)
class Grant:
    """The courses that may be read, and those of them that may be administered: slugs, None for all."""

    courses: Readable = frozenset()
    administers: Readable = frozenset()

    def __or__(self, other: Grant) -> Grant:
        return Grant(either(self.courses, other.courses), either(self.administers, other.administers))


NOTHING = Grant()
Grants = dict[str, Grant]


def read_grants(value: str) -> Grants:
    """The groups that a setting names, with what each is granted; `*` stands for everybody who signed in.

    InvalidRequest names the part that cannot be read.
    """
    grants: Grants = {}
    for part in filter(None, map(str.strip, value.split(";"))):
        group, arrow, rest = (piece.strip() for piece in part.rpartition("->"))
        if not arrow or not group or not rest:
            raise InvalidRequest(
                f"LECTURES_SIGNIN_GRANTS: {part!r:.80} is no grant; write `GROUP -> COURSE COURSE`, `GROUP -> *` for "
                "all courses, or `GROUP -> COURSE +admin`, several with `;` between them."
            )
        grants[group] = grants.get(group, NOTHING) | _read_grant(rest.split())
    return grants


def either(one: Readable, other: Readable) -> Readable:
    """The courses of both."""
    return None if one is None or other is None else one | other


def granted(groups: Collection[str], grants: Grants) -> Grant:
    """What a person in these groups may read and do."""
    found = NOTHING
    for group in (*groups, _EVERYBODY):
        found |= grants.get(group, NOTHING)
    return found


def mark_of(*rules: str) -> str:
    """By which a session knows the settings that it was opened by."""
    return hashlib.sha256("\0".join(rules).encode()).hexdigest()


def _read_grant(words: Collection[str]) -> Grant:
    slugs = [word for word in words if word != _ADMIN]
    for slug in slugs:
        if slug != _EVERYBODY and not _SLUG.fullmatch(slug):
            raise InvalidRequest(f"LECTURES_SIGNIN_GRANTS: {slug!r:.80} is neither a slug of a course nor {_ADMIN}.")
    courses = None if _EVERYBODY in slugs else frozenset(slugs)
    return Grant(courses, courses if _ADMIN in words else frozenset())

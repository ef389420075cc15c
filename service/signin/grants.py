"""Groups of a person → what it may read and do, by one setting: `GROUP -> COURSE … [+SCOPE]; …`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

from index.errors import InvalidRequest
from index.types import AccessScope, Readable

_SLUG = re.compile(r"[\w-]{1,80}")
_EVERYBODY = "*"
_READING = frozenset({AccessScope.SEARCH, AccessScope.ANSWER})


@dataclass(frozen=True, slots=True)
class Grant:
    """Scopes, and courses by their slugs, None for all."""

    scopes: frozenset[AccessScope]
    courses: Readable

    def __or__(self, other: Grant) -> Grant:
        both = None if self.courses is None or other.courses is None else self.courses | other.courses
        return Grant(self.scopes | other.scopes, both)


NOTHING = Grant(_READING, frozenset())
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
    scopes = set(_READING)
    slugs: set[str] = set()
    for word in words:
        if word.startswith("+"):
            if word[1:] not in set(AccessScope):
                raise InvalidRequest(f"LECTURES_SIGNIN_GRANTS: there is no scope {word!r:.40}; write +admin.")
            scopes.add(AccessScope(word[1:]))
        elif word != _EVERYBODY and not _SLUG.fullmatch(word):
            raise InvalidRequest(f"LECTURES_SIGNIN_GRANTS: {word!r:.80} is no slug of a course.")
        else:
            slugs.add(word)
    return Grant(frozenset(scopes), None if _EVERYBODY in slugs else frozenset(slugs))

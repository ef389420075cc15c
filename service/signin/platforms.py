"""A YAML file of the operator → the learning platforms that may sign people in (LTI 1.3), and what they open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from index.errors import InvalidRequest
from index.later import later
from service.signin.grants import Grant, mark_of

if TYPE_CHECKING:
    from service.signin import tokens
else:
    tokens = later("service.signin.tokens")

_EVERY_CONTEXT = "*"
_LOCAL = ("127.0.0.1", "localhost", "::1")


def _is_safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOCAL):
        raise ValueError("must begin with https://")
    return url


Url = Annotated[str, AfterValidator(_is_safe)]


class Platform(BaseModel):
    """A platform as it is registered here; `courses` are slugs by the id of the platform's own course (its context)."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    issuer: str
    client_id: str
    deployments: Annotated[list[str], Field(min_length=1)]
    login_url: Url
    keys_url: Url
    courses: dict[str, str | list[str]]
    teachers: Literal["read", "admin"] = "read"

    @property
    def rules(self) -> str:
        """By which a session knows that it was opened by this entry as it is now."""
        return mark_of("lti", self.model_dump_json())

    def grant(self, context: str, *, teacher: bool) -> Grant:
        """What a person may read and do who comes from this context."""
        slugs = {slug for key in (context, _EVERY_CONTEXT) if key in self.courses for slug in _slugs(self.courses[key])}
        courses = None if _EVERY_CONTEXT in slugs else frozenset(slugs)
        return Grant(courses, courses if teacher and self.teachers == "admin" else frozenset())


class Platforms:
    """Those of one application, with the keys that they publish."""

    def __init__(self, known: Sequence[Platform] = ()) -> None:
        self._known = known
        self._keys = {platform.keys_url: tokens.published_keys(platform.keys_url) for platform in known}
        self.rules = {platform.rules for platform in known}

    def __bool__(self) -> bool:
        return bool(self._known)

    def find(self, issuer: str, client_id: str) -> Platform | None:
        """The platform of this issuer; it must say which client it means where there are several."""
        found = [each for each in self._known if each.issuer == issuer and client_id in ("", each.client_id)]
        return found[0] if len(found) == 1 else None

    def keys(self, platform: Platform) -> tokens.PublishedKeys:
        return self._keys[platform.keys_url]


def read_platforms(path: str) -> Platforms:
    """The platforms of a file, none for an empty path. InvalidRequest names what cannot be read."""
    if not path:
        return Platforms()
    import yaml  # noqa: PLC0415  (most installations know no platforms)

    try:
        content = yaml.safe_load(Path(path).read_text("utf-8"))
        return Platforms(TypeAdapter(list[Platform]).validate_python(content))
    except OSError as error:
        raise InvalidRequest(f"LECTURES_LTI_FILE: {path} cannot be read ({error.strerror}).") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"LECTURES_LTI_FILE: {path} is no YAML: {error!s:.200}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InvalidRequest(f"LECTURES_LTI_FILE: {path}, {where}: {first['msg']}.") from error


def _slugs(value: str | list[str]) -> list[str]:
    return value.split() if isinstance(value, str) else value

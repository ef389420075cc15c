"""Addresses as they stand in a course → videos of YouTube, playlists, files in a repository."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlsplit

# Recordings that may lie beside a course, and what a browser is told they are.
VIDEO_TYPES = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}
_YOUTUBE_HOSTS = frozenset({"youtube.com", "youtube-nocookie.com", "youtu.be"})
_VIDEO_ID = re.compile(r"^[A-Za-z0-9_-]{11}$")
# /owner/name/blob/branch/path, as GitHub writes it; GitLab has /-/ before it
_IN_REPOSITORY = re.compile(r"^(/[^/]+/[^/]+)/(?:-/)?(blob|raw|tree)/([^/]+)/(.+?)/?$")


class RepositoryPlace(NamedTuple):
    """A file or folder in a repository on the web: its address, the branch, the path in it."""

    repository: str
    ref: str
    path: str

    @property
    def raw(self) -> str:
        """The address of the file itself, not of a page that shows it."""
        return f"{self.repository}/raw/{quote(self.ref)}/{quote(self.path)}"


def repository_place(url: str) -> RepositoryPlace | None:
    """What an address like https://github.com/owner/name/blob/main/a.pdf points at in the repository, or None."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    found = _IN_REPOSITORY.match(unquote(parts.path)) if parts.scheme in ("http", "https") else None
    if found is None:
        return None
    return RepositoryPlace(f"{parts.scheme}://{parts.netloc}{found.group(1)}", found.group(3), found.group(4))


def is_playlist(url: str) -> bool:
    """Whether an address is of a list of videos."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return _youtube_host(parts.hostname) and parts.path.rstrip("/") == "/playlist"


def _youtube_host(host: str | None) -> bool:
    name = (host or "").lower()
    for prefix in ("www.", "m.", "music."):
        name = name.removeprefix(prefix)
    return name in _YOUTUBE_HOSTS


def youtube_id(url: str) -> str | None:
    """The 11-character id of a YouTube address in any of its forms, or None (a playlist, another site)."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if not _youtube_host(host):
        return None
    pieces = [piece for piece in parts.path.split("/") if piece]
    if host.removeprefix("www.") == "youtu.be":
        candidate = pieces[0] if pieces else ""
    elif pieces[:1] == ["watch"]:
        candidate = parse_qs(parts.query).get("v", [""])[0]
    elif len(pieces) > 1 and pieces[0] in ("embed", "shorts", "live", "v"):
        candidate = pieces[1]
    else:
        candidate = ""
    return candidate if _VIDEO_ID.match(candidate) else None

"""Public links of Google Slides, Docs and Drive and of Yandex Disk → files, by the addresses that these document."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qs, quote, unquote, urlsplit

from index.addresses import is_web_address
from ingest.web import FetchError, WebLimits, fetch

_ID = re.compile(r"/d/(?:e/)?([A-Za-z0-9_-]{10,})")
_KNOWN_ID = re.compile(r"^[A-Za-z0-9_-]{10,}$")
_START_BYTES = 64 << 10
_SHOWN_ONLY = ("slideshare.net", "speakerdeck.com", "slides.com", "overleaf.com", "canva.com", "prezi.com")
_CONFIRMATION = re.compile(rb"confirm=|uc-download-link|virus scan|download_warning", re.IGNORECASE)
_PAGE = re.compile(rb"<html|<!doctype html", re.IGNORECASE)
_VIDEO_STARTS = (b"\x1aE\xdf\xa3", b"RIFF", b"OggS", b"FLV\x01")


@dataclass(frozen=True, slots=True)
class Sites:
    """Where these services are asked; tests put a stand-in of their own here."""

    google_docs: str = "https://docs.google.com"
    google_drive: str = "https://drive.google.com"
    yandex_disk: str = "https://cloud-api.yandex.net"


def fetch_deck(url: str, folder: Path, limits: WebLimits, sites: Sites = Sites()) -> tuple[Path, str]:
    """(a temporary file with the deck at an address, its suffix by its content); FetchError says why there is none."""
    if not is_web_address(url):
        raise FetchError(f"{url!r:.200} is no address of the web; correct it and ingest again.", code="bad_address")
    address = _download_address(url, folder, limits, sites)
    path = fetch(address, folder, limits)
    try:
        return path, _suffix_of(path, url)
    except FetchError:
        path.unlink(missing_ok=True)
        raise


def _download_address(url: str, folder: Path, limits: WebLimits, sites: Sites) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").lower().removeprefix("www.")
    found = _ID.search(parts.path)
    if host == "docs.google.com" and "/d/e/" not in parts.path and found:
        if parts.path.startswith("/presentation/"):
            return f"{sites.google_docs}/presentation/d/{found.group(1)}/export/pdf"
        if parts.path.startswith("/document/"):
            return f"{sites.google_docs}/document/d/{found.group(1)}/export?format=pdf"
    if host == "drive.google.com" and not parts.path.startswith("/drive/folders"):
        given = found.group(1) if found else parse_qs(parts.query).get("id", [""])[0]
        if _KNOWN_ID.match(given):
            return f"{sites.google_drive}/uc?export=download&id={given}"
    if host == "yadi.sk" or host.startswith("disk.yandex."):
        return _yandex_address(url, folder, limits, sites)
    if any(host == site or host.endswith(f".{site}") for site in _SHOWN_ONLY) or "/d/e/" in parts.path:
        raise FetchError(
            f"{host} shows these slides but gives no file; put the PDF into the course folder.", code="no_download"
        )
    return url


def _yandex_address(url: str, folder: Path, limits: WebLimits, sites: Sites) -> str:
    """Where Yandex Disk says that a public file is (GET /v1/disk/public/resources of its REST API)."""
    api = f"{sites.yandex_disk}/v1/disk/public/resources"
    key = quote(url, safe="")
    about = _asked(f"{api}?public_key={key}&limit=0", folder, limits)
    if about.get("type") == "dir":
        raise FetchError("It is a folder; link the files in it, or put them into the course folder.", code="is_folder")
    if str(about.get("mime_type", "")).startswith(("video/", "audio/")):
        raise FetchError("It is a recording, not slides; call its link a video.", code="is_video")
    address = _asked(f"{api}/download?public_key={key}", folder, limits).get("href")
    if not isinstance(address, str) or not address:
        raise FetchError("Yandex Disk names no address to download it from.", code="refused")
    return address


def _asked(url: str, folder: Path, limits: WebLimits) -> dict[str, object]:
    path = fetch(url, folder, limits)
    try:
        found = json.loads(path.read_bytes()[:_START_BYTES])
    except ValueError as error:
        raise FetchError("Yandex Disk answered something that is no JSON.", code="refused", passing=True) from error
    finally:
        path.unlink(missing_ok=True)
    return found if isinstance(found, dict) else {}


def _suffix_of(path: Path, url: str) -> str:
    """What a fetched file is by its first bytes; FetchError if it is a page that asks for something, or a recording."""
    with path.open("rb") as file:
        start = file.read(_START_BYTES)
    if b"%PDF-" in start[:1024]:
        return ".pdf"
    if start[4:8] == b"ftyp" or start.startswith(_VIDEO_STARTS):
        raise FetchError("It is a recording, not slides; call its link a video.", code="is_video")
    if start.startswith(b"PK") and b"ppt/" in _end(path):
        return ".pptx"  # the list of what a zip holds stands at its end
    host = (urlsplit(url).hostname or "").lower()
    if host.endswith("google.com") and (b"<html" in start.lower() or b"<!doctype" in start.lower()):
        if _CONFIRMATION.search(start):
            raise FetchError(
                "Google Drive asks for a confirmation instead of giving it; put the file into the course folder.",
                code="confirmation_page",
            )
        raise FetchError("Google asks to sign in; share it with everybody, or put it into the course.", code="refused")
    named = PurePosixPath(unquote(urlsplit(url).path)).suffix.lower()
    if named in (".html", ".htm") and _PAGE.search(start):
        return named  # slides that are a page: reveal.js, remark
    return named if named == ".pptx" else ".pdf"


def _end(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _START_BYTES))
        return file.read()

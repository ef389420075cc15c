"""A text → whether it is an address that people may be sent to: of the web, and of nothing that runs or opens files."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Whether a text is an http or https address with a host."""
    try:
        parts = urlsplit(text)
    except ValueError:  # such as "https://[::1/x.pdf"
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


def has_scheme(text: str) -> bool:
    """Whether a text is an address of some scheme, or looks like one: no path beside a course."""
    try:
        return bool(urlsplit(text).scheme)
    except ValueError:
        return True

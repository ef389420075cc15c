"""Pages of a course → blocks, parsed in a child process with limits. Run as a program it is the child."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from index.errors import SourceFileError
from ingest.captions import decode
from ingest.catalogue.blocks import Block, from_json, to_json
from ingest.catalogue.html import read_html
from ingest.catalogue.markdown import read_markdown
from ingest.sandbox import Limits, Sandbox, serve

MAX_PAGE_BYTES = 4 << 20  # the longest README seen has 300 KB


class PageReader:
    """Reads Markdown and HTML files in a child process; close it when done."""

    def __init__(self, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        self._sandbox = Sandbox("ingest.catalogue.reader", limits)

    def read(self, path: Path) -> Block:
        """The blocks of a file; SourceFileError if it is too large or does harm."""
        if path.stat().st_size > MAX_PAGE_BYTES:
            raise SourceFileError(
                f"{path.name} is larger than {MAX_PAGE_BYTES >> 20} MB; that is no course description.",
                code="too_large",
            )
        head, _ = self._sandbox.call({"do": "read", "path": str(path)})
        return from_json(head["blocks"])

    def close(self) -> None:
        self._sandbox.close()


def _read(path: str) -> tuple[dict[str, Any], bytes]:
    text = decode(Path(path).read_bytes())
    html = path.lower().endswith((".html", ".htm"))
    return {"blocks": to_json(read_html(text) if html else read_markdown(text))}, b""


if __name__ == "__main__":
    serve({"read": _read})

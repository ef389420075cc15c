"""Page of a deck → the file of its picture, drawn the first time that it is asked for."""

from __future__ import annotations

import threading
from pathlib import Path

from index.files import write_durably
from index.library import Library
from ingest.pdf import PdfReader
from ingest.sandbox import Limits
from service.refusals import Overloaded

_WAITING = 6  # half of the places for pages
_WAIT_SECONDS = 5.0
_LIMITS = Limits(seconds=20, cpu_seconds=20)


class Pictures:
    """Draws in a child process; pdfium never runs twice at once, so that a few wait for the one that draws."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._places = threading.BoundedSemaphore(_WAITING)
        self._painter = PdfReader(_LIMITS)

    def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """The file of a page's picture, `width` pixels wide."""
        path = self._library.picture(sha256, page_number, width)
        if path.is_file():
            return path
        if not self._places.acquire(timeout=_WAIT_SECONDS):
            raise Overloaded("Too many pictures are being drawn; try again in a second.")
        try:
            if not path.is_file():
                source = self._library.files.path(sha256, ".pdf")
                path.parent.mkdir(parents=True, exist_ok=True)
                write_durably(path, self._painter.render_page(source, page_number, width))
        finally:
            self._places.release()
        return path

    def close(self) -> None:
        self._painter.close()

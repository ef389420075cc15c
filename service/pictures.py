"""Page of a deck → the file of its picture, drawn the first time that it is asked for, or why there is none.

Nobody waits for a page that is heavy to draw: what takes more than three seconds goes to a desk of its own, with what
else is asked of its file, and is there later or never. What cannot be drawn is remembered for a day, in files beside
the pictures, so that a restart does not try it all again.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter, OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import structlog

from index.errors import NotFound, SourceFileError, StorageError
from index.files import write_durably
from index.library import Library
from ingest.pdf import PdfReader
from service.drawing import WORDS, DrawingDesk, Wanted
from service.refusals import BeingDrawn, Overloaded

_log = structlog.get_logger("lectures")
_QUICK_SECONDS, _QUICK_PAGES = 3.0, 100  # slides take .05 to .3 s, the first some more: the process is started
_SLOW_SECONDS, _SLOW_PAGES = 20.0, 16
_WAIT_SECONDS = 10.0  # in the queue of the quick desk
_HEAVY_SECONDS = 600.0  # how long a file with a slow page is drawn apart: the machine may just have been busy
_FAILED_SECONDS = 24 * 3600.0
_FAILED_PAGES = 3  # a file with as many pages that are too heavy is tried no more
_MAX_REMEMBERED = 1_000


class Pictures:
    """Shared by all requests."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._quick = DrawingDesk("pictures", _QUICK_SECONDS, _QUICK_PAGES, self._draw_quickly)
        self._slow = DrawingDesk("slow pictures", _SLOW_SECONDS, _SLOW_PAGES, self._draw_slowly)
        # a disk that is slow holds up those who ask for pictures, one after the other, and nobody else
        self._disk = ThreadPoolExecutor(1, "what is drawn")
        self._lock = threading.Lock()
        self._asked: dict[Wanted, Future[Path]] = {}
        self._apart: set[Wanted] = set()
        self._heavy: OrderedDict[str, float] = OrderedDict()  # when a file was last found to be heavy
        self._failed: OrderedDict[Path, tuple[float, str]] = OrderedDict()
        self._failures: Counter[str] = Counter()

    async def picture(self, sha256: str, page_number: int, width: int) -> Path:
        """The file of a page's picture, `width` pixels wide.

        SourceFileError if the page cannot be drawn, BeingDrawn if it takes long, Overloaded if too many are asked for.
        """
        return await self._kept(Wanted(sha256, page_number, width))

    async def words(self, sha256: str, page_number: int) -> Path:
        """The file that says where the words of a page stand (`PdfReader.page_words`); as `picture`."""
        return await self._kept(Wanted(sha256, page_number, WORDS))

    async def _kept(self, wanted: Wanted) -> Path:
        found = await asyncio.get_running_loop().run_in_executor(self._disk, self._found, wanted)
        if found is not None:
            return found
        drawn = self._order(wanted)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(drawn), _WAIT_SECONDS)
        except TimeoutError:
            raise Overloaded("Too many pictures are being drawn; try again in a second.") from None

    def _found(self, wanted: Wanted) -> Path | None:
        """The file, if it was drawn; SourceFileError if it was found not to be drawable."""
        path = self._path(wanted)
        if path.is_file():
            return path
        for page in (wanted.page_number, 0):
            if reason := self._reason(wanted.sha256, page):
                raise SourceFileError(reason, code="unreadable_page")
        return None

    def close(self) -> None:
        self._disk.shutdown(cancel_futures=True)
        self._quick.close()
        self._slow.close()

    def _order(self, wanted: Wanted) -> Future[Path]:
        """The picture that will be: whoever asks for the same one waits for the same drawing."""
        with self._lock:
            known = self._asked.get(wanted)
            if known is not None:
                return known
            if wanted in self._apart:
                raise BeingDrawn
            if self._is_heavy(wanted.sha256):
                self._set_apart(wanted)
                raise BeingDrawn
            if not self._quick.add(wanted):
                raise Overloaded("Too many pictures are being drawn; try again in a second.")
            asked: Future[Path] = Future()
            asked.set_running_or_notify_cancel()  # one who goes away must not cancel it for the others
            self._asked[wanted] = asked
            return asked

    def _draw_quickly(self, painter: PdfReader, wanted: Wanted) -> None:
        try:
            with self._lock:
                heavy = self._is_heavy(wanted.sha256)
            if heavy:  # found so by another of its pages, meanwhile
                raise BeingDrawn
            outcome: Path | Exception = self._drawn(painter, wanted)
        except SourceFileError as error:
            outcome = BeingDrawn() if error.code == "parser_timeout" else error
            if outcome is error:
                self._note(wanted.sha256, wanted.page_number, str(error))
        except Exception as error:  # whatever it is, those who wait are told, and the thread lives on
            outcome = error
        with self._lock:
            asked = self._asked.pop(wanted)
            if isinstance(outcome, BeingDrawn):
                self._heavy[wanted.sha256] = time.monotonic()
                self._heavy.move_to_end(wanted.sha256)
                if len(self._heavy) > _MAX_REMEMBERED:
                    self._heavy.popitem(last=False)
                with suppress(Overloaded):  # it is asked for again
                    self._set_apart(wanted)
        if isinstance(outcome, Path):
            asked.set_result(outcome)
        else:
            asked.set_exception(outcome)

    def _draw_slowly(self, painter: PdfReader, wanted: Wanted) -> None:
        try:
            # one page is asked for in several widths: once is enough to know
            if not any(self._reason(wanted.sha256, page) for page in (wanted.page_number, 0)):
                self._drawn(painter, wanted)
        except SourceFileError as error:
            self._note(wanted.sha256, wanted.page_number, str(error))
            self._failures[wanted.sha256] += error.code == "parser_timeout"
            if self._failures[wanted.sha256] >= _FAILED_PAGES:
                del self._failures[wanted.sha256]
                self._note(wanted.sha256, 0, "Several pages of this file take too long to draw; export it again.")
        except Exception as error:
            _log.warning("picture_not_drawn", reason=str(error))
        finally:
            with self._lock:
                self._apart.discard(wanted)

    def _drawn(self, painter: PdfReader, wanted: Wanted) -> Path:
        path = self._path(wanted)
        source = self._library.files.path(wanted.sha256, ".pdf")
        if not source.is_file():
            raise NotFound("The file is gone from the data folder; ingest the course again.")
        if wanted.width == WORDS:
            content = painter.page_words(source, wanted.page_number)
        else:
            content = painter.render_page(source, wanted.page_number, wanted.width)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, content)
        except OSError as error:
            raise StorageError(f"A picture cannot be kept ({error.strerror}); free space.") from error
        return path

    def _path(self, wanted: Wanted) -> Path:
        path = self._library.picture(wanted.sha256, wanted.page_number, wanted.width)
        return path.with_suffix(".words") if wanted.width == WORDS else path

    def _is_heavy(self, sha256: str) -> bool:
        return time.monotonic() - self._heavy.get(sha256, -_HEAVY_SECONDS) < _HEAVY_SECONDS

    def _set_apart(self, wanted: Wanted) -> None:
        if not self._slow.add(wanted):
            raise Overloaded("Too many heavy pages are being drawn; try again in a minute.")
        self._apart.add(wanted)

    # --- what cannot be drawn; page 0 stands for all of a file -------------------------------------------------

    def _reason(self, sha256: str, page_number: int) -> str | None:
        """Why a page was found not to be drawable during the last day."""
        path = self._note_path(sha256, page_number)
        with self._lock:
            known = self._failed.get(path)
        if known is None:
            try:
                known = (path.stat().st_mtime, str(json.loads(path.read_bytes())["reason"]))
            except (OSError, ValueError, KeyError, TypeError):
                return None
        return known[1] if time.time() - known[0] < _FAILED_SECONDS else None

    def _note(self, sha256: str, page_number: int, reason: str) -> None:
        path = self._note_path(sha256, page_number)
        with self._lock:
            self._failed[path] = (time.time(), reason)
            self._failed.move_to_end(path)
            if len(self._failed) > _MAX_REMEMBERED:
                self._failed.popitem(last=False)
        with suppress(OSError):  # a full disk: it is known until the service ends
            path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(path, json.dumps({"reason": reason}).encode())

    def _note_path(self, sha256: str, page_number: int) -> Path:
        return self._library.picture(sha256, page_number, 0).with_suffix(".json")

"""Files that are served because they look as they did when they were hashed → hashed again, a few megabytes at a time.

By the thread that looks for newer generations, between two looks. Not by one of low priority: whoever holds the
interpreter's lock and is not given a processor keeps it from all who answer.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Collection, Iterator
from io import FileIO
from pathlib import Path

from index.engine.verified import Entry, Stamp, note_verified, read_verified, time_of_files, verified_stamp
from service.stamps import Unproven

# Between two looks, half a second: 64 MB a second, 6 % of a core, are two minutes for a million passages.
_STEP_BYTES = 32 << 20
_PIECE_BYTES = 1 << 20
_UNSETTLED_STEPS = 6  # what was written just now is waited for this long, three seconds, before it is hashed
_NOTED_AT_ONCE = 32  # files; what is noted is written down as a whole


class Checking:
    """Of several processes each begins elsewhere, and leaves out what another has hashed meanwhile."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._waiting: deque[Unproven] = deque()
        self._proven: dict[str, Entry] = {}
        self._since_ns = 0
        self._read_bytes = 0  # in this step, of however many files
        self._read: tuple[Stamp | None, dict[str, Entry]] = (None, {})
        self._going: Iterator[Unproven | None] = iter(())
        self.distrusted: set[Stamp] = set()  # how those look that were found to be damaged

    def hash_later(self, unproven: Collection[Unproven], kept: Collection[Stamp]) -> None:
        """Hash these too, and of those that wait only files that look so: they are what is open now."""
        waiting = [own for own in self._waiting if own.stamp in kept]
        self._waiting = deque([*waiting, *unproven])
        self._waiting.rotate(-(os.getpid() % max(1, len(self._waiting))))
        self._since_ns = self._since_ns or time_of_files(self._root) or 0
        self._going = self._go(self._waiting)

    def step(self) -> Unproven | None:
        """Go on; the file that was found to be damaged, if one was."""
        return next(self._going, None)

    def _go(self, waiting: deque[Unproven]) -> Iterator[Unproven | None]:
        while waiting:
            own = waiting[0]
            if not self._is_proven_elsewhere(own):
                yield from self._hash(own)
            waiting.popleft()
            if self._proven and (not waiting or len(self._proven) >= _NOTED_AT_ONCE):
                note_verified(self._root, self._proven)
                self._proven = {}

    def _is_proven_elsewhere(self, own: Unproven) -> bool:
        """Whether another process hashed this very file since it was opened here."""
        looks = verified_stamp(self._root)
        if looks != self._read[0]:
            self._read = (looks, read_verified(self._root))
        entry = self._read[1].get(own.path)
        if entry is None or not self._since_ns:
            return False
        return entry.verified_ns > self._since_ns and entry.vouches_for(own.stands_for, own.stamp, entry.verified_ns)

    def _hash(self, own: Unproven) -> Iterator[Unproven | None]:
        now_ns = time_of_files(self._root)
        for _ in range(_UNSETTLED_STEPS):
            if now_ns is None or own.stamp.settled(now_ns):
                break
            yield None
            now_ns = time_of_files(self._root)
        hashed = hashlib.sha256()
        try:
            with FileIO(self._root / own.path) as file:
                if Stamp.of(os.fstat(file.fileno())) != own.stamp:
                    return  # who looks at files takes care of it
                buffer = bytearray(_PIECE_BYTES)
                while size := file.readinto(buffer):
                    hashed.update(memoryview(buffer)[:size])
                    self._read_bytes += size
                    if self._read_bytes >= _STEP_BYTES:
                        self._read_bytes = 0
                        yield None
                is_same = Stamp.of(os.fstat(file.fileno())) == own.stamp
        except FileNotFoundError:
            return
        except OSError:  # a disk that does not give it any more
            is_same = True
        if hashed.hexdigest() != own.sha256:
            if is_same:
                self.distrusted.add(own.stamp)
                note_verified(self._root, {}, {own.path})
                yield own
        elif is_same and now_ns is not None:
            self._proven[own.path] = Entry(own.stands_for, own.stamp, now_ns)

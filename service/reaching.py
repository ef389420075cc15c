"""A database → what keeps it from answering, known without waiting for one that says nothing."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from index.errors import LecturesError
from index.store.database import Database

_WAIT_SECONDS = 1.0  # probes of health wait one second by default (Kubernetes), some a few
_SILENT = "The database does not answer; searching goes on without it."


@dataclass(slots=True)
class _Asking:
    answered: threading.Event = field(default_factory=threading.Event)
    problem: str | None = None


class Reaching:
    """Asks one question at a time, in a thread of its own: a database whose machine is gone may never answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._asking: _Asking | None = None

    def problem(self) -> str | None:
        """Why the database is of no use just now, or None; it is waited for no longer than a moment."""
        with self._lock:
            asking = self._asking
            if asking is None or asking.answered.is_set():
                asking = self._asking = _Asking()
                threading.Thread(target=self._ask, args=(asking,), name="reaching", daemon=True).start()
        return asking.problem if asking.answered.wait(_WAIT_SECONDS) else _SILENT

    def _ask(self, asking: _Asking) -> None:
        try:
            with self._database.reading() as connection:
                connection.exec_driver_sql("SELECT 1")
        except LecturesError as error:
            asking.problem = str(error)
        except Exception as error:  # whoever waits must be told
            asking.problem = f"The database cannot be asked ({type(error).__name__})."
        finally:
            asking.answered.set()

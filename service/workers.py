"""One listening socket and one open index → N processes that serve them, started again when one dies.

The index is opened once, before the processes part: what it keeps in memory is shared as long as nobody writes to it,
and the mapped files are shared anyway. From then on each process looks for newer generations itself. When one was
killed because a mapped file is not what it was, those that are started afterwards open the index themselves.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

from index.errors import InvalidRequest, LecturesError
from service.listening import BACKLOG
from service.memory import give_back

_STOPPING = (signal.SIGTERM, signal.SIGINT)
_OF_DAMAGE = (signal.SIGBUS, signal.SIGSEGV)  # a mapped file was cut short, or the disk does not give it
_HOPELESS = 78  # the exit status of what no new start mends (EX_CONFIG of sysexits.h)
_PARENT_SECONDS = 1.0  # between two looks whether the parent is there
_SOON_SECONDS = 1.0  # a process that dies sooner is not started again at once


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket. InvalidRequest if the address is taken or is not this machine's."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = (os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)).lower()
        raise InvalidRequest(f"Cannot listen on {host} port {port} ({reason}); choose another with --port.") from error


def serve_in_processes(count: int, serve: Callable[[bool], None]) -> int:
    """Run `serve` in this many processes until this one is told to stop; the exit status. It is told whether what was
    opened before may be trusted."""
    supervisor = _Supervisor(serve)
    for name in _STOPPING:
        signal.signal(name, supervisor.stop)
    # what is there now is never collected: looking at it would copy the pages that the processes share
    gc.collect()
    give_back()
    gc.freeze()
    return supervisor.run(count)


class _Supervisor:
    def __init__(self, serve: Callable[[bool], None]) -> None:
        self._serve = serve
        self._trusts = True
        self._started: dict[int, float] = {}
        self._stopping = False

    def stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True
        for process in list(self._started):
            with suppress(ProcessLookupError):  # it ended by itself a moment ago
                os.kill(process, signal.SIGTERM)

    def run(self, count: int) -> int:
        failed = 0
        for _ in range(count):
            self._start()
        while self._started:
            try:
                process, status = os.wait()
            except InterruptedError:
                continue
            except ChildProcessError:
                break
            started = self._started.pop(process, None)
            if started is None:
                continue
            _forget_metrics(process)
            if not self._stopping:
                ended = os.waitstatus_to_exitcode(status)
                if ended == _HOPELESS:
                    self.stop(signal.SIGTERM, None)
                    failed = 1
                    continue
                if -ended in _OF_DAMAGE:
                    self._trusts = False
                sys.stderr.write(f"Process {process} ended with status {ended}; another is started.\n")
                if time.monotonic() - started < _SOON_SECONDS:
                    time.sleep(_SOON_SECONDS)
                self._start()
        return failed

    def _start(self) -> None:
        """Start a process, unless all are to stop. A signal waits until it is known here and ends the process there."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _STOPPING)
        try:
            if self._stopping:
                return
            parent, process = os.getpid(), os.fork()
            if process:
                self._started[process] = time.monotonic()
                return
            for name in _STOPPING:
                signal.signal(name, signal.SIG_DFL)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOPPING)
        status = 1
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
        try:
            self._serve(self._trusts)
            status = 0
        except LecturesError as error:  # a setting that is wrong: each process would say the same
            sys.stderr.write(f"{error}\n")
            status = _HOPELESS
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(status)  # what the parent registered to be done at exit is the parent's to do


def _end_with(parent: int) -> None:
    """Stop this process once its parent is gone, which may be killed (it holds the most memory): else it would keep the
    port, and nobody would start it again."""
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def share_metrics() -> None:
    """Make the metrics of all processes one, in files of a folder that goes when this process ends.

    Before prometheus-client is imported: it decides then where values are kept. RuntimeError if it is there already.
    """
    if "prometheus_client" in sys.modules:
        raise RuntimeError("prometheus_client was imported before the metrics of the processes could be made one")
    folder = tempfile.mkdtemp(prefix="lectures-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def _forget_metrics(process: int) -> None:
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if folder and Path(folder).is_dir():
        from prometheus_client import multiprocess  # noqa: PLC0415

        multiprocess.mark_process_dead(process)  # type: ignore[no-untyped-call]

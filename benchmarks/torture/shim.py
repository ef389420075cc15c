"""shim.c → a library that is preloaded into children, and the fault that one of them is to meet."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHIM_VARIABLE = "TORTURE_SHIM"
KILL = 1
FAULTS = {"SIGKILL": KILL, "EIO": errno.EIO, "ENOSPC": errno.ENOSPC}


@dataclass(frozen=True, slots=True)
class Fault:
    """At the `at`-th change of a file below `folder`: `action` is 0, KILL or an errno; `sticky`: from then on.

    After `budget` bytes the disk is full (-1: never). `log` is told of every change with its bytes. `counted` is where
    the numbers of changes and of bytes are written when the child ends by itself.
    """

    folder: str
    action: int = 0
    at: int = 0
    sticky: bool = False
    budget: int = -1
    log: str = ""
    counted: str = ""


def compiled(folder: Path) -> Path | None:
    """The shim as a library in this folder; None if this machine has no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    target = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(
        [compiler, "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", target, source, "-ldl", "-lpthread"], check=True
    )
    return target


NO_COMPILER = "this machine has no C compiler (apt-get install gcc libc6-dev); the shim cannot be made"


@contextmanager
def arm(fault: Fault) -> Iterator[None]:
    """Let this process meet the fault inside the block."""
    shim = ctypes.CDLL(os.environ[SHIM_VARIABLE])
    shim.torture_shrink(ctypes.c_long(fault.budget))
    shim.torture_arm(
        fault.folder.encode(),
        ctypes.c_long(fault.action),
        ctypes.c_long(fault.at),
        ctypes.c_long(fault.sticky),
        fault.log.encode(),
    )
    try:
        yield
    finally:
        if fault.counted:
            shim.torture_count.restype = shim.torture_written.restype = ctypes.c_long
            Path(fault.counted).write_text(f"{shim.torture_count()} {shim.torture_written()}", "ascii")

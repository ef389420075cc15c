"""The address of a git repository → a folder with one of its branches, made and renewed by the git command."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from index.errors import CourseError
from index.files import folder_bytes
from ingest.web import FetchError, Report, WebLimits, check_address, final_address

_PERCENT = re.compile(r"(\w[\w ]+):\s+(\d{1,3})%")
_LOOK_SECONDS = 0.2


class Repository:
    """Shallow copies of one repository in the cache, one of each branch that was asked for, made and renewed by the git
    command with all its freedoms off."""

    def __init__(self, repository: str, cache: Path, limits: WebLimits, report: Report) -> None:
        self._limits, self._report = limits, report
        self._deadline = time.monotonic() + limits.seconds
        self._shown = repository
        probe = f"{repository}/info/refs?service=git-upload-pack"
        address = final_address(probe, limits)
        self._url = address.split("/info/refs?")[0]
        host, ip = check_address(self._url, limits)
        port = urlsplit(self._url).port or (80 if self._url.startswith("http:") else 443)
        self._cache = cache
        self._folder = self._folder_of("HEAD")
        self._options = {
            "http.followRedirects": "false",
            "http.curloptResolve": f"{host}:{port}:[{ip}]" if ":" in ip else f"{host}:{port}:{ip}",
            "protocol.allow": "never",
            "protocol.https.allow": "always",
            "protocol.http.allow": "always" if limits.private else "never",
            "core.hooksPath": os.devnull,
            "core.symlinks": "false",
            "core.fsmonitor": "false",
            "core.protectNTFS": "true",
            "advice.detachedHead": "false",
        }

    def split(self, inner: str) -> tuple[str, str]:
        """`branch/sub/folder` as (branch, sub/folder). Branches may have slashes in their names: the server knows."""
        if not inner:
            return "HEAD", ""
        listed = self._run("ls-remote", "--heads", "--tags", "--", self._url)
        names = {line.split("\t")[1].split("/", 2)[2] for line in listed.splitlines() if line.count("/") > 1}
        pieces = inner.split("/")
        for count in range(len(pieces), 0, -1):
            if "/".join(pieces[:count]) in names:
                return "/".join(pieces[:count]), "/".join(pieces[count:])
        raise CourseError(f"{self._shown} has no branch {pieces[0]!r:.100}; copy the address from the browser again.")

    def bring(self, ref: str, subfolder: str, held: contextlib.ExitStack) -> Path:
        """The folder with this branch as it is now, kept from other orders until `held` ends: they would change it
        while it is read. A copy that was cut off is taken up where it is."""
        self._folder = self._folder_of(ref)
        self._wait_for_folder(held)
        if not (self._folder / ".git").is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run("init", "--quiet", str(self._folder))
        for lock in (self._folder / ".git").glob("*.lock"):  # left by a git that was killed: no other order is here
            lock.unlink(missing_ok=True)
        self._run("-C", str(self._folder), "fetch", "--depth=1", "--no-tags", "--progress", "--", self._url, ref)
        self._run("-C", str(self._folder), "checkout", "--force", "--detach", "FETCH_HEAD")
        self._run("-C", str(self._folder), "clean", "-ffdxq")
        folder = self._folder / subfolder
        if not folder.is_dir() or not folder.resolve().is_relative_to(self._folder.resolve()):
            raise CourseError(f"{self._shown} has no folder {subfolder!r:.200} in its branch {ref:.100}.")
        return folder

    def _folder_of(self, ref: str) -> Path:
        named = self._shown if ref == "HEAD" else f"{self._shown}\n{ref}"
        return self._cache / f"git-{hashlib.sha256(named.encode()).hexdigest()[:20]}"

    def _wait_for_folder(self, held: contextlib.ExitStack) -> None:
        """Have the folder alone, until `held` ends or this process does; FetchError if another has it all the time."""
        self._cache.mkdir(parents=True, exist_ok=True)
        lock = held.enter_context(self._folder.with_suffix(".lock").open("ab"))
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > self._deadline:
                    raise FetchError(
                        f"Another order has read {self._shown} for {self._limits.seconds:.0f} s; ingest again when it "
                        "is done.",
                        passing=True,
                    ) from None
                self._report("waiting", 0, 0, self._shown)
                time.sleep(_LOOK_SECONDS)
            else:
                return

    def _run(self, *arguments: str) -> str:
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "LANG": "C.UTF-8",
        }
        try:
            child = subprocess.Popen(
                ["git", *options, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                env=environment,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise CourseError("git is not installed here; install it, or give a folder or a .zip.") from error
        problem: list[str] = []
        said: list[str] = []
        with child:
            helpers = [
                threading.Thread(target=self._watch, args=(child, problem), daemon=True),
                threading.Thread(target=self._listen, args=(child, said), daemon=True),
            ]
            for helper in helpers:
                helper.start()
            output = child.stdout.read(32 << 20) if child.stdout else ""
            code = child.wait()
            for helper in helpers:
                helper.join()
        if problem:
            raise CourseError(problem[0])
        if code:
            reason = next((line for line in reversed(said) if line.startswith(("fatal:", "error:"))), "git failed")
            raise CourseError(f"{self._shown} cannot be copied: {reason[:300]}")
        return output

    def _listen(self, child: subprocess.Popen[str], said: list[str]) -> None:
        line = ""
        while child.stderr and (character := child.stderr.read(1)):
            if character not in "\r\n":
                line += character
                continue
            found = _PERCENT.match(line.removeprefix("remote: "))
            if found:
                self._report(found.group(1).lower(), int(found.group(2)), 100, self._shown)
            elif line:
                said.append(line)
                del said[:-50]
            line = ""

    def _watch(self, child: subprocess.Popen[str], problem: list[str]) -> None:
        """Stop a copy that takes too long or grows too large."""
        while child.poll() is None:
            if time.monotonic() > self._deadline:
                problem.append(f"{self._shown} did not arrive within {self._limits.seconds:.0f} s; ingest again.")
            elif self._folder.is_dir() and folder_bytes(self._folder) > self._limits.file_bytes:
                problem.append(
                    f"{self._shown} is larger than {self._limits.file_bytes >> 20} MB; ingest a folder with less of it."
                )
            if problem:
                with contextlib.suppress(ProcessLookupError):  # it ended a moment ago
                    os.killpg(child.pid, signal.SIGKILL)  # what it started too: that holds the connection and our pipes
                return
            time.sleep(_LOOK_SECONDS)

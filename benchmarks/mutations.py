"""Every guard, taken out one at a time in a copy of the tree → whether the check that is named for it goes red.

    python -m benchmarks.mutations [--only WORD] [--json FILE]

A guard is a fsync, a hash, a limit, an escape, a scope, a lock, a deadline: a few words of a file that are replaced.
Each check is first run on the copy as it is, and must be green there. Without the guard a plain ingest and a search
must still go well: a check that is red because nothing works watches no guard. Ends with status 1 unless k of k went
red.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks.processes import ROOT, environment
from benchmarks.torture.courses import ingest_arguments, write_spoken

_SECONDS = 900
_PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Guard:
    """`old` stands once in `file`; with `new` in its place the check must fail: a row (`row:size:seed`) or
    a test."""

    name: str
    file: str
    old: str
    new: str
    check: str


GUARDS = (
    Guard("fsync of folders", "index/files.py", "os.fsync(descriptor)", "pass", "3:10:1"),
    Guard(
        "fsync of files",
        "index/files.py",
        "os.fsync(copy.fileno())\n        temporary.replace(path)",
        "temporary.replace(path)",
        "3:40:1",
    ),
    Guard(
        "a whole file or none",
        "index/files.py",
        "temporary.replace(path)",
        "path.write_bytes(temporary.read_bytes())",
        "tests/test_index_files.py::test_who_reads_a_file_that_is_replaced_reads_the_old_one_whole",
    ),
    Guard(
        "rows are committed after the shard is whole",
        "index/publish.py",
        "            record_rows(connection, plan.course)\n",
        "            record_rows(connection, plan.course)\n"
        "    with library.database.writing() as connection:\n"
        "        if course_hash(connection, plan.course) is not None:\n",
        "tests/test_index_publish.py::test_a_shard_that_cannot_be_written_leaves_the_rows_as_they_were",
    ),
    Guard("hash of a shard", "index/engine/container.py", "hexdigest() != sha256", "hexdigest() == ''", "5:16:1"),
    Guard(
        "what was written to within a tick of the clock is hashed",
        "index/engine/verified.py",
        "max(self.content_ns, self.status_ns) + _TICK_NS < now_ns",
        "True",
        "tests/test_service_checking.py"
        "::test_what_was_written_just_before_is_hashed_again_and_believed_once_it_was_hashed_later",
    ),
    Guard(
        "what was opened by its stamp is hashed afterwards",
        "service/checking.py",
        "hashed.hexdigest() != own.sha256",
        "hashed.hexdigest() == ''",
        "tests/test_service_checking.py"
        "::test_damage_that_no_stamp_tells_is_found_afterwards_and_takes_down_its_course_alone",
    ),
    Guard("hash of a stored file", "index/damage.py", "library.files.intact_hashes()", "referenced", "5:16:1"),
    Guard("what is gone is forgotten", "index/publish.py", "before.contents - after.contents", "set()", "7:60:1"),
    Guard(
        "writers wait for each other",
        "index/store/database.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        "tests/test_index_store_database.py",
    ),
    Guard(
        "addresses inside", "ingest/web.py", "if not limits.private and not all(", "if not all([True] or ", "14:60:1"
    ),
    Guard(
        "escape in chat", "service/chat/markdown.py", "return _ESCAPED.sub(", "return text or _ESCAPED.sub(", "15:8:1"
    ),
    Guard(
        "escape in frames",
        "service/web/card.py",
        'title="{escape(title)}"',
        'title="{title}"',
        "tests/test_service_embedding.py",
    ),
    Guard("no sniffing", "service/security.py", '(b"x-content-type-options", b"nosniff"),', "", "15:4:1"),
    Guard(
        "limit of bodies",
        "service/security.py",
        "MAX_BODY_BYTES = 1 << 20",
        "MAX_BODY_BYTES = 1 << 40",
        "tests/test_service_api.py",
    ),
    Guard(
        "scope of courses",
        "service/access.py",
        "if not self.may_read(slug):",
        "if not slug:",
        "tests/test_service_access.py",
    ),
    Guard(
        "deadline of the model",
        "service/answers/llm.py",
        "min(deadline, started + self.settings.first_token_seconds)",
        "started + 60",
        "tests/test_service_answers.py",
    ),
    Guard("an end in time", "service/running.py", "last.start()", "last", "tests/test_service_connections.py"),
    Guard(
        "room for a new connection",
        "service/connections.py",
        "            next(iter(self._waiting))._make_room()\n",
        "            self._refuse_connection()\n            return\n",
        "tests/test_service_connections.py",
    ),
    Guard(
        "time for a request to arrive",
        "service/running.py",
        "arrival_seconds=settings.request_seconds",
        "arrival_seconds=9e9",
        "tests/test_service_connections.py",
    ),
)


class Outcome(StrEnum):
    RED = "red"
    NOT_RED = "NOT RED"
    INVALID = "invalid"  # what was run says nothing of the guard


@dataclass(frozen=True, slots=True)
class Verdict:
    guard: str
    check: str
    outcome: Outcome
    said: str


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="guards whose name holds this")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    chosen = [guard for guard in GUARDS if options.only in guard.name]
    if not chosen:
        parser.error(f"no guard's name holds {options.only!r}; there are: {', '.join(guard.name for guard in GUARDS)}")
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(tree)
        whole = {check: _is_green(tree, check) for check in dict.fromkeys(guard.check for guard in chosen)}
        verdicts = []
        for guard in chosen:
            verdicts.append(try_guard(tree, guard, whole[guard.check]))
            found = verdicts[-1]
            sys.stdout.write(f"{found.outcome:<8} {guard.name} ({guard.check}) {found.said}\n")
            sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    red = sum(verdict.outcome is Outcome.RED for verdict in verdicts)
    sys.stdout.write(f"{red} of {len(verdicts)} guards are watched\n")
    return 0 if red == len(verdicts) else 1


def copy_tree(tree: Path) -> None:
    """What git knows of, as it is now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def try_guard(tree: Path, guard: Guard, whole: Mapping[str, str | bool]) -> Verdict:
    """Take a guard out, see that the tree still works, run the guard's check, put the guard back."""
    path = tree / guard.file
    content = path.read_text("utf-8")

    def verdict(outcome: Outcome, said: object) -> Verdict:
        return Verdict(guard.name, guard.check, outcome, str(said))

    if not whole["green"]:
        return verdict(Outcome.INVALID, f"is red with the guard: {whole['said']}")
    if content.count(guard.old) != 1:
        return verdict(Outcome.INVALID, "is not in the file that is named")
    path.write_text(content.replace(guard.old, guard.new), "utf-8")
    try:
        broken = _broken(tree)
        if broken:
            return verdict(Outcome.INVALID, f"nothing works without it: {broken}")
        found = _is_green(tree, guard.check)
        if not found["ended"]:
            return verdict(Outcome.INVALID, found["said"])
        return verdict(Outcome.NOT_RED if found["green"] else Outcome.RED, found["said"])
    finally:
        path.write_text(content, "utf-8")


def _broken(tree: Path) -> str:
    """What goes wrong when a course is ingested and searched in this tree; or nothing."""
    with tempfile.TemporaryDirectory(prefix="plain-") as name:
        folder, data = Path(name) / "course", Path(name) / "data"
        done = _run(tree, ["-m", "service.cli", *ingest_arguments(write_spoken(folder, _PLAIN, 0), _PLAIN)], data)
        if done.returncode:
            return f"an ingest ended with {done.returncode}: {done.stderr.strip()[-200:]}"
        done = _run(tree, ["-m", "service.cli", "search", "gradients", "--json"], data)
        if done.returncode or f"{_PLAIN} minute" not in done.stdout:
            return f"a search ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-200:]}"
    return ""


def _is_green(tree: Path, check: str) -> dict[str, str | bool]:
    """Whether a check ends in this tree, whether it passes, and its last words."""
    if check.startswith("tests/"):
        arguments = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", check]
    else:
        row, size, seed = check.split(":")
        arguments = ["-m", "benchmarks.torture", "--rows", row, "--size", size, "--seed", seed]
    try:
        done = _run(tree, arguments)
    except subprocess.TimeoutExpired:
        return {"ended": False, "green": False, "said": f"did not end in {_SECONDS} seconds"}
    lines = [line.strip() for line in (done.stdout or done.stderr).splitlines() if line.strip()]
    shown = next((line for line in lines if line.startswith(("- ", "FAILED", "ERROR"))), lines[-1] if lines else "")
    return {"ended": True, "green": done.returncode == 0, "said": shown[:200]}


def _run(tree: Path, arguments: Sequence[str], data: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Python with this tree of the project, run to its end; on the installation in `data`, if one is named."""
    own = {} if data is None else environment(data)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env={**os.environ, **own, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())

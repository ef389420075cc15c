"""Every guard, taken out one at a time in a copy of the tree → whether the check that is named for it goes red.

    python -m benchmarks.mutations [--only WORD] [--json FILE]

A guard is a fsync, a hash, a limit, an escape, a scope, a lock, a deadline: a few words of a file that are replaced.
Each check is first run on the copy as it is, and must be green there. Ends with status 1 unless k of k went red.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.processes import ROOT

_SECONDS = 900


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
        "temporary",
        "3:40:1",
    ),
    Guard("a whole file or none", "index/files.py", "temporary.replace(path)", "path.write_bytes(content)", "2:60:3"),
    Guard(
        "rows are committed after the shard is whole",
        "index/publish.py",
        "    with library.database.writing() as connection:\n        if distrusted:",
        "    point_to(library.index_root, (library.served_number() or 0) + 1)\n"
        "    with library.database.writing() as connection:\n        if distrusted:",
        "2:30:3",
    ),
    Guard("hash of a shard", "index/engine/container.py", "hexdigest() != sha256", "hexdigest() == ''", "5:16:1"),
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
        "time for a request to arrive",
        "service/running.py",
        "arrival_seconds=settings.request_seconds",
        "arrival_seconds=9e9",
        "tests/test_service_connections.py",
    ),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    guard: str
    check: str
    red: bool
    said: str


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="guards whose name holds this")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    chosen = [guard for guard in GUARDS if options.only in guard.name]
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        tree = Path(folder) / "tree"
        _copy(tree)
        whole = {check: _is_green(tree, check) for check in dict.fromkeys(guard.check for guard in chosen)}
        verdicts = []
        for guard in chosen:
            verdicts.append(_try(tree, guard, whole[guard.check]))
            found = verdicts[-1]
            sys.stdout.write(f"{'red' if found.red else 'NOT RED':<8} {guard.name} ({guard.check}) {found.said}\n")
            sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    red = sum(verdict.red for verdict in verdicts)
    sys.stdout.write(f"{red} of {len(verdicts)} guards are watched\n")
    return 0 if red == len(verdicts) else 1


def _copy(tree: Path) -> None:
    """What git knows of, as it is now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _try(tree: Path, guard: Guard, whole: Mapping[str, str | bool]) -> Verdict:
    """Take a guard out, run its check, put it back."""
    if not whole["green"]:
        return Verdict(guard.name, guard.check, red=False, said=f"is red with the guard: {whole['said']}")
    path = tree / guard.file
    content = path.read_text("utf-8")
    if content.count(guard.old) != 1:
        return Verdict(guard.name, guard.check, red=False, said="is not in the file that is named")
    path.write_text(content.replace(guard.old, guard.new), "utf-8")
    try:
        found = _is_green(tree, guard.check)
    finally:
        path.write_text(content, "utf-8")
    return Verdict(guard.name, guard.check, red=not found["green"], said=str(found["said"]))


def _is_green(tree: Path, check: str) -> dict[str, str | bool]:
    """Whether a check passes in this tree, and its last words."""
    if check.startswith("tests/"):
        arguments = ["-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", check]
    else:
        row, size, seed = check.split(":")
        arguments = ["-m", "benchmarks.torture", "--rows", row, "--size", size, "--seed", seed]
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    lines = [line.strip() for line in (done.stdout or done.stderr).splitlines() if line.strip()]
    shown = next((line for line in lines if line.startswith(("- ", "FAILED", "ERROR"))), lines[-1] if lines else "")
    return {"green": done.returncode == 0, "said": shown[:200]}


if __name__ == "__main__":
    sys.exit(main())

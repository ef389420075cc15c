"""Row 17 notices a changed backup that is restored as something that never was."""

from __future__ import annotations

import random
from pathlib import Path

from benchmarks.torture import backups
from benchmarks.torture.courses import ingest_arguments, write_spoken
from benchmarks.torture.zygote import HELD, Zygote


class _Harmless(random.Random):
    """A change that is none, so that the backup is restored: as one would be that nobody notices."""

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:  # noqa: ARG002
        return 0

    def random(self) -> float:
        return 1.0


def test_a_changed_backup_may_only_come_back_as_a_state_that_was(tmp_path: Path) -> None:
    file = tmp_path / "one.backup"
    with Zygote(tmp_path / "data") as zygote:
        zygote.lectures(*ingest_arguments(write_spoken(tmp_path / "one", "one", 0), "one"))
        state = zygote.call(HELD, str(zygote.data))["rows"]
        zygote.lectures("backup", str(file))
        assert backups.refused(zygote, file, tmp_path / "known", [state], _Harmless()) == []
        found = backups.refused(zygote, file, tmp_path / "unknown", [], _Harmless())
        assert found == ["changed at 0, and restored: what was restored is no state that ever was"]
        assert backups.refused(zygote, file, tmp_path / "cut", [], random.Random(2)) == []

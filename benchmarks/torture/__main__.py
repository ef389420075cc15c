"""Every way of breaking the installation that we know → one table, and JSON.

    python -m benchmarks.torture [--rows 1,5] [--short] [--seed 1] [--json FILE] [--go-on]

Ends with status 1 if a row did not hold. A row that this machine cannot run says so and counts as not held.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from benchmarks.torture.display import Display
from benchmarks.torture.result import Outcome
from benchmarks.torture.rows import ROWS
from benchmarks.torture.runner import Sized, run_all


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default="", help="numbers by comma; all if left out")
    parser.add_argument("--short", action="store_true", help="the sizes of the tests, of the rows that have one")
    parser.add_argument("--size", type=int, help="this size for every row that is run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the outcomes here, each as soon as it is there")
    parser.add_argument("--go-on", action="store_true", help="run only what is not held in the JSON, by size and seed")
    options = parser.parse_args()
    wanted = {int(number) for number in options.rows.split(",") if number} or {row.number for row in ROWS}
    unknown = wanted - {row.number for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(map(str, sorted(unknown)))}")
    if options.go_on and not options.json:
        parser.error("--go-on needs --json: it says what was run before")
    rows = [
        Sized(row, size)
        for row in ROWS
        if row.number in wanted and (size := options.size or (row.short if options.short else row.long))
    ]
    before = _held_before(options.json, rows, options.seed) if options.go_on else []
    return _run(rows, before, options.seed, options.json)


def _run(rows: Sequence[Sized], before: Sequence[Outcome], seed: int, file: Path | None) -> int:
    """Run what was not held before, and say so; the exit status."""
    outcomes = list(before)
    display = Display(len(rows))
    for outcome in before:
        display.show(outcome)
    known = {outcome.row for outcome in before}
    try:
        with closing(run_all([one for one in rows if one.row.number not in known], seed, display.look)) as ended:
            for outcome in ended:
                outcomes.append(outcome)
                display.show(outcome)
                _write(file, outcomes)
    except KeyboardInterrupt:
        kept = f"; what is over is in {file}, and --go-on (GO_ON=1) runs the rest" if file and outcomes else ""
        sys.stdout.write(f"\nStopped{kept}.\n")
        return 1
    display.close()
    return 0 if all(outcome.held for outcome in outcomes) else 1


def _held_before(file: Path, rows: Sequence[Sized], seed: int) -> list[Outcome]:
    """The outcomes in the file that would be made again: held, of the same size and seed."""
    if not file.exists():
        return []
    wanted = {(one.row.number, one.size, seed) for one in rows}
    found = [Outcome(**outcome) for outcome in json.loads(file.read_text("utf-8"))]
    return [one for one in found if one.held and (one.row, one.size, one.seed) in wanted]


def _write(file: Path | None, outcomes: Sequence[Outcome]) -> None:
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        found = [asdict(outcome) for outcome in sorted(outcomes, key=lambda outcome: outcome.row)]
        new = file.with_name(f"{file.name}.new")
        new.write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")
        new.replace(file)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs is ended first
    sys.exit(main())

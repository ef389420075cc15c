"""Every way of breaking the installation that we know → one table, and JSON.

    python -m benchmarks.torture [--rows 1,5] [--short] [--seed 1] [--json FILE]

Ends with status 1 if a row did not hold. A row that this machine cannot run says so and counts as not held.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.torture.result import Outcome, run_row
from benchmarks.torture.rows import ROWS

_SHOWN_FAULTS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", default="", help="numbers by comma; all if left out")
    parser.add_argument("--short", action="store_true", help="the sizes of the tests")
    parser.add_argument("--size", type=int, help="this size for every row that is run")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the outcomes here")
    options = parser.parse_args()
    wanted = {int(number) for number in options.rows.split(",") if number} or {row.number for row in ROWS}
    unknown = wanted - {row.number for row in ROWS}
    if unknown:
        parser.error(f"there is no row {', '.join(map(str, sorted(unknown)))}")
    outcomes = []
    for row in ROWS:
        if row.number in wanted:
            size = options.size or (row.short if options.short else row.long)
            with tempfile.TemporaryDirectory(prefix=f"torture-{row.number}-") as folder:
                outcomes.append(run_row(row, size, options.seed, Path(folder)))
            _show(outcomes[-1])
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1, ensure_ascii=False))
    held = sum(outcome.held for outcome in outcomes)
    sys.stdout.write(f"{held} of {len(outcomes)} rows held; {sum(o.seconds for o in outcomes):.0f} s in all\n")
    return 0 if held == len(outcomes) else 1


def _show(outcome: Outcome) -> None:
    """A line of the table, and the first faults under it."""
    state = "held" if outcome.held else "NOT RUN" if outcome.missing else "BROKEN"
    counts = f"{outcome.tried} tried, {outcome.wrong} wrong"
    figure = outcome.missing or outcome.figure
    sys.stdout.write(f"{outcome.row:>2}  {state:<7} {outcome.seconds:>6.1f} s  {outcome.what}: {counts}; {figure}\n")
    for fault in outcome.faults[:_SHOWN_FAULTS]:
        sys.stdout.write(f"      - {fault[:400]}\n")
    if len(outcome.faults) > _SHOWN_FAULTS:
        sys.stdout.write(f"      … and {len(outcome.faults) - _SHOWN_FAULTS} more\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

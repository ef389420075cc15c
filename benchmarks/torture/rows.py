"""The rows of the table, with their sizes in the tests and in the whole suite."""

from __future__ import annotations

from benchmarks.torture.result import Row

# The long sizes together take about half an hour on two quiet cores.
ROWS = (
    Row(1, "kills", "SIGKILL at random moments of ingest, change, removal, reindex, worker", 4, 1000),
    Row(2, "sites", "SIGKILL, EIO, ENOSPC at every change of a file of one ingest and publish", 0, 2000),
    Row(5, "damage", "changed bytes and truncations of every kind of file", 0, 2000),
)

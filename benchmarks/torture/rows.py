"""The rows of the table, with their sizes in the tests and in the whole suite."""

from __future__ import annotations

from benchmarks.torture.result import Beside, Row

# `seconds`: what a row takes of processors, which is how long it runs beside another one on two cores; rows 10, 13, 18
# and 19 go by the clock. Together they are to fit in forty minutes.
ROWS = (
    Row(1, "kills", "SIGKILL at random moments of ingest, change, removal, reindex, worker, service", 4, 1000, 950),
    Row(2, "sites", "SIGKILL, EIO, ENOSPC at every change of a file of one ingest and publish", 6, 2000, 350,
        in_memory=True),
    Row(3, "power", "power cut: what was not told to be durable is gone", 6, 500, 250, in_memory=True),
    Row(4, "disk_full", "a disk that is 4 KiB larger each time", 2, 150, 60, in_memory=True),
    Row(5, "damage", "changed bytes and truncations of every kind of file", 8, 2000, 420, in_memory=True),
    Row(6, "publishing", "publishing under 16 clients that search", 3, 100, 110),
    Row(7, "model", "a state machine against a model, and against a new installation", 60, 10_000, 350, in_memory=True),
    Row(8, "hostile", "mutated files of every kind, and bombs", 0, 5000, 230),
    Row(9, "roles", "every operation by every kind of caller, made-up requests", 0, 60, 100),
    Row(10, "overload", "four times the clients, slow ones and idle ones, an ingest beside", 0, 20, 50, Beside.NOTHING),
    Row(11, "neighbours", "model, YouTube, database and index down, slow, lying, half closed", 0, 5, 90),
    Row(12, "workers", "three workers, killed, stopped past their lease, with wrong clocks", 4, 200, 120),
    Row(13, "stopping", "SIGTERM under load and with half-sent bodies", 0, 40, 90),
    Row(14, "addresses", "addresses that lead inside, typed and by redirect", 60, 1000, 20),
    Row(15, "markup", "markup through every field into everything that comes back", 4, 500, 100),
    Row(16, "canaries", "secrets through every path and failure", 13, 500, 10),
    Row(17, "backups", "backups while writers write, restored elsewhere; broken ones", 0, 25, 50),
    Row(18, "soak", "mixed traffic, seconds", 0, 1800, 1810, Beside.EVERYTHING),
    Row(19, "replicas", "three services behind nginx: killed, storage and database away, seconds of load", 16, 240, 285,
        Beside.NOTHING),
    Row(20, "versions", "two versions side by side over a migration, publishes", 0, 3, 110),
)  # fmt: skip

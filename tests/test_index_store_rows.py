"""Rows that two processes write at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from postgres import waits_for_a_lock
from support import until

from index.library import Library
from index.store.embeddings import add_embeddings, read_embeddings
from index.store.known import Fetched, find_fetched, keep_fetched


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_two_workers_make_at_the_same_time_is_kept_once(library: Library) -> None:
    """Two courses share a slide, or two orders name one course: both embed it, and both fetch its captions."""
    item = ("key", b"\0", b"\0\0\x80\x3f")
    captions = Fetched("f" * 64, ".json3", {"language": "en"})

    def keep(*items: tuple[str, bytes, bytes]) -> None:
        with library.database.writing() as connection:
            add_embeddings(connection, "one", items)
            keep_fetched(connection, "video", captions)

    with ThreadPoolExecutor(1) as pool:
        with library.database.writing() as connection:
            add_embeddings(connection, "one", [item])
            keep_fetched(connection, "video", captions)
            other = pool.submit(keep, ("other", *item[1:]), item)
            until(lambda: waits_for_a_lock(library.database))
        other.result(30)
    with library.database.reading() as connection:
        assert {found[0] for found in read_embeddings(connection, "one", ["key", "other"])} == {"key", "other"}
        assert find_fetched(connection, "video") == captions


def test_what_is_there_already_stays(library: Library) -> None:
    for vectors in (b"\0\0\x80\x3f", b"\0\0\0\x40"):
        with library.database.writing() as connection:
            add_embeddings(connection, "one", [("key", b"\0", vectors)])
    with library.database.reading() as connection:
        assert [found[2] for found in read_embeddings(connection, "one", ["key"])] == [b"\0\0\x80\x3f"]

"""Where courses come from: archives, git servers, addresses, and what must not be asked."""

from __future__ import annotations

import os
import resource
import socket
import stat
import threading
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from support import CountingEmbedder, open_index, write_pdf
from web_stub import Site, commit, git_server, web_site

from index.errors import CourseError, StorageError
from index.library import Library
from index.types import Query
from ingest.carrying import Means, carry_out, look
from ingest.gathering import Progress
from ingest.order import Order
from ingest.sources import SourceLimits, open_source, published_at
from ingest.web import FetchError, WebLimits, check_address, fetch

INSIDE = SourceLimits(private=True, seconds=30)


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as running:
        yield running


def write_course(folder: Path) -> None:
    write_pdf(folder / "sub" / "курс" / "one.pdf", ["Dropout\nrandomly zero activations"])
    (folder / "sub" / "README.md").write_text("# Course\n1. [One](курс/one.pdf)\n", "utf-8")
    (folder / "README.md").write_text("# Outer\n1. [One](sub/курс/one.pdf)\n", "utf-8")


# --- archives --------------------------------------------------------------------------------------------


def test_a_zip_is_unpacked_once_and_its_single_folder_is_the_course(tmp_path: Path) -> None:
    write_course(tmp_path / "course")
    archive = tmp_path / "my course.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        for path in (tmp_path / "course").rglob("*.*"):
            opened.write(path, path.relative_to(tmp_path))
    found = open_source(str(archive), tmp_path / "cache", INSIDE)
    assert (found.folder.name, found.name) == ("course", "my course")
    assert (found.folder / "sub" / "курс" / "one.pdf").is_file()
    before = (found.folder / "README.md").stat().st_ino
    assert (open_source(str(archive), tmp_path / "cache", INSIDE).folder / "README.md").stat().st_ino == before


def test_russian_names_packed_on_windows_are_read(tmp_path: Path) -> None:
    """Windows writes names in code page 866 and does not say so; the library that packs here always says UTF-8."""
    name = "лекция.txt".encode("cp866")
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("?" * len(name), "x")
        opened.writestr("other.txt", "y")
    archive.write_bytes(archive.read_bytes().replace(b"?" * len(name), name))
    folder = open_source(str(archive), tmp_path / "cache", INSIDE).folder
    assert sorted(path.name for path in folder.iterdir()) == ["other.txt", "лекция.txt"]


@pytest.mark.parametrize("name", ["../out.txt", "/etc/out.txt", "a/../../out.txt", "C:\\out.txt", "..\\out.txt"])
def test_a_zip_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "bad.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(name, "x")
    with pytest.raises(CourseError, match="leads out"):
        open_source(str(archive), tmp_path / "cache", INSIDE)
    assert not list((tmp_path / "cache").iterdir())


def test_links_in_a_zip_are_left_out_and_bombs_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
        opened.writestr("real.txt", "x")
        opened.writestr("zeros", bytes(3 << 20))
    folder = open_source(str(archive), tmp_path / "cache", INSIDE).folder
    assert sorted(path.name for path in folder.iterdir()) == ["real.txt", "zeros"]
    with pytest.raises(CourseError, match="more than 2 MB"):
        open_source(str(archive), tmp_path / "other", SourceLimits(bytes=2 << 20))


def test_two_orders_unpack_the_same_zip_side_by_side(tmp_path: Path) -> None:
    archive, cache = tmp_path / "a.zip", tmp_path / "cache"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("course/README.md", "# Course")
    others: list[Path] = []

    def the_other_is_first(step: str, *_: object) -> None:
        if step == "unpacking" and not others:
            others.append(open_source(str(archive), cache, INSIDE).folder)

    assert open_source(str(archive), cache, INSIDE, the_other_is_first).folder == others[0]
    assert sorted(path.name for path in cache.iterdir()) == [others[0].parent.name]


def test_a_disk_that_is_full_is_no_fault_of_the_zip(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("README.md", "# Course\n" * 2_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, before[1]))
    try:
        with pytest.raises(StorageError, match=r"The disk refused .*free some space"):
            open_source(str(archive), tmp_path / "cache", INSIDE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list((tmp_path / "cache").iterdir()) == []


def test_names_that_no_disk_takes_are_the_fault_of_the_zip(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("a" * 300, "")
    with pytest.raises(CourseError, match="cannot be unpacked"):
        open_source(str(archive), tmp_path / "cache", INSIDE)


def test_a_zip_with_a_changed_stream_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("one.txt", "dropout " * 500)
    content = bytearray(archive.read_bytes())
    content[30 + len("one.txt")] = 0b111  # the last block, of a kind that there is not
    archive.write_bytes(content)
    with pytest.raises(CourseError, match="cannot be unpacked"):
        open_source(str(archive), tmp_path / "cache", INSIDE)


def test_a_file_that_is_no_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK not really")
    with pytest.raises(CourseError, match="cannot be unpacked"):
        open_source(str(tmp_path / "a.zip"), tmp_path / "cache", INSIDE)


# --- git -------------------------------------------------------------------------------------------------


def test_a_git_address_is_copied_and_brought_up_to_date(tmp_path: Path) -> None:
    repository = tmp_path / "root" / "owner" / "course"
    commit(repository, write_course)
    steps: list[str] = []
    with git_server(tmp_path / "root") as home:
        address = f"{home}/owner/course/.git"
        found = open_source(address, tmp_path / "cache", INSIDE, lambda step, *_: steps.append(step))
        assert (found.folder / "README.md").is_file()
        assert steps
        commit(repository, lambda folder: (folder / "README.md").unlink())
        again = open_source(address, tmp_path / "cache", INSIDE)
        assert (again.folder, (again.folder / "README.md").exists()) == (found.folder, False)


def test_a_folder_of_a_branch_with_a_slash_in_its_name(tmp_path: Path) -> None:
    commit(tmp_path / "root" / "owner" / "course", write_course, branch="feature/new")
    with git_server(tmp_path / "root") as home:
        # as GitHub writes it; the server's repositories end in .git, so the address is bent
        (tmp_path / "root" / "owner" / "bare").symlink_to(tmp_path / "root" / "owner" / "course" / ".git")
        found = open_source(f"{home}/owner/bare/tree/feature/new/sub", tmp_path / "cache", INSIDE)
        assert (found.folder.name, found.name, (found.folder / "курс" / "one.pdf").is_file()) == ("sub", "sub", True)
        assert found.url is None  # nobody knows how this server shows its files
        with pytest.raises(CourseError, match="no branch 'old'"):
            open_source(f"{home}/owner/bare/tree/old/sub", tmp_path / "cache", INSIDE)
        with pytest.raises(CourseError, match="no folder 'nowhere'"):
            open_source(f"{home}/owner/bare/tree/feature/new/nowhere", tmp_path / "cache", INSIDE)


def test_a_copy_that_was_cut_off_is_taken_up(tmp_path: Path) -> None:
    commit(tmp_path / "root" / "owner" / "course", write_course)
    with git_server(tmp_path / "root") as home:
        address = f"{home}/owner/course/.git"
        found = open_source(address, tmp_path / "cache", INSIDE)
        (found.folder / ".git" / "index.lock").write_text("")
        (found.folder / ".git" / "shallow.lock").write_text("")
        (found.folder / "README.md").write_text("half")
        again = open_source(address, tmp_path / "cache", INSIDE)
        assert (again.folder / "README.md").read_text("utf-8").startswith("# Outer")


def test_a_copy_of_a_repository_is_one_orders_at_a_time(tmp_path: Path) -> None:
    commit(tmp_path / "root" / "course", write_course)
    steps: list[str] = []
    late = SourceLimits(private=True, seconds=2)
    with git_server(tmp_path / "root") as home:
        address = f"{home}/course/.git"
        with ExitStack() as held:
            open_source(address, tmp_path / "cache", INSIDE, held=held)
            with pytest.raises(FetchError, match=r"Another order has read .*/course/\.git for 2 s") as refused:
                open_source(address, tmp_path / "cache", late, lambda step, *_: steps.append(step))
            assert refused.value.passing
            assert steps[0] == "waiting"
        assert open_source(address, tmp_path / "cache", INSIDE).folder.is_dir()


def test_an_order_that_waits_to_write_keeps_its_branch_while_another_is_brought(
    sqlite_library: Library, tmp_path: Path
) -> None:
    def write_other(folder: Path) -> None:
        write_pdf(folder / "sub" / "курс" / "one.pdf", ["Other\nanother branch"])

    repository = tmp_path / "root" / "owner" / "course"
    commit(repository, write_course)
    commit(repository, write_other, "other")
    (tmp_path / "root" / "owner" / "bare").symlink_to(repository / ".git")
    means = Means(limits=INSIDE)
    writer = Library(sqlite_library.database.url.render_as_string(), sqlite_library.data_dir)
    writes, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with writer.writer():
            writes.set()
            may_end.wait(60)

    thread = threading.Thread(target=write)
    thread.start()
    writes.wait(60)
    with git_server(tmp_path / "root") as home:

        def told(at: Progress) -> None:
            if at.step == "waiting":
                look(Order(f"{home}/owner/bare/tree/other"), sqlite_library.data_dir, means)
                may_end.set()

        try:
            carry_out(Order(f"{home}/owner/bare/tree/main"), sqlite_library, None, means, told)
        finally:
            may_end.set()
            thread.join(60)
    found = open_index(sqlite_library, None)
    assert (found.find(Query("dropout")).total, found.find(Query("another branch")).total) == (1, 0)
    writer.close()


def test_links_and_hooks_of_a_repository_do_nothing(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        write_course(folder)
        (folder / "secret.pdf").symlink_to("/etc/passwd")

    commit(tmp_path / "root" / "course", write)
    with git_server(tmp_path / "root") as home:
        folder = open_source(f"{home}/course/.git", tmp_path / "cache", INSIDE).folder
    assert not (folder / "secret.pdf").is_symlink()
    assert (folder / "secret.pdf").read_text() == "/etc/passwd"


def test_a_repository_that_is_too_large_or_not_there_is_refused(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "noise").write_bytes(os.urandom(6 << 20))

    commit(tmp_path / "root" / "course", write)
    with git_server(tmp_path / "root") as home:
        with pytest.raises(CourseError, match="larger than 1 MB"):
            open_source(f"{home}/course/.git", tmp_path / "cache", SourceLimits(bytes=1 << 20, private=True))
        with pytest.raises(FetchError, match="gone"):
            open_source(f"{home}/nothing", tmp_path / "cache", INSIDE)


# --- addresses -------------------------------------------------------------------------------------------

FORBIDDEN = [
    "http://example.org/a.pdf",
    "file:///etc/passwd",
    "ftp://example.org/a.pdf",
    "git://example.org/a.git",
    "ssh://git@example.org/a.git",
    "ext::sh -c whoami://x",
    "https://127.0.0.1/a.pdf",
    "https://localhost/a.pdf",
    "https://2130706433/a.pdf",
    "https://0x7f000001/a.pdf",
    "https://0177.0.0.1/a.pdf",
    "https://127.1/a.pdf",
    "https://[::1]/a.pdf",
    "https://[::ffff:127.0.0.1]/a.pdf",
    "https://[::ffff:10.0.0.1]/a.pdf",
    "https://[64:ff9b::7f00:1]/a.pdf",
    "https://[2002:7f00:1::]/a.pdf",
    "https://[fe80::1]/a.pdf",
    "https://[fd00::1]/a.pdf",
    "https://10.0.0.1/a.pdf",
    "https://172.16.0.1/a.pdf",
    "https://192.168.1.1/a.pdf",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/a.pdf",
    "https://0.0.0.0/a.pdf",
    "https://224.0.0.1/a.pdf",
    "https://255.255.255.255/a.pdf",
    "https://user:secret@example.org/a.pdf",
    "https://example.org@127.0.0.1/a.pdf",
    "https:///a.pdf",
    "https://[::1/a.pdf",
    "https://example.org:99999999/a.pdf",
]


@pytest.mark.parametrize("url", FORBIDDEN)
def test_addresses_inside_the_network_and_other_schemes_are_not_asked(url: str) -> None:
    with pytest.raises(FetchError) as caught:
        check_address(url, WebLimits())
    assert "secret" not in str(caught.value)


def test_a_redirect_into_the_network_is_not_followed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is public at first; the redirect leads to what is not."""
    site.pages["/a.pdf"] = (302, {"Location": "http://10.0.0.1/secret"}, b"")
    site.pages["/b.pdf"] = (302, {"Location": "file:///etc/passwd"}, b"")
    monkeypatch.setattr("ingest.web._is_public", lambda address: address == "127.0.0.1")
    limits = WebLimits(private=False)
    monkeypatch.setattr("ingest.web._SCHEMES", ("https", "http"))
    with pytest.raises(FetchError, match="inside this network"):
        fetch(f"{site.home}/a.pdf", tmp_path, limits)
    with pytest.raises(FetchError):
        fetch(f"{site.home}/b.pdf", tmp_path, limits)
    assert not list(tmp_path.iterdir())


def test_a_name_that_changes_its_address_between_check_and_use_gains_nothing(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/a.pdf"] = (200, {}, b"%PDF-")
    port = int(site.home.rsplit(":", 1)[1])
    answers = iter(["127.0.0.1", "10.0.0.1"])
    asked: list[str] = []

    def resolve(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr("ingest.web.socket.getaddrinfo", _only_names(resolve))
    path = fetch(f"http://course.example:{port}/a.pdf", tmp_path, WebLimits(private=True))
    assert (path.read_bytes(), asked) == (b"%PDF-", ["course.example"])


def _only_names(resolve: object) -> object:
    real = socket.getaddrinfo

    def chosen(host: str, *rest: object, **named: object) -> object:
        if host == "course.example":
            return resolve(host, *rest, **named)  # type: ignore[operator]
        return real(host, *rest, **named)  # type: ignore[arg-type]

    return chosen


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((404, {}, b""), "gone"),
        ((403, {}, b""), "refused"),
        ((503, {}, b""), "busy"),
        ((200, {"Content-Length": "99999999"}, b""), "too_large"),
        ((302, {"Location": "/a.pdf"}, b""), "bad_address"),
    ],
)
def test_what_a_server_refuses_has_a_code(
    site: Site, tmp_path: Path, answer: tuple[int, dict[str, str], bytes], code: str
) -> None:
    site.pages["/a.pdf"] = answer
    with pytest.raises(FetchError) as caught:
        fetch(f"{site.home}/a.pdf", tmp_path, WebLimits(file_bytes=1 << 20, private=True))
    assert caught.value.code == code
    assert not list(tmp_path.iterdir())


def test_linked_pdfs_are_fetched_once_and_renewed_when_asked(
    site: Site, sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", ["Dropout\nrandomly zero"]).read_bytes()
    site.pages["/a.pdf"] = (200, {}, pdf)
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "README.md").write_text(
        f"1. [One]({site.home}/a.pdf)\n2. [Two]({site.home}/gone.pdf)\n3. [Three](https://10.0.0.1/x.pdf)\n", "utf-8"
    )
    means = Means(limits=INSIDE)
    order = Order(str(folder))
    report = carry_out(order, sqlite_library, embedder, means)
    assert (report.pages, report.gaps[0]["code"]) == (1, "gone")
    carry_out(order, sqlite_library, embedder, means)
    assert site.asked.count("/a.pdf") == 1
    site.pages["/a.pdf"] = (200, {}, write_pdf(tmp_path / "b.pdf", ["Loss\nnew", "Gradient\nnew"]).read_bytes())
    assert carry_out(Order(str(folder), refresh=True), sqlite_library, embedder, means).pages == 2
    del site.pages["/a.pdf"]  # what was fetched is kept when the site is gone
    assert carry_out(Order(str(folder), refresh=True), sqlite_library, embedder, means).pages == 2


def test_offline_nothing_is_asked(site: Site, sqlite_library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "README.md").write_text(f"1. [One]({site.home}/a.pdf), [v](https://youtu.be/AAAAAAAAAAA)\n", "utf-8")
    report = carry_out(Order(str(folder)), sqlite_library, None, Means(offline=True, limits=INSIDE))
    assert {gap["code"] for gap in report.gaps} == {"not_fetched", "no_transcript"}
    assert site.asked == []


def test_what_a_killed_fetch_left_is_swept(tmp_path: Path) -> None:
    for name in (".unpacking-old", ".hearing-old"):
        (tmp_path / "cache" / name).mkdir(parents=True)
    (tmp_path / "cache" / ".new-young").write_text("half")
    (tmp_path / "cache" / ".new-old").write_text("half")
    for name in (".unpacking-old", ".hearing-old", ".new-old"):
        os.utime(tmp_path / "cache" / name, (0, 0))
    open_source(str(tmp_path), tmp_path / "cache", INSIDE)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".new-young"]


def test_files_are_linked_where_their_server_shows_them() -> None:
    assert published_at("https://github.com/o/r", "HEAD", "") == "https://github.com/o/r"
    assert published_at("https://github.com/o/r", "main", "a/b") == "https://github.com/o/r/tree/main/a/b"
    assert published_at("https://git.example.org/o/r", "main", "a/b") is None


def test_a_zip_from_elsewhere_makes_no_links_into_the_archive(site: Site, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as opened:
        opened.writestr("README.md", "1. [One](one.pdf)\n")
    site.pages["/course.zip"] = (200, {}, (tmp_path / "a.zip").read_bytes())
    found = open_source(f"{site.home}/course.zip", tmp_path / "cache", INSIDE)
    assert (found.name, found.url, (found.folder / "README.md").is_file()) == ("course", None, True)

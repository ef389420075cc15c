"""Pictures of pages: drawn once, files in turn; what is heavy is drawn apart, what fails is remembered and stood in for."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from starlette.testclient import TestClient
from support import ingest, run_async, until, write_course

from index.errors import NotFound, SourceFileError
from index.library import Library
from ingest.pdf import PdfReader
from service.app import create_app
from service.drawing import Wanted
from service.pictures import Pictures
from service.refusals import BeingDrawn, Overloaded
from service.settings import Settings
from service.stand_in import stand_in

_A, _B = "aa" * 32, "bb" * 32


class _Painter:
    """In place of pdfium: pages that take their time, take too long, or cannot be drawn; `drawn` are those tried."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, int]] = []
        self.held: dict[tuple[str, int], threading.Event] = {}
        self.slow: set[tuple[str, int]] = set()
        self.hopeless: set[tuple[str, int]] = set()
        self.broken: set[tuple[str, int]] = set()

    def render_page(self, reader: PdfReader, path: Path, page_number: int, width: int) -> bytes:
        del width
        page = (path.name[:2], page_number)
        self.drawn.append(page)
        quick = reader._sandbox._limits.seconds < 10
        if page in self.held:
            assert self.held[page].wait(20)
        if page in self.broken:
            raise SourceFileError(f"Page {page_number} cannot be drawn.", code="unreadable_page")
        if page in self.hopeless or (quick and page in self.slow):
            raise SourceFileError("It took longer than that.", code="parser_timeout")
        return b"a picture"


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> _Painter:
    found = _Painter()

    def drawn(*arguments: Any) -> bytes:  # a function, so that it is given the reader it belongs to
        return found.render_page(*arguments)

    monkeypatch.setattr(PdfReader, "render_page", drawn)
    return found


@pytest.fixture
def library(sqlite_library: Library) -> Library:
    for name in (_A, _B):
        path = sqlite_library.files.path(name, ".pdf")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-")
    return sqlite_library


@pytest.fixture
def pictures(library: Library, painter: _Painter) -> Iterator[Pictures]:
    made = Pictures(library)
    yield made
    for held in painter.held.values():
        held.set()
    made.close()


def _ask(pictures: Pictures, *pages: tuple[str, int]) -> list[Any]:
    """What those who ask for these pages at once are given: contents or errors."""

    async def all_at_once() -> list[Any]:
        asked = [pictures.picture(sha256, page, 240) for sha256, page in pages]
        return await asyncio.gather(*asked, return_exceptions=True)

    return [found.read_bytes() if isinstance(found, Path) else type(found) for found in run_async(all_at_once())]


def test_those_who_ask_for_the_same_page_wait_for_one_drawing(pictures: Pictures, painter: _Painter) -> None:
    assert _ask(pictures, (_A, 1), (_A, 1), (_B, 1), (_A, 1)) == [b"a picture"] * 4
    assert _ask(pictures, (_A, 1)) == [b"a picture"]
    assert painter.drawn == [("aa", 1), ("bb", 1)]


def test_files_take_turns(pictures: Pictures, painter: _Painter) -> None:
    first = painter.held[("aa", 1)] = threading.Event()

    async def all_at_once() -> None:
        asked = [asyncio.create_task(pictures.picture(sha, page, 240)) for sha, page in ((_A, 1), (_A, 2), (_A, 3))]
        await asyncio.to_thread(until, lambda: painter.drawn == [("aa", 1)])
        asked.append(asyncio.create_task(pictures.picture(_B, 1, 240)))
        await asyncio.to_thread(until, lambda: Wanted(_B, 1, 240) in pictures._asked)
        first.set()
        await asyncio.gather(*asked)

    run_async(all_at_once())
    # the other file is next, once the one that was in its turn has given it up
    assert painter.drawn.index(("bb", 1)) < painter.drawn.index(("aa", 3))


def test_nobody_waits_for_a_heavy_page_and_it_is_there_later(pictures: Pictures, painter: _Painter) -> None:
    painter.slow.add(("aa", 1))
    assert _ask(pictures, (_A, 1), (_B, 1)) == [BeingDrawn, b"a picture"]
    until(lambda: pictures._library.picture(_A, 1, 240).is_file())
    assert _ask(pictures, (_A, 1)) == [b"a picture"]
    assert painter.drawn.count(("aa", 1)) == 2


def test_while_a_heavy_page_is_drawn_it_is_drawn_once_and_its_file_stands_apart(
    pictures: Pictures, painter: _Painter
) -> None:
    painter.slow.add(("aa", 1))
    assert _ask(pictures, (_A, 1)) == [BeingDrawn]
    held = painter.held[("aa", 2)] = threading.Event()
    for _ in range(3):
        assert _ask(pictures, (_A, 2)) == [BeingDrawn]
    until(lambda: ("aa", 2) in painter.drawn)
    assert _ask(pictures, (_B, 1), (_B, 2)) == [b"a picture"] * 2
    held.set()
    until(lambda: pictures._library.picture(_A, 2, 240).is_file())
    assert painter.drawn.count(("aa", 2)) == 1


def test_what_cannot_be_drawn_is_tried_once_also_after_a_restart_and_again_a_day_later(
    pictures: Pictures, painter: _Painter, library: Library
) -> None:
    painter.broken.add(("aa", 1))
    for _ in range(3):
        assert _ask(pictures, (_A, 1)) == [SourceFileError]
    again = Pictures(library)
    assert _ask(again, (_A, 1), (_A, 2)) == [SourceFileError, b"a picture"]
    assert painter.drawn == [("aa", 1), ("aa", 2)]
    again.close()
    (note,) = (library.data_dir / "pictures").glob("aa/*.json")
    os.utime(note, (time.time() - 25 * 3600,) * 2)
    painter.broken.clear()
    later = Pictures(library)
    assert _ask(later, (_A, 1)) == [b"a picture"]
    later.close()


def test_a_file_with_several_hopeless_pages_is_tried_no_more(pictures: Pictures, painter: _Painter) -> None:
    painter.hopeless |= {("aa", page) for page in range(1, 9)}
    for page in range(1, 9):
        _ask(pictures, (_A, page))
        until(lambda: not pictures._apart)
    assert {page for _, page in painter.drawn} == {1, 2, 3}
    assert _ask(pictures, (_A, 8), (_B, 1)) == [SourceFileError, b"a picture"]


def test_one_heavy_page_in_several_widths_says_nothing_of_its_file(pictures: Pictures, painter: _Painter) -> None:
    painter.hopeless.add(("aa", 7))
    held = painter.held[("bb", 1)] = threading.Event()  # all widths are ordered before the first of them is tried
    painter.slow.add(("bb", 1))
    pictures._slow.add(Wanted(_B, 1, 240))
    pictures._heavy[_A] = time.monotonic()

    async def all_widths() -> None:
        asked = [pictures.picture(_A, 7, width) for width in (240, 480, 960)]
        await asyncio.gather(*asked, return_exceptions=True)

    run_async(all_widths())
    held.set()
    until(lambda: not pictures._apart)
    assert painter.drawn.count(("aa", 7)) == 1
    assert pictures._reason(_A, 0) is None


def test_more_than_can_be_drawn_soon_is_refused(
    pictures: Pictures, painter: _Painter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures._quick, "_most", 2)
    monkeypatch.setattr(pictures._slow, "_most", 0)
    held = painter.held[("aa", 1)] = threading.Event()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("service.pictures._WAIT_SECONDS", 0.01)
        assert _ask(pictures, (_A, 1)) == [Overloaded]  # it goes on being drawn
        until(lambda: painter.drawn == [("aa", 1)])
        assert _ask(pictures, (_A, 2), (_A, 3), (_B, 1)) == [Overloaded] * 3
    held.set()
    until(lambda: painter.drawn == [("aa", 1), ("aa", 2), ("aa", 3)])
    painter.slow.add(("bb", 1))
    assert _ask(pictures, (_B, 1)) == [BeingDrawn]
    assert _ask(pictures, (_B, 2)) == [Overloaded]


def test_a_file_that_is_gone_is_said_and_not_remembered(pictures: Pictures, library: Library) -> None:
    path = library.files.path(_A, ".pdf")
    path.unlink()
    assert _ask(pictures, (_A, 1)) == [NotFound]
    path.write_bytes(b"%PDF-")
    assert _ask(pictures, (_A, 1)) == [b"a picture"]


def test_a_disk_that_is_slow_holds_up_nobody_but_who_asks_for_pictures(
    pictures: Pictures, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    went_on = threading.Event()
    picture = library.picture

    def slow(*arguments: Any) -> Path:
        assert went_on.wait(20), "everybody waits"
        return picture(*arguments)

    async def ask() -> Path:
        asked = asyncio.create_task(pictures.picture(_A, 1, 240))
        await asyncio.sleep(0.01)
        went_on.set()
        return await asked

    monkeypatch.setattr(library, "picture", slow)
    assert run_async(ask()).read_bytes() == b"a picture"


# --- over HTTP -----------------------------------------------------------------------------------------------


def _heavy_pdf(path: Path) -> Path:
    """One page that takes pdfium about a minute to draw: a drawing of lines, drawn a hundred times by one that is drawn
    a hundred times."""
    lines = b"0.1 w " + b"".join(b"0 %d m 720 %d l " % (at, 540 - at) for at in range(540)) + b"S"
    form = b"<< /Type /XObject /Subtype /Form /BBox [0 0 720 540] /Resources << /XObject << /X %s >> >> /Length %d >>"
    streams = [
        (b"<< /Length %d >>", b"BT /F 24 Tf 50 480 Td (Heavy page) Tj ET " + b"/X Do " * 100),
        (form.replace(b"%s", b"7 0 R"), b"/X Do " * 100),
        (form.replace(b"%s", b"null"), lines),
    ]
    page, outer, inner = (head % len(body) + b"\nstream\n" + body + b"\nendstream" for head, body in streams)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 720 540] /Contents 4 0 R "
        b"/Resources << /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>",
        page,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        outer,
        inner,
    ]
    data = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(objects, 1))
    path.write_bytes(data + b"trailer << /Size 8 /Root 1 0 R >>\n%%EOF")
    return path


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A course with a deck that is drawn at once and one that never is."""
    monkeypatch.setattr("service.pictures._QUICK_SECONDS", 1.5)
    monkeypatch.setattr("service.pictures._SLOW_SECONDS", 2.0)
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    folder = write_course(tmp_path / "course", "Course", ["Dropout\n<script>zero & co</script>"])
    _heavy_pdf(folder / "heavy.pdf")
    (folder / "course.yaml").write_text(
        "title: C\nlanguage: en\nlectures: [{title: One, decks: [deck.pdf, heavy.pdf]}]\n", "utf-8"
    )
    ingest(folder, library, None)
    library.close()
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened


_PICTURES = {"Accept": "image/avif,image/webp,*/*;q=0.8"}


def test_a_page_that_is_heavy_to_draw_is_stood_in_for_and_the_others_are_drawn(client: TestClient) -> None:
    decks = {deck["path"]: deck["id"] for deck in client.get("/api/courses/course").json()["lectures"][0]["decks"]}
    heavy, light = (f"/api/decks/{decks[name]}/pages/1.webp" for name in ("heavy.pdf", "deck.pdf"))
    first = client.get(heavy, headers=_PICTURES)
    assert (first.status_code, first.headers["content-type"]) == (503, "image/svg+xml")
    assert (first.headers["cache-control"], first.headers["retry-after"]) == ("private, max-age=30", "1")
    assert "ask again in a while" in first.text
    until(lambda: client.get(light, headers=_PICTURES).status_code == 200)
    assert client.get(light).headers["content-type"] == "image/webp"
    until(lambda: client.get(heavy, headers=_PICTURES).status_code == 422)
    last = client.get(heavy, headers=_PICTURES)
    assert (last.headers["content-type"], "took longer" in last.text) == ("image/svg+xml", True)
    assert client.get(heavy, headers={"Accept": "application/json"}).json()["code"] == "unreadable_page"


def test_a_stand_in_shows_the_text_and_runs_nothing() -> None:
    drawn = stand_in(
        "Dropout\n<script>alert(1)</script> & \x00\x1b\ud800\ufffe" + " word" * 400, "It & cannot <b>.", 480
    )
    root = etree.fromstring(drawn)
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "rect", "text"}
    lines = [element.text or "" for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert (lines[0], lines[1].startswith("<script>alert(1)</script> &")) == ("Dropout", True)
    assert (lines[-2], lines[-1], len(lines)) == ("…", "It & cannot <b>.", 17)
    assert (root.get("width"), root.get("height")) == ("480", "360")
    assert etree.fromstring(stand_in("", "Nothing.", 240)) is not None

"""Pictures of PowerPoint's slides: made once by LibreOffice where it is there, else a named gap; never wrong ones."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support import ingest, write_pdf
from test_ingest_documents import write_pptx

from index.errors import SourceFileError
from index.library import Library
from index.publish import forget_course
from index.store.catalogue import course_details, deck_details
from index.store.known import stored_hashes
from index.types import DeckEntry
from ingest.office import draw_slides
from ingest.pdf import PdfReader
from service.app import create_app
from service.settings import Settings

_STAND_IN = """#!{python}
import os, shutil, sys, time
folder = sys.argv[sys.argv.index("--outdir") + 1]
profile = next(a for a in sys.argv if a.startswith("-env:UserInstallation=file://")).partition("file://")[2]
settings = open(os.path.join(profile, "user", "registrymodifications.xcu")).read()
assert 'name="BlockUntrustedRefererLinks"' in settings and 'name="DisableMacrosExecution"' in settings
assert "ExportHiddenSlides" in sys.argv[sys.argv.index("--convert-to") + 1]
assert os.environ["HOME"] == os.path.dirname(folder) and os.path.basename(sys.argv[-1]) == "deck.pptx"
open({log!r}, "a").write("asked\\n")
os.mkdir(folder)
target = os.path.join(folder, "deck.pdf")
{does}
"""
_DOES = {
    "draws": "shutil.copyfile({pdf!r}, target)",
    "draws a page too many": "shutil.copyfile({longer!r}, target)",
    "hangs": "import subprocess; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "open({child!r}, 'w').write(str(child.pid)); time.sleep(600)",
    "fails": "sys.exit(77)",
    "writes rubbish": "open(target, 'w').write('rubbish')",
    "writes a link": "os.symlink({pdf!r}, target)",
}


class Office:
    """A stand-in for LibreOffice on PATH, and how often it was asked."""

    def __init__(self, folder: Path) -> None:
        self.bin, self._log = folder / "bin", folder / "asked"
        self.child = folder / "child"
        self._used = {
            "child": str(self.child),
            "pdf": str(write_pdf(folder / "two.pdf", ["Gradient descent\nslope", "rate"])),
            "longer": str(write_pdf(folder / "three.pdf", ["One", "Two", "Three"])),
        }
        self.bin.mkdir()

    def install(self, does: str) -> None:
        program = self.bin / "soffice"
        content = _STAND_IN.format(python=sys.executable, log=str(self._log), does=_DOES[does].format(**self._used))
        program.write_text(content, "utf-8")
        program.chmod(0o755)

    @property
    def asked(self) -> int:
        return len(self._log.read_text().splitlines()) if self._log.exists() else 0


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Nothing is installed until a test does so."""
    folder = tmp_path / "office"
    folder.mkdir()
    found = Office(folder)
    monkeypatch.setenv("PATH", str(found.bin))
    return found


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = tmp_path / "course"
    write_pptx(folder / "slides.pptx")
    (folder / "README.md").write_text("# C\n- Lecture 1: [slides](slides.pptx)\n", "utf-8")
    return folder


def _deck(library: Library) -> DeckEntry:
    with library.database.reading() as connection:
        (lecture,) = course_details(connection, "course", None).lectures
        return deck_details(connection, lecture.decks[0].id, None)


def test_slides_are_drawn_once_and_go_with_their_deck(
    stand_in: Office, course: Path, tmp_path: Path, sqlite_library: Library
) -> None:
    stand_in.install("draws")
    for changed in (True, False):
        report = ingest(course, sqlite_library, None)
        assert (report.changed, [gap["code"] for gap in report.gaps]) == (changed, [])
    other = write_pptx(tmp_path / "other" / "renamed.pptx").parent
    (other / "renamed.pptx").write_bytes((course / "slides.pptx").read_bytes())
    ingest(other, sqlite_library, None)
    assert stand_in.asked == 1
    deck = _deck(sqlite_library)
    assert deck.is_pictured
    assert deck.pictures_sha256 != deck.sha256
    drawn = str(deck.pictures_sha256)
    assert sqlite_library.files.is_intact(drawn, ".pdf")
    for slug in ("course", "other"):
        forget_course(sqlite_library, None, slug)
    assert not sqlite_library.files.path(drawn, ".pdf").exists()


def test_pictures_that_were_lost_are_made_again(stand_in: Office, course: Path, sqlite_library: Library) -> None:
    stand_in.install("draws")
    ingest(course, sqlite_library, None)
    sqlite_library.files.path(str(_deck(sqlite_library).pictures_sha256), ".pdf").unlink()
    ingest(course, sqlite_library, None)
    assert stand_in.asked == 2
    assert sqlite_library.files.is_intact(str(_deck(sqlite_library).pictures_sha256), ".pdf")


def test_without_it_the_gap_says_what_to_install_and_installed_later_it_is_asked(
    stand_in: Office, course: Path, sqlite_library: Library
) -> None:
    (gap,) = [gap for gap in ingest(course, sqlite_library, None).gaps if gap["code"] == "no_pictures"]
    assert "Install LibreOffice" in gap["detail"]
    assert not _deck(sqlite_library).is_pictured
    stand_in.install("draws")
    report = ingest(course, sqlite_library, None)
    assert report.changed
    assert {gap["code"] for gap in report.gaps} == set()
    assert _deck(sqlite_library).is_pictured
    (stand_in.bin / "soffice").unlink()
    assert not ingest(course, sqlite_library, None).changed


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("draws a page too many", "made 3 pages of its 2 slides"),
        ("fails", "made nothing of it"),
        ("writes rubbish", "no readable PDF"),
        ("writes a link", "made nothing of it"),
    ],
)
def test_what_cannot_be_drawn_is_text_and_a_gap(
    stand_in: Office, course: Path, sqlite_library: Library, does: str, why: str
) -> None:
    stand_in.install(does)
    report = ingest(course, sqlite_library, None)
    (gap,) = [gap for gap in report.gaps if gap["code"] == "pictures_failed"]
    assert why in gap["detail"]
    assert (report.pages, _deck(sqlite_library).is_pictured) == (2, False)
    with sqlite_library.database.reading() as connection:
        assert len(stored_hashes(connection)) == 1
    stand_in.install("draws")
    ingest(course, sqlite_library, None)
    assert _deck(sqlite_library).is_pictured


def test_what_hangs_is_ended_with_all_that_it_started(stand_in: Office, course: Path, sqlite_library: Library) -> None:
    stand_in.install("hangs")
    reader = PdfReader()
    with pytest.raises(SourceFileError, match="longer than 2 seconds") as caught:
        draw_slides(course / "slides.pptx", 2, sqlite_library, reader, seconds=2.0)
    reader.close()
    assert caught.value.code == "pictures_failed"
    assert list((sqlite_library.data_dir / "sources").iterdir()) == []
    deadline = time.monotonic() + 30
    while _lives(int(stand_in.child.read_text())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_drawn_slides_are_shown_wherever_pages_of_pdfs_are(stand_in: Office, course: Path, tmp_path: Path) -> None:
    stand_in.install("draws")
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(course, library, None)
    library.close()
    with TestClient(create_app(settings), headers={"Accept": "text/html"}) as client:
        hit = client.get("/api/search", params={"q": "momentum", "literal": True}).json()["hits"][0]
        assert hit["locator"]["unit"] == "slide"
        picture = client.get(hit["image_url"])
        assert (picture.status_code, picture.headers["content-type"]) == (200, "image/webp")
        shown = client.get(hit["url"]).text
        assert "data-zoom" in shown
        (page,) = set(re.findall(r'<img[^>]* src="(/api/decks/\d+/pages/1\.webp)', shown))
        assert client.get(page).status_code == 200
        deck = hit["image_url"].split("/")[3]
        assert client.get(f"/api/decks/{deck}/file.pdf").status_code == 404
        original = client.get(f"/api/decks/{deck}/file")
        assert original.headers["content-disposition"].startswith("attachment")
        marks = client.get(f"/quoted/{deck}/1.svg", params={"quote": "Gradient descent"})
        assert "<rect" in marks.text

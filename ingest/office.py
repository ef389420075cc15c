"""Slides of PowerPoint → a stored PDF with a page for each slide, by LibreOffice where it is installed.

LibreOffice runs as a process of its own with limits, in a folder of its own: it reads untrusted files. Its profile is
made anew each time, with macros switched off and without what a slide links elsewhere: it would fetch addresses of the
network inside, and put files of this machine onto the slides.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from index.errors import SourceFileError
from index.files import make_folder, translated_disk
from index.library import Library
from ingest.pdf import PdfReader
from ingest.sandbox import limit_process
from ingest.sources import DRAWING

_SECONDS = 120.0  # small decks take one to three seconds, the first one of a machine ten
_MEMORY_BYTES = 4 << 30  # of addresses: it maps much more than the .2 GB that it uses
_PDF_BYTES = 512 << 20
# hidden slides too, so that page n is slide n
_FORM = 'pdf:impress_pdf_Export:{"ExportHiddenSlides":{"type":"boolean","value":"true"}}'
_SAFE = ("BlockUntrustedRefererLinks", "DisableMacrosExecution", "DisableActiveContent")
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}
</oor:items>
"""
_SETTING = (
    '<item oor:path="/org.openoffice.Office.Common/Security/Scripting">'
    '<prop oor:name="{name}" oor:op="fuse"><value>true</value></prop></item>'
)


def draw_slides(deck: Path, slides: int, library: Library, reader: PdfReader, seconds: float = _SECONDS) -> str:
    """SHA-256 of the stored PDF with the slides of a PPTX file, of which there are so many.

    SourceFileError if there are no pictures: `no_pictures` where LibreOffice is not installed, else `pictures_failed`.
    """
    program = shutil.which("soffice")
    if program is None:
        raise SourceFileError(
            "its slides are found by their text but cannot be shown. Install LibreOffice (libreoffice-impress) and "
            "ingest again, or export it as PDF beside it.",
            code="no_pictures",
        )
    if not deck.is_file():
        raise _failed("its file is gone")
    cache = library.data_dir / "sources"
    with translated_disk(cache):
        make_folder(cache)
        with TemporaryDirectory(prefix=DRAWING, dir=cache) as folder:
            # a copy: LibreOffice leaves a lock beside what it reads
            shutil.copyfile(deck, Path(folder) / "deck.pptx")
            _convert(program, Path(folder), seconds)
            drawn = Path(folder) / "drawn" / "deck.pdf"
            if drawn.is_symlink() or not drawn.is_file():
                raise _failed("LibreOffice made nothing of it")
            try:
                pages = reader.first_pages(drawn, 1).page_count
            except SourceFileError as error:
                raise _failed("what LibreOffice made of it is no readable PDF") from error
            if pages != slides:
                raise _failed(f"LibreOffice made {pages} pages of its {slides} slides")
            return library.files.add(drawn, ".pdf")


def _convert(program: str, folder: Path, seconds: float) -> None:
    """Let LibreOffice write drawn/deck.pdf, or whatever it makes of the deck.pptx in this folder."""
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    items = "\n".join(_SETTING.format(name=name) for name in _SAFE)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS.format(items=items), "utf-8")
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore"]
    command += ["--convert-to", _FORM, "--outdir", str(folder / "drawn"), str(folder / "deck.pptx")]
    limit = partial(limit_process, _MEMORY_BYTES, cpu_seconds=int(_SECONDS), file_bytes=_PDF_BYTES)
    running = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        start_new_session=True,
        preexec_fn=limit,  # noqa: PLW1509  (it only sets limits)
        env={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"},
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        raise _failed(f"it took LibreOffice longer than {seconds:.0f} seconds") from None
    finally:
        # soffice is a script: what does the work is a child of its child
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def _failed(why: str) -> SourceFileError:
    return SourceFileError(
        f"its slides are found by their text but cannot be shown: {why}. It is tried again with the next ingest; or "
        "export it as PDF beside it.",
        code="pictures_failed",
    )

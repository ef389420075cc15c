"""Public links of Google and Yandex: fetched by their export addresses, from a local stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from support import write_pdf
from test_ingest_documents import write_pptx
from web_stub import Site, web_site

from index.library import Library
from ingest.carrying import Means, carry_out
from ingest.downloads import Sites, fetch_deck
from ingest.order import Order
from ingest.sources import SourceLimits
from ingest.web import FetchError, WebLimits

ID = "1aBcDeFgHiJkLmNoP"
API = "/v1/disk/public/resources"
SIGN_IN = b"<!doctype html><html><title>Sign in - Google Accounts</title></html>"
CONFIRM = b"<!doctype html><html>Google Drive can't scan this file for viruses. <a href='/uc?confirm=t'>x</a></html>"


@pytest.fixture
def site() -> Iterator[Site]:
    with web_site() as found:
        yield found


def sites_of(site: Site) -> Sites:
    return Sites(site.home, site.home, site.home)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        (f"https://docs.google.com/presentation/d/{ID}/edit?usp=sharing", f"/presentation/d/{ID}/export/pdf"),
        (f"https://docs.google.com/document/d/{ID}/", f"/document/d/{ID}/export?format=pdf"),
        (f"https://drive.google.com/file/d/{ID}/view", f"/uc?export=download&id={ID}"),
        (f"https://drive.google.com/open?id={ID}", f"/uc?export=download&id={ID}"),
    ],
)
def test_google_links_are_fetched_by_their_export_addresses(site: Site, tmp_path: Path, url: str, asked: str) -> None:
    site.pages[asked] = (200, {}, write_pdf(tmp_path / "a.pdf", ["Dropout\ntext"]).read_bytes())
    path, suffix = fetch_deck(url, tmp_path / "new", WebLimits(private=True), sites_of(site))
    assert (suffix, path.read_bytes()[:5], site.asked) == (".pdf", b"%PDF-", [asked])


def test_slides_that_are_a_page_are_fetched_as_one(site: Site, tmp_path: Path) -> None:
    page = b"<!DOCTYPE html><html><body><section><h2>Dropout</h2></section></body></html>"
    site.pages["/slides/01/dropout.html"] = (200, {}, page)
    path, suffix = fetch_deck(f"{site.home}/slides/01/dropout.html#/", tmp_path / "new", WebLimits(private=True))
    assert (suffix, path.read_bytes()) == (".html", page)


def test_yandex_disk_is_asked_where_a_public_file_is(site: Site, tmp_path: Path) -> None:
    url = "https://disk.yandex.ru/i/a+b"
    key = quote(url, safe="")
    site.pages[f"{API}?public_key={key}&limit=0"] = (200, {}, b'{"type": "file", "mime_type": "application/x"}')
    site.pages[f"{API}/download?public_key={key}"] = (200, {}, json.dumps({"href": f"{site.home}/real"}).encode())
    site.pages["/real"] = (200, {}, write_pptx(tmp_path / "a.pptx").read_bytes())
    path, suffix = fetch_deck(url, tmp_path / "new", WebLimits(private=True), sites_of(site))
    assert (suffix, path.read_bytes()[:2]) == (".pptx", b"PK")


@pytest.mark.parametrize(
    ("url", "pages", "code"),
    [
        (f"https://drive.google.com/file/d/{ID}/view", {f"/uc?export=download&id={ID}": CONFIRM}, "confirmation_page"),
        (f"https://drive.google.com/file/d/{ID}/view", {f"/uc?export=download&id={ID}": SIGN_IN}, "refused"),
        (f"https://drive.google.com/file/d/{ID}/view", {}, "gone"),
        (f"https://docs.google.com/presentation/d/e/{ID}/pub", {}, "no_download"),
        ("https://www.slideshare.net/someone/slides", {}, "no_download"),
        (
            f"https://drive.google.com/file/d/{ID}/view",
            {f"/uc?export=download&id={ID}": b"\0\0\0\x20ftypisom"},
            "is_video",
        ),
        (
            "https://yadi.sk/d/x",
            {f"{API}?public_key=https%3A%2F%2Fyadi.sk%2Fd%2Fx&limit=0": b'{"type": "dir"}'},
            "is_folder",
        ),
        (
            "https://yadi.sk/i/x",
            {f"{API}?public_key=https%3A%2F%2Fyadi.sk%2Fi%2Fx&limit=0": b'{"type": "file", "mime_type": "video/mp4"}'},
            "is_video",
        ),
        ("https://yadi.sk/i/x", {f"{API}?public_key=https%3A%2F%2Fyadi.sk%2Fi%2Fx&limit=0": b"<html>"}, "refused"),
    ],
)
def test_refusals_are_named(site: Site, tmp_path: Path, url: str, pages: dict[str, bytes], code: str) -> None:
    site.pages.update({path: (200, {}, body) for path, body in pages.items()})
    with pytest.raises(FetchError) as caught:
        fetch_deck(url, tmp_path / "new", WebLimits(private=True), sites_of(site))
    assert caught.value.code == code
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_course_on_google_slides_is_searched(site: Site, sqlite_library: Library, tmp_path: Path) -> None:
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "README.md").write_text(
        f"1. Dropout [slides](https://docs.google.com/presentation/d/{ID}/edit)\n2. Loss [slides](https://speakerdeck.com/x/y)\n",
        "utf-8",
    )
    pdf = write_pdf(tmp_path / "a.pdf", ["Dropout\nrandomly zero"]).read_bytes()
    site.pages[f"/presentation/d/{ID}/export/pdf"] = (200, {}, pdf)
    means = Means(limits=SourceLimits(private=True, seconds=30), sites=sites_of(site))
    report = carry_out(Order(str(tmp_path / "course"), with_transcripts=False), sqlite_library, None, means)
    assert (report.pages, [gap["code"] for gap in report.gaps]) == (1, ["no_download"])

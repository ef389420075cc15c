"""Whole files of every kind that a course may hold, to be mutated; and bombs of each kind."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

_README = """# Course of networks

| topic | video | programme |
|---|---|---|
| Dropout [slides](one.pdf) | [part 1](https://youtu.be/abcdefghijk), **[2](https://youtu.be/abcdefghijl)** | units |
| Attention ([notes](notes.md)) | no video yet | heads, keys, values |

## 3. Losses
* [slides](two%20words.pdf), old version: [2020](old++.pdf)
  * cross entropy, hinge

<details><summary>Homework</summary>See [here](https://example.org/a_(b).html)</details>
"""
_YAML = (
    "title: Networks\nlanguage: en\nsource_url: https://example.org/\nlectures:\n"
    "  - title: Dropout\n    programme: |\n      units\n      rates\n"
    "    decks: [one.pdf, {path: two.pdf, remark: old}]\n"
    "    videos: [{youtube: abcdefghijk}]\n  - title: Attention\n    notes: [notes.md]\n"
)
_VTT = "WEBVTT\n\n" + "".join(
    f"{i // 60:02d}:{i % 60:02d}.000 --> {i // 60:02d}:{i % 60:02d}.900\nword <i>{i}</i> of what is said\n\n"
    for i in range(90)
)


def specimens() -> dict[str, bytes]:
    """A whole file of each kind, by a name that a course may give it."""
    srt = "".join(f"{i}\n00:00:{i:02d},000 --> 00:00:{i:02d},900\nword {i}\n\n" for i in range(1, 60))
    events = [{"tStartMs": 1000 * i, "dDurationMs": 900, "segs": [{"utf8": f"word {i}"}]} for i in range(60)]
    return {
        "deck.pdf": pdf(3),
        "deck.pptx": _pptx(),
        "notes.md": _README.encode(),
        "notes.html": f"<html><body><h1>Losses</h1>{'<p>hinge <b>loss</b></p>' * 40}</body></html>".encode(),
        "notes.ipynb": json.dumps(
            {"cells": [{"cell_type": "markdown", "source": ["# Losses\n", f"hinge {i}"]} for i in range(20)],
             "nbformat": 4, "nbformat_minor": 5, "metadata": {}}
        ).encode(),
        "abcdefghijk.en.vtt": _VTT.encode(),
        "abcdefghijk.en.srt": srt.encode(),
        "abcdefghijk.en.sbv": "".join(f"0:00:{i:02d}.000,0:00:{i:02d}.900\nword {i}\n\n" for i in range(59)).encode(),
        "abcdefghijk.en.json3": json.dumps({"events": events}).encode(),
        "README.md": _README.encode(),
        "course.yaml": _YAML.encode(),
        "course.zip": _zip({"course/README.md": _README.encode(), "course/one.pdf": pdf(1)}),
    }  # fmt: skip


def mutated(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """One of: some bytes changed, a piece cut out, the end cut off, a piece of another file put in."""
    data = bytearray(content)
    kind = chance.randrange(4)
    if kind == 0:
        for _ in range(chance.choice((1, 10, 100, 1000))):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif kind == 1:
        start = chance.randrange(len(data))
        del data[start : start + chance.randrange(1, 1 + len(data) // 4)]
    elif kind == 2:
        del data[chance.randrange(len(data)) :]
    else:
        start = chance.randrange(len(other))
        piece = other[start : start + chance.randrange(1, 1 + len(other) // 4)]
        place = chance.randrange(len(data))
        data[place : place + chance.randrange(len(piece) + 1)] = piece
    return bytes(data)


def pdf(pages: int, stream: bytes = b"", compressed: int = 0) -> bytes:
    """A PDF written by hand: every page shows the same stream, which is deflated so many times."""
    stream = stream or b"BT /F1 24 Tf 40 700 Td (Dropout zeroes activations) Tj ET"
    filters = " ".join(["/FlateDecode"] * compressed)
    for _ in range(compressed):
        stream = zlib.compress(stream, 9)
    kids = " ".join(f"{5 + i} 0 R" for i in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Length {len(stream)} /Filter [{filters}] >>\nstream\n".encode() + stream + b"\nendstream",
    ]
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 3 0 R >> >> >>"
    )
    out, places = io.BytesIO(b"%PDF-1.7\n"), []
    out.seek(0, io.SEEK_END)
    for number, content in enumerate([*objects, *[page] * pages], 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))
    return out.getvalue()


def bombs() -> dict[str, Callable[[Path], None]]:
    """What writes a course folder that is made to do harm, by what it does."""
    return {
        "one stream that many pages share": _a_deck(lambda: pdf(5_000, b"BT /F1 9 Tf (x) Tj ET " * 20_000, 1)),
        "a stream deflated three times": _a_deck(lambda: pdf(1, bytes(200 << 20), 3)),
        "100,000 pages": _a_deck(lambda: pdf(100_000)),
        "a PDF whose pages are their own parent": _a_deck(
            lambda: pdf(2).replace(b"/Kids [5 0 R 6 0 R]", b"/Kids [2 0 R 2 0 R]")
        ),
        "aliases in YAML that double": _a_file("course.yaml", _yaml_bomb),
        "YAML a hundred thousand levels deep": _a_file("course.yaml", lambda: b"lectures: " + b"[" * 100_000),
        "names with NUL and half a surrogate": _a_file(
            "course.yaml", lambda: b'title: "a\\0b\\ud800"\nlectures: [{title: "x\\0", decks: ["a\\0.pdf"]}]\n'
        ),
        "a README of one table a million cells wide": _a_file("README.md", lambda: b"|a" * 1_000_000 + b"\n"),
        "lists ten thousand levels deep": _a_file(
            "README.md", lambda: b"\n".join(b" " * (2 * i) + b"* x" for i in range(3_000))
        ),
        "a README of brackets": _a_file("README.md", lambda: b"[" * 400_000 + b"](" * 200_000),
        "captions of one line of 50 MB": _captions(lambda: b"WEBVTT\n\n00:00.000 --> 00:01.000\n" + b"a" * (50 << 20)),
        "captions without end": _captions(lambda: b"WEBVTT\n\n" + b"00:00.000 --> 00:00.001\nx\n\n" * 500_000),
        "a notebook of brackets": _a_deck(lambda: b'{"cells":' + b"[" * 1_000_000, "deck.ipynb"),
        "a PPTX that unpacks to 2 GB": _a_deck(lambda: _zip({"ppt/presentation.xml": bytes(2 << 30)}), "deck.pptx"),
        "entities that double in a PPTX": _a_deck(lambda: _pptx(_ENTITIES), "deck.pptx"),
        "HTML a hundred thousand levels deep": _a_deck(lambda: b"<div>" * 100_000 + b"x", "deck.html"),
        "a picture of 60,000 by 60,000 points": _a_deck(lambda: pdf(1, _inline_picture()), "deck.pdf"),
    }


def _a_file(name: str, content: Callable[[], bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content())

    return write


def _a_deck(content: Callable[[], bytes], name: str = "deck.pdf") -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _a_file(name, content)(folder)
        lecture = f"title: Bomb\nlanguage: en\nlectures: [{{title: One, decks: [{name}]}}]\n"
        (folder / "course.yaml").write_text(lecture, "utf-8")

    return write


def _captions(content: Callable[[], bytes]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        _a_file("abcdefghijk.en.vtt", content)(folder / "transcripts")
        lecture = "title: Bomb\nlanguage: en\nlectures: [{title: One, videos: [{youtube: abcdefghijk}]}]\n"
        (folder / "course.yaml").write_text(lecture, "utf-8")

    return write


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def _pptx(slide_head: str = "") -> bytes:
    """A presentation of one slide, as python-pptx makes it; `slide_head` is put before the root of the slide."""
    from pptx import Presentation  # noqa: PLC0415

    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Dropout"
    slide.placeholders[1].text = "units are zeroed &lol;" if slide_head else "units are zeroed"
    out = io.BytesIO()
    made.save(out)
    if not slide_head:
        return out.getvalue()
    with zipfile.ZipFile(out) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name, content in files.items():
        if name.startswith("ppt/slides/slide"):
            start = content.index(b"<p:sld")
            files[name] = slide_head.encode() + content[start:].replace(b"&amp;lol;", b"&lol9;")
    return _zip(files)


def _yaml_bomb() -> bytes:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    return "\n".join([*lines, "title: *a8", "lectures: *a8", ""]).encode()


_ENTITIES = '<?xml version="1.0"?><!DOCTYPE sld [<!ENTITY lol0 "lol">' + "".join(
    f'<!ENTITY lol{i} "{f"&lol{i - 1};" * 10}">' for i in range(1, 10)
) + "]>"  # fmt: skip


def _inline_picture() -> bytes:
    data = zlib.compress(bytes(1 << 20))
    head = b"q 600 0 0 700 0 0 cm BI /W 60000 /H 60000 /BPC 8 /CS /RGB /F /Fl ID "
    return head + data + struct.pack(">I", 0) + b" EI Q"

"""Courses made to do harm, or by mistake: recorded as gaps, refused with a sentence, within limits."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from support import CountingEmbedder, ingest, write_pdf
from web_stub import web_site

from index.damage import find_damage
from index.errors import CourseError
from index.library import Library
from ingest.course import read_course
from ingest.downloads import fetch_deck
from ingest.fetching import Fetching
from ingest.pipeline import ingest_course
from ingest.web import FetchError, WebLimits, _is_public

_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{after}: &{after} [{','.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (f"{_BOMB}title: *i\nlectures: [{{title: A}}]\n", "without end"),
        (f"{_BOMB}title: T\nlectures: [{{title: A, remarks: *i}}]\n", "without end"),
        (
            "a: &a {"
            + ", ".join(f"k{i}: v" for i in range(400))
            + "}\n"
            + "".join(f"m{i}: {{<<: *a}}\n" for i in range(700)),
            "without end",
        ),
        ("lectures: &l [*l]\n", "without end"),
        ("a: &a [*b]\n", "undefined alias"),
        ("t: &t '" + "x" * 100_000 + "'\nlectures: [" + "*t, " * 100 + "]\n", "without end"),
        ("[" * 20_000, "nested too deeply"),
        ("{a: " * 20_000, "nested too deeply"),
        ("- " * 500 + "x", "nested too deeply"),
        ("title: x\n" * 200_000, "larger than 1 MB"),
        ("title: !!python/object/apply:os.system [id]\n", "malformed"),
        ("? [a, b]\n: c\ntitle: 1\n", "a key 'a, b'|malformed|should be|key"),
        ("title: [\n", "malformed in line 2"),
        ("title: 2024-99-99\nlectures: []\n", "cannot be read|month"),
    ],
)
def test_a_course_yaml_that_comes_to_too_much_or_to_nothing_is_refused(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "course.yaml").write_text(content, "utf-8")
    with pytest.raises(CourseError, match=rf"course\.yaml.*({says})"):
        read_course(tmp_path)


def test_anchors_that_come_to_little_are_read(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text(
        "title: T\nlectures:\n  - &one {title: One, remarks: [new]}\n  - {<<: *one, title: Two}\n  - {title: 2024-01-31}\n",
        "utf-8",
    )
    found = read_course(tmp_path)
    assert [(lecture.title, lecture.remarks) for lecture in found.lectures] == [
        ("One", ("new",)),
        ("Two", ("new",)),
        ("2024-01-31", ()),
    ]


def test_a_bomb_takes_no_memory_here(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text(f"{_BOMB}title: *i\n", "utf-8")
    program = (
        "import sys; from pathlib import Path; from ingest.course import read_course\n"
        "from index.errors import CourseError\n"
        "try: read_course(Path(sys.argv[1]))\n"
        "except CourseError: print('refused')"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        cwd=Path(__file__).parents[1],
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)),
    )
    assert child.stdout == b"refused\n"


def test_texts_and_names_that_nothing_can_store_are_gaps_and_the_rest_is_found(
    library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = tmp_path / "course"
    write_pdf(folder / "good.pdf", ["Dropout\nzero activations"])
    (folder / "course.yaml").write_text(
        'title: "Ne\\0ts"\nlanguage: en\nsource_url: "https://example.org/\\0"\nlectures:\n'
        '  - title: "A\\0b \\ud800 c"\n    programme: "x \\udfff\\0 y"\n    remarks: ["r\\0"]\n'
        '    decks: [good.pdf, "a\\0b.pdf", "a\\ud800.pdf", {path: "%s.pdf"}]\n'
        '    videos: [{file: "v\\0.mp4"}, {url: "https://[::1/v"}, {url: "https://a:b:c/v"}]\n'
        '    links: [{label: "l\\0", url: "https://example.org/\\ud800"}]\n' % ("n" * 300),
        "utf-8",
    )
    report = ingest(folder, library, embedder)
    assert (report.decks, report.pages, report.passages) == (1, 1, 2)
    assert report.title == "Ne\ufffdts"
    codes = [gap["code"] for gap in report.gaps]
    assert codes.count("bad_line") >= 5
    assert all("\0" not in str(gap) for gap in report.gaps)
    assert find_damage(library, embedder) == []


def test_a_file_whose_name_is_no_utf8_is_a_gap(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    folder = tmp_path / "course"
    write_pdf(folder / "good.pdf", ["Dropout\nzero activations"])
    (folder / "transcripts").mkdir()
    for place in ("", "transcripts/"):
        for suffix in (".pdf", ".vtt", ".txt", ".md"):
            Path(os.fsdecode(os.fsencode(folder) + b"/" + place.encode() + b"\xff" + suffix.encode())).write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(folder) + b"/\xfe")).mkdir()
    report = ingest(folder, sqlite_library, embedder)
    assert report.pages == 1
    assert [gap["code"] for gap in report.gaps] == ["bad_name"] * 9
    said = "".join(gap["detail"] for gap in report.gaps)
    assert "'\ufffd.pdf' has a name that is no text in UTF-8" in said


@pytest.mark.parametrize(
    "url",
    [
        "https://xn--/x.pdf",
        "https://a:b:c/x.pdf",
        "https://[::1/x.pdf",
        "https:///x.pdf",
        "https://a\0b/x.pdf",
        "https://" + "a" * 70 + ".org/x.pdf",
        "https://\u200b/x.pdf",
    ],
)
def test_an_address_that_is_none_is_a_gap(tmp_path: Path, url: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch_deck(url, tmp_path, WebLimits(private=True, seconds=5))
    assert caught.value.code in ("bad_address", "unreachable")


def test_addresses_that_are_none_in_a_readme_stop_nothing(
    sqlite_library: Library, tmp_path: Path, embedder: CountingEmbedder
) -> None:
    write_pdf(tmp_path / "course" / "good.pdf", ["Dropout\nzero activations"])
    (tmp_path / "course" / "README.md").write_text(
        "# Nets\n\n| topic | slides | video |\n|---|---|---|\n"
        "| Dropout | [slides](good.pdf) | |\n"
        "| Loss | [a](https://xn--/x.pdf), [b](https://a:b:c/x.pdf) | [v](https://a:b:c/v.mp4) |\n"
        "| Attention | [c](https://[::1/x.pdf), [d](a%00b.pdf), [e](%FF.pdf) | |\n",
        "utf-8",
    )
    folder = tmp_path / "course"
    with web_site():
        report = ingest_course(
            read_course(folder), folder, sqlite_library, embedder, fetching=Fetching(web=WebLimits(seconds=5))
        )
    assert report.pages == 1
    assert {gap["code"] for gap in report.gaps} <= {
        "bad_address",
        "unreachable",
        "missing_file",
        "bad_line",
        "video_elsewhere",
    }
    assert len(report.gaps) >= 3


def test_what_programs_install_and_hidden_folders_are_no_material(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    for place in ("good.pdf", "node_modules/a/b.pdf", ".git/c.pdf", ".venv/d.pdf", "venv/e.pdf", "x/.hidden/f.pdf"):
        write_pdf(folder / place, ["Dropout\nzero activations"])
    for yaml in (None, "title: T\nlectures: [{title: One, decks: [good.pdf]}]\n"):
        if yaml:
            (folder / "course.yaml").write_text(yaml, "utf-8")
        found = read_course(folder)
        assert [deck.path for lecture in found.lectures for deck in lecture.decks] == ["good.pdf"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True), ("2606:4700::1", True), ("::ffff:8.8.8.8", True), ("64:ff9b::808:808", True),
        ("::127.0.0.1", False), ("::8.8.8.8", False), ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False), ("::ffff:0:127.0.0.1", False), ("::ffff:0:8.8.8.8", False), ("64:ff9b:1::808:808", False), ("2002:7f00:1::", False), ("2002:a00:1::1", False),
        ("2001:0:7f00:1::", False), ("2a01:4f8::5efe:7f00:1", False), ("2a01:4f8::200:5efe:a00:1", False),
        ("fec0::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("ff02::1", False), ("100.64.0.1", False),
    ],
)  # fmt: skip
def test_addresses_that_lead_into_a_network_are_told_apart(address: str, public: bool) -> None:
    assert _is_public(address) is public

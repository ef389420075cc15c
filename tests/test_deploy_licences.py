"""Every library that is installed with the service is listed with a licence that was looked at."""

from __future__ import annotations

import re

import pytest

from deploy.licences import ROOT, TAKEN, TARGET, Library, libraries

_LISTED = dict(re.findall(r"^\| \[?([\w.-]+)\]?(?:\(\S*\))? \| (.+) \|$", TARGET.read_text("utf-8"), re.MULTILINE))


def test_every_library_is_listed_with_its_licence() -> None:
    found = {one.name: one.licence for one in libraries()}
    assert {name: _LISTED.get(name) for name in found} == found


def test_every_licence_is_permissive_or_taken_for_a_reason() -> None:
    assert [(one.name, one.licence) for one in libraries() if not one.is_permissive and one.name not in TAKEN] == []


@pytest.mark.parametrize(
    ("licence", "permissive"),
    [
        ("MIT", True),
        ("Apache-2.0 OR BSD-3-Clause", True),
        ("(MIT AND BSD-3-Clause) OR Apache-2.0 WITH LLVM-exception", True),
        ("MIT AND GPL-3.0-only", False),
        ("MPL-2.0", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_what_counts_as_permissive(licence: str, permissive: bool) -> None:
    assert Library(name="x", licence=licence, url="").is_permissive is permissive


def test_every_direct_dependency_is_pinned() -> None:
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in _lines("constraints.txt")}
    wanted = re.findall(r'^  "([\w.-]+)', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    known = {name.lower() for name in wanted} & {one.name for one in libraries()}
    assert known - pinned == set()


def _lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text("utf-8").splitlines() if "==" in line]

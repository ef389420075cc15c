"""pyproject.toml and what is installed → docs/licences.md: every library that the service needs, with its licence.

python -m deploy.licences     writes the file; a test compares it with what is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "licences.md"
# what may be installed beside the service; the rest is for development
_EXTRAS = ("postgres", "storage", "ray", "e5", "models")

# Licences under which anybody may use, change and sell the whole, by the names that SPDX gives them.
PERMISSIVE = frozenset(
    "0BSD Apache-2.0 BSD-2-Clause BSD-3-Clause BSL-1.0 CC0-1.0 CNRI-Python ISC LLVM-exception MIT MIT-0 MIT-CMU "
    "PSF-2.0 Zlib".split()
)
# Others that are taken, each for a reason.
TAKEN = {
    "certifi": "MPL-2.0: a list of certificates, used as it is",
    "tqdm": "MPL-2.0 AND MIT: used as it is, with the extra `models`",
    "psycopg": "LGPL-3.0-only: a library of its own that is installed beside this project, with the extra `postgres`",
    "psycopg-binary": "LGPL-3.0-only: the same",
}
# Where the metadata say it in words of their own, or not at all: what the file LICENSE of the package says.
_SAID = {
    "aiosignal": "Apache-2.0",
    "authlib": "BSD-3-Clause",
    "defusedxml": "PSF-2.0",
    "flatbuffers": "Apache-2.0",
    "jinja2": "BSD-3-Clause",
    "langcodes": "MIT",
    "locate": "MIT",
    "markdown-it-py": "MIT",
    "mdit-py-plugins": "MIT",
    "mdurl": "MIT",
    "mpmath": "BSD-3-Clause",
    "onnxruntime": "MIT",
    "protobuf": "BSD-3-Clause",
    "pypdfium2": "BSD-3-Clause AND Apache-2.0",
    "pystemmer": "MIT AND BSD-3-Clause",
    "python-dateutil": "Apache-2.0 AND BSD-3-Clause",
    "ray": "Apache-2.0",
    "s3fs": "BSD-3-Clause",
    "safetensors": "Apache-2.0",
    "scipy": "BSD-3-Clause",
    "shellingham": "ISC",
    "sympy": "BSD-3-Clause",
    "tokenizers": "Apache-2.0",
    "transformers": "Apache-2.0",
    "uvloop": "MIT OR Apache-2.0",
    "wcwidth": "MIT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library that is installed, with its licence as an expression of SPDX."""

    name: str
    licence: str
    url: str

    @property
    def is_permissive(self) -> bool:
        """Whether every part of it is, whichever of several licences one chooses."""
        names = set(re.split(r"[\s()]+|\b(?:AND|OR|WITH)\b", self.licence)) - {"", None}
        return bool(names) and names <= PERMISSIVE


def libraries() -> list[Library]:
    """All libraries that the service and its extras need, as far as they are installed, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in _EXTRAS for one in project["optional-dependencies"][extra])]
    found = {canonicalize_name(dist.metadata["Name"]): dist for dist in _with_all_below(wanted)}
    return [_library(name, found[name]) for name in sorted(found)]


def _with_all_below(wanted: list[str]) -> Iterator[Distribution]:
    waiting = [Requirement(one) for one in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop()
        try:
            found = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        for extra in ("", *requirement.extras):
            if (requirement.name, extra) in seen:
                continue
            seen.add((requirement.name, extra))
            yield found
            below = map(Requirement, found.requires or [])
            waiting += [one for one in below if one.marker is None or one.marker.evaluate({"extra": extra})]


def _library(name: str, dist: Distribution) -> Library:
    metadata = dist.metadata
    known = {key: metadata[key] for key in ("License-Expression", "License", "Home-page") if key in metadata}
    said = known.get("License-Expression") or _SAID.get(name) or known.get("License", "").strip()
    pages = dict(one.split(", ", 1) for one in metadata.get_all("Project-URL") or [] if ", " in one)
    url = known.get("Home-page") or next(
        (pages[key] for key in pages if key.lower() in ("homepage", "repository", "source", "source code")), ""
    )
    return Library(name=name, licence=said or "unknown", url=url)


def as_page(found: list[Library]) -> str:
    """The page that lists them."""
    lines = [
        "# Licences of the libraries",
        "",
        "What `pip install` brings beside this project, with the extras `postgres`, `storage`, `ray`, `e5`",
        "and `models`; written by `python -m deploy.licences`. A test",
        "fails where a library is missing here, or is under a licence that was not looked at.",
        "",
        "| library | licence |",
        "|---|---|",
        *(f"| {f'[{one.name}]({one.url})' if one.url else one.name} | {one.licence} |" for one in found),
        "",
        "Not permissive, and taken all the same:",
        "",
        *(f"- {name}: {reason}." for name, reason in TAKEN.items()),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    TARGET.write_text(as_page(libraries()), "utf-8")
    sys.stdout.write(f"{TARGET.relative_to(ROOT)} written.\n")

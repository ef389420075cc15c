"""What a language model wrote about a passage, questions that it answers and a line of context ↔ bytes and terms.

None of it is the course's: it is looked up, weighs little (`postings`), and no text that is shown is made of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from index.text.analysis import terms

# By this what a language model wrote is told from vectors, beside which it is kept.
PREFIX = "questions:"


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Questions in Russian and in English that a passage answers, and a line on what it is about, in its own
    language."""

    russian: tuple[str, ...]
    english: tuple[str, ...]
    context: str


def to_bytes(foreseen: Foreseen | None) -> bytes:
    """As it is kept; nothing for a passage of which the model wrote nothing of use."""
    return b"" if foreseen is None else json.dumps(asdict(foreseen), ensure_ascii=False).encode()


def foreseen_terms(kept: bytes, language: str) -> list[str]:
    """The terms of what is kept; `language` is that of the passage's Latin words."""
    if not kept:
        return []
    values = json.loads(kept)
    own = terms(" ".join([*values["russian"], values["context"]]), language)
    return own + terms(" ".join(values["english"]), "en")


def name_of_questions(fingerprint: str, kept: Mapping[str, bytes]) -> str:
    """By what a shard names the questions in it: who wrote them, and a hash of all of them by content. A model that is
    asked again does not write the same again."""
    digest = hashlib.sha256()
    for key in sorted(kept):
        digest.update(f"{key} {hashlib.sha256(kept[key]).hexdigest()}\n".encode())
    return f"{fingerprint}/{digest.hexdigest()[:16]}"


def who_wrote(name: str) -> str:
    """The fingerprint in a name of questions."""
    return name.rpartition("/")[0]

"""The language of a course: how much of each is written in it, wherever that stands."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import write_pdf

from ingest.course import read_course
from ingest.course_language import votes_of

GERMAN = (
    "Die Wärme geht von selbst nur vom warmen auf den kalten Körper über und nicht umgekehrt. Wir sehen uns an, wie "
    "sich das mit einer Gleichung sagen lässt, und was dabei für die Praxis herauskommt, wenn ein Rohr gedämmt wird."
)
ENGLISH = "This is what we know about the boundary layer, and which of these numbers they would use with it."


def _course(folder: Path, slides: str, spoken: str = "", readme: str = "") -> Path:
    """Two lectures with slides, a guest's English deck, and captions of one video, if any."""
    write_pdf(folder / "one.pdf", [f"Rohr\n{slides}", slides])
    write_pdf(folder / "guest.pdf", [f"Layers\n{ENGLISH}"])
    if spoken:
        (folder / "transcripts").mkdir()
        cue = f"WEBVTT\n\n00:00:01.000 --> 00:00:09.000\n{spoken}\n"
        (folder / "transcripts" / "abcdefghijk.vtt").write_text(cue, "utf-8")
    table = (
        "| Thema | Folien | Video |\n|---|---|---|\n"
        "| Fourier | [Folien](one.pdf) | [Video](https://youtu.be/abcdefghijk) |\n| Nusselt | [Slides](guest.pdf) | |\n"
    )
    (folder / "README.md").write_text(f"# Fourier 2024\n\n{readme}\n\n{table}", "utf-8")
    return folder


@pytest.mark.parametrize(
    ("slides", "spoken", "readme", "language"),
    [
        (GERMAN, "", "", "de"),
        ("Fourier", GERMAN, "", "de"),
        ("Fourier", "", GERMAN, "de"),
        ("Fourier", "", "", "en"),
        (ENGLISH, f"{ENGLISH} {ENGLISH}", "Die Folien und der Text.", "en"),
        ("Fourier", "Здравствуйте, это лекция о том, что мы знаем и как это можно посчитать, если очень хочется. " * 9, "", "ru"),
    ],
)  # fmt: skip
def test_the_language_is_the_one_that_most_is_written_in(
    tmp_path: Path, slides: str, spoken: str, readme: str, language: str
) -> None:
    course = read_course(_course(tmp_path, slides, spoken, readme))
    assert course.language == language
    assert course.why[-1].startswith(f"The language is {language}, by the words that are of one language alone (")
    assert "`language:` in course.yaml" in course.why[-1]


def test_it_is_said_where_the_language_comes_from(tmp_path: Path) -> None:
    folder = _course(tmp_path, GERMAN)
    assert read_course(folder, language="fr").why[-1] == "The language is fr, the first that --language names."
    (folder / "course.yaml").write_text("language: nl\nlectures: [{title: Fourier, decks: [one.pdf]}]\n", "utf-8")
    course = read_course(folder)
    assert (course.language, course.why[-1]) == ("nl", "The language is nl, as course.yaml says.")


def test_a_course_with_russian_titles_is_russian_whatever_its_slides_are(tmp_path: Path) -> None:
    write_pdf(tmp_path / "a.pdf", [ENGLISH])
    (tmp_path / "README.md").write_text("| Тема | Слайды |\n|---|---|\n| Свёртки | [pdf](a.pdf) |\n", "utf-8")
    assert read_course(tmp_path).language == "ru"


def test_only_words_of_one_language_count() -> None:
    assert votes_of("in de la") == {}
    assert votes_of("[Slides](https://www.youtube.com/x) <em>example.com</em> me@uni.io") == {}
    assert votes_of(GERMAN).most_common(1)[0][0] == "de"
    assert "de" not in votes_of(ENGLISH)

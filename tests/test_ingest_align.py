"""Pages against speech: invented lectures whose alignment is known."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from support import ingest, write_pdf

from index.library import Library
from index.store.tables import moments
from index.types import MOMENT_SHOWN_FROM, SPAN_SHOWN_FROM, Page, PageSpan
from ingest.align import align, is_too_long
from ingest.captions import Cue, to_vtt
from service.app import create_app
from service.settings import Settings

WORDS = [
    "gradient momentum optimizer learning rate descent",
    "dropout regularisation overfitting noise ensemble",
    "attention transformer query key softmax",
    "convolution kernel stride padding pooling",
    "recurrent hidden state sequence unrolling",
]
MORE = [
    *WORDS,
    *(" ".join(f"{word}{chr(97 + n)}" for word in ("alpha", "beta", "gamma", "delta", "kappa")) for n in range(10)),
]
SECONDS = 300.0


def deck(words: list[str] = WORDS) -> list[Page]:
    return [Page(number, None, text.split()[0].title(), text) for number, text in enumerate(words, 1)]


def speech(order: list[int], seed: int = 1) -> list[Cue]:
    """Five minutes for each page: its words among others."""
    chance = random.Random(seed)
    cues = []
    for position, number in enumerate(order):
        for step in range(int(SECONDS // 5)):
            said = [
                *chance.sample(MORE[number].split(), 3),
                chance.choice(["thing", "place", "idea"]),
                "so",
                "we",
                "see",
            ]
            chance.shuffle(said)
            start = position * SECONDS + step * 5.0
            cues.append(Cue(start, start + 5.0, " ".join(said)))
    return cues


def middle(span: PageSpan) -> float:
    return (span.start_seconds + span.end_seconds) / 2


def test_each_page_is_found_where_it_is_discussed() -> None:
    spans, moments = align([("a.pdf", deck())], [("v", speech([0, 1, 2, 3, 4]))])
    for moment in moments:
        assert (moment.page_number - 1) * SECONDS <= moment.jump_seconds <= moment.page_number * SECONDS
        assert moment.confidence > MOMENT_SHOWN_FROM
    assert [moment.page_number for moment in moments] == [1, 2, 3, 4, 5]
    assert [span.start_seconds for span in spans] == sorted(span.start_seconds for span in spans)
    assert all(first.end_seconds <= second.start_seconds for first, second in pairwise(spans))
    right = [span for span in spans if span.page_number == int(middle(span) // SECONDS) + 1]
    assert sum(span.end_seconds - span.start_seconds for span in right) > 0.95 * 5 * SECONDS


def test_a_page_that_is_come_back_to_has_two_spans() -> None:
    order = [0, 1, 2, 1, *range(3, len(MORE))]
    spans, _ = align([("a.pdf", deck(MORE))], [("v", speech(order))])
    assert [span for span in spans if span.page_number == 2 and 3 * SECONDS <= middle(span) <= 4 * SECONDS]


def test_several_decks_and_videos_are_one_talk() -> None:
    pages = deck()
    spans, moments = align(
        [("a.pdf", pages[:2]), ("b.pdf", [Page(p.page_number - 2, None, p.title, p.text) for p in pages[2:]])],
        [("v1", speech([0, 1, 2])), ("v2", speech([3, 4]))],
    )
    found = {(m.deck, m.page_number): (m.video, m.jump_seconds // SECONDS) for m in moments}
    assert found == {
        ("a.pdf", 1): ("v1", 0),
        ("a.pdf", 2): ("v1", 1),
        ("b.pdf", 1): ("v1", 2),
        ("b.pdf", 2): ("v2", 0),
        ("b.pdf", 3): ("v2", 1),
    }
    assert {span.video for span in spans} == {"v1", "v2"}


def test_russian_words_are_matched_by_their_stems() -> None:
    words = ["градиентный спуск шаг", "случайное прореживание нейронов", "механизм внимания запрос"]
    cues = []
    for position, said in enumerate(
        ["спускаемся по градиенту шагами", "прореживаем нейроны случайно", "запросы внимания механизмы"]
    ):
        cues += [Cue(position * SECONDS + 5 * i, position * SECONDS + 5 * i + 5, said) for i in range(60)]
    _, moments = align([("a.pdf", deck(words))], [("v", cues)], "ru")
    assert [int(moment.jump_seconds // SECONDS) for moment in moments] == [0, 1, 2]


def test_nothing_is_claimed_without_words() -> None:
    spans, moments = align([("a.pdf", [Page(n, None, "", "") for n in (1, 2)])], [("v", speech([0, 1]))])
    assert max([*(s.confidence for s in spans), *(m.confidence for m in moments)]) <= 0.3  # by their place alone
    assert align([("a.pdf", [])], [("v", speech([0]))]) == ((), ())
    assert align([("a.pdf", deck())], []) == ((), ())
    unrelated = [Cue(i * 5.0, i * 5.0 + 5, "nothing that any page says") for i in range(60)]
    spans, moments = align([("a.pdf", deck())], [("v", unrelated)])
    assert not [span for span in spans if span.confidence >= SPAN_SHOWN_FROM]
    assert all(moment.confidence < MOMENT_SHOWN_FROM for moment in moments)


def test_hits_and_the_timeline_show_what_is_sure(tmp_path: Path) -> None:
    folder = tmp_path / "course"
    write_pdf(folder / "a.pdf", [f"{text.split()[0].title()}\n{text}" for text in WORDS])
    (folder / "course.yaml").write_text(
        "title: T\nlanguage: en\nlectures: [{title: L, decks: [a.pdf], videos: [{youtube: abcdefghijk}]}]\n", "utf-8"
    )
    (folder / "transcripts").mkdir()
    captions = to_vtt(speech([0, 1, 2, 3, 4]))
    (folder / "transcripts" / "abcdefghijk.en.vtt").write_text(captions, "utf-8")
    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(folder, library, None)
    library.close()
    with TestClient(create_app(settings)) as client:
        hits = client.get("/api/search", params={"q": "attention", "kind": "page"}).json()["hits"]
        lecture = hits[0]["lecture"]["id"]
        aligned = hits[0]["aligned"]
        assert 2 * SECONDS <= aligned["start_seconds"] <= 3 * SECONDS
        assert aligned["url"] == f"https://youtu.be/abcdefghijk?t={int(aligned['start_seconds'])}"
        assert (aligned["video"], aligned["confidence"] >= MOMENT_SHOWN_FROM) == ("abcdefghijk", True)
        spoken = client.get("/api/search", params={"q": "attention", "kind": "segment"}).json()["hits"]
        assert {(hit["aligned"] or {}).get("page_number") for hit in spoken} == {3}
        assert spoken[0]["aligned"]["url"].startswith("/c/course/d/a.pdf/3?m=")
        shown = client.get(f"/api/lectures/{lecture}/timeline").json()
        everything = client.get(f"/api/lectures/{lecture}/timeline", params={"min_confidence": 0}).json()
        assert [page["page_number"] for page in shown["pages"]] == [1, 2, 3, 4, 5]
        assert len(everything["spans"]) >= len(shown["spans"]) > 0
        assert (everything["videos"][0]["video"], everything["videos"][0]["duration_seconds"]) == (
            "abcdefghijk",
            1500.0,
        )
        assert client.get("/api/lectures/999/timeline").status_code == 404
        assert client.get(f"/api/lectures/{lecture}/timeline", params={"min_confidence": 2}).status_code == 422


@pytest.mark.parametrize(
    ("pages", "hours", "too_long"),
    [(3_000, 1, False), (3_001, 0.01, True), (1_000, 13, False), (1_000, 14, True), (200, 60, False)],
)
def test_what_would_take_all_memory_is_not_aligned(pages: int, hours: float, too_long: bool) -> None:
    assert is_too_long(pages, hours * 3600) is too_long


def test_a_lecture_that_is_too_long_is_found_without_its_moments_and_that_is_said(
    sqlite_library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.align._MAX_PAGES", len(WORDS) - 1)
    folder = tmp_path / "course"
    write_pdf(folder / "slides.pdf", [f"{text.split()[0].title()}\n{text}" for text in WORDS])
    (folder / "transcripts").mkdir()
    (folder / "transcripts" / "aaaaaaaaaaa.en.vtt").write_text(to_vtt(speech([0, 1, 2, 3, 4])), "utf-8")
    (folder / "README.md").write_text("# C\n1. [One](slides.pdf) [video](https://youtu.be/aaaaaaaaaaa)\n", "utf-8")
    report = ingest(folder, sqlite_library, None)
    assert [(gap["lecture"], gap["code"]) for gap in report.gaps] == [("One", "not_aligned")]
    assert "5 pages of slides and 0.4 hours" in report.gaps[0]["detail"]
    with sqlite_library.database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(moments)) == 0

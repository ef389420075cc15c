"""Judged questions: what a gold file may say, and where a hit is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import InvalidRequest
from index.types import DeckKind, PagePlace
from service.evaluation import JudgedPage, JudgedStretch, doubts, judged_places, read_gold


def test_a_gold_file_names_pages_and_stretches_of_video(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(
        '{"id": 7, "query": "dropout", "relevant": [{"deck": "a.pdf", "page": 3, "grade": 2, "thin": true}], '
        '"borderline": [{"video": "abc", "start_seconds": 1, "end_seconds": 2.5}]}\n\n{"query": "borscht"}\n',
        "utf-8",
    )
    first, second = questions = read_gold(gold)
    assert first.relevant == (JudgedPage("a.pdf", 3, 2.0),)
    assert first.borderline == (JudgedStretch("abc", 1.0, 2.5, 1.0),)
    assert (second.id, second.kind, second.relevant) == ("3", "all", ())
    assert judged_places(questions) == ({"a.pdf"}, set())


@pytest.mark.parametrize(
    "place", ['{"deck": "a.pdf"}', '{"video": "abc", "start_seconds": 1}', '{"page": 3}', '"a.pdf"']
)
def test_a_place_that_is_none_is_named_by_its_line(tmp_path: Path, place: str) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(f'{{"query": "a"}}\n{{"query": "b", "relevant": [{place}]}}\n', "utf-8")
    with pytest.raises(InvalidRequest, match="Line 2"):
        read_gold(gold)


def test_what_a_line_lacks_is_said_in_words(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"query": "a", "relevant": [{"deck": "a.pdf"}]}\n', "utf-8")
    with pytest.raises(InvalidRequest, match=r"Line 1 of .* is no question: it has no 'page'"):
        read_gold(gold)


def test_places_that_the_course_lacks_and_questions_without_a_place_are_told(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    lines = [
        '{"id": "right", "query": "a", "relevant": [{"deck": "a.pdf", "page": 3}]}',
        '{"id": "beyond", "query": "b", "relevant": [{"deck": "a.pdf", "page": 99}]}',
        '{"id": "slip", "query": "c", "relevent": [{"deck": "a.pdf", "page": 3}]}',
        '{"id": "unheard", "query": "d", "relevant": [{"video": "x", "start_seconds": 1, "end_seconds": 2}]}',
        '{"id": "borscht", "query": "e", "kind": "plain"}',
    ]
    gold.write_text("\n".join(lines), "utf-8")
    assert doubts(read_gold(gold), [PagePlace(1, "a.pdf", DeckKind.SLIDES, 3)]) == [
        "Question beyond: the course has no page 99 of a.pdf.",
        "Question slip has no right place (`relevant`), and counts as one that finds nothing.",
        "Question unheard: the course has no words of the video x.",
    ]

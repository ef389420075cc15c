"""Questions that are made from a course, the example course's own, and the interval of a mean."""

from __future__ import annotations

from pathlib import Path

from support import EXAMPLES, passage
from typer.testing import CliRunner

from index.errors import InvalidRequest
from index.types import Coverage, Kind
from service.cli import app
from service.evaluation import JudgedPage, Measured, Question, read_gold, summarise
from service.made_questions import as_lines, make_questions


def _made(kind: str) -> list[dict[str, object]]:
    said = (
        "Dropout is a way of switching off random units in every hidden layer while the network learns.\n"
        "Without it the network relies on single units and remembers every example of the training data."
    )
    pages = [passage(said, 0, title="Dropout"), passage("Literature", 1, title="Gradient descent")]
    line = passage("Dropout. Momentum.", 2, title="Training", kind=Kind.PROGRAMME, place=None)
    return [question for question in make_questions([*pages, line]) if question["kind"] == kind]


def test_titles_ask_for_their_pages_and_lines_of_the_programme_for_nothing() -> None:
    found = {question["query"]: question["relevant"] for question in _made("title")}
    assert found == {"Dropout": [{"deck": "d", "page": 1}], "Gradient descent": [{"deck": "d", "page": 2}]}


def test_a_definition_is_asked_without_its_term() -> None:
    assert [question["query"] for question in _made("definition")] == [
        "way of switching off random units in every hidden layer while the network learns."
    ]


def test_a_masked_sentence_lacks_every_third_word() -> None:
    query = str(_made("masked")[0]["query"])
    assert query.startswith("is a of switching random units every hidden while the learns")


def test_a_title_is_also_asked_by_its_other_name() -> None:
    assert {question["query"] for question in _made("swapped")} == {"GD", "дропаут"}


def test_made_questions_are_a_gold_file_and_always_the_same(tmp_path: Path) -> None:
    pages = [passage(f"text {n}", n, title=f"Title of {n}") for n in range(100)]
    lines = as_lines(make_questions(pages))
    assert lines == as_lines(make_questions(pages))
    (tmp_path / "made.jsonl").write_text(lines, "utf-8")
    questions = read_gold(tmp_path / "made.jsonl")
    assert len(questions) == 60
    assert all(question.relevant for question in questions)


def test_the_example_course_has_judged_questions_whose_pages_exist() -> None:
    questions = read_gold(EXAMPLES / "gold.jsonl")
    assert len({question.id for question in questions}) == len(questions) >= 28
    for question in questions:
        for place in question.relevant:
            assert isinstance(place, JudgedPage)
            assert (EXAMPLES / place.deck).is_file()


def test_the_interval_holds_the_mean_and_is_a_point_where_all_are_equal() -> None:
    def measured(values: list[float]) -> list[Measured]:
        asked = Question(id="1", query="q", kind="k", relevant=(JudgedPage("d", 1, 1),), borderline=())
        return [
            Measured(question=asked, ndcg=value, first=1, coverage=Coverage.EXPLAINED, took_ms=1.0) for value in values
        ]

    (row,) = summarise(measured([0.0, 1.0, 0.5, 0.75]))
    assert 0 <= row.low < row.ndcg < row.high <= 1
    (row,) = summarise(measured([0.5, 0.5]))
    assert (row.low, row.high) == (0.5, 0.5)


def test_eval_without_a_file_says_what_to_do() -> None:
    result = CliRunner().invoke(app, ["eval"])
    assert isinstance(result.exception, InvalidRequest)
    assert "--make COURSE" in str(result.exception)

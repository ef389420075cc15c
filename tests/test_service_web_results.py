"""What the page makes of results: lectures with their places, rails, readable snippets, scopes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import permutations
from time import perf_counter

import pytest
from support import passage

from index.errors import InvalidRequest
from index.search.search import SearchIndex
from index.types import Coverage, DeckKind, Filters, Host, IndexedPassage, Kind, PagePlace, Query, Reason, TimePlace
from service.finding import search_out
from service.web.place import Place
from service.web.rails import rails_of
from service.web.results import fold_twins, results_view, telling_readings
from service.web.scope import read_scope
from service.web.snippets import Pieces, code_parted, pieces, readable
from service.web.templating import TEMPLATES


def shown(parts: Pieces) -> str:
    return "".join(f"[{text}]" if marked else text for text, marked in parts)


def seen(source: str, start: int, end: int, *highlights: tuple[int, int]) -> str:
    """How the stretch of a text is shown that a snippet holds."""
    return shown(readable(source[start:end].replace("\n", " "), highlights, source))


# --- snippets --------------------------------------------------------------------------------------------


def test_a_text_is_cut_at_its_highlights() -> None:
    assert pieces("a dropout b", [(2, 9)]) == [("a ", False), ("dropout", True), (" b", False)]
    assert pieces("ab", [(0, 1), (0, 2)]) == [("a", True), ("b", False)]


def test_a_whole_sentence_has_no_dots_and_a_cut_one_has() -> None:
    text = "We forget nothing. Dropout hides units at random. Then we test without it."
    assert seen(text, 19, 49) == "Dropout hides units at random."
    assert seen(text, 27, 60) == "… hides units at random. Then we te …"


def test_bullets_and_lines_are_set_apart() -> None:
    assert seen("Plan\n• first thing\n• second thing", 5, 33) == "first thing · second thing"
    assert seen("Title\nOne line\nAnother line\ngoes on here", 6, 40) == "One line · Another line goes on here"
    assert seen("a list • of things", 0, 18) == "a list · of things"


def test_highlights_stay_on_their_words_when_lines_are_cleaned() -> None:
    assert (
        seen("T\n•  dropout here\n• and dropout there", 2, 38, (3, 10), (22, 29))
        == "[dropout] here · and [dropout] there"
    )


def test_strewn_formulas_are_left_out() -> None:
    text = "The mean of a batch\n= ∑ 1 1 ( ) m B i B i x m σμ = =− ∑\nis subtracted from it"
    assert seen(text, 0, len(text)) == "The mean of a batch is subtracted from it"
    assert readable("= ∑ 1 1 ( ) m B i B i x m", (), "= ∑ 1 1 ( ) m B i B i x m") == []


def test_code_keeps_its_beginning() -> None:
    assert seen("Code\ndrop = nn.Dropout(p=0.5)", 5, 29) == "drop = nn.Dropout(p=0.5)"


# --- rails -----------------------------------------------------------------------------------------------


def page(number: int, deck: int = 1) -> IndexedPassage:
    at = PagePlace(deck, f"d{deck}", DeckKind.SLIDES, number)
    return passage("x", number, place=at)


def moment(second: float) -> IndexedPassage:
    at = TimePlace(3, "v", Host.FILE, second, second + 60)
    return passage("x", 500 + int(second), kind=Kind.SEGMENT, place=at)


def test_slides_and_time_have_a_rail_each() -> None:
    slides, time = rails_of([page(50), moment(300), page(10)], Place(), {("page", 1): 100, ("time", 3): 600})
    assert [(mark.at, mark.first) for mark in slides.marks] == [(9.5, 10), (49.5, 50)]
    assert [(mark.at, mark.first) for mark in time.marks] == [(50.0, 300)]
    assert slides.unit is not None
    assert time.unit is None


def test_marks_that_a_finger_could_not_tell_apart_are_one_that_leads_to_the_best() -> None:
    (rail,) = rails_of([page(22), page(20), page(60)], Place(), {("page", 1): 100})
    near, far = rail.marks
    assert (near.first, near.last, near.ticks, far.ticks) == (20, 22, (19.5, 21.5), (59.5,))
    assert "/22" in near.url
    numbers = [page(number) for number in range(1, 101)]
    assert len(rails_of(numbers, Place(), {("page", 1): 100})[0].marks) <= 13


def test_decks_of_a_lecture_follow_one_another_and_what_has_no_length_is_left_out() -> None:
    lengths = {("page", 1): 30.0, ("page", 2): 10.0}
    (rail,) = rails_of([page(1, deck=2), page(30), page(4, deck=9)], Place(), lengths)
    assert [(mark.at, mark.first) for mark in rail.marks] == [(73.8, 30), (76.2, 1)]


# --- groups and counts -----------------------------------------------------------------------------------


def unmeasured(_lectures: Collection[int]) -> dict[tuple[str, int], float]:
    return {}


def test_of_the_lectures_that_are_shown_alone_the_lengths_are_asked_for(example_index: SearchIndex) -> None:
    found = example_index.find(Query("обучение"))
    asked: list[list[int]] = []

    def measure(lectures: Collection[int]) -> dict[tuple[str, int], float]:
        asked.append([*lectures])
        return {("page", number): 12.0 for number in range(1, 40)}

    numbers = [lecture.lecture_id for lecture in found.lectures]
    assert len(numbers) == 3
    view = results_view(found, Place(q="обучение", offset=1), Filters(), measure, perf_counter())
    assert asked == [numbers[1:]]
    assert any(group.rails for group in view.groups)
    results_view(found, Place(q="обучение", offset=300), Filters(), measure, perf_counter())
    assert len(asked) == 1


def test_lectures_stand_in_the_order_of_their_best_hits(example_index: SearchIndex) -> None:
    found = example_index.find(Query("обучение"))
    view = results_view(found, Place(q="обучение"), Filters(), unmeasured, perf_counter())
    order = list(dict.fromkeys(hit.passage.lecture_position for hit in found.hits(50)))
    assert [group.position for group in view.groups] == order[: len(view.groups)]
    assert len(order) > 1
    best = {hit.passage.id: place for place, hit in enumerate(found.hits(50))}
    for group in view.groups:
        places = [best[shown.hit.id] for shown in group.hits]
        assert places == sorted(places)
    assert (
        sum(len(group.hits) + group.more + sum(len(s.older) for s in group.hits) for group in view.groups)
        == found.total
    )


def test_readings_by_which_nothing_was_found_or_that_are_guesses_about_what_is_absent_are_not_told(
    example_index: SearchIndex,
) -> None:
    def told(text: str, coverage: Coverage | None = None) -> list[tuple[str, Reason]]:
        found = example_index.find(Query(text))
        view = results_view(
            found if coverage is None else replace(found, coverage=coverage), Place(q=text), Filters(), unmeasured, 0.0
        )
        return [(rewrite.target, rewrite.reason) for rewrite in view.found.rewrites]

    assert ("dropout", Reason.TRANSLITERATION) in told("дропаут")
    assert told("дропаут", Coverage.ABSENT) == []
    assert told("вкщзщге", Coverage.ABSENT) == [("dropout", Reason.LAYOUT)]
    heard = search_out(example_index.find(Query("дропаут")), (), 0.0)
    assert telling_readings(heard, []) == []


def test_the_editions_of_a_slide_lie_under_the_newest_of_them_that_is_there(example_index: SearchIndex) -> None:
    found = example_index.find(Query("обучение"))
    groups = results_view(found, Place(q="обучение"), Filters(), unmeasured, perf_counter()).groups
    newest, newer, old, *others = [one for group in groups for one in group.hits]
    editions = [
        replace(one, hit=one.hit.model_copy(update={"twin_of": twin}), older=[])
        for one, twin in ((newest, "elsewhere"), (newer, newest.hit.id), (old, newer.hit.id))
    ]
    for order in permutations(editions):
        lists = [replace(groups[0], hits=list(order[:2])), replace(groups[0], hits=[order[2], *others])]
        kept = [one for group in fold_twins(lists, Place()) for one in group.hits]
        assert {one.hit.id for one in kept} == {one.hit.id for one in (newest, *others)}
        (shown,) = [one for one in kept if one.hit.id == newest.hit.id]
        assert {hit.id for hit, _ in shown.older} == {newer.hit.id, old.hit.id}
        shown.older.clear()


def test_counts_narrow_each_other_and_a_kind_without_hits_is_named(example_index: SearchIndex) -> None:
    found = example_index.find(Query("GAN"))
    (programme,) = [lecture for lecture in found.lectures if lecture.best.lecture_position == 5]
    place = Place(q="GAN", lecture="/c/neural-networks/l/5")
    view = results_view(found, place, Filters(lecture=programme.lecture_id), unmeasured, perf_counter())
    assert dict(view.kinds)[Kind.PROGRAMME] == programme.count
    assert dict(view.kinds)[Kind.PAGE] == 0
    only = results_view(
        found, Place(q="GAN", kind="page"), Filters(kinds=frozenset({Kind.PAGE})), unmeasured, perf_counter()
    )
    assert sum(facet.count for facet in only.lectures) == dict(only.kinds)[Kind.PAGE] > 0


def test_a_title_is_marked_and_never_repeats_that_of_the_lecture(example_index: SearchIndex) -> None:
    for query in ("dropout", "градиентный спуск"):
        found = example_index.find(Query(query))
        view = results_view(found, Place(q=query), Filters(), unmeasured, perf_counter())
        for group in view.groups:
            name = "".join(text for text, _ in group.title)
            assert all("".join(text for text, _ in one.title).casefold() != name.casefold() for one in group.hits)
    first = view.groups[0]
    assert ("Градиентный", True) in first.title


# --- where to search -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "course", "lecture"),
    [("", "", ""), ("/c/a", "a", ""), ("/c/a/l/3", "a", "/c/a/l/3"), ("/c/a/l/3?m=x2", "a", "/c/a/l/3?m=x2")],
)
def test_a_scope_is_an_address(address: str, course: str, lecture: str) -> None:
    assert read_scope(address) == (course, lecture)


@pytest.mark.parametrize("address", ["x", "/c/", "/c/a/l/", "/c/a/l/3\n", "/c/a/d/x", "javascript:alert(1)"])
def test_what_is_no_scope_is_refused(address: str) -> None:
    with pytest.raises(InvalidRequest, match="no address of a course or lecture"):
        read_scope(address)


def test_a_page_of_text_shows_its_code_apart_and_no_fences() -> None:
    text = "Count the lines:\n```\nfor f in *.txt\n  wc $f\n```\nThat is all."
    start = text.index("wc")
    assert code_parted(text, [(start, start + 2)]) == [
        (False, [("Count the lines:", False)]),
        (True, [("for f in *.txt\n  ", False), ("wc", True), (" $f", False)]),
        (False, [("That is all.", False)]),
    ]
    assert code_parted("```\nnever closed", []) == [(False, [("```\nnever closed", False)])]
    # a quote that goes over a fence is marked in both parts
    assert code_parted("a\n```\nb\n```", [(0, 7)]) == [(False, [("a", True)]), (True, [("b", True)])]


def test_the_sheet_of_a_page_escapes_what_it_shows() -> None:
    sheet = TEMPLATES.get_template("_slide.html").module.sheet  # type: ignore[attr-defined]
    shown = str(sheet("Say\n```\n<b>&\n```", [(8, 11)]))
    assert shown == '<div class="sheet" tabindex="0">Say<pre><mark>&lt;b&gt;</mark>&amp;</pre></div>'

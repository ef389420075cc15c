"""When what was asked is said: times of words, sentences of speech, the second that is opened."""

from __future__ import annotations

from index.search.moments import with_moment
from index.text.analysis import find_terms
from index.text.moments import find_moment, pack_times, second_of, spoken_sentences, unpack_times
from index.types import Host, IndexedPassage, Kind, TimePlace


def _passage(text: str, times: list[tuple[int, float]], start: float = 60.0, end: float = 120.0) -> IndexedPassage:
    return IndexedPassage(
        id="p_1",
        kind=Kind.SEGMENT,
        title="",
        text=text,
        content_hash="",
        course_slug="c",
        course_title="C",
        course_source_url=None,
        language="en",
        lecture_id=1,
        lecture_position=1,
        lecture_title="L",
        section="",
        remark=None,
        place=TimePlace(4, "talk.mp4", Host.FILE, start, end),
        times=pack_times(times, start),
    )


def test_times_survive_being_kept_to_a_tenth_of_a_second() -> None:
    times = [(0, 83.42), (14, 85.0), (30, 91.77), (64, 99.0)]
    kept = unpack_times(pack_times(times, 83.42), 83.42)
    assert [char for char, _ in kept] == [0, 14, 30, 64]
    assert all(abs(kept[i][1] - times[i][1]) <= 0.05 for i in range(4))


def test_times_near_to_both_neighbours_are_left_out() -> None:
    kept = unpack_times(pack_times([(0, 0.0), (3, 0.2), (6, 0.4), (9, 0.9), (12, 5.0)], 0.0), 0.0)
    assert [char for char, _ in kept] == [0, 9, 12]


def test_times_that_run_back_are_not_believed() -> None:
    assert unpack_times(pack_times([(0, 10.0), (5, 8.0), (9, 12.0)], 10.0), 10.0) == [(0, 10.0), (9, 12.0)]


def test_between_two_times_speech_runs_evenly() -> None:
    times = [(0, 10.0), (20, 20.0)]
    assert second_of(0, times) == 10.0
    assert second_of(5, times) == 12.5
    assert second_of(40, times) == 20.0


def test_sentences_end_at_full_stops_and_not_inside_numbers() -> None:
    text = "The loss is 0.5 here. Then it falls. Why?"
    assert [text[a:b] for a, b in spoken_sentences(text)] == ["The loss is 0.5 here.", "Then it falls.", "Why?"]


def test_captions_without_full_stops_are_cut_at_clauses() -> None:
    text = (
        "we look at the network and its layers here for quite a while before we go on " * 2
        + "so "
        + ("the next thing is the optimiser that everybody uses in practice these days and you will see it again ")
    )
    pieces = [text[a:b] for a, b in spoken_sentences(text)]
    assert all(len(piece) <= 240 for piece in pieces)
    assert any(piece.startswith("and its layers") for piece in pieces)
    assert "".join(pieces).replace(" ", "") == text.replace(" ", "")


def test_a_moment_begins_with_a_short_sentence() -> None:
    text = "First comes the plan. Then we drop neurons. The end."
    times = [(0, 60.0), (22, 70.0), (44, 80.0), (52, 82.0)]
    moment = find_moment(find_terms(text, {"neuron"}), times, spoken_sentences(text, times), {"neuron": 1.0})
    assert moment is not None
    assert text[moment.start : moment.end] == "Then we drop neurons."
    # the word is heard at 75.9: the sentence began too long before
    assert moment.at_seconds == 73.4


def test_a_hit_in_speech_opens_shortly_before_what_was_asked() -> None:
    words = ("plain words about something else " * 20 + "now dropout is a regulariser").split()
    text, times, char = "", [], 0
    for i, word in enumerate(words):
        times.append((char, 60.0 + 0.5 * i))
        char += len(word) + 1
    text = " ".join(words)
    passage, snippet = with_moment(_passage(text, times), {"dropout": 1.0})
    said = 60.0 + 0.5 * words.index("dropout")
    assert passage.time is not None
    assert 2.0 <= said - passage.time.at_seconds <= 3.5
    assert (passage.time.start_seconds, passage.time.end_seconds) == (60.0, 120.0)
    start, end = snippet.highlights[0]
    assert snippet.text[start:end] == "dropout"


def test_without_times_a_hit_opens_at_the_start_of_its_stretch() -> None:
    passage, _ = with_moment(_passage("we drop neurons", []), {"neuron": 1.0})
    assert passage.time is not None
    assert passage.time.at_seconds == 60.0


def test_captions_without_full_stops_are_cut_where_the_speaker_pauses() -> None:
    clause = "gradient descent moves the weights a little along the slope of the loss at every single step of it "
    text = (3 * clause).strip()
    pauses = [len(clause), 2 * len(clause)]
    # speech ends, and goes on a second later; at the third time it goes on at once
    times = [(0, 0.0), (pauses[0] - 1, 9.0), (pauses[0], 10.0), (pauses[1] - 1, 19.0), (pauses[1], 19.1)]
    assert len(clause) > 90
    assert [text[a:b] for a, b in spoken_sentences(text, times)] == [clause.strip(), (2 * clause).strip()]

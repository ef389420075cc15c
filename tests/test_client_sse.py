"""Server-sent events as the specification has them, however a connection cuts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lecture_search_client.sse import Event, EventReader
from service.sse import write_event


def _read(*pieces: str) -> list[Event]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.read(piece)]


def test_the_space_after_the_colon_may_be_missing_and_only_one_is_dropped() -> None:
    assert _read("event:a\ndata:1\n\nevent: a\ndata:  2\n\n") == [Event("a", "1"), Event("a", " 2")]


def test_data_of_several_lines_is_one_event() -> None:
    assert _read("data: first\ndata\ndata: third\n\n") == [Event("message", "first\n\nthird")]


def test_comments_other_fields_and_events_without_data_say_nothing() -> None:
    stream = ": still here\n\nevent: a\n\nid: 7\nretry: 10\nunknown\ndata: x\n\n"
    assert _read(stream) == [Event("message", "x")]


def test_a_name_is_of_one_event_and_an_unfinished_event_is_none() -> None:
    assert _read("event: a\ndata: 1\n\ndata: 2\n\nevent: b\ndata: 3\n") == [Event("a", "1"), Event("message", "2")]


def test_every_line_end_ends_a_line_also_where_it_is_cut_in_two() -> None:
    expected = [Event("a", "1"), Event("message", "2")]
    for end in ("\n", "\r", "\r\n"):
        stream = end.join(["\ufeffevent: a", "data: 1", "", "data: 2", "", ""])
        assert _read(stream) == expected
        assert _read(*stream) == expected


@given(st.lists(st.tuples(st.sampled_from(["", "answer"]), st.text().filter(lambda t: "\r" not in t))), st.data())
def test_what_is_written_is_read_again_however_it_is_cut(sent: list[tuple[str, str]], data: st.DataObject) -> None:
    """Any text, also with characters like U+2028 that end a line elsewhere."""
    stream = "".join(write_event(text, name) for name, text in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert _read(*pieces) == [Event(name or "message", text) for name, text in sent]

"""Chat programs as they read the answers: OpenAI's client, Open WebUI, LibreChat; long, odd and hostile conversations."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from markdown_it import MarkdownIt
from model_stub import model_server, says
from starlette.testclient import TestClient
from support import ingest, write_pdf

from index.library import Library
from index.text.quotes import words_of
from service import mcp_tools
from service.api.chat import count_tokens
from service.app import create_app
from service.chat.conversation import Message, question_in, read_conversation
from service.chat.writing import cited_in
from service.settings import Settings
from service.state import ServiceState

_QUESTION = "что такое ранняя остановка?"
_RENDERED = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def _said(client: TestClient, messages: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    response = client.post("/v1/chat/completions", json={"model": "lectures", "messages": messages, **more})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def _streamed(client: TestClient, messages: list[dict[str, Any]], **more: Any) -> list[dict[str, Any]]:
    body = {"model": "lectures", "messages": messages, "stream": True, **more}
    response = client.post("/v1/chat/completions", json=body)
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


# --- annotations, usage, models, errors -----------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_annotations_say_where_in_the_text_a_place_is_cited(live: str, stream: bool) -> None:
    client = openai.OpenAI(base_url=f"{live}/v1", api_key="none", max_retries=0)
    messages: Any = [_user(_QUESTION)]
    if stream:
        chunks = list(client.chat.completions.create(model="lectures", messages=messages, stream=True))
        text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
        found = [a for chunk in chunks for a in (chunk.choices[0].delta.model_extra or {}).get("annotations", [])]
        cited = [annotation["url_citation"] for annotation in found]
        citations = chunks[-1].model_extra["citations"]  # type: ignore[index]
    else:
        message = client.chat.completions.create(model="lectures", messages=messages).choices[0].message
        text = message.content or ""
        cited = [annotation.url_citation.model_dump() for annotation in message.annotations or []]
        citations = message.model_extra["citations"]  # type: ignore[index]
    assert [text[c["start_index"] : c["end_index"]] for c in cited] == [f"[{c['number']}]" for c in citations]
    assert [c["url"] for c in cited] == [c["url"] for c in citations]
    first = cited[0]
    assert text[: first["start_index"]].rstrip().endswith(" ".join(citations[0]["quote"].split())[-20:])
    assert first["title"].endswith(f", страница {citations[0]['hit']['locator']['page_number']}")
    assert f"- [1] [{first['title']}]({first['url']})" in text


def test_a_link_of_a_citation_is_short_and_opens_its_place_with_the_quote_marked(client: TestClient) -> None:
    seen = set()
    for question in (_QUESTION, "зачем нужен dropout?", "чем L1 отличается от L2?"):
        for citation in _said(client, [_user(question)])["citations"]:
            address = citation["url"]
            assert re.fullmatch(r"http://[^/]+/c/neural-networks/[dv]/[^?]+\?m=\w{15}&quote=~\d+[a-z2-7]{8}", address)
            shown = client.get(address.removeprefix("http://testserver"), headers={"accept": "text/html"})
            assert shown.status_code == 200
            marked = " ".join(html.unescape(mark) for mark in re.findall(r"<mark>(.*?)</mark>", shown.text, re.DOTALL))
            assert words_of(marked) == words_of(citation["quote"])
            seen.add(citation["hit"]["kind"])
    assert seen == {"page", "segment"}


def test_a_place_without_a_quote_is_annotated_too(client: TestClient) -> None:
    message = _said(client, [_user("когда придумали dropout")])["choices"][0]["message"]
    spans = [annotation["url_citation"] for annotation in message["annotations"]]
    assert len(spans) == 1
    for span in spans:
        assert message["content"][span["start_index"] : span["end_index"]] == f"[{span['title']}]({span['url']})"


def test_a_bare_term_in_a_chat_asks_what_it_is(client: TestClient) -> None:
    term, question = (_said(client, [_user(text)]) for text in ("overfitting", "what is overfitting"))
    assert [c["quote"] for c in term["citations"]] == [c["quote"] for c in question["citations"]] != []
    asked = client.post("/api/answers", json={"question": "overfitting"}).json()
    assert (asked["outcome"], asked["citations"]) == ("no_question", [])


def test_usage_is_an_estimate_and_a_stream_tells_it_if_asked(live: str) -> None:
    client = openai.OpenAI(base_url=f"{live}/v1", api_key="none", max_retries=0)
    messages: Any = [{"role": "system", "content": "x" * 40}, _user(_QUESTION)]
    reply = client.chat.completions.create(model="lectures", messages=messages)
    usage = reply.usage
    assert usage is not None
    assert usage.prompt_tokens == 10 + count_tokens(_QUESTION)
    assert usage.completion_tokens == count_tokens(reply.choices[0].message.content or "")
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    options: Any = {"include_usage": True}
    with_it = list(
        client.chat.completions.create(model="lectures", messages=messages, stream=True, stream_options=options)
    )
    assert [chunk.usage for chunk in with_it[:-1]] == [None] * (len(with_it) - 1)
    assert (with_it[-1].choices, with_it[-1].usage) == ([], usage)
    without = list(client.chat.completions.create(model="lectures", messages=messages, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in without)


def test_a_model_can_be_asked_for(live: str) -> None:
    client = openai.OpenAI(base_url=f"{live}/v1", api_key="none", max_retries=0)
    assert client.models.retrieve("neural-networks").id == "neural-networks"
    assert client.models.retrieve("lectures").owned_by == "lecture-search"
    with pytest.raises(openai.NotFoundError, match="There is no model 'nope'") as refused:
        client.models.retrieve("nope")
    assert (refused.value.code, refused.value.type) == ("not_found", "invalid_request_error")


def test_every_error_under_v1_is_as_openai_has_it(example_settings: Settings) -> None:
    settings = example_settings.model_copy(update={"answers_per_minute": 1})
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        chat = {"model": "lectures", "messages": [_user("dropout")]}
        unread = {"messages": [{"role": "user", "content": 5}]}
        answers = [
            (client.get("/v1/nowhere"), 404, "invalid_request_error", "not_found", None),
            (client.get("/v1/models/nope"), 404, "invalid_request_error", "not_found", None),
            (client.get("/v1/chat/completions"), 405, "invalid_request_error", "method_not_allowed", None),
            (client.post("/v1/chat/completions", json={}), 422, "invalid_request_error", "invalid_request", "messages"),
            (
                client.post("/v1/chat/completions", json=unread),
                422,
                "invalid_request_error",
                "invalid_request",
                "messages.0.content",
            ),
            (
                client.post("/v1/chat/completions", content=b"x" * (2 << 20)),
                413,
                "invalid_request_error",
                "too_large",
                None,
            ),
            (
                client.post("/v1/chat/completions", content=(b"x" * 65_536 for _ in range(32))),
                413,
                "invalid_request_error",
                "too_large",
                None,
            ),
            (client.get("/v1/models?x=" + "x" * 20_000), 414, "invalid_request_error", "too_long", None),
            (
                client.get("/v1/models", headers={"Authorization": "Bearer lk_nothing"}),
                401,
                "authentication_error",
                "key_needed",
                None,
            ),
        ]
        while (limited := client.post("/v1/chat/completions", json=chat)).status_code == 200:
            pass
        answers.append((limited, 429, "rate_limit_error", "too_often", None))
        for response, status, kind, code, param in answers:
            body = response.json()
            assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
            assert body["error"] == {"message": body["detail"], "type": kind, "code": code, "param": param}
        assert "error" not in client.get("/api/courses/nope").json()


def test_without_an_index_chat_says_why_in_both_shapes(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="", embedder="none")
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        response = client.get("/v1/models")
        assert (response.status_code, response.json()["error"]["type"]) == (503, "server_error")
        assert response.headers["retry-after"]


# --- long and odd conversations -------------------------------------------------------------------------------


def test_a_conversation_may_be_long(client: TestClient) -> None:
    talk: list[dict[str, Any]] = [{"role": "system", "content": "Be brief. " * 4_000}]
    for _ in range(200):
        talk += [_user("что такое dropout?"), {"role": "assistant", "content": "Dropout выключает нейроны. " * 40}]
    talk += [{"role": "tool", "content": "{}", "tool_call_id": "x"}, {"role": "developer", "content": "x"}]
    found = _said(client, [*talk, _user("а зачем он нужен?")])
    assert "dropout" in found["choices"][0]["message"]["content"].casefold()
    long = "Мне сказали:\n" + "слово и ещё слово. " * 500 + f"\n{_QUESTION}\nспасибо!\n" + "конец. " * 200
    assert _said(client, [_user(long)])["citations"] == _said(client, [_user(_QUESTION)])["citations"]


def test_of_a_long_text_what_asks_is_searched() -> None:
    assert question_in("short text") == "short text"
    assert question_in("a\n" * 900 + "what is dropout?\n" + "b\n" * 900) == "what is dropout?"
    assert question_in("word " * 400 + "end") == ("word " * 400 + "end")[-1000:]
    assert question_in(" \n ") == ""


def test_parts_are_joined_and_pictures_are_told_of(client: TestClient) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "что такое"}, picture, {"type": "text", "text": "ранняя остановка?"}]
    content = _said(client, [{"role": "user", "content": parts}])["choices"][0]["message"]["content"]
    plain = _said(client, [_user(_QUESTION)])["choices"][0]["message"]
    assert (
        content
        == f"Картинки, звук и файлы здесь не читаются; спросите словами, что в них непонятно.\n\n{plain['content']}"
    )
    alone = _said(client, [{"role": "user", "content": [picture]}])["choices"][0]["message"]
    assert alone["content"] == "Pictures, sound and files are not read here; ask in words about what they show."
    assert alone["annotations"] == []
    spans = _said(client, [{"role": "user", "content": parts}])["choices"][0]["message"]["annotations"]
    assert [content[a["url_citation"]["start_index"] : a["url_citation"]["end_index"]] for a in spans][:1] == ["[1]"]


def test_where_nothing_is_asked_that_is_said(live: str) -> None:
    for messages in (
        [{"role": "system", "content": "Be kind."}],
        [{"role": "user", "content": " "}],
        [{"role": "tool", "content": None}],
    ):
        for stream in (True, False):
            answer = httpx.post(f"{live}/v1/chat/completions", json={"messages": messages, "stream": stream})
            assert answer.status_code == 200
            assert "There is no question here." in answer.text
    unreadable: tuple[Any, ...] = (False, 0, {})
    for content in unreadable:
        body = {"messages": [{"role": "user", "content": content}]}
        assert httpx.post(f"{live}/v1/chat/completions", json=body).status_code == 422
    answer = httpx.post(f"{live}/api/answers", json={"question": "dropout", "stream": 0})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_odd_messages_are_read_as_far_as_they_say_something() -> None:
    messages = [
        Message.model_validate(message)
        for message in (
            {"role": "developer", "content": "x"},
            {"role": "user", "content": None},
            {"role": "assistant", "content": [{"type": "output_text", "text": "said"}], "tool_calls": []},
            {"role": "user", "content": [{"type": "text", "text": None}, {"type": "input_text", "text": "what?"}]},
            {"role": "assistant"},
        )
    ]
    found = read_conversation(messages)
    assert (found.question, found.unread) == ("what?", 0)
    assert [(turn.role, turn.text) for turn in found.history] == [("assistant", "said")]


# --- text of a course in a chat -------------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[TestClient]:
    """A course whose titles and lines are Markdown and HTML that lead elsewhere."""
    folder = tmp_path / "course"
    write_pdf(
        folder / "a.pdf",
        [
            "![p](http://evil.example/p.png) Dropout\n"
            "Dropout is a way to switch off units at random [x](http://evil.example) while the net learns.\n"
            "Dropout is <img src=http://evil.example/i.png> a regulariser that makes nets robust to noise.\n"
            "Dropout is called so because units *drop out* of the net_work at every step of training.",
            "[Momentum](javascript:alert(1)) <b>rolls</b>\nMomentum is the mean of <think>old</think> gradients, so that steps go on.",
        ],
    )
    (folder / "course.yaml").write_text(
        "title: '![c](http://evil.example/c.png)'\nlanguage: en\nlectures:\n"
        "  - {title: '[Lecture](http://evil.example/l) <script>x</script>', decks: [a.pdf]}\n",
        "utf-8",
    )
    public = "http://127.0.0.1:8000"
    settings = Settings(data_dir=tmp_path / "data", database_url="", embedder="none", public_url=public)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(folder, library, None)
    library.close()
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "question", ["what is dropout?", "dropout", "what is momentum?", "who invented the transistor?"]
)
def test_markup_in_a_course_is_text_in_a_chat(hostile: TestClient, question: str) -> None:
    message = _said(hostile, [_user(question)])["choices"][0]["message"]
    shown = _RENDERED.render(message["content"])
    assert re.findall(r'href="(?!http://127\.0\.0\.1:8000/c/)[^"]*"', shown) == []
    assert not re.search(r"<(?!/?(?:p|a|ul|li)\b)", shown), shown
    assert not re.search(
        r"(?:https?:)?//(?!127\.0\.0\.1)[\w]|www\.\w", html.unescape(re.sub(r'href="[^"]*"', "", shown))
    )
    for annotation in message["annotations"]:
        title = annotation["url_citation"]["title"]
        pasted = _RENDERED.render(f"[{title}](http://127.0.0.1:8000/c/x) {title}")
        assert not re.search(r"<(?:img|script|b)\b|evil\.example/[\w.]*\"", pasted), pasted


def test_a_title_is_read_as_it_stands_on_the_slide(hostile: TestClient) -> None:
    content = _said(hostile, [_user("dropout")])["choices"][0]["message"]["content"]
    shown = html.unescape(re.sub(r"<[^>]*>", "", _RENDERED.render(content))).replace("\u2060", "")
    assert "![p](http://evil.example/p.png) Dropout, page 1" in shown


# --- numbers over a conversation ------------------------------------------------------------------------------


def _numbers(answer: dict[str, Any]) -> dict[str, int]:
    return {citation["hit"]["url"]: citation["number"] for citation in reversed(answer["citations"])}


_TALK = ("что такое dropout?", "как считается градиент?", "зачем нужен dropout?", "что такое dropout?")


def test_a_place_keeps_its_number_from_message_to_message(client: TestClient) -> None:
    talk: list[dict[str, Any]] = []
    seen: dict[str, int] = {}
    for question in _TALK:
        talk.append(_user(question))
        found = _said(client, talk)
        numbers = _numbers(found)
        assert all(seen.get(url, number) == number for url, number in numbers.items())
        assert len({*seen.values(), *numbers.values()}) >= len({*seen, *numbers})
        seen |= numbers
        message = found["choices"][0]["message"]
        assert set(cited_in(message["content"])) == {(c["number"], c["url"]) for c in found["citations"]}
        talk.append({"role": "assistant", "content": message["content"]})
    assert found["citations"][0]["number"] == 1  # as in the first answer
    assert max(seen.values()) > 2


def test_answers_keep_numbers_by_what_was_cited_or_asked_before(client: TestClient) -> None:
    told: list[dict[str, Any]] = []
    asked: list[dict[str, Any]] = []
    for question in _TALK:
        by_citations = client.post("/api/answers", json={"question": question, "history": told}).json()
        by_questions = client.post("/api/answers", json={"question": question, "history": asked}).json()
        assert by_citations["citations"] == by_questions["citations"]
        text = " ".join(sentence["text"] for sentence in by_citations["sentences"])
        told += [_user(question), {"role": "assistant", "content": text, "citations": by_citations["citations"]}]
        asked.append(_user(question))
    chat = [_user(question) for question in _TALK[:3]]
    assert _said(client, [*chat, _user(_TALK[3])])["citations"][0]["number"] == by_questions["citations"][0]["number"]


def test_a_long_conversation_keeps_the_numbers_of_its_beginning(client: TestClient) -> None:
    asked = [_user(question) for question in (_QUESTION, "что такое dropout?") * 4]
    first = client.post("/api/answers", json={"question": _QUESTION}).json()["citations"]
    last = client.post("/api/answers", json={"question": "что такое dropout?", "history": asked}).json()["citations"]
    places = {citation["hit"]["url"]: citation["number"] for citation in first}
    assert not {c["number"] for c in last if c["hit"]["url"] not in places} & set(places.values())


def test_of_a_long_message_before_what_was_asked_is_remembered() -> None:
    text = "Абзац про градиентный спуск и матрицу Гессе.\n" * 80 + "Что такое dropout?"
    said = [("user", text), ("assistant", "Это."), ("user", "а зачем он нужен?")]
    messages = [Message.model_validate({"role": role, "content": content}) for role, content in said]
    assert read_conversation(messages).history[0].text == "Что такое dropout?"


def test_the_page_keeps_numbers_in_a_follow_up(client: TestClient) -> None:
    def numbers(**asked: str) -> dict[str, str]:
        page = client.get("/", params=asked).text
        rows = re.findall(r'<li value="(\d+)"><a[^>]* href="[^"]*open=([^"&]*)', page.split('class="sources"')[1])
        return {address: number for number, address in reversed(rows)}

    first = numbers(q="что такое dropout?")
    same = numbers(q="а чем он отличается от batch normalization?", prev="что такое dropout?")
    other = numbers(q=_QUESTION, prev="что такое dropout?")
    assert min(first.values()) == "1"
    assert {number for address, number in same.items() if address in first} == {"1"}
    assert not set(other.values()) & set(first.values())


@pytest.fixture
def filmed(course_folder: Path, tmp_path: Path) -> Settings:
    """A course that explains momentum in a video on YouTube."""
    (course_folder / "transcripts" / "abcdefghijk.en.vtt").write_text(
        "WEBVTT\n\n00:00:01.000 --> 00:00:12.000\nWelcome to the lecture of today, about how networks are trained.\n\n"
        "00:00:12.000 --> 00:00:40.000\nMomentum is the running mean of old gradients, so that steps go on downhill.\n",
        "utf-8",
    )
    settings = Settings(data_dir=tmp_path / "data", database_url="", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(course_folder, library, None)
    library.close()
    return settings


def test_a_quote_of_a_video_on_youtube_is_marked_on_our_pages_and_keeps_its_number(filmed: Settings) -> None:
    asked = _user("what is momentum?")
    with TestClient(create_app(filmed), raise_server_exceptions=False) as client:
        first = _said(client, [asked])
        (cited,) = first["citations"]
        assert cited["hit"]["url"].startswith("https://youtu.be/abcdefghijk?t=")
        assert cited["url"].startswith("http://testserver/c/course/v/abcdefghijk/")
        shown = client.get(cited["url"].removeprefix("http://testserver"), headers={"accept": "text/html"}).text
        assert "<mark>" in shown
        said = {"role": "assistant", "content": first["choices"][0]["message"]["content"].replace("[1]", "[7]")}
        assert [c["number"] for c in _said(client, [asked, said, asked])["citations"]] == [7]
        told = {"role": "assistant", "content": "Said.", "citations": [{"number": 5, "hit": cited["hit"]}]}
        again = client.post("/api/answers", json={"question": asked["content"], "history": [asked, told]}).json()
        assert [c["number"] for c in again["citations"]] == [5]


@pytest.mark.parametrize("public_url", ["", "https://lectures.example"])
def test_a_quote_of_a_video_is_seen_on_youtube_where_nobody_is_known_to_serve(
    filmed: Settings, public_url: str
) -> None:
    state = ServiceState(filmed.model_copy(update={"public_url": public_url}))
    (cited,) = mcp_tools.ask(state, "what is momentum?", None).citations
    state.close()
    assert cited.url.startswith(f"{public_url}/c/course/v/" if public_url else "https://youtu.be/abcdefghijk?t=")


def test_numbers_go_on_where_a_model_writes(example_settings: Settings) -> None:
    with model_server(says("Dropout выключает нейроны [1]. Он нужен [2].")) as (address, _):
        settings = example_settings.model_copy(update={"llm_url": address, "llm_model": "stub"})
        with TestClient(create_app(settings)) as client:
            talk: list[dict[str, Any]] = [_user("что такое dropout?")]
            first = _said(client, talk)
            talk += [{"role": "assistant", "content": first["choices"][0]["message"]["content"]}, _user(_QUESTION)]
            second = _said(client, talk)
    assert [citation["number"] for citation in first["citations"]] == [1, 2]
    known = _numbers(first)
    for url, number in _numbers(second).items():
        assert number == known[url] if url in known else number > 2


def test_a_conversation_that_cites_nonsense_does_no_harm(client: TestClient) -> None:
    lines = "\n".join(f"- [{number}] [x](http://evil.example/{number})" for number in (0, 7, 7, 99999, 1000, 999))
    talk = [_user("что такое dropout?"), {"role": "assistant", "content": lines}, _user(_QUESTION)]
    found = _said(client, talk)
    assert [citation["number"] for citation in found["citations"]][:1] == [1000]
    odd = {"role": "assistant", "content": "x", "citations": [{"number": 0, "hit": {"url": "x"}}]}
    assert client.post("/api/answers", json={"question": _QUESTION, "history": [odd]}).status_code == 422


# --- as the programs read it ----------------------------------------------------------------------------------


def _as_open_webui(chunks: list[dict[str, Any]]) -> tuple[str, list[tuple[str, str]]]:
    """(text, (name, address) of each source) as Open WebUI keeps them: annotations of deltas become sources, sources of
    the same name are one, chunks without choices only tell the usage, errors stand in `error`."""
    text, sources = "", []
    for chunk in chunks:
        assert "error" not in chunk
        if not chunk["choices"]:
            assert chunk["usage"]["total_tokens"] > 0
            continue
        delta = chunk["choices"][0]["delta"]
        for annotation in delta.get("annotations") or []:
            if annotation.get("type") == "url_citation" and "url_citation" in annotation:
                cited = annotation["url_citation"]
                sources.append((cited.get("title", cited.get("url", "")), cited.get("url", "")))
        text += delta.get("content") or ""
    return text, list(dict.fromkeys(sources))


_BUTTONS = re.compile(r"(?<!\\)((?:\[\d+(?:,\s*\d+)*\])+)")  # what Open WebUI takes for buttons of the n-th source


def test_open_webui_shows_each_source_under_its_number(client: TestClient) -> None:
    talk: list[dict[str, Any]] = []
    buttons = 0
    for question in (*_TALK, "dropout", "что такое Adam?"):
        talk.append(_user(question))
        chunks = _streamed(client, talk, stream_options={"include_usage": True})
        text, sources = _as_open_webui(chunks)
        assert len({name for name, _ in sources}) == len(sources)
        citations = {c["number"]: c["url"] for chunk in chunks for c in chunk.get("citations", [])}
        for number in (int(n) for match in _BUTTONS.findall(text) for n in re.findall(r"\d+", match)):
            assert sources[number - 1][1] == citations[number]
            buttons += 1
        assert {url for _, url in sources} >= set(citations.values())
        shown = html.unescape(re.sub(r"<[^>]*>", "", _RENDERED.render(text)))
        assert all(f"[{number}]" in shown for number in citations)
        talk.append({"role": "assistant", "content": text})
    assert buttons > 2


def _as_librechat(stream: str) -> tuple[str, str]:
    """(text, what is taken for thoughts) as LibreChat reads a stream: events without choices tell the usage, a stream
    that ends without a reason is an error, a reason that is given twice is written twice, empty pieces are passed over,
    what stands between <think> marks is no text. It reads no annotations: links must stand in the text."""
    text, reasons, after_end = "", "", False
    for event in stream.strip().split("\n\n"):
        data = "\n".join(line.removeprefix("data: ") for line in event.splitlines() if line.startswith("data: "))
        assert not after_end, event
        if data == "[DONE]":
            after_end = True
            continue
        chunk = json.loads(data)
        if not chunk["choices"]:
            assert set(chunk["usage"]) >= {"prompt_tokens", "completion_tokens", "total_tokens"}
            continue
        (choice,) = chunk["choices"]
        assert not {"reasoning", "reasoning_content", "tool_calls", "function_call"} & set(choice["delta"])
        assert not (reasons and choice["delta"].get("content"))
        text += choice["delta"].get("content") or ""
        reasons += choice["finish_reason"] or ""
    assert (after_end, reasons) == (True, "stop")
    thoughts = "".join(re.findall(r"<think>(.*?)</think>", text, re.DOTALL))
    return text, thoughts


def test_librechat_reads_a_whole_answer_with_its_links(client: TestClient, hostile: TestClient) -> None:
    asked = [(client, text) for text in (_QUESTION, "dropout", "что такое GAN?", "как приготовить борщ?")]
    links = 0
    for service, question in (*asked, (hostile, "what is momentum?")):
        body = {"messages": [_user(question)], "stream": True, "stream_options": {"include_usage": True}}
        text, thoughts = _as_librechat(service.post("/v1/chat/completions", json=body).text)
        assert text.strip()
        assert "<think>" not in text
        assert thoughts == ""
        cited = _said(service, [_user(question)])["citations"]
        assert all(f"]({citation['url']})" in text for citation in cited)
        links += len(cited)
    assert links >= 2


def test_a_stream_says_what_the_whole_says(client: TestClient) -> None:
    for question in (*_TALK, "dropout", "что такое GAN?", "как приготовить борщ?"):
        chunks = _streamed(client, [_user(question)])
        whole = _said(client, [_user(question)])
        message = whole["choices"][0]["message"]
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        spans = [span for chunk in chunks for span in chunk["choices"][0]["delta"].get("annotations", [])]
        assert (text, spans) == (message["content"], message["annotations"])
        assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
        assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}
        assert len({(chunk["id"], chunk["created"], chunk["model"]) for chunk in chunks}) == 1
        assert whole["citations"] == message["citations"] == chunks[-1]["citations"]

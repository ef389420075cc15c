"""The HTTP service on the example course: every route, every error in one shape."""

from __future__ import annotations

import io
import re
import shutil
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient
from support import serve_apart, until_ready, write_pdf

from index.library import Library
from index.types import VIDEO_TYPES
from ingest import links
from service.app import create_app
from service.settings import Settings

_CHAT = {"model": "lectures", "messages": [{"role": "user", "content": "что такое dropout?"}]}
ROOT = Path(__file__).parents[1]


def _deck_id(client: TestClient, path: str) -> int:
    course = client.get("/api/courses/neural-networks").json()
    return next(int(deck["id"]) for lecture in course["lectures"] for deck in lecture["decks"] if deck["path"] == path)


def _video_id(client: TestClient, video: str) -> int:
    course = client.get("/api/courses/neural-networks").json()
    return next(int(v["id"]) for lecture in course["lectures"] for v in lecture["videos"] if v["video"] == video)


def test_every_recording_that_ingest_takes_has_a_type_for_browsers() -> None:
    assert links.VIDEO_TYPES.keys() == VIDEO_TYPES.keys()


def test_a_search_has_the_shape_of_the_contract(client: TestClient) -> None:
    found = client.get("/api/search", params={"q": "batch normalization", "limit": 3}).json()
    assert list(found) == [
        "query", "rewrites", "coverage", "unknown_words", "mode", "degraded", "generation", "took_ms", "total", "hits",
    ]  # fmt: skip
    assert (found["query"], found["coverage"], found["mode"]) == ("batch normalization", "explained", "hybrid")
    hit = found["hits"][0]
    deck_id = _deck_id(client, "slides/02_regularisation.pdf")
    assert hit["locator"] == {
        "type": "page", "deck": "slides/02_regularisation.pdf", "deck_id": deck_id, "page_number": 9, "page_label": "9",
        "unit": "page",
    }  # fmt: skip
    assert re.fullmatch(r"/c/neural-networks/d/slides/02_regularisation\.pdf/9\?m=[a-z2-7]{15}", hit["url"])
    assert (hit["place"], hit["image_url"]) == (hit["url"], f"/api/decks/{deck_id}/pages/9.webp")
    assert re.fullmatch(r"/c/neural-networks/l/2\?m=[a-z2-7]{8}", hit["lecture"]["url"])
    assert hit["course"] == {"slug": "neural-networks", "title": "Нейросети на практике"}
    assert hit["lecture"]["position"] == 2


def test_a_moment_of_a_local_video_links_to_its_second(client: TestClient) -> None:
    hit = client.get("/api/search", params={"q": "fairy tale test set leakage", "kind": "segment"}).json()["hits"][0]
    video_id = _video_id(client, "video/lecture4.webm")
    assert hit["locator"]["video_id"] == video_id
    second = int(hit["locator"]["at_seconds"])
    assert hit["url"].split("?")[0] == f"/c/neural-networks/v/video/lecture4.webm/{second}"
    shown = client.get(hit["url"]).text
    assert f'id="t={int(hit["locator"]["start_seconds"])}"' in shown
    assert f'src="/api/videos/{video_id}/file#t={second}"' in shown


def test_kinds_courses_and_lectures_filter(client: TestClient) -> None:
    def kinds(value: str) -> set[str]:
        hits = client.get("/api/search", params={"q": "dropout градиент", "kind": value, "limit": 50}).json()["hits"]
        return {hit["kind"] for hit in hits}

    assert kinds("page") == {"page"}
    assert kinds("programme,segment") == {"programme", "segment"}


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("/api/search?q=", 422, "invalid_request"),
        ("/api/search?q=%00%01", 422, "invalid_request"),
        ("/api/search?q=" + "x" * 10_240, 422, "invalid_request"),
        ("/api/search?q=" + "x" * 20_000, 414, "too_long"),
        ("/api/search?q=x&limit=0", 422, "invalid_request"),
        ("/api/search?q=x&limit=-1", 422, "invalid_request"),
        ("/api/search?q=x&limit=10000", 422, "invalid_request"),
        ("/api/search?q=x&limit=ten", 422, "invalid_request"),
        ("/api/search?q=x&offset=-1", 422, "invalid_request"),
        ("/api/search?q=x&kind=essay", 422, "invalid_request"),
        ("/api/search?q=x&mode=magic", 422, "invalid_request"),
        ("/api/search?q=x&course=nope", 404, "not_found"),
        ("/api/suggest?q=", 422, "invalid_request"),
        ("/api/courses/nope", 404, "not_found"),
        ("/api/lectures/999999", 404, "not_found"),
        ("/api/lectures/99999999999999", 422, "invalid_request"),
        ("/api/decks/999999", 404, "not_found"),
        ("/api/decks/999999/file.pdf", 404, "not_found"),
        ("/api/decks/1/pages/999.webp", 404, "not_found"),
        ("/api/decks/1/pages/1.webp?width=99999", 422, "invalid_request"),
        ("/api/videos/999999/captions.vtt", 404, "not_found"),
        ("/api/videos/999999/file", 404, "not_found"),
        ("/lectures/999999", 404, "not_found"),
        ("/decks/x", 422, "invalid_request"),
        ("/nowhere", 404, "not_found"),
        ("/static/../../pyproject.toml", 404, "not_found"),
    ],
)
def test_every_error_is_a_problem_with_our_code(client: TestClient, address: str, status: int, code: str) -> None:
    response = client.get(address)
    problem = response.json()
    assert (response.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert set(problem) == {"type", "title", "status", "detail", "code"}
    assert len(problem["detail"]) < 400


def test_emoji_and_hostile_queries_are_answered(client: TestClient) -> None:
    for query in ("🙂🙂", "<script>alert(1)</script>", "' OR 1=1 --", "%", "a" * 1000, "\u202eabc"):
        assert client.get("/api/search", params={"q": query}).status_code == 200
        page = client.get("/", params={"q": query})
        assert page.status_code == 200
        assert "<script>alert" not in page.text


def test_every_route_of_the_description_answers_in_json_or_a_file(client: TestClient) -> None:
    api = client.get("/openapi.json").json()
    deck, video = _deck_id(client, "slides/01_optimisation.pdf"), _video_id(client, "video/lecture1.webm")
    ids = {"deck_id": deck, "video_id": video, "lecture_id": 1, "page_number": 1, "slug": "neural-networks"}
    ids |= {"model": "neural-networks"}
    assert len(api["paths"]) >= 12
    bodies = {"/api/answers": {"question": "что такое dropout?"}, "/v1/chat/completions": _CHAT}
    bodies["/v1/embeddings"] = {"input": "dropout"}
    for path, methods in api["paths"].items():
        if "/ingests" in path or path == "/api/missed-searches" or not methods.keys() & {"get", "post"}:
            # what is the lecturer's needs a key, whatever is asked for
            statuses = [client.request(name, path.format(slug="x", job_id="j")).status_code for name in methods]
            assert set(statuses) == {401}, path
            continue
        if "post" in methods:
            response = client.post(path, json=bodies[path])
        else:
            takes = {parameter["name"] for parameter in methods["get"].get("parameters", ())}
            response = client.get(path.format(**ids), params={"q": "dropout"} if "q" in takes else {})
        assert response.status_code == 200, path
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert response.headers["x-request-id"]


def test_files_are_served_with_their_types(client: TestClient) -> None:
    deck, video = _deck_id(client, "slides/01_optimisation.pdf"), _video_id(client, "video/lecture1.webm")
    pdf = client.get(f"/api/decks/{deck}/file.pdf")
    assert (pdf.headers["content-type"], pdf.content) == (
        "application/pdf",
        (ROOT / "examples/slides/01_optimisation.pdf").read_bytes(),
    )
    picture = client.get(f"/api/decks/{deck}/pages/2.webp", params={"width": 300})
    with Image.open(io.BytesIO(picture.content)) as opened:
        assert (opened.format, opened.width) == ("WEBP", 480)
    assert client.get(f"/api/decks/{deck}/pages/2.webp", params={"width": 300}).content == picture.content
    captions = client.get(f"/api/videos/{video}/captions.vtt")
    assert captions.headers["content-type"] == "text/vtt; charset=utf-8"
    assert captions.text.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:05.000\nЗдравствуйте!")
    part = client.get(f"/api/videos/{video}/file", headers={"Range": "bytes=0-99"})
    assert (part.status_code, len(part.content), part.headers["content-type"]) == (206, 100, "video/webm")


def test_a_course_names_its_lectures_and_gaps(client: TestClient) -> None:
    course = client.get("/api/courses/neural-networks").json()
    assert [lecture["position"] for lecture in course["lectures"]] == [1, 2, 3, 4, 5]
    without_video = {course["lectures"][i]["id"] for i in (3, 4)}
    assert {gap["lecture_id"] for gap in course["gaps"] if gap["code"] == "no_video"} == without_video
    assert {g["lecture_id"] for g in course["gaps"] if g["code"] == "no_slides"} == {course["lectures"][4]["id"]}
    assert course["lectures"][0]["videos"][0]["remark"] == "только первая часть"
    assert client.get("/api/courses").json()[0]["slug"] == "neural-networks"
    lecture = client.get(f"/api/lectures/{course['lectures'][0]['id']}").json()
    assert lecture["title"] == "Градиентный спуск и оптимизаторы"


def test_suggestions_complete_titles_in_both_languages(client: TestClient) -> None:
    def texts(prefix: str) -> list[str]:
        return [s["text"] for s in client.get("/api/suggest", params={"q": prefix}).json()["suggestions"]]

    assert "Dropout" in texts("dro")
    assert any("внимания" in text for text in texts("механизм"))


def test_the_pages_show_what_was_asked(client: TestClient) -> None:
    deck = _deck_id(client, "slides/02_regularisation.pdf")
    found = client.get("/", params={"q": "dropout"}).text
    assert 'href="/?q=dropout&amp;open=/c/neural-networks/d/slides/02_regularisation.pdf/7?m=' in found
    assert "<mark>dropout</mark>" in found
    assert 'id="page=7"' in client.get(f"/decks/{deck}").text
    assert "Нейросети на практике" in client.get("/").text
    assert "no slides yet" in client.get("/courses/neural-networks").text
    assert "GET /api/search" in client.get("/docs").text
    assert client.get("/", params={"q": "x" * 2000}).status_code == 422


def test_health_and_metrics(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    until_ready(client)
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["degraded"], ready["passages"]) == ("ready", [], 62)
    client.get("/api/search", params={"q": "dropout"})
    assert 'lectures_requests_total{route="/api/search",status="200"}' in client.get("/metrics").text


def test_a_large_body_is_refused(client: TestClient) -> None:
    response = client.post("/api/search", content=b"x" * (2 << 20))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")


def test_without_an_index_it_lives_and_says_what_to_do(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(data_dir=tmp_path, embedder="none"))) as empty:
        assert empty.get("/livez").status_code == 200
        for address in ("/api/search?q=x", "/readyz"):
            response = empty.get(address)
            assert (response.status_code, response.json()["code"]) == (503, "index_unavailable")
            assert "lectures ingest" in response.json()["detail"]
        assert empty.get("/").status_code == 200


def test_search_goes_on_while_the_database_is_away(example_settings: Settings, tmp_path: Path) -> None:
    shutil.copytree(example_settings.data_dir / "index", tmp_path / "index")
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody@127.0.0.1:9/none")
    with TestClient(create_app(settings)) as degraded:
        assert degraded.get("/api/search", params={"q": "dropout"}).json()["total"] > 0
        until_ready(degraded)
        ready = degraded.get("/readyz").json()
        assert (ready["status"], len(ready["degraded"])) == ("degraded", 1)
        assert degraded.get("/api/courses").json()["code"] == "storage"


def test_whether_it_is_ready_is_told_while_the_database_says_nothing(
    example_settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(example_settings.data_dir / "index", tmp_path / "index")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        with TestClient(create_app(Settings(data_dir=tmp_path, database_url=url))) as degraded:
            until_ready(degraded)
            for _ in range(2):  # who asks again does not wait for the first question
                said = degraded.get("/readyz").json()["degraded"]
                assert said == ["The database does not answer; searching goes on without it."]
            assert 'lectures_degraded{what="database"} 1.0' in degraded.get("/metrics").text


def test_a_new_generation_is_served_without_a_restart(tmp_path: Path) -> None:
    from ingest.course import read_course  # noqa: PLC0415
    from ingest.pipeline import ingest_course  # noqa: PLC0415

    settings = Settings(data_dir=tmp_path / "data", embedder="none")
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    for number, word in ((1, "dropout"), (2, "attention")):
        write_pdf(tmp_path / "course" / "deck.pdf", [f"{word}\nabout {word}"])
        ingest_course(read_course(tmp_path / "course"), tmp_path / "course", library, None)
        if number == 1:
            opened = TestClient(create_app(settings))
            opened.__enter__()
            assert opened.get("/api/search?q=dropout").json()["generation"] == 1
    deadline = time.monotonic() + 60
    while (found := opened.get("/api/search?q=attention").json())["generation"] == 1:
        assert time.monotonic() < deadline
        threading.Event().wait(0.2)
    assert found["total"] == 1
    opened.__exit__(None, None, None)
    library.close()


def test_lectures_serve_answers_on_a_real_port_without_torch(example_settings: Settings, tmp_path: Path) -> None:
    environment = {
        "LECTURES_DATA_DIR": str(example_settings.data_dir),
        "LECTURES_EMBEDDER": example_settings.embedder,
    }
    with serve_apart(tmp_path / "log", environment) as (child, url):
        answer: dict[str, Any] = httpx.get(f"{url}/api/search", params={"q": "dropout"}, timeout=60).json()
        assert answer["hits"][0]["title"] in ("Dropout", "Минутка кода: nn.Dropout")
        loaded = Path(f"/proc/{child.pid}/maps").read_text()
        assert "libtorch" not in loaded
        child.terminate()
        assert child.wait(timeout=20) in (0, -15)


def test_pages_are_compressed_and_what_programs_ask_for_is_not(client: TestClient) -> None:
    headers = {"Accept-Encoding": "gzip"}
    page = client.get("/?q=dropout", headers=headers)
    assert (page.headers["content-encoding"], "Accept-Encoding" in page.headers["vary"]) == ("gzip", True)
    assert int(page.headers["content-length"]) < len(page.content) / 3
    assert "content-encoding" not in client.get("/?q=dropout", headers={"Accept-Encoding": "identity"}).headers
    video = _video_id(client, "video/lecture1.webm")
    for path in ("/api/search?q=dropout", f"/api/videos/{video}/file"):
        assert "content-encoding" not in client.get(path, headers=headers).headers
    part = client.get(f"/api/videos/{video}/file", headers={**headers, "Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)


def test_a_large_body_in_pieces_is_refused_and_a_small_one_read(client: TestClient) -> None:
    """A body in pieces does not say how long it is."""
    large = client.post("/v1/chat/completions", content=(b"x" * 65_536 for _ in range(32)))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    small = client.post(
        "/v1/chat/completions",
        content=iter([b'{"model": "", "messages": [{"role": "user", "content"', b': "dropout"}]}']),
        headers={"Content-Type": "application/json"},
    )
    assert small.status_code == 200

"""What /metrics says, and that the dashboard and the alert rules ask for what is there."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from support import ingest, until_ready, write_course

from index.errors import StorageError
from index.library import Library
from index.store.jobs import add_job
from index.types import JobState
from service.app import create_app
from service.gate import Work
from service.observability import _LIMITS
from service.settings import Settings

_DEPLOY = Path(__file__).parents[1] / "deploy"
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def _samples(client: TestClient) -> Samples:
    """(name, labels) → value, read as Prometheus reads it."""
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def _value(samples: Samples, name: str, **labels: str) -> float:
    return samples[(name, tuple(sorted(labels.items())))]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    settings = _settings(tmp_path)
    found = Library(settings.resolved_database_url, settings.data_dir)
    found.database.migrate()
    yield found
    found.close()


def _settings(tmp_path: Path, **values: Any) -> Settings:
    return Settings(data_dir=tmp_path / "data", embedder="none", **values)


def test_requests_are_counted_by_the_pattern_of_their_route(tmp_path: Path, library: Library) -> None:
    ingest(write_course(tmp_path / "course", "Course", ["Dropout\nabout dropout"]), library, None)
    with TestClient(create_app(_settings(tmp_path)), raise_server_exceptions=False) as client:
        addresses = ("/", "/c/course", "/api/courses/course", "/v1/models", "/static/style.css", "/nothing", "/.env")
        for address in addresses:
            client.get(address)
        samples = _samples(client)
    routes = {dict(labels)["route"] for name, labels in samples if name == "lectures_requests_total"}
    assert routes == {"/", "/c/{slug}", "/api/courses/{slug}", "/v1/models", "/static", "none"}
    assert _value(samples, "lectures_requests_total", route="none", status="404") == 2


def test_a_search_is_measured_by_stage_and_coverage(tmp_path: Path, library: Library) -> None:
    ingest(write_course(tmp_path / "course", "Course", ["Dropout\nabout dropout"]), library, None)
    with TestClient(create_app(_settings(tmp_path)), raise_server_exceptions=False) as client:
        for query in ("dropout", "dropout", "zeppelin"):
            client.get("/api/search", params={"q": query})
        samples = _samples(client)
    for stage in ("turn", "find"):  # the second time it is remembered
        assert _value(samples, "lectures_search_stage_seconds_count", stage=stage) == 2
    assert _value(samples, "lectures_searches_total", coverage="absent") == 1
    assert _value(samples, "lectures_places", work="search", state="inside") == 0


def test_the_installation_is_told_of(tmp_path: Path, library: Library) -> None:
    for name in ("first", "second"):
        ingest(write_course(tmp_path / name, name.title(), ["Dropout\nabout dropout", f"{name}\nwords"]), library, None)
    with library.database.writing() as connection:
        add_job(connection, "somewhere", {}, None)
    settings = _settings(tmp_path, llm_url="http://127.0.0.1:9/v1", llm_model="m", llm_per_day=7)
    app = create_app(settings)
    with TestClient(app, raise_server_exceptions=False) as client:
        until_ready(client)
        assert app.state.service.counters.model_call(dt.datetime.now(dt.UTC).date(), 7)
        samples = _samples(client)
    told = {name: _value(samples, f"lectures_{name}") for name in ("ready", "generation", "courses", "passages")}
    assert told == {"ready": 1, "generation": 2, "courses": 2, "passages": 4}
    assert 0 <= _value(samples, "lectures_generation_age_seconds") < 600
    assert (_value(samples, "lectures_model_calls"), _value(samples, "lectures_model_calls_limit")) == (1, 7)
    assert (_value(samples, "lectures_jobs", state="queued"), _value(samples, "lectures_jobs", state="done")) == (1, 0)
    assert {what: _value(samples, "lectures_degraded", what=what) for what in ("courses", "index", "database")} == {
        "courses": 0,
        "index": 0,
        "database": 0,
    }


def test_what_is_broken_is_told_by_kind(tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(_settings(tmp_path))
    with TestClient(app, raise_server_exceptions=False) as client:
        samples = _samples(client)
        assert _value(samples, "lectures_ready") == 0
        ingest(write_course(tmp_path / "course", "Course", ["Dropout\nabout dropout"]), library, None)
        app.state.service.serving.look()

        def away(*_: Any) -> Any:
            raise StorageError("The database cannot be used: gone")

        monkeypatch.setattr("service.gauges.count_jobs", away)
        library.index_root.rename(tmp_path / "elsewhere")
        app.state.service.serving.look()
        samples = _samples(client)
    assert _value(samples, "lectures_ready") == 1
    assert _value(samples, "lectures_degraded", what="index") == 1
    assert _value(samples, "lectures_degraded", what="database") == 1
    assert "lectures_jobs" not in {name for name, _ in samples}


def test_refusals_are_counted_by_the_limit_that_was_reached(tmp_path: Path) -> None:
    with TestClient(create_app(_settings(tmp_path, answers_per_minute=1)), raise_server_exceptions=False) as client:
        for _ in range(12):
            client.post("/api/answers", json={"question": "dropout"})
        client.post("/api/answers", content=b"x" * (2 << 20))
        client.get("/api/search", params={"q": "x" * 20_000})
        samples = _samples(client)
    hit = {
        dict(labels)["limit"]: value for (name, labels), value in samples.items() if name == "lectures_limits_hit_total"
    }
    assert hit == {"rate": 2, "body": 1, "address": 1}


# --- dashboard and alerts ------------------------------------------------------------------------------------


def _expressions() -> list[str]:
    dashboard = json.loads((_DEPLOY / "grafana-dashboard.json").read_text("utf-8"))
    rules = yaml.safe_load((_DEPLOY / "prometheus-alerts.yml").read_text("utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return shown + [rule["expr"] for group in rules["groups"] for rule in group["rules"]]


def _selected(expression: Any) -> Iterator[tuple[str, dict[str, tuple[str, str]]]]:
    """The metrics that an expression reads, with the labels it asks for."""
    if isinstance(expression, promql_parser.VectorSelector):
        matchers = expression.matchers.matchers
        yield str(expression.name), {matcher.name: (str(matcher.op), matcher.value) for matcher in matchers}
    for part in ("expr", "vector_selector", "lhs", "rhs", "param"):
        if getattr(expression, part, None) is not None:
            yield from _selected(getattr(expression, part))
    for argument in getattr(expression, "args", None) or []:
        yield from _selected(argument)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Names of metrics with their labels, of a service that was asked something."""
    folder = tmp_path_factory.mktemp("metrics")
    settings = _settings(folder)
    library = Library(settings.resolved_database_url, settings.data_dir)
    library.database.migrate()
    ingest(write_course(folder / "course", "Course", ["Dropout\nabout dropout"]), library, None)
    library.close()
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        client.get("/api/search", params={"q": "dropout"})
        client.get("/api/search", params={"q": "x" * 20_000})
        found: dict[str, set[str]] = {}
        for name, labels in _samples(client):
            found.setdefault(name, set()).update(dict(labels))
    return found


def _values(name: str, label: str) -> set[str]:
    """All that a label of a metric can ever say."""
    match name.removesuffix("_total").removesuffix("_bucket"), label:
        case "lectures_jobs", "state":
            return {str(state) for state in JobState}
        case "lectures_limits_hit", "limit":
            return {*_LIMITS.values(), *(f"places of {work}" for work in Work)}
        case "lectures_requests", "status":
            return {str(status.value) for status in HTTPStatus}
        case "lectures_requests" | "lectures_request_seconds", "route":
            return set(create_app(Settings(embedder="none")).openapi()["paths"])
        case "up", "job":
            comment = (_DEPLOY / "prometheus-alerts.yml").read_text("utf-8")
            return set(re.findall(r"job_name: (\w+)", comment))
    raise AssertionError(f"what {label} of {name} can say is not written down here")


def _never(expression: str) -> list[str]:
    """What an expression asks for and no label ever says."""
    found = []
    for name, labels in _selected(promql_parser.parse(expression)):
        for label, (how, value) in labels.items():
            known = _values(name, label)
            asked = re.compile(value if how in ("MatchOp.Re", "MatchOp.NotRe") else re.escape(value))
            if not any(asked.fullmatch(one) for one in known):
                found.append(f"{name}: {label} {value}")
    return found


@pytest.mark.parametrize("expression", _expressions())
def test_values_that_are_asked_for_can_be_said(expression: str) -> None:
    assert _never(expression) == []


def test_values_that_nothing_ever_says_are_noticed() -> None:
    for name, labels in (
        ("lectures_jobs", 'state="poisoned"'),
        ("lectures_limits_hit_total", 'limit=~"place of .*"'),
        ("lectures_requests_total", 'status="5xx"'),
        ("lectures_request_seconds_bucket", 'route="/search"'),
        ("up", 'job="lecture"'),
    ):
        assert len(_never(f"sum(rate({name}{{{labels}}}[5m])) > 0")) == 1


@pytest.mark.parametrize("expression", _expressions())
def test_what_is_shown_and_alerted_of_is_there(known: dict[str, set[str]], expression: str) -> None:
    parsed = promql_parser.parse(expression)
    selected = list(_selected(parsed))
    assert sorted({name for name, _ in selected if name != "up"}) == sorted(
        set(re.findall(r"lectures_\w+", expression))
    )
    for name, labels in selected:
        if name != "up":
            assert set(labels) <= known[name]
    for by in re.findall(r"by \(([^)]*)\)", expression):
        assert {label.strip() for label in by.split(",")} <= set().union(*(known[name] for name, _ in selected))


def test_every_metric_is_on_the_dashboard(known: dict[str, set[str]]) -> None:
    shown = set(re.findall(r"lectures_\w+", (_DEPLOY / "grafana-dashboard.json").read_text("utf-8")))
    assert {name for name in known if name.startswith("lectures_")} - shown - {
        name for name in known if name.endswith(("_created", "_count", "_sum"))
    } - {"lectures_search_stage_seconds_bucket"} == set()


def test_alert_rules_have_what_prometheus_wants() -> None:
    rules = yaml.safe_load((_DEPLOY / "prometheus-alerts.yml").read_text("utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"Lectures\w+", rule["alert"])
        assert rule["annotations"]["summary"].endswith((".", "?"))
        assert re.fullmatch(r"\d+[ms]", rule.get("for", "1m"))

"""What the image and the compose file hold: every setting passes, nothing that is copied is left out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml

from service.settings import Settings, unknown_variables

ROOT = Path(__file__).parents[1]
_COMPOSE = (ROOT / "docker-compose.yml").read_text("utf-8")
# What the file itself decides: the volume, its database, and that the port is published to this machine only.
_DECIDED = {"LECTURES_DATA_DIR", "LECTURES_DATABASE_URL", "LECTURES_ALLOW_PUBLIC"}


def _environment(service: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_COMPOSE)["services"][service]["environment"]
    return found


def test_compose_passes_every_setting_and_nothing_else() -> None:
    settings = {f"LECTURES_{name.upper()}" for name in Settings.model_fields}
    for service, decided in (("api", set()), ("worker", set()), ("replica", {"LECTURES_STORAGE_URL"})):
        environment = {name: value for name, value in _environment(service).items() if name.startswith("LECTURES_")}
        assert set(environment) == settings
        # a name without a value is passed on as it is set, and not at all where it is not
        assert {name for name, value in environment.items() if value is not None} == _DECIDED | decided


def test_replicas_share_the_storage_and_nothing_else() -> None:
    services = yaml.safe_load(_COMPOSE)["services"]
    replica, proxy = services["replica"], services["proxy"]
    assert replica["deploy"]["replicas"] == 3
    assert "ports" not in replica  # it believes who says for whom it asks: only the proxy may reach it
    assert replica["environment"]["FORWARDED_ALLOW_IPS"] == "*"
    assert "/data" in replica["volumes"]  # a volume without a name is one for each
    assert {"shared:/shared"} <= {*replica["volumes"]} & {*services["worker"]["volumes"]}
    assert replica["profiles"] == proxy["profiles"] == ["replicas"]
    assert all(port.startswith("127.0.0.1:") for port in proxy["ports"])
    site, _, _ = proxy["volumes"][0].partition(":")
    named = re.search(r"set \$lectures (\w+);", (ROOT / site).read_text("utf-8"))
    assert named is not None
    assert named[1] in services
    assert "/shared" in (ROOT / "Dockerfile").read_text("utf-8")  # a new volume takes its owner from there


def test_the_variables_of_the_compose_file_are_known_to_the_settings() -> None:
    used = re.findall(r"\$\{(LECTURES_\w+)", _COMPOSE)
    assert {"LECTURES_DB_PASSWORD", "LECTURES_EXTRAS", "LECTURES_PORT"} <= set(used)
    assert unknown_variables(used) == []


def test_the_image_is_light_unless_it_is_told_otherwise() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert "ARG EXTRAS=postgres\n" in dockerfile
    assert yaml.safe_load(_COMPOSE)["services"]["api"]["build"]["args"]["EXTRAS"] == "${LECTURES_EXTRAS:-postgres}"
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert not any(name.startswith(("torch", "sentence")) for name in extras["postgres"])
    assert any(name.startswith("torch") for name in extras["models"])


def test_all_that_is_copied_into_the_image_is_sent_to_its_build() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    sent = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE))
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.+)$", dockerfile, re.MULTILINE) for name in line.split()[:-1]
    }
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) <= copied


def test_all_that_runs_in_the_image_is_started_by_an_init_and_writes_to_the_volume_alone() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    installed = re.search(r"apt-get install (.+)", dockerfile)
    assert installed is not None
    assert "tini" in installed[1].split()
    assert '\nENTRYPOINT ["/usr/bin/tini", "--"]\nCMD ["lectures", "serve", ' in dockerfile
    services = yaml.safe_load(_COMPOSE)["services"]
    assert not any("entrypoint" in services[name] for name in ("api", "worker", "replica"))
    # models of sentence-transformers are fetched while it runs, by default into a home that is read-only there
    folders = dict(re.findall(r"(LECTURES_DATA_DIR|HF_HOME)=(\S+)", dockerfile))
    assert Path(folders["HF_HOME"]).parent == Path(folders["LECTURES_DATA_DIR"]) == Path("/data")
    assert {services[name]["read_only"] for name in ("api", "worker", "replica")} == {True}


def test_both_distributions_say_who_made_them_and_what_they_are() -> None:
    for path in ("pyproject.toml", "clients/python/pyproject.toml"):
        project = tomllib.loads((ROOT / path).read_text("utf-8"))["project"]
        assert project["authors"] == [{"name": "Lecture Search contributors"}]
        assert project["license"] == "MIT"
        assert "Typing :: Typed" in project["classifiers"]
        assert project["requires-python"] == ">=3.11"

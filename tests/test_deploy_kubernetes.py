"""deploy/kubernetes: manifests that Kubernetes takes, with every setting, and with ports, probes and times of the service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from index.types import JobState
from service.api import health
from service.settings import Settings, read_settings

_ROOT = Path(__file__).parents[1]
_FOLDER = _ROOT / "deploy" / "kubernetes"
_VERSIONS = ("1.29", "1.37")  # the oldest that has all that is used here, and the newest whose schemas we have
_PORT = 8000
_STOPPED_SECONDS = 5  # after LECTURES_STOP_SECONDS, if a thread cannot be stopped: docs/operations.md


def _documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text("utf-8")) if document]


def _all() -> dict[tuple[str, str], dict[str, Any]]:
    """Manifests by kind and name."""
    found = [one for path in _FOLDER.glob("*.yaml") if path.name != "kustomization.yaml" for one in _documents(path)]
    named = {(one["kind"], one["metadata"]["name"]): one for one in found}
    assert len(named) == len(found)
    return named


_MANIFESTS = _all()
_WORKLOADS = {
    "api": _MANIFESTS["Deployment", "lectures-api"],
    "worker": _MANIFESTS["Deployment", "lectures-worker"],
    "migrate": _MANIFESTS["Job", "lectures-migrate"],
}


def _pod(workload: str) -> dict[str, Any]:
    found: dict[str, Any] = _WORKLOADS[workload]["spec"]["template"]["spec"]
    return found


def _container(workload: str) -> dict[str, Any]:
    (found,) = _pod(workload)["containers"]
    container: dict[str, Any] = found
    return container


@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize("manifest", _MANIFESTS.values(), ids=["-".join(key) for key in _MANIFESTS])
def test_every_manifest_is_as_kubernetes_describes_it(manifest: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(manifest, version, strict=True) == version


def test_a_slip_is_found() -> None:
    wrong = {**_WORKLOADS["api"], "spec": {**_WORKLOADS["api"]["spec"], "replica": 3}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, _VERSIONS[0], strict=True)


def test_kustomize_finds_every_file_but_what_needs_an_adapter() -> None:
    (kustomization,) = _documents(_FOLDER / "kustomization.yaml")
    others = {"kustomization.yaml", "worker-autoscaling.yaml"}
    assert set(kustomization["resources"]) == {path.name for path in _FOLDER.iterdir()} - others
    assert kustomization["namespace"] == "lectures"
    assert ("Namespace", "lectures") in _MANIFESTS
    assert {one["name"] for one in kustomization["images"]} == {_container(name)["image"] for name in _WORKLOADS}


def test_settings_and_secrets_hold_every_setting_with_its_default() -> None:
    plain = _MANIFESTS["ConfigMap", "lectures"]["data"]
    secret = _MANIFESTS["Secret", "lectures"]["stringData"]
    assert not plain.keys() & secret.keys()
    given = {name: value for name, value in {**plain, **secret}.items() if name.startswith("LECTURES_")}
    fields = {f"LECTURES_{name.upper()}": field for name, field in Settings.model_fields.items()}
    assert given.keys() == fields.keys()
    unseen = {name for name, field in fields.items() if not field.repr}
    assert {name for name in secret if name.startswith("LECTURES_")} == unseen | {"LECTURES_DATABASE_URL"}
    decided = {"DATA_DIR", "DATABASE_URL", "STORAGE_URL", "ALLOW_PUBLIC", "PUBLIC_URL", "ALLOWED_HOSTS"}
    for name, field in fields.items():
        if name.removeprefix("LECTURES_") not in decided:
            read = Settings.model_validate({name.removeprefix("LECTURES_").lower(): given[name]})
            assert getattr(read, name.removeprefix("LECTURES_").lower()) == field.default, name


def test_together_they_are_settings_that_the_program_takes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)  # no .env of whoever runs the tests
    for name, value in {
        **_MANIFESTS["ConfigMap", "lectures"]["data"],
        **_MANIFESTS["Secret", "lectures"]["stringData"],
    }.items():
        monkeypatch.setenv(name, value)
    settings = read_settings()
    assert (settings.storage_url, settings.public_url) == ("s3://lectures/main", "https://lectures.example.org")
    assert settings.resolved_database_url.startswith("postgresql://lectures:")


@pytest.mark.parametrize("workload", _WORKLOADS)
def test_every_pod_has_the_settings_no_rights_and_a_disk_of_its_own(workload: str) -> None:
    pod, container = _pod(workload), _container(workload)
    assert container["envFrom"] == [{"configMapRef": {"name": "lectures"}}, {"secretRef": {"name": "lectures"}}]
    assert pod["automountServiceAccountToken"] is False
    user = re.search(r"--uid (\d+)", (_ROOT / "Dockerfile").read_text("utf-8"))
    assert user is not None
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == int(user[1])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"data": _MANIFESTS["ConfigMap", "lectures"]["data"]["LECTURES_DATA_DIR"], "tmp": "/tmp"}  # noqa: S108
    assert all("emptyDir" in volume for volume in pod["volumes"])
    assert {volume["name"] for volume in pod["volumes"]} == set(mounted)


def test_what_is_run_is_there() -> None:
    from typer.main import get_command  # noqa: PLC0415

    from service.cli import app  # noqa: PLC0415

    known = get_command(app).commands  # type: ignore[attr-defined]
    for workload, name in (("api", "serve"), ("worker", "worker"), ("migrate", "migrate")):
        container = _container(workload)
        assert "command" not in container  # it would take the place of tini, which the image starts everything with
        program, command, *options = container["args"]
        assert (program, command) == ("lectures", name)
        parameters = {option for parameter in known[name].params for option in parameter.opts}
        assert {option for option in options if option.startswith("--")} <= parameters
    serve = _container("api")["args"]
    assert serve[serve.index("--port") + 1] == str(_PORT)


def test_probes_ask_what_the_service_answers_on_the_port_that_it_has() -> None:
    container = _container("api")
    assert container["ports"] == [{"name": "http", "containerPort": _PORT}]
    paths = {route.path for route in health.router.routes}  # type: ignore[attr-defined]
    wanted = {"startupProbe": "/livez", "readinessProbe": "/readyz", "livenessProbe": "/livez"}
    for probe, path in wanted.items():
        assert container[probe]["httpGet"] == {"path": path, "port": "http"}
        assert path in paths
    # a database that says nothing is waited for a second: service/reaching.py
    assert container["readinessProbe"]["timeoutSeconds"] > 1
    assert _MANIFESTS["Service", "lectures-api"]["spec"]["ports"][0]["targetPort"] == "http"


def test_a_pod_has_the_time_that_the_service_takes_to_stop() -> None:
    pod, (_, seconds) = _pod("api"), _container("api")["lifecycle"]["preStop"]["exec"]["command"]
    stop = int(_MANIFESTS["ConfigMap", "lectures"]["data"]["LECTURES_STOP_SECONDS"])
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + stop + _STOPPED_SECONDS
    update = _WORKLOADS["api"]["spec"]["strategy"]["rollingUpdate"]
    assert update == {"maxUnavailable": 0, "maxSurge": 1}


def test_what_selects_pods_selects_those_of_the_service() -> None:
    labels = _WORKLOADS["api"]["spec"]["template"]["metadata"]["labels"]
    assert _WORKLOADS["api"]["spec"]["selector"]["matchLabels"] == labels
    assert _MANIFESTS["Service", "lectures-api"]["spec"]["selector"] == labels
    assert _MANIFESTS["PodDisruptionBudget", "lectures-api"]["spec"]["selector"]["matchLabels"] == labels
    policy = _MANIFESTS["NetworkPolicy", "lectures-api"]["spec"]
    assert policy["podSelector"]["matchLabels"] == labels  # without it anybody could say who asks: FORWARDED_ALLOW_IPS
    assert policy["ingress"][0]["ports"] == [{"port": "http"}]
    worker = _WORKLOADS["worker"]["spec"]
    assert worker["selector"]["matchLabels"] == worker["template"]["metadata"]["labels"] != labels


def test_what_is_scaled_is_there_and_is_measured() -> None:
    for name in ("lectures-api", "lectures-worker"):
        assert _MANIFESTS["HorizontalPodAutoscaler", name]["spec"]["scaleTargetRef"]["name"] == name
        assert ("Deployment", name) in _MANIFESTS
    assert "replicas" not in _WORKLOADS["api"]["spec"]  # else each upgrade would undo what was scaled
    assert "cpu" in _container("api")["resources"]["requests"]  # of which the share is taken
    metric = _MANIFESTS["HorizontalPodAutoscaler", "lectures-worker"]["spec"]["metrics"][0]["external"]["metric"]
    assert metric["name"] in (_ROOT / "service" / "gauges.py").read_text("utf-8")
    assert metric["selector"]["matchLabels"]["state"] in set(JobState)


def test_the_ingress_leads_to_the_service_and_not_to_its_metrics() -> None:
    paths = _MANIFESTS["Ingress", "lectures"]["spec"]["rules"][0]["http"]["paths"]
    led = {path["path"]: path["backend"]["service"]["name"] for path in paths}
    assert led == {"/metrics": "lectures-closed", "/": "lectures-api"}
    assert "selector" not in _MANIFESTS["Service", "lectures-closed"]["spec"]
    host = _MANIFESTS["Ingress", "lectures"]["spec"]["rules"][0]["host"]
    plain = _MANIFESTS["ConfigMap", "lectures"]["data"]
    assert (plain["LECTURES_PUBLIC_URL"], plain["LECTURES_ALLOWED_HOSTS"]) == (f"https://{host}", host)

"""The Kubernetes manifests are valid, complete, without rights, and speak of programs and settings that there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from agents.cli import COMMANDS
from infra.settings import PREFIX, Settings
from tests.repo.compose import ROOT

FOLDER = ROOT / "infra/deploy/kubernetes"
KUSTOMIZATION: dict[str, Any] = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
VERSIONS = ("1.31", kubernetes_validate.latest_version())
"""The oldest that is still looked after by its makers' sellers, and the newest."""
FIELDS = {PREFIX + field.upper() for field in Settings.model_fields}


def manifests() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{path.stem} {one['kind']} {one['metadata']['name']}", one)
        for path in sorted(FOLDER.glob("*.yaml"))
        if path.name != "kustomization.yaml"
        for one in yaml.safe_load_all(path.read_text())
    ]


MANIFESTS = manifests()
PODS = [(name, one) for name, one in MANIFESTS if one["kind"] in ("Deployment", "StatefulSet", "Job")]


def container(one: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = one["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", [one for _, one in MANIFESTS], ids=[name for name, _ in MANIFESTS])
def test_each_follows_the_schema_of_kubernetes(manifest: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_the_kustomization_names_every_file_but_the_example_of_secrets() -> None:
    files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}

    assert files - set(KUSTOMIZATION["resources"]) == {"secrets.example.yaml"}
    assert set(KUSTOMIZATION["resources"]) <= files


@pytest.mark.parametrize("manifest", [one for _, one in PODS], ids=[name for name, _ in PODS])
class TestEveryProgram:
    def test_runs_a_command_of_the_command_line(self, manifest: dict[str, Any]) -> None:
        assert container(manifest)["args"][0] in COMMANDS

    def test_gains_no_rights_and_writes_nothing_but_scratch(self, manifest: dict[str, Any]) -> None:
        pod, one = manifest["spec"]["template"]["spec"], container(manifest)

        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        assert one["securityContext"]["readOnlyRootFilesystem"]
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["capabilities"]["drop"] == ["ALL"]

    def test_is_told_settings_that_there_are(self, manifest: dict[str, Any]) -> None:
        assert {one["name"] for one in container(manifest).get("env", ())} <= FIELDS

    def test_carries_the_label_that_it_is_found_by(self, manifest: dict[str, Any]) -> None:
        labels = manifest["spec"]["template"]["metadata"]["labels"]

        assert labels["app"] == manifest["metadata"]["name"]
        assert manifest["spec"].get("selector", {"matchLabels": labels})["matchLabels"] == labels

    def test_ends_in_its_own_time(self, manifest: dict[str, Any]) -> None:
        assert manifest["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] >= 30


def test_the_settings_are_known_and_hold_no_secret() -> None:
    told = yaml.safe_load((FOLDER / "settings.yaml").read_text())["data"]

    assert set(told) <= FIELDS
    assert not [name for name in told if any(word in name for word in ("PASSWORD", "KEY", "TOKEN", "SECRET"))]


def test_each_service_leads_to_a_program_with_that_port() -> None:
    ports = {one["metadata"]["name"]: container(one).get("ports", [{}])[0].get("containerPort") for _, one in PODS}

    for name, one in MANIFESTS:
        if one["kind"] == "Service":
            assert ports[one["spec"]["selector"]["app"]] == one["spec"]["ports"][0]["port"], name


def test_backups_are_written_where_the_runbooks_say_and_outlive_the_pod() -> None:
    console = next(one for _, one in PODS if one["metadata"]["name"] == "console")
    claims = {one["metadata"]["name"] for _, one in MANIFESTS if one["kind"] == "PersistentVolumeClaim"}
    kept = {
        one["name"]: one["persistentVolumeClaim"]["claimName"]
        for one in console["spec"]["template"]["spec"]["volumes"]
        if "persistentVolumeClaim" in one
    }
    mounts = {one["mountPath"]: one["name"] for one in container(console)["volumeMounts"]}

    assert kept[mounts["/backup"]] in claims
    assert "exec deploy/console -- tend" in (ROOT / "docs/runbooks.md").read_text()


def test_the_file_of_secrets_is_an_example_only() -> None:
    assert yaml.safe_load(Path(FOLDER / "secrets.example.yaml").read_text())["stringData"] == {}

"""The compose file can be run as it stands: its shape, paths, commands, ports, users and secrets."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings import PREFIX, Settings, load_settings
from tests.repo.compose import FILE, ROOT, optional_variables, required_variables, services
from tests.shell import tend

SERVICES = services()
OURS = sorted(name for name, service in SERVICES.items() if service.get("build"))
SECRETS = re.compile(r"PASSWORD|SECRET|KEY|AUTH|TOKEN")


IN_THE_IMAGE = {"http_host", "http_port", "data_dir"}
"""Settings that the image fixes."""
OF_EMBEDDED_SERVERS = {"kafka_home", "maven_mirror", "cache_dir"}
"""Settings that count where tend starts servers itself, which it does not here."""
OF_ONE_PROCESS = {"group_instance_id"}
"""A name that no two workers may have: replicas share one environment."""
BACKUPS = "backups:/backup"
OF_PAGES = {"console_host", "gateway_host", "api_host"}
"""Given to the one service that listens there."""


def environment(name: str) -> dict[str, str]:
    """What stands in the file; settings without a value are passed on from .env where it has them."""
    given = SERVICES[name].get("environment", {})
    return {key: str(value) for key, value in given.items() if value is not None}


def test_the_file_follows_the_compose_specification() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    run = subprocess.run([*checker, str(FILE)], capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_all_parts_are_there() -> None:
    servers = {"kafka", "redis", "prometheus", "alertmanager", "grafana"}
    ours = {"topics", "worker", "learn", "console", "gateway", "api", "send-email", "send-sms", "traces", "cli"}

    assert set(SERVICES) == servers | ours


@pytest.mark.parametrize("name", OURS)
def test_every_setting_can_be_given_to_every_program(name: str) -> None:
    passed = {key.removeprefix(PREFIX).lower() for key in SERVICES[name]["environment"]}

    assert set(Settings.model_fields) - passed <= IN_THE_IMAGE | OF_EMBEDDED_SERVERS | OF_ONE_PROCESS | OF_PAGES


def test_what_listens_does_so_where_it_is_published() -> None:
    for name in ("console", "gateway", "api"):
        port = environment(name)[f"TEND_{name.upper()}_PORT"]
        assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]
        assert f":{port}/healthz" in SERVICES[name]["healthcheck"]["test"][-1]
        assert environment(name)[f"TEND_{name.upper()}_HOST"] == "0.0.0.0"


@pytest.mark.parametrize("name", OURS)
def test_the_rules_of_the_store_are_mounted_and_read(name: str) -> None:
    mounts = dict(mount.rsplit(":", 2)[1::-1] for mount in SERVICES[name]["volumes"])

    assert mounts[environment(name)["TEND_RULEBOOK"]] == "./rules/packs"
    assert all(mount.endswith(":ro") for mount in SERVICES[name]["volumes"] if mount != BACKUPS)


def test_backups_are_written_where_the_runbooks_say_and_outlive_the_command() -> None:
    assert [name for name in OURS if BACKUPS in SERVICES[name]["volumes"]] == ["cli"]
    assert "--owner tend --group tend /var/lib/tend /backup" in (ROOT / "Dockerfile").read_text()
    assert "tend snapshot /backup/" in (ROOT / "docs/runbooks.md").read_text()


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_has_a_pinned_image(self, name: str) -> None:
        tag = SERVICES[name]["image"].partition(":")[2]

        assert tag not in ("", "latest")
        assert SERVICES[name].get("build") or re.search(r"\d+\.\d+\.\d+", tag)

    def test_says_how_it_is_when_it_runs_for_long(self, name: str) -> None:
        health = SERVICES[name].get("healthcheck", {})
        once = SERVICES[name].get("restart") == "no" or health.get("disable")

        assert once or health["test"]

    def test_mounts_only_what_exists(self, name: str) -> None:
        volumes = yaml.safe_load(FILE.read_text())["volumes"]

        for mount in SERVICES[name].get("volumes", ()):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in volumes

    def test_publishes_ports_to_this_machine_only(self, name: str) -> None:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", ()))

    def test_waits_only_for_services_that_exist_and_can_be_waited_for(self, name: str) -> None:
        for other, how in SERVICES[name].get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert SERVICES[other]["healthcheck"].get("test")
            else:
                assert SERVICES[other]["restart"] == "no"

    def test_carries_no_secret_of_its_own(self, name: str) -> None:
        for key, value in environment(name).items():
            if SECRETS.search(key):
                assert re.fullmatch(r"<[A-Z_]+>", value), key

    def test_gains_no_rights(self, name: str) -> None:
        assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
        assert not SERVICES[name].get("privileged")


class TestSecrets:
    def test_are_required_where_they_count(self) -> None:
        assert required_variables() == {"REDIS_PASSWORD", "GRAFANA_PASSWORD", "TEND_ALMANAC_KEY", "TEND_ACCESS_KEY"}

    def test_have_no_default(self) -> None:
        assert not {name for name in optional_variables() if SECRETS.search(name)}

    def test_are_listed_empty_in_the_example(self) -> None:
        lines = dict(line.split("=", 1) for line in (ROOT / ".env.example").read_text().splitlines() if "=" in line)

        assert {name for name, value in lines.items() if not value} == required_variables()
        assert {name for name, value in lines.items() if value} <= optional_variables()

    def test_are_never_committed(self) -> None:
        assert "/.env" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", OURS)
class TestOurServices:
    def test_know_all_the_settings_they_are_given(self, name: str) -> None:
        fields = {PREFIX + field.upper() for field in Settings.model_fields}

        assert {key for key in environment(name) if key.startswith(PREFIX)} <= fields

    def test_have_settings_that_are_valid(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for key, value in environment(name).items():
            monkeypatch.setenv(key, value)

        assert load_settings().brokers == "kafka:9092"

    def test_run_a_command_of_the_command_line(self, name: str) -> None:
        said = tend(*SERVICES[name]["command"], "--help")

        assert said.status == 0, said

    def test_find_broker_and_store_by_name_and_port(self, name: str) -> None:
        assert environment(name)["TEND_BROKERS"] in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
        assert "redis://redis:6379" in environment(name)["TEND_REDIS_URL"]
        assert "6379" in SERVICES["redis"]["expose"]

    def test_write_nothing_but_scratch(self, name: str) -> None:
        assert SERVICES[name]["read_only"] is True


class TestImage:
    text = (ROOT / "Dockerfile").read_text()

    def test_runs_as_a_user_without_rights(self) -> None:
        last_stage = self.text.rpartition("\nFROM ")[2]
        user = re.findall(r"^USER (\S+)", last_stage, re.MULTILINE)[-1]

        assert int(user.partition(":")[0]) > 0
        assert last_stage.index("USER ") < last_stage.index("ENTRYPOINT")

    def test_is_built_from_pinned_images_of_a_declared_python(self) -> None:
        images = re.findall(r"^FROM (\S+)", self.text, re.MULTILINE)

        assert images
        assert all(re.fullmatch(r"python:3\.(11|12|13)\.\d+-slim-\w+", image) for image in images)

    def test_copies_only_what_exists_and_is_sent_to_the_builder(self) -> None:
        sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

        for line in re.findall(r"^COPY (?!--from)(.+)", self.text, re.MULTILINE):
            for source in line.split()[:-1]:
                assert (ROOT / source).exists()
                assert source in sent

    def test_asks_for_its_health_where_it_listens(self) -> None:
        port = re.search(r"TEND_HTTP_PORT=(\d+)", self.text)

        assert port
        assert int(port[1]) == Settings.model_fields["http_port"].default
        assert f"EXPOSE {port[1]}" in self.text
        assert f"http://127.0.0.1:{port[1]}/healthz" in self.text
        assert all(f":{port[1]}/healthz" in SERVICES[name]["healthcheck"]["test"][-1] for name in ("worker", "learn"))

    def test_holds_no_secret(self) -> None:
        assert not re.findall(r"^(?:ENV|ARG) .*(?:PASSWORD|SECRET|TOKEN|_KEY)", self.text, re.MULTILINE)


class TestStore:
    def test_promises_what_tend_asks_of_it(self) -> None:
        command = " ".join(SERVICES["redis"]["command"][-1].replace("\\\n", " ").split())

        for option in ("--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"):
            assert option in command

    def test_keeps_its_password_out_of_the_list_of_processes(self) -> None:
        arguments = SERVICES["redis"]["command"][-1].partition("<<END")[0]

        assert "AUTH" not in arguments
        assert "<REDIS_PASSWORD>" not in str(SERVICES["redis"]["command"])


class TestMonitoring:
    prometheus: dict[str, Any] = yaml.safe_load((ROOT / "infra/deploy/prometheus.yml").read_text())

    def test_asks_all_our_services_at_their_port(self) -> None:
        found = self.prometheus["scrape_configs"][0]["dns_sd_configs"][0]

        assert set(found["names"]) == {"worker", "learn"}
        assert {str(found["port"])} == {port for name in found["names"] for port in SERVICES[name]["expose"]}

    def test_reads_the_rules_that_are_mounted(self) -> None:
        mounts = dict(mount.split(":")[1::-1] for mount in SERVICES["prometheus"]["volumes"])

        for rules in self.prometheus["rule_files"]:
            assert mounts[f"/etc/prometheus/{rules}"].startswith("./infra/deploy/")

    def test_is_what_grafana_asks(self) -> None:
        folder = ROOT / "infra/deploy/grafana/provisioning"
        source = yaml.safe_load((folder / "datasources/prometheus.yml").read_text())["datasources"][0]
        provider = yaml.safe_load((folder / "dashboards/tend.yml").read_text())["providers"][0]

        assert source["url"] == "http://prometheus:9090"
        assert any(mount.split(":")[1] == provider["options"]["path"] for mount in SERVICES["grafana"]["volumes"])
        assert Path(environment("grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]).name in os.listdir(
            ROOT / "infra/deploy/grafana/dashboards"
        )

"""A demo runs on the broker that the environment names, where nothing of tend is yet; else on one of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.catalogue import topic_specs
from agents.demo import run
from infra.kafka.connection import KafkaConnection
from infra.kafka.topics import Topics
from infra.settings import load_settings
from tests.shell import tend


def test_a_given_broker_with_topics_of_tend_is_refused_and_left_as_it_is(broker: str, tmp_path: Path) -> None:
    topics = Topics(KafkaConnection(broker))
    spec = topic_specs(load_settings())[0]
    topics.create([spec])

    said = tend("demo", "--exit", environment={"TEND_BROKERS": broker, "TEND_DATA_DIR": str(tmp_path)})

    assert said.status == 2
    assert f"The broker at {broker} has topics of tend already, such as {spec.name}" in said.err
    assert topics.existing([spec.name for spec in topic_specs(load_settings())]) == [spec.name]


def test_the_settings_of_the_last_demo_do_not_name_the_broker_of_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tend.toml").write_text('brokers = "127.0.0.1:1"\n')
    monkeypatch.setenv("TEND_CONFIG", str(tmp_path / "tend.toml"))
    monkeypatch.delenv("TEND_BROKERS", raising=False)

    assert load_settings().brokers == "127.0.0.1:1"
    assert run._given_brokers(load_settings()) == ""

"""Settings come from the environment and a file, and what is wrong with them is said in full."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.kafka.connection import KafkaConnection
from infra.settings import Settings, load_settings, settings_tables, unknown_variables
from schemas.errors import TendError
from schemas.times import DAY, HOUR, MINUTE


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An environment without settings, in a folder without a file."""
    for name in [name for name in os.environ if name.startswith("TEND_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults_are_those_of_a_service() -> None:
    settings = load_settings()

    assert (settings.partitions, settings.clock, settings.tick_ms) == (8, "wall", 500)
    assert (settings.epoch, settings.future_tolerance, settings.horizons) == (DAY, 5 * MINUTE, (28 * DAY,))


def test_arguments_win_over_the_environment_and_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "tend.toml").write_text('partitions = 3\ntick_ms = 300\ngroup = "file"\nepoch_seconds = 3600\n')
    monkeypatch.setenv("TEND_TICK_MS", "200")
    monkeypatch.setenv("TEND_GROUP", "environment")

    settings = load_settings({"group": "argument"})

    assert (settings.partitions, settings.tick_ms, settings.group) == (3, 200, "argument")
    assert settings.epoch == HOUR


def test_a_file_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("churn_horizons = [14, 90]\n")
    monkeypatch.setenv("TEND_CONFIG", "other.toml")

    assert load_settings().churn_horizons == (14, 90)


def test_horizons_are_days_by_comma(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_CHURN_HORIZONS", "28, 90")

    assert load_settings().churn_horizons == (28, 90)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PARTITIONS", "0", r"TEND_PARTITIONS \(in a file: partitions\).*Found '0'.*whole number from 1 to 4096"),
        ("PARTITIONS", "many", "TEND_PARTITIONS.*Found 'many'"),
        ("CLOCK", "sun", "TEND_CLOCK.*`wall`, `event`"),
        ("FETCH_WAIT_MS", "1500", "TEND_FETCH_WAIT_MS.*from 1 to 500"),
        ("CHURN_HORIZONS", "3", "TEND_CHURN_HORIZONS.*from 7 to 365 days"),
        ("CHURN_HORIZONS", "28,28", "none named twice"),
        ("REDIS_URL", "http://x", "expected an address such as redis://"),
        ("REDIS_URL", "redis://a:b", "expected an address such as redis://"),
        ("REDIS_URL", "redis://a:1,:2", "expected an address such as redis://"),
        ("REDIS_URL", "redis://a:1,b:2", "several nodes, which only a cluster has: set TEND_REDIS_CLUSTER"),
        ("GROUP", "a b", "TEND_GROUP"),
        ("KAFKA_PROTOCOL", "SASL_SSL", "needs TEND_KAFKA_USERNAME and TEND_KAFKA_PASSWORD"),
    ],
)
def test_a_wrong_value_names_the_variable_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"TEND_{name}", value)

    with pytest.raises(TendError, match=said):
        load_settings()


def test_all_wrong_values_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_PARTITIONS", "0")
    monkeypatch.setenv("TEND_HTTP_PORT", "99999")

    with pytest.raises(TendError) as error:
        load_settings()

    assert "TEND_PARTITIONS" in str(error.value)
    assert "TEND_HTTP_PORT" in str(error.value)


def test_a_name_in_the_file_that_is_none_comes_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "tend.toml").write_text("partition = 3\n")

    with pytest.raises(TendError, match=r"partition is not a setting; did you mean partitions\?"):
        load_settings()


def test_a_variable_that_is_none_comes_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_PARTITION", "3")
    monkeypatch.setenv("TEND_PARTITIONS", "3")

    assert unknown_variables() == ["TEND_PARTITION is not a setting; did you mean TEND_PARTITIONS?"]


def test_a_file_that_is_no_toml_is_told(tmp_path: Path) -> None:
    (tmp_path / "tend.toml").write_text("partitions: 3\n")

    with pytest.raises(TendError, match=r"tend\.toml.*Expected TOML"):
        load_settings()


def test_a_named_file_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_CONFIG", "nowhere.toml")

    with pytest.raises(TendError, match=r"nowhere\.toml, which is no file"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "redis://:hunter2@host:6379/0"),
        ("REDIS_URL", "http://:hunter2@host"),
        ("REDIS_URL", "redis://tend:hunter2@a:1,b:2/0"),
    ],
)
def test_an_error_never_tells_a_password(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"TEND_{name}", value)

    with pytest.raises(TendError) as error:
        load_settings()

    assert "hunter2" not in str(error.value)


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KAFKA_PASSWORD", "REDIS_PASSWORD", "ALMANAC_KEY"):
        monkeypatch.setenv(f"TEND_{name}", "hunter2")
    monkeypatch.setenv("TEND_KAFKA_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("TEND_KAFKA_USERNAME", "tend")

    settings = load_settings()
    connection = KafkaConnection.of(settings)

    assert "hunter2" not in f"{settings} {settings!r} {settings.model_dump_json()} {connection} {connection!r}"
    assert connection.librdkafka()["sasl.password"] == "hunter2"


def test_every_setting_is_in_the_table_with_its_meaning() -> None:
    rows = [line for line in settings_tables().splitlines() if line.startswith("| `TEND_")]

    assert len(rows) == len(Settings.model_fields)
    for name, field in Settings.model_fields.items():
        assert sum(f"`TEND_{name.upper()}`" in row.split("|")[1] for row in rows) == 1
        assert field.description


def test_a_setting_under_the_name_that_it_had_before_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEND_MARKS", "false")

    with pytest.raises(TendError, match=r"TEND_MARKS is now called TEND_WATERMARKS\."):
        load_settings()

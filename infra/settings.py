"""Settings from the environment (``TEND_…``) and, below it, from a TOML file: typed, bounded, documented in one table.

Nothing is read at import. Secrets are held as ``SecretStr`` and never printed, in errors neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from infra.settings_text import problem_in_words, table_of, unknown_names
from schemas.errors import TendError
from schemas.times import DAY, SECOND, Millis

PREFIX = "TEND_"
_CONFIG_VARIABLE = "TEND_CONFIG"
RENAMED: Final = {"TEND_MARKS": "TEND_WATERMARKS"}
"""Variables that have another name now: an old one that is ignored would change what a worker does."""
_DEFAULT_FILE = Path("tend.toml")


class Settings(BaseSettings):
    """What a program of tend can be told. ``load_settings`` makes one; ``settings_table`` lists the fields."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", validate_default=True)

    brokers: str = Field("127.0.0.1:9092", min_length=3, description="Kafka bootstrap servers, `host:port`, by comma.")
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How connections to Kafka are secured."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism; counts where the protocol begins with `SASL_`."
    )
    kafka_username: str = Field("", max_length=256, description="SASL user.")
    kafka_password: SecretStr | None = Field(None, description="SASL password.")
    kafka_ca_file: Path | None = Field(None, description="PEM file with the authorities that sign the brokers' keys.")
    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis or Valkey: `redis://host:port/db`, `rediss://` for TLS; for a cluster any of its nodes.",
    )
    redis_cluster: bool = Field(False, description="Whether the address belongs to a Redis Cluster.")
    redis_username: str = Field("", max_length=256, description="Redis user; empty is the default user.")
    redis_password: SecretStr | None = Field(None, description="Redis password (kept out of the address).")
    partitions: int = Field(8, ge=1, le=4096, description="Partitions of every customer-keyed topic, lanes in all.")
    replication: int = Field(1, ge=1, le=9, description="Replication factor of topics that `tend topics create` makes.")
    group: str = Field("tend", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Consumer group of the workers.")
    group_instance_id: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9._-]{1,200}$",
        description="A name that stays with this worker: restarted soon, it gets its partitions back at once.",
    )
    session_seconds: float = Field(
        10.0, ge=1, le=300, description="How long after its last sign of life a worker keeps its partitions."
    )
    http_host: str = Field("127.0.0.1", description="Where `/metrics`, `/healthz` and `/readyz` listen.")
    http_port: int = Field(9464, ge=0, le=65535, description="Their port; 0 takes a free one.")
    fetch_bytes: int = Field(
        262_144,
        ge=4_096,
        le=16_777_216,
        description="Bytes fetched of one topic's partition at a time; about eight times as many lie ready at most.",
    )
    fetch_wait_ms: int = Field(
        50,
        ge=1,
        le=500,
        description="How long the broker waits for a first record before it answers a fetch with nothing; ms. An idle "
        "worker asks so often.",
    )
    outbox_limit: int = Field(
        5_000, ge=500, le=1_000_000, description="Messages decided and not yet published at which a lane pauses."
    )
    clock: Literal["wall", "event"] = Field(
        "wall", description="Whose time acting takes: `wall` in service, `event` in a replay."
    )
    watermarks: bool = Field(
        True,
        description="Whether a replay carries watermarks, which make it exact; counts with `TEND_CLOCK=event` only.",
    )
    epoch_seconds: int = Field(
        86_400, ge=60, le=604_800, description="Length of an epoch: how often what customers share is learned anew."
    )
    tick_ms: int = Field(500, ge=50, le=60_000, description="How often a quiet lane looks for due timers.")
    future_tolerance_seconds: int = Field(
        300, ge=0, le=86_400, description="An event further ahead of its arrival goes to the dead letters."
    )
    oldest_days: int = Field(
        10_950,
        ge=1,
        le=36_500,
        description="An event older than this at its arrival goes to the dead letters: days, 30 years by default.",
    )
    dead_letters_percent: int = Field(
        50,
        ge=1,
        le=100,
        description="A lane stops where more than this share of about its last 1,000 records would become dead letters;"
        " 100 lets all of them pass.",
    )
    churn_horizons: Annotated[tuple[int, ...], NoDecode] = Field(
        (28,), min_length=1, max_length=4, description="Days without an order that count as churn; several by comma."
    )
    rulebook: Path | None = Field(
        None, description="Folder or file of the store's own rules; none is the shipped ones."
    )
    kafka_home: Path | None = Field(
        None, description="Folder of an unpacked Apache Kafka 4, to start as the embedded broker."
    )
    maven_mirror: str = Field(
        "https://repo1.maven.org/maven2",
        pattern="^(https?|file)://.+",
        description="Maven repository that the embedded broker is fetched from, once.",
    )
    cache_dir: Path | None = Field(
        None, description="Where the embedded broker is kept once fetched; none is `tend` in the user's cache."
    )
    data_dir: Path = Field(Path(".tend"), description="Where embedded servers keep their files.")
    almanac_key: SecretStr | None = Field(
        None,
        description="Key that signs rulebooks, almanacs, lessons, positions and watermarks; the same for all programs "
        "of one installation, 16 bytes or more. None: on one machine one is drawn and kept in "
        "`TEND_DATA_DIR`; with brokers of a network nothing starts without it.",
    )
    console_host: str = Field("127.0.0.1", description="Where `tend console` listens, the API below `/api`.")
    console_port: int = Field(8420, ge=0, le=65535, description="Their port; 0 takes a free one.")
    console_token: SecretStr | None = Field(
        None,
        description="What lets the first person in. None: one is drawn at the first start, kept in `TEND_DATA_DIR` and "
        "printed.",
    )
    console_people: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=50,
        description="People of the desk and how much each can have open: `jonas:8,mei:6`. Whoever signs in is added "
        "with 8.",
    )
    console_metrics: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=64,
        description="Addresses of workers' and learners' metrics, `host:port` by comma, for the console's vital signs.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="Keys of the API, by comma, each `name=key` with at least 16 characters of key. `till:redeem=key` "
        "and `crm:look+work=key` are for these rights alone; without them a key is for all.",
    )
    api_host: str = Field("127.0.0.1", description="Where `tend api` listens; this machine only.")
    api_port: int = Field(8430, ge=0, le=65535, description="Its port; 0 takes a free one.")
    access_key: SecretStr | None = Field(
        None,
        description="Secret from which pseudonyms, search keys, sessions and coupon codes follow; one for all doors "
        "and workers. None: one is drawn and kept in `TEND_DATA_DIR`, and coupon codes follow from ids alone.",
    )
    smtp: str = Field(
        "smtp://127.0.0.1:1025",
        pattern=r"^smtps?://",
        description="Where `tend send email` hands mail over: `smtp://user@host:port`, or `smtps://`.",
    )
    smtp_password: SecretStr | None = Field(None, description="Password of that user.")
    bounce_address: str = Field(
        "",
        pattern=r"^([^@+\s]+@[^@\s]+)?$",
        description="Mailbox that mails which cannot be delivered come back to, `bounce@mail.shop.example`: the "
        "envelope's sender is `bounce+ACTION@…`. Empty: the sender's own address.",
    )
    notice_opening: bool = Field(
        False, description="Put a picture into mails that tells when they are opened. Off: nobody is watched."
    )
    dkim_selector: str = Field("", max_length=63, description="Selector of the DKIM key; empty signs nothing.")
    dkim_key: SecretStr | None = Field(None, description="Private key in PEM that mails are signed with.")
    sms: str = Field(
        "file:sms.jsonl",
        pattern=r"^(file:.+|twilio:AC[0-9a-f]{32}:.+)$",
        description="SMS provider: `file:PATH` for trying out, or `twilio:ACCOUNT:SENDER`.",
    )
    sms_token: SecretStr | None = Field(None, description="Token of the SMS provider.")
    webhook_url: str = Field("", max_length=400, description="Where `tend send webhook` posts actions.")
    webhook_secret: SecretStr | None = Field(None, description="`whsec_…`, from which those posts are signed.")
    sender_name: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,60}$",
        description="Name of this sender, one for each of a channel: after a crash it goes on at once, by static "
        "membership, instead of after 45 s.",
    )
    sends_per_second: float = Field(10.0, gt=0, le=10_000, description="Messages that a sender gives out a second.")
    warm_up: int = Field(
        0, ge=0, le=1_000_000, description="Mails on the first day of a new sender, doubling daily; 0: any."
    )
    sender_since: str = Field(
        "", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="First day of that sender, for `warm_up`."
    )
    gateway_keys: SecretStr | None = Field(
        None,
        description="Write keys of the gateway, `name:SECRET` by comma; `name!:SECRET` for browsers: visits, carts.",
    )
    gateway_rate: float = Field(500.0, gt=0, le=1_000_000, description="Events a second that each key may send.")
    gateway_host: str = Field("127.0.0.1", max_length=255, description="Address that `tend gateway` listens on.")
    gateway_port: int = Field(8480, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    shopify_secret: SecretStr | None = Field(
        None,
        description="Secret that Shopify signs its webhooks with; two by comma while it is changed. None: no door.",
    )
    woocommerce_secret: SecretStr | None = Field(
        None, description="Secret of WooCommerce's webhooks; two by comma while it is changed. None: no door."
    )
    woocommerce_statuses: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=50,
        description="What states of orders mean that plugins brought: `awaiting-pickup=sale` by comma; sale, unpaid, "
        "cancelled or refunded.",
    )
    segment_currency: str = Field(
        "", pattern=r"^([A-Z]{3})?$", description="Currency of Segment's calls that name none."
    )
    otlp_endpoint: str = Field(
        "http://127.0.0.1:4318/v1/traces",
        pattern=r"^https?://",
        max_length=400,
        description="Where `tend traces` exports to: OTLP over HTTP.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: lines for people, or one JSON object a line for programs."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")

    @property
    def exact(self) -> bool:
        """Whether this is a replay that comes out the same to the byte however it is run."""
        return self.clock == "event" and self.watermarks

    @property
    def epoch(self) -> Millis:
        """Length of an epoch in milliseconds."""
        return self.epoch_seconds * SECOND

    @property
    def future_tolerance(self) -> Millis:
        """How far ahead of its arrival an event may be, in milliseconds."""
        return self.future_tolerance_seconds * SECOND

    @property
    def oldest(self) -> Millis:
        """How far behind its arrival an event may be, in milliseconds."""
        return self.oldest_days * DAY

    @property
    def horizons(self) -> tuple[Millis, ...]:
        """The churn horizons in milliseconds."""
        return tuple(days * DAY for days in self.churn_horizons)

    @field_validator("console_people", "console_metrics", "woocommerce_statuses", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("churn_horizons", mode="before")
    @classmethod
    def _split_days(cls, value: object) -> object:
        return [part.strip() for part in value.split(",")] if isinstance(value, str) else value

    @field_validator("churn_horizons")
    @classmethod
    def _days_in_range(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 7 <= day <= 365 for day in days) or len(set(days)) < len(days):
            raise ValueError("each horizon must be from 7 to 365 days, and none named twice")
        return days

    @field_validator("redis_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError("expected an address such as redis://127.0.0.1:6379/0")
        if parts.password:
            raise ValueError("the address must not carry a password: set TEND_REDIS_PASSWORD instead")
        return url

    @model_validator(mode="after")
    def _secured_completely(self) -> Self:
        if self.kafka_protocol.startswith("SASL_") and not (self.kafka_username and self.kafka_password):
            raise ValueError(
                f"TEND_KAFKA_PROTOCOL={self.kafka_protocol} needs TEND_KAFKA_USERNAME and TEND_KAFKA_PASSWORD"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _settings_file())


def _settings_file() -> Path | None:
    named = os.environ.get(_CONFIG_VARIABLE)
    if named:
        return Path(named)
    return _DEFAULT_FILE if _DEFAULT_FILE.is_file() else None


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """The settings from arguments, environment and file, in this order of strength.

    Raises:
        TendError: a value is wrong; the message names the variable, what was expected and what to do.
    """
    for old, new in RENAMED.items():
        if old in os.environ:
            raise TendError(f"{old} is now called {new}. Set {new} to the same value and unset {old}.")
    file = _settings_file()
    if file is not None and not file.is_file():
        raise TendError(f"{_CONFIG_VARIABLE} names {file}, which is no file. Correct the path or unset the variable.")
    try:
        return Settings(**dict(overrides or {}))
    except ValidationError as error:
        raise TendError(_in_words(error)) from None
    except ValueError as error:  # TOML that cannot be parsed
        raise TendError(f"{file}: {error}. Expected TOML such as `partitions = 8`.") from None


def _in_words(error: ValidationError) -> str:
    problems = [problem_in_words(problem, Settings.model_fields, PREFIX) for problem in error.errors()]
    return "Wrong settings:\n" + "\n".join(f"  {problem}" for problem in problems)


def unknown_variables() -> list[str]:
    """Variables of the environment that look like settings and are none, each with the nearest name there is."""
    names = [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]
    return unknown_names([name for name in os.environ if name.startswith(PREFIX)], [*names, _CONFIG_VARIABLE])


def settings_table() -> str:
    """All settings as a Markdown table: variable, default, what is allowed, what it means."""
    return table_of(Settings.model_fields, PREFIX)

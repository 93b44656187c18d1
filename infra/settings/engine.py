"""What an installation, its workers and its learner can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from infra.settings.lists import Numbers
from schemas.times import DAY, SECOND, Millis


class InstallationSettings(BaseModel):
    """The installation."""

    partitions: int = Field(8, ge=1, le=4096, description="Partitions of every customer-keyed topic, lanes in all.")
    replication: int = Field(1, ge=1, le=9, description="Replication factor of topics that `tend topics create` makes.")
    group: str = Field("tend", pattern=r"^[A-Za-z0-9._-]{1,200}$", description="Consumer group of the workers.")
    almanac_key: SecretStr | None = Field(
        None,
        description="Key that signs rulebooks, almanacs, lessons, positions and watermarks; the same for all programs "
        "of one installation, 16 bytes or more. None: on one machine one is drawn and kept in "
        "`TEND_DATA_DIR`; with brokers of a network nothing starts without it.",
    )
    access_key: SecretStr | None = Field(
        None,
        description="Secret from which pseudonyms, search keys, sessions and coupon codes follow; one for all doors "
        "and workers. None: one is drawn and kept in `TEND_DATA_DIR`, and coupon codes follow from ids alone.",
    )
    rulebook: Path | None = Field(
        None, description="Folder or file of the store's own rules; none is the shipped ones."
    )


class WorkerSettings(BaseModel):
    """Workers."""

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
        "worker asks again at this interval.",
    )
    outbox_limit: int = Field(
        5_000, ge=500, le=1_000_000, description="Messages decided and not yet published at which a lane pauses."
    )
    tick_ms: int = Field(500, ge=50, le=60_000, description="How often a quiet lane checks for due timers; ms.")
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

    @property
    def future_tolerance(self) -> Millis:
        """How far ahead of its arrival an event may be, in milliseconds."""
        return self.future_tolerance_seconds * SECOND

    @property
    def oldest(self) -> Millis:
        """How far behind its arrival an event may be, in milliseconds."""
        return self.oldest_days * DAY


class LearningSettings(BaseModel):
    """Time and learning."""

    clock: Literal["wall", "event"] = Field(
        "wall", description="Which clock decides when to act: `wall` in service, `event` in a replay."
    )
    watermarks: bool = Field(
        True,
        description="Whether a replay carries watermarks, which make it exact; only with `TEND_CLOCK=event`.",
    )
    epoch_seconds: int = Field(
        86_400, ge=60, le=604_800, description="Length of an epoch: how often what customers share is learned anew."
    )
    look_days: int = Field(
        7,
        ge=7,
        le=91,
        description="Days between two looks at a customer who does nothing: churn is predicted, tier and stage follow.",
    )
    churn_horizons: Numbers = Field(
        (28,), min_length=1, max_length=4, description="Days without an order that count as churn; several by comma."
    )

    @property
    def exact(self) -> bool:
        """Whether this is a replay that comes out the same to the byte however it is run."""
        return self.clock == "event" and self.watermarks

    @property
    def epoch(self) -> Millis:
        """Length of an epoch in milliseconds."""
        return self.epoch_seconds * SECOND

    @property
    def horizons(self) -> tuple[Millis, ...]:
        """The churn horizons in milliseconds."""
        return tuple(days * DAY for days in self.churn_horizons)

    @field_validator("churn_horizons")
    @classmethod
    def _days_in_range(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if any(not 7 <= day <= 365 for day in days) or len(set(days)) < len(days):
            raise ValueError("each horizon must be from 7 to 365 days, and none named twice")
        return days


class LogSettings(BaseModel):
    """Log and traces."""

    log_format: Literal["text", "json"] = Field(
        "text", description="How the log is written: lines for people, or one JSON object a line for programs."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    otlp_endpoint: str = Field(
        "http://127.0.0.1:4318/v1/traces",
        pattern=r"^https?://",
        max_length=400,
        description="Where `tend traces` exports to: OTLP over HTTP.",
    )

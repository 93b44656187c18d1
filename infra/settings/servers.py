"""Where the servers are that everything runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, SecretStr, field_validator, model_validator

from infra.redis_url import nodes_of


class KafkaSettings(BaseModel):
    """Kafka."""

    brokers: str = Field("127.0.0.1:9092", min_length=3, description="Kafka bootstrap servers, `host:port`, by comma.")
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How connections to Kafka are secured."
    )
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "SCRAM-SHA-512", description="SASL mechanism; used where the protocol begins with `SASL_`."
    )
    kafka_username: str = Field("", max_length=256, description="SASL user.")
    kafka_password: SecretStr | None = Field(None, description="SASL password.")
    kafka_ca_file: Path | None = Field(None, description="PEM file with the authorities that sign the brokers' keys.")

    @model_validator(mode="after")
    def _secured_completely(self) -> Self:
        if self.kafka_protocol.startswith("SASL_") and not (self.kafka_username and self.kafka_password):
            raise ValueError(
                f"TEND_KAFKA_PROTOCOL={self.kafka_protocol} needs TEND_KAFKA_USERNAME and TEND_KAFKA_PASSWORD"
            )
        return self


class RedisSettings(BaseModel):
    """Redis or Valkey."""

    redis_url: str = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis or Valkey: `redis://host:port/db`, `rediss://` for TLS; for a cluster some of its nodes, "
        "`redis://host:port,host:port`, any of which will do.",
    )
    redis_cluster: bool = Field(False, description="Whether the address belongs to a Redis Cluster.")
    redis_username: str = Field("", max_length=256, description="Redis user; empty is the default user.")
    redis_password: SecretStr | None = Field(None, description="Redis password (kept out of the address).")

    @field_validator("redis_url")
    @classmethod
    def _plain_address(cls, url: str) -> str:
        parts = urlsplit(url)
        try:
            nodes = nodes_of(url)
        except ValueError:
            nodes = []
        if parts.scheme not in ("redis", "rediss") or not nodes:
            raise ValueError("expected an address such as redis://127.0.0.1:6379/0")
        if ":" in parts.netloc.rpartition("@")[0]:
            raise ValueError("the address must not carry a password: set TEND_REDIS_PASSWORD instead")
        return url

    @model_validator(mode="after")
    def _one_store(self) -> Self:
        if not self.redis_cluster and len(nodes_of(self.redis_url)) > 1:
            raise ValueError("TEND_REDIS_URL names several nodes, which only a cluster has: set TEND_REDIS_CLUSTER")
        return self


class EmbeddedSettings(BaseModel):
    """Embedded servers."""

    data_dir: Path = Field(Path(".tend"), description="Where embedded servers keep their files.")
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

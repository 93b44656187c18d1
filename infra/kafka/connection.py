"""How to reach Kafka, in the words of the clients."""

from __future__ import annotations

import msgspec

from infra.settings import Settings

Place = tuple[str, int]
"""Topic and partition."""
_ANSWER_MS = 10_000
"""A broker that takes longer to answer is left, and whoever leads its partitions by now is looked for. By default that
takes a minute, in which nothing of a broker that hangs is read."""


class KafkaConnection(msgspec.Struct, frozen=True):
    """Addresses and credentials of a Kafka cluster. Its text form hides the password."""

    brokers: str
    protocol: str = "PLAINTEXT"
    mechanism: str = ""
    username: str = ""
    password: str = ""
    ca_file: str = ""

    @classmethod
    def of(cls, settings: Settings) -> KafkaConnection:
        """The connection that the settings describe."""
        return cls(
            brokers=settings.brokers,
            protocol=settings.kafka_protocol,
            mechanism=settings.kafka_mechanism,
            username=settings.kafka_username,
            password=settings.kafka_password.get_secret_value() if settings.kafka_password else "",
            ca_file=str(settings.kafka_ca_file or ""),
        )

    @property
    def uses_sasl(self) -> bool:
        """Whether clients log in with user and password."""
        return self.protocol.startswith("SASL_")

    def __repr__(self) -> str:
        return f"KafkaConnection({self.brokers}, {self.protocol})"

    def librdkafka(self, **further: str | int | bool) -> dict[str, str | int | float | bool]:
        """The configuration of a confluent-kafka client, with further properties (underscores stand for dots)."""
        config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.brokers,
            "security.protocol": self.protocol.lower(),
            # librdkafka writes to stderr by default; what matters is raised by the calls themselves.
            "log_level": 2,
            "socket.timeout.ms": _ANSWER_MS,
        }
        if self.uses_sasl:
            config |= {
                "sasl.mechanism": self.mechanism,
                "sasl.username": self.username,
                "sasl.password": self.password,
            }
        if self.ca_file:
            config["ssl.ca.location"] = self.ca_file
        return config | {name.replace("_", "."): value for name, value in further.items()}

    def groupless(self, wait_ms: int, isolation: str = "read_committed") -> dict[str, str | int | float | bool]:
        """The configuration of a consumer without a claim on what it reads; it says where a partition ends.

        Args:
            wait_ms: how long the broker may hold back an answer that would be empty.
            isolation: whether open and aborted transactions are seen, in Kafka's words.
        """
        return self.librdkafka(
            group_id="tend-reader",  # librdkafka wants one; nothing is ever committed under it
            enable_auto_commit=False,
            enable_auto_offset_store=False,
            enable_partition_eof=True,
            isolation_level=isolation,
            auto_offset_reset="error",
            fetch_wait_max_ms=wait_ms,
        )

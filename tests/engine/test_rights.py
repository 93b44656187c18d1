"""The least rights that are shipped are enough for the programs, and let them do nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # public, but not in its __all__
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from redis import Redis
from redis.exceptions import NoPermissionError

from agents.installation import Service
from agents.rights import GROUP, ROLES, Allowed, Role
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import BulkProducer
from infra.settings import Settings
from schemas.topics import COMPLAINTS
from tests.backends import OwnBroker, own_broker_or_skip
from tests.engine.site import Site

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

PASSWORD = "s3cret-s3cret"
TOPICS = sorted({topic for role in ROLES for topic in (*role.reads, *role.writes)})
SENDS_NOTHING = b"probe of a role"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    """A Kafka that knows the roles, and where nobody may do anything but ``tend`` yet."""
    own_broker_or_skip()
    kafka = OwnBroker(tmp_path_factory.mktemp("secured"), PASSWORD, users=[f"tend-{role.name}" for role in ROLES])
    kafka.start()
    yield kafka
    kafka.kill()


@pytest.fixture(scope="module")
def site(secured: OwnBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Topics and a store with the rights that are shipped; no service yet."""
    with Site(tmp_path_factory.mktemp("site"), broker=secured, workers=0, group=GROUP) as running:
        admin = AdminClient({"bootstrap.servers": secured.address})
        bindings = [binding(role, allowed) for role in ROLES for allowed in role.kafka()]
        for result in admin.create_acls(bindings).values():
            result.result(20)
        with Redis.from_url(running.store.url) as store:
            for role in ROLES:
                if role.commands:
                    _, name, *rules = role.redis().split()
                    store.execute_command("ACL", "SETUSER", name, *(as_password(rule) for rule in rules))
        yield running


def as_password(rule: str) -> str:
    return f">{PASSWORD}" if rule.startswith(">") else rule


def binding(role: Role, allowed: Allowed) -> AclBinding:
    kinds = {"transactional-id": ResourceType.TRANSACTIONAL_ID, "cluster": ResourceType.BROKER}
    return AclBinding(
        kinds.get(allowed.resource) or ResourceType[allowed.resource.upper()],
        allowed.name,
        ResourcePatternType.PREFIXED if allowed.prefixed else ResourcePatternType.LITERAL,
        f"User:tend-{role.name}",
        "*",
        AclOperation[allowed.operation.upper()],
        AclPermissionType.ALLOW,
    )


def settings_of(site: Site, secured: OwnBroker, role: str) -> Settings:
    """Those of a program that logs in as this role."""
    login = {
        "brokers": secured.secured_address,
        "kafka_protocol": "SASL_PLAINTEXT",
        "kafka_mechanism": "PLAIN",
        "kafka_username": f"tend-{role}",
        "redis_username": f"tend-{role}",
    }
    return site.settings.model_copy(update=login)


def connection_of(secured: OwnBroker, role: str) -> KafkaConnection:
    return KafkaConnection(secured.secured_address, "SASL_PLAINTEXT", "PLAIN", f"tend-{role}", PASSWORD)


def test_worker_and_learner_run_with_their_rights_and_a_shop_is_heard(
    site: Site, secured: OwnBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KAFKA_PASSWORD", "REDIS_PASSWORD"):
        monkeypatch.setenv(f"TEND_{name}", PASSWORD)
    published = site.tend("rules", "publish")
    assert published.status == 0, published
    worker = Service("worker", settings_of(site, secured, "worker"), site.directory, "worker-0")
    learner = Service("learn", settings_of(site, secured, "learner"), site.directory, "learner")
    try:
        learner.start()
        worker.start()
        site.installation.workers.append(worker)
        shop = BulkProducer(connection_of(secured, "storefront"))
        site.until_ready()
        site.until(lambda: site.ready(learner)[0] == 200, "the learner is ready")
        customers = [f"c-{n}" for n in range(20)]
        for who in customers:
            event = site.event("complaint.opened", who, complaint_id="p-1", category="delivery")
            shop.send(COMPLAINTS, site.partition(who), who.encode(), event, 1_700_000_000_000)
        shop.flush()

        site.until(lambda: all(site.rules_acted(who) for who in customers), "they are cared for")
        assert "tend_learner_active 1.0" in site.metrics(learner)
    finally:
        worker.stop()
        learner.stop()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_writes_what_it_may_and_nothing_else(site: Site, secured: OwnBroker, role: Role) -> None:
    refused: dict[str, int] = {}

    def delivered(problem: KafkaError | None, message: Message) -> None:
        if problem is not None:
            refused[message.topic() or ""] = problem.code()

    producer = Producer(connection_of(secured, role.name).librdkafka(message_timeout_ms=15_000))
    for topic in TOPICS:
        producer.produce(topic, SENDS_NOTHING, b"probe", 0, on_delivery=delivered)
    producer.flush(30)

    assert refused.keys() == set(TOPICS) - set(role.writes)
    assert set(refused.values()) <= {KafkaError.TOPIC_AUTHORIZATION_FAILED}


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_reads_what_it_may_and_nothing_else(site: Site, secured: OwnBroker, role: Role) -> None:
    reader = Consumer(connection_of(secured, role.name).groupless(10))
    reader.assign([TopicPartition(topic, 0, 0) for topic in TOPICS])
    ended = set[str]()

    def has_read_all_it_may() -> bool:
        ended.update(ends(reader, seconds=1))
        return ended >= set(role.reads)

    site.until(has_read_all_it_may, "all that it may read is read")
    ended.update(ends(reader, seconds=1))
    reader.close()

    assert ended == set(role.reads)


def ends(reader: Consumer, seconds: float) -> Iterator[str]:
    """The topics whose end it meets; who may not read one never gets there."""
    for message in reader.consume(1_000, seconds):
        problem = message.error()
        if problem is not None and problem.code() == KafkaError._PARTITION_EOF:
            yield message.topic() or ""


KEYS = ("tend:{0}:state", "tend:{0}:customers", "tend:{0}:roll:work", "tend:link:x", "tend:sent:email:x", "foreign")


@pytest.mark.parametrize("role", [role for role in ROLES if role.commands], ids=lambda role: role.name)
def test_a_role_touches_only_its_own_keys(site: Site, role: Role) -> None:
    url = site.store.url.replace("redis://", f"redis://tend-{role.name}:{PASSWORD}@")
    with Redis.from_url(url) as store:
        assert {key for key in KEYS if may(store, "HSET", key, "probe", "1")} == written_by(role)
        assert not may(store, "FLUSHALL")
        assert not may(store, "CONFIG", "SET", "appendonly", "no")
        assert not may(store, "ACL", "LIST")
        assert not may(store, "KEYS", "*")
        assert not may(store, "SHUTDOWN", "NOSAVE")


def written_by(role: Role) -> set[str]:
    lanes, own = {"tend:{0}:state", "tend:{0}:customers"}, {"worker": set[str](), "operator": set(KEYS) - {"foreign"}}
    sender, links = {"tend:sent:email:x"}, {"tend:link:x"}
    by_role = {"gateway": links | sender, "sender": links | sender, "console": {"tend:{0}:roll:work"}, "worker": lanes}
    return by_role.get(role.name, own.get(role.name, set()))


def may(store: Redis, *command: str) -> bool:
    try:
        store.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py has no type for it
    except NoPermissionError:
        return False
    return True

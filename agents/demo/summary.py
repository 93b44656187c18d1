"""What a replay has led to, told at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from rich.console import Console as Screen
from rich.table import Table

from agents.store_queries import StoreQueries
from infra.kafka.connection import KafkaConnection
from infra.kafka.partition_log import PartitionLog
from infra.settings import Settings
from schemas.almanac import decode_almanac
from schemas.churn import Quality
from schemas.lane import KafkaRecord
from schemas.outcome import Verdict, decode_decision
from schemas.topics import ACTION_TOPICS, ALMANAC, DEAD_LETTERS, DECISIONS


class Summary(msgspec.Struct):
    """Everything that is told, in numbers."""

    events: dict[str, int]
    seconds: float
    customers: int = 0
    tiers: dict[str, int] = {}
    stages: dict[str, int] = {}
    mean_bytes: float = 0.0
    largest_bytes: int = 0
    actions: dict[str, int] = {}
    rules: dict[str, int] = {}
    suppressed: dict[str, int] = {}
    held: dict[str, int] = {}
    """Holds by reason: an action may be held more than once."""
    released: dict[str, int] = {}
    """Held actions that were given out after all, by what had held them."""
    dead_letters: dict[str, int] = {}
    almanacs: int = 0
    lessons: int = 0
    quality: Quality = msgspec.field(default_factory=Quality)
    addressed: int = 0
    """Customers with an e-mail address or a phone number."""
    allowing: int = 0
    """Customers who allow marketing on a channel."""
    example: str = ""
    """A customer to look at: one who got something, if anybody did."""
    example_action: str = ""

    @property
    def rate(self) -> float:
        """Events a second from the first sent to the last decided."""
        return sum(self.events.values()) / max(self.seconds, 1e-9)


async def summarise(settings: Settings, events: dict[str, int], seconds: float) -> Summary:
    """Count what lies in the store and in the outbound topics."""
    summary = Summary(dict(sorted(events.items())), seconds)
    await _customers(settings, summary)
    with PartitionLog(KafkaConnection.of(settings)) as log:
        _actions(log, settings.partitions, summary)
        _decisions(log, settings.partitions, summary)
        _almanac(log, summary)
    return summary


async def _customers(settings: Settings, summary: Summary) -> None:
    console = StoreQueries(settings)
    tiers: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    sizes: list[int] = []
    try:
        async for record, size in console.all():
            tiers[record.segment.tier or "none"] += 1
            stages[record.segment.stage or "none"] += 1
            sizes.append(size)
            summary.addressed += bool(record.profile.email or record.profile.phone)
            summary.allowing += any(one.granted and one.purpose == "marketing" for one in record.consents)
            summary.example = summary.example or record.id
    finally:
        await console.close()
    summary.customers, summary.tiers, summary.stages = len(sizes), _ordered(tiers), _ordered(stages)
    summary.mean_bytes = sum(sizes) / len(sizes) if sizes else 0.0
    summary.largest_bytes = max(sizes, default=0)


def _actions(log: PartitionLog, partitions: int, summary: Summary) -> None:
    kinds: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for topic in ACTION_TOPICS.values():
        for raw in _all(log, topic, partitions):
            action = msgspec.json.decode(raw.value or b"{}")
            kinds[action["kind"]] += 1
            rules[action["rule"]] += 1
            if not summary.example_action or action["channel"] != "desk":
                summary.example, summary.example_action = action["customer"], action["action_id"]
    summary.actions, summary.rules = _ordered(kinds), _ordered(rules)


def _decisions(log: PartitionLog, partitions: int, summary: Summary) -> None:
    refused: Counter[str] = Counter()
    held: Counter[str] = Counter()
    released: Counter[str] = Counter()
    waiting: dict[str, set[str]] = {}
    for raw in _all(log, DECISIONS, partitions):
        decision = decode_decision(raw.value or b"{}")
        reason = decision.reason.value if decision.reason else ""
        if decision.is_not_due:
            continue
        if decision.verdict is Verdict.REFUSED:
            refused[reason] += 1
        elif decision.verdict is Verdict.HELD:
            held[reason] += 1
            waiting.setdefault(decision.action_id, set()).add(reason)
        elif decision.verdict is Verdict.RELEASED:
            released.update(waiting.get(decision.action_id, ()))
    summary.suppressed, summary.held, summary.released = _ordered(refused), _ordered(held), _ordered(released)
    letters = (dict(raw.headers).get("tend-reason", b"?").decode() for raw in _all(log, DEAD_LETTERS, partitions))
    summary.dead_letters = _ordered(Counter(letters))


def _almanac(log: PartitionLog, summary: Summary) -> None:
    bodies = [raw.value or b"" for raw in _all(log, ALMANAC, 1)]
    if not bodies:
        return
    almanac = decode_almanac(bodies[-1])
    summary.almanacs, summary.lessons = len(bodies), almanac.lessons
    summary.quality = almanac.churn.horizons[0].quality


def _all(log: PartitionLog, topic: str, partitions: int) -> Iterator[KafkaRecord]:
    for partition in range(partitions):
        yield from log.read(topic, partition, log.bounds(topic, partition)[0])


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def show(summary: Summary, screen: Screen) -> None:
    """Print the summary as a few tables."""
    total = sum(summary.events.values())
    screen.print(f"[bold]{total:,} events in {summary.seconds:.1f} s, {summary.rate:,.0f} a second[/bold]")
    screen.print(_table("Events", summary.events))
    screen.print(_table("Customers by tier", summary.tiers), _table("Customers by stage", summary.stages))
    screen.print(
        f"{summary.customers:,} customers; record {summary.mean_bytes:,.0f} bytes on average, "
        f"{summary.largest_bytes:,} at most",
        soft_wrap=True,
    )
    screen.print(_table("Actions by kind", summary.actions), _table("Actions by rule", summary.rules))
    screen.print(_table("Suppressed by reason", summary.suppressed))
    screen.print(_table("Held for a while by reason", summary.held), _table("Given out after it", summary.released))
    letters = ", ".join(f"{count:,} {reason}" for reason, count in summary.dead_letters.items())
    screen.print(f"Dead letters: {letters or 'none'}")
    quality = summary.quality
    screen.print(
        f"Churn model: {summary.lessons:,} lessons in {summary.almanacs} almanacs; log loss {quality.log_loss:.4f} "
        f"(always the base rate: {quality.base_loss:.4f}), AUC {quality.auc:.3f}",
        soft_wrap=True,
    )


def _table(title: str, counts: dict[str, int]) -> Table:
    table = Table("what", "count", title=title, title_justify="left")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table

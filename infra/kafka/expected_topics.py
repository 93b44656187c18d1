"""Topics as they have to be, held against what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from schemas.errors import ConfigurationRefused
from schemas.times import DAY, Millis


class TopicSpec(msgspec.Struct, frozen=True):
    """A topic as it has to be."""

    name: str
    partitions: int
    configs: Mapping[str, str] = {}
    """Kafka's topic configuration, such as ``retention.ms``."""
    oldest: Millis = 0
    """How old the records' own times may be when they arrive (event time): Kafka deletes what is older than the
    retention, measured by those times. 0 where records carry the time of their arrival."""
    formerly: str = ""
    """The name that an earlier version of tend gave it: what lies there would not be read."""


class TopicReport(msgspec.Struct, frozen=True):
    """What a check found that is no reason to refuse."""

    topics: dict[str, int]
    """Topic name to number of partitions."""
    notes: list[str]
    """What could not be checked, and why."""


class FoundTopics(msgspec.Struct, frozen=True):
    """What a broker says of its topics."""

    partitions: dict[str, int]
    """Of all topics."""
    replicas: dict[str, int]
    """Likewise."""
    configs: dict[str, dict[str, str]]
    """Of those that were asked for; settings that it does not report are missing."""
    brokers: str
    """Where it is, for the commands that mend."""

    def report(self, specs: Sequence[TopicSpec]) -> TopicReport:
        """Compare it with what has to be.

        Raises:
            ConfigurationRefused: a topic is missing, has another number of partitions, or would delete event-time
                records; the message names each with what was found, what is expected and the command that mends it.
        """
        problems = [self._shape_problem(spec) for spec in specs]
        problems += [_renamed(spec) for spec in specs if spec.formerly in self.partitions]
        notes: list[str] = []
        for spec in specs:
            if spec.oldest and spec.name in self.partitions:
                problem, note = self._retention(spec, self.configs.get(spec.name, {}))
                problems.append(problem)
                notes.extend([note] if note else [])
        found = [problem for problem in problems if problem]
        if found:
            raise ConfigurationRefused(
                "The topics are not as they have to be:\n" + "\n".join(f"  {line}" for line in found)
            )
        notes += self._lightly_kept(specs)
        return TopicReport(topics={spec.name: self.partitions[spec.name] for spec in specs}, notes=notes)

    def _lightly_kept(self, specs: Sequence[TopicSpec]) -> list[str]:
        """Topics with replicas that need not have what was acknowledged."""
        found = [
            spec.name
            for spec in specs
            if self.replicas[spec.name] > 1 and self.configs.get(spec.name, {}).get("min.insync.replicas", "2") == "1"
        ]
        if not found:
            return []
        return [
            f"{found[0]}{f' and {len(found) - 1} more' if found[1:] else ''}: several replicas, and "
            "min.insync.replicas=1: one broker that is lost can take with it what it alone acknowledged. Expected 2: "
            f"{self._command('kafka-configs.sh')} --alter --entity-type topics --entity-name {found[0]} --add-config "
            "min.insync.replicas=2; or set it on the brokers"
        ]

    def _shape_problem(self, spec: TopicSpec) -> str:
        found = self.partitions.get(spec.name)
        if found is None:
            return f"{spec.name} is missing; expected {spec.partitions} partitions. Run: tend topics create"
        if found != spec.partitions:
            fix = (
                f"set TEND_PARTITIONS={found} where every customer-keyed topic has {found}, else make the topic again "
                f"(adding partitions would move customers): {self._command('kafka-topics.sh')} --delete --topic "
                f"{spec.name} && tend topics create"
            )
            return f"{spec.name} has {found} partitions; expected {spec.partitions}. Fix: {fix}"
        return ""

    def _retention(self, spec: TopicSpec, configs: Mapping[str, str]) -> tuple[str, str]:
        if "delete" not in configs.get("cleanup.policy", "delete"):
            return "", ""
        value = configs.get("retention.ms")
        if value is None:
            return "", f"{spec.name}: the broker reports no retention; not checked"
        if int(value) < 0 or int(value) >= spec.oldest:
            return "", ""
        days = f"{int(value) / DAY:g} days"
        fix = (
            f"{self._command('kafka-configs.sh')} --alter --entity-type topics --entity-name {spec.name} "
            "--add-config retention.ms=-1"
        )
        return (
            f"{spec.name} keeps records for {days} of their own time, but some would be {spec.oldest / DAY:g} days old "
            f"and deleted at once; expected retention.ms=-1 or at least {spec.oldest}. Run: {fix}"
        ), ""

    def _command(self, tool: str) -> str:
        return f"{tool} --bootstrap-server {self.brokers}"


def _renamed(spec: TopicSpec) -> str:
    return (
        f"{spec.formerly} was written by an earlier version of tend, which gave {spec.name} that name. Finish what "
        f"lies there with that version, delete {spec.formerly}, then run: tend topics create"
    )

"""``tend dead-letters``: what could not be handled, and sending it again after the mend."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from agents.commands.screen import say, say_json
from agents.server_check import reachable_settings
from infra.kafka.connection import KafkaConnection
from infra.kafka.console_consumer import consume
from infra.kafka.partition_log import PartitionLog
from infra.kafka.producers import BulkProducer
from infra.kafka.topics import Topics
from infra.settings import Settings
from schemas.errors import NotFound, TendError
from schemas.events import Invalid, decode_event
from schemas.ids import partition_of
from schemas.lane import KafkaRecord
from schemas.shown import shown
from schemas.times import to_rfc3339
from schemas.topics import DEAD_LETTERS, EVENT_TOPICS, TOPIC_OF

app = typer.Typer(no_args_is_help=True, help="Look at what could not be handled, and send it again.")
REDRIVEN = "tend-redriven"
"""Header of a record that was sent again: the dead letter it came from."""


@app.command("list")
def list_letters(
    newest: Annotated[int, typer.Option(help="How many of each partition.", min=1)] = 20,
    reason: Annotated[str, typer.Option(help="Only this reason, such as missing_field.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """List dead letters with the reason and where they lay.

    Example: tend dead-letters list --reason missing_field
    """
    for letter in asyncio.run(newest_letters(reachable_settings(), newest)):
        if reason and letter["reason"] != reason:
            continue
        line = f"{letter['id']:10} {letter['reason']:16} {letter['origin']}  {letter['message']}"
        if as_json:
            say_json(letter)
        else:
            say(shown(line))


@app.command()
def show(letter: Annotated[str, typer.Argument(help="PARTITION:OFFSET, as `list` gives it.")]) -> None:
    """Show one dead letter whole: reason, origin, headers and the original body.

    Example: tend dead-letters show 3:17
    """
    raw = asyncio.run(one_letter(reachable_settings(), letter))
    say_json(described(raw, body=True), indent=True)


@app.command()
def redrive(
    letters: Annotated[list[str], typer.Argument(help="PARTITION:OFFSET of each, as `list` gives them.")],
    force: Annotated[bool, typer.Option(help="Send again even what is still no valid event.")] = False,
) -> None:
    """Send dead letters again to where they belong, after what was wrong has been put right.

    All of them are looked at before the first one is sent.

    Example: tend dead-letters redrive 3:17 3:18
    """
    settings = reachable_settings()
    raws = [asyncio.run(one_letter(settings, letter)) for letter in letters]
    targets = [target(raw, letter, settings.partitions, force) for letter, raw in zip(letters, raws, strict=True)]
    producer = BulkProducer(KafkaConnection.of(settings))
    for letter, raw, (topic, partition) in zip(letters, raws, targets, strict=True):
        headers = [h for h in raw.headers if not h[0].startswith("tend-")]
        producer.send(topic, partition, raw.key, raw.value, raw.timestamp, [*headers, (REDRIVEN, letter.encode())])
    producer.flush()
    say(f"{len(raws)} sent again")


def target(raw: KafkaRecord, letter: str, partitions: int, force: bool) -> tuple[str, int]:
    """Topic and partition that a dead letter belongs on.

    Raises:
        TendError: it came from no topic of events, is not whole, or is still no event (and ``force`` was not said).
    """
    # The letter's own headers come first; those it came with may have the same names.
    headers = dict(reversed(raw.headers))
    topic = headers.get("tend-topic", b"").decode()
    if topic not in EVENT_TOPICS:
        raise TendError(f"Dead letter {letter} came from {topic or 'nowhere'}, which takes no events; nothing was sent")
    if "tend-truncated" in headers:
        raise TendError(
            f"Dead letter {letter} holds only the beginning of a record of {headers['tend-truncated'].decode()} bytes; "
            "nothing was sent. Its producer has to send it anew, and shorter."
        )
    try:
        event = decode_event(raw.value or b"")
    except Invalid as invalid:
        if not force:
            raise TendError(
                f"Dead letter {letter} is still no valid event ({invalid}); nothing was sent. Put right what wrote it "
                "and send the event anew, or use --force once this program understands it."
            ) from None
        return topic, int(headers.get("tend-partition", b"0"))
    return TOPIC_OF[event.type], partition_of(event.customer, partitions)


async def newest_letters(settings: Settings, newest: int) -> list[dict[str, Any]]:
    def read() -> list[KafkaRecord]:
        return list(consume(KafkaConnection.of(settings), [DEAD_LETTERS], newest=newest))

    return [described(raw, body=False) for raw in await asyncio.to_thread(read)]


async def one_letter(settings: Settings, letter: str) -> KafkaRecord:
    partition, _, offset = letter.partition(":")
    if not (partition.isdigit() and offset.isdigit()):
        raise TendError(f"{letter} names no dead letter; expected PARTITION:OFFSET such as 3:17")
    found = await asyncio.to_thread(_record, KafkaConnection.of(settings), int(partition), int(offset))
    if found is None:
        raise NotFound(f"There is no dead letter {letter}; `tend dead-letters list` shows those there are")
    return found


def _record(connection: KafkaConnection, partition: int, offset: int) -> KafkaRecord | None:
    if partition >= Topics(connection).partitions(DEAD_LETTERS):
        return None
    with PartitionLog(connection) as log:
        first, end = log.bounds(DEAD_LETTERS, partition)
        # Not every broker says that an offset lies outside the log: some never answer.
        found = next(log.read(DEAD_LETTERS, partition, offset), None) if first <= offset < end else None
    return found if found is not None and found.offset == offset else None


def described(raw: KafkaRecord, *, body: bool) -> dict[str, Any]:
    # The letter's own headers come first; those it came with may have the same names.
    headers = {name: value.decode(errors="replace") for name, value in reversed(raw.headers)}
    letter: dict[str, Any] = {
        "id": f"{raw.partition}:{raw.offset}",
        "at": to_rfc3339(raw.timestamp),
        "reason": headers.get("tend-reason", ""),
        "field": headers.get("tend-field", ""),
        "origin": ":".join(headers.get(f"tend-{part}", "?") for part in ("topic", "partition", "offset")),
        "message": headers.get("tend-message", ""),
    }
    if body:
        letter["headers"] = {name: value for name, value in headers.items() if not name.startswith("tend-")}
        letter["key"] = (raw.key or b"").decode(errors="replace")
        letter["body"] = (raw.value or b"").decode(errors="replace")
    return letter

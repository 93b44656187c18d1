"""``tend send``: reference senders, one for each channel."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from agents.access import Admitted, access_keys
from agents.bootstrap import open_tables
from agents.clock import wall_clock
from agents.rulebooks import own_rulebook
from agents.screen import say
from agents.senders.bounce_intake import mails_in, take_back
from agents.senders.consuming import open_consumer, run
from agents.senders.later_receipts import LaterReceipts
from agents.senders.ledger import Ledger
from agents.senders.mail_news import MailDesk
from agents.senders.provider import Provider
from agents.senders.wiring import open_sender, sms_of, smtp_of, webhook_of
from infra.kafka.connection import KafkaConnection
from infra.kafka.producers import AcknowledgedProducer
from infra.logs import write_logs
from infra.settings import Settings, load_settings
from schemas.channels import TO_CUSTOMERS

app = typer.Typer(no_args_is_help=True, help="Send what was decided: by mail, SMS, or to a system of your own.")


@app.command()
def email() -> None:
    """Send mails by SMTP, at most one for each action.

    Example: TEND_SMTP=smtp://mail.shop.example:587 tend send email
    """
    settings = load_settings()
    _run(settings, "email", smtp_of(settings))


@app.command()
def sms() -> None:
    """Send SMS.

    Example: TEND_SMS=twilio:AC…:Lindmoor TEND_SMS_TOKEN=… tend send sms
    """
    settings = load_settings()
    _run(settings, "sms", sms_of(settings, own_rulebook(settings).defaults.brand.base_url or ""))


@app.command()
def webhook(
    channel: Annotated[
        str, typer.Option("--channel", help=f"Actions of this channel: {', '.join(TO_CUSTOMERS)}.")
    ] = "push",
) -> None:
    """Post actions to a system of your own, by Standard Webhooks.

    Example: TEND_WEBHOOK_URL=https://desk.shop.example/tend tend send webhook --channel call
    """
    settings = load_settings()
    _run(settings, channel, webhook_of(settings))


@app.command()
def desk() -> None:
    """Post tickets of the desk to a ticket system, by Standard Webhooks; the console works on them without.

    Example: TEND_WEBHOOK_URL=https://tickets.shop.example/in tend send desk
    """
    settings = load_settings()
    _run(settings, "desk", webhook_of(settings))


@app.command()
def bounces(
    where: Annotated[Path, typer.Argument(metavar="PATH", help="A mail, an mbox, or a Maildir; read as it is.")],
) -> None:
    """Tell what became of mails that came back, from a mailbox; what was told before changes nothing.

    Example: tend send bounces /var/mail/bounce
    """
    asyncio.run(_take_back(load_settings(), where))


async def _take_back(settings: Settings, where: Path) -> None:
    tables, producer = open_tables(settings), AcknowledgedProducer(KafkaConnection.of(settings))

    async def write(told: Admitted) -> None:
        await producer.send(told.topic, told.partition, told.key, told.body)

    ledger = Ledger(tables.client, tables.address, "email")
    desk = MailDesk(LaterReceipts(ledger, write, access_keys(settings), settings.partitions, wall_clock))
    found: Counter[str] = Counter()
    try:
        for raw in mails_in(where):
            bounce = await take_back(desk, raw)
            found[bounce.reason if bounce else "no bounce of a mail of ours"] += 1
    finally:
        await producer.close()
        await tables.close()
    for reason, times in sorted(found.items()):
        say(f"{times:6}  {reason}")


def _run(settings: Settings, channel: str, provider: Provider) -> None:
    write_logs(settings.log_level, settings.log_format, f"send-{channel}")
    asyncio.run(_send(settings, channel, provider))


async def _send(settings: Settings, channel: str, provider: Provider) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    connection, group = KafkaConnection.of(settings), f"{settings.group}-send-{channel}"
    consumer = await asyncio.to_thread(lambda: open_consumer(connection, group, name=settings.sender_name))
    async with open_sender(settings, channel, provider) as sender:
        say(f"sending {channel}")
        await run(sender, consumer, stopped.is_set)

"""``tend actions``: what goes out to senders."""

from __future__ import annotations

from typing import Annotated

import orjson
import typer

from agents.screen import say, say_json
from agents.server_check import reachable_settings
from infra.kafka.connection import KafkaConnection
from infra.kafka.console_consumer import consume
from schemas.actions import AnyAction, decode_action
from schemas.errors import TendError
from schemas.shown import shown
from schemas.topics import ACTION_TOPICS

app = typer.Typer(no_args_is_help=True, help="Look at the actions that go out to senders.")


@app.command()
def tail(
    kind: Annotated[str, typer.Option(help=f"Only one kind: {', '.join(ACTION_TOPICS)}.")] = "",
    newest: Annotated[int, typer.Option(help="How many of each partition to begin with.", min=0)] = 5,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as new ones come, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as senders receive it.")] = False,
) -> None:
    """Show the newest actions, and new ones as they come.

    Example: tend actions tail --kind coupon --follow
    """
    if kind and kind not in ACTION_TOPICS:
        raise TendError(f"--kind {kind}: there is no such kind of action; expected one of {', '.join(ACTION_TOPICS)}")
    topics = [ACTION_TOPICS[kind]] if kind else list(ACTION_TOPICS.values())
    for raw in consume(KafkaConnection.of(reachable_settings()), topics, newest=newest, follow=follow):
        body = raw.value or b""
        if as_json:
            say_json(orjson.loads(body))
        else:
            say(shown(_line(decode_action(body))))


def _line(action: AnyAction) -> str:
    head = f"{action.decided_at:%Y-%m-%d %H:%M} {action.kind:8} {action.channel:5} {action.customer}"
    return f"{head}  {action.rule}  {action.text}  [{action.action_id}]"

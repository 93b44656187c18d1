"""Faust as its tutorials show it: for each event GET, work, send, SET.

Faust acknowledges an event when the agent asks for the next, also where it failed, and commits later: at least once in
name. A kill loses or repeats what lies between a step done and a commit not done.
"""

from __future__ import annotations

from typing import Any, cast

import faust
from redis.asyncio import Redis

from benchmarks.peers.faust_app import app_for, run
from benchmarks.peers.options import peer_options
from benchmarks.reference.job import Job, decode_event, encode_action, work

if __name__ == "__main__":
    given = peer_options()
    app = app_for(given)
    redis = Redis.from_url(given.redis, protocol=2)
    outbound = app.topic(given.outbound, value_serializer="raw", key_serializer="raw")
    job = Job()

    @app.agent(app.topic(*given.topics, value_serializer="raw", key_serializer="raw"))
    async def engage(stream: faust.StreamT[Any]) -> None:
        """One event after the other."""
        async for body in stream:
            event = decode_event(body)
            held = cast("bytes | None", await redis.get(event.customer))
            state, actions = work(job, held, event)
            for action in actions:
                await outbound.send(key=event.customer.encode(), value=encode_action(action))
            await redis.set(event.customer, state)

    run(app)

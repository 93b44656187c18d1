"""Faust as one tunes it: up to 500 events at a time, one MGET and one pipeline for each.

At least once in name, as the naive one: events are acknowledged when the batch is left, and committed later.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

import faust
from redis.asyncio import Redis

from benchmarks.peers.faust_app import app_for, run
from benchmarks.peers.options import peer_options
from benchmarks.reference.job import Job, decode_event, encode_action, work_all

if __name__ == "__main__":
    given = peer_options()
    app = app_for(given)
    redis = Redis.from_url(given.redis, protocol=2)
    outbound = app.topic(given.outbound, value_serializer="raw", key_serializer="raw")
    job = Job()

    @app.agent(app.topic(*given.topics, value_serializer="raw", key_serializer="raw"))
    async def engage(stream: faust.StreamT[Any]) -> None:
        """One batch after the other."""
        async for bodies in stream.take(500, within=0.02 if given.soon else 0.2):
            events = [decode_event(body) for body in bodies]
            customers = list({event.customer for event in events})
            held = cast("list[bytes | None]", await redis.mget(customers))
            states, actions = work_all(job, dict(zip(customers, held, strict=True)), events)
            async with redis.pipeline(transaction=False) as pipeline:
                for who, state in states.items():
                    pipeline.set(who, state)
                await pipeline.execute()
            sent = [
                await outbound.send(key=action.customer.encode(), value=encode_action(action)) for action in actions
            ]
            await asyncio.gather(*sent)

    run(app)

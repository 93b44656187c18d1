"""The reference job as pure functions: an event and a customer's state in, the changed state and actions out.

Decode, sort out duplicates, update counters, 16 features, a scaler and a logistic regression (predicts on each event,
learns on orders), six threshold rules with cooldowns. All peers call the same functions.

Peers read three topics in different orders, so whatever is compared depends, per customer, on one topic's order only:
each counter and each rule belongs to one topic. The score depends on everything that came before; it is computed,
kept and sent, and not compared.

Only msgspec and River are needed, so that a peer with an environment of its own can run it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from math import log1p
from typing import Any

import msgspec
from river import linear_model, preprocessing

RING = 32
"""Ids of events that a customer remembers."""
HOUR = 3_600_000


class Event(msgspec.Struct, gc=False):
    """What the job reads of an event; its body has more fields, which it does not look at."""

    id: str
    type: str
    customer: str
    at: int
    """Milliseconds since the epoch."""
    amount: int
    """Cents of an order, seconds of a view, severity of a complaint."""
    items: int
    flags: int
    sent: int = 0
    """When it was produced, in microseconds of a clock that one process reads; for latency."""


class State(msgspec.Struct, array_like=True):
    """What is kept of one customer: 25 numbers, the last ids, and for each rule its count, last moment and number."""

    orders: int = 0
    spent: int = 0
    items: int = 0
    largest: int = 0
    discounted: int = 0
    express: int = 0
    gifts: int = 0
    first_order: int = 0
    last_order: int = 0
    gaps: int = 0
    """Sum of the times between orders."""
    views: int = 0
    seconds: int = 0
    searches: int = 0
    carts: int = 0
    deep: int = 0
    mobile: int = 0
    night: int = 0
    first_view: int = 0
    last_view: int = 0
    complaints: int = 0
    severity: int = 0
    severe: int = 0
    reopened: int = 0
    last_complaint: int = 0
    seen: int = 0
    """Events applied."""
    score: float = 0.0
    ring: list[int] = []
    counts: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    """Per rule: what counts towards its threshold."""
    fired: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    """Per rule: when it last fired."""
    times: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    """Per rule: how often it fired."""


class Action(msgspec.Struct):
    """What goes out."""

    id: str
    rule: str
    customer: str
    event: str
    at: int
    score: float
    sent: int = 0


class Rule(msgspec.Struct, frozen=True):
    """Fires when its count has reached the threshold and it has not fired for the cooldown; then counts anew."""

    name: str
    threshold: int
    cooldown: int


RULES = (
    Rule("browsed", 9, HOUR),
    Rule("searched", 6, 6 * HOUR),
    Rule("cart", 6, 12 * HOUR),
    Rule("spent", 25_000, 6 * HOUR),
    Rule("loyal", 3, 2 * HOUR),
    Rule("complained", 4, 24 * HOUR),
)
ORDER, VIEW, COMPLAINT = "order.placed", "product.viewed", "complaint.opened"
FLAG_1, FLAG_2, FLAG_3 = 1, 2, 4

_EVENT = msgspec.json.Decoder(Event)
_STATE_IN = msgspec.msgpack.Decoder(State)
_PACK = msgspec.msgpack.Encoder()
_JSON = msgspec.json.Encoder()

decode_event = _EVENT.decode
decode_state = _STATE_IN.decode
encode_state = _PACK.encode
encode_action = _JSON.encode


def decode_action(body: bytes) -> Action:
    """The action in a message."""
    return msgspec.json.decode(body, type=Action)


class Job:
    """The job with its model, which lives in the process and is not stored: it costs, and decides nothing."""

    def __init__(self) -> None:
        self._scaler: Any = preprocessing.StandardScaler()
        self._model: Any = linear_model.LogisticRegression()

    def apply(self, state: State, event: Event) -> list[Action]:
        """Change the state by the event; the actions that follow. A duplicate changes nothing."""
        number = int(event.id, 16)
        ring = state.ring
        if number in ring:
            return []
        ring.append(number)
        if len(ring) > RING:
            del ring[0]
        learns = event.type == ORDER
        features = features_of(state, event)
        model, scaler = self._model, self._scaler
        if learns:
            scaler.learn_one(features)
        scaled = scaler.transform_one(features)
        state.score = model.predict_proba_one(scaled)[True]
        if learns:
            model.learn_one(scaled, event.at - state.last_order < 24 * HOUR)
        state.seen += 1
        woken = _COUNT[event.type](state, event)
        return self._decide(state, event, woken)

    def _decide(self, state: State, event: Event, woken: tuple[int, ...]) -> list[Action]:
        actions = []
        for number in woken:
            rule = RULES[number]
            if state.counts[number] < rule.threshold or event.at - state.fired[number] < rule.cooldown:
                continue
            state.counts[number] = 0
            state.fired[number] = event.at
            state.times[number] += 1
            name = action_id(rule.name, event.customer, state.times[number])
            actions.append(Action(name, rule.name, event.customer, event.id, event.at, state.score, event.sent))
        return actions


def work(job: Job, held: bytes | None, event: Event) -> tuple[bytes, list[Action]]:
    """One event from a stored state to the next one.

    Event by event, also within a batch: to decode all states first would take them out of the processor's cache
    again before they are used.
    """
    state = _STATE_IN.decode(held) if held else State()
    actions = job.apply(state, event)
    return _PACK.encode(state), actions


def work_all(
    job: Job, held: Mapping[str, bytes | None], events: Iterable[Event]
) -> tuple[dict[str, bytes], list[Action]]:
    """A batch of events, given what is stored of their customers: what to store, and the actions."""
    states, actions = dict[str, bytes](), list[Action]()
    for event in events:
        who = event.customer
        states[who], some = work(job, states.get(who) or held[who], event)
        actions += some
    return states, actions


def action_id(rule: str, customer: str, number: int) -> str:
    """The same for the same rule, customer and time of firing."""
    return blake2b(f"{rule} {customer} {number}".encode(), digest_size=12).hexdigest()


def features_of(state: State, event: Event) -> dict[str, float]:
    """16 features of the moment."""
    at, orders, views = event.at, state.orders or 1, state.views or 1
    return {
        "orders": log1p(state.orders),
        "spent": log1p(state.spent),
        "basket": state.items / orders,
        "largest": log1p(state.largest),
        "discounted": state.discounted / orders,
        "express": state.express / orders,
        "gifts": state.gifts / orders,
        "gap": state.gaps / orders / HOUR,
        "since order": (at - state.last_order) / HOUR if state.last_order else 0.0,
        "views": log1p(state.views),
        "seconds": state.seconds / views,
        "searches": state.searches / views,
        "carts": state.carts / views,
        "since view": (at - state.last_view) / HOUR if state.last_view else 0.0,
        "complaints": float(state.complaints),
        "severity": state.severity / (state.complaints or 1),
    }


def _order(state: State, event: Event) -> tuple[int, ...]:
    at, flags = event.at, event.flags
    state.orders += 1
    state.spent += event.amount
    state.items += event.items
    state.largest = max(state.largest, event.amount)
    state.discounted += flags & FLAG_1
    state.express += bool(flags & FLAG_2)
    state.gifts += bool(flags & FLAG_3)
    if state.first_order:
        state.gaps += at - state.last_order
    else:
        state.first_order = at
    state.last_order = at
    state.counts[3] += event.amount
    state.counts[4] += 1
    return 3, 4


def _view(state: State, event: Event) -> tuple[int, ...]:
    at, flags = event.at, event.flags
    state.views += 1
    state.seconds += event.amount
    state.deep += event.amount > 60
    state.mobile += flags & FLAG_1
    state.searches += bool(flags & FLAG_2)
    state.carts += bool(flags & FLAG_3)
    state.night += at // HOUR % 24 < 6
    state.first_view = state.first_view or at
    state.last_view = at
    state.counts[0] += 1
    state.counts[1] += bool(flags & FLAG_2)
    state.counts[2] += bool(flags & FLAG_3)
    return 0, 1, 2


def _complaint(state: State, event: Event) -> tuple[int, ...]:
    state.complaints += 1
    state.severity += event.amount
    state.severe += event.amount > 3
    state.reopened += event.flags & FLAG_1
    state.last_complaint = event.at
    state.counts[5] += event.amount
    return (5,)


_COUNT = {ORDER: _order, VIEW: _view, COMPLAINT: _complaint}

"""Coupons at the till: looked up, and redeemed once whoever asks at the same moment."""

from __future__ import annotations

from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, HTTPException, Path

from agents.access import Act, Actor
from agents.api.access import allowed
from agents.api.answers import CouponFound, Written
from agents.api.once import Asking, Once
from agents.api.requests import RedemptionTold
from agents.api.wiring import write
from agents.console.backend import Backend
from agents.rollups.keys import CLAIMS, key
from agents.rollups.model import decode_message
from infra.store.errors import translate_errors
from schemas.fields import Reference
from schemas.given_out import Coupon
from schemas.ids import digest
from schemas.record import CustomerRecord
from schemas.times import to_rfc3339

_CLAIM_SECONDS: Final = 400 * 86_400
Redeeming = Annotated[Actor, Depends(allowed(Act.REDEEM))]
Code = Annotated[Reference, Path(description="The coupon's code, as it stands in the message.")]


def coupons(backend: Backend) -> APIRouter:
    """Routes of the till."""
    router = APIRouter(prefix="/coupons/{code}", tags=["coupons"])

    @router.get("", summary="Whether a coupon can be redeemed")
    async def check(code: Code, _: Redeeming) -> CouponFound:
        return await look_up(backend, code)

    @router.post("/redeem", status_code=202, summary="Redeem a coupon, once")
    async def take(code: Code, told: RedemptionTold, actor: Redeeming, once: Once) -> Written:
        return await redeem(backend, actor, once, code, told)

    return router


async def look_up(backend: Backend, code: str) -> CouponFound:
    """Whether a coupon can be redeemed now."""
    found = await _holder(backend, code)
    if found is None:
        return CouponFound(code=code, valid=False, why="unknown")
    record, coupon = found
    claimed = await _claimed(backend, record.id, code)
    why = "redeemed" if coupon.redeemed or claimed else "expired" if coupon.expires <= backend.now() else "valid"
    return CouponFound(
        code=code,
        valid=why == "valid",
        why=why,
        customer=record.id,
        percent=coupon.percent or None,
        amount=coupon.amount or None,
        expires_at=to_rfc3339(coupon.expires),
    )


async def redeem(backend: Backend, actor: Actor, once: Asking, code: str, told: RedemptionTold) -> Written:
    """Redeem a coupon for an order: the first till has it; the same till asking again gets the same answer.

    Raises:
        HTTPException: 404 where there is no such coupon, 409 where somebody was first or it has lapsed.
    """
    found = await _holder(backend, code)
    if found is None or found[0].id != backend.keys.customer_of(told.customer):
        raise HTTPException(404, f"{told.customer} holds no coupon of this code")
    record, coupon = found
    mine = told.order_id.encode()
    if await _claimed(backend, record.id, code) is None:
        if coupon.redeemed:  # told by another system, or before the store was made anew
            raise HTTPException(409, "The coupon was redeemed already")
        if coupon.expires <= backend.now():
            raise HTTPException(409, "The coupon has lapsed")
    if await _claim(backend, record.id, code, mine) != mine:
        raise HTTPException(409, "The coupon was redeemed already, for another order")
    fields = {
        "action_id": await _action_of(backend, record.id, code),
        "code": code,
        "order_id": told.order_id,
        "discount": told.discount,
    }
    # Derived, so that asking again after a lost answer is the same event.
    event_id = f"redeem-{digest(record.id, code, size=12).hex()}"
    return await write(backend, actor, once, record.id, "receipt.redeemed", fields, event_id)


async def _holder(backend: Backend, code: str) -> tuple[CustomerRecord, Coupon] | None:
    for customer in await backend.rollups.found([backend.keys.index_key("coupon", code)]):
        record, _ = await backend.queries.customer(customer)
        for coupon in record.coupons:
            if coupon.code == code:
                return record, coupon
    return None


async def _action_of(backend: Backend, customer: str, code: str) -> str:
    for body in await backend.rollups.rows(backend.partition(customer), "said", customer):
        message = decode_message(body)
        if message.data.get("code") == code:
            return message.action_id
    return code


async def _claim(backend: Backend, customer: str, code: str, mine: bytes) -> bytes:
    """Whose claim stands: ours, if nobody was first."""
    at, client = _claims(backend, customer), cast("Any", backend.tables.client)
    with translate_errors(backend.store.address):
        if await client.hsetnx(at, _field(backend, code), mine):
            await client.expire(at, _CLAIM_SECONDS)
        stands: bytes = await client.hget(at, _field(backend, code))
    return stands


async def _claimed(backend: Backend, customer: str, code: str) -> bytes | None:
    """The order that has it; None where no till took it."""
    with translate_errors(backend.store.address):
        found: bytes | None = await cast("Any", backend.tables.client).hget(
            _claims(backend, customer), _field(backend, code)
        )
    return found


def _claims(backend: Backend, customer: str) -> str:
    """One hash for each customer, so that an erasure takes all of it."""
    return key(backend.partition(customer), CLAIMS, customer)


def _field(backend: Backend, code: str) -> str:
    return backend.keys.index_key("coupon", code)

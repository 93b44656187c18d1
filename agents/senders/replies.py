"""What customers answer to an SMS: STOP withdraws consent for SMS at that number, START gives back what STOP took.

A word counts where it stands alone, as the networks themselves have it: whoever writes a sentence is read by people.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, Final, get_args

from agents.access import CUSTOMER, AccessKeys, Actor, Admitted, Audit, ContactPurpose, admit, contact_of
from agents.links.linked import CustomerRecords
from agents.senders.numbers import Numbers, Reached
from agents.senders.receipts import receipt_id
from schemas.codec import decode_record
from schemas.fields import Purpose
from schemas.ids import digest, partition_of
from schemas.record import CustomerRecord
from schemas.times import Millis, to_rfc3339

_ACTOR: Final = Actor("system", "replies")
SMS_PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
"""What STOP withdraws: networks then block every message of that sender, those about orders too."""
_STOP: Final = frozenset((
    # What networks and providers obey, in English and French; then what German and Chinese messages offer.
    "stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "arret", "arrete", "arrêt",
    "stopp", "abmelden", "abbestellen", "r", "t", "td", "退订", "退訂", "取消訂閱",
    "拒收", "拒收r", "退订t", "退订td", "回r", "回t",
))  # fmt: skip
_START: Final = frozenset(("start", "unstop", "anmelden", "恢复", "恢復", "恢复订阅", "恢復訂閱"))


class ReplyWish(StrEnum):
    """What an answer asks for."""

    STOP = "stop"
    START = "start"


def wish_of(text: str) -> ReplyWish | None:
    """What an answer asks for; None where it asks for neither."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())
    if plain in _STOP:
        return ReplyWish.STOP
    return ReplyWish.START if plain in _START else None


class Replies:
    """Acts on what customers answer.

    Args:
        write: returns when the event is safe.
    """

    def __init__(
        self,
        numbers: Numbers,
        customers: CustomerRecords,
        audit: Audit,
        write: Callable[[Admitted], Awaitable[object]],
        keys: AccessKeys,
        partitions: int,
        now: Callable[[], Millis],
    ) -> None:
        self._numbers, self._customers, self._audit, self._write = numbers, customers, audit, write
        self._keys, self._partitions, self._now = keys, partitions, now

    async def take(self, number: str, wish: ReplyWish, told_by: str) -> int:
        """One answer; for how many customers it changed something.

        Args:
            number: that it came from, as networks write it: ``+4915112345678``.
            told_by: the answer's id; told again, it is the same news.

        Raises:
            DependencyUnavailable: store or Kafka are away; take the same again.
        """
        where = self._keys.index_key("phone", number)
        changed = 0
        for reached in await self._numbers.reached(where):
            record = await self._record(reached.customer)
            if record is None or self._keys.index_key("phone", await self._number(record)) != where:
                continue  # erased, or the number is somebody else's by now
            act = self._stop if wish is ReplyWish.STOP else self._start
            changed += await act(where, reached, record, told_by)
        return changed

    async def _stop(self, where: str, reached: Reached, record: CustomerRecord, told_by: str) -> bool:
        # First, as consent that is withdrawn already tells nothing of what there was.
        await self._numbers.take(where, reached.customer, _allowed(record))
        for purpose in SMS_PURPOSES:
            told = receipt_id(reached.action_id, "unsubscribed", f"{purpose}{told_by}")
            of_action = {"action_id": reached.action_id, "hops": reached.hops}
            await self._tell(
                reached.customer, "receipt.unsubscribed", told, **of_action, channel="sms", purpose=purpose
            )
        return True

    async def _start(self, where: str, reached: Reached, record: CustomerRecord, told_by: str) -> bool:
        for purpose in reached.taken:
            told = digest("reply", reached.customer, purpose, told_by, size=16).hex()
            await self._tell(reached.customer, "consent.granted", told, channel="sms", purpose=purpose)
        await self._numbers.give_back(where, reached.customer)
        return bool(reached.taken)

    async def _record(self, customer: str) -> CustomerRecord | None:
        body, _ = await self._customers.customer(partition_of(customer, self._partitions), customer)
        record = decode_record(body) if body else None
        return None if record is None or record.erased else record

    async def _number(self, record: CustomerRecord) -> str:
        contact = await contact_of(record, actor=_ACTOR, purpose=ContactPurpose.SEND, audit=self._audit)
        return contact.phone

    async def _tell(self, customer: str, kind: str, told_id: str, **fields: Any) -> None:
        told = {"type": kind, "id": told_id, "customer": customer, "time": to_rfc3339(self._now()), **fields}
        await self._write(admit(told, actor=CUSTOMER, source="reply", keys=self._keys, partitions=self._partitions))


def _allowed(record: CustomerRecord) -> set[str]:
    """Purposes that a customer may be sent SMS for: service goes unless it was withdrawn."""
    told = {one.purpose: one.granted for one in record.consents if one.channel == "sms"}
    return {purpose for purpose in SMS_PURPOSES if told.get(purpose, purpose == "service")}

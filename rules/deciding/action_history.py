"""What a customer's record remembers of actions, as a value: deciding gives another one, and ``apply`` keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, Self

import msgspec

from rules.deciding import recent_actions, settled_occasions
from rules.deciding.compose import coupon_of
from rules.deciding.proposal import Proposal
from rules.rule import Rule
from rules.rulebook import Rulebook
from schemas.actions import AnyAction
from schemas.given_out import MAX_COUPONS, MAX_HELD, MAX_LAST_FIRED, Coupon, Held, Sent
from schemas.ids import short_key
from schemas.record import CustomerRecord, TimerKind
from schemas.timers import clear_timer, set_timer
from schemas.times import Millis, to_millis

MAX_HELD_BYTES: Final = 1_000
"""A quarter of what a record may take."""


class ActionHistory(NamedTuple):
    """Actions given out and held, occasions settled, cooldowns, and coupons held. Nothing in it is changed in place."""

    sent: list[Sent]
    settled: bytes
    fired: dict[int, Millis]
    held: list[Held]
    coupons: list[Coupon]

    @classmethod
    def of(cls, record: CustomerRecord) -> Self:
        """As the record has it."""
        return cls(record.sent, record.spent, record.fired, record.held, record.coupons)

    def keep_in(self, record: CustomerRecord) -> None:
        """Write it into the record, and set the timer of what is held."""
        record.sent, record.spent, record.fired, record.coupons = self.sent, self.settled, self.fired, self.coupons
        if record.held is not self.held:
            record.held = self.held
            if self.held:
                set_timer(record, TimerKind.RELEASE, min(one.release for one in self.held))
            else:
                clear_timer(record, TimerKind.RELEASE)

    def recall(self, key: bytes) -> tuple[bool, Self]:
        """Whether an action id was decided, or is held; one that was settled is remembered as if it were new."""
        if any(one.id == key for one in self.held) or any(one.id == short_key(key) for one in self.sent):
            return True, self
        if not settled_occasions.knows(self.settled, key):
            return False, self
        return True, self._replace(settled=settled_occasions.touched(self.settled, key))

    def settle(self, key: bytes, *, given_out: bool, recurs: bool) -> Self:
        """An action id has had its final outcome."""
        return self._replace(settled=settled_occasions.settled(self.settled, key, given_out=given_out, recurs=recurs))

    def give_out(self, proposal: Proposal, action: AnyAction) -> Self:
        """An action is given out."""
        context, rule = proposal.context, proposal.rule
        sent = Sent(short_key(proposal.key), rule.hash, context.acting, action.channel, action.purpose)
        history = self.settle(proposal.key, given_out=True, recurs=rule.recurs)
        history = history._replace(sent=recent_actions.entered(context.rulebook, self.sent, sent))
        if rule.terms.cooldown is not None:
            history = history.fire(proposal)
        offer = coupon_of(action)
        if offer is None:
            return history
        expires = to_millis(offer.expires_at)
        coupon = Coupon(offer.code, rule.hash, expires, offer.percent or 0, offer.amount or 0)
        return history._replace(coupons=_with_coupon(self.coupons, coupon, context.at))

    def fire(self, proposal: Proposal) -> Self:
        """The rule acts; where too many are remembered, the one that acted longest ago is forgotten."""
        rulebook, now, acts = proposal.context.rulebook, proposal.context.acting, proposal.rule.hash
        others = {rule: at for rule, at in self.fired.items() if rule != acts}
        return self._replace(fired={**resting(others, rulebook, now, MAX_LAST_FIRED - 1), acts: now})

    def may_hold(self, proposal: Proposal) -> bool:
        """Whether there is room for one more held action."""
        return self.has_room_for(_held(proposal, 0, ""))

    def has_room_for(self, one: Held) -> bool:
        """The same of one that is held already, elsewhere."""
        return len(self.held) < MAX_HELD and len(msgspec.msgpack.encode([*self.held, one])) <= MAX_HELD_BYTES

    def hold(self, proposal: Proposal, until: Millis, reason: str) -> Self:
        """An action is held until then."""
        return self._replace(held=[*self.held, _held(proposal, until, reason)])

    def without(self, due: list[Held]) -> Self:
        """These are held no longer."""
        ids = {one.id for one in due}
        return self._replace(held=[one for one in self.held if one.id not in ids])


def resting(fired: Mapping[int, Millis], rulebook: Rulebook, now: Millis, most: int) -> dict[int, Millis]:
    """Cooldowns that are still running; where there are too many, those of rules that act once in a life go last."""
    found = {rule: rulebook.rule_of(rule) for rule in fired}
    kept = [rule for rule, at in fired.items() if _rests(found[rule], at, now)]
    while len(kept) > most:
        kept.remove(min(kept, key=lambda rule: (_is_once(found[rule]), fired[rule], rule)))
    return {rule: fired[rule] for rule in kept}


def _is_once(rule: Rule | None) -> bool:
    return rule is not None and rule.terms.cooldown == "once"


def _rests(rule: Rule | None, fired: Millis, now: Millis) -> bool:
    """Whether the cooldown of a rule goes on; of one that is not known here nothing can be said."""
    cooldown = rule.terms.cooldown if rule else None
    return rule is None or cooldown == "once" or (cooldown is not None and now < fired + cooldown)


def _held(proposal: Proposal, until: Millis, reason: str) -> Held:
    return Held(
        id=proposal.key,
        rule=proposal.rule.id,
        occasion=proposal.occasion,
        index=proposal.plan.index,
        release=until,
        expires=proposal.expires,
        proposed=proposal.proposed,
        reason=reason,
        values=proposal.frozen_facts(),
    )


def _with_coupon(coupons: list[Coupon], coupon: Coupon, now: Millis) -> list[Coupon]:
    usable = [one for one in coupons if one.expires > now and not one.redeemed and one.code != coupon.code]
    while len(usable) >= MAX_COUPONS:
        usable.remove(min(usable, key=lambda one: (one.expires, one.code)))
    return [*usable, coupon]

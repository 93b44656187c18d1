"""``tend rehearse``: what a marketer tries a rule with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from agents.cli import application
from agents.rehearsal import read_lines, rehearse
from rules.loading import shipped
from schemas.errors import TendError

REGISTERED = {
    "type": "customer.registered",
    "customer": "c-1",
    "time": "2026-03-02T12:00:00Z",
    "name": "Mia",
    "email": "mia@example.org",
    "zone": "Europe/Berlin",
}
CONSENTED = {
    "type": "consent.granted",
    "customer": "c-1",
    "time": "+1 minute",
    "channel": "email",
    "purpose": "marketing",
}


DELIVERED = {"type": "order.delivered", "customer": "c-1", "time": "+1 day", "order_id": "o-1"}


def order(time: str, order_id: str = "o-1", **more: Any) -> dict[str, Any]:
    known = {"type": "order.placed", "customer": "c-1", "time": time, "order_id": order_id}
    return {**known, "amount": 5_000, "currency": "EUR", **more}


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """A file to write events into."""
    return tmp_path / "events.jsonl"


def tell(file: Path, *events: dict[str, Any] | str) -> Path:
    lines = (one if isinstance(one, str) else orjson.dumps(one).decode() for one in events)
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def tend(*arguments: object) -> Result:
    return CliRunner().invoke(application(), [str(one) for one in arguments])


def test_each_line_shows_what_was_done_with_its_text_and_the_customer_as_they_are_at_the_end(told: Path) -> None:
    shown = tend("rehearse", tell(told, REGISTERED, CONSENTED, order("+1 day"))).stdout

    assert "line 1    2026-03-02 12:00  c-1  customer.registered\n  done      welcome: message by email" in shown
    assert "“Thank you for your first order.\n             Order o-1 has reached us." in shown
    assert "o-1: placed, 50.00 EUR" in shown
    assert "allows    email marketing" in shown
    assert "3 lines, 1 customer: 2 done, 0 held, 0 not done; 0 lines would be dead letters." in shown


def test_timers_fire_between_the_lines_and_until_the_moment_named(told: Path) -> None:
    tell(told, REGISTERED, CONSENTED, order("+1 day"), DELIVERED, order("+16 days", "o-2"))

    shown = tend("rehearse", told, "--until", "2026-08-01").stdout

    assert shown.index("second_order_coupon") < shown.index("line 5")
    assert shown.index("line 5") < shown.index("dormant_wake_up")


def test_what_is_held_says_why_and_until_when(told: Path) -> None:
    night = REGISTERED | {"time": "2026-03-02T23:30:00Z"}

    shown = tend("rehearse", tell(told, night)).stdout

    assert "held      welcome: message until 2026-03-03 08:00: it is night" in shown


def test_a_line_that_is_no_event_is_shown_as_the_dead_letter_it_would_be_and_the_rest_goes_on(told: Path) -> None:
    tell(told, "{", REGISTERED | {"type": "customer.registred"}, order("1900-01-01T00:00:00Z"), REGISTERED)

    result = tend("rehearse", told)

    assert result.exit_code == 0
    assert "line 1    is no event\n  refused   would be a dead letter: wrong_json" in result.stdout
    assert "unknown_type: type" in result.stdout
    assert "time_too_old: time: 1900-01-01" in result.stdout
    assert "4 lines, 1 customer: 1 done, 0 held, 0 not done; 3 lines would be dead letters." in result.stdout


def test_what_a_rule_gave_can_be_named_by_the_rule(told: Path) -> None:
    opened = {"type": "receipt.opened", "customer": "c-1", "time": "+1 hour", "action_id": "$second_order_coupon"}
    tell(
        told,
        REGISTERED,
        CONSENTED,
        order("+1 day"),
        DELIVERED,
        order("+16 days", "o-2", coupons=["$second_order_coupon"]),
        opened,
    )

    done = rehearse(read_lines(told), shipped())

    (coupon,) = done.customers["c-1"].record.coupons
    assert coupon.redeemed
    assert done.steps[-1].codes == {}


def test_a_name_that_stands_for_nothing_is_an_error_of_file_and_line(told: Path) -> None:
    opened = {"type": "receipt.opened", "customer": "c-1", "time": "+1 hour", "action_id": "$wellcome"}

    with pytest.raises(TendError, match=r"jsonl:2: action_id: rule 'wellcome' has given c-1 nothing .*: welcome"):
        rehearse(read_lines(tell(told, REGISTERED, opened)), shipped(), name="events.jsonl")
    with pytest.raises(TendError, match=r"1: time: .* is later than nothing"):
        rehearse(read_lines(tell(told, CONSENTED)), shipped())


def test_verbose_says_which_conditions_were_not_true_and_what_they_saw(told: Path) -> None:
    tell(told, REGISTERED, order("+1 day"), order("+1 day", "o-2"))

    shown = tend("rehearse", told, "-v").stdout

    assert "not true  first_order_thanks: orders.count == 1  [orders.count = 2]" in shown


def test_rules_that_are_given_take_the_place_of_the_shipped_ones(told: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text(
        """
rules:
  - id: hello
    about: Says hello.
    on: [customer.registered]
    occasion: hello
    cooldown: once
    reason: came
    purpose: service
    expiry: 1 day
    actions:
      - {kind: message, channel: email, text: hello}
texts:
  hello: {en: "Good morning."}
"""
    )

    shown = tend("rehearse", tell(told, REGISTERED), "--rules", rules).stdout

    assert "1 rules" in shown
    assert "“Good morning.”" in shown
    assert "welcome" not in shown


def test_as_json_it_is_for_programs(told: Path) -> None:
    plain = orjson.loads(tend("rehearse", tell(told, REGISTERED, CONSENTED, order("+1 day")), "--json").stdout)

    assert [step["what"] for step in plain["steps"]] == ["customer.registered", "consent.granted", "order.placed"]
    assert plain["steps"][0]["actions"][0]["rule"] == "welcome"
    assert plain["customers"]["c-1"]["orders"][0]["amount"] == 5_000


def test_what_comes_late_is_acted_on_when_it_comes(told: Path) -> None:
    late = order("2026-03-03T12:00:00Z") | {"id": "late"}
    tell(told, REGISTERED, CONSENTED | {"time": "2026-03-04T12:00:00Z"}, late)

    (step,) = [one for one in rehearse(read_lines(told), shipped()).steps if one.what == "order.placed"]

    assert [action.decided_at.day for action in step.actions] == [4]


@pytest.mark.parametrize(
    ("name", "said"), [("missing.jsonl", "No such file"), ("empty.jsonl", "holds no event"), (".", "Is a directory")]
)
def test_a_file_that_cannot_be_taken_is_named(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n")

    with pytest.raises(TendError, match=said):
        read_lines(tmp_path / name)


def test_a_moment_that_is_none_is_named(told: Path) -> None:
    result = tend("rehearse", tell(told, REGISTERED), "--until", "soon")

    assert isinstance(result.exception, TendError)
    assert "--until soon: expected a moment with its offset" in str(result.exception)

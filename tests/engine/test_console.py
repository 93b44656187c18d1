"""What people ask of an installation that runs: every answer for eyes, and as JSON."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.engine.site import Site

pytestmark = pytest.mark.timeout(300)

WHO = "asked-1"


@pytest.fixture(scope="module")
def ticket(site: Site) -> dict[str, Any]:
    """The action that a complaint led to."""
    site.register(WHO)
    site.tell("order.placed", WHO, order_id="o-77", amount=5_000, currency="EUR")
    site.complain(WHO)
    site.until(lambda: "complaint_routed" in site.rules_acted(WHO), "the complaint is routed")
    return next(one for one in site.actions(WHO) if one["rule"] == "complaint_routed")


@pytest.mark.usefixtures("ticket")
def test_a_customer_is_shown_on_one_page(site: Site) -> None:
    said = site.tend("customer", WHO)

    assert said.status == 0, said.err
    for expected in (WHO, "Anna", "o-77", "complaint_routed", "Waits for"):
        assert expected in said.out


@pytest.mark.usefixtures("ticket")
def test_a_beginning_that_no_other_id_has_names_the_customer(site: Site) -> None:
    assert site.tend("customer", WHO[:-1]).out.startswith(WHO)
    assert site.tend("why", "--customer", WHO[:-1], "--rule", "complaint_routed").status == 0


@pytest.mark.usefixtures("ticket")
def test_a_customer_is_told_as_json(site: Site) -> None:
    told = orjson.loads(site.tend("customer", WHO, "--json").out)

    assert (told["id"], told["purchases"]["count"], told["complaints"]["total"]) == (WHO, 1, 1)
    assert "complaint_routed" in {decision["rule"] for decision in told["decisions"]}


def test_somebody_unknown_is_one_message_and_status_3(site: Site) -> None:
    said = site.tend("customer", "nobody")

    assert (said.status, said.out) == (3, "")
    assert said.err.startswith("tend: There is no customer nobody.")
    assert "Traceback" not in said.err


@pytest.mark.parametrize("known", [["--customer", WHO], []], ids=["by the record", "by the ledger"])
def test_why_tells_the_reasons_of_an_action(site: Site, ticket: dict[str, Any], known: list[str]) -> None:
    said = site.tend("why", ticket["action_id"], *known)
    told = [orjson.loads(line) for line in site.tend("why", ticket["action_id"], *known, "--json").out.splitlines()]

    assert said.status == 0, said.err
    assert "emitted ticket of rule complaint_routed" in said.out
    assert "complaint.category = delivery" in said.out
    assert [one["verdict"] for one in told] == ["emitted"]


def test_why_of_an_unknown_action_says_what_to_do(site: Site) -> None:
    said = site.tend("why", "0" * 32)

    assert said.status == 3
    assert "No decision about action 0000" in said.err


@pytest.mark.usefixtures("ticket")
def test_why_tells_what_a_rule_waits_for_that_did_nothing(site: Site) -> None:
    said = site.tend("why", "--customer", WHO, "--rule", "cart_left")

    assert said.status == 0, said.err
    assert "No recent decision of cart_left is known" in said.out
    assert "Its condition is not true now" in said.out


@pytest.mark.usefixtures("ticket")
def test_why_tells_what_became_of_a_rule_that_acted(site: Site) -> None:
    said = site.tend("why", "--customer", WHO, "--rule", "complaint_routed", "--json")

    assert orjson.loads(said.out)[0].startswith("The ticket of rule complaint_routed was given out at ")


@pytest.mark.parametrize(
    ("asked", "status", "answer"),
    [
        ([], 2, "Nothing to explain: name an action"),
        (["--rule", "cart_left"], 2, "Add --customer ID"),
        (["--rule", "cart_left", "--customer", "nobody"], 3, "There is no customer nobody."),
    ],
    ids=["nothing", "nobody", "somebody unknown"],
)
def test_why_that_lacks_something_is_one_message_and_a_status(
    site: Site, asked: list[str], status: int, answer: str
) -> None:
    said = site.tend("why", *asked)

    assert (said.status, said.out) == (status, "")
    assert answer in said.err
    assert "Traceback" not in said.err


def test_the_newest_actions_are_listed(site: Site, ticket: dict[str, Any]) -> None:
    said = site.tend("actions", "tail", "--kind", "ticket", "--newest", "1000")
    told = [
        orjson.loads(line)
        for line in site.tend("actions", "tail", "--kind", "ticket", "--newest", "1000", "--json").out.splitlines()
    ]

    assert ticket["action_id"] in said.out
    assert ticket in told


def test_a_kind_of_action_that_does_not_exist_is_refused(site: Site) -> None:
    said = site.tend("actions", "tail", "--kind", "present")

    assert said.status == 2
    assert "expected one of coupon, greeting, callback, message, ticket" in said.err


def test_topics_are_made_once_and_found_in_order(site: Site) -> None:
    made, checked = site.tend("topics", "create"), site.tend("topics", "check")

    assert made.status == 0, made.err
    assert made.out.startswith("0 made")
    assert checked.status == 0, checked.err
    assert "topics are as they have to be" in checked.out


def test_a_dead_letter_that_does_not_exist_is_said(site: Site) -> None:
    said = site.tend("dead-letters", "show", "0:999999")
    misspelt = site.tend("dead-letters", "show", "nonsense")

    assert (said.status, misspelt.status) == (3, 2)
    assert "There is no dead letter 0:999999" in said.err
    assert "expected PARTITION:OFFSET such as 3:17" in misspelt.err


@pytest.mark.usefixtures("ticket")
def test_the_quality_of_what_comes_in_is_told_source_by_source(site: Site) -> None:
    said = site.tend("quality", "--json")

    assert said.status == 0, said.err
    assert sum(source["records"] for source in orjson.loads(said.out).values()) >= 3
    assert site.tend("quality").out.lstrip().startswith("┏")

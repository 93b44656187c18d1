"""Everything that can be wrong with a rulebook: told with file, line, caret and fix."""

from __future__ import annotations

import textwrap

import pytest

from rules.problems import BadRulebook, Problem
from schemas.errors import TendError
from tests.rules.moments import book

GOOD = """\
rules:
  - id: hello
    about: Says hello.
    on: [order.placed]
    when: orders.count > 3
    occasion: "{order.id}"
    reason: ordered {order.id}
    purpose: marketing
    expiry: 2 days
    actions:
      - kind: coupon
        channel: [email, sms]
        text: hello
        values: {earlier: orders.count - 1}
        coupon: {percent: 10, valid: 7 days, prefix: HELLO}
texts:
  hello:
    en: ["{{ segment.tier }}, {{ orders.spent }}, {{ earlier }}: {{ coupon.code }}."]
words:
  bronze: {en: Bronze}
  silver: {en: Silver}
  gold: {en: Gold}
  platinum: {en: Platinum}
"""


def problems(*texts: str) -> tuple[Problem, ...]:
    with pytest.raises(BadRulebook) as caught:
        book(*texts)
    return caught.value.problems


def only(*texts: str) -> Problem:
    found = problems(*texts)
    assert len(found) == 1, "\n\n".join(map(str, found))
    return found[0]


def marked(problem: Problem) -> str:
    """What the caret underlines."""
    return problem.text[problem.column - 1 :][: problem.length]


def changed(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_what_is_right_is_read() -> None:
    assert [rule.id for rule in book(GOOD).rules] == ["hello"]


CASES = [
    # what is wrong, old, new, line, underlined, message, fix
    ("a misspelt fact", "orders.count > 3", "orders.cuont > 3", 5, "orders.cuont", "there is no fact 'orders.cuont'",
     "did you mean 'orders.count'?"),
    ("a text without quotes", "orders.count > 3", "segment.tier == gold", 5, "gold", "there is no fact 'gold'",
     "a text needs quotes"),
    ("a function that is none", "orders.count > 3", "now() == 3", 5, "now", "there is no function 'now'",
     "docs/rules.md"),
    ("a whole number against a decimal", "orders.count > 3", "orders.count > 3.5", 5, ">",
     "'>' does not take a whole number and a decimal", "1.0 for decimals"),
    ("a text against a number", "orders.count > 3", "orders.count == 'x'", 5, "=", "'==' does not take",
     "like with like"),
    ("half an expression", "orders.count > 3", "orders.count >", 5, "", "Syntax error", "complete or correct"),
    ("a condition that is none", "orders.count > 3", "orders.count", 5, "orders.count",
     "this gives a whole number; expected true or false", "gives true or false"),
    ("an unknown trigger", "order.placed]", "order.place]", 4, "order.place", "there is no trigger 'order.place'",
     "did you mean 'order.placed'?"),
    ("a trigger that wakes nothing", "order.placed]", "released]", 4, "released", "'released' wakes no rule",
     "docs/rules.md"),
    ("an unknown field", "    about:", "    abuot:", 3, "abuot", "there is no 'abuot' here", "did you mean 'about'?"),
    ("an unknown field of an action", "        text: hello", "        texts: hello", 13, "texts",
     "there is no 'texts' here", "did you mean 'text'?"),
    ("an unknown part of a file", "words:", "wordz:", 19, "wordz", "there is no 'wordz' here", "did you mean 'words'?"),
    ("a missing field", "    expiry: 2 days\n", "", 2, "", "'expiry' is missing", "How long after its occasion"),
    ("a span without a unit", "2 days", "48", 9, "48", "expected a span such as 45 minutes",
     "How long after its occasion"),
    ("a span that is too long", "2 days", "99999 weeks", 9, "99999 weeks", "at most ten years", "How long"),
    ("a purpose that is none", "marketing", "advertising", 8, "advertising", "'service' or 'marketing'",
     "needs consent"),
    ("a kind that is none", "kind: coupon", "kind: cupon", 11, "cupon", "'coupon'", "each kind has its own topic"),
    ("a channel that is none", "[email, sms]", "[email, fax]", 12, "fax", "should be 'email', 'sms'", "The channel"),
    ("a coupon without terms", "        coupon: {percent: 10, valid: 7 days, prefix: HELLO}\n", "", 11, "",
     "a coupon needs coupon", "What to do, in order"),
    ("a coupon of two minds", "percent: 10", "percent: 10, amount: 5, currency: EUR", 15, "",
     "either percent or amount",
     "Terms of the coupon"),
    ("a queue for a coupon", "        text: hello", "        text: hello\n        queue: q", 11, "",
     "queue does not belong to a coupon", "What to do"),
    ("a holdout", "    expiry:", "    holdout: 0.1\n    expiry:", 9, "holdout", "holdout is not yet supported",
     "remove holdout"),
    ("a budget", "    expiry:", "    budget: {eur: 100}\n    expiry:", 9, "budget", "budget is not yet supported",
     "remove budget"),
    ("a group that is not declared", "    expiry:", "    group: ofer\n    expiry:", 9, "ofer",
     "there is no group 'ofer'",
     "did you mean 'offer'?"),
    ("a slot of the occasion that is no fact", '"{order.id}"', '"{order.idd}"', 6, "{order.idd}",
     "there is no fact 'order.idd'", "did you mean 'order.id'?"),
    ("an occasion that never ends", '"{order.id}"', "hello", 6, "hello", "this occasion is the same for ever",
     "add cooldown: once"),
    ("a spread that outlasts the use", "    expiry:", "    spread: 3 days\n    expiry:", 9, "3 days",
     "spread over 3 days", "shorter than expiry"),
    ("a coupon that lapses before it is sent", "valid: 7 days", "valid: 1 day", 15, "1 day", "may lapse before",
     "expiry (2 days)"),
    ("personal facts in the reason", "ordered {order.id}", "because {profile.name} did", 7, "{profile.name}",
     "profile.name is personal", "say it without"),
    ("facts in the occasion that not everybody tells", '"{order.id}"', '"{profile.region}"', 6, "{profile.region}",
     "not known of everybody", "say it without"),
    ("a list in the reason", "ordered {order.id}", "tags {profile.tags}", 7, "{profile.tags}", "cannot be shown",
     "another fact"),
    ("a lonely brace", "ordered {order.id}", "ordered {order.id", 7, "{", "'{' is no slot", "{{ or }}"),
    ("a text that is not there", "text: hello", "text: helo", 13, "helo", "there is no text 'helo'",
     "did you mean 'hello'?"),
    ("a value that does not compile", "earlier: orders.count", "earlier: orders.cout", 14, "orders.cout",
     "there is no fact 'orders.cout'", "did you mean 'orders.count'?"),
    ("a value that is a list", "earlier: orders.count - 1", "earlier: profile.tags", 14, "profile.tags",
     "this gives list(string)", "write an expression"),
    ("a value that is personal", "earlier: orders.count - 1", "earlier: profile.name", 14, "profile.name",
     "profile.name is personal", "name and address come last"),
    ("a value that no text uses", "{earlier:", "{more: orders.count, earlier:", 14, "more",
     "no text uses the value 'more'", "{{ more }}"),
    ("a fact of a text that is none", "{{ orders.spent }}", "{{ orders.spend }}", 18, "orders.spend",
     "there is no 'orders.spend' to fill in", "did you mean 'orders.spent'?"),
    ("a name in a text", "{{ orders.spent }}", "{{ profile.name }}", 18, "profile.name",
     "profile.name is personal", "{{ customer.name }}"),
    ("a name that is not under named", "{{ orders.spent }}", "{{ customer.name }}", 18, "customer.name",
     "customer.name may stand under named: only", "under named:"),
    ("a fact that not everybody told", "{{ orders.spent }}", "{{ profile.region }}", 18, "profile.region",
     "profile.region is not known of everybody", "{% if profile.region %}"),
    ("a list in a text", "{{ orders.spent }}", "{{ profile.tags }}", 18, "profile.tags", "is a list", "under values:"),
    ("a filter that is none", "{{ orders.spent }}", "{{ orders.spent | money }}", 18, "money",
     "there is no filter 'money'", "plural"),
    ("a merge tag of another system", "{{ orders.spent }}", "%spent%", 18, "%spent%", "merge tag of another system",
     "{{ fact.name }}"),
    ("a slot as it was once written", "{{ orders.spent }}", "{spent:money}", 18, "{spent:money}",
     "merge tag of another system", "{{ fact.name }}"),
    ("a word that is missing", "  platinum: {en: Platinum}\n", "", 18, "segment.tier",
     "may be 'platinum', for which 'en'",
     "add platinum: {en: ...} to words:"),
    ("a text that is not in the store's language", "    en: [", "    de: [", 17, "hello",
     "text 'hello' is not there in 'en'", "add en:"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "old", "new", "line", "underlined", "message", "fix"), CASES, ids=[one[0] for one in CASES]
)
def test_it_is_told(what: str, old: str, new: str, line: int, underlined: str, message: str, fix: str) -> None:
    found = problems(changed(old, new))[0]

    assert (found.file, found.line) == ("a.yaml", line), f"{what}\n{found}"
    assert message in found.message, found
    assert fix in found.fix, found
    if underlined:
        assert marked(found)[: len(underlined)] == underlined, found


def test_a_problem_reads_like_this() -> None:
    assert str(only(changed("orders.count > 3", "orders.cuont > 3"))) == textwrap.dedent(
        """\
        a.yaml:5:11: there is no fact 'orders.cuont'
            5 |     when: orders.cuont > 3
              |           ^^^^^^^^^^^^
          Fix: did you mean 'orders.count'?"""
    )


def test_it_is_an_error_that_people_are_meant_to_read() -> None:
    with pytest.raises(TendError, match=r"a\.yaml:5:11"):
        book(changed("orders.count > 3", "orders.cuont > 3"))


@pytest.mark.parametrize(
    "written",
    [
        ">\n      orders.count > 3\n      && orders.cuont > 3",
        "|\n      orders.count > 3 &&\n        orders.cuont > 3",
        "'orders.count > 3 && orders.cuont > 3'",
        '"orders.count > 3 && orders.cuont > 3"',
        "orders.count > 3\n      && orders.cuont > 3",
    ],
)
def test_the_caret_finds_its_place_however_the_condition_is_written(written: str) -> None:
    assert marked(only(changed("orders.count > 3", written))) == "orders.cuont"


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    broken = changed("orders.count > 3", "orders.cuont > 3").replace("[order.placed]", "[order.place]")

    found = problems(broken)

    assert [one.line for one in found] == [4, 5]
    with pytest.raises(BadRulebook, match="2 problems; the rulebook is refused as a whole"):
        book(broken)


def test_of_a_file_that_is_wrong_in_every_line_the_first_problems_are_told_and_all_are_counted() -> None:
    with pytest.raises(BadRulebook) as caught:
        book("rules:\n" + "\n".join(f"  - {{idd: r{number}}}" for number in range(2_000)))

    assert len(caught.value.problems) == 2_000 * 8
    assert str(caught.value).count("Fix: ") == 50
    assert str(caught.value).endswith(
        "16000 problems, of which these are the first 50; the rulebook is refused as a whole."
    )


def test_a_rule_may_stand_once() -> None:
    second = "rules:\n" + GOOD.split("rules:\n")[1].split("texts:")[0]

    found = only(GOOD, second)

    assert (found.file, found.line, marked(found)) == ("b.yaml", 2, "hello")
    assert found.message == "a.yaml has rule 'hello' already"


def test_a_text_and_a_word_may_stand_once() -> None:
    found = problems(GOOD, "texts:\n  hello: {en: '{{ earlier }}'}\nwords:\n  gold: {en: Gold}\n")

    assert [(one.file, marked(one)) for one in found] == [("b.yaml", "hello"), ("b.yaml", "gold")]


def test_defaults_may_stand_in_one_file() -> None:
    numbers = "defaults:\n  carts: {delay: 5}\n"

    assert only(numbers, numbers).file == "b.yaml"


NUMBERS = [
    ("carts: {dilay: 5}", "dilay", "there is no 'dilay' here", "did you mean 'delay'?"),
    ("carts: {delay: -5}", "-5", "greater than or equal to 0, not -5", "Minutes without a touch"),
    ("carts: {delay: soon}", "soon", "valid integer", "Minutes without a touch"),
    ("cart: {delay: 5}", "cart", "there is no 'cart' here", "did you mean 'carts'?"),
    ("place: {zone: Europe/Berln}", "Europe/Berln", "no IANA time zone", "where a customer's is not known"),
    ("rfm: {recency_days: [9, 5, 30, 90]}", "", "each step must be larger", "Days since the last order"),
    ("rfm: {recency_days: [5, 9]}", "", "at least 4 items", "Days since the last order"),
    ("quiet: {earliest: '21:00'}", "", "earliest must be before latest", ""),
    ("quiet: {earliest: '9 am'}", "'9 am'", "match pattern", "from which the customer may be reached"),
    ("segments: {active_days: 100}", "", "active_days must be below dormant_days", ""),
    ("segments: {high_value: 1}", "", "middle_value must not be above", ""),
    ("stages: {at_risk_days: 100}", "", "at_risk_days must be below dormant_days", ""),
    ("complaints: {deadline_hours: {high: 0}}", "0", "greater than or equal to 1", "Hours until"),
    ("complaints: {urgency: {payment: urgent}}", "urgent", "'critical'", "Urgency of each category"),
    ("tiers: [{name: one, score: 3}]", "", "scores must begin at 0", ""),
    ("groups: [{name: a, days: 1}, {name: a, days: 2}]", "", "a name stands twice", ""),
    ("caps: [{channel: sms, purpose: any, count: 13, days: 1, then: hold}]", "13", "less than or equal to 12", "12"),
]


@pytest.mark.parametrize(("numbers", "underlined", "message", "fix"), NUMBERS, ids=[one[0] for one in NUMBERS])
def test_numbers_that_make_no_sense_are_told(numbers: str, underlined: str, message: str, fix: str) -> None:
    found = problems(f"defaults:\n  {numbers}\n")[0]

    assert (found.file, found.line) == ("a.yaml", 2), found
    assert message in found.message, found
    assert fix in found.fix, found
    if underlined:
        assert marked(found) == underlined, found


def test_a_number_of_ones_own_leaves_the_others_as_shipped() -> None:
    numbers = book("defaults:\n  carts: {delay: 5}\n  complaints: {deadline_hours: {low: 200}}\n").defaults

    assert (numbers.carts.delay, numbers.carts.forget_days) == (5, 14)
    assert (numbers.complaints.deadline_hours["low"], numbers.complaints.deadline_hours["high"]) == (200, 24)


NOT_YAML = [
    ("rules: [", "not YAML", "check indentation"),
    ("rules:\n\t- id: x", "not YAML", "check indentation"),
    ("", "the file is empty", "write rules:"),
    ("rules: []\nrules: []", "'rules' stands twice", "keep one of the two"),
    ("a: &x [1]\nb: *x", "an alias (*) is not read", "write the value out"),
    ("a: !!python/object/apply:os.system ['true']", "the tag", "leave the tag out"),
    ("a: !secret x", "the tag !secret is not read", "leave the tag out"),
    ("a: " + "[" * 20 + "]" * 20, "nested too deep", "at most 12"),
    ("a: \x07", "not YAML", "UTF-8"),
    ("rules: 5", "rules: input should be a valid tuple", "The rules"),
    ("- a", "should be a valid dictionary", "docs/rules.md"),
]


@pytest.mark.parametrize(("text", "message", "fix"), NOT_YAML, ids=[one[1] for one in NOT_YAML])
def test_what_is_not_the_plain_part_of_yaml_is_refused(text: str, message: str, fix: str) -> None:
    found = problems(text)[0]

    assert message in found.message, found
    assert fix in found.fix, found


def test_words_that_yaml_takes_for_something_else_stay_words() -> None:
    values = (
        book(changed("{earlier: orders.count - 1}", "{on: order.id}").replace("{{ earlier }}", "{{ on }}"))
        .rules[0]
        .plans[0]
        .values
    )
    assert values["on"].text == "order.id"
    late = book("defaults:\n  quiet: {earliest: 10:00, latest: 11:30}\n").defaults.quiet
    assert (late.earliest, late.latest) == ("10:00", "11:30")


def test_a_ticket_needs_an_urgency_and_a_moment() -> None:
    ticket = "kind: ticket\n        text: hello\n        queue: q\n        urgency: {urgency}\n        due: {due}\n"
    coupon = GOOD[GOOD.index("kind: coupon") : GOOD.index("texts:")]
    plain = GOOD.replace(coupon, ticket).replace(GOOD[GOOD.index("    en: [") : GOOD.index("words:")], "    en: Hi\n")

    def told(urgency: str, due: str) -> tuple[str, str]:
        found = only(plain.replace("{urgency}", urgency).replace("{due}", due))
        return found.message, found.fix

    assert told("soon", "4 hours") == ("there is no urgency 'soon'", "take low, normal, high or critical")
    assert told("high", "soon")[0].startswith("due: expected a span such as 45 minutes")
    assert told("high", '"{orders.count}"') == (
        "'{orders.count}' is no moment",
        "take one fact that is a moment: {complaint.deadline}",
    )
    right = plain.replace("{urgency}", '"{complaint.urgency}"').replace("{due}", '"{complaint.deadline}"')
    assert len(book(right).rules) == 1

"""The pages about rules and facts, made from what the checker and the evaluation use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pydantic import BaseModel

from rules.deciding.limits import LIMITS
from rules.defaults import Defaults, Section
from rules.facts import FACTS, Fact
from rules.facts.profile import of_profile
from rules.loading import shipped
from rules.messages.asked import BRAND, COUPON, LINKS
from rules.reading.checking import RULE_TRIGGERS
from rules.rule import Rule
from rules.rulebook import Rulebook
from rules.schema import ActionTerms, CouponTerms, RuleTerms
from rules.templates.formats import FORMATS
from rules.texts.script import NAME
from rules.texts.spoken import Spoken
from schemas.topics import TOPIC_OF
from schemas.triggers import NOTICED

_RULES: Final = """\
# Rules

Rules say what should happen; limits say what may. A rulebook is a folder of YAML files: rules, the texts they send,
the words those texts use, and the numbers of the store. It is checked as a whole before it is used: `tend rules check
FOLDER` tells every problem with file, line, caret and fix. What the engine cannot do yet is refused, never ignored.
Generated from `rules/` by `make docs`.

```yaml
rules:
  - id: thanks_for_a_big_order
    about: Thanks for an order of 200.00 or more, at most once a month.
    on: [order.placed]
    when: order.amount >= 20000 && !complaint.open
    occasion: "{order.id}"
    reason: ordered for {order.amount:money}
    purpose: marketing
    cooldown: 30 days
    expiry: 2 days
    actions:
      - kind: message
        channel: [email, push]
        text: thanks

texts:
  thanks:
    en:
      subject: Thank you for order {{ order.id }}
      headline: Thank you.
      body:
        - Your order of {{ order.amount }} has reached us.
        - "{% if order.promised_on %}It is promised for {{ order.promised_on }}.{% endif %}"
      buttons: {label: See your order, to: order}
      why: You placed an order.
```

Conditions and values are written in [CEL](https://cel.dev): comparisons, `&&`, `||`, `!`, `in`, arithmetic, `? :`,
text functions such as `startsWith` and `matches`, `size`, and `exists` or `all` over lists. They are compiled against
the [facts](facts.md) when the file is read, so a misspelt fact or a comparison of a number with a text is found then.
CEL tells whole numbers (`3`) from decimals (`3.0`) and does not mix them.

The **occasion** is what a rule acts once for: an order, a complaint, the year of a birthday. Action ids are made from
rule, customer and occasion, so deciding again, or under an edited rule, gives the same id, and nothing is done twice.

A **text** is looked for in the customer's language (`de-AT`, then `de`), then in what the country speaks that their
locale names (CLDR), then in the store's. Who reads Traditional Chinese (`zh-TW`, `zh-HK`, `zh-Hant`) gets the text
under `zh-Hant` or their country; where there is none it is made from that under `zh`, all but Liquid, addresses and
names of the store. Where several variants stand under one language, the first is taken whose `when` (CEL) applies.
Texts are written in
[Liquid](https://shopify.github.io/liquid/): `{{ order.id }}` for every fact that is not personal, for `values` of the
action, and for what stands under *What texts may ask* below; `{% if %}`, `{% unless %}`, `{% case %}`, and one filter,
`{{ n | plural: "day", "days" }}`. Values are written as readers of that language and region write them (CLDR), so no
filter says how. A missing value is an error, never "Hello ,"; `{% if order.promised_on %}` asks whether one is known.
A text written as one string is the whole message in a sentence. Merge tags of other systems are refused.

**Name and address come last.** They stand in no action: the layout greets, and `{{ customer.name }}` may stand under
`named:` alone, beside a line without it. Who sends asks for them at that moment.
Callbacks and tickets are read by the store's own people, and so are in the store's language.
"""

_OWN: Final = """\
## Events and attributes of the store's own

What tend has no kind for is declared in a file of the rulebook, with its types:

```yaml
events:
  circle_joined:
    about: The customer has joined a reading circle.
    fields:
      circle: {type: text, about: name of the circle}
      seats: {type: int, about: seats that were taken}
attributes:
  genre: {type: text, about: the genre that the customer likes best}
  allergies: {type: text, about: what the café must know, personal: true}
```

Types are `text`, `int`, `double` and `bool`. The event comes as `custom.happened`, with `name: circle_joined` and its
`fields`; attributes come in `attributes` of `customer.registered` and `customer.updated`. Rules wait for the event by
its name (`on: [circle_joined]`) and ask `circle_joined.seats` and `attribute.genre` like any other fact; where nothing
was told it is an empty text, 0 or false. What is not declared, or is of another type, becomes a dead letter
(`not_declared`) that names the fix; `tend dead-letters` sends it again after the mend. Attributes are kept in the
customer's record, at most 12 of them, texts to 64 bytes.
"""

_DAYS: Final = """\
## Festivals, holidays and working days

`festivals` of the numbers lists the days that a store knows of: by `date` of the solar or the lunar calendar, or `on`
a day that moves. `languages`, `countries` and `regions` say who keeps it. With `greet` it triggers rules (`festival`)
at the greeting time; with `ahead: 7` it triggers `festival.ahead` a week before; and rules may ask for any of them:

```yaml
defaults:
  festivals:
    - {id: mothers_day, on: second sunday of may, countries: [US, DE], greet: false, ahead: 7}
    - {id: mid_autumn, calendar: lunar, date: "08-15", languages: [zh, ko, vi]}

rules:
  - id: mothers_day_list
    about: A week before Mother's Day, a list for those who order around it.
    on: [festival.ahead]
    when: festival.id == 'mothers_day' && orders.count >= 2
    occasion: "{trigger.ref}"
    reason: Mother's Day is in {festival.next_days} days
    purpose: marketing
    expiry: 2 days
    actions:
      - {kind: message, channel: email, text: mothers_day_list}
```

In conditions: `'mid_autumn' in festival.soon`, `festival.next == 'christmas' && festival.next_days <= 10`,
`now.working_day`.

**Lunar dates** are those of the calendar that the customer keeps: Korea's and Vietnam's differ from China's by a day or
a month now and then, as their days end at other moments. It goes by language, then country. Who was born in a leap
month keeps the ordinary month of that number, every year; who was born on 29 February has `place.leap_day` in other
years.

**Countries** are where customers live: by their zone, else the country that their locale names, else the store's zone.

**Working days** come from the package [holidays](https://pypi.org/project/holidays/), for whole countries: what a state
or a town keeps for itself is not among them. Callbacks are due on working days where the customer lives, make-up
Saturdays of China among them; the hour stays. Of years whose make-up days a government has not announced yet, the
holidays by law are known and weekends count as free: `now.days_announced` tells rules so, and `tend rules check` and
workers warn of it.
"""

_LONGEST: Final = 500
"""Characters of a shipped number that a table shows."""
_ELSEWHERE: Final = "texts, in [defaults.yaml](../rules/packs/defaults.yaml)"

_FACTS: Final = """\
# Facts

What conditions, values, occasions and reasons may ask. Each fact always has a value of its type; the last column says
which, where there is nothing to tell. Facts marked *frozen* describe the moment of the proposal: a held action keeps
them, all others are read again when it is decided again. Facts marked *personal* are left out of the ledger. Facts
marked *profile* judge the customer: of those who object to that, marketing rules know nothing by them (see
[messages.md](messages.md#who-objects-to-being-profiled)).
Generated from `rules/facts/` by `make docs`; `tend rules facts` prints the same table.
"""


def rules_page() -> str:
    """``docs/rules.md``."""
    book = shipped()
    parts = [
        _RULES,
        "## A rule\n\n" + _fields(RuleTerms),
        "## An action\n\n" + _fields(ActionTerms),
        "## A coupon\n\n" + _fields(CouponTerms),
        "## What wakes a rule\n\n" + _triggers(),
        "## A text\n\n" + _fields(Spoken),
        "## What texts may ask\n\nBeside facts and the values of the action.\n\n" + _asked(),
        "## Slots\n\nIn occasions, reasons and queues, for the store's own people: `{name}` or `{name:format}`.\n\n"
        + _formats(),
        _OWN,
        _DAYS,
        "## Limits\n\nIn this order. A held action is decided again, on the facts of then.\n\n" + _limits(),
        "## Shipped rules\n\n" + _shipped(book),
        "## Numbers\n\nA file of your own may give any of these under `defaults:`; the others stay.\n\n"
        + _numbers(book),
    ]
    return "\n".join(parts)


def facts_page() -> str:
    """``docs/facts.md``."""
    rows = [
        (f"`{fact.name}`", fact.kind, fact.unit, fact.meaning + _marks(fact), fact.unknown) for fact in FACTS.values()
    ]
    return _FACTS + "\n" + _table(("fact", "type", "unit", "meaning", "where unknown"), rows)


def _marks(fact: Fact) -> str:
    marks = (("frozen", fact.frozen), ("personal", fact.personal), ("profile", of_profile(fact)))
    return "".join(f" (*{mark}*)" for mark, is_so in marks if is_so)


def _fields(model: type[BaseModel]) -> str:
    rows = [
        (f"`{name}`", "yes" if field.is_required() else "", _line(field.description))
        for name, field in model.model_fields.items()
    ]
    return _table(("field", "needed", "meaning"), rows)


def _triggers() -> str:
    events = {name: f"an event of `{topic}`" for name, topic in TOPIC_OF.items()}
    rows = [(f"`{name}`", meaning) for name, meaning in {**NOTICED, **events}.items() if name in RULE_TRIGGERS]
    return _table(("trigger", "meaning"), rows)


def _formats() -> str:
    return _table(
        ("format", "for", "shows"),
        [(f"`{name}`", ", ".join(one.kinds), one.meaning) for name, one in FORMATS.items()],
    )


def _asked() -> str:
    rows = [
        (", ".join(f"`{name}`" for name in BRAND), "of the brand in the defaults; by language, a number by country"),
        (", ".join(f"`{name}`" for name in COUPON), "of the coupon that the action gives, or that it is about"),
        (
            ", ".join(f"`{name}`" for name in LINKS),
            "addresses, and until when those of surveys and complaints work; "
            "that of a product by https only, and in an SMS only a short one",
        ),
        ("`product.title`, `cart.title`", "where a text names one of these, a mail shows its picture beside it"),
        ("`due`", "of callbacks and tickets: until when"),
        (f"`{NAME}`", "under `named:` alone"),
    ]
    return _table(("name", "meaning"), rows)


def _limits() -> str:
    return _table(("limit", "meaning"), [(f"`{one.__name__}`", _line(one.__doc__)) for one in LIMITS])


def _shipped(book: Rulebook) -> str:
    rows = [
        (
            f"`{rule.id}`",
            ", ".join(rule.on),
            _does(rule),
            rule.terms.purpose,
            str(rule.terms.priority),
            rule.terms.about,
        )
        for rule in book.rules
    ]
    return _table(("rule", "triggered by", "does", "purpose", "priority", "about"), rows)


def _does(rule: Rule) -> str:
    return "; ".join(f"{plan.terms.kind} by {' or '.join(plan.terms.channels)}" for plan in rule.plans)


def _numbers(book: Rulebook) -> str:
    return _table(("number", "shipped", "meaning and unit"), list(_rows(book.defaults, "")))


def _rows(section: Section, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in type(section).model_fields.items():
        value: Any = getattr(section, name)
        if isinstance(value, Section):
            yield from _rows(value, f"{prefix}{name}.")
        elif isinstance(value, tuple) and value and isinstance(value[0], Section):
            yield f"`{prefix}{name}`", "<br>".join(_flow(one) for one in value), _of_members(Defaults, name, value[0])
        else:
            shown = _shown(value)
            yield f"`{prefix}{name}`", shown if len(shown) <= _LONGEST else _ELSEWHERE, _line(field.description)


def _of_members(owner: type[BaseModel], name: str, member: Section) -> str:
    told = _line(owner.model_fields[name].description) or _line(type(member).__doc__)
    fields = (f"`{inner}`: {_line(field.description)}" for inner, field in type(member).model_fields.items())
    return "<br>".join([told, *fields])


def _flow(section: Section) -> str:
    return ", ".join(f"{name}: {_shown(value)}" for name, value in section if value not in ((), None, {}))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_shown(one)}" for name, one in value.items())
    if isinstance(value, Section):
        return _flow(value)
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _line(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _table(head: tuple[str, ...], rows: list[Any]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in lines)

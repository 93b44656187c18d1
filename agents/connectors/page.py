"""The page about connectors, made of their tables."""

from __future__ import annotations

from collections.abc import Iterator

from agents.connectors import segment_names as segment
from agents.connectors import shopify, woocommerce
from agents.connectors.hooks import Topic
from agents.connectors.kinds import KINDS
from agents.connectors.segment_names import Field

_HEAD = """\
# Connectors: what other systems send

`tend gateway` takes what shops and tag managers send as they are. Everything becomes events of the contract
([events.md](events.md)), by the tables below and nothing else. Generated from `agents/connectors/` by `make docs`.

| system | address | set |
|---|---|---|
| Shopify | `https://…/webhooks/shopify` | `TEND_SHOPIFY_SECRET` |
| WooCommerce | `https://…/webhooks/woocommerce` | `TEND_WOOCOMMERCE_SECRET` |
| Segment | `https://…/v1/batch`, `/v1/track`, `/v1/identify`, `/v1/page` … | `TEND_GATEWAY_KEYS`, a key as write key |
| your own | `https://…/v1/events` | `TEND_GATEWAY_KEYS` |
| Twilio | `https://…/webhooks/twilio`: [what comes back](messages.md#what-comes-back) | `TEND_SMS`, `TEND_SMS_TOKEN` |
| SES, Mailgun, Postmark, SendGrid | `https://KEY:@…/v1/mail-events`: [the same](messages.md#what-comes-back) | \
`TEND_GATEWAY_KEYS`; signed: `TEND_SENDGRID_VERIFICATION_KEY`, `TEND_MAILGUN_SIGNING_KEY` |

- **Whose it is:** the system's own id of the customer; of a guest a pseudonym of the address, else of the number. An
  order of a guest's that is an account's in another message says that they are one (`customer.identified`).
- **Which order:** what the customer sees (Shopify's `name`, WooCommerce's `number`), as in imports, so that a history
  that was imported and what comes live are one. Import up to the day on which the webhooks begin.
- **Once:** ids of events follow from what is told, not from a delivery. Retries, second subscriptions and the same
  order in five webhooks are one fact; the order of arrival does not matter.
- **Refunds and parcels** name their order only. Whose it is, is remembered for 400 days; news of an order that has not
  come waits for it, 30 days at most.
- **Answered** when Kafka has acknowledged everything: 2xx. What is well signed and of no use is answered 2xx as well,
  with the reason in the answer and in `tend_gateway_left_out_total`, as shops switch a webhook off after a few other
  answers. 401: not signed by our secret. 400: no JSON. 413: above 5 MB (a batch of Segment's 500 KB, a call 32 KB).
  429: too fast, with `Retry-After`. 503: Kafka is away; Shopify and Segment send again, **WooCommerce does not**:
  import the orders of that hour afterwards.
- **Secrets** may be two by comma while one takes the other's place. WooCommerce's unsigned ping, when a webhook is
  saved, is answered 200, and nothing of it is believed.
- **A history that moves in** by the live door (Shopify's `processed_at` years ago) is recorded at its own dates;
  thanks, surveys and apologies for it are refused as expired. That its customers are dormant as soon as they are known
  is no news either, and wakes no rule.
- **Addresses and names** go into `customer.updated`; where an order tells them, they fill gaps only.

"""

_SNIPPET = """
## Browsers

Visits and carts from the store's own pages, by a script of some 800 bytes without a dependency:

```html
<script>window.tend=window.tend||function(){(tend.q=tend.q||[]).push(arguments)}</script>
<script defer src="https://care.shop.example/tend.js" data-key="KEY" data-customer="c-7" data-sku="b-1"></script>
<script>
  tend("consent", true)   // when the visitor says yes; false forgets the device
  tend("cart.item_added", {cart_id: "k-1", sku: "b-1", price: 1290, currency: "EUR"})
</script>
```

- Before a yes nothing is sent and nothing is kept; what is told before it is dropped. A browser that says no for its
  user (Global Privacy Control) is obeyed. What is kept is a random id of the device, in the page's storage; no cookie.
- `data-key` is a write key whose name ends in `!` in `TEND_GATEWAY_KEYS`: everybody can read it, so it may send visits
  and carts (`storefront.browse`) and nothing else. `data-customer` is who has signed in, without it the device;
  `data-sku` tells that this page shows an article.
- A store with a Content Security Policy allows the gateway's address in `script-src` and `connect-src`.
"""


def connectors_page() -> str:
    """The tables of all connectors, in Markdown."""
    parts = [_HEAD, *_topics("Shopify", shopify.TABLE), *_topics("WooCommerce", woocommerce.TABLE)]
    parts += [
        "What the states of orders mean (as in imports; those of plugins by `TEND_WOOCOMMERCE_STATUSES`, such as "
        "`being-engraved=sale`; others are left out by their name):\n\n",
        "| meaning | states | becomes |\n|---|---|---|\n",
    ]
    for state in woocommerce.STATES:
        names = ", ".join(f"`{name}`" for name in woocommerce.states_of(state.meaning))
        parts.append(f"| {state.meaning} | {names} | {state.becomes} |\n")
    return "".join([*parts, "\n", *_segment(), *_kinds()])


def _topics(title: str, table: tuple[Topic, ...]) -> Iterator[str]:
    yield f"## {title}\n\n| topic | becomes |\n|---|---|\n"
    for row in table:
        yield f"| {', '.join(f'`{name}`' for name in row.names)} | {row.becomes} |\n"
    yield "| any other | nothing; counted |\n\n"


def _segment() -> Iterator[str]:
    yield (
        "## Segment\n\n`userId` is the customer, else `anonymousId`; `messageId` is the event's id; a time after now "
        "is taken as now. A batch is answered 200 with an outcome for each call that was not simply taken (left out, "
        "refused with the field, or taken without an optional field), as libraries repeat the whole otherwise.\n\n"
        "| call | becomes |\n|---|---|\n"
    )
    traits = ", ".join(f"`{field.ours}` from `{field.theirs[0]}`" for field in segment.TRAITS)
    for call, becomes in segment.CALL_TYPES:
        more = (
            f". Traits: {traits}; `firstName` and `lastName`; `address.state` as `region`" if call == "identify" else ""
        )
        yield f"| {', '.join(f'`{name}`' for name in call.split(', '))} | {becomes}{more} |\n"
    for row in segment.NAMES:
        yield f"| `track` {' or '.join(row.theirs)} | `{row.kind}`: {'; '.join(map(_field, row.fields))} |\n"
    for unused in segment.NOT_USED:
        yield f"| `track` {', '.join(unused.theirs)} | nothing: {unused.why} |\n"
    yield "| `track` with any other name | nothing; counted |\n"
    yield _SNIPPET


def _kinds() -> Iterator[str]:
    yield (
        "\n## What really comes in\n\nKinds of input that other systems were seen to send, each shown by at least "
        "three situations after public reports; `tests/doors/` names the report beside each test.\n\n"
        "| kind | what comes | what is promised | tests |\n|---|---|---|---|\n"
    )
    for kind in KINDS:
        yield f"| {kind.name} | {kind.comes} | {kind.promise} | {', '.join(f'`{name}`' for name in kind.tests)} |\n"


def _field(field: Field) -> str:
    theirs = " or ".join(f"`{name}`" for name in field.theirs)
    if not theirs:
        return f"`{field.ours}` {field.how.value}"
    return f"{theirs} as `{field.ours}`{' (needed)' if field.needed else ''}, {field.how.value}"

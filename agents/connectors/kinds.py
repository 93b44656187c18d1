"""What really comes in at the doors: the kinds that were met, and what is promised of each."""

from __future__ import annotations

from typing import Final, NamedTuple


class KindOfInput(NamedTuple):
    """A kind of input that other systems were seen to send."""

    name: str
    comes: str
    promise: str
    tests: tuple[str, ...]
    """Files in ``tests/doors`` that show it."""


KINDS: Final = (
    KindOfInput(
        "told often",
        "one fact under several delivery ids, topics and subscriptions, and all of it again",
        "one fact: found by what the message is about, not by a header",
        ("test_shops.py",),
    ),
    KindOfInput(
        "two totals",
        "orders that are edited and refunded, messages that are only a difference, amounts in the customer's currency",
        "the amount follows edits, money back is counted once, in the currency of the shop",
        ("test_shops.py",),
    ),
    KindOfInput(
        "no trade",
        "pings, drafts, quotes, states before the sale, topics about other things",
        "answered 2xx, so that the webhook stays on; nothing recorded, the reason counted",
        ("test_guests.py", "test_shops.py"),
    ),
    KindOfInput(
        "taken back",
        "orders that are cancelled for want of a payment and paid afterwards, refunds that are deleted",
        "the order stands, or is cancelled, as it was last; a refund that is gone counts no longer; in any order",
        ("test_taken_back.py",),
    ),
    KindOfInput(
        "who it is",
        "guests with an address or a number alone, or neither; guests with an account later; customers made one",
        "one customer, whichever was told first; numbers and addresses stand in no id; nobody is not somebody",
        ("test_guests.py",),
    ),
    KindOfInput(
        "several parcels",
        "parcels of one order, days apart, cancelled and sent anew, told alone or with their order",
        "an order is there when all that its customer is to get has arrived, and no sooner, in any order of arrival",
        ("test_parcels.py",),
    ),
    KindOfInput(
        "old news",
        "a history that is imported through the live door",
        "recorded at its own dates, nobody is thanked, surveyed or consoled for it",
        ("test_shops.py", "test_segment.py"),
    ),
    KindOfInput(
        "partly bad",
        "batches with items that cannot be read, and the whole batch again",
        "the good ones are taken, each bad one has its outcome, and again the same",
        ("test_segment.py",),
    ),
    KindOfInput(
        "auto-replied",
        "bounces that call themselves automatic answers, and absence notes that look like bounces",
        "only what reports a failure is one",
        ("test_bounces.py",),
    ),
    KindOfInput(
        "soft fives",
        "refusals of the class 5 that pass, and dead addresses in other words",
        "an address is dead only where user, mailbox or domain is said to be gone",
        ("test_bounces.py",),
    ),
    KindOfInput(
        "one click",
        "posts by mail providers, without cookies, in any form, weeks later; filters that follow every link",
        "a post withdraws, once; looking changes nothing",
        ("test_mails.py",),
    ),
    KindOfInput(
        "length of an SMS",
        "extended letters, pairs on the border of parts, letters that only look like those of the alphabet",
        "alphabet, units and parts are those that are paid for",
        ("test_sms.py",),
    ),
    KindOfInput(
        "providers of mail",
        "failures that pass, absence notes and lists of their own told as bounces, complaints, the same in two shapes",
        "only what a mail server said, or the provider's own list, makes an address dead; who left is left alone",
        ("test_mail_events.py",),
    ),
    KindOfInput(
        "what comes back",
        "outcomes of an SMS in any order, STOP and START in many words, blocks at the provider that nobody told of",
        "one outcome; a phone that is off is no dead number; STOP withdraws consent, START gives it back",
        ("test_replies.py",),
    ),
    KindOfInput(
        "exports of China",
        "GB18030, numbers dressed for spreadsheets, amounts with their sign, states in Chinese",
        "every digit and character is kept",
        ("test_files.py",),
    ),
    KindOfInput(
        "rows of one order",
        "totals on every row or on the first alone, prices of a piece or of a line, one refund told three times",
        "an order is one, with its own total",
        ("test_files.py",),
    ),
)

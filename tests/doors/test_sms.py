"""How long a text is, in the units that are paid for."""

from __future__ import annotations

from typing import Any

import pytest

from rules.messages.sms import count
from tests.doors.told import DATA, comes_in, lines_of

CASES = lines_of(DATA / "50-sms-segments" / "texts.jsonl")
GSM, UCS = "GSM-7", "UCS-2"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@comes_in(
    "length of an SMS", "TwilioDevEd/message-segment-calculator #18, #39; instasent/sms-counter-php #15; TS 23.038"
)
def test_a_text_takes_the_parts_that_are_paid_for(case: dict[str, Any]) -> None:
    found = count(case["text"])

    assert (found.encoding, found.units, found.parts) == (case["encoding"], case["units"], case["segments"])


@pytest.mark.parametrize(("text", "encoding", "units", "parts"), [
    # Compared with what Twilio itself charged for.
    ("a" * 80 + "\r\n" + "a" * 79, GSM, 161, 2),
    ("a" * 80 + "\n" + "a" * 79, GSM, 160, 1),
    ("a" * 200 + "\r\n" + "a" * 105, GSM, 307, 3),
    ("é" * 70, GSM, 70, 1),
    ("e\u0301" * 70, UCS, 140, 3),
    ("|", GSM, 2, 1),
    # Extended letters take one place beside a letter that is in no GSM alphabet.
    ("|" * 24 + "{" + "|" * 28 + "∞" + "|" * 10 + "^" + "|" * 5, UCS, 70, 1),
    ("this is a " + "]" * 74 + "😘", UCS, 86, 2),
    ("]" * 153, GSM, 306, 3),
    # Letters that look like others: Greek capitals are in the alphabet, Cyrillic ones are not.
    ("ΓΔΘΛΞΠΣΦΨΩ", GSM, 10, 1),
    ("АВС", UCS, 3, 1),
    ("I\u0333F\u0333 YOU", UCS, 8, 1),
    ("“20 % off”", UCS, 10, 1),
])  # fmt: skip
@comes_in(
    "length of an SMS", "TwilioDevEd/message-segment-calculator #66: sixteen texts with what Twilio charged",
    "TwilioDevEd/message-segment-calculator #57, PR #61: extended letters under UCS-2",
    "TwilioDevEd/message-segment-calculator #28: letters with marks below",
    "SparkDevNetwork/Rock #6505: typographic quotes",
)  # fmt: skip
def test_further_texts_that_counters_got_wrong(text: str, encoding: str, units: int, parts: int) -> None:
    found = count(text)

    assert (found.encoding, found.units, found.parts) == (encoding, units, parts)

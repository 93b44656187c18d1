"""The AsyncAPI document says how records travel, and its page shows all of it and needs nothing from elsewhere."""

from __future__ import annotations

import re
from typing import Any

import orjson
import pytest

from agents.contract_page.rendering import page_of
from schemas.actions import decode_action
from schemas.asyncapi import asyncapi
from streams.outbox import Outbox

DOCUMENT: dict[str, Any] = asyncapi()
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
PAGE = page_of(DOCUMENT)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_says_its_key_and_headers(name: str) -> None:
    assert MESSAGES[name]["bindings"]["kafka"]["key"]["type"] == "string"
    assert ("ce_id" in MESSAGES[name]["headers"]["properties"]) is not name.startswith("ledger.")


@pytest.mark.parametrize("name", DOCUMENT["channels"])
def test_every_channel_says_its_server_topic_and_partitioner(name: str) -> None:
    channel = DOCUMENT["channels"][name]

    assert [one["$ref"] for one in channel["servers"]] == ["#/servers/kafka"]
    assert channel["bindings"]["kafka"]["topic"] == name
    assert channel["x-partitioner"].startswith("murmur2")


def test_every_reference_leads_somewhere() -> None:
    references = re.findall(r'"\$ref":"#/([^"]+)"', orjson.dumps(DOCUMENT).decode())

    assert references
    for reference in references:
        found: Any = DOCUMENT
        for part in reference.split("/"):
            found = found[part]


def test_the_headers_told_are_those_written() -> None:
    outbox = Outbox(0, 1, 0)
    outbox.action(decode_action(orjson.dumps(MESSAGES["action.message"]["examples"][0]["payload"])))
    (entry,) = outbox.entries

    assert {name for name, _ in entry.headers} >= set(MESSAGES["action.message"]["headers"]["required"])
    assert (
        dict(entry.headers)["ce_type"].decode()
        == MESSAGES["action.message"]["headers"]["properties"]["ce_type"]["const"]
    )


@pytest.mark.parametrize("name", DOCUMENT["channels"])
def test_the_page_shows_every_topic_with_its_messages(name: str) -> None:
    assert f'<h2 id="{name}">' in PAGE
    for message in DOCUMENT["channels"][name]["messages"]:
        assert f'id="{name}-{message.removeprefix("action.").removeprefix("ledger.")}"' in PAGE


def test_the_page_asks_nothing_of_others() -> None:
    assert re.findall(r'(?:src|href)="(?!#|asyncapi\.json)', PAGE) == []
    assert "<script" not in PAGE

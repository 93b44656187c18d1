"""Another language as storefront and sender: what the AsyncAPI document says is enough."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from schemas.ids import short_key
from tests.engine.site import Site
from tests.interop.node import run

ASYNCAPI = Path(__file__).parents[2] / "docs" / "asyncapi.json"


@pytest.mark.timeout(300)
def test_kafkajs_sends_an_event_reads_the_action_and_writes_its_receipt(site: Site) -> None:
    said = orjson.loads(run("sender.mjs", str(ASYNCAPI), site.settings.brokers, "from-node"))

    (action,) = [one for one in site.actions("from-node") if one["kind"] == "ticket"]
    assert said == {"action_id": action["action_id"], "rule": "complaint_routed", "complaint": "k-1"}

    def is_accepted() -> bool:
        record = site.record("from-node")
        known = record.sent if record else []
        return any(sent.id == short_key(bytes.fromhex(action["action_id"])) and sent.state == 1 for sent in known)

    site.until(is_accepted, "the receipt stands in the record")
    assert site.letters("from-node") == []

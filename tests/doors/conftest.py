"""The doors that the situations come in at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.gateway.webhooks import SHOPIFY, WOOCOMMERCE
from tests.agents.connectors.shop_doors import ShopDoor
from tests.agents.imports.shop import shop
from tests.agents.senders.sending import redis_at

__all__ = ["shop"]


@pytest.fixture
async def client(store_server: str) -> AsyncIterator[Any]:
    opened = redis_at(store_server)
    yield opened
    await opened.aclose()


@pytest.fixture
async def shopify(client: Any) -> AsyncIterator[ShopDoor]:
    opened = ShopDoor(SHOPIFY, client)
    yield opened
    await opened.web.aclose()


@pytest.fixture
async def woocommerce(client: Any) -> AsyncIterator[ShopDoor]:
    opened = ShopDoor(WOOCOMMERCE, client)
    yield opened
    await opened.web.aclose()

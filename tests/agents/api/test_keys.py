"""What a key of the API is for."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import httpx
import pytest
from pydantic import SecretStr

from agents.access import PEOPLE, Act
from agents.api.access import api_keys
from agents.api.app import api_app
from infra.settings import Settings, load_settings
from schemas.errors import ConfigurationRefused

TILL, CRM = "a-key-of-a-till-at-the-door", "a-key-of-a-crm-in-the-office"


def keys(told: str) -> Settings:
    return load_settings({"api_keys": SecretStr(told)})


def test_a_key_is_for_what_it_names_and_otherwise_for_all_that_people_may_do() -> None:
    found = api_keys(keys(f"till:redeem={TILL}, crm={CRM}"))

    assert found[TILL].acts == {Act.REDEEM}
    assert found[CRM].acts == PEOPLE


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (f"till:redem={TILL}", "till is for redem"),
        (f"till:send={TILL}", "is for send"),
        ("till=short", "named till is none"),
    ],
)
def test_a_key_for_something_that_there_is_not_is_refused(told: str, said: str) -> None:
    with pytest.raises(ConfigurationRefused, match=said):
        api_keys(keys(told))


@pytest.mark.parametrize(("path", "status"), [("/customers/c-1", 403), ("/work", 403), ("/segments", 403)])
async def test_a_tills_key_opens_nothing_else(path: str, status: int) -> None:
    app: Any = api_app(Mock(), keys(f"till:redeem={TILL}"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://till") as till:
        answer = await till.get(path, headers={"X-API-Key": TILL})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "the key named till is not for" in answer.json()["detail"]

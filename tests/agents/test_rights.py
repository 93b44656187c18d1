"""The list of rights is whole, and the shipped files are made from it."""

from __future__ import annotations

import re
from pathlib import Path

from agents.rights import GROUP, ROLES
from agents.rights_files import main
from schemas.channels import CHANNELS
from schemas.topics import ALMANAC, LANE_TOPICS, POSITIONS


def test_what_only_a_worker_may_do() -> None:
    """Nobody else gives out a lane's position, almanacs come from the learner only, and rules from people."""
    assert {role.name for role in ROLES if POSITIONS in role.writes} == {"worker"}
    assert {role.name for role in ROLES if ALMANAC in role.writes} == {"learner"}
    assert not {role.name for role in ROLES if set(LANE_TOPICS) & set(role.reads)} & {"storefront", "desk", "learner"}


def test_a_sender_of_any_channel_may_join_its_group() -> None:
    (sender,) = [role for role in ROLES if role.name == "sender"]

    assert set(sender.groups) == {f"{GROUP}-send-{channel}" for channel in CHANNELS}


def test_the_shipped_files_are_those_of_the_list() -> None:
    assert main(["--check"]) == 0


def test_every_key_that_is_written_belongs_to_a_role() -> None:
    names = ("order", "orders", "token", "link", "links", "sent", "waiting", "number", "numbers")
    prefixes = {f"tend:{name}:" for name in names}
    text = "\n".join(path.read_text(encoding="utf-8") for path in Path("agents").rglob("*.py"))
    found = {f"tend:{name}:" for name in re.findall(r'f"tend:(\w+):', text)}

    assert found == prefixes
    assert all(any(key.startswith(prefix) for role in ROLES for key in role.keys) for prefix in prefixes)

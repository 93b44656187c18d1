"""A message of any rule, in any language, to oneself."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.agents.senders.post_office import post_office
from tests.shell import tend


@pytest.mark.parametrize(
    ("locale", "subject"), [("en-US", "Happy birthday, Edda Marlow"), ("de-DE", "Ruth Amsel"), ("zh-CN", "陈予安")]
)
def test_a_mail_comes_to_oneself_in_the_language_that_was_asked_for(locale: str, subject: str) -> None:
    with post_office() as office:
        where = {"TEND_SMTP": f"smtp://127.0.0.1:{office.port}"}
        for _ in range(2):
            said = tend("messages", "send-test", "birthday_greeting", "--to", "me@shop.test", "--locale", locale,
                        environment=where)  # fmt: skip
            assert (said.status, said.err) == (0, "")

    assert [str(mail["To"]) for mail in office.mails] == ["me@shop.test"] * 2
    assert subject in str(office.mails[0]["Subject"])
    assert len(set(office.ids)) == 2, "a server that knows a Message-ID would drop the second"


def test_an_sms_comes_to_oneself(tmp_path: Path) -> None:
    path = tmp_path / "sms.jsonl"
    said = tend("messages", "send-test", "complaint_acknowledged", "--channel", "sms", "--to", "+12025550143",
                environment={"TEND_SMS": f"file:{path}"})  # fmt: skip

    assert said.status == 0
    assert orjson.loads(path.read_bytes())["to"] == "+12025550143"


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("welcome", "--channel", "push"), "email or sms"),
        (("no_such_rule",), "no_such_rule"),
        (("welcome",), "TEND_SMTP"),
    ],
)
def test_what_cannot_be_sent_says_why(arguments: tuple[str, ...], names: str) -> None:
    said = tend("messages", "send-test", *arguments, "--to", "me@shop.test",
                environment={"TEND_SMTP": "smtp://127.0.0.1:1"})  # fmt: skip

    assert said.status == 2
    assert names in said.err

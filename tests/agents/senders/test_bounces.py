"""Bounces: hard and soft by what they mean, and absence notes left alone."""

from __future__ import annotations

import pytest

from agents.senders.bounces import Bounce, read_bounce

ACTION = "0123456789abcdef0123456789abcdef"


def report(status: str, diagnostic: str = "", *, action: str = "failed", auto: str = "auto-replied") -> bytes:
    """A report as Postfix writes it, with its trap: it calls itself an automatic answer."""
    told = f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return (
        "From: MAILER-DAEMON@relay.example.org\nTo: bounce@shop.example\nSubject: Undelivered Mail\n"
        f"Auto-Submitted: {auto}\nMessage-Id: <20261120@relay.example.org>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\n\n'
        "--part\nContent-Type: text/plain\n\nYour message did not arrive.\n\n"
        "--part\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example.org\n\n"
        f"Final-Recipient: rfc822; kunde@example.org\nAction: {action}\nStatus: {status}\n{told}\n"
        "--part\nContent-Type: text/rfc822-headers\n\n"
        f"From: post@shop.example\nMessage-ID: <{ACTION}@shop.example>\n\n--part--\n"
    ).encode()


@pytest.mark.parametrize(
    ("status", "diagnostic", "permanent", "reason"),
    [
        ("5.1.1", "550 5.1.1 <kunde@example.org>: rejected: User unknown", True, "user_unknown 5.1.1"),
        ("5.2.2", "552 5.2.2 Mailbox full", False, "mailbox_full 5.2.2"),
        ("5.7.1", "550 5.7.1 Message refused as spam", False, "refused_as_spam 5.7.1"),
        ("5.0.0", "550 5.0.0 Requested action not taken: user unknown", True, "user_unknown 5.0.0"),
        ("5.4.4", "X-Postfix; Host or domain name not found", True, "domain_unknown 5.4.4"),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", False, "too_large 5.3.4"),
        ("5.0.0", "", False, "unspecified 5.0.0"),
        # Of the same kinds: quota by words alone, blocked by reputation, a domain by words, a passing failure.
        ("5.0.0", "552 mail action aborted: over quota", False, "mailbox_full 5.0.0"),
        ("5.7.26", "550-5.7.26 blocked, the sender's reputation is low", False, "refused_as_spam 5.7.26"),
        ("5.1.2", "550 5.1.2 bad destination system", True, "domain_unknown 5.1.2"),
        ("4.4.1", "connection timed out", False, "unspecified 4.4.1"),
    ],
)  # fmt: skip
def test_what_a_bounce_means(status: str, diagnostic: str, permanent: bool, reason: str) -> None:
    assert read_bounce(report(status, diagnostic)) == Bounce(ACTION, permanent, reason)


def test_an_absence_note_is_no_bounce() -> None:
    note = f"From: kunde@example.org\nAuto-Submitted: auto-replied\nIn-Reply-To: <{ACTION}@shop.example>\n\nAway.\n"

    assert read_bounce(note.encode()) is None


def test_news_of_a_delay_or_a_delivery_is_no_bounce() -> None:
    assert read_bounce(report("4.4.1", "still trying", action="delayed")) is None
    assert read_bounce(report("2.0.0", "250 ok", action="delivered")) is None


def test_a_bounce_of_somebody_elses_mail_is_not_ours() -> None:
    assert read_bounce(report("5.1.1").replace(ACTION.encode(), b"somebody-else")) is None

"""Mails that came back: which are absence notes, and which addresses are dead."""

from __future__ import annotations

import pytest

from agents.senders.bounces import read_bounce
from tests.doors.told import DATA, comes_in

ACTION = "0123456789abcdef0123456789abcdef"
_MARKS = {
    "MESSAGE_ID": f"<{ACTION}@lindmoor.example>",
    "RECIPIENT": "kunde@mail.test",
    "BOUNCE_ADDRESS": "bounce@lindmoor.example",
    "FROM": "Lindmoor <post@lindmoor.example>",
    "SUBJECT": "Happy birthday",
    "DATE": "Fri, 20 Nov 2026 10:00:00 +0100",
    "ORIGINAL_HEADERS": f"From: post@lindmoor.example\nTo: kunde@mail.test\nMessage-ID: <{ACTION}@lindmoor.example>",
}


def filled(case: str, name: str) -> bytes:
    """A mail of a case, about our message."""
    text = (DATA / case / f"{name}.eml.tmpl").read_text(encoding="utf-8")
    for mark, told in _MARKS.items():
        text = text.replace(f"@@{mark}@@", told)
    assert "@@" not in text
    return text.encode()


def found(raw: bytes) -> tuple[str, bool] | None:
    """Reason and whether the address is dead."""
    bounce = read_bounce(raw)
    assert bounce is None or bounce.action_id == ACTION
    return (bounce.reason, bounce.permanent) if bounce else None


@comes_in("auto-replied", "justingit/dada-mail #312 and #318, mysociety/fixmystreet #2336; RFC 3834, section 5")
def test_a_bounce_of_postfix_that_calls_itself_automatic_is_one() -> None:
    raw = filled("30-postfix-unknown-user-auto-replied", "01-bounce")

    assert found(raw) == ("user_unknown 5.1.1", True)
    assert read_bounce(raw) == read_bounce(raw)


@pytest.mark.parametrize(("name", "expected"), [
    ("01-mailbox-full-552", ("mailbox_full 5.2.2", False)),
    ("02-spam-refusal-550", ("refused_as_spam 5.7.1", False)),
    ("03-status-500-text-says-unknown", ("user_unknown 5.0.0", True)),
    ("04-domain-gone", ("domain_unknown 5.1.2", True)),
    ("05-message-too-big", ("too_large 5.3.4", False)),
    ("06-no-diagnostic-at-all", ("unspecified 5.0.0", False)),
])  # fmt: skip
@comes_in(
    "soft fives", "mlandauer/cuttlefish #49, mysociety/alaveteli #63", "postalserver/postal #266",
    "sisimai/p5-sisimai #312", "postalsys/emailengine #203",
)  # fmt: skip
def test_the_class_5_ends_this_attempt_and_not_always_the_address(name: str, expected: tuple[str, bool]) -> None:
    assert found(filled("34-mailbox-full-and-other-soft-fives", name)) == expected


def report(
    status: str, diagnostic: str, *, head: str = "", field: str = "Diagnostic-Code: smtp;", words: str = ""
) -> bytes:
    """A report of a mail server."""
    told = f"{field} {diagnostic}\n" if diagnostic else ""
    return (
        f"From: postmaster@mx.mail.test\nTo: bounce+{ACTION}@lindmoor.example\nSubject: Undeliverable: Happy birthday\n"
        f"{head}MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"\n\n'
        f"--part\nContent-Type: text/plain; charset=utf-8\n\n{words}\n\n"
        "--part\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.mail.test\n\n"
        f"Final-Recipient: rfc822; kunde@mail.test\nAction: failed\nStatus: {status}\n{told}\n--part--\n"
    ).encode()


@pytest.mark.parametrize(("raw", "expected"), [
    # Exchange Online: the reason stands in the status alone, with a name of its own in the diagnostic.
    (report("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            head="Auto-Submitted: auto-replied\nX-Auto-Response-Suppress: All\n"), ("user_unknown 5.1.10", True)),
    # Exchange Online Protection: a recipient that its directory does not know.
    (report("5.4.1", "550 5.4.1 [kunde@mail.test]: Recipient address rejected: Access denied. AS(201806281)"),
     ("user_unknown 5.4.1", True)),
    # The status of the report says nothing, a field of the relay's does.
    (report("5.0.0", '<192.0.2.25 #5.0.0 smtp; 550 "Unknown User">', field="X-Supplementary-Info:"),
     ("user_unknown 5.0.0", True)),
    # outlook.com without an enhanced status of use.
    (report("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302)"),
     ("user_unknown 5.5.0", True)),
    # Gmail: an account that was closed, and one that gets too much at the moment.
    (report("5.2.1", "550-5.2.1 The email account that you tried to reach is disabled."),
     ("mailbox_closed 5.2.1", True)),
    (report("4.2.1", "450-4.2.1 The user you are trying to contact is receiving mail at a rate that prevents it"),
     ("too_many 4.2.1", False)),
    (report("5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate that prevents it"),
     ("too_many 5.2.1", False)),
    (report("5.2.2", "552-5.2.2 The email account that you tried to reach is over quota."),
     ("mailbox_full 5.2.2", False)),
    # Yahoo: a mailbox that was switched off, in words alone.
    (report("5.0.0", "554 delivery error: dd This mailbox is disabled (554.30)."), ("mailbox_closed 5.0.0", True)),
    # A sender that is blocked: never the customer's fault.
    (report("5.7.606", "550 5.7.606 Access denied, banned sending IP [192.0.2.1]"), ("refused_as_spam 5.7.606", False)),
    (report("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated"),
     ("refused_as_spam 5.7.26", False)),
    # A status that is no reason, and an address that its owner moved away from.
    (report("5.1.6", "550 5.1.6 recipient no longer on server"), ("user_unknown 5.1.6", True)),
    (report("5.4.7", "554 5.4.7 delivery expired (message too old)"), ("unspecified 5.4.7", False)),
])  # fmt: skip
@comes_in(
    "soft fives", "sisimai/rb-sisimai #91, MicrosoftDocs/OfficeDocs-Exchange PR #2448: 5.1.10",
    "MicrosoftDocs/OfficeDocs-Exchange #2336 and #2654, sisimai/rb-sisimai #77: 5.4.1",
    "MicrosoftDocs/OfficeDocs-Exchange #2836: 5.5.0", "customeros/mailsherpa #19: 5.1.6",
    "Google's documentation, SMTP error reference: 5.2.1, 4.2.1, 5.7.26",
)  # fmt: skip
def test_what_large_providers_mean_by_their_status(raw: bytes, expected: tuple[str, bool]) -> None:
    assert found(raw) == expected


NOTE = (
    "From: Kunde <kunde@mail.test>\nTo: bounce+{action}@lindmoor.example\nSubject: {subject}\n{head}\n"
    "I am away until Monday. In urgent cases call 550 1234.\n"
)


@pytest.mark.parametrize(("subject", "head"), [
    # As Exchange, Gmail and a vacation of sieve write them; and one that looks like a bounce by its subject.
    ("Automatic reply: Happy birthday", "Auto-Submitted: auto-generated\nX-Auto-Response-Suppress: All\n"),
    ("Out of office Re: Happy birthday", "Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Autoreply: yes\n"),
    ("Auto: Happy birthday", "Auto-Submitted: auto-replied (vacation)\nReturn-Path: <>\n"),
    ("Undeliverable: I have left the company", "Auto-Submitted: auto-replied\n"),
    ("自动回复：生日快乐", ""),
])  # fmt: skip
@comes_in(
    "auto-replied", "mozilla/fxa-auth-server #1943: absence notes counted as bounces",
    "zulip/zulip #13193, swiftmailer/swiftmailer PR #474: headers of absence notes",
    "linagora/james-project #3841: notes that say auto-generated",
)  # fmt: skip
def test_an_absence_note_is_no_bounce_whatever_it_calls_itself(subject: str, head: str) -> None:
    assert found(NOTE.format(action=ACTION, subject=subject, head=head).encode()) is None


@comes_in("auto-replied", "RFC 8098: a receipt that a person's mail program sends on its own")
def test_a_confirmation_of_reading_is_no_bounce() -> None:
    raw = report("5.1.1", "550 unknown", head="Auto-Submitted: auto-replied\n")

    assert found(raw.replace(b"message/delivery-status", b"message/disposition-notification")) is None


@comes_in("auto-replied", "RFC 3464, section 2.3.3: a report of a delay is no failure")
def test_a_report_of_a_delay_that_calls_itself_automatic_is_no_bounce() -> None:
    raw = report("4.4.1", "connection timed out", head="Auto-Submitted: auto-replied\n")

    assert found(raw.replace(b"Action: failed", b"Action: delayed")) is None


def in_words(text: str, *, head: str = "") -> bytes:
    """A bounce without a report, with a copy of the mail below."""
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.mail.test>\nTo: bounce+{ACTION}@lindmoor.example\n{head}"
        f"Subject: failure notice\n\n{text}\n\n--- Below this line is a copy of the message.\n\n"
        f"Message-ID: <{ACTION}@lindmoor.example>\nSubject: Happy birthday\n\nHello.\n"
    ).encode()


@pytest.mark.parametrize(("raw", "expected"), [
    # qmail: a sentence, and its status behind a number sign.
    (in_words("Hi. This is the qmail-send program at mx.mail.test.\n<kunde@mail.test>:\nSorry, no mailbox here by that "
              "name. (#5.1.1)"), ("user_unknown 5.1.1", True)),
    (in_words("Hi. This is the qmail-send program at mx.mail.test.\n<kunde@mail.test>:\nUser and password not set, "
              "continuing without authentication. 192.0.2.7 failed after I sent the message.\nRemote host said: 552 "
              "5.2.2 mailbox is full"), ("mailbox_full 5.2.2", False)),
    # Exim, older: the server's answer in the text, the recipient in a header.
    (in_words("A message that you sent could not be delivered.\n\n  kunde@mail.test\n    SMTP "
              "error from remote mail server after RCPT TO:<kunde@mail.test>: 550 Unknown user",
              head="X-Failed-Recipients: kunde@mail.test\n"), ("user_unknown", True)),
    # Yahoo: an account that never was.
    (in_words("Sorry, we were unable to deliver your message to the following address.\n\n<kunde@mail.test>:\n554: "
              "delivery error: dd This user does not exist"), ("user_unknown", True)),
])  # fmt: skip
@comes_in(
    "soft fives", "justingit/dada-mail #312: bounces of qmail, without a report",
    "Exim's documentation, X-Failed-Recipients: bounces in words alone",
)  # fmt: skip
def test_servers_that_write_no_report_are_understood(raw: bytes, expected: tuple[str, bool]) -> None:
    assert found(raw) == expected

"""What senders can be told."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr


class SenderSettings(BaseModel):
    """Senders."""

    sender_name: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,60}$",
        description="Name of this sender, one for each of a channel: after a crash it goes on at once, by static "
        "membership, instead of after 45 s.",
    )
    sends_per_second: float = Field(10.0, gt=0, le=10_000, description="Messages that a sender gives out a second.")
    smtp: str = Field(
        "smtp://127.0.0.1:1025",
        pattern=r"^smtps?://",
        description="Where `tend send email` hands mail over: `smtp://user@host:port`, or `smtps://`.",
    )
    smtp_password: SecretStr | None = Field(None, description="Password of that user.")
    bounce_address: str = Field(
        "",
        pattern=r"^([^@+\s]+@[^@\s]+)?$",
        description="Mailbox that mails which cannot be delivered come back to, `bounce@mail.shop.example`: the "
        "envelope's sender is `bounce+ACTION@…`. Empty: the sender's own address.",
    )
    notice_opening: bool = Field(
        False, description="Put a picture into mails that tells when they are opened. Off: nobody is watched."
    )
    dkim_selector: str = Field("", max_length=63, description="Selector of the DKIM key; empty signs nothing.")
    dkim_key: SecretStr | None = Field(None, description="Private key in PEM that mails are signed with.")
    warm_up: int = Field(
        0, ge=0, le=1_000_000, description="Mails on the first day of a new sender, doubling daily; 0: any."
    )
    sender_since: str = Field(
        "", pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="First day of that sender, for `warm_up`."
    )
    sms: str = Field(
        "file:sms.jsonl",
        pattern=r"^(file:.+|twilio:AC[0-9a-f]{32}:.+)$",
        description="SMS provider: `file:PATH` for trying out, or `twilio:ACCOUNT:SENDER`.",
    )
    sms_token: SecretStr | None = Field(None, description="Token of the SMS provider, for sender and gateway.")
    webhook_url: str = Field("", max_length=400, description="Where `tend send webhook` posts actions.")
    webhook_secret: SecretStr | None = Field(None, description="`whsec_…`, from which those posts are signed.")

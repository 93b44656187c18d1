"""What the doors for people and programs can be told: console, API, gateway."""

from __future__ import annotations

from pydantic import BaseModel, Field, SecretStr

from infra.settings.lists import Texts


class ConsoleSettings(BaseModel):
    """Console and API."""

    console_host: str = Field("127.0.0.1", description="Where `tend console` listens, the API below `/api`.")
    console_port: int = Field(8420, ge=0, le=65535, description="Their port; 0 takes a free one.")
    console_token: SecretStr | None = Field(
        None,
        description="What lets the first person in. None: one is drawn at the first start, kept in `TEND_DATA_DIR` and "
        "printed.",
    )
    console_people: Texts = Field(
        (),
        max_length=50,
        description="People of the desk and how much each can have open: `jonas:8,mei:6`. Whoever signs in is added "
        "with 8.",
    )
    console_metrics: Texts = Field(
        (),
        max_length=64,
        description="Addresses of workers' and learners' metrics, `host:port` by comma, for the console's vital signs.",
    )
    api_keys: SecretStr | None = Field(
        None,
        description="Keys of the API, by comma, each `name=key` with at least 16 characters of key. `till:redeem=key` "
        "and `crm:look+work=key` are for these rights alone; without them a key is for all.",
    )
    api_host: str = Field("127.0.0.1", description="Where `tend api` listens; this machine only.")
    api_port: int = Field(8430, ge=0, le=65535, description="Its port; 0 takes a free one.")


class GatewaySettings(BaseModel):
    """Gateway and webhooks."""

    gateway_keys: SecretStr | None = Field(
        None,
        description="Write keys of the gateway, `name:SECRET` by comma; `name!:SECRET` for browsers: visits, carts.",
    )
    gateway_rate: float = Field(500.0, gt=0, le=1_000_000, description="Events a second that each key may send.")
    gateway_host: str = Field("127.0.0.1", max_length=255, description="Address that `tend gateway` listens on.")
    gateway_port: int = Field(8480, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    shopify_secret: SecretStr | None = Field(
        None,
        description="Secret that Shopify signs its webhooks with; two by comma while it is changed. None: no door.",
    )
    woocommerce_secret: SecretStr | None = Field(
        None, description="Secret of WooCommerce's webhooks; two by comma while it is changed. None: no door."
    )
    woocommerce_statuses: Texts = Field(
        (),
        max_length=50,
        description="What states of orders mean that plugins brought: `awaiting-pickup=sale` by comma; sale, unpaid, "
        "cancelled or refunded.",
    )
    sendgrid_verification_key: str = Field(
        "",
        max_length=1_000,
        description="Public key of SendGrid's Signed Event Webhook, as it shows it; two by comma while it is changed. "
        "Set: its mail events are believed by their signature, and not otherwise.",
    )
    mailgun_signing_key: SecretStr | None = Field(
        None,
        description="Mailgun's HTTP webhook signing key; two by comma while it is changed. Set: its mail events are "
        "believed by their signature, and not otherwise.",
    )
    segment_currency: str = Field(
        "", pattern=r"^([A-Z]{3})?$", description="Currency of Segment's calls that name none."
    )

"""The doors of a site: its gateway and its mail sender as services of their own, and a post office behind them."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from importlib import resources
from pathlib import Path

import httpx

from agents.installation import environment_of
from infra.embedded.process import ServerProcess, free_port
from infra.settings import Settings
from tests.agents.senders.post_office import PostOffice, post_office
from tests.engine.site import Site, zone_where_it_is_noon

KEY = "a-secret-of-the-shop"
SHOPIFY = WOOCOMMERCE = "a-secret-of-the-webhooks"
SECRETS = {
    "TEND_GATEWAY_KEYS": f"shop:{KEY}",
    "TEND_SHOPIFY_SECRET": SHOPIFY,
    "TEND_WOOCOMMERCE_SECRET": WOOCOMMERCE,
}
_AT_ONCE = {"[survey.due]": "[order.delivered]", "[complaint.follow_up]": "[complaint.resolved]"}
_OFFER = """
rules:
  - id: offer_after_a_visit
    about: Offers something to somebody who looks around.
    on: [product.viewed]
    occasion: "{trigger.event}"
    reason: looked around
    purpose: marketing
    priority: 10
    expiry: 1 day
    actions:
      - {kind: message, channel: [email], text: offer}
texts:
  offer:
    en: {subject: Something for you, headline: Something for you., body: Have a look., why: You looked around.}
"""


def rulebook_in(folder: Path, base_url: str) -> Path:
    """The shipped rules, of a store that asks at once instead of after a day, at an hour when it may."""
    folder.mkdir()
    packs = resources.files("rules") / "packs"
    for pack in packs.iterdir():
        if pack.name.endswith(".yaml") and pack.name != "defaults.yaml":
            told = pack.read_text(encoding="utf-8")
            for usual, at_once in _AT_ONCE.items():
                told = told.replace(usual, at_once)
            (folder / pack.name).write_text(told, encoding="utf-8")
    (folder / "offer.yaml").write_text(_OFFER)
    (folder / "defaults.yaml").write_text(
        f"defaults:\n  place: {{zone: {zone_where_it_is_noon()}}}\n  brand: {{base_url: '{base_url}'}}\n  caps: []\n"
    )
    return folder


def _listens(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=1):
        return True


class Doors:
    """A site with everything around it."""

    def __init__(self, directory: Path) -> None:
        self._directory, self._port = directory, free_port()
        self.address = f"http://127.0.0.1:{self._port}"
        rules = rulebook_in(directory / "rules", self.address)
        self.site = Site(directory, rulebook=rules, gateway_port=self._port)
        self.office: PostOffice

    @contextmanager
    def open(self) -> Iterator[Doors]:
        with post_office() as self.office, self.site:
            settings = self.site.settings.model_copy(update={"smtp": f"smtp://127.0.0.1:{self.office.port}"})
            services = [self._service(["gateway"], settings, listens=True), self._service(["send", "email"], settings)]
            try:
                for service in services:
                    service.start()
                self.site.until_ready()
                yield self
            finally:
                for service in services:
                    service.stop()

    def _service(self, command: list[str], settings: Settings, *, listens: bool = False) -> ServerProcess:
        name = " ".join(command)
        return ServerProcess(
            name=f"tend {name}",
            command=[sys.executable, "-m", "agents.cli", *command],
            port=self._port,
            log=self._directory / f"{name.replace(' ', '-')}.log",
            answers=_listens if listens else lambda port: True,
            environment={**environment_of(settings), **SECRETS},
            start_seconds=60.0,
        )

    def tell(self, *events: Mapping[str, object]) -> None:
        """Events in the words of the contract, by HTTP."""
        answer = httpx.post(
            f"{self.address}/v1/events", json=list(events), headers={"authorization": f"Bearer {KEY}"}, timeout=60
        )
        assert answer.status_code == 202, answer.text

    def mail(self, subject: str, to: str) -> EmailMessage:
        """The mail with this in its subject, once it has arrived."""
        return self.site.until(
            lambda: next(
                (one for one in self.office.mails if subject in str(one["Subject"]) and str(one["To"]) == to), None
            ),
            f"a mail about {subject!r} has arrived for {to}",
        )

    def link(self, mail: EmailMessage, ending: str = "") -> str:
        """A signed link in a mail."""
        body = mail.get_body(("html",))
        assert body is not None
        found = re.search(rf"{re.escape(self.address)}/k/[\w-]{{16}}{re.escape(ending)}(?=\")", str(body.get_content()))
        assert found, f"no link that ends with {ending!r}"
        return found[0]

"""A broker and a store that the program starts by itself, so that nothing has to be installed beside it."""

from infra.embedded.broker import EmbeddedBroker
from infra.embedded.store import EmbeddedStore

__all__ = ["EmbeddedBroker", "EmbeddedStore"]

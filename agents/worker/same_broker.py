"""Whether store and broker belong together: the same cluster, group, number of lanes, and topics."""

from __future__ import annotations

from schemas.errors import ConfigurationRefused
from schemas.lane import BrokerIdentity


def require_same_broker(known: BrokerIdentity, identity: BrokerIdentity) -> None:
    """Offsets speak of one broker's topics: with another's, or a topic made anew, they would skip or repeat events.

    Raises:
        ConfigurationRefused: the broker at hand, or one of its topics, is another one than the one known.
    """
    if known == identity:
        return
    _same_partitions(known.partitions, identity.partitions)
    _same_group(known.group, identity.group)
    if known.cluster != identity.cluster:
        raise ConfigurationRefused(
            f"The store belongs to cluster {known.cluster}, and the broker at hand is cluster {identity.cluster}. Its "
            "offsets mean nothing here. Point TEND_BROKERS at the broker it belongs to, or start with an empty store "
            "(TEND_REDIS_URL with another database, or the old one emptied)."
        )
    if changed := made_anew(known, identity):
        raise ConfigurationRefused(
            f"The store belongs to other topics named {', '.join(changed)}: they were deleted and made anew, and "
            "offsets of before would skip events of now. Stop all workers, then have the new ones read from their "
            f"beginning: tend topics adopt {' '.join(changed)}; or start with an empty store (TEND_REDIS_URL with "
            "another database, or the old one emptied)."
        )


def made_anew(known: BrokerIdentity, identity: BrokerIdentity) -> list[str]:
    """The topics that have another id than the one known; one that a newer version added has none yet."""
    return sorted(topic for topic, is_now in identity.topics.items() if known.topics.get(topic, is_now) != is_now)


def _same_group(known: str, here: str) -> None:
    """A group shares out the lanes: of two, each lane has two owners, whose transactions do not fence each other."""
    if known and here and known != here:
        raise ConfigurationRefused(
            f"The store belongs to the workers' group {known}, and this worker has TEND_GROUP={here}: each lane would "
            f"have two owners, and messages go out twice. Set TEND_GROUP={known}; a second installation needs a store "
            "and a broker of its own."
        )


def _same_partitions(known: int, found: int) -> None:
    """Which lane keeps a customer follows from how many lanes there are."""
    if known and found and known != found:
        raise ConfigurationRefused(
            f"The store keeps customers in {known} lanes, and the topics have {found} partitions now: most customers' "
            f"events would come to other lanes than those that keep their records. Make the topics again with {known} "
            "partitions, or begin with an empty store and replay the history."
        )

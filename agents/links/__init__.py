"""Signed links: what stands in messages, and the public pages that they lead to."""

from agents.links.links import Deed, Links

__all__ = ["Deed", "Links"]

"""Fixtures of imports."""

from tests.agents.imports.shop import shop

__all__ = ["shop"]

"""Tests mirror the rooms; their names are sentences."""

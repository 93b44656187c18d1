"""Tests of those who do it."""

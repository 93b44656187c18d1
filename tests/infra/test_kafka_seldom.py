"""What repeats many times a second is told seldom."""

from __future__ import annotations

import logging

import pytest

from infra.kafka.seldom import Seldom, tell_seldom


def test_a_message_passes_once_until_its_time_is_over(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("test.seldom")
    logger.addFilter(Seldom(seconds=3_600))

    for node in range(3):
        logger.warning("cannot reach node %d", node)
    logger.warning("something else")

    assert caplog.messages == ["cannot reach node 0", "something else"]


def test_a_logger_gets_the_filter_once() -> None:
    tell_seldom()
    tell_seldom()

    assert len([f for f in logging.getLogger("aiokafka").filters if isinstance(f, Seldom)]) == 1

"""The log: lines for people or JSON for programs, with addresses and numbers of people taken out of either.

Modules log as ever, by ``logging``; what a line is about goes along as ``extra`` and becomes fields of the JSON.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Final

from schemas.shown import shown_json, shown_lines

if TYPE_CHECKING:
    import structlog

_EMAIL: Final = re.compile(r"[^\s@<>]{1,64}@[^\s@<>]{1,150}\.[^\s@<>]{1,38}")
_PHONE: Final = re.compile(r"\+[1-9](?:[ -]?[0-9]){6,14}(?![0-9])")
_FOLLOWS: Final = "\n    "
_PLAIN: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def write_logs(level: str, form: str, service: str) -> None:
    """Write the log of this process to standard error from here on.

    Args:
        level: the least that is written: ``INFO``.
        form: ``text`` for people, ``json`` for programs: one object a line.
        service: which program of tend this is.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_json(service) if form == "json" else _Plain(_PLAIN))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def without_people(text: str) -> str:
    """The text with e-mail addresses and phone numbers taken out; a last guard, as nothing should log them."""
    return _PHONE.sub("[phone]", _EMAIL.sub("[e-mail]", text))


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        # What follows the first line is set in: no text of others looks like a line of the log.
        return shown_lines(without_people(super().format(record))).replace("\n", _FOLLOWS)


def _as_json(told: object, **how: Any) -> str:
    return shown_json(json.dumps(told, **how))


def _json(service: str) -> structlog.stdlib.ProcessorFormatter:
    import structlog  # here, as it loads rich, which whoever writes lines does without

    def about(_: Any, __: str, told: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        told["service"] = service
        return {name: without_people(value) if isinstance(value, str) else value for name, value in told.items()}

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("message"),
            about,
            structlog.processors.JSONRenderer(_as_json, sort_keys=True, ensure_ascii=False, default=str),
        ],
    )

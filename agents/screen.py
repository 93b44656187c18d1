"""What commands print: texts of others come as text, whatever is in them."""

from __future__ import annotations

from typing import Any

import orjson
import typer

from schemas.shown import shown_json, shown_lines


def say(text: str, *, err: bool = False) -> None:
    """Print lines for people."""
    typer.echo(shown_lines(text), err=err)


def say_json(value: Any, *, indent: bool = False) -> None:
    """Print JSON for other programs."""
    option = orjson.OPT_INDENT_2 if indent else 0
    typer.echo(shown_json(orjson.dumps(value, option=option).decode()))

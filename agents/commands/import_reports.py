"""What imports and looks say, for people and for programs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from agents.imports.imported import Imported
from agents.imports.look import Look, column_lines, command_line
from agents.imports.presets import PRESETS
from agents.screen import say, say_json
from schemas.currencies import major
from schemas.errors import TendError
from schemas.shown import shown

LOOK_ROWS = 100_000
"""Rows of which a look tells what would be made."""
_BOUND = 0.01
_WIDEST_NAME, _WIDEST_VALUES = 40, 80


class LookReport(NamedTuple):
    """Everything that a look at a file reports."""

    file: Path
    look: Look
    options: list[str]
    made: Imported | None
    """Of the first rows; None where nothing could be made."""
    refused: str
    needs_currency: bool


def tell(found: Imported, as_json: bool, *, aside: bool = False) -> None:
    """Say what became of an import; what could not be read goes to the standard error.

    Args:
        found: what became of it.
        as_json: for a program.
        aside: whether something greater goes on, so that all of it goes to the standard error, without what comes next.

    Raises:
        TendError: nothing was written.
    """
    left_out, console = found.left_out, Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    for line in left_out.first:
        console.print(shown(line))
    if left_out.count:
        console.print(shown(_left_out_words(found)))
    for remark in found.remarks:
        console.print(shown(f"note: {remark}"))
    if found.dropped:
        fields = ", ".join(f"{field} {count:,}" for field, count in found.dropped.most_common())
        left = f"note: optional fields that are not understood were left out of their events: {fields}"
        console.print(shown(left))
    if found.ids.count:
        console.print(shown(f"{found.ids.count:,} customers have another id here than in the shop: {found.ids.path}"))
    if as_json:
        say_json(summary_of(found))
    elif not found.refused:
        lines = summary_line(found).splitlines()
        say("\n".join(lines[:-1] if aside else lines), err=aside)
    if found.refused:
        raise TendError(found.refused)


def _left_out_words(found: Imported) -> str:
    left_out = found.left_out
    parts = [f"{count:,} {reason}" for reason, count in left_out.meant.most_common()]
    if left_out.unreadable:
        fields = ", ".join(f"{field} {count:,}" for field, count in left_out.fields.most_common())
        parts.insert(0, f"{left_out.unreadable:,} rows unreadable ({fields})")
    return f"left out: {'; '.join(parts)}. All of them: {left_out.path}"


def summary_line(found: Imported) -> str:
    """An import in a few lines, with the totals to hold against the shop's own books."""
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(found.events.items()))
    money = "; ".join(
        f"{code} {major(total['placed'], code):,} placed"
        + "".join(f", {major(total[what], code):,} {what}" for what in ("paid back", "cancelled") if total[what])
        for code, total in sorted(found.totals.items())
    )
    if products := found.events["product"]:
        feed = shlex.quote(str(found.out))
        return f"{found.rows:,} rows: {products:,} products in {found.out}\nnext: tend products {feed}"
    what = f"{found.orders:,} orders" if found.orders else f"{found.events.total():,} events"
    lines = [
        f"{found.rows:,} rows: {what} from {found.first[:10]} to {found.last[:10]} in {found.out}",
        f"events: {kinds}",
        *([f"money: {money}"] if money else []),
        f"next: tend replay --events {shlex.quote(str(found.out))}",
    ]
    return "\n".join(lines)


def summary_of(found: Imported) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "rows": found.rows, "lines": found.lines, "orders": found.orders, "events": dict(found.events),
        "totals": {code: dict(total) for code, total in found.totals.items()},
        "left_out": found.left_out.count, "unreadable": found.left_out.unreadable, "meant": dict(found.left_out.meant),
        "remarks": found.remarks, "dropped": dict(found.dropped), "from": found.first, "to": found.last,
        "out": "" if found.refused else str(found.out),
        "refused": found.refused,
    }  # fmt: skip


def tell_look(seen: LookReport) -> None:
    """Print a look at a file."""
    _tell_layout(seen.look)
    if seen.made is not None and not seen.refused:
        _tell_made(seen.made)
    if seen.refused:
        say(f"As it is, an import would stop: {seen.refused}")
    if seen.look.missing:
        options = ", ".join(f"--{meaning} COL" for meaning in seen.look.missing)
        say(f"No column seems to be {', '.join(seen.look.missing)}: say it with {options}.")
    elif seen.needs_currency:
        say("The file does not say in which currency its amounts are. Look again with yours, such as:")
        say(f"  tend import look {shlex.quote(str(seen.file))} --currency EUR")
    else:
        say("To import it, with what is asked above:" if seen.refused else "To import it:")
        say(f"  {command_line(seen.file, seen.options)}")


def _tell_layout(look: Look) -> None:
    for index, table in enumerate(look.tables):
        source = table.source
        how = {"text": f"text in {source.encoding}", "json": f"JSON in {source.encoding}", "sheet": "spreadsheet"}
        layout = {"\t": "tab", "blanks": "runs of blanks", "": ""}.get(table.delimiter, repr(table.delimiter))
        head = f"header in line {table.skipped + 1}" if table.named else "no header: columns are 1, 2, 3 …"
        say(f"{source.name}: {how[source.kind]}{', columns by ' + layout if layout else ''}, {head}")
        lines = column_lines(look, index)
        wide = min(_WIDEST_NAME, max(len(name) for name, _, _ in lines))
        for name, meaning, values in lines:
            say(f"  {name:<{wide}}  {meaning or '-':<14} {values[:_WIDEST_VALUES]}")
    if look.preset:
        say(f"This is {PRESETS[look.preset].title}.")


def _tell_made(made: Imported) -> None:
    several = f"Of the first {LOOK_ROWS:,} rows: " if made.rows >= LOOK_ROWS else ""
    without = made.left_out.meant.total()
    say(f"{several}{made.rows:,} rows, {made.orders + without:,} orders, {without:,} without sale.")
    say("\n".join(summary_line(made).splitlines()[1:3]))
    if made.left_out.count:
        say(_left_out_words(made).partition(". All of them")[0])
    if made.left_out.unreadable > made.rows * _BOUND:
        say("More rows cannot be read than the 1 % that are passed over, such as:")
        for line in made.left_out.first[:3]:
            say(f"  {line}")
    for remark in made.remarks:
        say(f"note: {remark}")


def look_json(seen: LookReport) -> dict[str, Any]:
    """The same as JSON."""
    return {
        "tables": [
            {
                "name": table.source.name, "kind": table.source.kind, "encoding": table.source.encoding,
                "delimiter": table.delimiter, "header_line": table.skipped + 1 if table.named else None,
                "columns": [
                    {"name": name, "meaning": meaning, "values": values}
                    for name, meaning, values in column_lines(seen.look, index)
                ],
            }
            for index, table in enumerate(seen.look.tables)
        ],
        "preset": seen.look.preset, "missing": seen.look.missing,
        "would_make": summary_of(seen.made) if seen.made else None, "refused": seen.refused,
        "command": command_line(seen.file, seen.options),
    }  # fmt: skip

"""The command line, ``tend``: one place where commands are mounted and errors become words."""

from __future__ import annotations

import sys
from importlib import import_module

import typer

from schemas.errors import DependencyUnavailable, TendError

COMMANDS = {
    "demo": "demo.demo",
    "worker": "worker.worker",
    "learn": "learn.learn",
    "replay": "replay.replay",
    "rebuild": "rebuild.rebuild",
    "snapshot": "snapshots.snapshot",
    "restore": "snapshots.restore",
    "import": "imports.app",
    "topics": "topics.app",
    "customer": "customer.customer",
    "actions": "actions.app",
    "why": "why.why",
    "dead-letters": "dead_letters.app",
    "rules": "rules.app",
    "messages": "messages.app",
    "rehearse": "rehearse.rehearse",
    "churn": "churn.app",
    "console": "console.console",
}
"""Each command with its module below ``agents.commands`` and the function or group in it, in the order of help."""


def application(named: str = "") -> typer.Typer:
    """All commands; or only the one that is named, so that nobody waits for what another command imports."""
    app = typer.Typer(
        name="tend",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Looks after a store's customers, event by event.",
        epilog="Settings come from TEND_… variables and a TOML file; see docs/settings.md.",
    )
    app.callback()(_any_command)
    for name in [named] if named in COMMANDS else COMMANDS:
        _mount(app, name)
    return app


def main() -> None:
    """Run a command; what a person can put right is told without a traceback, with exit status 2."""
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else "")()
    except (TendError, DependencyUnavailable) as error:
        typer.echo(f"tend: {error}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _mount(app: typer.Typer, name: str) -> None:
    module, _, what = COMMANDS[name].partition(".")
    command = getattr(import_module(f"agents.commands.{module}"), what)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    else:
        app.command(name)(command)


def _any_command() -> None:
    # An application of one command would otherwise be that command, and its name an argument too many.
    pass


if __name__ == "__main__":
    main()

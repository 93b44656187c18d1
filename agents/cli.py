"""The command line, ``tend``: one place where commands are mounted and errors become words."""

from __future__ import annotations

import typer

from agents.commands import actions, churn, customer, dead_letters, demo, imports, replay, rules, services, topics, why
from schemas.errors import DependencyAway, TendError

app = typer.Typer(
    name="tend",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Looks after a store's customers, event by event.",
    epilog="Settings come from TEND_… variables and a TOML file; see docs/settings.md.",
)
app.command("demo")(demo.demo)
app.command("worker")(services.worker)
app.command("learn")(services.learn)
app.command("replay")(replay.replay)
app.add_typer(imports.app, name="import")
app.add_typer(topics.app, name="topics")
app.command("customer")(customer.customer)
app.add_typer(actions.app, name="actions")
app.command("why")(why.why)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(rules.app, name="rules")
app.add_typer(churn.app, name="churn")


def main() -> None:
    """Run a command; what a person can put right is told without a traceback, with exit status 2."""
    try:
        app()
    except (TendError, DependencyAway) as error:
        typer.echo(f"tend: {error}", err=True)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()

"""The command line, ``tend``: one place where commands are found and errors become words.

A command is imported when it is named, and nothing else: the list of commands, a misspelt one and the version answer
without the engine being loaded.
"""

from __future__ import annotations

import difflib
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

from schemas.errors import DependencyUnavailable, NotFound, TendError
from schemas.shown import shown_lines

if TYPE_CHECKING:
    import typer


class Command(NamedTuple):
    """Where a command is, below ``agents.commands``, and the first line of its help."""

    where: str
    help: str


COMMANDS: Final = {
    "demo": Command("demo.demo", "Show what tend does, on a real year of orders or on your own."),
    "serve": Command("serve.serve", "Run a whole installation on this machine, kept over restarts."),
    "worker": Command("worker.worker", "Run the lanes of the partitions that the group gives this process."),
    "learn": Command("learn.learn", "Run the learner: merge what all lanes have learned, epoch by epoch."),
    "replay": Command("replay.replay", "Send a history through the topics, in its order and with its times."),
    "rebuild": Command("rebuild.rebuild", "Make all records anew from Kafka."),
    "snapshot": Command("snapshots.snapshot", "Keep a copy of all records."),
    "restore": Command("snapshots.restore", "Bring back a copy of all records."),
    "import": Command("imports.app", "Turn what shops export into files of events."),
    "products": Command("products.products", "Tell customers' lists what has changed in the shop's catalogue."),
    "topics": Command("topics.app", "Make the topics of an installation, or check them."),
    "customer": Command("customer.customer", "Show one customer on one page."),
    "actions": Command("actions.app", "Look at the actions that go out to senders."),
    "why": Command("why.why", "Tell why an action was given out, held or refused; or why there was none."),
    "dead-letters": Command("dead_letters.app", "Look at what could not be handled, and send it again."),
    "quality": Command("quality.quality", "Tell how good the events are that each source sends."),
    "rules": Command("rules.app", "Check, list and publish rules, and see the facts they may use."),
    "messages": Command("messages.app", "Look at what rules say, in any language, and send it to yourself."),
    "send": Command("send.app", "Send what was decided: by mail, SMS, or to a system of your own."),
    "gateway": Command("gateway.gateway", "Take events by HTTP, and serve the pages that links lead to."),
    "traces": Command("traces.traces", "Export what became of events, from event to receipt, to OpenTelemetry."),
    "rehearse": Command("rehearse.rehearse", "Try rules on a file of events, without any server."),
    "churn": Command("churn.app", "Measure how well churn is predicted."),
    "console": Command("console.console", "Serve the console: what happens now, customers, rules; in a browser."),
    "api": Command("console.api", "Serve the API alone: the same for programs."),
    "rollups": Command("rollups.rollups", "Keep what console and API show; they have it done by themselves."),
}
"""Each command, in the order of help."""
EXIT_CODES: Final = {
    0: "done",
    2: "something to put right: an option, a file, a setting",
    3: "not found: no such customer, action or dead letter",
    4: "a server does not answer; nothing is lost, try again",
    130: "interrupted",
}
"""What the exit status of any command means; 1 is a fault of tend itself, with a traceback."""
_COMPLETING: Final = "_TEND_COMPLETE"
_HELP: Final = ("-h", "--help")


def application(named: str = "") -> typer.Typer:
    """All commands; or only the one that is named, so that nobody waits for what another command imports."""
    import typer

    app = typer.Typer(
        name="tend",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": list(_HELP)},
        help="Looks after a store's customers, event by event.",
        epilog="Settings come from TEND_… variables and a TOML file; see docs/settings.md.",
    )
    app.callback()(_any_command)
    for name in [named] if named in COMMANDS else COMMANDS:
        _mount(app, name)
    return app


def main() -> None:
    """Run a command; what a person can put right is told without a traceback, see ``EXIT_CODES``."""
    words = sys.argv[1:]
    if _COMPLETING in os.environ:
        _complete()
    elif not words or words[0] in _HELP:
        print(overview())  # noqa: T201  # the engine is not loaded for this
    elif words[0] == "--version":
        print(_version())  # noqa: T201  # likewise
    elif words[0] not in COMMANDS and not words[0].startswith("-"):
        _end(_misspelt(words[0]), 2)
    else:
        _run(words[0])


def overview() -> str:
    """The list of commands."""
    lines = ["Usage: tend COMMAND [OPTIONS]", "", "Looks after a store's customers, event by event.", "", "Commands:"]
    wide = max(map(len, COMMANDS))
    lines += [f"  {name:<{wide}}  {command.help}" for name, command in COMMANDS.items()]
    lines += [
        "",
        "  tend COMMAND --help       what a command does, with an example",
        "  tend --version            which tend this is",
        "  tend --install-completion make the shell complete commands and options",
        "",
        "Exit status: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + ".",
        "Settings come from TEND_… variables and a TOML file; see docs/settings.md.",
    ]
    return "\n".join(lines)


def _run(name: str) -> None:
    try:
        application(name)(prog_name="tend")
    except NotFound as error:
        _end(str(error), 3)
    except TendError as error:
        _end(str(error), 2)
    except DependencyUnavailable as error:
        _end(str(error), 4)
    except OSError as error:
        if error.filename is None:
            raise
        _end(f"{error.filename}: {error.strerror}", 2)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _end(message: str, status: int) -> None:
    print(shown_lines(f"tend: {message}"), file=sys.stderr)  # noqa: T201  # whatever was loaded, this is how it ends
    raise SystemExit(status)


def _misspelt(word: str) -> str:
    near = difflib.get_close_matches(word, COMMANDS, 3, 0.5)
    meant = f"Is {' or '.join(f'`tend {name}`' for name in near)} meant?" if near else "`tend` lists the commands."
    return f"there is no command {word!r}. {meant}"


def _complete() -> None:
    """Answer the shell's question for what may come next; the command that is being written is loaded, or none."""
    written = os.environ.get("_TYPER_COMPLETE_ARGS", os.environ.get("COMP_WORDS", "")).split()
    if len(written) > 1 and written[1] in COMMANDS:
        application(written[1])(prog_name="tend")
        return
    import typer

    app = typer.Typer(name="tend")
    app.callback()(_any_command)
    for name, command in COMMANDS.items():
        app.command(name, help=command.help)(_any_command)
    app(prog_name="tend")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"tend {version('tend')}"
    except PackageNotFoundError:
        return "tend, from its sources"


def _mount(app: typer.Typer, name: str) -> None:
    import typer

    module, _, what = COMMANDS[name].where.partition(".")
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

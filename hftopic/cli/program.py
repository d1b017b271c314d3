"""Program that runs the commands: errors without tracebacks, warnings in one line, exit codes."""

import importlib
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from types import FrameType
from typing import Any

import click

from hftopic.cli.messages import in_options

DEBUG = "hftopic.debug"
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Program(click.Group):
    """Group of commands with exit codes 0 on success, 1 on an error, 2 on wrong usage, 130 when interrupted.

    An error is one message on standard error; ``--debug`` shows the traceback. If the reader of the output
    closes it early, as ``head`` does, this is not an error.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Commands in the order in which they were added, which is the order of a user's work."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _warner()
            try:
                result = super().invoke(ctx)
                sys.stdout.flush()  # a closed output raises its error here, where it is handled
                return result
            except KeyboardInterrupt:
                click.echo("Interrupted", err=True)
                ctx.exit(INTERRUPTED)
            except BrokenPipeError:
                _drop_output()
                ctx.exit(0)
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except Exception as error:
                if ctx.meta.get(DEBUG):
                    raise
                command = self.commands.get(ctx.invoked_subcommand or "")
                raise click.ClickException(in_options(_message(error), command)) from error


def import_modules(names: Sequence[str]) -> None:
    """Import modules of the user, which may be in the working folder.

    Raises
    ------
    click.ClickException
        A module does not exist, or fails.
    """
    if names:
        sys.path.insert(0, os.getcwd())
    for name in names:
        try:
            with redirect_stdout(sys.stderr):
                importlib.import_module(name)
        except Exception as error:
            if click.get_current_context().meta.get(DEBUG):
                raise
            raise click.ClickException(f"--import {name}: {type(error).__name__}: {error}") from error


def debug_option(command: Any) -> Any:
    """Add ``--debug``, which can be before or after the name of the command."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_note_debug,
        help="Show the traceback of an error.",
    )(command)


def stop_cleanly_when_terminated() -> None:
    """Turn SIGTERM into an exception, so that partly written files are removed."""
    signal.signal(signal.SIGTERM, _exit_terminated)


def _exit_terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    sys.exit(TERMINATED)


def _note_debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        ctx.meta[DEBUG] = True


def _drop_output() -> None:
    """Discard the rest of the output, because the reader of standard output has closed it."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _warner() -> Callable[..., None]:
    """Function that shows a warning in one line, and each text only once per command."""
    shown = set()

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            click.echo(f"Warning: {message}", err=True)

    return warn


def _message(error: Exception) -> str:
    """Message of an error; an unexpected error also shows the name of its class."""
    text = str(error).strip()
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (ValueError, OSError, RuntimeError, ImportError)) and text:
        return text
    return (
        f"{type(error).__name__}: {text}\nThis is an unexpected error; run with --debug to see the traceback."
    )

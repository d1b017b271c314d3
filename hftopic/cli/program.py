"""The program around the commands: errors without tracebacks, warnings in one line, exit codes."""

import os
import signal
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

from hftopic.cli.messages import in_options

DEBUG = "hftopic.debug"
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Program(click.Group):
    """Group of commands that ends with 0 on success, 1 on an error, 2 on wrong usage, 130 when interrupted.

    An error is one message on standard error; ``--debug`` lets the traceback through. That the reader of the
    output leaves early, as ``head`` does, is no error.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Commands in the order in which they were added, which is that of a user's work."""
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        with warnings.catch_warnings():
            warnings.showwarning = _warner()
            try:
                result = super().invoke(ctx)
                sys.stdout.flush()  # a reader that left is met here, where it is dealt with quietly
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


def debug_option(command: Any) -> Any:
    """``--debug``, which works before a command's name and after it."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_note_debug,
        help="Show the traceback of an error.",
    )(command)


def stop_cleanly_when_terminated() -> None:
    """A request to terminate unwinds the program, so that half-written files go with it."""
    signal.signal(signal.SIGTERM, _exit_terminated)


def _exit_terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    sys.exit(TERMINATED)


def _note_debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        ctx.meta[DEBUG] = True


def _drop_output() -> None:
    """The reader of standard output has what it wanted, as ``head`` has: what is left goes nowhere."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _warner() -> Callable[..., None]:
    """What shows a warning: one line, and once, however many steps of a command meet its cause."""
    shown = set()

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            click.echo(f"Warning: {message}", err=True)

    return warn


def _message(error: Exception) -> str:
    """What went wrong, in a line or a few; an error we did not word ourselves keeps its name."""
    text = str(error).strip()
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (ValueError, OSError, RuntimeError, ImportError)) and text:
        return text
    return f"{type(error).__name__}: {text}\nThis was not expected; --debug shows where it happened."

"""The program around the commands: errors without tracebacks, warnings in one line, exit codes."""

import re
import signal
import sys
import warnings
from collections.abc import Callable
from types import FrameType
from typing import Any

import click

DEBUG = "hftopic.debug"
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Program(click.Group):
    """Group of commands that ends with 0 on success, 1 on an error, 2 on wrong usage, 130 when interrupted.

    An error is one message on standard error; ``--debug`` lets the traceback through.
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
            except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
                raise
            except Exception as error:
                if ctx.meta.get(DEBUG):
                    raise
                raise click.ClickException(_in_options(_message(error), ctx, self)) from error


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


def _warner() -> Callable[..., None]:
    """What shows a warning: one line, and once, however many steps of a command meet its cause."""
    shown = set()

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in shown:
            shown.add(str(message))
            click.echo(f"Warning: {message}", err=True)

    return warn


def _in_options(message: str, ctx: click.Context, group: click.Group) -> str:
    """Message in which a parameter of the library, as ``text_column=``, is the option, ``--text-column``."""
    message = re.sub(r"(?<![\w.-])text= ", "an option for texts, as --min-df, ", message)
    command = group.commands.get(ctx.invoked_subcommand or "")
    for parameter in command.params if command else []:
        if isinstance(parameter, click.Option):
            option = max(parameter.opts, key=len)
            message = re.sub(rf"(?<![\w.-]){parameter.name}=(?=\w)", f"{option} ", message)
            message = re.sub(rf"(?<![\w.-]){parameter.name}=", option, message)
    return message


def _message(error: Exception) -> str:
    """What went wrong, in a line or a few; an error we did not word ourselves keeps its name."""
    text = str(error).strip()
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, (ValueError, OSError, RuntimeError, ImportError)) and text:
        return text
    return f"{type(error).__name__}: {text}\nThis was not expected; --debug shows where it happened."

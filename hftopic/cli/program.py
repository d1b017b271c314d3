"""Program that runs the commands: errors without tracebacks, warnings in one line, exit codes."""

import importlib
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, redirect_stdout
from types import FrameType
from typing import Any, NamedTuple, NoReturn

import click

from hftopic.cli.hints import hint
from hftopic.cli.job import n_processes, rank
from hftopic.cli.messages import in_options
from hftopic.cli.signals import tell
from hftopic.cli.terminal import OutputLostError, message, note, put

DEBUG, ARGUMENTS = "hftopic.debug", "hftopic.arguments"
INTERRUPTED = 128 + signal.SIGINT
TERMINATED = 128 + signal.SIGTERM


class Home(NamedTuple):
    """Where a command is defined, and what it does, in a line of the help of the program."""

    module: str
    name: str
    summary: str


class Commands(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is first looked up."""

    def __init__(self, homes: Mapping[str, Home]) -> None:
        self._homes: dict[str, Home | click.Command] = dict(homes)

    def __getitem__(self, name: str) -> click.Command:
        found = self._homes[name]
        if isinstance(found, Home):
            found = getattr(importlib.import_module(f"hftopic.cli.{found.module}"), found.name)
            self._homes[name] = found
        return found

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._homes[name] = command

    def __delitem__(self, name: str) -> None:
        del self._homes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._homes)

    def __contains__(self, name: object) -> bool:
        return name in self._homes

    def __len__(self) -> int:
        return len(self._homes)


class Program(click.Group):
    """Group of commands with exit codes: 0 success, 1 error, 2 wrong usage, 130 interrupted, 143 terminated.

    An error is one message on standard error; ``--debug`` shows the traceback. If the reader of the output
    closes it early, as ``head`` does, this is not an error.
    """

    def __init__(self, *arguments: Any, homes: Mapping[str, Home], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.homes, self.commands = homes, Commands(homes)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Commands in the order of a user's work, and then those that were added."""
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write a line for each command, without importing those of the package."""
        summaries = {name: home.summary for name, home in self.homes.items()}
        added = [name for name in self.commands if name not in summaries]
        summaries |= {name: self.commands[name].get_short_help_str() for name in added}
        with formatter.section("Commands"):
            formatter.write_dl(list(summaries.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command, whose name may be two words: ``corpus build``."""
        if " ".join(args[:2]) in self.commands:
            args = [" ".join(args[:2]), *args[2:]]
        return super().resolve_command(ctx, args)

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        with _printable_errors():
            try:
                return super().make_context(*arguments, **settings)
            except OSError as error:  # --help and --version are printed here
                _drop_output()
                if isinstance(error, BrokenPipeError):
                    sys.exit(0)
                raise click.ClickException(_lost(error)) from error

    def invoke(self, ctx: click.Context) -> Any:
        with warnings.catch_warnings(), _printable_errors():
            warnings.showwarning = _warner(lambda text: in_options(text, self._command(ctx)))
            try:
                result = super().invoke(ctx)
                put(end=False)  # flushes: an output that cannot be written is told here
                return result
            except KeyboardInterrupt:
                note("Interrupted")
                ctx.exit(INTERRUPTED)
            except click.UsageError as error:
                _give_hint(error, ctx.meta[ARGUMENTS])
                raise
            except (click.ClickException, click.exceptions.Exit, click.Abort):
                raise
            except Exception as error:
                self._end(ctx, error)

    def _end(self, ctx: click.Context, error: Exception) -> NoReturn:
        """End the program after an error that is no message yet."""
        if isinstance(error, OutputLostError):
            _drop_output()
            if isinstance(error.__cause__, BrokenPipeError):
                ctx.exit(0)
        if ctx.meta.get(DEBUG):
            note("".join(traceback.format_exception(error)).rstrip())
            ctx.exit(1)
        raise click.ClickException(in_options(_message(error), self._command(ctx))) from error

    def _command(self, ctx: click.Context) -> click.Command | None:
        """The command that runs, if one does yet."""
        return self.commands.get(ctx.invoked_subcommand or "")


def _give_hint(error: click.UsageError, arguments: Sequence[str]) -> None:
    """Add to the message of a wrong usage what was probably meant."""
    command = None if error.ctx is None else error.ctx.command
    options = [name for parameter in (command.params if command else ()) for name in parameter.opts]
    suggested = hint(arguments, options)
    if suggested:
        vars(error)["message"] = f"{error.message}\nHint: {suggested}"
        if isinstance(error, click.NoSuchOption):
            vars(error)["possibilities"] = None  # options that only look alike


def import_modules(names: Sequence[str], option: str = "--import") -> None:
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
            raise click.ClickException(f"{option} {name}: {type(error).__name__}: {error}") from error


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


def open_standard_streams() -> None:
    """Open what the caller has closed, so that no file of ours becomes standard input, output or error.

    Raises
    ------
    SystemExit
        Standard output is closed: there is no place for results.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if name in closed:
            opened = os.open(os.devnull, os.O_RDWR)
            os.dup2(opened, number)
            if opened != number:
                os.close(opened)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False))
    if "stdout" in closed:
        note("Error: standard output is closed; redirect it to a file, or to /dev/null")
        sys.exit(1)


def _exit_terminated(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    if n_processes() > 1:  # torchrun may be faster than the message about a process that is lost
        tell(
            f"Process {rank()} is terminated, as torchrun does when another process of the job has ended, "
            "or when it is stopped itself\n"
        )
    sys.exit(TERMINATED)


def _note_debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value:
        ctx.meta[DEBUG] = True


def _drop_output() -> None:
    """Discard the rest of the output, which cannot be written."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


@contextmanager
def _printable_errors() -> Iterator[None]:
    """Errors whose messages, such as a name from a corpus, cannot send control sequences to a terminal."""
    try:
        yield
    except click.ClickException as error:
        of_process = f"process {rank()}: " if rank() else ""
        vars(error)["message"] = message(of_process + error.message)
        raise


def _warner(translated: Callable[[str], str]) -> Callable[..., None]:
    """Function that shows a warning in one line, and each text only once per command."""
    shown = set()

    def warn(warning: Warning | str, *_: object, **__: object) -> None:
        if str(warning) not in shown:
            shown.add(str(warning))
            note(f"Warning: {translated(str(warning))}")

    return warn


def _message(error: Exception) -> str:
    """Message of an error; an unexpected error also shows the name of its class."""
    text = str(error).strip()
    if isinstance(error, OutputLostError):
        return _lost(error.__cause__)
    if isinstance(error, MemoryError):
        return f"there is not enough memory{f': {text}' if text else ''}; use fewer words or documents"
    if isinstance(error, OSError) and error.strerror:
        places = [os.fsdecode(place) for place in (error.filename, error.filename2) if _is_path(place)]
        return ": ".join([*places, error.strerror])
    if isinstance(error, UnicodeError):
        return f"a text cannot be read or written in this encoding: {text}"
    if isinstance(error, (ValueError, OSError, RuntimeError, ImportError)) and text:
        return text
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{named}\nThis is an unexpected error; run with --debug to see the traceback."


def _lost(error: BaseException | None) -> str:
    return f"cannot write to standard output: {getattr(error, 'strerror', error)}"


def _is_path(place: object) -> bool:
    return isinstance(place, str | bytes | os.PathLike)

"""Options shared by several commands; those that describe a corpus are in :mod:`hftopic.cli.sources`."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import click

from hftopic.cli.program import debug_option
from hftopic.cli.values import SEED, existing_file

Command = Callable[..., Any]


def words_option(default: int = 10, lowest: int = 1) -> Callable[[Command], Command]:
    """``-n`` and ``--words``; the command gets ``n_words``."""
    return click.option(
        "-n",
        "--words",
        "n_words",
        type=click.IntRange(lowest),
        default=default,
        show_default=True,
        help="Number of top words per topic.",
    )


permutations_option = click.option(
    "--permutations",
    type=click.IntRange(1),
    default=999,
    show_default=True,
    help="Number of permutations of the correlation test.",
)
seed_option = click.option("--seed", type=SEED, default=0, show_default=True, help="Random seed.")
quiet_option = click.option("--quiet", is_flag=True, help="Do not show progress.")


def vocabulary_option(command: Command) -> Command:
    """Add ``--vocabulary`` to a command that takes a corpus but no model."""
    return click.option(
        "--vocabulary",
        type=existing_file,
        help="Vocabulary file, one word per line: the column names of a count matrix without a vocabulary, "
        "or the words to count in texts.",
    )(command)


def style_options(command: Command) -> Command:
    """Add ``--json`` and ``--csv``, at most one of which can be given; the command gets ``style``."""

    @wraps(command)
    def with_style(*, as_json: bool, as_csv: bool, **given: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv cannot be used together; choose one")
        return command(style="json" if as_json else "csv" if as_csv else None, **given)

    return with_options(
        with_style,
        [
            click.option("--json", "as_json", is_flag=True, help="Print JSON."),
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        ],
    )


def command_options(command: Command) -> Command:
    """Add the options of every command."""
    return with_options(command, [debug_option])


def with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    """Add options to a command; its help lists them in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def check_free(path: Path, force: bool, is_file: bool = False) -> None:
    """Check before any work that the output can be written, by writing beside it.

    Raises
    ------
    click.ClickException
        The path exists and ``--force`` was not given, it is a folder but a file must be written, or it cannot
        be written.
    """
    from hftopic._files import followed, prove_writable

    target = followed(path)
    if is_file and target.is_dir():
        raise click.ClickException(
            f"{path} is a folder and cannot be replaced by a file; choose another --out"
        )
    if not force and target.exists() and not _is_empty_folder(target):
        raise click.ClickException(f"{path} already exists; pass --force to replace it")
    try:
        prove_writable(path)
    except OSError as error:
        told = str(error) if error.strerror is None else f"cannot write {path}: {error.strerror}"
        raise click.ClickException(told) from error


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())

"""Command line: one command per task.

These modules parse options, call the library and print results. Heavy modules are imported inside the
commands, so that ``--help`` is fast.
"""

import click

from hftopic.cli.assigning import transform
from hftopic.cli.building import build
from hftopic.cli.comparison import compare
from hftopic.cli.corpora import describe
from hftopic.cli.demonstration import demo
from hftopic.cli.documents import documents, find
from hftopic.cli.editing import edit
from hftopic.cli.effects import effects
from hftopic.cli.inspection import correlate, evaluate, topics
from hftopic.cli.modelling import fit
from hftopic.cli.naming import names
from hftopic.cli.program import (
    Program,
    debug_option,
    import_modules,
    open_standard_streams,
    stop_cleanly_when_terminated,
)
from hftopic.cli.reporting import report
from hftopic.cli.running import run
from hftopic.cli.times import over_time


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hftopic", prog_name="hftopic", message="%(prog)s %(version)s")
@click.option(
    "--import",
    "modules",
    multiple=True,
    metavar="MODULE",
    help="Import a module first, which registers classes or formats of yours; can be repeated.",
)
@debug_option
def program(modules: tuple[str, ...]) -> None:
    """Topic models that learn groups of topics: independent within a group, free to correlate across groups.

    Results go to standard output; progress and notes go to standard error. Exit codes: 0 success, 1 error,
    2 wrong usage, 130 interrupted, 143 terminated.
    """
    import_modules(modules)


for command in (
    demo,
    run,
    fit,
    topics,
    names,
    edit,
    find,
    documents,
    transform,
    report,
    evaluate,
    correlate,
    effects,
    over_time,
    compare,
    describe,
    build,
):
    program.add_command(command)


def main() -> None:
    """Entry point of the ``hftopic`` script."""
    open_standard_streams()
    stop_cleanly_when_terminated()
    program(prog_name="hftopic")

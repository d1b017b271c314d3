"""Command line: one verb a job.

Modules here parse, call the library and print; what is heavy they import inside the commands, so that
``--help`` is there at once.
"""

import click

from hftopic.cli.comparison import compare
from hftopic.cli.corpora import describe
from hftopic.cli.demonstration import demo
from hftopic.cli.inspection import correlate, evaluate, topics
from hftopic.cli.modelling import fit, transform
from hftopic.cli.program import Program, debug_option, stop_cleanly_when_terminated
from hftopic.cli.reporting import report


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="hftopic", prog_name="hftopic", message="%(prog)s %(version)s")
@debug_option
def program() -> None:
    """Topic models that learn groups of topics: independent within a group, free to correlate across groups.

    Results go to standard output, progress and notes to standard error. The exit code is 0 on success, 1 on
    an error, 2 when the command was used wrongly, 130 when it was interrupted.
    """


for command in (demo, fit, transform, topics, evaluate, correlate, report, compare, describe):
    program.add_command(command)


def main() -> None:
    """Entry point of the ``hftopic`` script."""
    stop_cleanly_when_terminated()
    program(prog_name="hftopic")

"""Command line: one command per task.

These modules parse options, call the library and print results. The module of a command is imported when it
is called, and heavy modules inside the commands, so that ``--help`` is fast.
"""

import click

from hftopic.cli.program import (
    Home,
    Program,
    debug_option,
    import_modules,
    open_standard_streams,
    stop_cleanly_when_terminated,
)

COMMANDS = {
    "demo": Home("demonstration", "demo", "Fit grouped topics on the docstrings of installed packages."),
    "run": Home("running", "run", "From CORPUS to a report, in one command."),
    "fit": Home("modelling", "fit", "Fit a topic model on CORPUS and save it."),
    "topics": Home("inspection", "topics", "Print the top words of the topics of MODEL, by group."),
    "names": Home("naming", "names", "Print or change the names of topics."),
    "edit": Home("editing", "edit", "Merge, drop and rename topics of MODEL."),
    "find": Home("documents", "find", "Print the topics of some words."),
    "documents": Home("documents", "documents", "Print the documents of each topic, with their texts."),
    "transform": Home("assigning", "transform", "Write the topics of each document as a table."),
    "report": Home("reporting", "report", "Write a self-contained HTML report of MODEL on CORPUS."),
    "evaluate": Home("inspection", "evaluate", "Evaluate MODEL: perplexity, active topics, coherence."),
    "correlate": Home("inspection", "correlate", "Print the correlations between the topics of MODEL."),
    "effects": Home("effects", "effects", "Estimate the effects of metadata on the topics of MODEL."),
    "over-time": Home("times", "over_time", "Print the topics of MODEL over time."),
    "compare": Home("comparison", "compare", "Fit several settings of a model on CORPUS."),
    "corpus": Home("corpora", "describe", "Describe CORPUS, or convert it."),
    "corpus build": Home("building", "build", "Build a corpus from texts that need not fit into memory."),
}
"""The commands in the order of a user's work."""


@click.group(
    cls=Program,
    homes=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
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


def main() -> None:
    """Entry point of the ``hftopic`` script."""
    open_standard_streams()
    stop_cleanly_when_terminated()
    program(prog_name="hftopic")

"""Options for what a model is told beforehand: metadata on which its prior depends, and seed words."""

import click

from hftopic.cli.options import Command
from hftopic.cli.values import Finite, SeedWords, Shrinkage

_OPTIONS = (
    click.option(
        "--prevalence",
        help="Formula of the metadata of CORPUS on which the prior of a document depends, such as "
        "'party + bs(day, df=4)'.",
    ),
    click.option(
        "--prevalence-shrinkage",
        type=Shrinkage(),
        help="How coefficients of --prevalence are shrunk: learned for each column (auto), or a ridge in "
        "documents.  [default: auto]",
    ),
    click.option(
        "--missing-metadata",
        type=click.Choice(["raise", "drop"]),
        help="Documents without a value that --prevalence needs are an error, or left out.  [default: raise]",
    ),
    click.option(
        "--seed-words",
        type=SeedWords(),
        help="File of words that guide topics: JSON with lists of words by name, or CSV with the columns "
        "word, and name, topic or group.",
    ),
    click.option(
        "--seed-strength",
        type=Finite(0, 1),
        help="How much the seed words guide their topics, from 0 to 1.  [default: 0.5]",
    ),
)


def beforehand_options(command: Command) -> Command:
    """The options as parameters of the estimator: ``prevalence`` … and ``seed_words`` …"""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command

"""Suggestions for options that are written in another form than the program takes."""

import re
from collections.abc import Sequence
from itertools import takewhile

OF_GROUPS = "--groups"
# What people write for the number of topics; it is the sum of the groups here.
NUMBER_OF_TOPICS = ("--topics", "--n-topics", "--num-topics", "--n-components", "--k", "-k")
_SIZES = re.compile(r"\d+(,\d+)*,?")


def hint(arguments: Sequence[str], options: Sequence[str]) -> str:
    """Suggestion for a command line that was refused; "" if there is none.

    Parameters
    ----------
    arguments : sequence of str
        The command line, after the name of the program.
    options : sequence of str
        Options of the command.

    Examples
    --------
    >>> hint(["fit", "corpus", "--groups", "10", "10"], ["--groups"])
    '--groups takes one value: did you mean --groups 10,10?'
    >>> print(hint(["fit", "corpus", "--topics", "50"], ["--groups"]))
    the number of topics is that of all groups: --groups 25,25 has 50 topics, --groups 50 has one group of 50
    """
    if OF_GROUPS not in options:
        return ""
    after = arguments[arguments.index(OF_GROUPS) + 1 :] if OF_GROUPS in arguments else []
    given = list(takewhile(_SIZES.fullmatch, after))
    if len(given) > 1:
        sizes = ",".join(part.strip(",") for part in given)
        return f"{OF_GROUPS} takes one value: did you mean {OF_GROUPS} {sizes}?"
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name in NUMBER_OF_TOPICS and name not in options:
            return _by_groups(value or next(iter(arguments[place + 1 :]), ""))
    return ""


def _by_groups(value: str) -> str:
    n_topics = int(value) if value.isdecimal() and int(value) > 1 else 50
    halves = f"{n_topics - n_topics // 2},{n_topics // 2}"
    return (
        f"the number of topics is that of all groups: {OF_GROUPS} {halves} has {n_topics} topics, "
        f"{OF_GROUPS} {n_topics} has one group of {n_topics}"
    )

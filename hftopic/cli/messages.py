"""Messages of the library in the words of the command line: its parameters are options here.

Only what is certainly a parameter is put in other words, so that every message stays readable.
"""

import re
from collections.abc import Mapping

import click

_TEXT = re.compile(r"(?<![\w.-])text= ")
_GROUP = r"\((?:[^()]|\([^()]*\))*\)"  # in parentheses stand calls, such as HFVAE(alpha=1), left as they are
_VALUE = r"""'(?P<plain>[\w.:/,-]+)'|"[^"]*"|'[^']*'|[\w.+-]+(?![\w(])"""


def in_options(message: str, command: click.Command | None) -> str:
    """Message in which ``learning_rate`` and ``device='cuda'`` are ``--learning-rate``, ``--device cuda``.

    Parameters
    ----------
    message : str
    command : click.Command or None
        Whose options take the place of parameters.

    Examples
    --------
    >>> command = click.Command("fit", params=[click.Option(["--device"])])
    >>> in_options("device='cuda' cannot be used here", command)
    '--device cuda cannot be used here'
    """
    options = {
        parameter.name: max(parameter.opts, key=len)
        for parameter in (command.params if command else ())
        if isinstance(parameter, click.Option) and parameter.name
    }
    message = _TEXT.sub("an option for texts, as --min-df, ", message)
    return _assigned(options).sub(lambda found: _as_option(found, options), message) if options else message


def _assigned(options: Mapping[str, str]) -> re.Pattern[str]:
    """A group in parentheses; ``name=`` with its value or without; ``a_name`` no word of a language has."""
    every = "|".join(sorted(options, key=len, reverse=True))
    unmistakable = "|".join(name for name in sorted(options, key=len, reverse=True) if "_" in name) or "(?!)"
    return re.compile(
        rf"{_GROUP}|(?<![\w.'\"/-])(?:(?P<name>{every})=(?P<value>{_VALUE}|(?=[ :]))"
        rf"|(?P<bare>{unmistakable})(?![\w='\"/(-]|\.\w))"
    )


def _as_option(found: re.Match[str], options: Mapping[str, str]) -> str:
    if found["bare"]:
        return options[found["bare"]]
    if not found["name"]:
        return found[0]
    value = found["plain"] or found["value"]
    return f"{options[found['name']]} {value}" if value else options[found["name"]]

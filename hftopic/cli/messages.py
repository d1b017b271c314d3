"""Translation of parameter names in error messages of the library to command-line options.

Only words that are certainly parameters are replaced, so that every message stays readable.
"""

import re
from collections.abc import Mapping

import click

_TEXT = re.compile(r"(?<![\w.-])text= ")
_ENCODED = re.compile(r", or where there is no such parameter model\.encode\(X, \w+=\.\.\.\) instead of X")
_METADATA = re.compile(r"pass metadata=( or a Corpus that has some)?")
# Calls in parentheses, such as HFVAE(alpha=1), are not changed.
_GROUP = r"\((?=[^()]*[=(])(?:[^()]|\([^()]*\))*\)"
_VALUE = r"""'(?P<plain>[\w.:/,-]+)'|"[^"]*"|'[^']*'|[\w+-][\w.+-]*(?![\w(])"""


def in_options(message: str, command: click.Command | None) -> str:
    """Message with ``--learning-rate``, ``--device cuda`` for ``learning_rate``, ``device='cuda'``.

    Parameters
    ----------
    message : str
    command : click.Command or None
        Command whose options replace the parameters.

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
    message = _TEXT.sub("a text option, such as --min-df, ", message)
    message = _METADATA.sub("pass a CORPUS that has some", _ENCODED.sub("", message))
    message = message.replace("a Corpus that has some", "a CORPUS that has some")
    return _assigned(options).sub(lambda found: _as_option(found, options), message) if options else message


def _assigned(options: Mapping[str, str]) -> re.Pattern[str]:
    """Pattern of a group in parentheses, of ``name=`` with or without a value, or of ``a_name``.

    A name without ``=`` must have an underscore, so that ordinary words are not replaced.
    """
    every = "|".join(sorted(options, key=len, reverse=True))
    unmistakable = "|".join(name for name in sorted(options, key=len, reverse=True) if "_" in name) or "(?!)"
    return re.compile(
        rf"{_GROUP}|(?<![\w.'\"/-])(?:(?P<name>{every})=(?P<value>{_VALUE}|(?=[ :;,)]|\.?(?:\s|$)))"
        rf"|(?P<bare>{unmistakable})(?![\w='\"/(-]|\.\w))"
    )


def _as_option(found: re.Match[str], options: Mapping[str, str]) -> str:
    if found["bare"]:
        return options[found["bare"]]
    if not found["name"]:
        return found[0]
    value = found["plain"] or found["value"]
    return f"{options[found['name']]} {value}" if value else options[found["name"]]

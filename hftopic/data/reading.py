"""How texts became counts: what later files are read with, kept with a corpus and with a model."""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hftopic.data.validation import CorpusError

Reading = dict[str, Any]
"""Columns and other arguments of a table, the changed fields of TextOptions, and words left out, for JSON."""


def as_reading(reading: Any) -> Reading | None:
    """A copy of a reading, as JSON gives it back: tuples are lists.

    Raises
    ------
    CorpusError
        This is no dict, or JSON cannot hold it.
    """
    if reading is None:
        return None
    if not isinstance(reading, Mapping):
        raise CorpusError(f"reading must be a dict or None, not of type {type(reading).__name__}")
    try:
        made: Reading = json.loads(json.dumps(dict(reading), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise CorpusError(f"reading cannot be written as JSON: {error}") from error
    return made


GIVEN = "lists of words"
"""In place of the name of a tokenizer, of documents that were given as words."""


def name_of(function: Any) -> str:
    """Name of a function, which a file can hold: by which its module has it, if it has it."""
    module, own = getattr(function, "__module__", None), getattr(function, "__name__", "")
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if getattr(sys.modules.get(module or ""), own, None) == function:  # also a method, such as jieba.lcut
        name = own
    return name if module in (None, "builtins") else f"{module}:{name}"


def changed_options(options: Any) -> dict[str, Any]:
    """Fields of TextOptions that are not the defaults."""
    return {
        field.name: value
        for field in fields(options)
        if (value := getattr(options, field.name)) != field.default
    }


def options_of(reading: Reading | None) -> dict[str, Any]:
    """Arguments of TextOptions that a reading has; lists are tuples again."""
    held = {} if reading is None else reading.get("options", {})
    return {name: tuple(value) if isinstance(value, list) else value for name, value in held.items()}


def reading_of(options: Any, **columns: Any) -> Reading:
    """Reading with these options, and with those of the columns and other arguments that are not None.

    A tokenizer is its name, or a text that says where the words are from.
    """
    given = {name: value for name, value in columns.items() if value is not None}
    changed = changed_options(options)
    if changed.get("tokenizer") is not None:
        changed["tokenizer"] = name_of(changed["tokenizer"])
    return {**given, "options": changed}

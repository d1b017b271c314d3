"""Files of seed words: JSON, or CSV as spreadsheets save it."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hftopic._spreadsheets import with_formula
from hftopic.data.columns import columns_called
from hftopic.data.formats.lines import FormatError
from hftopic.data.sequences import described
from hftopic.models.guiding import SeedKey
from hftopic.models.naming import rows_and_columns, whole_number

KEYS = ("name", "topic", "group")  # columns or entries that say which topic a word guides
NEEDED = "seed words need the column word, and one of name, topic and group"
OBJECT = '{"economy": ["bank", "market"]} or [{"topic": 7, "words": ["team", "game"]}]'


def read_seed_words(path: str | os.PathLike[str]) -> dict[SeedKey, list[str]]:
    """Seed words of a file, as the parameter ``seed_words`` of :class:`hftopic.ProdLDA` takes them.

    Parameters
    ----------
    path : path-like
        A file that ends in ``.json`` has an object of lists of words by name, or a list of objects with
        ``words`` and one of ``name``, ``topic`` (its number) and ``group`` (its number; with ``name`` or
        without). Every other file is CSV, with a row for each word: the column ``word``, and columns of the
        same three names. Separator and encoding are found, as those of spreadsheets.

    Returns
    -------
    dict
        Words by name, number of a topic, or pair of a group and a name or None.

    Raises
    ------
    FormatError
        The file is no such file; the message has the line of CSV. A subclass of ValueError.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "seeds.csv")
    ...     _ = path.write_text("name,word\\neconomy,bank\\neconomy,market\\nsport,team\\n")
    ...     read_seed_words(path)
    {'economy': ['bank', 'market'], 'sport': ['team']}
    """
    file = Path(path)
    return _of_json(file) if file.suffix.lower() == ".json" else _of_table(file)


def _of_json(path: Path) -> dict[SeedKey, list[str]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"is not JSON: {error}", path) from error
    if isinstance(content, dict):
        content = [{"name": name, "words": words} for name, words in content.items()]
    found: dict[SeedKey, list[str]] = {}
    for number, entry in enumerate(content if isinstance(content, list) else [content], 1):
        if not isinstance(entry, dict) or not set(entry) <= {*KEYS, "words"}:
            raise FormatError(f"holds no sets of seed words; write {OBJECT}", path)
        words = entry.get("words")
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise FormatError(
                f"set {number} has {described(words)} as words; write a list of words, such as {OBJECT}", path
            )
        key = _key(entry.get("name"), entry.get("topic"), entry.get("group"), path, None)
        found.setdefault(key, []).extend(words)
    if not found:
        raise FormatError(f"holds no sets of seed words; write {OBJECT}", path)
    return found


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, in which lists of the same name are one.

    Raises
    ------
    ValueError
        Something else has a name twice.
    """
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(value, list) and isinstance(found[name], list):
            found[name] = found[name] + value
        else:
            raise ValueError(f"{name!r} is there twice, and is no list")
    return found


def _of_table(path: Path) -> dict[SeedKey, list[str]]:
    rows, places = rows_and_columns(path, _columns, NEEDED)
    found: dict[SeedKey, list[str]] = {}
    for line, row in rows:
        cells = {column: row[place].strip() for column, place in places.items() if place < len(row)}
        if not any(cells.values()):
            continue
        if not cells.get("word"):
            raise FormatError("has no word", path, line)
        name, topic, group = (cells.get(column) or None for column in KEYS)
        key = _key(name and with_formula(name), whole_number(topic), whole_number(group), path, line)
        found.setdefault(key, []).append(with_formula(cells["word"]))
    if not found:
        raise FormatError(f"has no rows; {NEEDED}", path)
    return found


def _columns(fields: Sequence[str]) -> dict[str, int] | None:
    """Places of the columns in a header; None without a word and what it guides."""
    names = [field.strip().strip('"') for field in fields]
    called = {column: columns_called(column, names) for column in ("word", *KEYS)}
    places = {column: names.index(found[0]) for column, found in called.items() if len(found) == 1}
    return places if "word" in places and len(places) > 1 else None


def _key(name: Any, topic: Any, group: Any, path: Path, line: int | None) -> SeedKey:
    """Key of a set of seed words."""
    for what, number in (("topic", topic), ("group", group)):
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            raise FormatError(f"{what} {number!r} is no whole number", path, line)
    if name is not None and not isinstance(name, str):
        raise FormatError(f"the name {name!r} is no text", path, line)
    if topic is not None:
        if name is not None or group is not None:
            raise FormatError(
                "a topic that is given by its number has no name and no group beside it; leave them out, and "
                "name the topic later",
                path,
                line,
            )
        return int(topic)
    if group is not None:
        return int(group), name
    if name is None:
        raise FormatError("says no topic: give its name, its number as topic, or its group", path, line)
    return str(name)

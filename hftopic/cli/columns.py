"""The column of texts of a table, if nobody names it."""

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT = 200  # rows
LONG = 10  # words on average from which a column is one of long texts
USUAL = "text"


def text_column_of(path: Path, arguments: dict[str, Any]) -> str | None:
    """The only column of long texts of a table; None if the file is no table or has the column "text".

    Parameters
    ----------
    path : Path
    arguments : dict
        Arguments of :func:`hftopic.read_corpus`, of which the format, the encoding, the delimiter and the
        sheet count.

    Raises
    ------
    click.ClickException
        No column has long texts, or several have; the message lists the columns. Or there are no rows.
    """
    frame = _first_rows(path, arguments)
    if frame is not None and not len(frame):
        raise click.ClickException(f"{path}: there are no rows, only the names of columns")
    if frame is None or any(str(name).strip().casefold() == USUAL for name in frame.columns):
        return None
    lengths = {str(name): _mean_words(frame[name]) for name in frame.columns}
    long = [name for name, length in lengths.items() if length >= LONG]
    if len(long) == 1:
        return long[0]
    listed = ", ".join(f"{name!r} ({length:.0f} words)" for name, length in lengths.items())
    which = "several columns have" if long else "no column has"
    raise click.ClickException(
        f"{path}: {which} long texts; pass --text-column with one of {listed}. The numbers are means of the "
        f"first {len(frame):,} rows"
    )


def usual_columns(path: Path, arguments: dict[str, Any]) -> dict[str, str]:
    """Columns of a table that are texts, labels, names and dates by their names; none if it is no table."""
    from hftopic.data.columns import columns_called
    from hftopic.data.formats.tables import COLUMNS

    frame = _first_rows(path, arguments, 1)
    present = [] if frame is None else [str(name) for name in frame.columns]
    found = {kind: columns_called(name, present) for kind, name in COLUMNS.items()}
    return {kind: names[0] for kind, names in found.items() if names}


def _first_rows(path: Path, arguments: dict[str, Any], n: int = LOOKED_AT) -> "pd.DataFrame | None":
    """First rows of a table; None if the file is none, or one that pandas cannot read."""
    import pandas as pd

    from hftopic.data.formats.detection import format_by_name

    encoding = arguments["encoding"] or "utf-8-sig"
    try:
        kind = arguments["format"] or format_by_name(path)
        if kind in ("csv", "tsv"):
            delimiter = arguments["delimiter"] or _separator(path, encoding)
            return pd.read_csv(path, sep=delimiter, encoding=encoding, nrows=n, dtype=str)
        if kind == "jsonl":
            return pd.read_json(path, lines=True, nrows=n, encoding=encoding)
        if kind == "parquet":
            return pd.read_parquet(path).head(n)
        if kind in ("xlsx", "excel"):
            return pd.read_excel(path, sheet_name=arguments["sheet"] or 0, nrows=n, dtype=str)
    # The reader of the package tells what is wrong.
    except (ValueError, OSError, ImportError, LookupError, zipfile.BadZipFile):
        return None
    return None


def _separator(path: Path, encoding: str) -> str:
    """The separator that the header has most of."""
    from hftopic.data.formats.delimited import SEPARATORS
    from hftopic.data.formats.lines import read_lines

    header = next((text for _, text in read_lines(path, encoding) if text.strip()), "")
    return max(SEPARATORS, key=header.count)


def _mean_words(column: "pd.Series[Any]") -> float:
    """Mean number of words of the cells that are texts."""
    texts = [cell for cell in column if isinstance(cell, str)]
    return sum(len(text.split()) for text in texts) / max(1, len(texts))

"""The design of all documents of a corpus, of any size: an array in memory, or one in a temporary file."""

import mmap
import tempfile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hftopic.data.design import Design, check_columns
from hftopic.data.formulas import parsed
from hftopic.data.known import Known
from hftopic.data.missing import Missing

LARGEST_HELD = 2**26  # bytes of a design in memory; a larger one is in a file


class Designed(NamedTuple):
    """The design of documents, which is 0, that of average metadata, where a value is missing."""

    design: NDArray[np.float32]  # (N, P)
    missing: Missing


def designed_for(formula: str, known: Known, *, drop: bool) -> Design:
    """The design of a formula, made from documents of any number; with ``drop`` from those that miss nothing.

    Raises
    ------
    FormulaError
        As :meth:`Design.of`; or a value is missing for all documents.
    """
    columns = parsed(formula).columns
    check_columns(formula, columns, known.names)
    values = known.representative(columns)
    if drop:
        missing = Missing.of(values)
        if missing.rows.all():
            missing.check_none()
        values = {name: column[~missing.rows] for name, column in values.items()}
    return Design.of(formula, values)


def designed(design: Design, known: Known) -> Designed:
    """The design of all documents, which are read in pieces.

    Raises
    ------
    FormulaError
        As :meth:`Design.matrix`, except that values may be missing.
    """
    whole = _room(known.n_documents, len(design.names))
    rows, columns, start = np.zeros(known.n_documents, dtype=np.bool_), set[str](), 0
    for piece in known.pieces(design.columns_in(known.names)):
        missing = Missing.of(piece)
        part = slice(start, start + len(missing.rows))
        columns.update(missing.columns)
        rows[part], start = missing.rows, part.stop
        if not missing.rows.all():
            complete = {name: values[~missing.rows] for name, values in piece.items()}
            whole[part][~missing.rows] = design.matrix(complete)
    return Designed(whole, Missing(rows, tuple(sorted(columns))))


def _room(n_documents: int, n_columns: int) -> NDArray[np.float32]:
    """Zeros of shape (n_documents, n_columns)."""
    shape = (n_documents, n_columns)
    if 4 * n_documents * n_columns <= LARGEST_HELD:
        return np.zeros(shape, dtype=np.float32)
    with tempfile.TemporaryFile(prefix="hftopic-") as file:
        file.truncate(4 * n_documents * n_columns)
        mapped = mmap.mmap(file.fileno(), 0)
    return np.frombuffer(mapped, dtype=np.float32).reshape(shape)

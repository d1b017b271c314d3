"""Names of the columns of documents, and whether two lists of names mean the same columns.

Words are matched by name where both sides have names. Where one side has none, the number of columns decides.
"""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

if TYPE_CHECKING:
    from hftopic.data.shards.corpus import ShardedCorpus


def of_pandas(values: Any, *names: str) -> bool:
    """Whether this is an object of one of these classes of pandas, without an import, which is slow."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(values, tuple(getattr(pandas, name, ()) for name in names))


def is_frame(values: Any) -> bool:
    """Whether this is a data frame: of pandas, polars, pyarrow, or another one with named columns."""
    if of_pandas(values, "DataFrame", "Series", "Index"):  # a Series may have an entry "columns"
        return of_pandas(values, "DataFrame")
    exchanged = any(
        hasattr(values, name) for name in ("__dataframe__", "__arrow_c_stream__", "__arrow_c_array__")
    )
    return exchanged and not isinstance(values, type) and labels_of(values) is not None


def columns_called(name: str, present: Sequence[str]) -> list[str]:
    """The column of this name; if there is none, those that differ from it only in spaces and capitals."""
    if name in present:
        return [name]
    return [other for other in present if other.strip().casefold() == name]


def is_corpus(values: Any) -> bool:
    """Whether this is a Corpus, and not a data frame with columns of the same names as its parts."""
    return hasattr(values, "counts") and hasattr(values, "vocabulary") and not is_frame(values)


def is_sharded(values: Any) -> "TypeGuard[ShardedCorpus]":
    """Whether this is a corpus on disk, without an import: there is none if its module is not loaded."""
    shards = sys.modules.get("hftopic.data.shards.corpus")
    return shards is not None and isinstance(values, shards.ShardedCorpus)


def labels_of(frame: Any) -> list[Any] | None:
    """Labels of the columns of a data frame; None if the object has no columns."""
    labels = getattr(frame, "column_names", None)  # pyarrow, where ``columns`` are the values
    labels = getattr(frame, "columns", None) if labels is None else labels
    return None if labels is None or callable(labels) else list(labels)


def named_columns(X: Any, name: str = "X", error: type[ValueError] = ValueError) -> Sequence[str] | None:
    """Words that documents give their columns: the vocabulary of a Corpus, or the names in a data frame.

    The numbers 0, 1, 2, … are no names: pandas gives them to a matrix. All other labels are refused, because
    a frame whose columns were moved, left out or renamed would be read by place.

    Raises
    ------
    ValueError
        Labels are neither names nor the numbers of the columns.
    """
    if is_corpus(X) or is_sharded(X):
        words: Sequence[str] = X.vocabulary
        return words
    labels = labels_of(X) if is_frame(X) else None
    if not labels:
        return None
    if all(isinstance(label, str) for label in labels):
        return [str(label) for label in labels]
    if labels != list(range(len(labels))):
        place = next(place for place, label in enumerate(labels) if label != place)
        raise error(
            f"column {place} of {name} has the label {labels[place]!r}. Labels must be words, or the numbers "
            f"0 to {len(labels) - 1} in this order; others cannot be matched by name, and moved columns "
            "would be read by place. Make them names by X.columns = X.columns.map(str), or pass X.to_numpy() "
            "if the columns are in the order of the model's words"
        )
    return None


def without_names(X: Any) -> Any:
    """The values of a data frame, as a frame without names if they may be sparse; anything else unchanged."""
    if of_pandas(X, "DataFrame"):
        return X.set_axis(range(X.shape[1]), axis=1)
    return np.asarray(X) if is_frame(X) else X


def moved_word(names: Any, known: Any) -> tuple[str, int, int] | None:
    """The first of `names` that `known` has at another place, and its two places; None if there is none.

    Names that `known` does not have at all are other names for the same columns, such as translations.
    """
    place = {word: column for column, word in enumerate(known)}
    for column, word in enumerate(names):
        if place.get(word, column) != column:
            return word, column, place[word]
    return None


def first_difference(names: Any, known: Any) -> int | None:
    """The first column with different names in two lists of the same length; None if they are equal."""
    different = np.flatnonzero(np.asarray(names, dtype=object) != np.asarray(known, dtype=object))
    return int(different[0]) if len(different) else None

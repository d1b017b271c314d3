"""Functions of the analysis that need all documents at once read a sample of a sharded corpus.

A corpus of at most :data:`hftopic.data.streams.MOST_AT_ONCE` documents is read as a whole, and of a larger
one so many documents at even distances.
"""

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import signature
from typing import Any, NamedTuple, ParamSpec, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic.data.columns import is_sharded
from hftopic.data.corpus import Corpus
from hftopic.data.documents import evenly
from hftopic.data.shards.corpus import ShardedCorpus
from hftopic.data.streams import MOST_AT_ONCE
from hftopic.data.validation import object_array

P = ParamSpec("P")
ResultT = TypeVar("ResultT")

_NUMBERS = ("documents", "document", "query")  # parameters that are numbers of documents
_OF_DOCUMENTS = ("labels", "dates", "texts", "metadata", "by")  # parameters with an entry for each document


class Sample(NamedTuple):
    """Documents of a sharded corpus in memory, and their numbers in it, increasing."""

    corpus: Corpus
    rows: NDArray[np.int64]

    @property
    def named_corpus(self) -> Corpus:
        """The documents, with their numbers as names if they have none and some are left out."""
        corpus = self.corpus
        numbered = corpus.names is None and int(self.rows[-1]) >= len(self.rows)
        return corpus._with(names=object_array(map(str, self.rows.tolist()))) if numbered else corpus

    def places(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Place of documents in the sample, which has them."""
        return np.searchsorted(self.rows, numbers)


def sample_of(corpus: ShardedCorpus, wanted: Any = ()) -> Sample:
    """Documents at even distances, or all of a small corpus, and those with the numbers ``wanted``."""
    rows = evenly(len(corpus), MOST_AT_ONCE)
    if len(rows) == len(corpus):
        return Sample(corpus.loaded(), rows)
    rows = np.union1d(rows, wanted).astype(np.int64)
    return Sample(corpus[rows], rows)


def samples_shards(function: Callable[P, ResultT]) -> Callable[P, ResultT]:
    """Let a function of documents in memory take a ShardedCorpus, of which it gets a sample.

    Numbers of documents, in its arguments and in the column ``document`` of its result, are those of the
    whole corpus. If not all documents are read, a warning says so, and the ``attrs`` of a table have
    ``sampled``, the number of documents that were read, and ``of``, that of all.
    """
    known = signature(function)

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> ResultT:
        if not any(map(is_sharded, (*args, *kwargs.values()))):
            return function(*args, **kwargs)
        given = known.bind(*args, **kwargs)
        main: Sample | None = None
        n_documents = 0
        for name, value in list(given.arguments.items()):
            if not is_sharded(value) or name == "train":
                continue
            is_main = name in ("X", "corpus")
            sample = sample_of(value, _wanted(given.arguments, len(value)) if is_main else ())
            given.arguments[name] = sample.corpus
            _warn_of_sample(function.__name__, len(sample.rows), len(value))
            if is_main:
                main, n_documents = sample, len(value)
        if main is None or len(main.rows) == n_documents:
            return function(*given.args, **given.kwargs)
        given.arguments.update(_of_sample(given.arguments, main, n_documents))
        return _numbered(function(*given.args, **given.kwargs), main, n_documents)

    return called


def _warn_of_sample(function: str, n_read: int, n_documents: int) -> None:
    """Warn that documents were left out, at the line that called the package."""
    if n_read < n_documents:
        warnings.warn(
            f"{function} used {n_read:,} of {n_documents:,} documents, at even distances; pass corpus[...] "
            "to choose others",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )


def _wanted(arguments: dict[str, Any], n_documents: int) -> NDArray[np.int64]:
    """Numbers of documents among the arguments that the corpus has."""
    found = [np.zeros(0, dtype=np.int64)]
    for name in _NUMBERS:
        numbers = np.atleast_1d(_as_numbers(arguments.get(name)))
        found.append(numbers[(numbers >= 0) & (numbers < n_documents)])
    return np.concatenate(found)


def _as_numbers(value: Any) -> NDArray[np.int64]:
    """Numbers of documents, of any shape; none if it is something else."""
    try:
        numbers = np.asarray(value)
    except ValueError:
        return np.zeros(0, dtype=np.int64)
    is_numbers = numbers.dtype.kind in "iu" and numbers.ndim <= 1
    return numbers.astype(np.int64) if is_numbers else np.zeros(0, dtype=np.int64)


def _of_sample(arguments: dict[str, Any], sample: Sample, n_documents: int) -> dict[str, Any]:
    """Arguments for the documents of a sample, from those for all documents."""
    changed: dict[str, Any] = {}
    for name in _NUMBERS:
        value = arguments.get(name)
        numbers = _as_numbers(value)
        if numbers.size and ((numbers >= 0) & (numbers < n_documents)).all():
            places = sample.places(numbers)
            changed[name] = int(places) if numbers.ndim == 0 else places
        elif isinstance(value, np.ndarray | list) and np.asarray(value).shape == (n_documents,):
            changed[name] = np.asarray(value)[sample.rows]
    return changed | {
        name: of_sampled(arguments[name], sample, n_documents) for name in _OF_DOCUMENTS if name in arguments
    }


def of_sampled(values: Any, sample: Sample, n_documents: int) -> Any:
    """Entries for the documents of a sample, if there is one for each of all documents; else unchanged."""
    if isinstance(values, Mapping):
        return {name: of_sampled(column, sample, n_documents) for name, column in values.items()}
    if isinstance(values, str) or not hasattr(values, "__len__") or len(values) != n_documents:
        return values
    if isinstance(values, pd.Series | pd.DataFrame):
        return values.iloc[sample.rows]
    return [values[row] for row in sample.rows.tolist()]


def _numbered(result: ResultT, sample: Sample, n_documents: int) -> ResultT:
    """A result with the numbers that the documents have in the whole corpus."""
    if isinstance(result, pd.DataFrame):
        if "document" in result:
            result["document"] = sample.rows[result["document"].to_numpy(dtype=np.int64)]
        if result.index.name == "document":
            result.index = pd.Index(sample.rows[result.index.to_numpy(dtype=np.int64)], name="document")
        result.attrs |= {"sampled": len(sample.rows), "of": n_documents}
    return result

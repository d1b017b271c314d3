"""Topics of a corpus of any size: tables of its documents in pieces, and a file of them."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hftopic._files import written_whole
from hftopic._processes import ALONE, Processes, of_the_job
from hftopic._progress import progress
from hftopic.analysis.documents.files import Part, part_for
from hftopic.analysis.documents.tables import Counts, DocumentTables
from hftopic.analysis.encoded import check_some_filled, empty_documents_known
from hftopic.analysis.models import FittedTopicModel, check_topic_model, corpus_of
from hftopic.data.columns import is_sharded
from hftopic.data.corpus import Corpus
from hftopic.data.inputs import PRIOR, as_counts, holds_counts, warn_of_empty
from hftopic.topics.shares import Moments

PIECE = 8192  # documents of a piece, and rows of a row group: of 50 topics, some 20 MB


def write_document_topics(
    model: FittedTopicModel,
    X: Any,
    path: str | os.PathLike[str],
    *,
    topics: Any = "active",
    vocabulary: Sequence[str] | None = None,
    verbose: bool = False,
) -> pd.DataFrame:
    """Write the topics of each document to a file, in the memory of a few thousand documents.

    The rows are those of :func:`document_summary`, with a column ``id`` first, which is the name of the
    document or its number. ``hftopic transform`` writes them too.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, ShardedCorpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        For NVDM it is read twice: first for the mean and variance of q(z).
    path : path-like
        File to write, or to replace: ``.csv``, ``.jsonl``, ``.parquet``, or ``.npz`` with the arrays
        ``theta``, ``topics`` and ``documents``. It appears when it is complete.
    topics, vocabulary
        As for :func:`document_summary`.
    verbose : bool
        Whether a progress bar is shown.

    Returns
    -------
    DataFrame
        One row per topic of the table, with the most documents first: ``topic``; ``documents``, the number
        that it leads; ``share``, its mean share, unless topics are signed; ``name``. ``attrs`` has
        ``n_documents`` and, unless topics are signed, ``remainder``, as :func:`document_summary`.

    Raises
    ------
    ValueError
        The ending of `path` is another, all documents are empty, or `X` does not match the model.
    OSError
        The file cannot be written.
    ProcessLostError
        Another process failed, or has ended.

    Notes
    -----
    In a process group of ``torch.distributed`` every process makes the same call and gets the same result.
    Each writes a part of the documents beside `path`, which all must reach, and the first joins the parts.
    The file does not depend on the number of processes.

    Examples
    --------
    >>> import tempfile
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import write_document_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     leading = write_document_topics(model, corpus, f"{folder}/theta.csv", topics="all")
    >>> leading.columns.tolist(), leading["documents"].sum().item()
    (['topic', 'documents', 'share', 'name'], 200)
    """
    check_topic_model(model)
    target = Path(path)
    kind = part_for(target)
    with of_the_job() as processes, ExitStack() as draft:
        stream = DocumentStream(model, X, topics, vocabulary, processes)
        bar = draft.enter_context(progress(total=stream.n_own, unit="document", verbose=verbose))
        made = Path(processes.of_first(lambda: str(draft.enter_context(written_whole(target)))))
        parts = [made.with_name(f"part-{rank}") for rank in range(processes.size)]
        own = processes.together(lambda: stream.write(kind, parts[processes.rank], bar))
        counts = processes.collected(own)
        leading = stream.leading(reduce(Counts.__add__, counts))
        filled = [part for part, of_part in zip(parts, counts, strict=True) if of_part.n_documents]
        processes.of_first(lambda: _finish(draft, kind, filled, made))
    return leading


class DocumentStream:
    """Tables of consecutive documents, with their ids first; those of this process, if there are several.

    Attributes
    ----------
    n_own : int
        Number of documents of this process.
    counts : Counts
        What is counted over the documents of the tables so far.
    """

    def __init__(
        self,
        model: FittedTopicModel,
        X: Any,
        topics: Any = "active",
        vocabulary: Sequence[str] | None = None,
        processes: Processes = ALONE,
    ) -> None:
        self.model, self.processes = model, processes
        self._tables = DocumentTables(model, X, topics, vocabulary)
        self._pieces = _Pieces(model, X)
        n = len(self._pieces)
        self._own = range(n)[processes.own(n)]
        self.n_own = sum(map(self._pieces.size, self._own))
        n_topics = len(self._tables.used)
        self.counts = Counts(0, 0, *(np.zeros(n_topics, dtype) for dtype in (np.int64, float, float)))
        self._moments = self._all_moments() if self._tables.signed else None

    def __iter__(self) -> Iterator[pd.DataFrame]:
        for number in self._own:
            with empty_documents_known():
                encoded = self.model.encode(self._pieces[number])
                table, counts = self._tables.of(encoded, self._moments, number * PIECE)
            self.counts += counts
            corpus = corpus_of(encoded)
            yield _with_ids(table, named=corpus is not None and corpus.names is not None)

    def write(self, kind: type[Part], path: Path, bar: Any) -> Counts:
        """Write a part with the tables; what is counted over them."""
        if self._own:
            with kind(path, len(self._tables.topics), first=self._own.start == 0) as part:
                for table in self:
                    part.write(table)
                    bar.update(len(table))
        return self.counts

    def leading(self, counts: Counts) -> pd.DataFrame:
        """Number of documents that each topic leads, and its share of them; most documents first.

        Raises
        ------
        ValueError
            All documents are empty.

        Warns
        -----
        UserWarning
            Some are.
        """
        tables, n_empty = self._tables, counts.n_documents - counts.n_filled
        check_some_filled(counts.n_filled, counts.n_documents)
        warn_of_empty(n_empty, counts.n_documents, PRIOR)
        found = pd.DataFrame({"topic": tables.topics, "documents": counts.led[tables.places]})
        if not tables.signed:
            found["share"] = counts.shares[tables.places] / counts.n_filled
            found.attrs["remainder"] = tables.remainder(counts)
        found["name"] = tables.names[tables.places]
        found.attrs["n_documents"] = counts.n_documents
        return found.sort_values("documents", ascending=False, kind="stable", ignore_index=True)

    def _all_moments(self) -> Moments:
        """Moments of q(z) over the documents of all processes."""
        own = self.processes.together(lambda: list(map(self._moments_of, self._own)))
        of_all = chain.from_iterable(self.processes.collected(own))
        return reduce(Moments.with_those_of, of_all)  # in the order of the documents

    def _moments_of(self, number: int) -> Moments:
        with empty_documents_known():
            return self._tables.moments(self.model.encode(self._pieces[number]))


class _Pieces:
    """Consecutive documents, some at a time; one piece if only the model can take them apart."""

    def __init__(self, model: FittedTopicModel, X: Any) -> None:
        self._sharded = is_sharded(X)
        self._whole = not (self._sharded or holds_counts(X))
        in_rows = self._whole or self._sharded or isinstance(X, Corpus)
        self._held: Any = X if in_rows else as_counts(model, X, reset=False)
        self.n_documents = len(model.encode(X)) if self._whole else self._held.shape[0]

    def __len__(self) -> int:
        return 1 if self._whole else -(-self.n_documents // PIECE)

    def size(self, number: int) -> int:
        """Number of documents of a piece."""
        return self.n_documents if self._whole else min(PIECE, self.n_documents - number * PIECE)

    def __getitem__(self, number: int) -> Any:
        if self._whole:
            return self._held
        start = number * PIECE
        if self._sharded:
            return next(self._held.chunks(PIECE, keep_texts=False, start=start))
        return self._held[start : start + PIECE]


def _with_ids(table: pd.DataFrame, named: bool) -> pd.DataFrame:
    """The table with the column ``id`` in the place of the numbers and the names of documents."""
    ids = table.pop("name") if named else table["document"]
    del table["document"]
    if "id" in table:
        table = table.rename(columns={"id": "id (metadata)"})
    table.insert(0, "id", ids)
    return table


def _finish(stack: ExitStack, kind: type[Part], parts: Sequence[Path], draft: Path) -> None:
    """Join the parts that have documents into the draft, and move it to its place."""
    kind.join(parts, draft)
    for file in draft.parent.glob("part-*"):
        if file != draft:
            file.unlink()
    stack.close()

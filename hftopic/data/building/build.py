"""``build_corpus``: from files of texts to shards, in two passes."""

import hashlib
import inspect
import json
import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing, nullcontext
from contextvars import copy_context
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import NDArray

from hftopic._jobs import jobs_here
from hftopic._numbers import is_whole
from hftopic._progress import progress
from hftopic.data.building import streams
from hftopic.data.building.counting import Recipe, count_piece
from hftopic.data.building.gathering import Gathered
from hftopic.data.building.inputs import as_paths, check_apart, check_unchanged, size_of, state_of, streams_of
from hftopic.data.building.phrases import with_phrases_of
from hftopic.data.building.pieces import Piece, is_sound, path_of
from hftopic.data.building.plan import Plan, unfinished
from hftopic.data.building.words import CHOOSING, WordTable
from hftopic.data.building.writing import write_shards
from hftopic.data.corpus import CorpusError
from hftopic.data.embeddings import as_embeddings
from hftopic.data.formats import check_max_bytes, checked_request, file_of, words_of
from hftopic.data.formats.embedding_files import read_embeddings
from hftopic.data.formats.limits import allowing
from hftopic.data.formats.lines import blamed_on, watch
from hftopic.data.formats.vocabulary import read_vocabulary
from hftopic.data.reading import name_of, options_of
from hftopic.data.text import check_keep_texts
from hftopic.data.text_options import TextOptions
from hftopic.data.validation import as_vocabulary

if TYPE_CHECKING:
    from hftopic.data.shards import ShardedCorpus

ItemT = TypeVar("ItemT")


def build_corpus(
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    format: str | None = None,
    split: str | None = None,
    vocabulary: str | os.PathLike[str] | Sequence[str] | np.ndarray | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    name_column: str | None = None,
    date_column: str | None = None,
    embedding_column: str | None = None,
    bad_dates: Literal["error", "missing"] | None = None,
    delimiter: str | None = None,
    sheet: str | int | None = None,
    encoding: str | None = None,
    text: TextOptions | None = None,
    keep_texts: bool = False,
    like: Any = None,
    max_bytes: int | None = None,
    embeddings: Any = None,
    table_size: int = 1_000_000,
    restart: bool = False,
    n_jobs: int | None = None,
    verbose: bool = False,
) -> "ShardedCorpus":
    """Shards from files of texts, which need not fit into memory.

    The documents, the vocabulary and the counts are those of :func:`hftopic.read_corpus` with the same
    arguments, for one input. The texts are read once: the counts of their words are kept on the disk, in the
    folder ``NAME.building`` beside ``out``, until the vocabulary is known. If the build is stopped or killed,
    the same call goes on, also with another ``min_df``, ``max_df``, ``max_features``, ``even_df`` or
    ``table_size``. The bytes of the result depend neither on that nor on the number of jobs. Where phrases
    are sought, the texts are read twice, and ``min_df`` must stay the same.

    Parameters
    ----------
    inputs : path-like, or several
        Files and folders of texts in the formats ``txt``, ``csv``, ``tsv``, ``jsonl``, ``parquet``, ``xlsx``,
        ``files`` and ``folder``, see `hftopic.data.formats`; they may be compressed. The documents are in the
        order of the inputs. All inputs have labels, or none has; the same holds for names and splits.
    out : path-like
        Folder of the shards; an earlier one is replaced. It may not be in a folder of the inputs.
    format, split, vocabulary, text_column, label_column, name_column, date_column, embedding_column
        As in :func:`hftopic.read_corpus`.
    bad_dates, delimiter, sheet, encoding, text, like, max_bytes
        As in :func:`hftopic.read_corpus`.
    keep_texts : bool, default=False
        Whether the shards keep the original texts, for tables and reports. They take more room than the
        counts.
    embeddings : path-like or array-like, shape (n_documents, F), optional
        Embedding of each document of the shards, instead of those in the inputs; a path is a file of
        ``numpy.save``, which is not read into memory.
    table_size : int, default=1_000_000
        Largest number of words whose documents are counted at a time, some 200 bytes each. When the table is
        full, the rarest words are left out, as in lossy counting. Every word in ``min_df`` documents or more
        is still found, and its numbers are exact, unless a warning says that rarer words may be missing.
    restart : bool, default=False
        Whether to start again if ``NAME.building`` has the pieces of another build: of other inputs, of
        inputs that were changed, or with other arguments. If False, this is an error.
    n_jobs : int, optional
        Number of processes that count words, as in joblib.
    verbose : bool, default=False
        Whether a progress bar is shown on standard error.

    Returns
    -------
    ShardedCorpus

    Raises
    ------
    FormatError
        The content of an input does not match its format; the message names the file and, if known, the line.
    CorpusError
        There are no texts, the options remove every word, or only some of the inputs have labels.
    FileNotFoundError
        An input does not exist.
    FileExistsError
        ``out`` is a folder with other files than shards.
    ValueError
        An argument is invalid or has no effect, or another build was not finished.

    Warns
    -----
    UserWarning
        As in :func:`hftopic.read_corpus`; or words may be missing, because the table of words was full.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from hftopic import TextOptions, build_corpus
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     news = pathlib.Path(folder, "news.csv")
    ...     _ = news.write_text("text,label\\nthe team won,sport\\nfaith and hope,religion\\n")
    ...     corpus = build_corpus(news, pathlib.Path(folder, "shards"), text=TextOptions(min_df=1))
    ...     corpus.shape
    (2, 4)
    """
    paths = as_paths(inputs)
    check_apart(paths, Path(out))
    check_max_bytes(max_bytes)
    check_keep_texts(keep_texts)
    if not is_whole(table_size):
        raise ValueError(f"table_size must be an int >= 1, not {table_size!r}")
    request = checked_request(
        split=split,
        text_column=text_column,
        label_column=label_column,
        name_column=name_column,
        date_column=date_column,
        embedding_column=embedding_column,
        bad_dates=bad_dates,
        delimiter=delimiter,
        sheet=sheet,
        encoding=encoding or "utf-8",
        text=text,
        keep_texts=bool(keep_texts),
    )
    vectors = _embeddings(embeddings)
    reading = getattr(like, "reading_", None)
    options = _options(text, reading)
    words = _vocabulary(vocabulary, like, request.encoding)
    jobs = effective_n_jobs(jobs_here(n_jobs))
    with allowing(max_bytes):
        found = streams_of(paths, format, request, reading, encoding is not None)
        plan = _plan(paths, found, words, options, max_bytes)
        plan["options"] |= {"split": split, "keep_texts": bool(keep_texts)}
        with unfinished(Path(out), plan, restart) as folder:
            options = with_phrases_of(found, options, words, split, folder)
            recipe = Recipe(folder, options, _kept(words, folder), split, bool(keep_texts), max_bytes)
            gathered, table = _counted(recipe, found, int(table_size), jobs, verbose)
            check_unchanged(paths, plan["inputs"])
            with blamed_on(paths[0]) if len(paths) == 1 else nullcontext():
                write_shards(Path(out), folder, gathered, table, options, words, vectors, jobs, verbose)
    from hftopic.data.shards import open_corpus

    return open_corpus(out)


def _options(text: Any, reading: Any) -> TextOptions:
    """Options of texts: the given ones, those of a model, or the defaults."""
    if text is None:
        return TextOptions(**options_of(reading))
    if not isinstance(text, TextOptions):
        raise CorpusError(f"text must be TextOptions(...), got {text!r} of type {type(text).__name__}")
    return text


def _embeddings(embeddings: Any) -> NDArray[np.float32] | None:
    """Embeddings in a file, which is mapped into memory, or given as an array."""
    file = file_of(embeddings, "embeddings")
    return as_embeddings(embeddings, None) if file is None else read_embeddings(file)


def _vocabulary(vocabulary: Any, like: Any, encoding: str) -> list[str] | None:
    """The words to count; None for all."""
    file = file_of(vocabulary, "vocabulary")
    if file is not None:
        return list(map(str, read_vocabulary(file, encoding)))
    if vocabulary is None and like is not None:
        vocabulary = words_of(like)
    words: list[str] | None = None if vocabulary is None else as_vocabulary(vocabulary, None).tolist()
    return words


def _plan(
    paths: Sequence[Path],
    found: Sequence[streams.Stream],
    words: Sequence[str] | None,
    options: TextOptions,
    max_bytes: int | None,
) -> Plan:
    """All that the pieces depend on."""
    request = found[0].request
    columns = {
        f"{what}_column": request.column(what) for what in ("text", "label", "name", "date", "embedding")
    }
    return {
        "kind": "hftopic build",
        "version": version("hftopic"),
        "inputs": [state_of(path) for path in paths],
        "formats": {os.fspath(stream.path.resolve()): streams.name_of(stream) for stream in found},
        "pieces": [streams.DOCUMENTS, streams.CHARACTERS],
        "options": {
            **_counting(options),
            **columns,
            "bad_dates": request.bad_dates,
            "delimiter": request.delimiter,
            "sheet": request.sheet,
            "encoding": request.encoding,
            "max_bytes": max_bytes,
            "vocabulary": None if words is None else f"{len(words):,} words, {_digest(words)}",
        },
    }


def _counting(options: TextOptions) -> dict[str, Any]:
    """Options that the pieces depend on, as JSON can hold them."""
    names = (field.name for field in fields(options) if field.name not in CHOOSING)
    held = {name: getattr(options, name) for name in names}
    sought = options.sought_phrases
    if sought is not None:  # the fewest uses of a phrase may be those of a kept word
        held["phrases"] = {**asdict(sought), "min_df": options.min_df if sought.min_count is None else None}
    if options.tokenizer is not None:
        held["tokenizer"] = f"{name_of(options.tokenizer)}, {_digest([_source_of(options.tokenizer)])}"
    return held


def _source_of(function: Any) -> str:
    """Source of a function, so that a build does not go on with another one of the same name."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):  # it is written in C, or in a shell
        return ""


def _digest(words: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(words).encode("ascii")).hexdigest()[:16]


def _kept(words: Sequence[str] | None, folder: Path) -> Path | None:
    """File with the words to count."""
    if words is None:
        return None
    path = folder / f"vocabulary-{_digest(words)}.json"
    path.write_text(json.dumps(words), encoding="utf-8")
    return path


def _counted(
    recipe: Recipe, found: Sequence[streams.Stream], table_size: int, n_jobs: int, verbose: bool
) -> tuple[Gathered, WordTable]:
    """The first pass: what is known of all documents, and in how many of them each word is."""
    gathered, table = Gathered(found), WordTable(table_size)
    failed: list[Exception] = []
    positions: list[int] = []  # bytes that were read before the end of each piece
    sizes = [size_of(stream.path) for stream in found]
    pool = Parallel(n_jobs, return_as="generator", batch_size=1, pre_dispatch=2 * n_jobs)
    tasks = _in_context(_tasks(recipe, found, sizes, positions, failed))
    bar = progress(desc="count", unit="B", unit_scale=True, total=sum(sizes), verbose=verbose)
    with bar, closing(tasks), closing(pool(tasks)) as results:
        for number, error in enumerate(results):
            if error is not None:
                raise error
            piece = Piece(path_of(recipe.folder, number))
            gathered.add(piece.facts)
            table.add(piece)
            bar.update(positions[number] - bar.n)
        bar.update(sum(sizes) - bar.n)
    if failed:
        raise failed[0]
    return gathered, table


def _tasks(
    recipe: Recipe,
    found: Sequence[streams.Stream],
    sizes: Sequence[int],
    positions: list[int],
    failed: list[Exception],
) -> Generator[Any, None, None]:
    """Tasks of the pieces that are not counted yet; an error ends them, because joblib's thread loses it."""
    position, done = watch(), 0
    try:
        for source, stream in enumerate(found):
            with blamed_on(stream.path), closing(stream.pieces()) as pieces:
                for piece in pieces:
                    number = len(positions)
                    done = max(done, sum(sizes[:source]) + position())
                    positions.append(done)
                    counted = is_sound(path_of(recipe.folder, number))
                    task = (recipe, number, source, stream, piece)
                    yield delayed(_nothing)() if counted else delayed(count_piece)(*task)
    except Exception as error:
        failed.append(error)


def _nothing() -> None:
    """The task of a piece that is counted already."""


def _in_context(items: Generator[ItemT, None, None]) -> Generator[ItemT, None, None]:
    """The items, each computed with the limits on sizes of this thread, whichever asks for it."""
    context, end = copy_context(), object()
    try:
        while (item := context.run(next, items, end)) is not end:
            yield item  # type: ignore[misc]
    finally:
        context.run(items.close)

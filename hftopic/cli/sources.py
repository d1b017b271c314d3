"""Corpora on the command line: the options for reading one, and the documents that they describe."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from hftopic._wording import counted
from hftopic.cli.embeddings import warn_of_unread
from hftopic.cli.options import Command, with_options
from hftopic.cli.terminal import note
from hftopic.cli.values import (
    Cleaning,
    Frequency,
    Function,
    Lengths,
    Share,
    existing_file,
    one_character,
    text_encoding,
    word_pattern,
)

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus
    from hftopic.data.shards import ShardedCorpus
    from hftopic.models.fitted import FittedModel

CorpusT = TypeVar("CorpusT", "Corpus", "ShardedCorpus")
ALL = "all"  # value of --split that selects every document


@dataclass(frozen=True)
class Source:
    """A corpus on the command line: its path and how to read it.

    An argument that is None is left to :func:`hftopic.read_corpus`, which takes it from the model if there is
    one.
    """

    path: Path
    split: str | None
    arguments: dict[str, Any]  # of read_corpus, without the split and the options of texts
    text: dict[str, Any]  # of TextOptions
    embeddings: Path | None = None  # file of those of the documents

    @property
    def encoding(self) -> str:
        """Encoding of other files that belong to the corpus."""
        return self.arguments["encoding"] or "utf-8"

    @property
    def names_embeddings(self) -> str:
        """The option that names embeddings; "" if none does."""
        if self.embeddings is not None:
            return "--embeddings"
        return "" if self.arguments.get("embedding_column") is None else "--embedding-column"

    @property
    def again(self) -> list[str]:
        """Arguments with which another command reads the corpus for the model: what no model keeps."""
        from hftopic.data.reading import name_of

        tokenizer = self.text.get("tokenizer")
        kept = [] if tokenizer is None else ["--tokenizer", name_of(tokenizer)]
        kept += [] if self.embeddings is None else ["--embeddings", str(self.embeddings)]
        return [str(self.path), *kept]

    def read(
        self,
        model: "FittedModel | None" = None,
        words_file: Path | None = None,
        prefer: str | None = None,
        explain: bool = False,
    ) -> "Corpus":
        """Documents of the split in ``--split``; without it, of the split ``prefer`` if it exists, else all.

        Parameters
        ----------
        model : fitted model, optional
            The corpus gets its vocabulary, and is read as the documents that it was fitted on.
        words_file : Path, optional
            ``--vocabulary``: the vocabulary of a corpus that has none.
        prefer : str, optional
            Split to use if ``--split`` is not given.
        explain : bool
            Whether a note says which words of texts are left out.

        Raises
        ------
        click.ClickException
            The documents and the vocabulary of the model have no word in common.
        """
        from hftopic.cli.unknown import holds_counts, read_for, reads_words, warn_of_unknown_words

        given = {**self.arguments, "split": None if self.split == ALL else self.split}
        given = {name: value for name, value in given.items() if value is not None}
        if model is None:
            from hftopic.data.formats import read_corpus

            corpus = read_corpus(self.path, vocabulary=words_file, text=self.options(), **given)
            if explain and words_file is None and not holds_counts(self.path):
                explain_words(corpus)
        else:
            split = None if self.embeddings is None else given.pop("split", None)
            corpus = read_for(model, self.path, words_file, text=self.options(model), **given)
            if self.embeddings is not None:
                corpus = self._with_rows(corpus, split)
            warn_of_unread(self, model)
            if reads_words(model):
                warn_of_unknown_words(model, corpus)
        if self.embeddings is not None and model is None:
            corpus = corpus.with_embeddings(self._rows_for(corpus, given))
        return corpus if self.split is not None or prefer is None else _preferred(corpus, prefer)

    def _with_rows(self, corpus: "Corpus", split: str | None) -> "Corpus":
        """Documents of the split of a whole corpus, with rows of the file: their own, or of all documents."""
        from hftopic.data.formats.embedding_files import mapped, read_embeddings

        assert self.embeddings is not None
        chosen = corpus if split is None else corpus.split(split)
        if len(mapped(self.embeddings)) == len(chosen):
            return chosen.with_embeddings(read_embeddings(self.embeddings, len(chosen)))
        every = corpus.with_embeddings(read_embeddings(self.embeddings, len(corpus)))
        return every if split is None else every.split(split)

    def _rows_for(self, corpus: "Corpus", given: dict[str, Any]) -> Any:
        """Rows of the file of embeddings for the documents of the split; the file may have those of all."""
        from hftopic.data.formats import read_corpus
        from hftopic.data.formats.embedding_files import mapped, read_embeddings

        assert self.embeddings is not None
        if len(mapped(self.embeddings)) == len(corpus) or given.get("split") is None:
            return read_embeddings(self.embeddings, len(corpus))
        every = {**given, "split": None, "keep_texts": False}
        whole = read_corpus(self.path, vocabulary=corpus.vocabulary, text=self.options(), **every)
        return read_embeddings(self.embeddings, len(whole))[whole.splits == given["split"]]

    def read_or_open(
        self,
        model: "FittedModel | None" = None,
        words_file: Path | None = None,
        prefer: str | None = None,
        explain: bool = False,
    ) -> "Corpus | ShardedCorpus":
        """Documents as :meth:`read` gives them, but those of a folder of shards are not read into memory."""
        if not self._is_of_shards() or (model is None and words_file is not None):
            return self.read(model, words_file, prefer, explain)
        from hftopic.cli.unknown import SAMPLE, reads_words, warn_of_unknown_words
        from hftopic.data.shards import open_corpus

        corpus = open_corpus(self.path)
        if self.embeddings is not None:
            from hftopic.data.formats.embedding_files import read_embeddings

            corpus = corpus.with_embeddings(read_embeddings(self.embeddings, len(corpus)))
        if self.split is None and prefer is not None:
            corpus = _preferred(corpus, prefer)
        elif self.split not in (None, ALL):
            corpus = corpus.split(self.split)
        if model is not None:
            corpus = corpus.with_vocabulary(model.vocabulary_)
            warn_of_unread(self, model)
            if reads_words(model):
                warn_of_unknown_words(model, corpus[:SAMPLE])
        return corpus

    def _is_of_shards(self) -> bool:
        """Whether the corpus is a folder of shards, and no option is given that has no effect on one."""
        given = {name for name, value in self.arguments.items() if value is not None} | set(self.text)
        if not given <= {"format", "encoding", "max_bytes"} or self.arguments["format"] not in (
            None,
            "shards",
        ):
            return False
        from hftopic.data.shards.manifest import MANIFEST

        return (self.path / MANIFEST).is_file()

    def options(self, model: "FittedModel | None" = None) -> Any:
        """TextOptions of the given options, and of those of the model that are not given; None if none is."""
        if not self.text:
            return None
        from hftopic.data.reading import options_of
        from hftopic.data.text import TextOptions

        return TextOptions(**{**options_of(getattr(model, "reading_", None)), **self.text})


def explain_words(corpus: "Corpus | ShardedCorpus") -> None:
    """Note which words of texts are left out, and how to change it."""
    from hftopic.data.reading import options_of
    from hftopic.data.text import TextOptions

    options = TextOptions(**{**options_of(corpus.reading), "tokenizer": None})  # of which it is the name
    if corpus.reading is not None and options.bounds(len(corpus)) != (1, len(corpus)):
        told, kept = options.explained(len(corpus)), "is kept" if corpus.n_words == 1 else "are kept"
        note(f"{told[0].upper()}{told[1:]} (--min-df, --max-df): {counted(corpus.n_words, 'word')} {kept}")


def _preferred(corpus: "CorpusT", split: str) -> "CorpusT":
    """Documents of a split if the corpus has it, with a note; else all."""
    from hftopic.data.validation import CorpusError

    try:
        chosen = corpus.split(split)
    except CorpusError:
        return corpus
    sizes = f"{len(chosen):,} of {len(corpus):,} documents"
    note(f"Using the split {split!r} ({sizes}); pass --split all to use all")
    return chosen


_READING = {
    "format": click.option(
        "--format", help="Format of the corpus, if its name does not determine it (see the documentation)."
    ),
    "encoding": click.option(
        "--encoding", callback=text_encoding, help="Encoding of text files.  [default: utf-8]"
    ),
    "max_bytes": click.option(
        "--max-bytes",
        type=click.IntRange(1),
        help="Largest number of bytes of a line and of what a compressed file expands to; by default, limits "
        "that only damaged or malicious files exceed.",
    ),
    "text_column": click.option("--text-column", help="Column of a table with the texts.  [default: text]"),
    "label_column": click.option("--label-column", help="Column with the labels.  [default: label]"),
    "name_column": click.option(
        "--id-column",
        "--name-column",
        "name_column",
        help="Column with the ids or names of the documents.  [default: name]",
    ),
    "date_column": click.option("--date-column", help="Column with the dates.  [default: date]"),
    "embedding_column": click.option(
        "--embedding-column",
        help="Column of a Parquet or JSON Lines file with the embeddings, which are lists of numbers.  "
        "[default: embedding]",
    ),
    "bad_dates": click.option(
        "--bad-dates",
        type=click.Choice(["error", "missing"]),
        help="What dates are that cannot be read.  [default: error]",
    ),
    "delimiter": click.option(
        "--delimiter",
        callback=one_character,
        help="Character between the columns of a table: ';', tab …  [default: the one in the header]",
    ),
    "sheet": click.option("--sheet", help="Sheet of a spreadsheet.  [default: the first]"),
}
_SPLIT = click.option(
    "--split", help='Use only this split, such as train or test; "all" uses every document.'
)
_EMBEDDINGS = click.option(
    "--embeddings",
    type=existing_file,
    metavar="FILE.npy",
    help="Embeddings of the documents: a file of numpy.save with a row for each, in their order.",
)
_TEXT = {
    "lowercase": click.option(
        "--keep-case/--lower-case",
        "keep_case",
        default=None,
        help="Whether capitals are kept.  [default: no]",
    ),
    "stop_words": click.option(
        "--stop-words",
        metavar="LANGUAGE|none|FILE",
        help="Words to remove: those of a language, such as german, none, or those in a file.  "
        "[default: english]",
    ),
    "min_df": click.option(
        "--min-df",
        type=Frequency(),
        metavar="N|FRACTION|auto",
        help="Drop words in fewer documents than this (count or fraction); by default, a number that grows "
        "with the corpus.",
    ),
    "max_df": click.option(
        "--max-df",
        type=Frequency(),
        metavar="N|FRACTION|auto",
        help="Drop words in more documents than this (count or fraction); by default, half of a corpus that "
        "is not very small.",
    ),
    "token_pattern": click.option(
        "--token-pattern", callback=word_pattern, help="Regular expression that matches a word."
    ),
    "max_features": click.option(
        "--max-features", type=click.IntRange(1), help="Keep only this many words, the most frequent."
    ),
    "clean": click.option(
        "--clean",
        type=Cleaning(),
        metavar="email|none|STEP,…",
        help="What to remove from texts first: email, or some of headers, quotes, signatures, encoded, urls "
        "and html, separated by commas.  [default: nothing]",
    ),
    "ngram_range": click.option(
        "--ngrams",
        "ngram_range",
        type=Lengths(),
        help="Largest number of neighbouring words that are counted as one: 2 adds pairs.  [default: 1]",
    ),
    "numbers": click.option(
        "--numbers/--no-numbers", default=None, help="Whether numbers are words.  [default: no]"
    ),
    "max_count": click.option(
        "--max-count", type=click.IntRange(1), help="Largest count of a word in a document."
    ),
    "tokenizer": click.option(
        "--tokenizer",
        type=Function(),
        metavar="MODULE:FUNCTION",
        help="Function of Python from a text to a list of its words, such as jieba:lcut for Chinese. A model "
        "does not keep it: pass it with new texts too.",
    ),
    "phrases": click.option(
        "--phrases/--no-phrases",
        default=None,
        help="Whether phrases that are found in the texts, such as new_york, are words.  [default: no]",
    ),
    "even_df": click.option(
        "--even-df",
        type=Share(),
        help="Drop words in more documents than this (count or fraction) that are spread as evenly as by "
        "chance.",
    ),
}
"""Option of each field of TextOptions."""


def corpus_options(command: Command) -> Command:
    """Add the options for reading a corpus; the command gets them and the path as ``source``."""

    @wraps(command)
    def with_source(*, corpus: Path | None, split: str | None, embeddings: Path | None, **given: Any) -> Any:
        arguments, text = _taken(given)
        source = None if corpus is None else Source(corpus, split, arguments, text, embeddings)
        return command(source=source, **given)

    return with_options(with_source, [_SPLIT, _EMBEDDINGS, *_READING.values(), *_TEXT.values()])


def input_options(command: Command) -> Command:
    """Add the options for reading texts; the command gets them as ``asked``, for `build_corpus`."""

    @wraps(command)
    def with_asked(*, split: str | None, embeddings: Path | None, **given: Any) -> Any:
        arguments, text = _taken(given)
        if text:
            from hftopic.data.text_options import TextOptions

            arguments["text"] = TextOptions(**text)
        chosen = None if split == ALL else split
        return command(asked={**arguments, "split": chosen, "embeddings": embeddings}, **given)

    return with_options(with_asked, [_SPLIT, _EMBEDDINGS, *_READING.values(), *_TEXT.values()])


def _taken(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arguments of `read_corpus` and of `TextOptions`, which are taken out of the given options."""
    arguments = {name: given.pop(name) for name in _READING}
    names = ("keep_case" if name == "lowercase" else name for name in _TEXT)
    return arguments, _text_settings({name: given.pop(name) for name in names})


def _text_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `TextOptions` from the given options."""
    settings = {name: value for name, value in given.items() if value is not None}
    if "keep_case" in settings:
        settings["lowercase"] = not settings.pop("keep_case")
    if "stop_words" in settings:
        settings["stop_words"] = _stop_words(settings["stop_words"])
    return settings


def _stop_words(given: str) -> str | tuple[str, ...] | None:
    """Words of a file, the name of a language, or None."""
    if given == "none":
        return None
    path = Path(given)
    if path.is_file():
        with _told_of(path):
            return tuple(path.read_text(encoding="utf-8").split())
    from hftopic.data.stop_words import stop_words_of

    try:
        stop_words_of(given)
    except ValueError as error:
        raise click.BadParameter(
            f"{given!r} is neither 'none' nor a file of words, and as a language: {error}",
            param_hint="--stop-words",
        ) from error
    return given


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Errors of a file of stop words as those of the option."""
    try:
        yield
    except OSError as error:
        told = f"{path} cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        told = f"{path} is no UTF-8 text: {error.reason} at byte {error.start}"
    else:
        return
    raise click.BadParameter(told, param_hint="--stop-words")

"""Options shared by several commands, and the corpus that they describe."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.program import debug_option
from hftopic.cli.terminal import note
from hftopic.cli.values import SEED, Share, existing_file, text_encoding, word_pattern

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus

ALL = "all"  # value of --split that selects every document

Command = Callable[..., Any]


@dataclass(frozen=True)
class Source:
    """A corpus on the command line: its path and how to read it."""

    path: Path
    format: str | None
    split: str | None
    encoding: str
    max_bytes: int | None
    columns: dict[str, str | None]
    text: dict[str, Any]

    def read(
        self,
        vocabulary: Sequence[str] | None = None,
        words_file: Path | None = None,
        prefer: str | None = None,
    ) -> "Corpus":
        """Documents of the split in ``--split``; without it, of the split ``prefer`` if it exists, else all.

        Parameters
        ----------
        vocabulary : sequence of str, optional
            Vocabulary of a model, used for the corpus.
        words_file : Path, optional
            ``--vocabulary``: the vocabulary of a corpus that has none.
        prefer : str, optional
            Split to use if ``--split`` is not given.

        Raises
        ------
        click.ClickException
            The documents and the vocabulary have no word in common.
        """
        from hftopic.data.formats import read_corpus
        from hftopic.data.text import TextOptions

        corpus = read_corpus(
            self.path,
            format=self.format,
            split=None if self.split == ALL else self.split,
            vocabulary=words_file if vocabulary is None or self._lacks_words() else vocabulary,
            encoding=self.encoding,
            max_bytes=self.max_bytes,
            text=TextOptions(**self.text) if self.text else None,
            **self.columns,
        )
        if vocabulary is not None and len(corpus) and not corpus.n_tokens:
            raise click.ClickException(
                f"{self.path} and the model have no word in common; the model has {len(vocabulary):,} words, "
                f"such as {', '.join(map(repr, vocabulary[:5]))}. Is this the right model? Are --keep-case "
                "and --token-pattern the same as in fit?"
            )
        if (
            self.split is None
            and prefer is not None
            and corpus.splits is not None
            and prefer in corpus.splits
        ):
            n_all, corpus = len(corpus), corpus.split(prefer)
            note(
                f"Using the split {prefer!r} ({len(corpus):,} of {n_all:,} documents); pass --split all to "
                "use all"
            )
        return corpus

    def _lacks_words(self) -> bool:
        """Whether this is a folder of counts without a vocabulary."""
        from hftopic.data.formats.folder import matrices

        named = any((self.path / name).is_file() for name in ("vocab.txt", "vocabulary.txt"))
        return self.path.is_dir() and bool(matrices(self.path)) and not named


_READING = [
    click.option(
        "--format", help="Format of the corpus, if its name does not determine it (see the documentation)."
    ),
    click.option("--split", help='Use only this split, such as train or test; "all" uses every document.'),
    click.option(
        "--encoding",
        default="utf-8",
        show_default=True,
        callback=text_encoding,
        help="Encoding of text files.",
    ),
    click.option(
        "--max-bytes",
        type=click.IntRange(1),
        help="Largest number of bytes of a line and of what a compressed file expands to; by default, limits "
        "that only damaged or malicious files exceed.",
    ),
]
_COLUMNS = [
    click.option("--text-column", help="Column of a table with the texts.  [default: text]"),
    click.option("--label-column", help="Column with the labels.  [default: label]"),
    click.option("--name-column", help="Column with the names of the documents.  [default: name]"),
]
_TEXT = [
    click.option("--keep-case", is_flag=True, default=None, help="Do not convert texts to lower case."),
    click.option("--stop-words", metavar="english|none|FILE", help="Words to remove.  [default: english]"),
    click.option(
        "--min-df",
        type=Share(),
        help="Drop words in fewer documents than this (count or fraction).  [default: 5]",
    ),
    click.option(
        "--max-df",
        type=Share(),
        help="Drop words in more documents than this (count or fraction).  [default: 0.5]",
    ),
    click.option("--token-pattern", callback=word_pattern, help="Regular expression that matches a word."),
    click.option(
        "--max-features", type=click.IntRange(1), help="Keep only this many words, the most frequent."
    ),
]


def corpus_options(command: Command) -> Command:
    """Add the options for reading a corpus; the command gets them and the path as ``source``."""

    @wraps(command)
    def with_source(*, corpus: Path | None, **given: Any) -> Any:
        source = None
        options = {name: given.pop(name) for name in ("format", "split", "encoding", "max_bytes")}
        columns = {name: given.pop(name) for name in ("text_column", "label_column", "name_column")}
        text = _text_settings({option: given.pop(option) for option in _text_names()})
        if corpus is not None:
            source = Source(corpus, **options, columns=columns, text=text)
        return command(source=source, **given)

    return _with_options(with_source, [*_READING, *_COLUMNS, *_TEXT])


def _text_names() -> list[str]:
    return ["keep_case", "stop_words", "min_df", "max_df", "token_pattern", "max_features"]


def _text_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `TextOptions` from the given options."""
    settings = {name: value for name, value in given.items() if value is not None}
    if settings.pop("keep_case", False):
        settings["lowercase"] = False
    stop_words = settings.get("stop_words")
    if stop_words == "none":
        settings["stop_words"] = None
    elif stop_words is not None and stop_words != "english":
        settings["stop_words"] = tuple(_listed_words(Path(stop_words)))
    return settings


def _listed_words(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").split()
    except FileNotFoundError:
        told = f"{str(path)!r} is neither 'english', 'none' nor a file of words"
    except OSError as error:
        told = f"{path} cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        told = f"{path} is no UTF-8 text: {error.reason} at byte {error.start}"
    raise click.BadParameter(told, param_hint="--stop-words")


def words_option(default: int = 10, lowest: int = 1) -> Callable[[Command], Command]:
    """``-n`` and ``--words``; the command gets ``n_words``."""
    return click.option(
        "-n",
        "--words",
        "n_words",
        type=click.IntRange(lowest),
        default=default,
        show_default=True,
        help="Number of top words per topic.",
    )


permutations_option = click.option(
    "--permutations",
    type=click.IntRange(1),
    default=999,
    show_default=True,
    help="Number of permutations of the correlation test.",
)
seed_option = click.option("--seed", type=SEED, default=0, show_default=True, help="Random seed.")
quiet_option = click.option("--quiet", is_flag=True, help="Do not show progress.")


def vocabulary_option(command: Command) -> Command:
    """Add ``--vocabulary`` to a command that takes a corpus but no model."""
    return click.option(
        "--vocabulary",
        type=existing_file,
        help="Vocabulary file, one word per line: the column names of a count matrix without a vocabulary, "
        "or the words to count in texts.",
    )(command)


def style_options(command: Command) -> Command:
    """Add ``--json`` and ``--csv``, at most one of which can be given; the command gets ``style``."""

    @wraps(command)
    def with_style(*, as_json: bool, as_csv: bool, **given: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv cannot be used together; choose one")
        return command(style="json" if as_json else "csv" if as_csv else None, **given)

    return _with_options(
        with_style,
        [
            click.option("--json", "as_json", is_flag=True, help="Print JSON."),
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        ],
    )


def command_options(command: Command) -> Command:
    """Add the options of every command."""
    return _with_options(command, [debug_option])


def _with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def check_free(path: Path, force: bool, is_file: bool = False) -> None:
    """Check before any work that the output can be written, by writing beside it.

    Raises
    ------
    click.ClickException
        The path exists and ``--force`` was not given, it is a folder but a file must be written, or it cannot
        be written.
    """
    from hftopic._files import followed, prove_writable

    target = followed(path)
    if is_file and target.is_dir():
        raise click.ClickException(
            f"{path} is a folder and cannot be replaced by a file; choose another --out"
        )
    if not force and target.exists() and not _is_empty_folder(target):
        raise click.ClickException(f"{path} already exists; pass --force to replace it")
    try:
        prove_writable(path)
    except OSError as error:
        told = str(error) if error.strerror is None else f"cannot write {path}: {error.strerror}"
        raise click.ClickException(told) from error


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())

"""Options that several commands share, and the corpus that they name."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.program import debug_option
from hftopic.cli.values import Share, existing_file, text_encoding, word_pattern

if TYPE_CHECKING:
    from hftopic.data.corpus import Corpus

ALL = "all"  # the value of --split that names every document

Command = Callable[..., Any]


@dataclass(frozen=True)
class Source:
    """A corpus on the command line: where it lies and how it is read."""

    path: Path
    format: str | None
    split: str | None
    encoding: str
    columns: dict[str, str | None]
    text: dict[str, Any]

    def read(
        self,
        vocabulary: Sequence[str] | None = None,
        words_file: Path | None = None,
        prefer: str | None = None,
    ) -> "Corpus":
        """The documents asked for by ``--split``; else, if the corpus has such a split, those of ``prefer``.

        Parameters
        ----------
        vocabulary : sequence of str, optional
            Words of a model; the corpus is in terms of them.
        words_file : Path, optional
            ``--vocabulary``: the words of a corpus that has none of its own.

        Raises
        ------
        click.ClickException
            No word of the documents is among those of the vocabulary.
        """
        from hftopic.data.formats import read_corpus
        from hftopic.data.text import TextOptions

        corpus = read_corpus(
            self.path,
            format=self.format,
            split=None if self.split == ALL else self.split,
            vocabulary=words_file if vocabulary is None or self._lacks_words() else vocabulary,
            encoding=self.encoding,
            text=TextOptions(**self.text) if self.text else None,
            **self.columns,
        )
        if vocabulary is not None and len(corpus) and not corpus.n_tokens:
            raise click.ClickException(
                f"none of the words of {self.path} is among the {len(vocabulary):,} of the model, as "
                f"{', '.join(map(repr, vocabulary[:5]))}; is it the right model, and were its texts split "
                "into words by the same options?"
            )
        if (
            self.split is None
            and prefer is not None
            and corpus.splits is not None
            and prefer in corpus.splits
        ):
            n_all, corpus = len(corpus), corpus.split(prefer)
            note(f"Using the split {prefer!r}, {len(corpus):,} of {n_all:,} documents; --split all takes all")
        return corpus

    def _lacks_words(self) -> bool:
        """Whether this is a folder of counts without the words of its columns."""
        from hftopic.data.formats.folder import matrices

        named = any((self.path / name).is_file() for name in ("vocab.txt", "vocabulary.txt"))
        return self.path.is_dir() and bool(matrices(self.path)) and not named


_READING = [
    click.option("--format", help="Format of the corpus, if its name does not tell (see the documentation)."),
    click.option("--split", help="Only the documents of this split, as train or test; all for all of them."),
    click.option(
        "--encoding",
        default="utf-8",
        show_default=True,
        callback=text_encoding,
        help="Encoding of text files.",
    ),
]
_COLUMNS = [
    click.option("--text-column", help="Column of a table that holds the texts.  [default: text]"),
    click.option("--label-column", help="Column that holds the labels.  [default: label]"),
    click.option("--name-column", help="Column that holds the documents' names.  [default: name]"),
]
_TEXT = [
    click.option("--keep-case", is_flag=True, default=None, help="Leave capitals as they are."),
    click.option("--stop-words", metavar="english|none|FILE", help="Words left out.  [default: english]"),
    click.option("--min-df", type=Share(), help="Fewest documents a word occurs in.  [default: 5]"),
    click.option("--max-df", type=Share(), help="Most documents a word occurs in.  [default: 0.5]"),
    click.option("--token-pattern", callback=word_pattern, help="Regular expression of a word."),
    click.option(
        "--max-features", type=click.IntRange(1), help="Keep only so many words, the most frequent."
    ),
]


def corpus_options(command: Command) -> Command:
    """Options of reading a corpus; the command is given ``source`` in place of them and of the path."""

    @wraps(command)
    def with_source(*, corpus: Path | None, **given: Any) -> Any:
        source = None
        options = {name: given.pop(name) for name in ("format", "split", "encoding")}
        columns = {name: given.pop(name) for name in ("text_column", "label_column", "name_column")}
        text = _text_settings({option: given.pop(option) for option in _text_names()})
        if corpus is not None:
            source = Source(corpus, **options, columns=columns, text=text)
        return command(source=source, **given)

    return _with_options(with_source, [*_READING, *_COLUMNS, *_TEXT])


def _text_names() -> list[str]:
    return ["keep_case", "stop_words", "min_df", "max_df", "token_pattern", "max_features"]


def _text_settings(given: dict[str, Any]) -> dict[str, Any]:
    """Settings of `TextOptions` that were given."""
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
        raise click.BadParameter(
            f"{str(path)!r} is neither 'english', 'none' nor a file of words", param_hint="--stop-words"
        ) from None


def vocabulary_option(command: Command) -> Command:
    """``--vocabulary`` of the commands that take a corpus alone."""
    return click.option(
        "--vocabulary",
        type=existing_file,
        help="File with the words of counts that come without, or those to count in texts; one a line.",
    )(command)


def style_options(command: Command) -> Command:
    """``--json`` and ``--csv``, of which one at the most; the command is given ``style``."""

    @wraps(command)
    def with_style(*, as_json: bool, as_csv: bool, **given: Any) -> Any:
        if as_json and as_csv:
            raise click.UsageError("--json and --csv are two forms of the output; choose one")
        return command(style="json" if as_json else "csv" if as_csv else None, **given)

    return _with_options(
        with_style,
        [
            click.option("--json", "as_json", is_flag=True, help="Print JSON."),
            click.option("--csv", "as_csv", is_flag=True, help="Print CSV."),
        ],
    )


def command_options(command: Command) -> Command:
    """What every command takes."""
    return _with_options(command, [debug_option])


def _with_options(command: Command, options: Sequence[Callable[[Command], Command]]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def note(message: str) -> None:
    """Word to the person at the terminal, on standard error."""
    click.echo(message, err=True)


def check_free(path: Path, force: bool, is_file: bool = False) -> None:
    """Refuse early, before any work, what could not be written in the end.

    Raises
    ------
    click.ClickException
        Something is at the path and ``--force`` was not given, or is a folder where a file is to be; or
        nothing can be written there.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        state = "is not a folder" if folder.exists() else "does not exist; make it first"
        raise click.ClickException(f"cannot write {path}: the folder {folder} {state}")
    if path.exists() and not force:
        raise click.ClickException(f"{path} is there already; --force replaces it")
    if is_file and path.is_dir():
        raise click.ClickException(f"{path} is a folder, which a file does not replace; choose another --out")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=folder):
            pass
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error

"""A saved model on the command line: where it lies, and which words its columns stand for."""

from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hftopic.cli.options import Command
from hftopic.cli.values import existing_file, existing_path

if TYPE_CHECKING:
    from hftopic.models.base import BaseTopicModel


@dataclass(frozen=True)
class SavedModel:
    """The folder of a model, and the file of its words where it does not hold them itself."""

    path: Path
    vocabulary: Path | None

    def read(self) -> "BaseTopicModel":
        """The model, with ``vocabulary_`` if its words are known.

        Raises
        ------
        click.ClickException
            ``--vocabulary`` has not a word for each column, or other words than the model's own.
        """
        import numpy as np

        from hftopic import load

        model = load(self.path)
        words = words_of(model)
        if self.vocabulary is not None:
            given = _listed(self.vocabulary, model.n_features_in_)
            if words not in (None, given):
                raise click.ClickException(
                    f"{self.path} knows its words, and they are not those of {self.vocabulary}; "
                    "leave --vocabulary out. Words of a corpus of counts stand beside it, in vocab.txt"
                )
            words = given
        if words is not None:
            model.vocabulary_ = np.array(words, dtype=object)
            model.__dict__.pop("feature_names_in_", None)  # a corpus is compared with one of the two
        return model

    def read_with_words(self) -> tuple["BaseTopicModel", list[str]]:
        """The model and the words of its columns, without which no corpus can be matched to them.

        Raises
        ------
        click.ClickException
            The words are not known.
        """
        model = self.read()
        words = words_of(model)
        if words is None:
            raise click.ClickException(
                f"{self.path} does not know its words: it was fitted on a matrix without any, so that those "
                "of a corpus cannot be matched to its columns. Give --vocabulary FILE, a file with the word "
                f"of each of its {model.n_features_in_:,} columns, one a line"
            )
        return model, words


def words_of(model: object) -> list[str] | None:
    """Words of a model's columns, or None for one that was fitted without."""
    from hftopic.data.inputs import known_words

    words = known_words(model)
    return None if words is None else [str(word) for word in words]


def _listed(path: Path, n_words: int) -> list[str]:
    from hftopic.data.formats.counts import read_vocabulary

    words = read_vocabulary(path, "utf-8")
    if len(words) != n_words:
        raise click.ClickException(
            f"{path} has {len(words):,} words, but the model has {n_words:,} columns; "
            "give the words it was fitted on, one a line"
        )
    return words


def model_options(command: Command) -> Command:
    """``MODEL`` and ``--vocabulary``; the command is given ``model``, and its corpus the same words."""

    @wraps(command)
    def with_model(*, model: Path, vocabulary: Path | None, **given: Any) -> Any:
        return command(model=SavedModel(model, vocabulary), **given)

    option = click.option(
        "--vocabulary",
        type=existing_file,
        help="Word of each column of a MODEL that was fitted on a bare matrix, one a line.",
    )
    return click.argument("model", type=existing_path)(option(with_model))
